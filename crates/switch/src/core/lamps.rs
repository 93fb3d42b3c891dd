//! The lamp for messages of phones that never subscribed to it.

use lineside_model::id::{LineId, UserId};

use super::Core;
use crate::{clock::Now, notify::Notice, subscribe::summary};

impl Core {
    /// Tells phones that never subscribed of their user's messages (RFC 3842 section 3.3), when those have changed.
    pub(super) fn light_lamps(&mut self, now: Now, user: UserId) {
        let Some(user) = self.directory.user(user) else {
            self.waiting.remove(&user);
            return;
        };
        let summary = summary(&user);
        let told = self.waiting.insert(user.user_id, summary.clone());
        // What nobody was told yet, and is nothing, needs no telling.
        if told.as_ref() == Some(&summary) || (told.is_none() && user.mailbox.unheard == 0) {
            return;
        }
        for line in &user.lines {
            self.light_lamp(now, line.line_id, &summary);
        }
    }

    pub(super) fn light_lamp(&mut self, now: Now, line_id: LineId, summary: &str) {
        if self.subscriptions.has_lamp(line_id) {
            return;
        }
        let body = Some(("application/simple-message-summary".to_owned(), summary.to_owned().into()));
        let notice = Notice { line_id, event: "message-summary".to_owned(), body, report: Box::new(|_| ()) };
        self.notify(now, notice);
    }
}
