//! Requests made out of an INVITE that was sent: the ACK of a refusal (RFC 3261 section 17.1.1.3) and CANCEL (section 9.1).
//! Both take its Request-URI, top Via, From, Call-ID, `CSeq` number and Route.

use bytes::Bytes;

use crate::{HeaderName, Message, Method, Request};

/// The ACK has the To of the response, with its tag.
pub(super) fn ack(invite: &Bytes, response: &Message) -> Option<Bytes> {
    follow(invite, response, Method::Ack)
}

pub(super) fn cancel(invite: &Bytes) -> Option<Bytes> {
    let parsed = Message::parse(invite.clone()).ok()?;
    build(&parsed, &parsed, Method::Cancel)
}

fn follow(invite: &Bytes, to: &Message, method: Method) -> Option<Bytes> {
    build(&Message::parse(invite.clone()).ok()?, to, method)
}

fn build(invite: &Message, to: &Message, method: Method) -> Option<Bytes> {
    let via = invite.values(HeaderName::Via).next()?;
    let request = Request::new(method, invite.request_uri())
        .copy(invite, HeaderName::From)
        .copy(to, HeaderName::To)
        .copy(invite, HeaderName::CallId)
        .header(HeaderName::CSeq, format!("{} {method}", invite.cseq().number))
        .copy(invite, HeaderName::Route);
    Some(request.to_bytes(via))
}
