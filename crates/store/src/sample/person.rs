//! One of many people, and all that is theirs.

use chrono::TimeDelta;
use lineside_model::address::{CivicAddress, Country};
use lineside_model::device::{Device, DigestAlgorithm, Line, LineCredentials, Mac};
use lineside_model::e911::{Confirmation, E911Address};
use lineside_model::extension::Extension;
use lineside_model::id::{
    AssignmentId, DepartmentId, DeviceId, LicenseTypeId, LineId, LocationId, NumberId, TrackId, UserId,
};
use lineside_model::license::Assignment;
use lineside_model::phone_number::{E164, NumberKind, NumberState, PhoneNumber};
use lineside_model::secret::Opaque;
use lineside_model::user::{Profile, Role, User, UserState, WizardStep};
use uuid::Uuid;

use super::{DEPARTMENTS, LOCATIONS, Rows, Sample, id};
use crate::made::Holds;
use crate::record::Stored;
use crate::value::{parse, values};
use crate::{StoreError, search};

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

impl Sample {
    /// Each seventh, eleventh and so on lacks something, so that every combination occurs.
    pub(super) fn person(&self, at: usize, rows: &mut Rows) -> Result<(), StoreError> {
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
            track_id: license.map_or(TrackId(Uuid::nil()), |license| license.track_id),
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

pub(super) fn address(at: usize) -> CivicAddress {
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
