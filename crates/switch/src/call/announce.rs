//! A call that goes nowhere: the caller hears why as early media (183), and then gets the status.

use std::time::Duration;

use lineside_media::{phrase::Phrase, playlist::Playlist, relay::Leg};
use lineside_model::call_report::AnsweredBy;
use lineside_sip::Response;

use super::{Call, Calls, Early, Env, Stage};
use crate::script::Notice;

/// For what is still on its way when the last packet is sent.
const AFTER: Duration = Duration::from_millis(200);

impl Calls {
    /// Speaks to the caller and refuses the call then; at once if the phone can not be spoken to.
    pub(super) fn announce(&mut self, env: &mut Env<'_>, call: &mut Call, words: impl Into<Playlist>, status: u16) {
        if call.answered.is_some() {
            return self.refuse(env, call, status);
        }
        let Some(answer) = call.answer_by_us(env) else { return self.refuse(env, call, status) };
        let Some(media) = &call.media else { return self.refuse(env, call, status) };
        let words = words.into();
        call.stage = Stage::Announcing { until: env.now.instant + words.duration() + AFTER, status };
        media.play(Leg::A, words);
        call.tell(env, 183, Some(answer));
    }

    /// Tells the caller no, which ends the call. Somebody who was answered before is told in words.
    pub(super) fn refuse(&mut self, env: &mut Env<'_>, call: &mut Call, status: u16) {
        if call.is_test {
            return call.test_failed(env);
        }
        if call.answered.is_some() {
            if self.give_back(env, call, status) {
                return;
            }
            let by = AnsweredBy::Service(call.dialled.as_str().to_owned());
            return self.run(env, call, Box::new(Notice(Phrase::NotPossible)), &by);
        }
        call.early = Early::default();
        env.respond(call.invite.key, Response::new(&call.invite.request, status));
        self.incoming.remove(&call.invite.key);
        call.stage = Stage::Ending;
        call.ended(env, Some(status));
        call.media = None;
    }
}
