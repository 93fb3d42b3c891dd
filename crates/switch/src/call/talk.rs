//! Requests within a call, carried from one leg to the other with the relay put into their descriptions.

use lineside_media::relay::Leg;
use lineside_model::call_report::CallOutcome;
use lineside_sip::{
    DialogId, Flow, HeaderName, Message, Method, Refusal, Request, Response, TransactionKey,
    dialog::{Answer, SessionExpires, SessionTimer},
};

use super::{
    Call, Calls, Description, Env, Stage,
    description::{SDP, offer_of_ours},
    index,
};
use crate::core::ALLOW;

/// A request that one leg sent and the other has not answered yet.
pub(super) struct Forward {
    from: Leg,
    pub(super) server: TransactionKey,
    pub(super) client: TransactionKey,
    pub(super) request: Message,
    offer: Option<Description>,
    /// As the other leg was sent it.
    sent: Request,
}

impl Calls {
    /// A request with a To tag: of a call, or of none.
    pub(crate) fn in_dialog(&mut self, env: &mut Env<'_>, key: TransactionKey, flow: Flow, request: &Message) {
        let Some((id, leg)) = self.by_tag.get(request.to_tag()).copied() else {
            // A BYE that crossed ours ends what has ended.
            let has_ended = self.ended.contains(request.to_tag());
            let status = if has_ended && request.method() == Method::Bye { 200 } else { 481 };
            env.respond(key, Response::new(request, status));
            return;
        };
        env.received(request);
        self.with(env, id, |calls, env, call| {
            if let Err(refusal) = calls.take(env, call, leg, key, flow, request) {
                env.respond(key, refusal.response(request));
            }
        });
    }

    fn take(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        leg: Leg,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
    ) -> Result<(), Refusal> {
        if call.hear_transferor(env, key, request) {
            return Ok(());
        }
        if matches!(call.stage, Stage::Ringing(_)) && call.sides[index(leg)].is_none() {
            return call.take_early(env, key, flow, request);
        }
        let is_talking = matches!(call.stage, Stage::Talking { .. });
        let side = call.side(leg).ok_or_else(|| Refusal::status(481))?;
        if *side.dialog.id() != DialogId::of_request(request) {
            return Err(Refusal::status(481));
        }
        if matches!(request.method(), Method::Invite | Method::Update) {
            SessionTimer::admit(request)?;
        }
        side.dialog.receive(request)?;
        side.flow = flow;
        match request.method() {
            Method::Bye => {
                env.respond(key, Response::new(request, 200));
                match call.stage {
                    Stage::Talking { .. } | Stage::Script(_) | Stage::Ending => self.hang_up(env, call, Some(leg)),
                    _ => self.give_up(env, call, 487, CallOutcome::Cancelled),
                }
            }
            Method::Refer if is_talking => self.refer(env, call, leg, key, request)?,
            Method::Options => {
                env.respond(key, Response::new(request, 200).header(HeaderName::Allow, ALLOW));
            }
            // A session refresh: nothing for the other leg to know.
            Method::Update if request.body().is_empty() => {
                let response = Response::new(request, 200).header(HeaderName::Contact, env.contact(flow));
                let ok = side.agree(env, request, response);
                env.respond(key, ok);
            }
            Method::Invite | Method::Update | Method::Info if is_talking => {
                if let Some(digit) = dtmf(request).filter(|_| request.method() == Method::Info) {
                    self.digit(env, call, leg, digit);
                }
                let forwarded = self.forward(env, call, leg, key, request);
                if let (Err(_), Method::Invite, Some(side)) = (&forwarded, request.method(), call.side(leg)) {
                    side.dialog.refused();
                }
                forwarded?;
            }
            Method::Invite | Method::Update if matches!(call.stage, Stage::Script(_)) => {
                call.answer_change(env, leg, key, request)?;
            }
            Method::Info if matches!(call.stage, Stage::Script(_)) => {
                env.respond(key, Response::new(request, 200));
                if let Some(digit) = dtmf(request) {
                    self.digit(env, call, leg, digit);
                }
            }
            Method::Prack if leg == Leg::A => self.prack(env, call, key, request)?,
            Method::Update if call.may_update() => call.answer_change(env, leg, key, request)?,
            // RFC 3311 section 5.2: an offer before the first was answered.
            Method::Invite | Method::Update => return Err(try_later()),
            _ => return Err(Refusal::status(481)),
        }
        Ok(())
    }

    fn forward(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        leg: Leg,
        key: TransactionKey,
        request: &Message,
    ) -> Result<(), Refusal> {
        let method = request.method();
        let changes_session = matches!(method, Method::Invite | Method::Update);
        let flow = call.side(leg).map_or(env.udp, |side| side.flow);
        let offer = if changes_session { Description::offered(request, flow, false)? } else { None };
        if changes_session {
            call.check_glare(leg, method)?;
        }
        let end = call.end(env, leg.other());
        let Call { sides, id, .. } = call;
        let Some(other) = &mut sides[index(leg.other())] else { return Err(Refusal::status(481)) };
        let mut outgoing = other.dialog.request(method);
        if changes_session {
            outgoing = outgoing.header(HeaderName::Contact, env.contact(other.flow)).header(HeaderName::Allow, ALLOW);
            outgoing = other.wish(outgoing);
        }
        outgoing = match (&offer, end) {
            (Some(offer), Some(end)) => outgoing.body(SDP, offer.onward(&end)),
            _ if request.body().is_empty() => outgoing,
            _ => outgoing.copy(request, HeaderName::ContentType).raw_body(request.body_bytes()),
        };
        if method == Method::Invite {
            self.incoming.insert(key, *id);
        }
        let client = env.request(other.flow, &outgoing);
        self.outgoing.insert(client, *id);
        let forward = Forward { from: leg, server: key, client, request: request.clone(), offer, sent: outgoing };
        call.forwards.push(forward);
        Ok(())
    }

    /// The other leg answered a request that we carried to it.
    pub(super) fn forwarded_answer(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        client: TransactionKey,
        response: &Message,
    ) {
        let status = response.status();
        if status < 200 {
            return;
        }
        let Some(forward) = self.take_forward(call, client) else { return };
        let (asked, answering) = (forward.from, forward.from.other());
        let is_invite = forward.request.method() == Method::Invite;
        let signed = call.signed(env, answering, &forward.sent, response);
        if let Some((sent, client)) = signed {
            self.incoming.insert(forward.server, call.id);
            self.outgoing.insert(client, call.id);
            call.forwards.push(Forward { client, sent, ..forward });
            return;
        }
        let is_update = forward.request.method() == Method::Update;
        if let Some(side) = call.side(answering) {
            side.dialog.response(response);
            match status {
                200..300 if is_update => side.timer = SessionTimer::agreed(response, env.now.instant),
                422 => return call.refused_interval(env, &forward, response),
                _ => {}
            }
        }
        if status >= 300 {
            if let Some(side) = call.side(asked).filter(|_| is_invite) {
                side.dialog.refused();
            }
            env.respond(forward.server, Response::new(&forward.request, status));
            // RFC 3261 section 12.2.1.2: the other phone does not know of the call any more.
            if status == 481 || (status == 408 && is_invite) {
                self.hang_up(env, call, Some(answering));
            }
            return;
        }
        let contact = call.side(asked).map(|side| env.contact(side.flow)).unwrap_or_default();
        let mut ok = Response::new(&forward.request, status);
        if forward.request.method() != Method::Info {
            ok = ok.header(HeaderName::Contact, contact).header(HeaderName::Allow, ALLOW);
        }
        let description = Description::of(response).ok().flatten();
        if let Some(description) = &description {
            let body = match &forward.offer {
                Some(offer) => call.agree(env, asked, offer, description),
                None => call.pass_on_offer(env, answering, description),
            };
            // An answer that we can not follow ends the call, as no answer to an offer would.
            let Some(body) = body else {
                env.respond(forward.server, Response::new(&forward.request, 488));
                return self.hang_up(env, call, None);
            };
            ok = ok.body(SDP, body);
        }
        if let Some(side) = call.side(answering).filter(|_| is_invite) {
            side.took_answer(env, response, forward.offer.is_none());
        }
        if let Some(side) = call.side(asked).filter(|_| is_invite || is_update) {
            ok = side.agree(env, &forward.request, ok);
        }
        let bytes = env.respond(forward.server, ok);
        if let Some(side) = call.side(asked).filter(|_| is_invite) {
            side.dialog.confirm();
            let cseq = forward.request.cseq().number;
            side.answer = Some(Answer::new(env.now.instant, env.endpoint.config(), side.flow, bytes, cseq));
        }
    }

    pub(super) fn forwarded_failure(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        client: TransactionKey,
        status: u16,
    ) {
        let Some(forward) = self.take_forward(call, client) else { return };
        env.respond(forward.server, Response::new(&forward.request, status));
        if forward.request.method() == Method::Invite {
            self.hang_up(env, call, Some(forward.from.other()));
        }
    }

    /// The phone took its re-INVITE back.
    pub(super) fn cancel_forward(&mut self, env: &mut Env<'_>, call: &mut Call, server: TransactionKey) {
        let client = call.forwards.iter().find(|forward| forward.server == server).map(|forward| forward.client);
        let Some(forward) = client.and_then(|client| self.take_forward(call, client)) else { return };
        env.endpoint.cancel(env.now.instant, forward.client);
        env.respond(forward.server, Response::new(&forward.request, 487));
        if let Some(side) = call.side(forward.from) {
            side.dialog.refused();
        }
        if let Some(side) = call.side(forward.from.other()) {
            side.dialog.invite_failed();
        }
    }

    fn take_forward(&mut self, call: &mut Call, client: TransactionKey) -> Option<Forward> {
        let position = call.forwards.iter().position(|forward| forward.client == client)?;
        let forward = call.forwards.remove(position);
        self.incoming.remove(&forward.server);
        self.outgoing.remove(&forward.client);
        Some(forward)
    }
}

impl Call {
    /// A phone that talks with one of ours puts it on hold, or refreshes its session.
    pub(super) fn answer_change(
        &mut self,
        env: &mut Env<'_>,
        leg: Leg,
        key: TransactionKey,
        request: &Message,
    ) -> Result<(), Refusal> {
        let flow = self.side(leg).map_or(env.udp, |side| side.flow);
        let offer = Description::offered(request, flow, false)?;
        let end = self.end(env, leg).ok_or_else(|| Refusal::status(481))?;
        let mut ok = Response::new(request, 200);
        if let Some(side) = self.sides[index(leg)].as_ref() {
            ok = ok.header(HeaderName::Contact, env.contact(side.flow)).header(HeaderName::Allow, ALLOW);
        }
        let is_invite = request.method() == Method::Invite;
        match &offer {
            Some(offer) => {
                let (answer, format) = offer.answer_by_us(&end).ok_or_else(|| Refusal::status(488))?;
                self.expect(leg, offer.listens_at());
                self.describe(leg, Some(format));
                if self.early.answer.is_some() {
                    self.early.answer = Some(answer.clone());
                }
                ok = ok.body(SDP, answer);
            }
            None if is_invite => ok = ok.body(SDP, offer_of_ours(&end, None)),
            None => {}
        }
        if let Some(side) = self.side(leg).filter(|_| request.method() != Method::Prack) {
            ok = side.agree(env, request, ok);
        }
        let bytes = env.respond(key, ok);
        if let Some(side) = self.side(leg).filter(|_| is_invite) {
            side.dialog.confirm();
            let cseq = request.cseq().number;
            side.answer = Some(Answer::new(env.now.instant, env.endpoint.config(), side.flow, bytes, cseq));
        }
        Ok(())
    }

    /// The other leg wants a longer interval than we asked it for: it gets one when the phone tries again.
    fn refused_interval(&mut self, env: &mut Env<'_>, forward: &Forward, response: &Message) {
        let asked = forward.from;
        if let (Some(timer), Some(least)) =
            (self.side(asked.other()).and_then(|side| side.timer.as_mut()), SessionExpires::least(response))
        {
            timer.at_least(least);
        }
        if let Some(side) = self.side(asked).filter(|_| forward.request.method() == Method::Invite) {
            side.dialog.refused();
        }
        env.respond(forward.server, try_later().response(&forward.request));
    }

    /// One change of the session at a time (RFC 3261 section 14).
    fn check_glare(&self, leg: Leg, method: Method) -> Result<(), Refusal> {
        let changes = |forward: &&Forward| forward.request.method() != Method::Info;
        if let Some(pending) = self.forwards.iter().find(changes) {
            return Err(if pending.from == leg { try_later() } else { Refusal::status(491) });
        }
        let other = self.sides[index(leg.other())].as_ref();
        let is_invited = method == Method::Invite && other.is_some_and(|side| !side.dialog.may_invite());
        if is_invited || self.sides.iter().flatten().any(|side| side.answer.is_some()) {
            return Err(Refusal::status(491));
        }
        Ok(())
    }
}

/// RFC 3261 section 14.2: the same phone again, before its last was answered.
pub(super) fn try_later() -> Refusal {
    Refusal::status(500).with(HeaderName::RetryAfter, "2")
}

/// The key in an INFO, in either form that phones send (`application/dtmf-relay` or `application/dtmf`).
fn dtmf(request: &Message) -> Option<char> {
    let body = str::from_utf8(request.body()).ok()?;
    let signal = body.lines().find_map(|line| line.trim().strip_prefix("Signal="));
    let key = signal.unwrap_or(body).trim();
    match key {
        "10" => Some('*'),
        "11" => Some('#'),
        _ => key.chars().next().filter(|key| key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D')),
    }
}
