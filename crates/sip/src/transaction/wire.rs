//! What identifies a transaction in messages (RFC 3261 section 17.1.3 and 17.2.3), as a keyed hash: eight bytes a record,
//! and nobody without the key can make two transactions meet.

use crate::tokens::KeyedHash;
use crate::{Message, Method};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WireId(u64);

impl WireId {
    /// The server transaction of a request: branch, sent-by and method; an ACK has its INVITE's. Requests of RFC 2543
    /// elements, which have no such branch, match by Request-URI, From tag, Call-ID, `CSeq` number and top Via.
    pub fn of_request(hash: &KeyedHash, request: &Message) -> WireId {
        let method: &[u8] = match request.method() {
            Method::Ack => b"INVITE",
            _ => request.method_text(),
        };
        WireId::server(hash, request, method)
    }

    /// The INVITE a CANCEL wants to end (RFC 3261 section 9.2).
    pub fn of_cancelled(hash: &KeyedHash, cancel: &Message) -> WireId {
        WireId::server(hash, cancel, b"INVITE")
    }

    fn server(hash: &KeyedHash, request: &Message, method: &[u8]) -> WireId {
        if !request.branch().is_empty() {
            return WireId(hash.hash(&[b"server", request.branch(), request.sent_by(), method]));
        }
        let via = request.values(crate::HeaderName::Via).next().unwrap_or_default();
        let cseq = request.cseq().number.to_le_bytes();
        let parts: [&[u8]; 7] =
            [b"rfc2543", request.request_uri(), request.from_tag(), request.call_id(), &cseq, via, method];
        WireId(hash.hash(&parts))
    }

    /// The client transaction a response belongs to: branch and `CSeq` method.
    pub fn of_response(hash: &KeyedHash, response: &Message) -> WireId {
        WireId::of_client(hash, response.branch(), response.cseq().method)
    }

    pub fn of_client(hash: &KeyedHash, branch: &[u8], method: Method) -> WireId {
        WireId(hash.hash(&[b"client", branch, method.as_str().as_bytes()]))
    }

    pub fn number(self) -> u64 {
        self.0
    }
}
