//! The façade: every flow and transaction of one thread.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{Failure, Flow, Malformed, Message, Method, Request, Response, Token, Tokens, TransactionKey, Transmit};

/// What an endpoint is told at construction.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host[:port]` for Via; the flow's local address when `None`.
    pub sent_by: Option<String>,
    /// Option tags that may stand in `Require`; others get 420 (RFC 3261 section 8.2.2.3).
    pub supported: Vec<String>,
    /// Methods that reach the user; known others get 405 with `Allow`, unknown ones 501.
    pub methods: Vec<Method>,
    /// Transactions kept at once; when it is reached, new requests get 503 without a record.
    pub max_transactions: usize,
    /// T1, the round-trip estimate: 500 ms (RFC 3261 section 17.1.1.1).
    pub t1: Duration,
    /// T2, the longest retransmission interval: 4 s.
    pub t2: Duration,
    /// T4, how long a message stays in the network: 5 s.
    pub t4: Duration,
}

/// What happened. Retransmissions, ACKs of refusals and repeated CANCELs never get here.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new request, in or outside of a dialog; never ACK or CANCEL. Answer it with [`Endpoint::respond`].
    Request { key: TransactionKey, flow: Flow, request: Message },
    /// The ACK of a 2xx.
    Ack { flow: Flow, request: Message },
    /// The caller gave up the INVITE `key`, which had no final response yet. The CANCEL was answered; answer the INVITE
    /// with 487.
    Cancelled { key: TransactionKey, request: Message },
    /// A response to [`Endpoint::request`]. A 2xx to INVITE comes each time that it is received, also from further branches:
    /// acknowledge each with [`Endpoint::send_ack`].
    Response { key: TransactionKey, flow: Flow, response: Message },
    /// A response no transaction knows: a 2xx that came very late, or noise.
    Stray { flow: Flow, response: Message },
    /// The transaction will not get what it waits for. It is over.
    Failed { key: TransactionKey, failure: Failure },
    /// A message was refused, answered if it could be; for counters and bans.
    Refused { flow: Flow, malformed: Malformed },
}

/// A user agent's transport and transaction layers for many flows.
pub struct Endpoint {
    #[expect(dead_code, reason = "the state machines come next")]
    tokens: Tokens,
    #[expect(dead_code, reason = "the state machines come next")]
    hash: crate::tokens::KeyedHash,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            sent_by: None,
            supported: Vec::new(),
            methods: vec![
                Method::Ack,
                Method::Bye,
                Method::Cancel,
                Method::Info,
                Method::Invite,
                Method::Notify,
                Method::Options,
                Method::Refer,
                Method::Register,
                Method::Subscribe,
            ],
            max_transactions: 200_000,
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

impl Endpoint {
    pub fn new(_config: Config, mut tokens: Tokens) -> Endpoint {
        Endpoint { hash: tokens.key(), tokens }
    }

    /// Takes a datagram, a WebSocket frame or a [`crate::stream::Frame`]'s bytes. What is malformed is answered at once
    /// and without a record.
    pub fn receive(&mut self, _now: Instant, _flow: Flow, _bytes: impl Into<Bytes>) {
        unimplemented!()
    }

    /// Sends a request (not ACK, not CANCEL) in a client transaction of its own. 503 ([`Failure::FlowLost`]) is told by
    /// an event when there are too many transactions.
    pub fn request(&mut self, _now: Instant, _flow: Flow, _request: Request) -> TransactionKey {
        unimplemented!()
    }

    /// Sends a provisional or final response; nothing happens when the transaction is over. The To tag is set to
    /// [`Endpoint::local_tag`] if it is missing. A 2xx to INVITE is sent once: repeat it with [`crate::dialog::Answer`],
    /// for which the sent bytes are given back.
    pub fn respond(&mut self, _now: Instant, _key: TransactionKey, _response: Response) -> Bytes {
        unimplemented!()
    }

    /// Sends a final response and forgets the transaction at once: a repeated request is a new one. For the 401 that
    /// precedes every registration, and under floods. Not for INVITE over UDP.
    pub fn respond_and_forget(&mut self, _now: Instant, _key: TransactionKey, _response: Response) {
        unimplemented!()
    }

    /// Gives up an INVITE sent with [`Endpoint::request`]. The CANCEL goes out as soon as a provisional response is there
    /// (RFC 3261 section 9.1); the outcome is still a final response, 487 or a crossed 2xx, or a failure 64*T1 later.
    pub fn cancel(&mut self, _now: Instant, _key: TransactionKey) {
        unimplemented!()
    }

    /// Sends an ACK for a 2xx. Send the bytes it gives back again with [`Endpoint::send`] for each repetition of the 2xx.
    pub fn send_ack(&mut self, _now: Instant, _flow: Flow, _ack: Request) -> Bytes {
        unimplemented!()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, _flow: Flow, _bytes: Bytes) {
        unimplemented!()
    }

    /// The To tag this server transaction's responses get: the local tag of a dialog it makes. Constant, unguessable.
    pub fn local_tag(&self, _key: TransactionKey) -> Token {
        unimplemented!()
    }

    /// A token for a From tag or Call-ID.
    pub fn token(&mut self) -> Token {
        unimplemented!()
    }

    /// The connection with this `Flow::id` is gone: its client transactions fail.
    pub fn flow_lost(&mut self, _now: Instant, _flow_id: u64) {
        unimplemented!()
    }

    /// Lets time pass; call it when [`Endpoint::next_timeout`] has come.
    pub fn handle_timeout(&mut self, _now: Instant) {
        unimplemented!()
    }

    /// When to call [`Endpoint::handle_timeout`]; it may be earlier than anything happens.
    pub fn next_timeout(&self) -> Option<Instant> {
        unimplemented!()
    }

    /// Bytes to send, until `None`.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        unimplemented!()
    }

    /// What happened, until `None`.
    pub fn poll_event(&mut self) -> Option<Event> {
        unimplemented!()
    }

    /// Transactions with a record now; 0 once everything has ended and 64*T1 have passed.
    pub fn transactions(&self) -> usize {
        unimplemented!()
    }
}
