//! What a column of a file can mean: everything that the wizard asks for, the device, and licenses with their dates.

use std::borrow::Cow;
use std::fmt;

use lineside_model::import::{ImportKind, Key};
use lineside_model::license::{Catalogue, Track, VOICE};
use serde::{Deserialize, Serialize};

/// A column's meaning. Its text form, such as `first_name` or `license.voice`, is how mappings are kept and how the API names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Column {
    FirstName,
    LastName,
    /// Both in one cell.
    FullName,
    Username,
    Email,
    EmailVoicemails,
    AttachRecording,
    PhoneNumber,
    MobileNumber,
    Extension,
    Unreachable,
    Location,
    TimeZone,
    Department,
    Role,
    Welcome,
    E911StreetNumber,
    E911StreetName,
    /// House number and street in one cell.
    E911Street,
    E911Unit,
    E911City,
    E911Region,
    E911PostalCode,
    E911Country,
    E911Confirmed,
    DeviceModel,
    DeviceMac,
    DeviceLabel,
    NumberKind,
    AreaCode,
    ContactName,
    ContactEmail,
    ContactPhone,
    /// The license of a track, by the track's slug.
    License(String),
    /// From when on: blank is now.
    LicenseDate(String),
}

/// What a cell of a column holds: which damage there can be, and how it is repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Text,
    /// Of a person or a place: a date or number there is damage.
    Code,
    Number,
    Extension,
    PostalCode,
    Mac,
    Switch,
    Date,
}

impl Column {
    /// Those that do not depend on the catalogue, in the order of a template.
    pub const FIXED: [Self; 33] = [
        Self::FirstName,
        Self::LastName,
        Self::FullName,
        Self::Username,
        Self::Email,
        Self::EmailVoicemails,
        Self::AttachRecording,
        Self::PhoneNumber,
        Self::MobileNumber,
        Self::Extension,
        Self::Unreachable,
        Self::Location,
        Self::TimeZone,
        Self::Department,
        Self::Role,
        Self::Welcome,
        Self::E911StreetNumber,
        Self::E911StreetName,
        Self::E911Street,
        Self::E911Unit,
        Self::E911City,
        Self::E911Region,
        Self::E911PostalCode,
        Self::E911Country,
        Self::E911Confirmed,
        Self::DeviceModel,
        Self::DeviceMac,
        Self::DeviceLabel,
        Self::NumberKind,
        Self::AreaCode,
        Self::ContactName,
        Self::ContactEmail,
        Self::ContactPhone,
    ];

    /// All that a file of this kind may hold, in the order of a template.
    pub fn all(kind: ImportKind, catalogue: &Catalogue) -> Vec<Self> {
        match kind {
            ImportKind::Users => {
                let fixed = Self::FIXED.into_iter().filter(|column| !column.is_of_inventory());
                let of_track =
                    |track: &Track| [Self::License(track.slug.clone()), Self::LicenseDate(track.slug.clone())];
                fixed.chain(catalogue.tracks.iter().flat_map(of_track)).collect()
            }
            ImportKind::Devices => vec![Self::DeviceMac, Self::DeviceModel, Self::DeviceLabel, Self::Username],
            ImportKind::Numbers => vec![Self::PhoneNumber, Self::NumberKind, Self::Location, Self::Username],
            ImportKind::Locations => {
                let contact = [Self::ContactName, Self::ContactEmail, Self::ContactPhone];
                let place = [Self::TimeZone, Self::AreaCode].into_iter().chain(contact);
                std::iter::once(Self::Location).chain(Self::of_address()).chain(place).collect()
            }
        }
    }

    /// A civic address, field by field.
    fn of_address() -> impl Iterator<Item = Self> {
        let from = Self::FIXED.into_iter().skip_while(|column| *column != Self::E911StreetNumber);
        from.take_while(|column| *column != Self::E911Confirmed)
    }

    /// Users' files have no such column.
    fn is_of_inventory(&self) -> bool {
        matches!(self, Self::NumberKind | Self::AreaCode | Self::ContactName | Self::ContactEmail | Self::ContactPhone)
    }

    /// Those of a template: one way to say each thing.
    pub fn template(kind: ImportKind, catalogue: &Catalogue) -> Vec<Self> {
        let alternatives = [Self::FullName, Self::E911Street];
        Self::all(kind, catalogue).into_iter().filter(|column| !alternatives.contains(column)).collect()
    }

    pub fn key(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FullName => "full_name",
            Self::Username => "username",
            Self::Email => "email",
            Self::EmailVoicemails => "email_voicemails",
            Self::AttachRecording => "attach_recording",
            Self::PhoneNumber => "phone_number",
            Self::MobileNumber => "mobile_number",
            Self::Extension => "extension",
            Self::Unreachable => "unreachable",
            Self::Location => "location",
            Self::TimeZone => "time_zone",
            Self::Department => "department",
            Self::Role => "role",
            Self::Welcome => "welcome",
            Self::E911StreetNumber => "e911_street_number",
            Self::E911StreetName => "e911_street_name",
            Self::E911Street => "e911_street",
            Self::E911Unit => "e911_unit",
            Self::E911City => "e911_city",
            Self::E911Region => "e911_region",
            Self::E911PostalCode => "e911_postal_code",
            Self::E911Country => "e911_country",
            Self::E911Confirmed => "e911_confirmed",
            Self::DeviceModel => "device_model",
            Self::DeviceMac => "device_mac",
            Self::DeviceLabel => "device_label",
            Self::NumberKind => "number_kind",
            Self::AreaCode => "area_code",
            Self::ContactName => "contact_name",
            Self::ContactEmail => "contact_email",
            Self::ContactPhone => "contact_phone",
            Self::License(track) => return Cow::Owned(format!("license.{track}")),
            Self::LicenseDate(track) => return Cow::Owned(format!("license_date.{track}")),
        })
    }

    pub fn parse(key: &str) -> Option<Self> {
        if let Some(track) = key.strip_prefix("license.").filter(|track| !track.is_empty()) {
            return Some(Self::License(track.to_owned()));
        }
        if let Some(track) = key.strip_prefix("license_date.").filter(|track| !track.is_empty()) {
            return Some(Self::LicenseDate(track.to_owned()));
        }
        Self::FIXED.into_iter().find(|column| column.key() == key)
    }

    pub fn of_key(key: Key) -> Self {
        match key {
            Key::Username => Self::Username,
            Key::Email => Self::Email,
            Key::Extension => Self::Extension,
            Key::Mac => Self::DeviceMac,
            Key::PhoneNumber => Self::PhoneNumber,
            Key::Location => Self::Location,
        }
    }

    /// The column that a plan's blocker is about, by the field that it names.
    pub fn of_field(field: &str) -> Option<Self> {
        Some(match field {
            "location_id" => Self::Location,
            "department_id" => Self::Department,
            "number_id" | "callback" => Self::PhoneNumber,
            "mobile_number_id" => Self::MobileNumber,
            "mac" | "device_id" => Self::DeviceMac,
            "model" => Self::DeviceModel,
            "pin" => Self::Role,
            "package" => Self::License(VOICE.to_owned()),
            other => return Self::parse(other),
        })
    }

    /// The heading in a template; a track by its name.
    pub fn heading(&self, catalogue: &Catalogue) -> String {
        let track = |slug: &str| {
            let track = catalogue.tracks.iter().find(|track| track.slug == slug);
            track.map_or_else(|| slug.to_owned(), |track| track.name.clone())
        };
        let fixed = match self {
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::FullName => "Full name",
            Self::Username => "Username",
            Self::Email => "Email",
            Self::EmailVoicemails => "Email voicemails",
            Self::AttachRecording => "Attach the recording",
            Self::PhoneNumber => "Phone number",
            Self::MobileNumber => "Mobile number",
            Self::Extension => "Extension",
            Self::Unreachable => "Primary number unreachable",
            Self::Location => "Location",
            Self::TimeZone => "Time zone",
            Self::Department => "Department",
            Self::Role => "Role",
            Self::Welcome => "Send a welcome email",
            Self::E911StreetNumber => "E911 street number",
            Self::E911StreetName => "E911 street",
            Self::E911Street => "E911 street and number",
            Self::E911Unit => "E911 unit, floor, room",
            Self::E911City => "E911 city",
            Self::E911Region => "E911 state",
            Self::E911PostalCode => "E911 postal code",
            Self::E911Country => "E911 country",
            Self::E911Confirmed => "E911 confirmed",
            Self::DeviceModel => "Device model",
            Self::DeviceMac => "Device MAC",
            Self::DeviceLabel => "Device label",
            Self::NumberKind => "Kind of number",
            Self::AreaCode => "Area code",
            Self::ContactName => "Emergency contact",
            Self::ContactEmail => "Emergency contact's email",
            Self::ContactPhone => "Emergency contact's phone",
            Self::License(slug) => return format!("{} license", track(slug)),
            Self::LicenseDate(slug) => return format!("{} license from", track(slug)),
        };
        fixed.to_owned()
    }

    /// As [`Column::heading`]; a location's address is not only for E911.
    pub fn heading_in(&self, kind: ImportKind, catalogue: &Catalogue) -> String {
        let heading = self.heading(catalogue);
        match (kind, heading.strip_prefix("E911 ")) {
            (ImportKind::Locations, Some(part)) => part[..1].to_uppercase() + &part[1..],
            _ => heading,
        }
    }

    pub fn holds(&self) -> Holds {
        match self {
            Self::PhoneNumber | Self::MobileNumber | Self::Unreachable | Self::ContactPhone => Holds::Number,
            Self::Extension => Holds::Extension,
            Self::E911PostalCode => Holds::PostalCode,
            Self::DeviceMac => Holds::Mac,
            Self::EmailVoicemails | Self::AttachRecording | Self::Welcome | Self::E911Confirmed => Holds::Switch,
            Self::LicenseDate(_) => Holds::Date,
            Self::E911StreetNumber | Self::E911Unit | Self::Username => Holds::Code,
            _ => Holds::Text,
        }
    }

    /// Whether `-` may clear it; where a value is needed it stands for itself.
    pub fn can_be_cleared(&self) -> bool {
        !matches!(self, Self::FirstName | Self::LastName | Self::FullName | Self::Username | Self::Role)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

impl From<Column> for String {
    fn from(column: Column) -> String {
        column.key().into_owned()
    }
}

impl TryFrom<String> for Column {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        Self::parse(&key).ok_or_else(|| format!("{key:?} is no column; choose one from the list"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_key_and_its_heading_is_its_own() {
        let catalogue = Catalogue::default_catalogue();
        let columns: Vec<Column> = ImportKind::ALL.into_iter().flat_map(|kind| Column::all(kind, &catalogue)).collect();
        for column in &columns {
            assert_eq!(Column::parse(&column.key()).as_ref(), Some(column));
        }
        let headings: std::collections::BTreeMap<String, &Column> =
            columns.iter().map(|column| (column.heading(&catalogue), column)).collect();
        assert!(columns.iter().all(|column| headings[&column.heading(&catalogue)] == column));
    }
}
