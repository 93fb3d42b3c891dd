//! What a state machine asked for, done.

use std::time::Instant;

use bytes::Bytes;

use super::{Endpoint, Event, follow};
use crate::transaction::{ClientOther, Machine, Record, Step, WireId};
use crate::{Failure, Flow, Message, Method, Response, TransactionKey};

impl Endpoint {
    /// Carries out the step of a record. `received` is the response that led to it.
    pub(super) fn carry_out(
        &mut self,
        now: Instant,
        key: TransactionKey,
        step: Step,
        received: Option<(Flow, Message)>,
    ) {
        let Some(record) = self.table.get(key) else { return };
        if step.trying {
            record.bytes = trying(&record.bytes, record.flow).unwrap_or_default();
        }
        if step.ack
            && let Some((_, response)) = &received
        {
            record.bytes = follow::ack(&record.bytes, response).unwrap_or_default();
        }
        let (flow, is_silent) = (record.flow, record.is_silent);
        let bytes = (step.send || step.trying || step.ack).then(|| record.bytes.clone());
        let cancel = if step.cancel { follow::cancel(&record.bytes) } else { None };
        if record.machine.is_done_with_bytes() {
            record.bytes = Bytes::new();
        }
        if let Some(bytes) = bytes {
            self.send(flow, bytes);
        }
        if let Some(cancel) = cancel {
            self.send_cancel(now, flow, cancel);
        }
        if step.tell
            && !is_silent
            && let Some((flow, response)) = received
        {
            self.events.push_back(Event::Response { key, flow, response });
        }
        if let Some(failure) = step.failure
            && !is_silent
        {
            self.events.push_back(Event::Failed { key, failure });
        }
        if step.over {
            self.table.remove(key);
        } else {
            self.table.arm(key);
        }
    }

    /// CANCEL has a transaction of its own, with the branch of its INVITE; nobody needs to hear of it.
    fn send_cancel(&mut self, now: Instant, flow: Flow, cancel: Bytes) {
        let Ok(parsed) = Message::parse(cancel.clone()) else { return };
        let wire = WireId::of_client(&self.hash, parsed.branch(), Method::Cancel);
        if self.table.find(wire).is_some() {
            return;
        }
        let (machine, step) = ClientOther::start(self.context(now, flow));
        let machine = Machine::ClientOther(machine);
        let key = self.table.insert(Record { machine, wire, flow, bytes: cancel, is_silent: true, armed: None });
        self.carry_out(now, key, step, None);
    }

    pub(super) fn fail(&mut self, key: TransactionKey, failure: Failure) {
        let is_silent = self.table.get(key).is_none_or(|record| record.is_silent || !record.machine.is_open_client());
        self.table.remove(key);
        if !is_silent {
            self.events.push_back(Event::Failed { key, failure });
        }
    }
}

/// 100 Trying out of the INVITE as it was received.
fn trying(invite: &Bytes, flow: Flow) -> Option<Bytes> {
    let mut request = Message::parse(invite.clone()).ok()?;
    request.set_source(flow.remote);
    Some(Response::new(&request, 100).into_bytes())
}
