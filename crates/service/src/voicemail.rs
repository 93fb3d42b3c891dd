//! Mailboxes: messages that callers leave, and what their user does with them on pages and by telephone.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use lineside_auth::Hash;
use lineside_model::call_report::MessageLeft;
use lineside_model::extension::Extension;
use lineside_model::id::{AccountId, ChangeId, MailId, MessageId, UserId};
use lineside_model::journal::{Actor, ActorKind, Scope, Via};
use lineside_model::list::UserDetail;
use lineside_model::mail::{Mail, MailKind, MailState};
use lineside_model::question::PinCheck;
use lineside_model::voicemail::{
    MESSAGE_MAX_MS, MESSAGE_MIN_MS, MessageState, PIN_LOCK_MINUTES, PIN_TRIES, StorageLevel, VoicemailMessage,
};
use lineside_store::voicemail::{MailboxDetail, MailboxWatch};

use crate::audio::{self, Sound, Stored};
use crate::live::News;
use crate::{Caller, Service, ServiceError};

impl Service {
    /// A user's mailbox, for whoever administers the account, and for the user.
    pub async fn mailbox(&self, caller: &Caller, user: UserId) -> Result<MailboxDetail, ServiceError> {
        let scope = caller.scope_of_user(user)?;
        Ok(self.store().mailbox(&scope, user).await?)
    }

    pub async fn message(&self, caller: &Caller, id: MessageId) -> Result<VoicemailMessage, ServiceError> {
        let (scope, _) = caller.own_scope()?;
        let message = self.store().message(&scope, id).await?.ok_or(ServiceError::NotFound)?;
        caller.scope_of_user(message.user_id)?;
        Ok(message)
    }

    /// The message as WAV.
    pub async fn message_audio(&self, caller: &Caller, id: MessageId) -> Result<Vec<u8>, ServiceError> {
        let message = self.message(caller, id).await?;
        self.load_audio(&message.audio).await
    }

    /// As [`Self::message_audio`], to be passed on as it is read.
    pub async fn message_sound(
        &self,
        caller: &Caller,
        id: MessageId,
        range: Option<&str>,
    ) -> Result<Sound, ServiceError> {
        let message = self.message(caller, id).await?;
        self.sound(&message.audio, message.bytes, range).await
    }

    /// Heard, so that the lamp need not shine for it; or new again.
    pub async fn mark_message(&self, caller: &Caller, id: MessageId, state: MessageState) -> Result<(), ServiceError> {
        let message = self.message(caller, id).await?;
        let scope = caller.scope_of_user(message.user_id)?;
        self.mark(&scope, message.user_id, id, state).await
    }

    pub(crate) async fn mark(
        &self,
        scope: &Scope,
        user: UserId,
        id: MessageId,
        state: MessageState,
    ) -> Result<(), ServiceError> {
        if self.store().set_message_state(scope, user, id, state).await? {
            self.mailbox_changed(scope.account_id, user).await;
        }
        Ok(())
    }

    /// A copy for the colleague who has this extension. The same request sent twice makes one.
    pub async fn forward_message_to(
        &self,
        caller: &Caller,
        request: ChangeId,
        id: MessageId,
        extension: &str,
    ) -> Result<(), ServiceError> {
        let message = self.message(caller, id).await?;
        let scope = caller.scope_of_user(message.user_id)?;
        let to = self.colleague(&scope, extension).await?;
        let own = to == message.user_id;
        let message_for = if own {
            Err("the message lies in this mailbox already; write a colleague's extension")
        } else if self.mailbox_is_full(&scope, to).await? {
            Err("their mailbox is full; ask them to delete some messages first")
        } else {
            Ok(to)
        };
        let to = message_for.map_err(|why| ServiceError::field("extension", why))?;
        let copy = MessageId(request.derive("copy", to.0));
        self.copy_message(&scope, message.user_id, id, to, copy).await
    }

    async fn colleague(&self, scope: &Scope, extension: &str) -> Result<UserId, ServiceError> {
        let parsed = Extension::parse(extension).map_err(|error| ServiceError::field("extension", error))?;
        let found = self.store().destinations(scope.account_id, &[parsed].into(), &BTreeSet::new()).await?;
        let nobody =
            || ServiceError::field("extension", format!("nobody has extension {}; check it", extension.trim()));
        found.into_iter().next().ok_or_else(nobody)
    }

    async fn mailbox_is_full(&self, scope: &Scope, user: UserId) -> Result<bool, ServiceError> {
        let mailbox = self.store().mailbox(scope, user).await?;
        Ok(StorageLevel::of(mailbox.bytes, mailbox.limit_mb) == StorageLevel::Full)
    }

    /// The switch's lamps and open pages look again.
    async fn mailbox_changed(&self, account_id: AccountId, user: UserId) {
        self.feed_directory(&[user]).await;
        self.inner.live.tell(News { account_id, users: vec![user], account: false, calls: false });
    }

    /// A message from the switch: first the file is safe, then message and mail are, together. Told again after a crash, it
    /// is there once, since its identifier follows from the call.
    pub(crate) async fn message_left(&self, left: &MessageLeft) -> Result<(), ServiceError> {
        if left.duration_ms < MESSAGE_MIN_MS {
            return Ok(());
        }
        let stored = self.store_file(&left.audio).await?;
        let message = VoicemailMessage {
            id: MessageId(ChangeId(left.call.0).derive("message", left.user.0)),
            account_id: left.account,
            user_id: left.user,
            version: 1,
            caller: left.caller.cleaned(),
            received_at: left.at,
            duration_ms: left.duration_ms.min(MESSAGE_MAX_MS),
            state: MessageState::New,
            audio: stored.audio,
            bytes: stored.bytes,
            call_id: Some(left.call),
            forwarded_by: None,
        };
        self.take_message(message).await
    }

    async fn take_message(&self, message: VoicemailMessage) -> Result<(), ServiceError> {
        let scope = Scope { account_id: message.account_id, actor: Actor::system("Lineside") };
        let (account_id, user_id) = (message.account_id, message.user_id);
        let user = self.store().user(&scope, user_id, self.now()).await?;
        let Some(user) = user else {
            tracing::warn!(%user_id, "a message was left for somebody who is gone");
            return Ok(());
        };
        let mails: Vec<Mail> = self.message_mail(&user, &message).into_iter().collect();
        if self.store().add_message(&message, &mails).await? {
            self.inner.mail_due.notify_one();
            self.mailbox_changed(account_id, user_id).await;
            self.warn_of_storage(&scope, &user).await?;
        }
        Ok(())
    }

    fn message_mail(&self, user: &UserDetail, message: &VoicemailMessage) -> Option<Mail> {
        let profile = &user.user.profile;
        let to = profile.email.clone().filter(|_| profile.email_voicemails)?;
        let id = MailId(ChangeId(message.id.0).derive("mail", message.user_id.0));
        Some(self.mail(id, message.account_id, message.user_id, MailKind::Voicemail, to, vec![message.id.to_string()]))
    }

    pub(crate) fn mail(
        &self,
        id: MailId,
        account_id: AccountId,
        user_id: UserId,
        kind: MailKind,
        to: lineside_model::email::Email,
        about: Vec<String>,
    ) -> Mail {
        let now = self.now();
        let state = MailState::Queued;
        Mail {
            id,
            account_id,
            user_id,
            kind,
            about,
            to,
            state,
            attempts: 0,
            said: None,
            created_at: now,
            next_at: now,
            done_at: None,
        }
    }

    /// Tells the user once when little room is left, and once when none is.
    async fn warn_of_storage(&self, scope: &Scope, user: &UserDetail) -> Result<(), ServiceError> {
        let id = user.user.id;
        let mailbox = self.store().mailbox(scope, id).await?;
        let level = StorageLevel::of(mailbox.bytes, mailbox.limit_mb);
        let watch = self.store().mailbox_watch(scope, id).await?;
        if watch.told.unwrap_or(StorageLevel::Fine) == level {
            return Ok(());
        }
        let told = MailboxWatch { told: Some(level), ..watch };
        self.store().save_mailbox_watch(scope, id, &told).await?;
        if let Some(to) = user.user.profile.email.clone().filter(|_| level != StorageLevel::Fine) {
            let about = vec![level.as_str().to_owned(), mailbox.limit_mb.to_string()];
            let (kind, mail_id) = (MailKind::VoicemailStorage, MailId(self.new_uuid()));
            let mail = self.mail(mail_id, scope.account_id, id, kind, to, about);
            self.store().queue_mail(&mail).await?;
            self.inner.mail_due.notify_one();
        }
        Ok(())
    }

    /// A copy for a colleague, as a new message of theirs.
    pub(crate) async fn forward_message(
        &self,
        scope: &Scope,
        from: UserId,
        id: MessageId,
        to: UserId,
    ) -> Result<(), ServiceError> {
        self.copy_message(scope, from, id, to, MessageId(self.new_uuid())).await
    }

    async fn copy_message(
        &self,
        scope: &Scope,
        from: UserId,
        id: MessageId,
        to: UserId,
        copy: MessageId,
    ) -> Result<(), ServiceError> {
        let message = self.store().message(scope, id).await?.filter(|message| message.user_id == from);
        let message = message.ok_or(ServiceError::NotFound)?;
        let copy = VoicemailMessage {
            id: copy,
            user_id: to,
            received_at: self.now(),
            state: MessageState::New,
            forwarded_by: Some(from),
            ..message
        };
        self.take_message(copy).await
    }

    /// A PIN keyed in by telephone. After [`PIN_TRIES`] wrong ones nobody is let in for a while, not even with the right one.
    pub(crate) async fn check_mailbox_pin(
        &self,
        scope: &Scope,
        user: UserId,
        pin: &str,
    ) -> Result<PinCheck, ServiceError> {
        let mailbox = self.store().mailbox(scope, user).await?;
        let Some(stored) = mailbox.mailbox.and_then(|mailbox| mailbox.pin_hash) else { return Ok(PinCheck::NotSet) };
        let watch = self.store().mailbox_watch(scope, user).await?;
        let now = self.now();
        if watch.locked_until.is_some_and(|until| until > now) {
            return Ok(PinCheck::Locked);
        }
        let hash = Hash::from_stored(String::from_utf8_lossy(stored.bytes()));
        if self.inner.hasher.verify(pin, Some(&hash)).await? {
            if watch.failures > 0 {
                self.store().save_mailbox_watch(scope, user, &MailboxWatch { failures: 0, ..watch }).await?;
            }
            return Ok(PinCheck::Right);
        }
        let failures = watch.failures + 1;
        let locked = failures >= PIN_TRIES;
        let locked_until = locked.then(|| now + TimeDelta::minutes(PIN_LOCK_MINUTES));
        let watch = MailboxWatch { failures: if locked { 0 } else { failures }, locked_until, ..watch };
        self.store().save_mailbox_watch(scope, user, &watch).await?;
        let summary = if locked {
            "Wrong PINs at the mailbox: closed to telephones for a while"
        } else {
            "Wrong PIN at the mailbox"
        };
        self.store().record_event(scope, self.new_change_id(), now, "mailbox_pin_wrong", summary, Some(user)).await?;
        Ok(if locked { PinCheck::Locked } else { PinCheck::Wrong })
    }

    /// Somebody on a telephone whose line says who they are.
    pub(crate) async fn phone_scope(&self, account_id: AccountId, user: UserId) -> Result<Scope, ServiceError> {
        let scope = Scope { account_id, actor: Actor::system("Lineside") };
        let found = self.store().user(&scope, user, self.now()).await?.ok_or(ServiceError::NotFound)?;
        let name = found.user.profile.full_name();
        let actor = Actor { kind: ActorKind::User, id: Some(user.0), name, via: Via::Phone, from: None };
        Ok(Scope { account_id, actor })
    }

    /// A message that was made by hand: the demo's.
    pub async fn leave_message(&self, message: VoicemailMessage, wav: Vec<u8>) -> Result<(), ServiceError> {
        let Stored { audio, bytes } = self.store_audio(wav).await?;
        self.take_message(VoicemailMessage { audio, bytes, ..message }).await
    }

    pub(crate) async fn message_copy(&self, message: &VoicemailMessage) -> Result<std::path::PathBuf, ServiceError> {
        self.local_copy(&audio::path(&message.audio)).await
    }
}
