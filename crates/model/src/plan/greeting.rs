//! Greetings: set and remove.

use crate::greeting::Greeting;
use crate::id::UserId;
use crate::plan::{Blocker, BlockerKind, Draft};

impl Draft<'_> {
    pub(super) fn set_greeting(&mut self, id: UserId, file_name: &str, duration_ms: u32, audio: &str) {
        let Some(user) = self.user(id) else { return };
        self.plan.summary = format!("Set {}'s greeting", user.profile.full_name());
        self.plan.user_id = Some(id);
        // An upload's are tidy; a request that was written by hand may hold anything.
        if [file_name, audio].iter().any(|text| text.chars().any(char::is_control)) {
            let message = "upload the file again; its name holds control characters";
            return self.block(Blocker::field(BlockerKind::Invalid, "greeting", message));
        }
        let before = self.facts.greetings.get(&id).cloned();
        let after = Greeting {
            user_id: id,
            account_id: user.account_id,
            version: before.as_ref().map_or(1, |greeting| greeting.version),
            file_name: file_name.to_owned(),
            duration_ms,
            audio: audio.to_owned(),
            uploaded_at: self.context.now,
        };
        match before {
            Some(before) => self.update(before, after),
            None => self.create(after),
        }
    }

    pub(super) fn remove_greeting(&mut self, id: UserId) {
        let Some(user) = self.user(id) else { return };
        self.plan.summary = format!("Go back to the default greeting for {}", user.profile.full_name());
        self.plan.user_id = Some(id);
        match self.facts.greetings.get(&id).cloned() {
            Some(greeting) => self.delete(greeting),
            None => self.block(Blocker::not_found("greeting")),
        }
    }
}
