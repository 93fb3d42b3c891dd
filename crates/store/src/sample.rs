//! A large account for measurements: people with numbers, phones, addresses and licenses in every state of readiness.
//! Rows are written directly, many at a time; what lists repeat of them is brought up to date as apply does it.

use std::mem::take;

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::address::{CivicAddress, Country};
use lineside_model::department::Department;
use lineside_model::device::{Device, DigestAlgorithm, Line, LineCredentials, Mac};
use lineside_model::e911::{Confirmation, E911Address};
use lineside_model::extension::Extension;
use lineside_model::id::{
    AccountId, AssignmentId, DepartmentId, DeviceId, LicenseTypeId, LineId, LocationId, NumberId, UserId,
};
use lineside_model::journal::Scope;
use lineside_model::license::{Assignment, Catalogue, Seats};
use lineside_model::location::{Location, Site};
use lineside_model::phone_number::{AreaCode, E164, NumberKind, NumberState, PhoneNumber};
use lineside_model::secret::Opaque;
use lineside_model::text::Name;
use lineside_model::time_zone::TimeZone;
use lineside_model::user::{Profile, Role, User, UserState, WizardStep};
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Engine;
use crate::made::Holds;
use crate::record::Stored;
use crate::tally::{Places, Tally, UserCounts};
use crate::value::{Value, parse, values};
use crate::{Store, StoreError, login, readiness, search};

const BIND: &str = "
    INSERT INTO binding (line_id, contact, account_id, user_id, device_id, transport, source, user_agent, call_id, cseq,
        registered_at, expires_at)
    VALUES (...)";
const SEEN: &str = "UPDATE device SET last_registered_at = $2 WHERE account_id = $1 AND id IN (...)";
const USE_SEATS: &str = "
    UPDATE seats SET used = (
        SELECT count(*) FROM assignment a
        WHERE a.account_id = seats.account_id AND a.license_type_id = seats.license_type_id
    ) WHERE account_id = $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[BIND, SEEN, USE_SEATS];

const CHUNK: usize = 2_000;
const LOCATIONS: usize = 40;
const DEPARTMENTS: usize = 25;
const FIRST_NAMES: [&str; 48] = [
    "Ana", "Ben", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Kemal", "Lena", "Mateo",
    "Nadia", "Olga", "Pedro", "Quinn", "Rosa", "Samir", "Tara", "Uma", "Victor", "Wanda", "Xenia", "Yusuf", "Zoë",
    "Anja", "Boris", "Carla", "Diego", "Emma", "Felix", "Gina", "Hugo", "Ida", "Jamal", "Karin", "Luca", "Maya",
    "Nils", "Oscar", "Paula", "Rafael", "Sofia", "Theo", "Ursula", "Vera", "Willem",
];
const LAST_NAMES: [&str; 40] = [
    "Adler",
    "Berg",
    "Costa",
    "Duarte",
    "Eriksen",
    "Fischer",
    "García",
    "Hansen",
    "Ivanova",
    "Jensen",
    "Kaya",
    "Lopez",
    "Martin",
    "Nakamura",
    "O'Brien",
    "Petrov",
    "Quintana",
    "Rossi",
    "Silva",
    "Tanaka",
    "Ueda",
    "Varga",
    "Weber",
    "Xu",
    "Yılmaz",
    "Zhang",
    "Andersson",
    "Bianchi",
    "Castro",
    "Dubois",
    "Evans",
    "Ferrari",
    "Gupta",
    "Hoffmann",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
];

impl Store {
    /// Fills a new account with this many users. On PostgreSQL, `VACUUM ANALYZE` follows, as it does by itself in time.
    pub async fn add_sample(&self, scope: &Scope, users: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let catalogue = self.catalogue().await?;
        let sample = Sample { account: scope.account_id, now, catalogue };
        let mut link = self.begin().await?;
        sample.write_places(&mut link, users).await?;
        link.commit().await?;
        for first in (0..users).step_by(CHUNK) {
            let mut link = self.begin().await?;
            sample.write_users(&mut link, first, CHUNK.min(users - first)).await?;
            link.commit().await?;
        }
        let mut link = self.writer().await?;
        link.execute(USE_SEATS, values![scope.account_id]).await?;
        match &self.engine {
            // Its statistics are set at the start.
            Engine::Sqlite { .. } => Ok(()),
            Engine::Postgres(_) => link.execute("VACUUM ANALYZE", values![]).await.map(drop),
        }
    }
}

impl Store {
    /// The bare rows of this many users, in one transaction, without anything that lists repeat of them: what a database
    /// can do at best, for imports to be measured against.
    pub async fn add_bare_sample(&self, scope: &Scope, users: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sample = Sample { account: scope.account_id, now, catalogue: self.catalogue().await? };
        let mut link = self.begin().await?;
        sample.write_places(&mut link, users).await?;
        for first in (0..users).step_by(CHUNK) {
            let mut rows = sample.rows(first, CHUNK.min(users - first))?;
            sample.write_bare(&mut link, &mut rows).await?;
        }
        link.commit().await
    }
}

struct Sample {
    account: AccountId,
    now: DateTime<Utc>,
    catalogue: Catalogue,
}

/// The people of one chunk and all that is theirs.
#[derive(Default)]
struct Rows {
    ids: Vec<UserId>,
    people: Vec<User>,
    users: Vec<Vec<Value>>,
    words: Vec<Vec<Value>>,
    numbers: Vec<Vec<Value>>,
    devices: Vec<Vec<Value>>,
    lines: Vec<Vec<Value>>,
    bindings: Vec<Vec<Value>>,
    seen: Vec<DeviceId>,
    e911: Vec<Vec<Value>>,
    assignments: Vec<Vec<Value>>,
    free: i64,
    places: Places,
}

fn id(kind: u128, at: usize) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + (kind << 40) + at as u128)
}

impl Sample {
    async fn write_places(&self, link: &mut Connection, users: usize) -> Result<(), StoreError> {
        let mut locations = Vec::new();
        for at in 0..LOCATIONS {
            locations.push(self.location(at)?.values(1)?);
        }
        link.write_rows(Location::SAVE, locations).await?;
        let mut departments = Vec::new();
        for at in 0..DEPARTMENTS {
            let name = parse::<Name>("a name", &format!("Department {at:02}"))?;
            let id = DepartmentId(id(2, at));
            departments.push(Department { id, account_id: self.account, version: 1, name }.values(1)?);
        }
        link.write_rows(Department::SAVE, departments).await?;
        let bought = i64::try_from(users).unwrap_or(i64::MAX);
        let mut seats = Vec::new();
        for license in &self.catalogue.types {
            let license_type_id = license.id;
            seats.push(
                Seats { account_id: self.account, license_type_id, version: 1, bought, bound: Vec::new(), used: 0 }
                    .values(1)?,
            );
        }
        link.write_rows(Seats::SAVE, seats).await?;
        Ok(())
    }

    fn location(&self, at: usize) -> Result<Location, StoreError> {
        let site = Site {
            name: parse("a name", &format!("Site {at:02}"))?,
            address: address(at),
            time_zone: TimeZone::parse("America/Phoenix").map_err(|error| StoreError::row("a time zone", error))?,
            area_code: Some(parse::<AreaCode>("an area code", "480")?),
            callback: None,
            emergency_contacts: Vec::new(),
        };
        Ok(Location { id: LocationId(id(1, at)), account_id: self.account, version: 1, site })
    }

    fn rows(&self, first: usize, count: usize) -> Result<Rows, StoreError> {
        let mut rows = Rows::default();
        for at in first..first + count {
            self.person(at, &mut rows)?;
        }
        Ok(rows)
    }

    async fn write_bare(&self, link: &mut Connection, rows: &mut Rows) -> Result<(), StoreError> {
        link.write_rows(User::SAVE, take(&mut rows.users)).await?;
        link.write_rows(search::ADD_WORDS, take(&mut rows.words)).await?;
        link.write_rows(PhoneNumber::SAVE, take(&mut rows.numbers)).await?;
        link.write_rows(Device::SAVE, take(&mut rows.devices)).await?;
        link.write_rows(Line::SAVE, take(&mut rows.lines)).await?;
        link.write_rows(E911Address::SAVE, take(&mut rows.e911)).await?;
        link.write_rows(Assignment::SAVE, take(&mut rows.assignments)).await?;
        login::save_usernames(link, self.account, &rows.people.iter().collect::<Vec<_>>()).await
    }

    async fn write_users(&self, link: &mut Connection, first: usize, count: usize) -> Result<(), StoreError> {
        let mut rows = self.rows(first, count)?;
        let tally = Tally {
            numbers: i64::try_from(rows.numbers.len()).unwrap_or_default(),
            numbers_free: rows.free,
            devices: i64::try_from(rows.devices.len()).unwrap_or_default(),
            ..Tally::default()
        };
        self.write_bare(link, &mut rows).await?;
        link.write_rows(BIND, rows.bindings).await?;
        let registered = rows.seen.clone();
        link.execute_in(SEEN, values![self.account, self.now], rows.seen).await?;
        readiness::refresh_devices(link, self.account, registered).await?;
        readiness::refresh_users(link, self.account, &self.catalogue, &rows.ids).await?;
        let of_users = UserCounts::of(link, self.account, &rows.ids).await?;
        Tally { of_users, ..tally }.add(link, self.account).await?;
        rows.places.add(link, self.account).await
    }

    /// Each seventh, eleventh and so on lacks something, so that every combination occurs.
    fn person(&self, at: usize, rows: &mut Rows) -> Result<(), StoreError> {
        let user = self.user(at)?;
        let (account_id, user_id) = (self.account, user.id);
        let number = self.number(at, (!at.is_multiple_of(7)).then_some(user_id))?;
        let own: Vec<E164> = number.user_id.map(|_| number.number.clone()).into_iter().collect();
        rows.places.user(&user, 1);
        rows.places.number(&number, 1);
        rows.free += i64::from(number.user_id.is_none());
        rows.words.extend(search::word_rows(account_id, user_id, &user.profile, &own));
        rows.numbers.push(number.values(1)?);
        if !at.is_multiple_of(11) {
            rows.assignments.push(self.assignment(at, user_id).values(1)?);
        }
        let by = || Confirmation { at: self.now, by: "Sample".to_owned() };
        let e911 = E911Address {
            user_id,
            account_id,
            version: 1,
            address: address(at % LOCATIONS),
            callback: own.first().cloned(),
            confirmed: (!at.is_multiple_of(5)).then(by),
        };
        rows.e911.push(e911.values(1)?);
        if !at.is_multiple_of(13) {
            self.phone(at, user_id, rows)?;
        }
        rows.users.push([user.values(1)?, Holds::default().values()].concat());
        rows.ids.push(user_id);
        rows.people.push(user);
        Ok(())
    }

    fn user(&self, at: usize) -> Result<User, StoreError> {
        let first = FIRST_NAMES[at % FIRST_NAMES.len()];
        let last = LAST_NAMES[at / FIRST_NAMES.len() % LAST_NAMES.len()];
        let plain: String = lineside_model::text::fold(&format!("{first}.{last}"))
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
            .collect();
        let username = format!("{plain}.{at}");
        let profile = Profile {
            first_name: parse("a name", first)?,
            last_name: parse("a name", last)?,
            email: Some(parse("an address", &format!("{username}@sample.example"))?),
            username: parse("a username", &username)?,
            email_voicemails: false,
            attach_recording: false,
            extension: Extension::parse(&format!("{:06}", 200_000 + at)).ok(),
            unreachable: None,
            location_id: Some(LocationId(id(1, at % LOCATIONS))),
            time_zone: None,
            department_id: (!at.is_multiple_of(3)).then(|| DepartmentId(id(2, at % DEPARTMENTS))),
        };
        Ok(User {
            id: UserId(id(3, at)),
            account_id: self.account,
            version: 1,
            profile,
            role: Role::User,
            state: if at.is_multiple_of(97) { UserState::Suspended } else { UserState::Active },
            pin_hash: None,
            wizard: at.is_multiple_of(101).then_some(WizardStep::Device),
            welcome_wanted: false,
            created_at: self.now,
            deleted_at: None,
            recordings_go: false,
            purged_at: None,
        })
    }

    fn number(&self, at: usize, user_id: Option<UserId>) -> Result<PhoneNumber, StoreError> {
        // Exchanges from 220 on, past the service codes.
        let (area, exchange) = [(480, 220), (602, 220), (623, 220)][at % 3];
        let digits = format!("+1{area}{}{:04}", exchange + at / 3 / 10_000, at / 3 % 10_000);
        Ok(PhoneNumber {
            id: NumberId(id(4, at)),
            account_id: self.account,
            version: 1,
            number: parse("a phone number", &digits)?,
            kind: NumberKind::Landline,
            state: if user_id.is_some() { NumberState::Assigned } else { NumberState::Free },
            ports_on: None,
            promised_to: None,
            forwarded_to: None,
            forwarded_until: None,
            kept_until: None,
            location_id: Some(LocationId(id(1, at % LOCATIONS))),
            user_id,
            created_at: self.now,
        })
    }

    fn assignment(&self, at: usize, user_id: UserId) -> Assignment {
        let slug = if at.is_multiple_of(4) { "basic" } else { "business" };
        let license = self.catalogue.license_type_by_slug(slug).or(self.catalogue.types.first());
        Assignment {
            id: AssignmentId(id(5, at)),
            account_id: self.account,
            version: 1,
            user_id,
            track_id: license.map_or(lineside_model::id::TrackId(Uuid::nil()), |license| license.track_id),
            license_type_id: license.map_or(LicenseTypeId(Uuid::nil()), |license| license.id),
            starts_at: self.now,
            change_id: None,
        }
    }

    fn phone(&self, at: usize, user_id: UserId, rows: &mut Rows) -> Result<(), StoreError> {
        let device = Device {
            id: DeviceId(id(6, at)),
            account_id: self.account,
            version: 1,
            model: "yealink-t54w".to_owned(),
            mac: Some(parse::<Mac>("a MAC address", &format!("805ec0{at:06x}"))?),
            label: None,
            user_id: Some(user_id),
            locked: at.is_multiple_of(89),
            provisioning_token: Opaque::new(format!("token {at}")),
            provisioning_hash: Opaque::new(format!("sample hash {at}")),
            lamp_keys: Vec::new(),
            created_at: self.now,
        };
        let line = Line {
            id: LineId(id(7, at)),
            account_id: self.account,
            version: 1,
            device_id: device.id,
            user_id,
            algorithm: DigestAlgorithm::Md5,
            credentials: LineCredentials {
                username: format!("d-sample{at}"),
                ha1_md5: Opaque::new([0; 16]),
                ha1_sha256: Opaque::new([0; 32]),
                secret: Some(Opaque::new([0; 24])),
            },
            generated_at: self.now,
        };
        if !at.is_multiple_of(6) {
            let (registered, until) = (self.now, self.now + TimeDelta::hours(1));
            rows.seen.push(device.id);
            rows.bindings.push(values![
                line.id,
                format!("sip:d-sample{at}@192.0.2.1:5060").into_bytes(),
                self.account,
                user_id,
                device.id,
                "UDP",
                "192.0.2.1:5060",
                "Yealink SIP-T54W",
                format!("{at}@192.0.2.1"),
                1_i64,
                registered,
                until,
            ]);
        }
        rows.devices.push(device.values(1)?);
        rows.lines.push(line.values(1)?);
        Ok(())
    }
}

fn address(at: usize) -> CivicAddress {
    CivicAddress {
        street_number: (100 + at).to_string(),
        street_name: "Main Street".to_owned(),
        unit: String::new(),
        city: "Phoenix".to_owned(),
        region: "AZ".to_owned(),
        postal_code: "85004".to_owned(),
        country: Country::US,
    }
}
