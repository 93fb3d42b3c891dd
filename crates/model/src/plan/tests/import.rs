//! Users from a file.

use std::collections::BTreeSet;

use super::*;
use crate::import::{DeviceWish, Import, ImportRow, Key, LicenseWish, RowEffect, Wish};
use crate::text::Name;

fn text(name: &str) -> Wish<Name> {
    Wish::Set(Name::parse(name).unwrap())
}

/// Everything that a row can ask for.
fn full(row: u32, first: &str, extension: &str, number: &str, mac: &str) -> ImportRow {
    let mut full = ImportRow {
        row,
        first_name: text(first),
        last_name: text("Rossi"),
        username: Wish::Set(format!("{first}.rossi").parse().unwrap()),
        email: Wish::Set(format!("{first}@harbor.example").to_lowercase().parse().unwrap()),
        email_voicemails: Wish::Set(true),
        phone_number: Wish::Set(E164::parse(number).unwrap()),
        extension: Wish::Set(extension.parse().unwrap()),
        location: text("denver"),
        welcome: true,
        device: DeviceWish {
            model: Wish::Set("yealink-t54w".into()),
            mac: Wish::Set(Mac::parse(mac).unwrap()),
            label: Wish::Leave,
        },
        ..ImportRow::default()
    };
    full.e911.unit = Wish::Set("Floor 2".into());
    full.e911.confirmed = true;
    full.licenses.push((voice(), LicenseWish { license: Wish::Set(license("business")), date: None }));
    full
}

fn import(rows: Vec<ImportRow>) -> Change {
    Change::Import { import: Import { key: Key::Username, rows } }
}

fn free_numbers(facts: &mut Facts, numbers: &[&str]) {
    for (number, n) in numbers.iter().zip(50..) {
        give(facts, super::number(n, number, NumberKind::Landline, None));
    }
}

fn effects(plan: &Plan) -> Vec<RowEffect> {
    plan.rows.iter().map(|row| row.effect).collect()
}

#[test]
fn a_user_from_a_file_equals_one_made_by_hand() {
    let mut facts = facts();
    free_numbers(&mut facts, &["+14805550150"]);
    let row = full(2, "Chiara", "203", "+14805550150", "805ec0aabb01");
    let plan = planned(&facts, import(vec![row]));
    assert_eq!(plan.blockers, []);
    assert_eq!(effects(&plan), [RowEffect::Create]);
    let after = facts.clone().after(&plan);
    let made = after.users.values().find(|user| user.profile.first_name.as_str() == "Chiara").unwrap();

    // By hand: the wizard's steps, one after the other.
    let mut profile = made.profile.clone();
    profile.location_id = Some(DENVER);
    let number_id = facts.numbers.values().next().unwrap().id;
    let new = NewUser {
        profile,
        number_id: Some(number_id),
        without_license: true,
        welcome_wanted: true,
        wizard: None,
        ..new_user()
    };
    let plan = planned(&facts, Change::AddUser { user: Box::new(new) });
    let by_hand = plan.user_id.unwrap();
    let mut facts = facts.after(&plan);
    let mut address = facts.e911[&by_hand].address.clone();
    address.unit = "Floor 2".into();
    for (change, n) in [
        Change::ConfirmE911 { user_id: by_hand, address, callback: None, confirmed: true },
        Change::AssignLicense { user_ids: vec![by_hand], license_type_id: license("business"), date: None },
        Change::AddDevice {
            device: NewDevice {
                model: "yealink-t54w".into(),
                mac: Some(Mac::parse("805ec0aabb01").unwrap()),
                label: None,
                user_id: Some(by_hand),
            },
        },
    ]
    .into_iter()
    .zip(2..)
    {
        let request = ChangeRequest { id: ChangeId(id(n)), change };
        let plan = super::super::plan(&facts, &request, Context { now: now(), actor: "Ana Duarte", mint: &Fixed });
        assert_eq!(plan.blockers, []);
        facts = facts.after(&plan);
    }
    let of = |facts: &Facts, user: UserId| {
        let user_row = User { id: ANA, ..facts.users[&user].clone() };
        let e911 = E911Address { user_id: ANA, ..facts.e911[&user].clone() };
        let numbers: Vec<String> = facts.numbers_of(user).map(|number| number.number.to_string()).collect();
        let devices: Vec<_> = facts.devices_of(user).map(|d| (d.model.clone(), d.mac.clone(), d.locked)).collect();
        let lines = facts.devices_of(user).filter(|device| facts.lines.contains_key(&device.id)).count();
        (user_row, e911, numbers, devices, lines, facts.holding(user))
    };
    assert_eq!(of(&after, made.id), of(&facts, by_hand));
}

#[test]
fn the_same_file_twice_changes_nothing_the_second_time() {
    let mut facts = facts();
    free_numbers(&mut facts, &["+14805550150", "+14805550151"]);
    let rows = vec![
        full(2, "Chiara", "203", "+14805550150", "805ec0aabb01"),
        full(3, "Dana", "204", "+14805550151", "805ec0aabb02"),
        ImportRow {
            row: 4,
            username: Wish::Set("ana.duarte".parse().unwrap()),
            department: Wish::Clear,
            ..ImportRow::default()
        },
    ];
    let first = planned(&facts, import(rows.clone()));
    assert_eq!(first.blockers, []);
    assert_eq!(effects(&first), [RowEffect::Create, RowEffect::Create, RowEffect::Unchanged]);
    assert_eq!(first.summary, "Import users: 2 added, 0 changed");
    let second = planned(&facts.after(&first), import(rows));
    assert_eq!((second.blockers.len(), second.steps.len()), (0, 0), "{:?}", second.steps);
    assert_eq!(effects(&second), [RowEffect::Unchanged; 3]);
}

#[test]
fn every_error_stands_at_its_row_and_field_at_once() {
    let mut facts = facts();
    give(&mut facts, number(1, "+14805550142", NumberKind::Landline, Some(ANA)));
    let new = |row: u32| ImportRow {
        row,
        username: Wish::Set(format!("new.{row}").parse().unwrap()),
        first_name: text("New"),
        last_name: text("One"),
        ..ImportRow::default()
    };
    let wants = |row: u32, slug: &str| {
        let mut wants = new(row);
        wants.licenses.push((voice(), LicenseWish { license: Wish::Set(license(slug)), date: None }));
        wants
    };
    let plan = planned(
        &facts,
        import(vec![
            ImportRow { last_name: Wish::Leave, ..new(2) },
            ImportRow { location: text("Nowhere"), extension: Wish::Set("201".parse().unwrap()), ..new(3) },
            ImportRow { phone_number: Wish::Set(E164::parse("+14805550142").unwrap()), ..new(4) },
            ImportRow { phone_number: Wish::Set(E164::parse("+14805550199").unwrap()), ..new(5) },
            wants(6, "business"),
            ImportRow { role: Wish::Set(Role::AuthorizedUser), ..new(7) },
            new(8),
        ]),
    );
    let errors: BTreeSet<_> =
        plan.blockers.iter().map(|blocker| (blocker.row.unwrap(), blocker.field.clone().unwrap_or_default())).collect();
    let expected = [
        (2, "last_name"),
        (3, "location_id"),
        (3, "extension"),
        (4, "number_id"),
        (5, "number_id"),
        (6, "license.voice"),
        (7, "pin"),
    ];
    assert_eq!(errors, expected.map(|(row, field)| (row, field.to_owned())).into());
    let refused = [RowEffect::Refused; 6];
    assert_eq!(effects(&plan)[..6], refused);
    assert_eq!(effects(&plan)[6], RowEffect::Create);
}

#[test]
fn the_last_rows_of_a_file_go_without_a_seat() {
    let mut facts = facts();
    facts.seats.get_mut(&license("basic")).unwrap().bought = 2;
    let rows = (2..6).map(|row| {
        let mut wants = ImportRow {
            row,
            username: Wish::Set(format!("new.{row}").parse().unwrap()),
            first_name: text("New"),
            last_name: text("One"),
            ..ImportRow::default()
        };
        wants.licenses.push((voice(), LicenseWish { license: Wish::Set(license("basic")), date: None }));
        wants
    });
    let plan = planned(&facts, import(rows.collect()));
    let (create, refused) = (RowEffect::Create, RowEffect::Refused);
    assert_eq!(effects(&plan), [create, create, refused, refused]);
    let named: Vec<_> = plan.blockers.iter().filter_map(|blocker| blocker.row).collect();
    assert_eq!(named, [5, 4]);
}

#[test]
fn a_row_changes_only_what_its_cells_ask_for() {
    let mut facts = facts();
    give(&mut facts, number(1, "+14805550142", NumberKind::Landline, Some(ANA)));
    confirm(&mut facts, ANA);
    let row = ImportRow {
        row: 2,
        username: Wish::Set("ANA.duarte".parse().unwrap()),
        email: Wish::Clear,
        phone_number: Wish::Clear,
        extension: Wish::Set("207".parse().unwrap()),
        ..ImportRow::default()
    };
    let plan = planned(&facts, import(vec![row]));
    assert_eq!(plan.blockers, []);
    assert_eq!(effects(&plan), [RowEffect::Change]);
    let after = facts.clone().after(&plan);
    let (before, now) = (&facts.users[&ANA].profile, &after.users[&ANA].profile);
    let expected = Profile {
        email: None,
        extension: Some("207".parse().unwrap()),
        username: "ANA.duarte".parse().unwrap(),
        ..before.clone()
    };
    assert_eq!(*now, expected);
    assert_eq!(after.numbers_of(ANA).count(), 0);
    assert!(after.e911[&ANA].confirmed.is_some(), "nobody said that Ana moved");
}

#[test]
fn a_license_with_a_date_waits_for_it_and_one_in_the_past_is_given_now() {
    let facts = facts();
    let on = |date: &str| {
        let mut row = ImportRow { row: 2, username: Wish::Set("ana.duarte".parse().unwrap()), ..ImportRow::default() };
        let date = Some(date.parse().unwrap());
        row.licenses.push((voice(), LicenseWish { license: Wish::Set(license("basic")), date }));
        import(vec![row])
    };
    let later = planned(&facts, on("2027-03-01"));
    assert!(matches!(later.steps[0].after, Some(Record::ScheduleEntry(_))));
    assert_eq!(planned(&facts.clone().after(&later), on("2027-03-01")).steps, []);
    let past = planned(&facts, on("2020-01-01"));
    assert!(matches!(past.steps[0].after, Some(Record::Assignment(_))));
}

#[test]
fn users_are_found_by_email_or_extension_too() {
    let facts = facts();
    let row = ImportRow { row: 2, email: Wish::Set("Ana@Harbor.example".parse().unwrap()), ..ImportRow::default() };
    let by = |key, row: &ImportRow| Change::Import { import: Import { key, rows: vec![row.clone()] } };
    let plan = planned(&facts, by(Key::Email, &row));
    assert_eq!((plan.rows[0].user_id, plan.rows[0].effect), (Some(ANA), RowEffect::Change));
    let row = ImportRow { row: 2, extension: Wish::Set("202".parse().unwrap()), ..ImportRow::default() };
    let plan = planned(&facts, by(Key::Extension, &row));
    assert_eq!((plan.rows[0].user_id, plan.rows[0].effect), (Some(BEN), RowEffect::Unchanged));
    let plan = planned(&facts, by(Key::Username, &row));
    assert_eq!(plan.blockers[0].field.as_deref(), Some("username"));
}
