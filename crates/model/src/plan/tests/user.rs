//! Users: added, changed, finished.

use super::*;

#[test]
fn taken_names_and_foreign_places_are_refused_beside_their_fields() {
    let mut facts = facts();
    facts.taken.usernames.insert("chiara.duarte".into(), None);
    let mut profile = profile("Chiara", "201");
    profile.location_id = Some(LocationId(id(77)));
    profile.unreachable = Some(crate::extension::Destination::parse("999").unwrap());
    let new = NewUser { profile, without_license: true, ..new_user() };
    let plan = planned(&facts, Change::AddUser { user: Box::new(new) });
    let errors = field_errors(&plan.blockers);
    for field in ["username", "extension", "location_id", "unreachable"] {
        assert!(errors.of(field).is_some(), "{field}: {errors:?}");
    }
    assert_eq!(errors.of("extension"), Some("extension 201 belongs to Ana Duarte; choose another"));
}

#[test]
fn an_extension_of_the_wrong_length_is_refused_only_when_it_is_new() {
    let mut facts = facts();
    facts.users.get_mut(&ANA).unwrap().profile.extension = Some(crate::extension::Extension::parse("20155").unwrap());
    let mut kept = profile("Ana", "20155");
    kept.first_name = crate::text::Name::parse("Anna").unwrap();
    let plan = planned(&facts, Change::EditProfile { user_id: ANA, version: None, profile: Box::new(kept) });
    assert_eq!(plan.blockers, []);
    let plan = planned(
        &facts,
        Change::EditProfile { user_id: BEN, version: None, profile: Box::new(profile("Ben", "20266")) },
    );
    assert_eq!(plan.blockers[0].field.as_deref(), Some("extension"));
}

#[test]
fn a_stale_save_is_blocked_and_an_unchanged_one_is_empty() {
    let facts = facts();
    let save = |version, profile| Change::EditProfile { user_id: ANA, version, profile: Box::new(profile) };
    assert_eq!(kinds(&planned(&facts, save(Some(2), profile("Ana", "205")))), [BlockerKind::Stale]);
    assert_eq!(planned(&facts, save(Some(3), profile("Ana", "205"))).blockers, []);
    assert!(planned(&facts, save(Some(3), profile("Ana", "201"))).is_empty());
}

#[test]
fn moving_opens_the_emergency_address_again() {
    let mut facts = facts();
    confirm(&mut facts, ANA);
    let mut moved = profile("Ana", "201");
    moved.location_id = Some(DENVER);
    let plan = planned(&facts, Change::EditProfile { user_id: ANA, version: None, profile: Box::new(moved) });
    let Some(Record::E911Address(after)) = &plan.steps[0].after else { panic!("{:?}", plan.steps) };
    assert_eq!(after.confirmed, None);
    assert_eq!(after.address.city, "Denver");
    assert_eq!(plan.e911.len(), 1);
}

#[test]
fn finishing_the_wizard_sends_the_welcome_mail_once() {
    let mut facts = facts();
    let ana = facts.users.get_mut(&ANA).unwrap();
    (ana.wizard, ana.welcome_wanted) = (Some(WizardStep::Review), true);
    let finish = || Change::SetWizard { user_id: ANA, wizard: None };
    let plan = planned(&facts, finish());
    assert_eq!(plan.steps.len(), 2);
    facts.users.get_mut(&ANA).unwrap().welcome_wanted = false;
    assert_eq!(planned(&facts, finish()).steps.len(), 1);
}

#[test]
fn an_authorized_user_needs_a_pin_and_the_owner_stays() {
    let mut facts = facts();
    let set = |role, pin_hash| Change::SetSecurity { user_id: ANA, version: None, role, pin_hash };
    assert_eq!(planned(&facts, set(Role::AuthorizedUser, None)).blockers[0].field.as_deref(), Some("pin"));
    assert_eq!(planned(&facts, set(Role::AuthorizedUser, Some(Opaque::new(*b"h")))).blockers, []);
    assert_eq!(planned(&facts, set(Role::AccountOwner, None)).blockers[0].field.as_deref(), Some("role"));
    let second = NewUser { role: Role::AccountOwner, without_license: true, ..new_user() };
    assert_eq!(planned(&facts, Change::AddUser { user: Box::new(second) }).blockers[0].field.as_deref(), Some("role"));
    facts.users.get_mut(&ANA).unwrap().role = Role::AccountOwner;
    assert!(planned(&facts, set(Role::User, None)).blocked());
    assert!(
        planned(&facts, Change::SetUserState { user_ids: vec![ANA], state: UserState::Suspended, date: None })
            .blocked()
    );
}

#[test]
fn a_new_user_comes_with_number_license_open_address_and_mail() {
    let mut facts = facts();
    let number_id = give(&mut facts, number(1, "+14805550143", NumberKind::Landline, None));
    let new = NewUser { number_id: Some(number_id), package: Some(license("business")), ..new_user() };
    let plan = planned(&facts, Change::AddUser { user: Box::new(new) });
    assert_eq!(plan.blockers, []);
    let made: Vec<&str> = plan.steps.iter().map(|step| step.after.as_ref().unwrap().kind()).collect();
    assert_eq!(made, ["user", "phone number", "E911 address", "license", "mail"]);
    assert_eq!((plan.seats.len(), plan.seats[0].delta), (1, 1));
    let Some(Record::E911Address(e911)) = &plan.steps[2].after else { panic!("no address") };
    assert_eq!((e911.confirmed.clone(), e911.callback.as_ref().map(E164::as_str)), (None, Some("+14805550143")));
}

#[test]
fn saving_a_user_without_a_license_asks_for_a_confirmation() {
    let facts = facts();
    let asked = planned(&facts, Change::AddUser { user: Box::new(new_user()) });
    assert_eq!(kinds(&asked), [BlockerKind::NeedsConfirmation]);
    assert_eq!(asked.blockers[0].repairs, [Repair::Confirm]);
    let said = planned(&facts, Change::AddUser { user: Box::new(NewUser { without_license: true, ..new_user() }) });
    assert_eq!(said.blockers, []);
}

#[test]
fn who_confirms_their_own_address_leaves_the_callback_as_it_is() {
    let mut facts = facts();
    confirm(&mut facts, ANA);
    let callback = E164::parse("+1 480 555 0199").ok();
    facts.e911.get_mut(&ANA).unwrap().callback.clone_from(&callback);
    let address = facts.locations[&DENVER].site.address.clone();
    let plan = planned(&facts, Change::ConfirmOwnE911 { user_id: ANA, address: address.clone() });
    assert_eq!(plan.blockers, []);
    let e911 = &facts.after(&plan).e911[&ANA];
    assert_eq!((&e911.address, &e911.callback), (&address, &callback));
    assert!(e911.confirmed.is_some());
}
