//! What is set for a mailbox: the mailbox itself, and what stands of it in the profile.

use lineside_model::change::Change;
use lineside_model::id::UserId;
use lineside_model::voicemail::{MessageState, PinChange, StorageLevel, VoicemailSettings};
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::patch::{Clearable, clearable};
use crate::problem::Problem;
use crate::reading::Reading;

/// A user's mailbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Voicemail)]
pub struct VoicemailView {
    #[serde(skip)]
    user_id: Uuid,
    /// 0: it was never set.
    version: i64,
    /// Voicemail answers when nobody does.
    enabled: bool,
    /// Each message is mailed.
    email_voicemails: bool,
    /// With the recording.
    attach_recording: bool,
    /// A PIN opens it from other phones. It is never shown.
    pin_set: bool,
    #[schema(example = 2)]
    new_messages: usize,
    #[schema(example = 5)]
    saved_messages: usize,
    #[schema(example = 3_204_388)]
    bytes_used: u64,
    #[schema(example = 100_000_000)]
    bytes_limit: u64,
    /// `fine`, `warning` from 80 % on, or `full`: then nobody can leave a message.
    #[schema(example = "fine")]
    storage: &'static str,
}

impl Versioned for VoicemailView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.user_id, version: self.version })
    }
}

/// What shall hold for a mailbox, as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VoicemailInput)]
pub struct VoicemailBody {
    /// As it was read: refused when somebody changed the mailbox since.
    version: Option<i64>,
    enabled: bool,
    email_voicemails: bool,
    attach_recording: bool,
    /// A new PIN of 4 digits; `null` removes the PIN, and left out the one there is stays.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "2580")]
    pin: Clearable<String>,
}

/// Show a user's mailbox
#[utoipa::path(
    get,
    path = "/users/{id}/voicemail",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = VoicemailView, description = "The mailbox"))
)]
pub async fn show_voicemail(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<VoicemailView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Change a user's mailbox
#[utoipa::path(
    put,
    path = "/users/{id}/voicemail",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = VoicemailBody,
    responses((status = 200, body = VoicemailView, description = "The mailbox"))
)]
pub async fn set_voicemail(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<VoicemailBody>) -> Answer {
    set(&ask, user_id, body).await
}

/// Show my mailbox
#[utoipa::path(
    get,
    path = "/me/voicemail",
    tag = "Me",
    responses((status = 200, body = VoicemailView, description = "The mailbox"))
)]
pub async fn show_own_voicemail(Reading { service, caller, .. }: Reading) -> Result<Shown<VoicemailView>, Problem> {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    shown(&service, &caller, id).await.map(Shown)
}

/// Change my mailbox
#[utoipa::path(
    put,
    path = "/me/voicemail",
    tag = "Me",
    request_body = VoicemailBody,
    responses((status = 200, body = VoicemailView, description = "The mailbox"))
)]
pub async fn set_own_voicemail(ask: Ask, Body(body): Body<VoicemailBody>) -> Answer {
    let id = ask.caller.user_id().ok_or_else(Problem::not_found)?;
    set(&ask, id, body).await
}

async fn set(ask: &Ask, user_id: UserId, body: VoicemailBody) -> Answer {
    let user = ask.service.user(&ask.caller, user_id).await?.user;
    let pin = match body.pin {
        None => PinChange::Keep,
        Some(None) => PinChange::Remove,
        Some(Some(pin)) => PinChange::Set(ask.service.hash_pin(&pin, user.profile.extension.as_ref()).await?),
    };
    let settings =
        VoicemailSettings { enabled: body.enabled, email: body.email_voicemails, attach: body.attach_recording };
    let change = Change::SetVoicemail { user_id, version: body.version, settings, pin };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

async fn shown(service: &Service, caller: &Caller, user: UserId) -> Result<VoicemailView, Problem> {
    let profile = service.user(caller, user).await?.user.profile;
    let detail = service.mailbox(caller, user).await?;
    let count = |state| detail.messages.iter().filter(|message| message.state == state).count();
    let mailbox = detail.mailbox.as_ref();
    Ok(VoicemailView {
        user_id: user.0,
        version: mailbox.map_or(0, |mailbox| mailbox.version),
        enabled: mailbox.is_none_or(|mailbox| mailbox.enabled),
        email_voicemails: profile.email_voicemails,
        attach_recording: profile.attach_recording,
        pin_set: mailbox.is_some_and(|mailbox| mailbox.pin_hash.is_some()),
        new_messages: count(MessageState::New),
        saved_messages: count(MessageState::Saved),
        bytes_used: detail.bytes,
        bytes_limit: u64::from(detail.limit_mb) * 1_000_000,
        storage: StorageLevel::of(detail.bytes, detail.limit_mb).as_str(),
    })
}
