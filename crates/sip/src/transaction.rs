//! Transactions: the state machines of RFC 3261 section 17 as changed by RFC 6026.

/// A transaction of this endpoint. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionKey {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Why a transaction ended without what it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No final response in time (timers B, F); to be treated as 408.
    #[error("no response in time")]
    Timeout,
    /// The flow is gone; to be treated as 503.
    #[error("the connection to the peer is lost")]
    FlowLost,
    /// No ACK for a final response other than 2xx (timer H).
    #[error("no ACK in time")]
    NoAck,
}
