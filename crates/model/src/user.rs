//! People with a username, an extension, and whatever licenses allow.

use std::fmt;

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::extension::{Destination, Extension};
use crate::field::FieldErrors;
use crate::id::{AccountId, DepartmentId, LicenseTypeId, LocationId, NumberId, UserId};
use crate::secret::Opaque;
use crate::text::{Name, fold};
use crate::time_zone::TimeZone;
use crate::username::Username;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    AccountOwner,
    Administrator,
    /// Full privileges over the account, and a PIN for the support desk.
    AuthorizedUser,
    User,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::AccountOwner, Self::Administrator, Self::AuthorizedUser, Self::User];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountOwner => "account_owner",
            Self::Administrator => "administrator",
            Self::AuthorizedUser => "authorized_user",
            Self::User => "user",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// For people to read.
    pub fn label(self) -> &'static str {
        match self {
            Self::AccountOwner => "Account Owner",
            Self::Administrator => "Administrator",
            Self::AuthorizedUser => "Authorized User",
            Self::User => "User",
        }
    }

    /// May change the account and see all of it.
    pub fn administers(self) -> bool {
        self != Self::User
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    Active,
    /// Can neither register nor sign in, and keeps everything.
    Suspended,
    /// Holds nothing any more, and can be brought back for [`KEPT_DAYS`].
    Deleted,
}

/// For how many days a deleted user can be brought back.
pub const KEPT_DAYS: u64 = 30;

impl UserState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Deleted].into_iter().find(|state| state.as_str() == text)
    }
}

/// The steps of Add user, in order. A user whose wizard was left carries the step to resume at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WizardStep {
    Profile,
    E911,
    Device,
    Greeting,
    Review,
}

impl WizardStep {
    pub const ALL: [Self; 5] = [Self::Profile, Self::E911, Self::Device, Self::Greeting, Self::Review];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::E911 => "e911",
            Self::Device => "device",
            Self::Greeting => "greeting",
            Self::Review => "review",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::E911 => "E911 address",
            Self::Device => "Device",
            Self::Greeting => "Greeting",
            Self::Review => "Review",
        }
    }

    /// `None` after the last.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step > self)
    }
}

impl fmt::Display for WizardStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub account_id: AccountId,
    pub version: i64,
    pub profile: Profile,
    pub role: Role,
    pub state: UserState,
    /// Present for an Authorized User.
    pub pin_hash: Option<Opaque>,
    /// The wizard's step to resume at; `None` once Add user was finished.
    pub wizard: Option<WizardStep>,
    /// The welcome mail goes out when Add user is finished.
    pub welcome_wanted: bool,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Recordings of who left go with their names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recordings_go: bool,
    /// Nothing is left of who left but this row, which calls and recordings refer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purged_at: Option<DateTime<Utc>>,
}

impl User {
    pub fn is_deleted(&self) -> bool {
        self.state == UserState::Deleted
    }

    /// What a colleague's lamp key for this user is: the name beside it and the extension that it watches and calls. `None`: a
    /// dark key.
    pub fn lamp_key(&self) -> Option<(String, &Extension)> {
        let extension = self.profile.extension.as_ref().filter(|_| !self.is_deleted())?;
        Some((self.profile.full_name(), extension))
    }

    /// Until when a deleted user can be brought back.
    pub fn kept_until(&self) -> Option<DateTime<Utc>> {
        self.deleted_at.filter(|_| self.purged_at.is_none())?.checked_add_days(Days::new(KEPT_DAYS))
    }
}

/// What an administrator says of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub first_name: Name,
    pub last_name: Name,
    pub username: Username,
    pub email: Option<Email>,
    pub email_voicemails: bool,
    pub attach_recording: bool,
    pub extension: Option<Extension>,
    /// "Primary number unreachable": where calls go while no device of the user is registered.
    pub unreachable: Option<Destination>,
    pub location_id: Option<LocationId>,
    /// `None`: the location's.
    pub time_zone: Option<TimeZone>,
    pub department_id: Option<DepartmentId>,
}

impl Profile {
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// What lists sort by: last name, then first, folded.
    pub fn sort_key(&self) -> String {
        format!("{}\u{1}{}", fold(self.first_name.as_str()), fold(self.last_name.as_str()))
    }

    /// The words that a search finds this user by, without phone numbers: each begins a match.
    pub fn search_words(&self) -> Vec<String> {
        let full = fold(&self.full_name());
        let mut words: Vec<String> =
            full.split([' ', '-', '\'', '.']).filter(|w| !w.is_empty()).map(str::to_owned).collect();
        words.push(self.username.key().to_string());
        words.extend(self.username.key().split(['.', '-', ':', '[', ']']).filter(|w| !w.is_empty()).map(str::to_owned));
        words.extend(self.extension.iter().map(ToString::to_string));
        words.extend(self.email.iter().map(|email| email.as_str().to_lowercase()));
        words.sort();
        words.dedup();
        words
    }

    /// Whether a search finds the other one by other words, or a list has it in another place.
    pub fn is_found_otherwise(&self, other: &Self) -> bool {
        (&self.first_name, &self.last_name, &self.username) != (&other.first_name, &other.last_name, &other.username)
            || (&self.email, &self.extension) != (&other.email, &other.extension)
    }
}

/// A profile as a form or a request carries it. Everything is text, so that what was typed comes back with its error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileInput {
    pub first_name: String,
    pub last_name: String,
    pub username: String,
    pub email: String,
    pub email_voicemails: bool,
    pub attach_recording: bool,
    pub extension: String,
    pub unreachable: String,
    pub location_id: String,
    pub time_zone: String,
    pub department_id: String,
}

impl From<&Profile> for ProfileInput {
    fn from(profile: &Profile) -> Self {
        let text = |value: Option<String>| value.unwrap_or_default();
        Self {
            first_name: profile.first_name.to_string(),
            last_name: profile.last_name.to_string(),
            username: profile.username.to_string(),
            email: text(profile.email.as_ref().map(ToString::to_string)),
            email_voicemails: profile.email_voicemails,
            attach_recording: profile.attach_recording,
            extension: text(profile.extension.as_ref().map(ToString::to_string)),
            unreachable: text(profile.unreachable.as_ref().map(|to| to.as_str().to_owned())),
            location_id: text(profile.location_id.map(|id| id.to_string())),
            time_zone: text(profile.time_zone.map(|zone| zone.to_string())),
            department_id: text(profile.department_id.map(|id| id.to_string())),
        }
    }
}

impl ProfileInput {
    pub fn parse(&self) -> Result<Profile, FieldErrors> {
        let mut errors = FieldErrors::default();
        let first_name = errors.take("first_name", Name::parse(&self.first_name));
        let last_name = errors.take("last_name", Name::parse(&self.last_name));
        let username = errors.take("username", Username::parse(&self.username));
        let email = errors.take_optional("email", &self.email, Email::parse);
        let extension = errors.take_optional("extension", &self.extension, Extension::parse);
        let unreachable = errors.take_optional("unreachable", &self.unreachable, Destination::parse);
        let location_id = errors.take_optional("location_id", &self.location_id, |text| {
            text.parse::<LocationId>().map_err(|_| "choose a location from the list")
        });
        let time_zone = errors.take_optional("time_zone", &self.time_zone, TimeZone::parse);
        let department_id = errors.take_optional("department_id", &self.department_id, |text| {
            text.parse::<DepartmentId>().map_err(|_| "choose a department from the list")
        });
        if self.email_voicemails && self.email.trim().is_empty() {
            errors.push("email", "fill in the address that voicemails are sent to, or clear Email voicemails");
        }
        if let (Some(Destination::Extension(to)), Some(own)) = (&unreachable, &extension)
            && to == own
        {
            errors.push("unreachable", "this is the user's own extension; choose another destination");
        }
        let profile = (|| {
            Some(Profile {
                first_name: first_name?,
                last_name: last_name?,
                username: username?,
                email,
                email_voicemails: self.email_voicemails,
                attach_recording: self.attach_recording,
                extension,
                unreachable,
                location_id,
                time_zone,
                department_id,
            })
        })();
        errors.into_result(profile)
    }
}

/// The fields in which two profiles differ: name, before, after, as text. Says what somebody else changed meanwhile.
pub fn profile_differences(before: &Profile, after: &Profile) -> Vec<(String, String, String)> {
    let as_fields = |profile: &Profile| serde_json::to_value(ProfileInput::from(profile)).unwrap_or_default();
    let (before, after) = (as_fields(before), as_fields(after));
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Vec::new() };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(true) => "on".to_owned(),
        serde_json::Value::Bool(false) => "off".to_owned(),
        other => other.to_string(),
    };
    after
        .iter()
        .filter_map(|(field, now)| {
            before.get(field).filter(|was| *was != now).map(|was| (field.clone(), text(was), text(now)))
        })
        .collect()
}

/// A new user as Add user's first step makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    pub profile: Profile,
    pub number_id: Option<NumberId>,
    /// A second number: mobile beside landline.
    pub mobile_number_id: Option<NumberId>,
    /// The Voice license that comes with the line.
    pub package: Option<LicenseTypeId>,
    /// Saving a user without a license was confirmed.
    pub without_license: bool,
    pub role: Role,
    pub pin_hash: Option<Opaque>,
    pub welcome_wanted: bool,
    /// `Some` when the wizard goes on after this; `None` for a user made at one go (API, files).
    pub wizard: Option<WizardStep>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> ProfileInput {
        ProfileInput {
            first_name: "Chiara".into(),
            last_name: "Rossi".into(),
            username: "chiara.rossi".into(),
            email: "chiara@harbor.example".into(),
            extension: "203".into(),
            ..ProfileInput::default()
        }
    }

    #[test]
    fn every_wrong_field_has_its_own_message() {
        let wrong = ProfileInput {
            first_name: String::new(),
            username: "a_b".into(),
            email: "nobody".into(),
            extension: "911".into(),
            unreachable: "sip:x".into(),
            time_zone: "Mars".into(),
            location_id: "x".into(),
            ..input()
        };
        let errors = wrong.parse().unwrap_err();
        for field in ["first_name", "username", "email", "extension", "unreachable", "time_zone", "location_id"] {
            assert!(errors.of(field).is_some(), "{field}");
        }
        assert_eq!(errors.of("last_name"), None);
    }

    #[test]
    fn whatever_searches_and_lists_go_by_makes_a_user_found_otherwise() {
        let before = input().parse().unwrap();
        let moved = ProfileInput { time_zone: "America/Phoenix".into(), unreachable: "204".into(), ..input() };
        assert!(!before.is_found_otherwise(&moved.parse().unwrap()));
        for other in [
            ProfileInput { first_name: "Ana".into(), ..input() },
            ProfileInput { last_name: "Bianchi".into(), ..input() },
            ProfileInput { username: "chiara".into(), ..input() },
            ProfileInput { email: String::new(), ..input() },
            ProfileInput { extension: "204".into(), ..input() },
        ] {
            let other = other.parse().unwrap();
            let changes = before.search_words() != other.search_words() || before.sort_key() != other.sort_key();
            assert!(changes && before.is_found_otherwise(&other));
        }
    }

    #[test]
    fn unreachable_is_never_the_users_own_extension() {
        let errors = ProfileInput { unreachable: "203".into(), ..input() }.parse().unwrap_err();
        assert!(errors.of("unreachable").is_some());
    }

    #[test]
    fn a_profile_survives_the_way_through_a_form() {
        let profile = input().parse().unwrap();
        assert_eq!(ProfileInput::from(&profile).parse().unwrap(), profile);
        let changed = ProfileInput { extension: "207".into(), ..input() }.parse().unwrap();
        let differences = profile_differences(&profile, &changed);
        assert_eq!(differences, [("extension".to_owned(), "203".to_owned(), "207".to_owned())]);
    }
}
