//! One side of a call: a dialog with a phone, and the ACKs that are owed to it or by it.

use std::time::Instant;

use bytes::Bytes;
use lineside_media::codec::Codec;
use lineside_model::id::TrunkId;
use lineside_sip::{
    Dialog, Flow, Message, Token,
    dialog::{Answer, SessionTimer, State},
};

use super::{Description, Env};

pub(super) struct Side {
    pub(super) dialog: Dialog,
    /// Our tag in the dialog.
    pub(super) tag: Token,
    /// The carrier that it is a call with.
    pub(super) trunk: Option<TrunkId>,
    /// Where the phone was last heard.
    pub(super) flow: Flow,
    /// Our 2xx that the phone has not acknowledged yet.
    pub(super) answer: Option<Answer>,
    pub(super) bye_when_acked: bool,
    /// How its sound is coded, once that was agreed.
    pub(super) codec: Option<Codec>,
    /// Media packets counted when the call was last looked at.
    pub(super) heard: u64,
    /// BYE was sent.
    pub(super) is_over: bool,
    /// The last 2xx to an INVITE of ours.
    pub(super) ack: Option<Acknowledgement>,
    /// Who refreshes the session, and when.
    pub(super) timer: Option<SessionTimer>,
    /// The phone understands UPDATE, as far as it told.
    pub(super) knows_update: bool,
    /// A re-INVITE of ours, and when to send it.
    pub(super) invite_at: Option<(Instant, Bytes)>,
}

/// What became of the ACK for a 2xx from the phone.
pub(super) enum Acknowledgement {
    /// The offer was in the 2xx: the ACK carries the answer, and waits for the other leg's.
    Owed {
        cseq: u32,
        offer: Option<Box<Description>>,
    },
    Sent {
        cseq: u32,
        bytes: Bytes,
    },
}

impl Side {
    pub(super) fn new(dialog: Dialog, tag: Token, flow: Flow) -> Self {
        Self {
            dialog,
            tag,
            trunk: None,
            flow,
            answer: None,
            bye_when_acked: false,
            codec: None,
            heard: 0,
            is_over: false,
            ack: None,
            timer: None,
            knows_update: true,
            invite_at: None,
        }
    }

    /// A 2xx came from the phone. If the offer was ours the ACK has nothing to wait for.
    pub(super) fn took_answer(&mut self, env: &mut Env<'_>, response: &Message, offer_is_theirs: bool) {
        let cseq = response.cseq().number;
        self.learn(response);
        self.timer = SessionTimer::agreed(response, env.now.instant);
        if offer_is_theirs {
            let offer = Description::offered(response, self.flow, false).ok().flatten().map(Box::new);
            self.ack = Some(Acknowledgement::Owed { cseq, offer });
        } else {
            self.acknowledge(env, cseq, None);
        }
    }

    /// Acknowledges a 2xx from the phone.
    pub(super) fn acknowledge(&mut self, env: &mut Env<'_>, cseq: u32, answer: Option<Bytes>) {
        let mut ack = self.dialog.ack(cseq);
        if let Some(answer) = answer {
            ack = ack.body(super::description::SDP, answer);
        }
        let bytes = env.endpoint.send_ack(self.flow, &ack);
        env.sent(bytes.clone());
        self.ack = Some(Acknowledgement::Sent { cseq, bytes });
    }

    /// A 2xx came that no transaction waits for.
    pub(super) fn acknowledge_again(&mut self, env: &mut Env<'_>, flow: Flow, response: &Message) {
        let number = response.cseq().number;
        match &self.ack {
            Some(Acknowledgement::Sent { cseq, bytes }) if *cseq == number => {
                env.endpoint.send(flow, bytes.clone());
            }
            Some(Acknowledgement::Owed { cseq, .. }) if *cseq == number => {}
            // The answer to a re-INVITE that was cancelled meanwhile.
            _ => self.acknowledge(env, number, None),
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let answer = self.answer.as_ref().and_then(Answer::next_timeout);
        let timer = self.timer.as_ref().filter(|_| self.dialog.state() == State::Confirmed);
        let timer = timer.map(SessionTimer::next_timeout);
        answer.into_iter().chain(timer).chain(self.invite_at.as_ref().map(|(at, _)| *at)).min()
    }
}
