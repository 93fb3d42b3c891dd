//! A device as JSON.

use chrono::{DateTime, Utc};
use lineside_model::device::Mac;
use lineside_model::device_limit::DeviceLimit;
use lineside_model::list::{DeviceDetail, Fetch, Registration, UserName};
use lineside_model::resync::{Resync, ResyncState};
use lineside_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::etag::{Seen, Versioned};
use crate::problem::Problem;

/// A device with what was seen of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceView {
    id: Uuid,
    version: i64,
    /// A slug of `GET /device-models`.
    #[schema(example = "yealink-t54w")]
    model: String,
    #[schema(example = "80:5e:c0:aa:bb:cc")]
    mac: Option<String>,
    #[schema(example = "Reception")]
    label: Option<String>,
    user: Option<UserNameView>,
    /// Gets no configuration until it is unlocked.
    locked: bool,
    /// Why it gets no configuration and can't register, when the user's license allows fewer devices and this one was
    /// assigned later than others.
    #[schema(example = "Basic allows 1 device")]
    beyond_license: Option<String>,
    /// The SIP user that it registers as.
    #[schema(example = "d-8f3k2q9x1m")]
    sip_username: Option<String>,
    generated_at: Option<DateTime<Utc>>,
    /// The device's secret address for its configuration; `null` for the generic phone, which has none.
    #[schema(example = "https://phones.example.com/p/secret/")]
    provisioning_url: Option<String>,
    last_fetch: Option<FetchView>,
    registrations: Vec<RegistrationView>,
    last_registered_at: Option<DateTime<Utc>>,
    /// The last time that it was to be asked to fetch its configuration; `null`: never.
    resync: Option<ResyncView>,
    /// The colleagues whose calls light its keys, in the order of the keys.
    lamp_keys: Vec<Uuid>,
    created_at: DateTime<Utc>,
}

impl Versioned for DeviceView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// A user by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserName)]
pub struct UserNameView {
    id: Uuid,
    #[schema(example = "Ana Duarte")]
    name: String,
    #[schema(example = "203")]
    extension: Option<String>,
}

/// The last time that a device fetched its configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fetch)]
pub struct FetchView {
    at: DateTime<Utc>,
    #[schema(example = "203.0.113.7")]
    from: String,
    #[schema(example = "Yealink SIP-T54W 96.86.0.100")]
    user_agent: String,
}

/// A registered contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Registration)]
pub struct RegistrationView {
    #[schema(example = "udp")]
    transport: String,
    #[schema(example = "203.0.113.7:5060")]
    source: String,
    user_agent: String,
    /// Since when it is registered so, without a break.
    registered_at: DateTime<Utc>,
}

/// What became of asking a device to fetch its configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resync)]
pub struct ResyncView {
    /// `queued`: on its way. `waiting`: not registered, asked when it is. `delayed`: no answer or a temporary one, asked
    /// again. `answered`: it will fetch. `refused`: it will not. `fetched`: it did so by itself before. `given_up`.
    #[schema(value_type = String, example = "answered")]
    state: ResyncState,
    ordered_at: DateTime<Utc>,
    /// The phone's own words, or why it was not asked.
    #[schema(example = "200 OK")]
    said: Option<String>,
    /// When it is asked next, while there is more to do.
    next_at: Option<DateTime<Utc>>,
    done_at: Option<DateTime<Utc>>,
}

impl DeviceView {
    pub fn of(service: &Service, detail: &DeviceDetail) -> Result<Self, Problem> {
        let DeviceDetail { device, line, user, fetch, registrations, last_registered_at, beyond, resync } = detail;
        Ok(Self {
            id: device.id.0,
            version: device.version,
            model: device.model.clone(),
            mac: device.mac.as_ref().map(Mac::pretty),
            label: device.label.as_ref().map(ToString::to_string),
            user: user.clone().map(UserNameView::from),
            locked: device.locked,
            beyond_license: beyond.as_ref().map(DeviceLimit::words),
            sip_username: line.as_ref().map(|line| line.credentials.username.clone()),
            generated_at: line.as_ref().map(|line| line.generated_at),
            provisioning_url: service.provisioning_url(device)?,
            last_fetch: fetch.as_ref().map(FetchView::from),
            registrations: registrations.iter().map(RegistrationView::from).collect(),
            last_registered_at: *last_registered_at,
            resync: resync.as_ref().map(ResyncView::from),
            lamp_keys: device.lamp_keys.iter().map(|user| user.0).collect(),
            created_at: device.created_at,
        })
    }
}

impl From<UserName> for UserNameView {
    fn from(user: UserName) -> Self {
        Self { id: user.id.0, name: user.name, extension: user.extension }
    }
}

impl From<&Fetch> for FetchView {
    fn from(fetch: &Fetch) -> Self {
        Self { at: fetch.at, from: fetch.from.clone(), user_agent: fetch.user_agent.clone() }
    }
}

impl From<&Resync> for ResyncView {
    fn from(resync: &Resync) -> Self {
        Self {
            state: resync.state,
            ordered_at: resync.ordered_at,
            said: resync.said.clone(),
            next_at: resync.state.is_open().then_some(resync.next_at),
            done_at: resync.done_at,
        }
    }
}

impl From<&Registration> for RegistrationView {
    fn from(registration: &Registration) -> Self {
        Self {
            transport: registration.transport.clone(),
            source: registration.source.clone(),
            user_agent: registration.user_agent.clone(),
            registered_at: registration.registered_at,
        }
    }
}
