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

#[test]
fn a_smaller_license_says_which_phones_stop_and_a_larger_one_which_come_back() {
    let mut facts = facts();
    hold(&mut facts, ANA, "business");
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    for (n, label) in [(1, "Desk"), (2, "Hall")] {
        let label = Some(crate::text::Name::parse(label).unwrap());
        let device = NewDevice { model: "linphone".into(), mac: None, label, user_id: Some(ANA) };
        let request = ChangeRequest { id: ChangeId(id(n << 80)), change: Change::AddDevice { device } };
        let added = plan(&facts, &request, Context { now: now(), actor: "Ana Duarte", mint: &Fixed });
        facts = facts.after(&added);
    }
    let assign = |slug: &str, date: Option<NaiveDate>| Change::AssignLicense {
        user_ids: vec![ANA],
        license_type_id: license(slug),
        date,
    };
    let messages = |plan: &Plan| plan.warnings.iter().map(|warning| warning.message.clone()).collect::<Vec<_>>();
    let smaller = planned(&facts, assign("basic", None));
    assert_eq!(messages(&smaller), ["Linphone (Hall) stops working: Basic allows 1 device"]);
    let date = "2027-03-01".parse().ok();
    assert_eq!(
        messages(&planned(&facts, assign("basic", date))),
        ["Linphone (Hall) stops working on 1 March 2027: Basic allows 1 device"]
    );
    let facts = facts.after(&smaller);
    assert_eq!(messages(&planned(&facts, assign("business", None))), ["Linphone (Hall) works again"]);
}

#[test]
fn a_phone_has_keys_for_colleagues_with_extensions_and_for_no_more_than_it_holds() {
    let mut facts = facts();
    let device = NewDevice {
        model: "yealink-t33g".into(),
        mac: Mac::parse("80:5e:c0:00:00:01").ok(),
        label: None,
        user_id: None,
    };
    let added = planned(&facts, Change::AddDevice { device });
    let Some(Record::Device(device)) = added.steps[0].after.clone() else { panic!("no device") };
    facts.devices.insert(crate::device::Device { id: DESK, user_id: Some(ANA), ..*device });
    let set = |colleagues: &[UserId]| Change::SetLampKeys {
        device_id: DESK,
        version: Some(1),
        colleagues: colleagues.to_vec(),
    };
    let why = |facts: &Facts, colleagues: &[UserId]| {
        let plan = planned(facts, set(colleagues));
        plan.blockers.first().map(|blocker| (blocker.field.clone(), blocker.message.clone()))
    };
    let refused = |facts: &Facts, colleagues: &[UserId], part: &str| {
        let (field, message) = why(facts, colleagues).expect(part);
        assert!(field.as_deref() == Some("lamp_keys") && message.contains(part), "{message}");
    };
    refused(&facts, &[ANA], "own phone");
    refused(&facts, &[BEN, BEN], "has a key already");
    refused(&facts, &[BEN, BEN, BEN, BEN], "has 3 keys");
    let mut without = facts.clone();
    without.users.get_mut(&BEN).unwrap().profile.extension = None;
    refused(&without, &[BEN], "has no extension");
    let plan = planned(&facts, set(&[BEN]));
    assert!(!plan.blocked() && plan.user_id == Some(ANA), "{plan:?}");
    let Some(Record::Device(device)) = &plan.steps[0].after else { panic!("no device") };
    assert_eq!(device.lamp_keys, [BEN]);
    assert_eq!(plan.steps[0].changes[0].field, "lamp_keys");
    assert_eq!(plan.steps[0].changes[0].after, facts.name_of(BEN));
    facts.devices.insert((**device).clone());
    let taken = planned(&facts, Change::UnassignDevice { device_id: DESK });
    let Some(Record::Device(device)) = &taken.steps.last().unwrap().after else { panic!("no device") };
    assert!(device.lamp_keys.is_empty(), "they were of who had it");
}
