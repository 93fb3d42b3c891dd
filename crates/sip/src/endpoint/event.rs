//! What an endpoint tells its user.

use crate::{Failure, Flow, Malformed, Message, TransactionKey};

/// What happened. Retransmissions, ACKs of refusals and repeated CANCELs never get here.
#[derive(Debug, Clone)]
pub enum Event {
    /// A new request, in or outside of a dialog; never ACK or CANCEL. Answer it with [`crate::Endpoint::respond`].
    Request { key: TransactionKey, flow: Flow, request: Message },
    /// The ACK of a 2xx, each time that it is received.
    Ack { flow: Flow, request: Message },
    /// The caller gave up the INVITE `key`, which had no final response yet. The CANCEL was answered; answer the INVITE
    /// with 487.
    Cancelled { key: TransactionKey, request: Message },
    /// A response to [`crate::Endpoint::request`]. A 2xx to INVITE comes each time that it is received, also from further
    /// branches: acknowledge each with [`crate::Endpoint::send_ack`].
    Response { key: TransactionKey, flow: Flow, response: Message },
    /// A response that no transaction knows: a 2xx that came very late, or noise.
    Stray { flow: Flow, response: Message },
    /// The transaction will not get what it waits for. It is over.
    Failed { key: TransactionKey, failure: Failure },
    /// A message was refused, answered if it could be; for counters and bans.
    Refused { flow: Flow, malformed: Malformed },
}
