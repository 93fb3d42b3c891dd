//! What the switch asks while somebody is on the telephone.

use std::time::Duration;

use chrono::Offset as _;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::dialled::Dialled;
use lineside_model::forwarding::{Forwarding, ForwardingKind};
use lineside_model::id::UserId;
use lineside_model::journal::Scope;
use lineside_model::question::{Answer, Asks, Message, Question, Waiting};
use lineside_model::star_code::StarCode;
use lineside_model::voicemail::MessageState;
use tokio::time::timeout;

use crate::{Outcome, Service, ServiceError};

/// A caller hears nothing until it is known what to play: after so long the default greeting will do.
const GREETED: Duration = Duration::from_secs(2);

impl Service {
    /// Never fails: what can't be answered is refused, and the reason logged.
    pub async fn answer(&self, question: Question) -> Answer {
        let user = question.user;
        let answered = if matches!(question.asks, Asks::Greeting) {
            let late = |_| {
                tracing::warn!(%user, "the default greeting is played: the user's own is not found in time");
                Ok(Answer::Greeting(None))
            };
            timeout(GREETED, self.try_answer(question)).await.unwrap_or_else(late)
        } else {
            self.try_answer(question).await
        };
        match answered {
            Ok(answer) => answer,
            Err(ServiceError::NotFound) => Answer::Refused,
            Err(error) => {
                tracing::error!(%user, %error, "a question of the switch's can't be answered");
                Answer::Refused
            }
        }
    }

    async fn try_answer(&self, question: Question) -> Result<Answer, ServiceError> {
        let Question { account, user, asks } = question;
        let scope = self.phone_scope(account, user).await?;
        Ok(match asks {
            Asks::Greeting => {
                let detail = self.store().user(&scope, user, self.now()).await?.ok_or(ServiceError::NotFound)?;
                match detail.greeting {
                    Some(greeting) => {
                        let path = crate::greeting::audio_path(&greeting.audio);
                        Answer::Greeting(Some(self.local_copy(&path).await?))
                    }
                    None => Answer::Greeting(None),
                }
            }
            Asks::Waiting => {
                let mailbox = self.store().mailbox(&scope, user).await?;
                let count = |state| mailbox.messages.iter().filter(|message| message.state == state).count();
                let number = |state| u32::try_from(count(state)).unwrap_or(u32::MAX);
                Answer::Waiting(Waiting { new: number(MessageState::New), saved: number(MessageState::Saved) })
            }
            Asks::Messages => self.messages(&scope, user).await?,
            Asks::Pin(pin) => Answer::Pin(self.check_mailbox_pin(&scope, user, &pin).await?),
            Asks::Heard(message) | Asks::Save(message) => {
                self.mark(&scope, user, message, MessageState::Saved).await?;
                Answer::Done
            }
            Asks::Delete(message) => {
                let change = Change::DeleteMessages { user_id: user, message_ids: vec![message] };
                self.change_by_phone(&scope, change).await?
            }
            Asks::Forward { message, to } => {
                self.forward_message(&scope, user, message, to).await?;
                Answer::Done
            }
            Asks::RecordGreeting(file) => {
                let wav = tokio::fs::read(&file).await.map_err(|error| ServiceError::Audio(error.to_string()))?;
                let change = self.greeting_change(user, "recorded by telephone", wav).await?;
                let answer = self.change_by_phone(&scope, change).await?;
                let _ = tokio::fs::remove_file(&file).await;
                answer
            }
            Asks::EmergencyTest => self.test_emergency(&scope, user).await?,
            Asks::StarCode(dialled) => match StarCode::parse(&Dialled::new(&dialled)) {
                Some(Ok(StarCode::Forward { kind, to })) => {
                    let detail = self.store().user(&scope, user, self.now()).await?.ok_or(ServiceError::NotFound)?;
                    let current = self.store().forwarding(&scope, user).await?;
                    let rules = current.map(|Forwarding { rules, .. }| rules).unwrap_or_default();
                    let unreachable = match kind {
                        ForwardingKind::Unreachable => to.clone(),
                        _ => detail.user.profile.unreachable,
                    };
                    let rules = rules.with(kind, to);
                    let change = Change::SetForwarding { user_id: user, version: None, rules, unreachable };
                    self.change_by_phone(&scope, change).await?
                }
                _ => Answer::Refused,
            },
        })
    }

    /// Planned and applied as any change of the user's own, on the user's rights.
    async fn change_by_phone(&self, scope: &Scope, change: Change) -> Result<Answer, ServiceError> {
        let request = ChangeRequest { id: self.new_change_id(), change };
        Ok(match self.apply_in(scope, &request, None).await? {
            Outcome::Done { .. } | Outcome::Before => Answer::Done,
            Outcome::Blocked(_) | Outcome::Moved(_) => Answer::Refused,
        })
    }

    async fn messages(&self, scope: &Scope, user: UserId) -> Result<Answer, ServiceError> {
        let found = self.store().directory_users(&[user]).await?.pop().ok_or(ServiceError::NotFound)?;
        let zone = found.user.time_zone;
        let mut messages = Vec::new();
        for message in self.store().mailbox(scope, user).await?.messages.into_iter().take(LISTENED) {
            let offset = zone.local(message.received_at).offset().fix().local_minus_utc() / 60;
            messages.push(Message {
                id: message.id,
                at: message.received_at,
                utc_offset_minutes: offset,
                is_new: message.state == MessageState::New,
                duration_ms: message.duration_ms,
                audio: self.message_copy(&message).await?,
                caller: message.caller,
            });
        }
        Ok(Answer::Messages(messages))
    }
}

/// The most messages that are listened to in one call.
const LISTENED: usize = 100;
