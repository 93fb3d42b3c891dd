//! Two accounts in a fresh database, and short words for what tests do with them.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::account::{AccountNumber, AccountSettings, AccountSettingsInput};
use lineside_model::address::CivicAddressInput;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{Mac, NewDevice};
use lineside_model::id::{AccountId, ChangeId, DeviceId, LicenseTypeId, LocationId, NumberId, TrackId, UserId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::license::Catalogue;
use lineside_model::list::{NumberFilter, UserDetail, UserFilter, UserRow};
use lineside_model::location::{Site, SiteInput};
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::plan::{BlockerKind, Context, Plan};
use lineside_model::user::{NewUser, Profile, ProfileInput, Role};
use lineside_store::{Applied, Store};
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::mint::CountingMint;
use uuid::Uuid;

pub struct House {
    pub database: Database,
    pub mint: CountingMint,
    /// An account with an owner and nothing else.
    pub acme: Scope,
    /// Another one.
    pub globex: Scope,
    changes: AtomicU64,
}

/// Noon of a day in November.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_348_800, 0).unwrap()
}

pub fn later(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

impl House {
    pub async fn on(engine: Engine) -> Option<Self> {
        let database = Database::fresh(engine).await?;
        database.store.install_catalogue(&Catalogue::default_catalogue()).await.unwrap();
        let scope = |number: u128, name: &str| Scope {
            account_id: AccountId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)),
            actor: Actor::system(name),
        };
        let house = Self {
            database,
            mint: CountingMint::default(),
            acme: scope(1, "Ana Duarte"),
            globex: scope(2, "Gus Weber"),
            changes: AtomicU64::new(0),
        };
        house.open(&house.acme, "acme", "10000001").await;
        house.open(&house.globex, "globex", "10000002").await;
        Some(house)
    }

    async fn open(&self, scope: &Scope, name: &str, number: &str) {
        let owner = new_user("Olive", "Owner", &format!("{name}.owner"));
        let number = AccountNumber::parse(number).unwrap();
        self.done(scope, Change::OpenAccount { number, settings: settings(name), owner: Box::new(owner) }).await;
    }

    pub fn store(&self) -> &Store {
        &self.database.store
    }

    pub fn context(&self) -> Context<'_> {
        Context { now: now(), actor: "Ana Duarte", mint: &self.mint }
    }

    pub fn request(&self, change: Change) -> ChangeRequest {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        let id = ChangeId(Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 + u128::from(number)));
        ChangeRequest { id, change }
    }

    pub async fn apply(&self, scope: &Scope, request: &ChangeRequest) -> Applied {
        self.store().apply(scope, request, None, self.context()).await.unwrap()
    }

    /// Applies what has to go through.
    pub async fn done(&self, scope: &Scope, change: Change) -> (ChangeRequest, Plan) {
        let request = self.request(change);
        match self.apply(scope, &request).await {
            Applied::Done(plan) => (request, plan),
            other => panic!("{} did not go through: {other:#?}", request.change.action()),
        }
    }

    pub async fn add_user(&self, scope: &Scope, user: NewUser) -> UserId {
        self.done(scope, Change::AddUser { user: Box::new(user) }).await.0.new_user_id()
    }

    pub async fn add_location(&self, scope: &Scope, name: &str) -> LocationId {
        self.done(scope, Change::AddLocation { site: site(name) }).await.0.new_location_id()
    }

    pub async fn add_numbers(&self, scope: &Scope, numbers: &[&str], kind: NumberKind) -> Vec<NumberId> {
        let numbers = numbers.iter().map(|number| E164::parse(number).unwrap()).collect();
        let (_, plan) = self.done(scope, Change::AddNumbers { numbers, kind, location_id: None }).await;
        plan.steps.iter().map(|step| NumberId(step.after.as_ref().unwrap().id())).collect()
    }

    pub async fn add_device(&self, scope: &Scope, mac: &str, user_id: Option<UserId>) -> DeviceId {
        let mac = Some(Mac::parse(mac).unwrap());
        let device = NewDevice { model: "yealink-t54w".to_owned(), mac, label: None, user_id };
        self.done(scope, Change::AddDevice { device }).await.0.new_device_id()
    }

    pub async fn seats(&self, scope: &Scope, license_type_id: LicenseTypeId, bought: i64) {
        self.done(scope, Change::SetSeats { license_type_id, bought, bound: None }).await;
    }

    pub async fn user(&self, scope: &Scope, id: UserId) -> UserDetail {
        self.store().user(scope, id, now()).await.unwrap().unwrap()
    }

    pub async fn users(&self, filter: &UserFilter) -> Vec<UserRow> {
        self.store().users(&self.acme, filter, now()).await.unwrap().rows
    }

    pub async fn found(&self, search: &str) -> Vec<String> {
        let filter = UserFilter { search: search.to_owned(), ..UserFilter::default() };
        self.users(&filter).await.iter().map(UserRow::name).collect()
    }

    pub async fn number_id(&self, scope: &Scope, digits: &str) -> NumberId {
        let filter = NumberFilter { search: digits.to_owned(), ..NumberFilter::default() };
        self.store().numbers(scope, &filter).await.unwrap().rows[0].number.id
    }
}

pub fn license(slug: &str) -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug(slug).unwrap().id
}

pub fn track(slug: &str) -> TrackId {
    Catalogue::default_catalogue().track_by_slug(slug).unwrap().id
}

pub fn settings(name: &str) -> AccountSettings {
    AccountSettingsInput {
        name: name.to_owned(),
        billing_email: format!("billing@{name}.example"),
        time_zone: "America/Phoenix".to_owned(),
        country: "US".to_owned(),
        sip_domain: format!("{name}.sip.example"),
        extension_min: "3".to_owned(),
        extension_max: "4".to_owned(),
        first_extension: "201".to_owned(),
    }
    .parse()
    .unwrap()
}

pub fn site(name: &str) -> Site {
    SiteInput { name: name.to_owned(), address: address(), area_code: "480".to_owned(), ..SiteInput::default() }
        .parse()
        .unwrap()
}

pub fn address() -> CivicAddressInput {
    CivicAddressInput {
        street_number: "1".to_owned(),
        street_name: "Main Street".to_owned(),
        city: "Phoenix".to_owned(),
        region: "AZ".to_owned(),
        postal_code: "85004".to_owned(),
        country: "US".to_owned(),
        ..CivicAddressInput::default()
    }
}

pub fn profile(first: &str, last: &str, username: &str) -> Profile {
    let input = ProfileInput {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        username: username.to_owned(),
        email: format!("{username}@mail.example"),
        ..ProfileInput::default()
    };
    input.parse().unwrap()
}

pub fn new_user(first: &str, last: &str, username: &str) -> NewUser {
    NewUser {
        profile: profile(first, last, username),
        number_id: None,
        mobile_number_id: None,
        package: None,
        without_license: true,
        role: Role::User,
        pin_hash: None,
        welcome_wanted: false,
        wizard: None,
    }
}

/// What blocked a change.
pub fn blockers(applied: Applied) -> Vec<BlockerKind> {
    match applied {
        Applied::Blocked(plan) => plan.blockers.iter().map(|blocker| blocker.kind).collect(),
        other => panic!("not blocked: {other:?}"),
    }
}
