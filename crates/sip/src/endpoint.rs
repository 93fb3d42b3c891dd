//! The façade: every flow and transaction of one thread.
//!
//! After each call to [`Endpoint::receive`], [`Endpoint::handle_timeout`] or a command, drain [`Endpoint::poll_event`] and
//! [`Endpoint::poll_transmit`], and wait until [`Endpoint::next_timeout`].

mod admission;
mod carry_out;
mod config;
mod event;
mod follow;
mod receive;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use bytes::Bytes;

pub use config::Config;
pub use event::Event;

use crate::tokens::KeyedHash;
use crate::transaction::{ClientInvite, ClientOther, Context, Machine, Record, Table, WireId};
use crate::{Failure, Flow, Message, Method, Request, Response, Token, Tokens, TransactionKey, Transmit};

/// A user agent's transport and transaction layers for many flows.
pub struct Endpoint {
    config: Config,
    tokens: Tokens,
    hash: KeyedHash,
    table: Table,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Endpoint {
    pub fn new(config: Config, mut tokens: Tokens) -> Endpoint {
        Endpoint {
            config,
            hash: tokens.key(),
            tokens,
            table: Table::default(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Takes a datagram, a WebSocket frame or a [`crate::stream::Frame`]'s bytes. What is malformed is answered at once
    /// and without a record. Hand over bytes of their own size: an INVITE is kept until it has a response.
    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            // A keepalive (RFC 5626 section 3.5.1); some phones send zeros.
            return;
        }
        match Message::parse(bytes) {
            Ok(mut message) if message.is_request() => {
                message.set_source(flow.remote);
                self.receive_request(now, flow, message);
            }
            Ok(message) => self.receive_response(now, flow, message),
            Err(malformed) => self.receive_malformed(flow, malformed),
        }
    }

    /// Sends a request (not ACK, not CANCEL) in a client transaction of its own. When there are too many transactions it
    /// fails at once with [`Failure::FlowLost`].
    pub fn request(&mut self, now: Instant, flow: Flow, request: &Request) -> TransactionKey {
        let branch = self.branch();
        let bytes = request.to_bytes(self.via(flow, &branch));
        let cx = self.context(now, flow);
        let (machine, step) = if request.method() == Method::Invite {
            let (machine, step) = ClientInvite::start(cx);
            (Machine::ClientInvite(machine), step)
        } else {
            let (machine, step) = ClientOther::start(cx);
            (Machine::ClientOther(machine), step)
        };
        let wire = WireId::of_client(&self.hash, branch.as_bytes(), request.method());
        let is_full = self.is_full();
        let key = self.table.insert(Record { machine, wire, flow, bytes, is_silent: false, armed: None });
        if is_full {
            self.fail(key, Failure::FlowLost);
        } else {
            self.carry_out(now, key, step, None);
        }
        key
    }

    /// The request of a client transaction as it was sent; empty once the transaction needs it no more.
    pub fn sent(&mut self, key: TransactionKey) -> Bytes {
        self.table.get(key).map(|record| record.bytes.clone()).unwrap_or_default()
    }

    /// Sends a provisional or final response; nothing happens when the transaction is over or has its final response. The
    /// To tag is set to [`Endpoint::local_tag`] if it is missing. A 2xx to INVITE is sent once: repeat it with
    /// [`crate::dialog::Answer`], for which the bytes are given back.
    pub fn respond(&mut self, now: Instant, key: TransactionKey, response: Response) -> Bytes {
        let Some(flow) = self.table.get(key).map(|record| record.flow) else { return Bytes::new() };
        let cx = self.context(now, flow);
        let tag = self.local_tag(key);
        let Some(record) = self.table.get(key) else { return Bytes::new() };
        let step = record.machine.respond(cx, response.status());
        if !step.send {
            return Bytes::new();
        }
        let bytes = response.to_tag(tag).into_bytes();
        record.bytes = bytes.clone();
        self.carry_out(now, key, step, None);
        bytes
    }

    /// Sends a final response and forgets the transaction at once: the request repeated is a new one. For the 401 that
    /// precedes every registration, and under floods; for a refused INVITE too, whose ACK is then absorbed by its tag.
    pub fn respond_and_forget(&mut self, key: TransactionKey, request: &Message, response: Response) {
        let Some(flow) = self.table.get(key).map(|record| record.flow) else { return };
        self.table.remove(key);
        let tag = self.stateless_tag(request);
        self.send(flow, response.to_tag(tag).into_bytes());
    }

    /// Gives up an INVITE sent with [`Endpoint::request`]. The CANCEL goes out as soon as a provisional response is there
    /// (RFC 3261 section 9.1); the outcome is still a final response, 487 or a crossed 2xx, or a failure 64*T1 later.
    pub fn cancel(&mut self, now: Instant, key: TransactionKey) {
        self.cancel_client(now, key);
    }

    /// Sends an ACK for a 2xx. Send the bytes it gives back again with [`Endpoint::send`] for each repetition of the 2xx.
    pub fn send_ack(&mut self, flow: Flow, ack: &Request) -> Bytes {
        let branch = self.branch();
        let bytes = ack.to_bytes(self.via(flow, &branch));
        self.send(flow, bytes.clone());
        bytes
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, flow: Flow, bytes: Bytes) {
        if !bytes.is_empty() {
            self.transmits.push_back(Transmit { flow, bytes });
        }
    }

    /// The To tag that this server transaction's responses get: the local tag of a dialog it makes. Constant, unguessable.
    pub fn local_tag(&self, key: TransactionKey) -> Token {
        let (slot, generation) = (key.slot.to_le_bytes(), key.generation.to_le_bytes());
        Token::from_number(self.hash.hash(&[b"tag", &slot, &generation]))
    }

    /// A token for a From tag or Call-ID.
    pub fn token(&mut self) -> Token {
        self.tokens.token()
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The connection with this `Flow::id` is gone: its client transactions fail.
    pub fn flow_lost(&mut self, flow_id: u64) {
        for key in self.table.clients_of(flow_id) {
            self.fail(key, Failure::FlowLost);
        }
    }

    /// Lets time pass; call it when [`Endpoint::next_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(key) = self.table.due(now) {
            let Some(flow) = self.table.get(key).map(|record| record.flow) else { continue };
            let cx = self.context(now, flow);
            let Some(record) = self.table.get(key) else { continue };
            let step = record.machine.timeout(cx);
            self.carry_out(now, key, step, None);
        }
    }

    /// When to call [`Endpoint::handle_timeout`]; it may be earlier than anything happens.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.table.next_timeout()
    }

    /// Bytes to send, until `None`.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// What happened, until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Transactions with a record now; 0 once everything has ended and 64*T1 have passed.
    pub fn transactions(&self) -> usize {
        self.table.len()
    }

    fn is_full(&self) -> bool {
        self.table.len() >= self.config.max_transactions
    }

    fn context(&self, now: Instant, flow: Flow) -> Context {
        Context { now, timing: self.config.timing(), reliable: flow.transport.is_reliable() }
    }

    fn branch(&mut self) -> String {
        ["z9hG4bK", &self.tokens.token()].concat()
    }

    fn via(&self, flow: Flow, branch: &str) -> String {
        let own =
            self.config.sent_by.as_ref().map_or_else(|| Cow::from(flow.local.to_string()), |own| own.as_str().into());
        ["SIP/2.0/", flow.transport.as_str(), " ", &own, ";branch=", branch, ";rport"].concat()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("transactions", &self.transactions()).finish_non_exhaustive()
    }
}
