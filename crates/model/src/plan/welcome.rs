//! The welcome mail.

use crate::id::{MailId, UserId};
use crate::mail::{Mail, MailKind, MailState};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};

impl Draft<'_> {
    pub(super) fn send_welcome(&mut self, users: &[UserId]) {
        self.plan.summary = format!("Send the welcome mail to {}", self.whom(users));
        if !self.check_users(users) {
            return;
        }
        for user_id in users {
            if self.user(*user_id).is_some() {
                self.queue_welcome(*user_id);
            }
        }
    }

    pub(super) fn queue_welcome(&mut self, user_id: UserId) {
        let Some(user) = self.facts.users.get(&user_id).cloned() else { return };
        let Some(to) = user.profile.email.clone() else {
            let message = format!("{} has no email address to send the welcome mail to", user.profile.full_name());
            let blocker = Blocker::new(BlockerKind::Invalid, message, vec![Repair::AddEmail { user_id }]);
            return self.block(blocker.for_user(user_id));
        };
        let now = self.context.now;
        self.create(Mail {
            id: MailId(self.id.derive("welcome", user_id.0)),
            account_id: user.account_id,
            user_id,
            kind: MailKind::Welcome,
            about: Vec::new(),
            to,
            state: MailState::Queued,
            attempts: 0,
            said: None,
            created_at: now,
            next_at: now,
            done_at: None,
        });
    }
}
