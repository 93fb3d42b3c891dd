//! Messages that callers left.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use lineside_model::change::Change;
use lineside_model::id::{MessageId, UserId};
use lineside_model::voicemail::{MessageState, VoicemailMessage};
use lineside_service::{Caller, Service};
use lineside_web::audio;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::call::view::PartyView;
use crate::etag::{Seen, Shown, Versioned};
use crate::gate::SignedIn;
use crate::id::Id;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::reading::Reading;

/// A message in a mailbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VoicemailMessage)]
pub struct MessageView {
    id: Uuid,
    version: i64,
    /// Whose mailbox it lies in.
    user_id: Uuid,
    caller: PartyView,
    received_at: DateTime<Utc>,
    #[schema(example = 42_000)]
    duration_ms: u32,
    #[schema(example = 672_044)]
    bytes: u64,
    state: MessageStateName,
    /// The call that left it; `null` for one that a colleague sent on.
    call_id: Option<Uuid>,
    /// Who sent it on from their own mailbox.
    forwarded_by: Option<Uuid>,
}

impl Versioned for MessageView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// A new message lights the lamp of its user's phones.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageState)]
pub enum MessageStateName {
    New,
    /// Somebody listened to it.
    Saved,
}

/// What becomes of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagePatch {
    state: Option<MessageStateName>,
}

/// Who gets a copy of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForwardMessage)]
pub struct ForwardBody {
    /// The colleague's.
    #[schema(example = "1001")]
    extension: String,
}

/// List the messages in a user's mailbox
#[utoipa::path(
    get,
    path = "/users/{id}/messages",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = Vec<MessageView>, description = "The newest first, 1,000 at most"))
)]
pub async fn list_messages(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Vec<MessageView>>, Problem> {
    service.user(&caller, id).await?;
    of_mailbox(&service, &caller, id).await
}

/// List my messages
#[utoipa::path(
    get,
    path = "/me/messages",
    tag = "Me",
    responses((status = 200, body = Vec<MessageView>, description = "The newest first, 1,000 at most"))
)]
pub async fn list_own_messages(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<MessageView>>, Problem> {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    of_mailbox(&service, &caller, id).await
}

/// Show a message
///
/// For administrators, and for the user whose mailbox it lies in; so are the other addresses of a message.
#[utoipa::path(
    get,
    path = "/messages/{id}",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    responses((status = 200, body = MessageView, description = "The message"))
)]
pub async fn show_message(
    Id(id): Id<MessageId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<MessageView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Mark a message as heard, or as new again
#[utoipa::path(
    patch,
    path = "/messages/{id}",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    request_body = MessagePatch,
    responses((status = 200, body = MessageView, description = "The message"))
)]
pub async fn mark_message(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<MessageId>,
    Params(Nothing {}): Params<Nothing>,
    Body(patch): Body<MessagePatch>,
) -> Result<Shown<MessageView>, Problem> {
    if let Some(state) = patch.state {
        service.mark_message(&caller, id, state.into()).await?;
    }
    shown(&service, &caller, id).await.map(Shown)
}

/// Delete a message
#[utoipa::path(
    delete,
    path = "/messages/{id}",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn delete_message(Id(id): Id<MessageId>, ask: Ask) -> Answer {
    let user_id = match ask.service.message(&ask.caller, id).await {
        Ok(message) => message.user_id,
        // Sent again: the journal says whether it was this request that deleted it.
        Err(lineside_service::ServiceError::NotFound) if ask.is_repetition() => {
            return Ok(Ask::removed_before());
        }
        Err(error) => return Err(error.into()),
    };
    let change = Change::DeleteMessages { user_id, message_ids: vec![id] };
    ask.remove(change, || shown(&ask.service, &ask.caller, id)).await
}

/// Listen to a message
///
/// WAV, 8 kHz, 16 bit. `Range` takes a part (RFC 9110 section 14): 206, or 416 when it lies behind the end.
#[utoipa::path(
    get,
    path = "/messages/{id}/audio",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "audio/wav", description = "The audio"),
        (status = 206, body = Vec<u8>, content_type = "audio/wav", description = "The part that Range asks for"),
    )
)]
pub async fn play_message(
    Id(id): Id<MessageId>,
    headers: HeaderMap,
    Reading { service, caller, .. }: Reading,
) -> Result<Response, Problem> {
    Ok(audio::respond(service.message_sound(&caller, id, audio::range(&headers)).await?))
}

/// Send a copy of a message to a colleague
#[utoipa::path(
    post,
    path = "/messages/{id}/forward",
    tag = "Voicemail",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    request_body = ForwardBody,
    responses((status = 204, description = "It lies in the colleague's mailbox, as a new message"))
)]
pub async fn forward_message(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<MessageId>,
    Params(Nothing {}): Params<Nothing>,
    Body(body): Body<ForwardBody>,
) -> Result<StatusCode, Problem> {
    service.forward_message_to(&caller, service.new_change_id(), id, &body.extension).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of_mailbox(service: &Service, caller: &Caller, user: UserId) -> Result<Json<Vec<MessageView>>, Problem> {
    Ok(Json(service.mailbox(caller, user).await?.messages.into_iter().map(MessageView::from).collect()))
}

async fn shown(service: &Service, caller: &Caller, id: MessageId) -> Result<MessageView, Problem> {
    Ok(service.message(caller, id).await?.into())
}

impl From<VoicemailMessage> for MessageView {
    fn from(message: VoicemailMessage) -> Self {
        Self {
            id: message.id.0,
            version: message.version,
            user_id: message.user_id.0,
            caller: message.caller.into(),
            received_at: message.received_at,
            duration_ms: message.duration_ms,
            bytes: message.bytes,
            state: match message.state {
                MessageState::New => MessageStateName::New,
                MessageState::Saved => MessageStateName::Saved,
            },
            call_id: message.call_id.map(Uuid::from),
            forwarded_by: message.forwarded_by.map(Uuid::from),
        }
    }
}

impl From<MessageStateName> for MessageState {
    fn from(state: MessageStateName) -> Self {
        match state {
            MessageStateName::New => Self::New,
            MessageStateName::Saved => Self::Saved,
        }
    }
}
