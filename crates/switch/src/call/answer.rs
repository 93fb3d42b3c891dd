//! Our 2xx to a phone, repeated until its ACK, and what the ACK brings.

use lineside_media::relay::Leg;
use lineside_model::call_report::AnsweredBy;
use lineside_sip::{
    DialogId, HeaderName, Message, Response,
    dialog::{Answer, Due},
};

use super::{Call, Calls, Description, Env, Stage, description::SDP, index, leg::Acknowledgement};
use crate::{core::ALLOW, script::Heard};

impl Calls {
    /// 200 with a description of ours.
    pub(super) fn answer_caller(&mut self, env: &mut Env<'_>, call: &mut Call, by: &AnsweredBy) -> bool {
        let offered = call.invite.offer.is_some();
        let body = if offered { call.answer_by_us(env) } else { call.offer_of_ours(env, Leg::A) };
        let (Some(body), Some(media)) = (body, &call.media) else { return false };
        media.stop_playing(Leg::A);
        let ok = Response::new(&call.invite.request, 200)
            .header(HeaderName::Contact, env.contact(call.invite.flow))
            .header(HeaderName::Allow, ALLOW)
            .body(SDP, body);
        self.confirm_caller(env, call, ok);
        call.story.answered(env, by);
        true
    }

    /// The 2xx to the caller's INVITE, repeated until its ACK.
    pub(super) fn confirm_caller(&mut self, env: &mut Env<'_>, call: &mut Call, ok: Response) {
        call.answered = Some(env.now.instant);
        self.answer_invite(env, call, ok);
    }

    pub(super) fn send_answer(&mut self, env: &mut Env<'_>, call: &mut Call, ok: Response) {
        let request = &call.invite.request;
        let ok = match &mut call.sides[index(Leg::A)] {
            Some(caller) => caller.agree(env, request, ok),
            None => ok,
        };
        let bytes = env.respond(call.invite.key, ok);
        self.incoming.remove(&call.invite.key);
        let cseq = call.invite.request.cseq().number;
        if let Some(caller) = call.side(Leg::A) {
            caller.dialog.confirm();
            caller.answer = Some(Answer::new(env.now.instant, env.endpoint.config(), caller.flow, bytes, cseq));
        }
    }

    /// An ACK for a 2xx of ours: the dialog stands, and may carry the answer to the other leg's offer.
    pub(super) fn ack(&mut self, env: &mut Env<'_>, ack: &Message) {
        let Some((id, leg)) = self.by_tag.get(ack.to_tag()).copied() else { return };
        self.with(env, id, |calls, env, call| {
            let Some(side) = call.side(leg) else { return };
            let is_in_dialog = *side.dialog.id() == DialogId::of_request(ack);
            if !is_in_dialog || !side.answer.as_mut().is_some_and(|answer| answer.ack(ack)) {
                return;
            }
            side.answer = None;
            env.received(ack);
            if side.bye_when_acked {
                call.say_bye(env, leg);
                return;
            }
            if matches!(call.stage, Stage::Script(_)) {
                calls.script_acked(env, call, ack);
            } else {
                call.pass_on_answer(env, leg, ack);
            }
        });
    }

    /// Repeats each 2xx that was not acknowledged; a phone that never does has lost the call.
    pub(super) fn repeat_answers(&mut self, env: &mut Env<'_>, call: &mut Call) {
        for leg in [Leg::A, Leg::B] {
            let Some(side) = call.side(leg) else { continue };
            let Some(answer) = &mut side.answer else { continue };
            loop {
                match answer.poll(env.now.instant) {
                    Due::Later(_) => break,
                    Due::Repeat(transmit) => env.endpoint.send(transmit.flow, transmit.bytes),
                    Due::Done => {
                        side.answer = None;
                        break;
                    }
                    Due::GiveUp => {
                        side.answer = None;
                        if side.bye_when_acked {
                            call.say_bye(env, leg);
                        } else {
                            self.hang_up(env, call, None);
                        }
                        break;
                    }
                }
            }
        }
    }

    /// The ACK may bring the phone's description, and the script begins.
    fn script_acked(&mut self, env: &mut Env<'_>, call: &mut Call, ack: &Message) {
        if let Ok(Some(answer)) = Description::of(ack) {
            call.agreed_with_us(env, Leg::A, &answer);
        }
        if call.invite.offer.is_none() && !call.is_started() {
            self.hear(env, call, Heard::Started);
        }
    }
}

impl Call {
    /// Sends the ACK that waited for this one.
    fn pass_on_answer(&mut self, env: &mut Env<'_>, leg: Leg, ack: &Message) {
        let other = self.sides[index(leg.other())].as_ref();
        let Some(Acknowledgement::Owed { cseq, offer }) = other.and_then(|side| side.ack.as_ref()) else {
            // The offer was ours.
            if let Ok(Some(answer)) = Description::of(ack) {
                self.agreed_with_us(env, leg, &answer);
            }
            return;
        };
        let (cseq, offer) = (*cseq, offer.clone());
        let mut body = None;
        if let (Ok(Some(answer)), Some(offer)) = (Description::of(ack), offer) {
            body = self.agree(env, leg.other(), &offer, &answer);
        }
        if let Some(side) = self.side(leg.other()) {
            side.acknowledge(env, cseq, body);
        }
    }
}
