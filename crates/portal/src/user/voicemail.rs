//! A user's mailbox: what is set, and the messages in it. Its user and administrators see it.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use chrono::TimeDelta;
use lineside_model::call::clock;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{MessageId, UserId};
use lineside_model::list::UserDetail;
use lineside_model::voicemail::{MessageState, PinChange, StorageLevel, VoicemailMessage, VoicemailSettings};
use lineside_service::store::voicemail::MailboxDetail;
use lineside_service::{Service, ServiceError};
use lineside_web::audio;

use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::player::Player;
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/voicemail", Access::User, own),
        Route::get("/users/{id}/voicemail", Access::User, open),
        Route::post("/users/{id}/voicemail", Access::User, save),
        Route::get("/messages/{id}", Access::User, message),
        Route::get("/messages/{id}/audio.wav", Access::User, listen),
        Route::post("/messages/{id}/heard", Access::User, heard),
        Route::post("/messages/{id}/new", Access::User, unheard),
        Route::post("/messages/{id}/forward", Access::User, forward),
        Route::post("/messages/{id}/delete", Access::User, delete),
    ]
}

#[derive(Template)]
#[template(path = "user/voicemail.html")]
struct VoicemailPage {
    frame: Frame,
    user: UserDetail,
    mailbox: MailboxDetail,
    form: Form,
    administers: bool,
    service: Service,
}

impl VoicemailPage {
    fn change_id(&self) -> String {
        self.service.new_change_id().to_string()
    }

    fn megabytes(&self) -> String {
        format!("{}.{}", self.mailbox.bytes / 1_000_000, self.mailbox.bytes / 100_000 % 10)
    }

    fn level(&self) -> StorageLevel {
        StorageLevel::of(self.mailbox.bytes, self.mailbox.limit_mb)
    }
}

#[derive(Template)]
#[template(path = "user/message.html")]
struct MessagePage {
    frame: Frame,
    user: UserDetail,
    message: VoicemailMessage,
    player: Player,
    change_id: String,
    form: Form,
}

fn length(message: &VoicemailMessage) -> String {
    clock(TimeDelta::milliseconds(message.duration_ms.into()))
}

pub(crate) fn is_new(message: &VoicemailMessage) -> bool {
    message.state == MessageState::New
}

async fn own(visitor: Visitor) -> Answer {
    let id = visitor.caller.user_id().ok_or(PageError::NotFound)?;
    Ok(Redirect::to(&format!("/users/{id}/voicemail")).into_response())
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    let mailbox = visitor.service.mailbox(&visitor.caller, id).await?;
    let profile = &user.user.profile;
    let tick = |yes: bool| if yes { "on" } else { "" };
    let enabled = mailbox.mailbox.as_ref().is_none_or(|mailbox| mailbox.enabled);
    let form = Form::empty(visitor.service.new_change_id())
        .with("version", mailbox.mailbox.as_ref().map_or(0, |mailbox| mailbox.version).to_string())
        .with("enabled", tick(enabled))
        .with("email_voicemails", tick(profile.email_voicemails))
        .with("attach_recording", tick(profile.attach_recording));
    shown(&visitor, user, mailbox, form, page::show).await
}

async fn shown(
    visitor: &Visitor,
    user: UserDetail,
    mailbox: MailboxDetail,
    form: Form,
    show: fn(&VoicemailPage) -> Answer,
) -> Answer {
    let frame = visitor.frame("Voicemail").await?;
    let (administers, service) = (visitor.caller.administers(), visitor.service.clone());
    show(&VoicemailPage { frame, user, mailbox, form, administers, service })
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    let mailbox = visitor.service.mailbox(&visitor.caller, id).await?;
    let form = Form::sent(&data);
    let form = match read(&visitor, &user, &data).await {
        Ok(change) => {
            let request = ChangeRequest { id: data.change_id()?, change };
            let page = format!("/users/{id}/voicemail");
            // The PIN is hashed in the change and can't travel through a page of review; nothing here needs one.
            match review::apply(&visitor, &request, &Ways::back_to(&page)).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
        Err(ServiceError::Invalid(errors)) => form.with_errors(errors),
        Err(error) => return Err(error.into()),
    };
    shown(&visitor, user, mailbox, form, page::show_again).await
}

async fn read(visitor: &Visitor, user: &UserDetail, data: &FormData) -> Result<Change, ServiceError> {
    let pin = match data.text("pin") {
        "" if data.has("remove_pin") => PinChange::Remove,
        "" => PinChange::Keep,
        pin => PinChange::Set(visitor.service.hash_pin(pin, user.user.profile.extension.as_ref()).await?),
    };
    let settings = VoicemailSettings {
        enabled: data.has("enabled"),
        email: data.has("email_voicemails"),
        attach: data.has("attach_recording"),
    };
    Ok(Change::SetVoicemail { user_id: user.user.id, version: data.version(), settings, pin })
}

async fn message(visitor: Visitor, RecordPath(id): RecordPath<MessageId>) -> Answer {
    shown_message(&visitor, id, Form::empty(visitor.service.new_change_id()), page::show).await
}

async fn shown_message(visitor: &Visitor, id: MessageId, form: Form, show: fn(&MessagePage) -> Answer) -> Answer {
    let message = visitor.service.message(&visitor.caller, id).await?;
    let audio = visitor.service.message_audio(&visitor.caller, id).await?;
    let user = visitor.service.user(&visitor.caller, message.user_id).await?;
    let frame = visitor.frame("Message").await?;
    let label = format!("Message from {}", message.caller.pretty());
    let player = Player::new(&label, format!("/messages/{id}/audio.wav"), &audio, length(&message));
    let change_id = visitor.service.new_change_id().to_string();
    show(&MessagePage { frame, user, message, player, change_id, form })
}

async fn forward(visitor: Visitor, RecordPath(id): RecordPath<MessageId>, data: FormData) -> Answer {
    match visitor.service.forward_message_to(&visitor.caller, data.change_id()?, id, data.text("extension")).await {
        Ok(()) => Ok(flash::done(&format!("/messages/{id}"), "A copy lies in your colleague's mailbox.")),
        Err(ServiceError::Invalid(errors)) => {
            shown_message(&visitor, id, Form::sent(&data).with_errors(errors), page::show_again).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn listen(visitor: Visitor, RecordPath(id): RecordPath<MessageId>, headers: HeaderMap) -> Answer {
    let sound = visitor.service.message_sound(&visitor.caller, id, audio::range(&headers)).await?;
    Ok(audio::respond(sound))
}

async fn heard(visitor: Visitor, RecordPath(id): RecordPath<MessageId>) -> Answer {
    mark(&visitor, id, MessageState::Saved, "The message is saved as heard.").await
}

async fn unheard(visitor: Visitor, RecordPath(id): RecordPath<MessageId>) -> Answer {
    mark(&visitor, id, MessageState::New, "The message counts as new again.").await
}

async fn mark(visitor: &Visitor, id: MessageId, state: MessageState, said: &str) -> Answer {
    let message = visitor.service.message(&visitor.caller, id).await?;
    visitor.service.mark_message(&visitor.caller, id, state).await?;
    Ok(flash::done(&format!("/users/{}/voicemail", message.user_id), said))
}

async fn delete(visitor: Visitor, RecordPath(id): RecordPath<MessageId>, data: FormData) -> Answer {
    let message = visitor.service.message(&visitor.caller, id).await?;
    let user_id = message.user_id;
    let change = Change::DeleteMessages { user_id, message_ids: vec![id] };
    let request = ChangeRequest { id: data.change_id()?, change };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{user_id}/voicemail"))).await
}
