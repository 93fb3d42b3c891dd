//! Before the answer: what the caller is told on the way to it, and what phones and carriers tell us. Where both sides can,
//! what matters arrives for certain (RFC 3262); and what was agreed by that may be changed before the answer (RFC 3311).

use bytes::Bytes;
use lineside_media::relay::Leg;
use lineside_model::call_report::CallOutcome;
use lineside_sip::{
    Dialog, DialogId, Flow, HeaderName, Message, Method, Refusal, Response, TransactionKey,
    dialog::{Arrival, Arrivals, Due, Progress},
};

use super::{Call, Calls, Description, Env, Stage, branch::Branch, description::SDP, talk::try_later};
use crate::core::ALLOW;

/// Early dialogs of one branch: a carrier that forks to more is no carrier.
const DIALOGS: usize = 8;

/// What the caller has been told before the answer.
#[derive(Default)]
pub(super) struct Early {
    /// Number of the last reliable response.
    rseq: u32,
    /// On its way, until its PRACK.
    unacknowledged: Option<Progress>,
    /// It carries the answer to the caller's offer.
    is_answer: bool,
    /// Comes after it.
    next: Option<(u16, Option<Bytes>)>,
    /// The answer that the caller has had, or will have, for certain: there is no other.
    pub(super) answer: Option<Bytes>,
    /// The 2xx, which may not overtake the answer (RFC 3262 section 3).
    held: Option<Response>,
}

/// A dialog that a branch made before the answer.
pub(super) struct EarlyDialog {
    dialog: Dialog,
    arrivals: Arrivals,
    /// What the phone described in it last.
    description: Option<Description>,
}

impl Early {
    pub(super) fn next_timeout(&self) -> Option<std::time::Instant> {
        self.unacknowledged.as_ref()?.next_timeout()
    }
}

impl Calls {
    /// Sends the 2xx to the caller, or has it wait for the PRACK of the answer that was sent before.
    pub(super) fn answer_invite(&mut self, env: &mut Env<'_>, call: &mut Call, ok: Response) {
        let early = &mut call.early;
        if early.unacknowledged.is_some() && early.is_answer {
            early.held = Some(ok);
            return;
        }
        let answer = std::mem::take(early).answer;
        let ok = match answer {
            Some(answer) => ok.raw_body(answer),
            None => ok,
        };
        self.send_answer(env, call, ok);
    }

    /// A PRACK from the caller.
    pub(super) fn prack(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        key: TransactionKey,
        request: &Message,
    ) -> Result<(), Refusal> {
        let is_awaited = call.early.unacknowledged.as_mut().is_some_and(|progress| progress.prack(request));
        if !is_awaited {
            return Err(Refusal::status(481));
        }
        (call.early.unacknowledged, call.early.is_answer) = (None, false);
        if request.body().is_empty() {
            env.respond(key, Response::new(request, 200));
        } else {
            call.answer_change(env, Leg::A, key, request)?;
        }
        if let Some((status, body)) = call.early.next.take() {
            call.tell(env, status, body);
        }
        if let Some(ok) = call.early.held.take() {
            self.answer_invite(env, call, ok);
        }
        Ok(())
    }

    /// Repeats what the caller has not acknowledged; who never does is not called back to.
    pub(super) fn repeat_progress(&mut self, env: &mut Env<'_>, call: &mut Call) {
        while let Some(progress) = &mut call.early.unacknowledged {
            match progress.poll(env.now.instant) {
                Due::Repeat(transmit) => env.endpoint.send(transmit.flow, transmit.bytes),
                Due::Later(_) | Due::Done => break,
                Due::GiveUp => {
                    call.early.unacknowledged = None;
                    if call.early.held.is_some() {
                        call.take_back(env, 504);
                        self.hang_up(env, call, Some(Leg::A));
                    } else {
                        self.give_up(env, call, 504, CallOutcome::Failed);
                    }
                }
            }
        }
    }

    /// A provisional response of a branch: whether it is news. One that is reliable gets its PRACK.
    pub(super) fn heard_early(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        key: TransactionKey,
        response: &Message,
    ) -> bool {
        let far = (call.id, call.near.other());
        let Some(branch) = call.branch(key) else { return false };
        if response.to_tag().is_empty() {
            return true;
        }
        let id = DialogId::of_response(response);
        let position = branch.early.iter().position(|early| *early.dialog.id() == id);
        let early = match position {
            Some(position) => &mut branch.early[position],
            None if branch.early.len() >= DIALOGS => return true,
            None => {
                let Ok(dialog) = Dialog::uac(response) else { return true };
                self.by_tag.insert(branch.tag, far);
                branch.early.push(EarlyDialog { dialog, arrivals: Arrivals::default(), description: None });
                let last = branch.early.len() - 1;
                &mut branch.early[last]
            }
        };
        match early.arrivals.take(response) {
            Arrival::Ignored => return false,
            Arrival::Plain => {}
            Arrival::Next(rack) => {
                early.dialog.response(response);
                let prack = early.dialog.request(Method::Prack).header(HeaderName::RAck, rack);
                // It repeats itself; nobody waits for the answer.
                env.request(branch.flow, &prack);
            }
        }
        if let Ok(Some(description)) = Description::of(response) {
            early.description = Some(description);
        }
        true
    }
}

impl Call {
    /// Tells the caller something on the way to the answer. An answer to its offer goes for certain where the caller knows how;
    /// anything, where it insists.
    pub(super) fn tell(&mut self, env: &mut Env<'_>, status: u16, body: Option<Bytes>) {
        let invite = &self.invite.request;
        let must = invite.lists(HeaderName::Require, "100rel");
        let may = must || invite.lists(HeaderName::Supported, "100rel");
        let body = body.filter(|_| self.early.answer.is_none());
        if !must && (!may || body.is_none()) {
            let progress = self.progress_response(env, status, body);
            env.respond(self.invite.key, progress);
            return;
        }
        // RFC 3261 section 13.2.1: the first that is reliable would have to bring an offer of ours.
        if self.invite.offer.is_none() {
            return;
        }
        if self.early.unacknowledged.is_some() {
            let before = self.early.next.take().and_then(|(_, body)| body);
            self.early.next = Some((status, body.or(before)));
            return;
        }
        if let Some(body) = &body {
            (self.early.answer, self.early.is_answer) = (Some(body.clone()), true);
        }
        if self.early.rseq == 0 {
            // Section 3: any start, so that nobody takes what they did not see for what they did.
            self.early.rseq = u32::try_from(env.chance() % (1 << 30)).unwrap_or_default();
        }
        self.early.rseq += 1;
        let rseq = self.early.rseq;
        let progress = self
            .progress_response(env, status, body)
            .header(HeaderName::Require, "100rel")
            .header(HeaderName::RSeq, rseq.to_string());
        let bytes = env.respond(self.invite.key, progress);
        let (flow, cseq) = (self.invite.flow, self.invite.request.cseq().number);
        let config = env.endpoint.config();
        self.early.unacknowledged = Some(Progress::new(env.now.instant, config, flow, bytes, rseq, cseq));
    }

    fn progress_response(&self, env: &Env<'_>, status: u16, body: Option<Bytes>) -> Response {
        let progress = Response::new(&self.invite.request, status)
            .header(HeaderName::Contact, env.contact(self.invite.flow))
            .header(HeaderName::Allow, ALLOW);
        match body {
            Some(body) => progress.body(SDP, body),
            None => progress,
        }
    }

    /// A request in a dialog that a phone made before it answered.
    pub(super) fn take_early(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
    ) -> Result<(), Refusal> {
        let far = self.near.other();
        let is_emergency = self.is_emergency;
        let Stage::Ringing(rings) = &mut self.stage else { return Err(Refusal::status(481)) };
        let is_alone = rings.branches.len() == 1;
        let id = DialogId::of_request(request);
        let found = rings.branches.iter_mut().find_map(|branch| {
            let early = branch.early.iter_mut().find(|early| *early.dialog.id() == id)?;
            Some((branch.tag, &mut branch.flow, early))
        });
        let Some((tag, heard_at, early)) = found else { return Err(Refusal::status(481)) };
        early.dialog.receive(request)?;
        *heard_at = flow;
        let mut ok = Response::new(request, 200);
        match request.method() {
            Method::Options => ok = ok.header(HeaderName::Allow, ALLOW),
            Method::Update if request.body().is_empty() => ok = ok.header(HeaderName::Contact, env.contact(flow)),
            // RFC 3311 section 5.2: not while our own offer has no answer.
            Method::Update if early.description.is_none() => return Err(try_later()),
            Method::Update => {
                let offer = Description::offered(request, flow, is_emergency)?.ok_or_else(|| Refusal::status(488))?;
                early.description = Some(offer.clone());
                let end = self.end_at(env, tag, flow).ok_or_else(|| Refusal::status(481))?;
                let (answer, format) = offer.answer_by_us(&end).ok_or_else(|| Refusal::status(488))?;
                if is_alone {
                    self.expect(far, offer.listens_at());
                    self.describe(far, Some(format));
                }
                ok = ok.header(HeaderName::Contact, env.contact(flow)).body(SDP, answer);
            }
            _ => return Err(Refusal::status(481)),
        }
        env.respond(key, ok);
        Ok(())
    }

    /// The caller has had its answer, and the session may be changed before the call is answered (RFC 3311).
    pub(super) fn may_update(&self) -> bool {
        self.early.answer.is_some() && self.early.unacknowledged.is_none()
    }

    /// Somebody answered, but the caller does not know yet and never will: true when that was so.
    pub(super) fn take_back(&mut self, env: &mut Env<'_>, status: u16) -> bool {
        let is_held = std::mem::take(&mut self.early).held.is_some();
        if is_held {
            env.respond(self.invite.key, Response::new(&self.invite.request, status));
        }
        is_held
    }
}

impl Branch {
    /// The dialog of a 2xx, which may have begun before, and what the phone described in either.
    pub(super) fn dialog_of(&self, response: &Message) -> Result<(Dialog, Option<Description>), Refusal> {
        let described = Description::of(response)?;
        let id = DialogId::of_response(response);
        match self.early.iter().find(|early| *early.dialog.id() == id) {
            Some(early) => {
                let mut dialog = early.dialog.clone();
                dialog.response(response);
                Ok((dialog, described.or_else(|| early.description.clone())))
            }
            None => Ok((Dialog::uac(response)?, described)),
        }
    }
}
