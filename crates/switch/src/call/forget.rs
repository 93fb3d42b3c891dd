//! What is taken away with a call that is over, and what of it is remembered for a while.

use std::time::{Duration, Instant};

use lineside_sip::Token;

use super::{Call, Calls, Env, Stage};

/// For how long an ended dialog is remembered, to answer the BYE that crossed ours (64*T1).
const REMEMBERED: Duration = Duration::from_secs(32);

impl Calls {
    pub(super) fn forget(&mut self, env: &Env<'_>, call: &Call) {
        if let Some(wake) = call.wake {
            self.wakes.remove(&(wake, call.id));
        }
        self.incoming.remove(&call.invite.key);
        if let Some(session) = call.session {
            self.sessions.remove(&session);
        }
        self.forget_questions(call);
        for forward in &call.forwards {
            self.incoming.remove(&forward.server);
            self.outgoing.remove(&forward.client);
        }
        for question in &call.questions {
            self.outgoing.remove(&question.key);
        }
        let [near, far] = [0, 1].map(|leg| call.sides[leg].as_ref().map(|side| side.tag));
        let tags = [Some(call.invite.tag), near, far];
        for tag in tags.into_iter().flatten() {
            // A leg that moved to another call goes on.
            if self.by_tag.get(tag.as_bytes()).is_none_or(|(owner, _)| *owner == call.id) {
                self.remember(tag, env.now.instant);
            }
        }
        if let Some(pickup) = call.pickup {
            self.pickups.remove(pickup.as_bytes());
        }
    }

    /// A dialog of ours that is over, or will be as soon as it begins.
    pub(super) fn remember(&mut self, tag: Token, now: Instant) {
        self.by_tag.remove(tag.as_bytes());
        self.ended.insert(tag);
        self.endings.push_back((now + REMEMBERED, tag));
    }

    pub(super) fn forget_ended(&mut self, now: Instant) {
        while let Some((_, tag)) = self.endings.pop_front_if(|(until, _)| *until <= now) {
            self.ended.remove(&tag);
        }
    }
}

impl Call {
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Ending) && self.sides.iter().flatten().all(|side| !side.bye_when_acked)
    }
}
