//! Responses to be sent.

use bytes::Bytes;

use super::request::{copy_lines, write_body, write_line};
use super::text::{append_param, split_once, trim, write_number};
use super::{HeaderLine, HeaderName, Message, Method, Values, Via, reason_phrase};

/// A response being written. Via, Record-Route, From, To, Call-ID and `CSeq` are copied from the request verbatim (RFC 3261
/// section 8.2.6.2); the top Via gets `received` and `rport` when the request knows where it came from.
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    method: Method,
    head: Vec<u8>,
    /// Where a To tag must be inserted, if To has none.
    tag_at: Option<usize>,
    body: Bytes,
}

impl Response {
    /// An answer with the status's default phrase.
    pub fn new(request: &Message, status: u16) -> Response {
        Response::with_reason(request, status, reason_phrase(status))
    }

    pub fn with_reason(request: &Message, status: u16, reason: &str) -> Response {
        // What most of them take, so that few have to grow.
        let describes = request.method() == Method::Invite && (101..300).contains(&status);
        let mut head = Vec::with_capacity(if describes { 1024 } else { 512 });
        head.extend_from_slice(b"SIP/2.0 ");
        let digit = |number: u16| b'0' + u8::try_from(number % 10).unwrap_or_default();
        head.extend([digit(status / 100), digit(status / 10), digit(status)]);
        head.push(b' ');
        head.extend(reason.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
        head.extend_from_slice(b"\r\n");
        copy_vias(&mut head, request);
        // Dialog-forming responses carry the recorded route (RFC 3261 section 12.1.1); others need not.
        if (101..300).contains(&status) {
            copy_lines(&mut head, request, HeaderName::RecordRoute);
        }
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq, HeaderName::To] {
            // The first one only: of a request with two, no more than one can be meant.
            if let Some(line) = request.lines().find(|line| line.name == name) {
                head.extend_from_slice(line.raw);
                head.extend_from_slice(b"\r\n");
            }
        }
        let needs_tag = request.to_tag().is_empty() && request.header(HeaderName::To).is_some() && status > 100;
        let tag_at = needs_tag.then(|| head.len() - 2);
        if status == 100 {
            copy_lines(&mut head, request, HeaderName::Timestamp);
        }
        Response { status, method: request.method(), head, tag_at, body: Bytes::new() }
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    /// The method of the request.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Sets the To tag, unless the request had one. The endpoint sets the transaction's own ([`crate::Endpoint::local_tag`])
    /// when none was given.
    #[must_use]
    pub fn to_tag(mut self, tag: impl AsRef<[u8]>) -> Response {
        if let Some(at) = self.tag_at.take() {
            // To is the last line yet, unless headers were added before the tag.
            let (end, semicolon) = (self.head.len(), &b";"[usize::from(self.head[at - 1] == b';')..]);
            for part in [semicolon, b"tag=", tag.as_ref()] {
                self.head.extend_from_slice(part);
            }
            let added = self.head.len() - end;
            self.head[at..].rotate_right(added);
        }
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Response {
        write_line(&mut self.head, name.as_str().as_bytes(), value.as_ref());
        self
    }

    /// A header by a name that [`HeaderName`] does not know.
    #[must_use]
    pub fn other_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Response {
        write_line(&mut self.head, name.as_bytes(), value.as_ref());
        self
    }

    /// Copies every line of that name as it stands.
    #[must_use]
    pub fn copy(mut self, from: &Message, name: HeaderName) -> Response {
        copy_lines(&mut self.head, from, name);
        self
    }

    /// Copies one line as it stands.
    #[must_use]
    pub fn copy_line(mut self, line: HeaderLine<'_>) -> Response {
        self.head.extend_from_slice(line.raw);
        self.head.extend_from_slice(b"\r\n");
        self
    }

    /// Sets the body and its Content-Type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Response {
        let mut response = self.header(HeaderName::ContentType, content_type);
        response.body = body.into();
        response
    }

    /// Sets the body alone; its Content-Type was copied.
    #[must_use]
    pub fn raw_body(mut self, body: impl Into<Bytes>) -> Response {
        self.body = body.into();
        self
    }

    /// The bytes to send. [`crate::Endpoint::respond`] does it for you.
    pub fn into_bytes(self) -> Bytes {
        let mut out = self.head;
        out.reserve_exact(self.body.len() + 32);
        write_body(&mut out, &self.body);
        out.into()
    }
}

fn copy_vias(head: &mut Vec<u8>, request: &Message) {
    let mut is_first = true;
    for line in request.lines().filter(|line| line.name == HeaderName::Via) {
        if is_first {
            write_top_via(head, request, line);
            is_first = false;
        } else {
            head.extend_from_slice(line.raw);
        }
        head.extend_from_slice(b"\r\n");
    }
}

/// The first Via line with `received` and `rport` filled in (RFC 3581 section 4): the port after an empty `rport`, the
/// address at the end of the first value.
fn write_top_via(head: &mut Vec<u8>, request: &Message, line: HeaderLine<'_>) {
    let parsed = Values::new(line.value).next().and_then(|value| Some((value, Via::parse(value).ok()?)));
    let (Some(source), Some((value, via))) = (request.source(), parsed) else {
        head.extend_from_slice(line.raw);
        return;
    };
    let offset = |part: &[u8]| part.as_ptr().addr() - line.raw.as_ptr().addr();
    let value_end = offset(value) + value.len();
    let mut copied = 0;
    let asks_rport = via.params.iter().find(|(name, value)| name.eq_ignore_ascii_case(b"rport") && value.is_empty());
    if let Some((name, _)) = asks_rport {
        let name_end = offset(name) + name.len();
        head.extend_from_slice(&line.raw[..name_end]);
        head.push(b'=');
        write_number(head, source.port());
        copied = name_end;
        // `rport=` with nothing after it: do not write the sign twice.
        if let Some((before, after)) = split_once(&line.raw[copied..value_end], b'=')
            && trim(before).is_empty()
            && matches!(trim(after).first(), None | Some(b';'))
        {
            copied += before.len() + 1;
        }
    }
    head.extend_from_slice(&line.raw[copied..value_end]);
    let address = source.ip().to_canonical().to_string();
    let host_is_source = via.host == address.as_bytes();
    if (asks_rport.is_some() || !host_is_source) && via.received().is_none() {
        append_param(head, &[b"received=", address.as_bytes()]);
    }
    head.extend_from_slice(&line.raw[value_end..]);
}
