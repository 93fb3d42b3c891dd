//! The files that Yealink phones get.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod device;
mod names;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use device::{device, line};
use lineside_model::device::{ConfigurationKind, DeviceModel};
use lineside_provisioning::{Credential, Device, LampKey, RenderError, Secret, render, slots};
use names::{BREAKS, ODD_NAMES};
use proptest::prelude::{any, prop_assert_eq, proptest};
use rstest::rstest;

fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// As the phone reads it: one setting a line.
fn settings(device: &Device) -> HashMap<String, String> {
    let file = render(device, now()).unwrap();
    let mut lines = file.body.lines();
    assert_eq!(lines.next(), Some("#!version:1.0.0.1"));
    let mut settings = HashMap::new();
    for line in lines {
        let (key, value) = line.split_once(" = ").unwrap();
        assert!(settings.insert(key.to_owned(), value.to_owned()).is_none(), "{key} twice");
    }
    settings
}

#[test]
fn a_t31p() {
    insta::assert_snapshot!(render(&device("yealink-t31p"), now()).unwrap().body);
}

#[test]
fn every_model_has_every_slot_written_and_the_unused_ones_emptied() {
    for model in DeviceModel::ALL.iter().filter(|model| model.configuration == ConfigurationKind::Yealink) {
        let settings = settings(&device(model.slug));
        assert_eq!(settings["account.1.enable"], "1");
        for slot in 2..=slots(model) {
            assert_eq!(settings[&format!("account.{slot}.enable")], "0", "{}", model.slug);
            for key in ["user_name", "auth_name", "password", "display_name", "label", "sip_server.1.address"] {
                assert_eq!(settings[&format!("account.{slot}.{key}")], "%NULL%", "{}", model.slug);
            }
        }
        assert!(!settings.contains_key(&format!("account.{}.enable", slots(model) + 1)));
    }
}

#[rstest]
#[case(chrono_tz::America::Phoenix, "-7", None)]
#[case(chrono_tz::America::Regina, "-6", None)]
#[case(chrono_tz::Asia::Kolkata, "+5:30", None)]
#[case(chrono_tz::America::New_York, "-5", Some(("3/2/7/2", "11/1/7/2", "60")))]
#[case(chrono_tz::Europe::Bucharest, "+2", Some(("3/5/7/3", "10/5/7/4", "60")))]
#[case(chrono_tz::Australia::Lord_Howe, "+10:30", Some(("10/1/7/2", "4/1/7/2", "30")))]
fn clocks(#[case] zone: chrono_tz::Tz, #[case] offset: &str, #[case] daylight: Option<(&str, &str, &str)>) {
    let settings = settings(&Device { time_zone: zone, ..device("yealink-t54w") });
    assert_eq!(settings["local_time.time_zone"], offset);
    assert_eq!(settings["local_time.summer_time"], if daylight.is_some() { "1" } else { "0" });
    let Some((start, end, ahead)) = daylight else {
        assert!(!settings.contains_key("local_time.start_time"));
        return;
    };
    assert_eq!(settings["local_time.dst_time_type"], "1");
    assert_eq!((settings["local_time.start_time"].as_str(), settings["local_time.end_time"].as_str()), (start, end));
    assert_eq!(settings["local_time.offset_time"], ahead);
}

#[test]
fn emergency_numbers_are_dialled_at_once() {
    let settings = settings(&device("yealink-t54w"));
    assert_eq!(settings["phone_setting.emergency.number"], "911,112,933");
    assert_eq!(settings["dialplan.emergency.1.value"], "911");
    assert_eq!(settings["dialplan.dialnow.rule.3"], "933");
    assert_eq!(settings["dialplan.emergency.4.value"], "%NULL%");
}

#[test]
fn a_server_of_the_domains_own_name_needs_no_proxy() {
    let mut same = device("yealink-t54w");
    same.sip.host = "ACME.example.com".to_owned();
    let (apart, same) = (settings(&device("yealink-t54w")), settings(&same));
    assert_eq!(apart["account.1.sip_server.1.address"], "acme.example.com");
    assert_eq!(apart["account.1.outbound_proxy.1.address"], "sip.example.com");
    assert_eq!(
        (same["account.1.outbound_proxy_enable"].as_str(), same["account.1.outbound_proxy.1.address"].as_str()),
        ("0", "%NULL%")
    );
}

#[test]
fn odd_names_stay_values() {
    for name in ODD_NAMES {
        let mut odd = device("yealink-t31p");
        odd.lines[0].display_name = name.to_owned();
        odd.lines[0].label = name.to_owned();
        let (odd, plain) = (settings(&odd), settings(&device("yealink-t31p")));
        assert_eq!(odd["account.1.display_name"], name);
        assert_eq!(odd.len(), plain.len(), "{name}");
        assert_eq!(odd["account.2.password"], "%NULL%", "{name}");
    }
}

#[test]
fn a_line_break_is_refused_and_its_field_named() {
    for text in BREAKS {
        let mut broken = device("yealink-t54w");
        broken.lines[0].display_name = text.to_owned();
        let error = render(&broken, now()).unwrap_err();
        assert_eq!(error, RenderError::Character { field: "display name of line 1".to_owned() }, "{text:?}");

        let mut broken = device("yealink-t54w");
        broken.provisioning.url.push_str(text);
        assert!(render(&broken, now()).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_name_ever_adds_a_setting(name in any::<String>(), label in any::<String>()) {
        let mut odd = device("yealink-t31p");
        odd.lines[0].display_name = name;
        odd.lines[0].label = label;
        if let Ok(file) = render(&odd, now()) {
            let plain = render(&device("yealink-t31p"), now()).unwrap();
            prop_assert_eq!(file.body.lines().count(), plain.body.lines().count());
        }
    }
}

#[test]
fn what_the_model_cannot_hold_is_refused() {
    let mut full = device("yealink-t31p");
    full.lines = vec![line(Credential::Secret(Secret::new("x"))); 3];
    assert_eq!(
        render(&full, now()).unwrap_err(),
        RenderError::TooManyLines { model: "Yealink T31P", holds: 2, wanted: 3 }
    );
    let mut hashed = device("yealink-t31p");
    hashed.lines = vec![line(Credential::Ha1(Secret::new("x")))];
    assert_eq!(render(&hashed, now()).unwrap_err(), RenderError::NeedsSecret("Yealink T31P"));
}

#[test]
fn nothing_prints_a_secret() {
    let device = device("yealink-t31p");
    let shown = format!("{device:?} {:?}", render(&device, now()).unwrap());
    for secret in ["kT9vXw2m", "adm1nSecret", "pr0vSecret"] {
        assert!(!shown.contains(secret));
    }
}

#[test]
fn keys_light_up_with_colleagues_and_those_of_before_are_emptied() {
    let key = |label: &str, extension: &str| LampKey { label: label.to_owned(), extension: extension.to_owned() };
    let lamp_keys = vec![key("Ben Ode", "1004"), key("Carla Costa", "1010")];
    let settings = settings(&Device { lamp_keys, ..device("yealink-t33g") });
    let of = |at: u8, key: &str| settings[&format!("linekey.{at}.{key}")].as_str();
    assert_eq!((of(1, "type"), of(1, "line"), of(1, "value")), ("15", "1", "%NULL%"));
    assert_eq!((of(2, "type"), of(2, "line"), of(2, "value")), ("16", "1", "1004"));
    assert_eq!((of(2, "label"), of(2, "extension")), ("Ben Ode", "**1004"));
    assert_eq!((of(3, "value"), of(3, "extension")), ("1010", "**1010"));
    assert_eq!((of(4, "type"), of(4, "value"), of(4, "extension")), ("0", "%NULL%", "%NULL%"));
    assert!(!settings.contains_key("linekey.5.type"), "a T33G has four");
    assert_eq!(settings["features.pickup.direct_pickup_code"], "**");
    for model in DeviceModel::ALL.iter().filter(|model| model.configuration == ConfigurationKind::Yealink) {
        let lamp_keys = (0..=model.lamp_keys()).map(|n| key("Ben", &format!("{}", 200 + n))).collect();
        let settings = self::settings(&Device { lamp_keys, ..device(model.slug) });
        let lit = settings.iter().filter(|(key, value)| key.strip_suffix(".type").is_some() && *value == "16").count();
        assert_eq!(lit, model.lamp_keys(), "{}: no more than it holds", model.slug);
    }
    for odd in BREAKS {
        let lamp_keys = vec![key(odd, "1004")];
        let wrong = render(&Device { lamp_keys, ..device("yealink-t54w") }, now());
        assert!(matches!(wrong, Err(RenderError::Character { .. })), "{odd:?}");
    }
}
