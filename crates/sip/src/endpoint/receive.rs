//! Messages coming in (RFC 3261 sections 17.1.3, 17.2.3 and 18).

use std::time::Instant;

use super::admission::admit;
use super::{Endpoint, Event};
use crate::transaction::{ClientInvite, Machine, Record, ServerInvite, ServerOther, Step, WireId};
use crate::{Flow, HeaderName, Malformed, Message, Method, Refusal, Response, Token, TransactionKey};

impl Endpoint {
    pub(super) fn receive_malformed(&mut self, flow: Flow, mut malformed: Malformed) {
        if let Some(request) = malformed.answerable.as_deref_mut() {
            request.set_source(flow.remote);
            let tag = self.stateless_tag(request);
            if let Some(response) = malformed.response() {
                self.send(flow, response.to_tag(tag).into_bytes());
            }
        }
        self.events.push_back(Event::Refused { flow, malformed });
    }

    pub(super) fn receive_request(&mut self, now: Instant, flow: Flow, request: Message) {
        match request.method() {
            Method::Ack => self.receive_ack(now, flow, request),
            Method::Cancel => self.receive_cancel(flow, request),
            _ => self.receive_other(now, flow, request),
        }
    }

    fn receive_other(&mut self, now: Instant, flow: Flow, request: Message) {
        let wire = WireId::of_request(&self.hash, &request);
        if let Some(key) = self.table.find(wire) {
            let step = self.table.get(key).map_or(Step::NOTHING, |record| record.machine.repeated());
            self.carry_out(now, key, step, None);
            return;
        }
        if let Err(refusal) = admit(&self.config, &request) {
            self.refuse(flow, request, refusal);
            return;
        }
        if self.is_full() {
            self.refuse(flow, request, Refusal::status(503).with(HeaderName::RetryAfter, "5"));
            return;
        }
        let cx = self.context(now, flow);
        let (machine, bytes) = if request.method() == Method::Invite {
            // Kept for 100 Trying, until there is a response to keep.
            (Machine::ServerInvite(ServerInvite::start(cx)), request.as_bytes().clone())
        } else {
            (Machine::ServerOther(ServerOther::start(cx)), bytes::Bytes::new())
        };
        let key = self.table.insert(Record { machine, wire, flow, bytes, is_silent: false, armed: None });
        self.events.push_back(Event::Request { key, flow, request });
    }

    /// Answers without a record; the same request gets the same answer each time.
    fn refuse(&mut self, flow: Flow, request: Message, refusal: Refusal) {
        let tag = self.stateless_tag(&request);
        self.send(flow, refusal.response(&request).to_tag(tag).into_bytes());
        let malformed = Malformed { refusal, answerable: Some(Box::new(request)) };
        self.events.push_back(Event::Refused { flow, malformed });
    }

    fn receive_ack(&mut self, now: Instant, flow: Flow, request: Message) {
        let invite = self.table.find(WireId::of_request(&self.hash, &request));
        let cx = self.context(now, flow);
        let is_refused = request.to_tag() == self.stateless_tag(&request).as_bytes();
        let step = match invite.and_then(|key| self.table.get(key)).map(|record| &mut record.machine) {
            Some(Machine::ServerInvite(machine)) => machine.ack(cx),
            _ if is_refused => Step::NOTHING,
            _ => Step::TELL,
        };
        if step.tell {
            self.events.push_back(Event::Ack { flow, request });
        }
        if let Some(key) = invite {
            self.carry_out(now, key, Step { tell: false, ..step }, None);
        }
    }

    /// Answered without a record: a repeated CANCEL gets the same answer, and the user hears of the first only.
    fn receive_cancel(&mut self, flow: Flow, request: Message) {
        let invite = self.table.find(WireId::of_cancelled(&self.hash, &request));
        let machine = invite.and_then(|key| self.table.get(key)).map(|record| &mut record.machine);
        let (Some(key), Some(Machine::ServerInvite(machine))) = (invite, machine) else {
            let tag = self.stateless_tag(&request);
            self.send(flow, Response::new(&request, 481).to_tag(tag).into_bytes());
            return;
        };
        let step = machine.cancel();
        let tag = self.local_tag(key);
        self.send(flow, Response::new(&request, 200).to_tag(tag).into_bytes());
        if step.tell {
            self.events.push_back(Event::Cancelled { key, request });
        }
    }

    pub(super) fn receive_response(&mut self, now: Instant, flow: Flow, response: Message) {
        // More than one Via: it was not for us (RFC 3261 section 8.1.3.3).
        let is_ours = response.values(HeaderName::Via).nth(1).is_none();
        let found = self.table.find(WireId::of_response(&self.hash, &response)).filter(|_| is_ours);
        let cx = self.context(now, flow);
        let step = found.and_then(|key| self.table.get(key)).map(|record| {
            let cx = crate::transaction::Context { reliable: record.flow.transport.is_reliable(), ..cx };
            record.machine.response(cx, response.status())
        });
        match (found, step) {
            (Some(key), Some(step)) => self.carry_out(now, key, step, Some((flow, response))),
            _ => self.events.push_back(Event::Stray { flow, response }),
        }
    }

    /// The To tag of answers without a record: constant for a request, and known again in the ACK.
    pub(super) fn stateless_tag(&self, request: &Message) -> Token {
        let cseq = request.cseq().number.to_le_bytes();
        Token::from_number(self.hash.hash(&[b"stateless", request.call_id(), request.from_tag(), &cseq]))
    }

    /// Gives up an INVITE: now, or once a provisional response is there.
    pub(super) fn cancel_client(&mut self, now: Instant, key: TransactionKey) {
        let Some(record) = self.table.get(key) else { return };
        let flow = record.flow;
        let cx = self.context(now, flow);
        let step = match self.table.get(key).map(|record| &mut record.machine) {
            Some(Machine::ClientInvite(machine)) => ClientInvite::cancel(machine, cx),
            _ => Step::NOTHING,
        };
        self.carry_out(now, key, step, None);
    }
}
