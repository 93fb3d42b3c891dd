//! Plans, rule by rule.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::account::{Account, AccountNumber, AccountSettingsInput};
use crate::address::CivicAddressInput;
use crate::device::{Line, LineCredentials, Mac, NewDevice};
use crate::e911::{Confirmation, E911Address};
use crate::id::{AccountId, ChangeId, DeviceId, LocationId, NumberId, TrackId};
use crate::license::{Catalogue, Seats, VOICE};
use crate::location::{Location, SiteInput};
use crate::phone_number::{E164, NumberKind, NumberState, PhoneNumber};
use crate::secret::Opaque;
use crate::user::{NewUser, Profile, ProfileInput, Role, User, UserState, WizardStep};

struct Fixed;

impl Mint for Fixed {
    fn line(&self, device: DeviceId, _: &crate::account::SipDomain, keep_secret: bool) -> LineCredentials {
        let secret = keep_secret.then(|| Opaque::new(*b"secret"));
        LineCredentials { username: format!("d-{device}"), secret, ..LineCredentials::default() }
    }

    fn provisioning(&self, _: DeviceId) -> (Opaque, Opaque) {
        (Opaque::new(*b"token"), Opaque::new(*b"hash"))
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

const ANA: UserId = UserId(Uuid::from_u128(1));
const BEN: UserId = UserId(Uuid::from_u128(2));
const PHOENIX: LocationId = LocationId(Uuid::from_u128(3));
const DENVER: LocationId = LocationId(Uuid::from_u128(4));
const DESK: DeviceId = DeviceId(Uuid::from_u128(5));

fn profile(first: &str, extension: &str) -> Profile {
    let input = ProfileInput {
        first_name: first.into(),
        last_name: "Duarte".into(),
        username: format!("{}.duarte", first.to_lowercase()),
        email: format!("{}@harbor.example", first.to_lowercase()),
        extension: extension.into(),
        location_id: PHOENIX.to_string(),
        ..ProfileInput::default()
    };
    input.parse().unwrap()
}

fn user(id: UserId, first: &str, extension: &str) -> User {
    User {
        id,
        account_id: AccountId(self::id(100)),
        version: 3,
        profile: profile(first, extension),
        role: Role::User,
        state: UserState::Active,
        pin_hash: None,
        wizard: None,
        welcome_wanted: false,
        created_at: now(),
        deleted_at: None,
        recordings_go: false,
        purged_at: None,
    }
}

fn location(id: LocationId, name: &str, code: &str) -> Location {
    let address = CivicAddressInput {
        street_number: "3550".into(),
        street_name: format!("{name} Ave"),
        city: name.into(),
        region: "AZ".into(),
        postal_code: "85012".into(),
        ..CivicAddressInput::default()
    };
    let site = SiteInput { name: name.into(), address, area_code: code.into(), ..SiteInput::default() };
    Location { id, account_id: AccountId(self::id(100)), version: 1, site: site.parse().unwrap() }
}

fn number(n: u128, text: &str, kind: NumberKind, holder: Option<UserId>) -> PhoneNumber {
    PhoneNumber {
        id: NumberId(id(200 + n)),
        account_id: AccountId(id(100)),
        version: 1,
        number: E164::parse(text).unwrap(),
        kind,
        state: if holder.is_some() { NumberState::Assigned } else { NumberState::Free },
        location_id: None,
        user_id: holder,
        ports_on: None,
        promised_to: None,
        forwarded_to: None,
        forwarded_until: None,
        kept_until: None,
        created_at: now(),
    }
}

/// Ana (201) and Ben (202) at Phoenix, two locations, ten seats of everything.
fn facts() -> Facts {
    let settings = AccountSettingsInput {
        name: "Harbor & Vine".into(),
        billing_email: "billing@harbor.example".into(),
        time_zone: "America/Phoenix".into(),
        country: "US".into(),
        sip_domain: "harbor.example".into(),
        extension_min: "3".into(),
        extension_max: "4".into(),
        first_extension: "201".into(),
    };
    let account = Account {
        id: AccountId(id(100)),
        version: 1,
        number: AccountNumber::parse("48201137").unwrap(),
        settings: settings.parse().unwrap(),
        created_at: now(),
    };
    let mut facts = Facts::new(account, Catalogue::default_catalogue());
    for user in [user(ANA, "Ana", "201"), user(BEN, "Ben", "202")] {
        facts.taken.usernames.insert(user.profile.username.key(), Some(user.id));
        facts.taken.extensions.insert(user.profile.extension.clone().unwrap(), user.id);
        facts.users.insert(user.id, user);
    }
    facts.locations =
        [(PHOENIX, location(PHOENIX, "Phoenix", "480")), (DENVER, location(DENVER, "Denver", "303"))].into();
    for license in facts.catalogue.types.clone() {
        let seats = Seats {
            account_id: AccountId(id(100)),
            license_type_id: license.id,
            version: 1,
            bought: 10,
            bound: Vec::new(),
            used: 0,
        };
        facts.seats.insert(license.id, seats);
    }
    facts
}

fn license(slug: &str) -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug(slug).unwrap().id
}

fn voice() -> TrackId {
    Catalogue::default_catalogue().track_by_slug(VOICE).unwrap().id
}

fn hold(facts: &mut Facts, user_id: UserId, slug: &str) {
    let held = facts.catalogue.license_type_by_slug(slug).unwrap().clone();
    facts.seats.get_mut(&held.id).unwrap().used += 1;
    let assignment = Assignment {
        id: crate::id::AssignmentId(ChangeId(id(9)).derive(slug, user_id.0)),
        account_id: AccountId(id(100)),
        version: 1,
        user_id,
        track_id: held.track_id,
        license_type_id: held.id,
        starts_at: now(),
        change_id: None,
    };
    facts.assignments.insert((user_id, held.track_id), assignment);
}

fn give(facts: &mut Facts, number: PhoneNumber) -> NumberId {
    let id = number.id;
    facts.numbers.insert(number);
    id
}

fn confirm(facts: &mut Facts, user_id: UserId) {
    let address = facts.locations[&PHOENIX].site.address.clone();
    let confirmed = Some(Confirmation { at: now(), by: "Ana Duarte".into() });
    let e911 = E911Address { user_id, account_id: AccountId(id(100)), version: 1, address, callback: None, confirmed };
    facts.e911.insert(user_id, e911);
}

fn plan_at(facts: &Facts, change: Change, at: DateTime<Utc>) -> Plan {
    let request = ChangeRequest { id: ChangeId(id(1)), change };
    plan(facts, &request, Context { now: at, actor: "Ana Duarte", mint: &Fixed })
}

fn planned(facts: &Facts, change: Change) -> Plan {
    plan_at(facts, change, now())
}

fn kinds(plan: &Plan) -> Vec<BlockerKind> {
    plan.blockers.iter().map(|blocker| blocker.kind).collect()
}

fn new_user() -> NewUser {
    NewUser {
        profile: profile("Chiara", "203"),
        number_id: None,
        mobile_number_id: None,
        package: None,
        without_license: false,
        role: Role::User,
        pin_hash: None,
        welcome_wanted: true,
        wizard: None,
    }
}

#[test]
fn business_needs_a_landline_number_and_says_how_to_get_one() {
    let mut facts = facts();
    let assign = || Change::AssignLicense { user_ids: vec![ANA], license_type_id: license("business"), date: None };
    let blocked = planned(&facts, assign());
    assert_eq!(kinds(&blocked), [BlockerKind::MissingNumber]);
    assert_eq!(blocked.blockers[0].repairs, [Repair::PickNumber { user_id: ANA, kind: NumberKind::Landline }]);
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    assert_eq!(planned(&facts, assign()).blockers, []);
}

#[test]
fn another_number_of_the_same_kind_frees_the_first_and_moves_the_callback() {
    let mut facts = facts();
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    let second = give(&mut facts, number(2, "+14805550144", NumberKind::Landline, None));
    confirm(&mut facts, ANA);
    let plan = planned(&facts, Change::AssignNumber { number_id: second, user_id: Some(ANA) });
    assert_eq!(plan.blockers, []);
    let freed = plan.steps.iter().any(|step| {
        matches!(&step.after, Some(Record::PhoneNumber(number)) if number.state == NumberState::Free && number.user_id.is_none())
    });
    assert!(freed);
    assert!(plan.e911[0].contains("+1 480 555 0144"), "{:?}", plan.e911);
}

#[test]
fn a_place_in_use_is_not_deleted() {
    let mut facts = facts();
    facts.usage.location_users = 2;
    let plan = planned(&facts, Change::DeleteLocation { location_id: PHOENIX });
    assert_eq!(kinds(&plan), [BlockerKind::InUse]);
    assert_eq!(plan.blockers[0].repairs, [Repair::MoveUsers { location_id: PHOENIX }]);
    facts.usage.location_users = 0;
    assert_eq!(planned(&facts, Change::DeleteLocation { location_id: PHOENIX }).blockers, []);
}

#[test]
fn the_sip_domain_stays_while_phones_hold_credentials_for_it() {
    let mut facts = facts();
    let mut settings = facts.account.settings.clone();
    settings.sip_domain = crate::account::SipDomain::parse("other.example").unwrap();
    facts.usage.lines = 1;
    let edit = || Change::EditAccount { account_id: None, version: None, settings: settings.clone() };
    assert_eq!(planned(&facts, edit()).blockers[0].field.as_deref(), Some("sip_domain"));
    facts.usage.lines = 0;
    assert_eq!(planned(&facts, edit()).blockers, []);
}

#[test]
fn plans_and_changes_survive_json_without_their_secrets() {
    let facts = facts();
    let change = Change::AddDevice {
        device: NewDevice { model: "linphone".into(), mac: None, label: None, user_id: Some(ANA) },
    };
    let request = ChangeRequest { id: ChangeId(id(1)), change };
    let plan = plan(&facts, &request, Context { now: now(), actor: "Ana", mint: &Fixed });
    let json = serde_json::to_string(&plan).unwrap();
    assert!(!json.contains("d-"), "credentials in {json}");
    assert!(serde_json::from_str::<Plan>(&json).is_ok());
    let json = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<ChangeRequest>(&json).unwrap(), request);
}

#[test]
fn a_plan_reads_as_an_administrator_speaks() {
    let mut facts = facts();
    let said = |plan: &Plan| -> Vec<String> {
        let of = |step: &Step| {
            let changes = step.changes.iter().map(|change| {
                let FieldChange { field, before, after } = change;
                format!("{field}: {before} → {after}")
            });
            std::iter::once(format!("{} {}", step.verb(), step.title)).chain(changes).collect::<Vec<_>>()
        };
        plan.steps.iter().flat_map(of).collect()
    };
    let device = NewDevice {
        model: "yealink-t54w".into(),
        mac: Mac::parse("805ec0aabbcc").ok(),
        label: None,
        user_id: Some(ANA),
    };
    let added = planned(&facts, Change::AddDevice { device });
    assert_eq!(
        said(&added),
        [
            "Add device Yealink T54W 80:5E:C0:AA:BB:CC",
            "mac:  → 80:5E:C0:AA:BB:CC",
            "model:  → Yealink T54W",
            "user_id:  → Ana Duarte",
            "Add line of Yealink T54W 80:5E:C0:AA:BB:CC",
            "algorithm:  → MD5",
            "credentials:  → kept secret",
            "user_id:  → Ana Duarte",
        ]
    );
    let [Some(Record::Device(device)), Some(Record::Line(line))] = [0, 1].map(|at| added.steps[at].after.clone())
    else {
        panic!("no device with a line")
    };
    let other_line = LineCredentials { username: "d-before".into(), ..line.credentials.clone() };
    facts.lines.insert(device.id, Line { credentials: other_line, ..*line });
    facts.devices.insert(*device.clone());
    let locked = planned(&facts, Change::LockDevice { device_id: device.id, locked: true });
    assert_eq!(said(&locked)[..2], ["Change device Yealink T54W 80:5E:C0:AA:BB:CC", "locked: no → yes"]);
    let generated = planned(&facts, Change::Generate { device_id: device.id });
    assert!(said(&generated).contains(&"credentials: kept secret → a new one".to_owned()), "{:?}", said(&generated));

    let profile = Profile { unreachable: crate::extension::Destination::parse("204").ok(), ..profile("Ana", "201") };
    let edited = planned(&facts, Change::EditProfile { user_id: ANA, version: None, profile: Box::new(profile) });
    assert_eq!(said(&edited), ["Change user Ana Duarte", "unreachable:  → extension 204"]);
    let role = Change::SetSecurity {
        user_id: ANA,
        version: None,
        role: Role::AuthorizedUser,
        pin_hash: Some(Opaque::new(*b"h")),
    };
    assert_eq!(
        said(&planned(&facts, role)),
        ["Change user Ana Duarte", "pin_hash:  → kept secret", "role: User → Authorized User"]
    );
    let numbers = vec![E164::parse("+1 480 555 0199").unwrap()];
    let added = planned(&facts, Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: Some(PHOENIX) });
    assert_eq!(
        said(&added),
        [
            "Add phone number +1 480 555 0199",
            "kind:  → landline",
            "location_id:  → Phoenix",
            "number:  → +1 480 555 0199",
            "state:  → free"
        ]
    );
}

#[test]
fn a_fingerprint_ignores_the_instant_and_what_others_do_with_seats() {
    let mut facts = facts();
    let assign = || Change::AssignLicense { user_ids: vec![ANA], license_type_id: license("basic"), date: None };
    let first = planned(&facts, assign()).fingerprint();
    facts.seats.get_mut(&license("basic")).unwrap().used = 4;
    let later = plan_at(&facts, assign(), now() + chrono::TimeDelta::minutes(5)).fingerprint();
    assert_eq!(first, later);
    hold(&mut facts, ANA, "business");
    assert_ne!(first, planned(&facts, assign()).fingerprint());
}

mod call;
mod device;
mod import;
mod leaving;
mod license;
mod mass_edit;
mod porting;
mod random;
mod resync;
mod schedule;
mod user;
