//! What is wrong with a message, with the status to answer.

use super::{HeaderName, Message, Response, reason_phrase};

/// A reason to refuse a request: the status and phrase the peer gets, and header lines that go with them
/// (`Unsupported` with 420, `Allow` with 405).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {reason}")]
pub struct Refusal {
    pub status: u16,
    pub reason: &'static str,
    /// Usually empty.
    pub headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    /// 400 with a phrase that says what to repair (RFC 3261 section 21.4.1).
    pub const fn bad(reason: &'static str) -> Refusal {
        Refusal { status: 400, reason, headers: Vec::new() }
    }

    /// Any status with its default phrase.
    pub fn status(status: u16) -> Refusal {
        Refusal { status, reason: reason_phrase(status), headers: Vec::new() }
    }

    /// Adds a header line to the answer.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer to `request`.
    pub fn response(&self, request: &Message) -> Response {
        let mut response = Response::with_reason(request, self.status, self.reason);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        response
    }
}

/// A message that cannot be used, and what could be read of it, so that a request still gets an answer: silence costs
/// the peer eleven retransmissions.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{refusal}")]
pub struct Malformed {
    pub refusal: Refusal,
    /// The readable part of a request, or nothing when there is nobody to answer: no Via, a response, an ACK, noise.
    pub answerable: Option<Box<Message>>,
}

impl Malformed {
    /// The answer to send, if the request can be answered at all.
    pub fn response(&self) -> Option<Response> {
        self.answerable.as_deref().map(|request| self.refusal.response(request))
    }
}
