//! A user as JSON.

use chrono::{DateTime, Utc};
use lineside_model::license::Assignment;
use lineside_model::list::{UserDetail, UserSort};
use lineside_model::mail::Mail;
use lineside_model::phone_number::PhoneNumber;
use lineside_model::readiness::{Lamp, Lamps};
use lineside_model::user::{ProfileInput, Role, UserState};
use lineside_service::Service;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::device::view::DeviceView;
use crate::e911::E911View;
use crate::etag::{Seen, Versioned};
use crate::greeting::GreetingView;
use crate::problem::Problem;
use crate::schedule::view::EntryView;

/// What a user may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub enum RoleName {
    AccountOwner,
    Administrator,
    AuthorizedUser,
    User,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::AccountOwner => Self::AccountOwner,
            Role::Administrator => Self::Administrator,
            Role::AuthorizedUser => Self::AuthorizedUser,
            Role::User => Self::User,
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::AccountOwner => Self::AccountOwner,
            RoleName::Administrator => Self::Administrator,
            RoleName::AuthorizedUser => Self::AuthorizedUser,
            RoleName::User => Self::User,
        }
    }
}

/// Suspended users can neither register nor sign in, and keep everything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserState)]
pub enum StateName {
    Active,
    Suspended,
    /// Can be brought back for 30 days by undoing what deleted them.
    Deleted,
}

impl From<UserState> for StateName {
    fn from(state: UserState) -> Self {
        match state {
            UserState::Active => Self::Active,
            UserState::Suspended => Self::Suspended,
            UserState::Deleted => Self::Deleted,
        }
    }
}

impl From<StateName> for UserState {
    fn from(state: StateName) -> Self {
        match state {
            StateName::Active => Self::Active,
            StateName::Suspended => Self::Suspended,
            StateName::Deleted => Self::Deleted,
        }
    }
}

/// What users are sorted by.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserSort)]
pub enum SortName {
    Name,
    Extension,
    Location,
}

impl From<UserSort> for SortName {
    fn from(sort: UserSort) -> Self {
        match sort {
            UserSort::Name => Self::Name,
            UserSort::Extension => Self::Extension,
            UserSort::Location => Self::Location,
        }
    }
}

impl From<SortName> for UserSort {
    fn from(sort: SortName) -> Self {
        match sort {
            SortName::Name => Self::Name,
            SortName::Extension => Self::Extension,
            SortName::Location => Self::Location,
        }
    }
}

/// One condition of readiness. `failing`: was there, and is not.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Lamp)]
pub enum LampName {
    Ready,
    Missing,
    Failing,
    NotNeeded,
}

impl From<Lamp> for LampName {
    fn from(lamp: Lamp) -> Self {
        match lamp {
            Lamp::Ready => Self::Ready,
            Lamp::Missing => Self::Missing,
            Lamp::Failing => Self::Failing,
            Lamp::NotNeeded => Self::NotNeeded,
        }
    }
}

/// What has to be in place before a phone rings, in the order in which it comes alive.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lamps)]
pub struct LampsView {
    license: LampName,
    number: LampName,
    e911: LampName,
    device: LampName,
    registered: LampName,
}

impl From<Lamps> for LampsView {
    fn from(lamps: Lamps) -> Self {
        Self {
            license: lamps.license.into(),
            number: lamps.number.into(),
            e911: lamps.e911.into(),
            device: lamps.device.into(),
            registered: lamps.registered.into(),
        }
    }
}

/// A user with all that belongs to them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    id: Uuid,
    /// Send it with a change to have that refused when somebody else changed the user meanwhile.
    version: i64,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Duarte")]
    last_name: String,
    #[schema(example = "ana.duarte")]
    username: String,
    #[schema(example = "ana@harbor.example")]
    email: Option<String>,
    email_voicemails: bool,
    attach_recording: bool,
    #[schema(example = "203")]
    extension: Option<String>,
    /// Primary number unreachable: where calls go while no device is registered. An extension or a number.
    #[schema(example = "204")]
    unreachable: Option<String>,
    location_id: Option<Uuid>,
    #[schema(example = "Phoenix HQ")]
    location: Option<String>,
    /// `null`: the location's.
    #[schema(example = "America/Phoenix")]
    time_zone: Option<String>,
    department_id: Option<Uuid>,
    #[schema(example = "Sales")]
    department: Option<String>,
    role: RoleName,
    state: StateName,
    /// A PIN for the support desk is set.
    has_pin: bool,
    /// The step at which Add user was left.
    wizard: Option<String>,
    numbers: Vec<UserNumberView>,
    licenses: Vec<UserLicenseView>,
    /// Scheduled and failed license changes, by date.
    schedule: Vec<EntryView>,
    devices: Vec<DeviceView>,
    e911: Option<E911View>,
    greeting: Option<GreetingView>,
    /// The newest first, at most 20.
    mails: Vec<MailView>,
    lamps: LampsView,
    /// Every lamp is ready.
    ready: bool,
    has_password: bool,
    last_sign_in: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Versioned for UserView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// A number that a user holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserNumber)]
pub struct UserNumberView {
    id: Uuid,
    #[schema(example = "+14805550143")]
    number: String,
    /// `landline` or `mobile`.
    #[schema(example = "landline")]
    kind: &'static str,
}

/// A license that a user holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserLicense)]
pub struct UserLicenseView {
    license_type_id: Uuid,
    track_id: Uuid,
    since: DateTime<Utc>,
}

/// A message to the user, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mail)]
pub struct MailView {
    id: Uuid,
    /// `welcome` or `password_reset`.
    #[schema(example = "welcome")]
    kind: &'static str,
    #[schema(example = "ana@harbor.example")]
    to: String,
    /// `queued`, `accepted`, `delayed` or `failed`.
    #[schema(example = "accepted")]
    state: &'static str,
    attempts: i32,
    /// The mail server's own words, or why it could not be reached.
    said: Option<String>,
    created_at: DateTime<Utc>,
    next_at: DateTime<Utc>,
    done_at: Option<DateTime<Utc>>,
}

impl UserView {
    pub fn of(service: &Service, detail: &UserDetail) -> Result<Self, Problem> {
        let user = &detail.user;
        let (profile, name) = (ProfileInput::from(&user.profile), user.profile.full_name());
        let devices = detail.devices.iter().map(|device| DeviceView::of(service, device)).collect::<Result<_, _>>()?;
        Ok(Self {
            id: user.id.0,
            version: user.version,
            first_name: profile.first_name,
            last_name: profile.last_name,
            username: profile.username,
            email: filled(profile.email),
            email_voicemails: profile.email_voicemails,
            attach_recording: profile.attach_recording,
            extension: filled(profile.extension),
            unreachable: filled(profile.unreachable),
            location_id: user.profile.location_id.map(Uuid::from),
            location: detail.location.as_ref().map(|location| location.site.name.to_string()),
            time_zone: filled(profile.time_zone),
            department_id: user.profile.department_id.map(Uuid::from),
            department: detail.department.clone(),
            role: user.role.into(),
            state: user.state.into(),
            has_pin: user.pin_hash.is_some(),
            wizard: user.wizard.map(|step| step.to_string()),
            numbers: detail.numbers.iter().map(UserNumberView::from).collect(),
            licenses: detail.assignments.iter().map(UserLicenseView::from).collect(),
            schedule: detail.schedule.iter().map(|entry| EntryView::of(entry, name.clone())).collect(),
            devices,
            e911: detail.e911.as_ref().map(E911View::from),
            greeting: detail.greeting.as_ref().map(GreetingView::from),
            mails: detail.mails.iter().map(MailView::from).collect(),
            lamps: detail.lamps.into(),
            ready: detail.lamps.ready(),
            has_password: detail.has_password,
            last_sign_in: detail.last_sign_in,
            created_at: user.created_at,
        })
    }
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl From<&PhoneNumber> for UserNumberView {
    fn from(number: &PhoneNumber) -> Self {
        Self { id: number.id.0, number: number.number.to_string(), kind: number.kind.as_str() }
    }
}

impl From<&Assignment> for UserLicenseView {
    fn from(held: &Assignment) -> Self {
        Self { license_type_id: held.license_type_id.0, track_id: held.track_id.0, since: held.starts_at }
    }
}

impl From<&Mail> for MailView {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id.0,
            kind: mail.kind.as_str(),
            to: mail.to.to_string(),
            state: mail.state.as_str(),
            attempts: mail.attempts,
            said: mail.said.clone(),
            created_at: mail.created_at,
            next_at: mail.next_at,
            done_at: mail.done_at,
        }
    }
}
