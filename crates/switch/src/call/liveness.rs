//! Whether the phones of a call are still there. One that lost its power sends no BYE, and the call would keep its ports
//! for ever; so a leg that has sent no media for a while is asked, as one on hold may be: by a refresh of its session where
//! that is ours to refresh, else by OPTIONS within the dialog.

use std::time::Duration;

use lineside_media::relay::Leg;
use lineside_sip::{Message, Method, Request, TransactionKey};

use super::{Call, Calls, Env, Stage, index};

/// How often a call is looked at.
pub(super) const INTERVAL: Duration = Duration::from_mins(5);

/// A request of our own to a leg that has no answer yet.
pub(super) struct Question {
    pub(super) key: TransactionKey,
    leg: Leg,
    asked: Asked,
    request: Request,
}

/// What a leg is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Whether it is there.
    Presence,
    /// To go on with the session (RFC 4028).
    Refresh,
    /// To send its sound elsewhere.
    Move,
}

impl Calls {
    /// Asks each leg from which nothing was heard since the last time.
    pub(super) fn look_after(&mut self, env: &mut Env<'_>, call: &mut Call) {
        if let (Some((_, account)), Some(answered)) = (call.outside, call.answered) {
            let longest = env.directory.account(account).map(|account| account.rules.outbound.limits.call_minutes);
            let longest = longest.map(|minutes| Duration::from_mins(u64::from(minutes)));
            if longest.is_some_and(|longest| env.now.instant.saturating_duration_since(answered) >= longest) {
                return self.hang_up(env, call, None);
            }
        }
        call.stage = Stage::Talking { check: env.now.instant + INTERVAL };
        for leg in [Leg::A, Leg::B] {
            let heard = call.media.as_ref().map_or(0, |media| media.stats(leg).packets);
            let Some(side) = call.side(leg) else { continue };
            if std::mem::replace(&mut side.heard, heard) != heard || side.answer.is_some() {
                continue;
            }
            if side.timer.as_ref().is_some_and(lineside_sip::dialog::SessionTimer::is_ours) {
                self.refresh(env, call, leg);
            } else {
                let options = side.dialog.request(Method::Options);
                self.ask(env, call, leg, options, Asked::Presence);
            }
        }
    }

    /// Sends a request of our own to a leg.
    pub(super) fn ask(&mut self, env: &mut Env<'_>, call: &mut Call, leg: Leg, request: Request, asked: Asked) {
        let Some(side) = &call.sides[index(leg)] else { return };
        let key = env.request(side.flow, &request);
        self.outgoing.insert(key, call.id);
        call.questions.push(Question { key, leg, asked, request });
    }

    /// A leg answered. Any answer will do but those that say that there is no such call (RFC 3261 section 12.2.1.2).
    pub(super) fn replied(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey, response: &Message) {
        if response.status() < 200 {
            return;
        }
        let Some(Question { leg, asked, request, .. }) = call.take_question(key) else { return };
        if let Some(side) = call.side(leg) {
            side.dialog.response(response);
        }
        if let Some((request, key)) = call.signed(env, leg, &request, response) {
            self.outgoing.insert(key, call.id);
            call.questions.push(Question { key, leg, asked, request });
            return;
        }
        if response.method() == Method::Invite {
            call.took_invitation(env, leg, response);
        }
        match (asked, response.status()) {
            (_, 408 | 481) => self.hang_up(env, call, Some(leg)),
            (Asked::Presence, _) | (Asked::Move, 200..300) => {}
            (Asked::Refresh, _) => self.refreshed(env, call, leg, response),
            (Asked::Move, 491) => {
                let chance = env.chance();
                let offer = call.described(leg);
                let Some(side) = call.side(leg) else { return };
                let at = env.now.instant + side.dialog.after_glare(chance);
                side.invite_at = offer.map(|offer| (at, offer));
            }
            (Asked::Move, _) => self.hang_up(env, call, None),
        }
    }

    /// A leg does not answer.
    pub(super) fn unanswered(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey) {
        if let Some(question) = call.take_question(key) {
            self.hang_up(env, call, Some(question.leg));
        }
    }
}

impl Call {
    pub(super) fn is_question(&self, key: TransactionKey) -> bool {
        self.questions.iter().any(|question| question.key == key)
    }

    fn take_question(&mut self, key: TransactionKey) -> Option<Question> {
        let position = self.questions.iter().position(|question| question.key == key)?;
        Some(self.questions.remove(position))
    }
}
