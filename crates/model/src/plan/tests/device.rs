//! Devices, their lines, and how many a license allows.

use super::*;

#[test]
fn an_assigned_phone_gets_a_line_and_the_generic_one_waits_for_generate() {
    let facts = facts();
    let add = |model: &str, mac: Option<&str>| Change::AddDevice {
        device: NewDevice {
            model: model.into(),
            mac: mac.map(|mac| Mac::parse(mac).unwrap()),
            label: None,
            user_id: Some(ANA),
        },
    };
    let lines = |plan: &Plan| plan.steps.iter().filter(|step| matches!(step.after, Some(Record::Line(_)))).count();
    let yealink = planned(&facts, add("yealink-t54w", Some("80:5e:c0:00:00:01")));
    assert_eq!((yealink.blockers.len(), lines(&yealink)), (0, 1));
    let Some(Record::Line(line)) = &yealink.steps[1].after else { panic!("no line") };
    assert!(line.credentials.secret.is_some());
    let linphone = planned(&facts, add("linphone", None));
    let Some(Record::Line(line)) = &linphone.steps[1].after else { panic!("no line") };
    assert_eq!(line.credentials.secret, None);
    let generic = planned(&facts, add("generic", None));
    assert_eq!((generic.blockers.len(), lines(&generic)), (0, 0));
    assert_eq!(field_errors(&planned(&facts, add("yealink-t54w", None)).blockers).0[0].field, "mac");
}

#[test]
fn no_more_devices_than_the_license_allows() {
    let mut facts = facts();
    hold(&mut facts, ANA, "basic");
    let first = planned(
        &facts,
        Change::AddDevice {
            device: NewDevice { model: "linphone".into(), mac: None, label: None, user_id: Some(ANA) },
        },
    );
    let Some(Record::Device(device)) = first.steps[0].after.clone() else { panic!("no device") };
    facts.devices.insert(crate::device::Device { id: DESK, ..*device });
    let second = planned(
        &facts,
        Change::AddDevice {
            device: NewDevice { model: "linphone".into(), mac: None, label: None, user_id: Some(ANA) },
        },
    );
    assert!(second.blockers[0].message.starts_with("Basic allows 1 device"), "{:?}", second.blockers);
}

#[test]
fn a_second_device_opens_the_emergency_address_again() {
    let mut facts = facts();
    let first = planned(
        &facts,
        Change::AddDevice {
            device: NewDevice { model: "linphone".into(), mac: None, label: None, user_id: Some(ANA) },
        },
    );
    let Some(Record::Device(device)) = first.steps[0].after.clone() else { panic!("no device") };
    facts.devices.insert(crate::device::Device { id: DESK, ..*device });
    confirm(&mut facts, ANA);
    let second = planned(
        &facts,
        Change::AddDevice { device: NewDevice { model: "generic".into(), mac: None, label: None, user_id: Some(ANA) } },
    );
    assert_eq!(second.e911.len(), 1);
}
