//! What lamps show of calls.

use std::sync::Arc;

use lineside_model::{directory::DirectoryUser, id::UserId};

use super::{Call, Calls, Stage};
use crate::subscribe::Talk;

impl Calls {
    /// Users whose lamps may show something else now.
    pub(crate) fn take_touched(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.touched)
    }

    /// The calls that a user is in.
    pub(crate) fn talks_of(&self, user: UserId) -> Vec<Talk> {
        let is = |who: Option<&Arc<DirectoryUser>>| who.is_some_and(|who| who.user_id == user);
        let mut talks: Vec<Talk> = self
            .open
            .values()
            .filter(|call| !matches!(call.stage, Stage::Ending | Stage::Announcing { .. }))
            .filter_map(|call| {
                let is_caller = is(call.calling_user());
                let is_answered = call.answered.is_some();
                let rings = matches!(call.stage, Stage::Ringing(_) | Stage::Talking { .. });
                let is_callee = rings && is(call.callee.as_ref());
                let pickup = call.pickup.filter(|_| call.rung_user().is_some_and(|rung| rung.user_id == user));
                (is_caller || is_callee).then_some(Talk { id: call.id, is_caller, is_answered, pickup })
            })
            .collect();
        talks.sort_by_key(|talk| talk.id);
        talks
    }

    pub(super) fn touch(&mut self, call: &Call) {
        let users = call.calling_user().into_iter().chain(&call.callee);
        self.touched.extend(users.map(|user| user.user_id));
    }
}

impl Call {
    /// What lamps show of it: whether it goes on, is answered, and who is called.
    pub(super) fn lamp(&self) -> (u8, bool, Option<UserId>) {
        let stage = match self.stage {
            Stage::Ending => 0,
            Stage::Announcing { .. } => 1,
            Stage::Ringing(_) => 2,
            Stage::Script(_) => 3,
            Stage::Talking { .. } => 4,
        };
        (stage, self.answered.is_some(), self.callee.as_ref().map(|callee| callee.user_id))
    }
}
