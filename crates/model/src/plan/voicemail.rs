//! Mailboxes, and messages that go.

use crate::id::{MessageId, UserId};
use crate::plan::{Blocker, BlockerKind, Draft};
use crate::user::{Profile, User};
use crate::voicemail::{Mailbox, PinChange, VoicemailSettings};

impl Draft<'_> {
    pub(super) fn set_voicemail(
        &mut self,
        id: UserId,
        version: Option<i64>,
        settings: VoicemailSettings,
        pin: &PinChange,
    ) {
        let Some(user) = self.user(id) else { return };
        self.plan.summary = format!("Change {}'s voicemail", user.profile.full_name());
        self.plan.user_id = Some(id);
        let before = self.facts.mailboxes.get(&id).cloned();
        self.check_version(version, before.as_ref().map_or(0, |mailbox| mailbox.version), "voicemail");
        if settings.email && user.profile.email.is_none() {
            let message = "the profile has no email address; add one first, or clear Email voicemails";
            self.block(Blocker::field(BlockerKind::Invalid, "email_voicemails", message));
        }
        let held = before.as_ref().and_then(|mailbox| mailbox.pin_hash.clone());
        let pin_hash = match pin {
            PinChange::Keep => held,
            PinChange::Remove => None,
            PinChange::Set(hash) => Some(hash.clone()),
        };
        let after = Mailbox {
            user_id: id,
            account_id: user.account_id,
            version: before.as_ref().map_or(1, |mailbox| mailbox.version),
            enabled: settings.enabled,
            pin_hash,
        };
        match before {
            Some(before) => self.update(before, after),
            None if after.enabled && after.pin_hash.is_none() => {}
            None => self.create(after),
        }
        let profile =
            Profile { email_voicemails: settings.email, attach_recording: settings.attach, ..user.profile.clone() };
        self.update(user.clone(), User { profile, ..user });
    }

    pub(super) fn delete_messages(&mut self, id: UserId, messages: &[MessageId]) {
        let Some(user) = self.user(id) else { return };
        let name = user.profile.full_name();
        self.plan.user_id = Some(id);
        self.plan.summary = match messages.len() {
            1 => format!("Delete a voicemail message of {name}"),
            many => format!("Delete {many} voicemail messages of {name}"),
        };
        for message in messages {
            match self.facts.messages.get(message).filter(|message| message.user_id == id).cloned() {
                Some(message) => self.delete(message),
                None => return self.block(Blocker::not_found("message")),
            }
        }
    }
}
