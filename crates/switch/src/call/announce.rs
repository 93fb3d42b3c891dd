//! A call that goes nowhere: the caller hears why as early media (183), and then gets the status.

use std::time::Duration;

use lineside_media::{
    prompt::Prompt,
    relay::{Leg, LegFormat},
};
use lineside_sip::{HeaderName, Response};

use super::{Call, Calls, Env, Stage, description::SDP};

/// For what is still on its way when the last packet is sent.
const AFTER: Duration = Duration::from_millis(200);

impl Calls {
    /// Speaks to the caller and refuses the call then; at once if the phone can not be spoken to.
    pub(super) fn announce(&mut self, env: &mut Env<'_>, call: &mut Call, prompt: &Prompt, status: u16) {
        let Some(media) = &call.media else { return self.refuse(env, call, status) };
        let offer = call.invite.offer.as_ref();
        let answer = offer.and_then(|offer| offer.answer_with_prompt(media.port(Leg::A), env.rules.media_addr));
        let Some((answer, law)) = answer else { return self.refuse(env, call, status) };
        media.expect(Leg::A, offer.and_then(super::Description::listens_at));
        media.describe(Leg::A, LegFormat::new(law.into()));
        media.play(Leg::A, prompt.clone());
        let progress = Response::new(&call.invite.request, 183)
            .header(HeaderName::Contact, env.contact(call.invite.flow))
            .body(SDP, answer);
        env.respond(call.invite.key, progress);
        call.stage = Stage::Announcing { until: env.now.instant + prompt.duration() + AFTER, status };
    }

    /// Tells the caller no, which ends the call.
    pub(super) fn refuse(&mut self, env: &mut Env<'_>, call: &mut Call, status: u16) {
        env.respond(call.invite.key, Response::new(&call.invite.request, status));
        self.incoming.remove(&call.invite.key);
        call.stage = Stage::Ending;
        call.ended(env, Some(status));
        call.media = None;
    }
}
