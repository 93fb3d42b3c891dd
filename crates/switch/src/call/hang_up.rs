//! The end of a call that was answered.

use lineside_media::relay::Leg;
use lineside_model::call_report::EndedBy;
use lineside_sip::{Method, Response};

use super::{Call, Calls, Env, Recorder, Stage, ladder, leg::Acknowledgement};

impl Calls {
    /// Ends the call on all legs but the one that ended it.
    pub(super) fn hang_up(&mut self, env: &mut Env<'_>, call: &mut Call, by: Option<Leg>) {
        let ends = !matches!(call.stage, Stage::Ending);
        if ends {
            if let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, Stage::Ending) {
                self.cancel_branches(env, &rings.branches, None);
            }
            call.story.ended_by = by.map(|leg| if leg == Leg::A { EndedBy::Caller } else { EndedBy::Callee });
            self.count_minutes(env, call);
        }
        self.give_up_transfer(env, call);
        for forward in std::mem::take(&mut call.forwards) {
            self.incoming.remove(&forward.server);
            self.outgoing.remove(&forward.client);
            forward.end(env);
        }
        for leg in [Leg::A, Leg::B] {
            if leg == Leg::A && call.take_back(env, 487) {
                self.incoming.remove(&call.invite.key);
                continue;
            }
            let Some(side) = call.side(leg) else { continue };
            (side.timer, side.invite_at) = (None, None);
            if by == Some(leg) {
                side.answer = None;
                side.bye_when_acked = false;
            } else if side.answer.is_some() {
                // RFC 3261 section 15: no BYE before the ACK has come, or its time is over.
                side.bye_when_acked = true;
            } else {
                call.say_bye(env, leg);
            }
        }
        if ends {
            // With the BYE that has just gone out among its messages.
            call.ended(env, None);
        }
        call.media = None;
        call.recorder = Recorder::default();
    }
}

impl super::Forward {
    /// The call is over before the other leg has answered.
    fn end(self, env: &mut Env<'_>) {
        if self.request.method() == Method::Invite {
            env.endpoint.cancel(env.now.instant, self.client);
        }
        env.respond(self.server, Response::new(&self.request, 487));
    }
}

impl Call {
    /// Sends BYE to a leg, once.
    pub(super) fn say_bye(&mut self, env: &mut Env<'_>, leg: Leg) {
        let Some(side) = self.side(leg) else { return };
        if let Some(Acknowledgement::Owed { cseq, .. }) = side.ack {
            side.acknowledge(env, cseq, None);
        }
        side.bye_when_acked = false;
        if std::mem::replace(&mut side.is_over, true) {
            return;
        }
        self.send_bye(env, leg);
    }

    /// Tells the end of a call: to whoever looks for a fault, in one line, and outside.
    pub(super) fn ended(&mut self, env: &mut Env<'_>, status: Option<u16>) {
        self.log(env, status);
        ladder::keep(&mut self.passed, &mut env.passed);
        let quality = [Leg::A, Leg::B].map(|leg| self.quality(leg));
        self.story.ended(env, status, quality, ladder::ladder(&self.passed, self.invite.tag.as_bytes()));
        self.passed = Vec::new();
    }

    fn log(&self, env: &Env<'_>, status: Option<u16>) {
        let packets = |leg| self.media.as_ref().map(|media| media.stats(leg).packets);
        let end = env.now.instant;
        let ringing = self.answered.unwrap_or(end).saturating_duration_since(self.placed);
        let talking = self.answered.map(|answered| end.saturating_duration_since(answered).as_secs());
        tracing::debug!(
            call = self.id,
            caller = self.shown.number.as_str(),
            dialled = self.dialled.as_str(),
            outcome = ?self.story.outcome,
            status,
            rang_ms = u64::try_from(ringing.as_millis()).unwrap_or(u64::MAX),
            talked_s = talking,
            packets_from_caller = packets(Leg::A),
            packets_from_callee = packets(Leg::B),
            "call ended"
        );
    }
}
