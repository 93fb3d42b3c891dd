//! The catalogue, seats, and who holds what.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::address::Country;
use crate::id::{AccountId, AssignmentId, ChangeId, LicenseTypeId, TrackId, UserId};
use crate::phone_number::NumberKind;

/// The operator's tracks and license types, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Catalogue {
    pub tracks: Vec<Track>,
    pub types: Vec<LicenseType>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    pub id: TrackId,
    /// Stable name in URLs, files and the API: `voice`, `mobile-data`.
    pub slug: String,
    pub name: String,
    pub summary: String,
}

/// The slug of the track whose licenses bring a phone to life.
pub const VOICE: &str = "voice";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseType {
    pub id: LicenseTypeId,
    pub track_id: TrackId,
    pub slug: String,
    pub name: String,
    pub summary: String,
    pub features: Vec<Feature>,
    pub requirements: Vec<Requirement>,
    /// A retired type stays with those who hold it and can't be assigned anew.
    pub retired: bool,
}

/// What a license allows. Enforced where it acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "feature", content = "amount")]
pub enum Feature {
    Voice,
    ExternalCalls,
    Voicemail,
    Devices(u8),
    WebPhone,
    CallRecording,
    MobileLine,
    /// Gigabytes a month.
    MobileData(u16),
    UnlimitedMobileData,
    Analytics,
}

impl Feature {
    /// The row of the comparison that this feature fills.
    pub fn label(self) -> &'static str {
        match self {
            Self::Voice => "Calls between extensions",
            Self::ExternalCalls => "Calls to and from phone numbers",
            Self::Voicemail => "Voicemail",
            Self::Devices(_) => "Devices",
            Self::WebPhone => "Web phone",
            Self::CallRecording => "Call recording",
            Self::MobileLine => "Mobile line",
            Self::MobileData(_) | Self::UnlimitedMobileData => "Mobile data",
            Self::Analytics => "Call analytics",
        }
    }

    /// What stands in the comparison's cell.
    pub fn amount(self) -> String {
        match self {
            Self::Devices(devices) => devices.to_string(),
            Self::MobileData(gigabytes) => format!("{gigabytes} GB"),
            Self::UnlimitedMobileData => "unlimited".to_owned(),
            _ => "yes".to_owned(),
        }
    }
}

/// What must be in place for a license type to be held.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "requires", content = "of")]
pub enum Requirement {
    Number(NumberKind),
    /// An active license of this track.
    Track(TrackId),
    Type(LicenseTypeId),
    E911Confirmed,
    LocationIn(Vec<Country>),
}

impl Catalogue {
    pub fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    pub fn track_by_slug(&self, slug: &str) -> Option<&Track> {
        self.tracks.iter().find(|track| track.slug == slug)
    }

    pub fn license_type(&self, id: LicenseTypeId) -> Option<&LicenseType> {
        self.types.iter().find(|license| license.id == id)
    }

    pub fn license_type_by_slug(&self, slug: &str) -> Option<&LicenseType> {
        self.types.iter().find(|license| license.slug == slug)
    }

    pub fn types_of(&self, track: TrackId) -> impl Iterator<Item = &LicenseType> {
        self.types.iter().filter(move |license| license.track_id == track)
    }

    pub fn is_voice(&self, license: LicenseTypeId) -> bool {
        let track = self.license_type(license).and_then(|license| self.track(license.track_id));
        track.is_some_and(|track| track.slug == VOICE)
    }

    /// Whether some type has this requirement.
    pub fn requires(&self, requirement: &Requirement) -> bool {
        self.types.iter().any(|license| license.requirements.contains(requirement))
    }

    /// Where the track stands in the catalogue: those that others require come first.
    pub fn position(&self, id: TrackId) -> usize {
        self.tracks.iter().position(|track| track.id == id).unwrap_or(usize::MAX)
    }

    /// "Show comparison": each feature that some type of the track has, and what each type gives of it.
    pub fn comparison(&self, track: TrackId) -> Vec<(&'static str, Vec<Option<String>>)> {
        let types: Vec<&LicenseType> = self.types_of(track).filter(|license| !license.retired).collect();
        let mut rows: Vec<&'static str> = Vec::new();
        for feature in types.iter().flat_map(|license| &license.features) {
            if !rows.contains(&feature.label()) {
                rows.push(feature.label());
            }
        }
        let cell = |license: &LicenseType, row: &str| {
            license.features.iter().find(|feature| feature.label() == row).map(|feature| feature.amount())
        };
        rows.into_iter().map(|row| (row, types.iter().map(|license| cell(license, row)).collect())).collect()
    }
}

/// How many seats of a type an account holds. `used` is guarded by the database: never more than `bought`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    pub account_id: AccountId,
    pub license_type_id: LicenseTypeId,
    pub version: i64,
    pub bought: i64,
    /// Which of them can't be given back before a date. Seats carry no names: those in use are the bound ones first, so when
    /// somebody leaves, it is an unbound seat that becomes free.
    #[serde(default)]
    pub bound: Vec<SeatBinding>,
    /// Not part of what a plan compares: others take and free seats at the same time.
    #[serde(skip)]
    pub used: i64,
}

impl Seats {
    pub fn free(&self) -> i64 {
        self.bought - self.used
    }

    /// How many seats are bound on the date.
    pub fn bound_on(&self, date: NaiveDate) -> i64 {
        self.bound.iter().filter(|bound| bound.until >= date).map(|bound| bound.seats).sum()
    }
}

/// Seats that the account holds at least until the end of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeatBinding {
    pub until: NaiveDate,
    pub seats: i64,
}

/// The most bindings of one type's seats.
pub const BINDINGS_MAX: usize = 24;

/// The most seats of a type that an account can hold.
pub const SEATS_MAX: i64 = 10_000_000;

/// One license type held by one user, from an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub id: AssignmentId,
    pub account_id: AccountId,
    pub version: i64,
    pub user_id: UserId,
    pub track_id: TrackId,
    pub license_type_id: LicenseTypeId,
    pub starts_at: DateTime<Utc>,
    /// The change that gave it: why the user has it.
    pub change_id: Option<ChangeId>,
}

/// What one user holds, by track.
pub type Holding = BTreeMap<TrackId, LicenseTypeId>;

impl Catalogue {
    /// The catalogue that ships: Voice (Basic, Business, Business Mobile), Mobile data (5 GB, Unlimited 5G), Upgrades (Pro
    /// Plus). Its identifiers are fixed, so that every installation begins alike.
    pub fn default_catalogue() -> Self {
        use Feature::{
            Analytics, CallRecording, Devices, ExternalCalls, MobileData, MobileLine, UnlimitedMobileData, Voice,
            Voicemail, WebPhone,
        };
        let id = |n: u128| uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n);
        let track = |n, slug: &str, name: &str, summary: &str| Track {
            id: TrackId(id(n)),
            slug: slug.to_owned(),
            name: name.to_owned(),
            summary: summary.to_owned(),
        };
        let license =
            |n, track, slug: &str, name: &str, summary: &str, features: &[Feature], requirements: &[Requirement]| {
                LicenseType {
                    id: LicenseTypeId(id(n)),
                    track_id: TrackId(id(track)),
                    slug: slug.to_owned(),
                    name: name.to_owned(),
                    summary: summary.to_owned(),
                    features: features.to_vec(),
                    requirements: requirements.to_vec(),
                    retired: false,
                }
            };
        let voice = Requirement::Track(TrackId(id(1)));
        let (landline, mobile) = (Requirement::Number(NumberKind::Landline), Requirement::Number(NumberKind::Mobile));
        Self {
            tracks: vec![
                track(1, VOICE, "Voice", "calls, voicemail, devices"),
                track(2, "mobile-data", "Mobile data", "5G for the phone"),
                track(3, "upgrades", "Upgrades", "recording and more"),
            ],
            types: vec![
                license(
                    11,
                    1,
                    "basic",
                    "Basic",
                    "What a fixed number needs",
                    &[Voice, ExternalCalls, Voicemail, Devices(1)],
                    &[],
                ),
                license(
                    12,
                    1,
                    "business",
                    "Business",
                    "A desk phone and apps on one number",
                    &[Voice, ExternalCalls, Voicemail, Devices(5), WebPhone],
                    std::slice::from_ref(&landline),
                ),
                license(
                    13,
                    1,
                    "business-mobile",
                    "Business Mobile",
                    "Business, and the mobile phone with it",
                    &[Voice, ExternalCalls, Voicemail, Devices(8), WebPhone, MobileLine],
                    &[landline.clone(), mobile],
                ),
                license(
                    21,
                    2,
                    "mobile-5gb",
                    "5 GB",
                    "For reading mail on the way",
                    &[MobileData(5)],
                    std::slice::from_ref(&voice),
                ),
                license(
                    22,
                    2,
                    "unlimited-5g",
                    "Unlimited 5G",
                    "For working on the way",
                    &[UnlimitedMobileData],
                    std::slice::from_ref(&voice),
                ),
                license(
                    31,
                    3,
                    "pro-plus",
                    "Pro Plus",
                    "Call recording and analytics",
                    &[CallRecording, Analytics],
                    &[voice],
                ),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_sets_the_types_of_a_track_side_by_side() {
        let catalogue = Catalogue::default_catalogue();
        let voice = catalogue.track_by_slug(VOICE).unwrap().id;
        let rows = catalogue.comparison(voice);
        let devices = rows.iter().find(|(row, _)| *row == "Devices").unwrap();
        assert_eq!(devices.1, [Some("1".to_owned()), Some("5".to_owned()), Some("8".to_owned())]);
        let web = rows.iter().find(|(row, _)| *row == "Web phone").unwrap();
        assert_eq!(web.1[0], None);
    }

    #[test]
    fn a_catalogue_survives_json() {
        let catalogue = Catalogue::default_catalogue();
        let json = serde_json::to_string(&catalogue).unwrap();
        assert_eq!(serde_json::from_str::<Catalogue>(&json).unwrap(), catalogue);
    }
}
