//! What an endpoint is told at construction.

use std::time::Duration;

use crate::Method;
use crate::transaction::Timing;

#[derive(Debug, Clone)]
pub struct Config {
    /// `host[:port]` for Via; the flow's local address when `None`.
    pub sent_by: Option<String>,
    /// Option tags that may stand in `Require`; others get 420 (RFC 3261 section 8.2.2.3).
    pub supported: Vec<String>,
    /// Methods that reach the user; other known ones get 405 with `Allow`, unknown ones 501.
    pub methods: Vec<Method>,
    /// Media types a request's body may have; others get 415 with `Accept` (section 8.2.3), unless the sender says that it
    /// need not be understood. Empty: any.
    pub accepted: Vec<String>,
    /// Transactions kept at once; when it is reached, new requests get 503 without a record.
    pub max_transactions: usize,
    /// T1, the round-trip estimate: 500 ms (RFC 3261 section 17.1.1.1).
    pub t1: Duration,
    /// T2, the longest retransmission interval: 4 s.
    pub t2: Duration,
    /// T4, how long a message stays in the network: 5 s.
    pub t4: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            sent_by: None,
            supported: Vec::new(),
            methods: vec![
                Method::Invite,
                Method::Ack,
                Method::Cancel,
                Method::Bye,
                Method::Options,
                Method::Register,
                Method::Refer,
                Method::Notify,
                Method::Subscribe,
                Method::Info,
            ],
            accepted: Vec::new(),
            max_transactions: 200_000,
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

impl Config {
    pub(crate) fn timing(&self) -> Timing {
        Timing { t1: self.t1, t2: self.t2, t4: self.t4 }
    }

    /// The value of an `Allow` header.
    pub fn allow(&self) -> String {
        self.methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ")
    }
}
