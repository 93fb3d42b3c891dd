//! Transactions: the state machines of RFC 3261 section 17 as changed by RFC 6026. Each machine is a state and two
//! moments; an event gives a step, which the endpoint carries out. Bytes and addresses are the record's.

mod client_invite;
mod client_other;
mod record;
mod server_invite;
mod server_other;
mod table;
mod timers;
mod timing;
mod wire;

pub(crate) use client_invite::ClientInvite;
pub(crate) use client_other::ClientOther;
pub(crate) use record::{Machine, Record};
pub(crate) use server_invite::ServerInvite;
pub(crate) use server_other::ServerOther;
pub(crate) use table::Table;
pub(crate) use timers::Timers;
pub(crate) use timing::{Clock, Context, Timing};
pub(crate) use wire::WireId;

/// A transaction of this endpoint. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionKey {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl TransactionKey {
    /// No transaction: what is answered to it goes nowhere.
    pub const NONE: TransactionKey = TransactionKey { slot: u32::MAX, generation: u32::MAX };
}

/// Why a transaction ended without what it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No final response in time (timers B, F, or 64*T1 after CANCEL); to be treated as 408.
    #[error("no response in time")]
    Timeout,
    /// The flow is gone, or there is no room for another transaction; to be treated as 503.
    #[error("the connection to the peer is lost")]
    FlowLost,
    /// No ACK for a final response other than 2xx (timer H).
    #[error("no ACK in time")]
    NoAck,
}

/// What a machine wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Step {
    /// Send the bytes of the record: the request, the last response, the ACK.
    pub send: bool,
    /// Hand the message to the user.
    pub tell: bool,
    /// Make the ACK of this response, keep it in the record, and send it.
    pub ack: bool,
    /// Make 100 Trying, keep it in the record, and send it.
    pub trying: bool,
    /// Send the CANCEL that was waiting for a provisional response.
    pub cancel: bool,
    pub failure: Option<Failure>,
    /// The transaction is over.
    pub over: bool,
}

impl Step {
    pub const NOTHING: Step =
        Step { send: false, tell: false, ack: false, trying: false, cancel: false, failure: None, over: false };
    pub const SEND: Step = Step { send: true, ..Step::NOTHING };
    pub const TELL: Step = Step { tell: true, ..Step::NOTHING };
    pub const OVER: Step = Step { over: true, ..Step::NOTHING };

    pub const fn fail(failure: Failure) -> Step {
        Step { failure: Some(failure), over: true, ..Step::NOTHING }
    }
}
