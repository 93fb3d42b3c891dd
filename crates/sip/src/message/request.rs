//! Requests to be sent.

use bytes::Bytes;

use super::{HeaderLine, HeaderName, Message, Method, text};

/// A request being written. Via, Max-Forwards (unless set) and Content-Length are added when it is sent. Header values are
/// kept on one line: CR and LF in them become spaces.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    uri: Vec<u8>,
    lines: Vec<u8>,
    body: Bytes,
    has_max_forwards: bool,
}

impl Request {
    /// `uri` goes into the request line byte for byte.
    pub fn new(method: Method, uri: impl AsRef<[u8]>) -> Request {
        Request {
            method,
            uri: uri.as_ref().iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect(),
            lines: Vec::with_capacity(if method == Method::Invite { 1024 } else { 512 }),
            body: Bytes::new(),
            has_max_forwards: false,
        }
    }

    /// A request outside of a dialog with the header fields all must have (RFC 3261 section 8.1.1). `from` must hold a tag.
    pub fn initial(
        method: Method,
        uri: impl AsRef<[u8]>,
        from: impl AsRef<[u8]>,
        to: impl AsRef<[u8]>,
        call_id: impl AsRef<[u8]>,
        cseq: u32,
    ) -> Request {
        Request::new(method, uri)
            .header(HeaderName::From, from)
            .header(HeaderName::To, to)
            .header(HeaderName::CallId, call_id)
            .header(HeaderName::CSeq, text::cseq(cseq, method))
    }

    pub fn method(&self) -> Method {
        self.method
    }

    pub fn uri(&self) -> &[u8] {
        &self.uri
    }

    /// It carries credentials.
    pub fn is_signed(&self) -> bool {
        let starts = |line: &[u8]| line.starts_with(b"Authorization: ") || line.starts_with(b"Proxy-Authorization: ");
        self.lines.split(|byte| *byte == b'\n').any(starts)
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Request {
        self.has_max_forwards |= name == HeaderName::MaxForwards;
        write_line(&mut self.lines, name.as_str().as_bytes(), value.as_ref());
        self
    }

    /// A header by a name that [`HeaderName`] does not know.
    #[must_use]
    pub fn other_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        write_line(&mut self.lines, name.as_bytes(), value.as_ref());
        self
    }

    /// Sets a header that was set before to another value.
    #[must_use]
    pub fn replace(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Request {
        let start = [name.as_str().as_bytes(), b": "].concat();
        let lines = std::mem::take(&mut self.lines);
        let kept = lines.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(&start));
        self.lines = kept.flatten().copied().collect();
        self.header(name, value)
    }

    /// Copies every line of that name as it stands.
    #[must_use]
    pub fn copy(mut self, from: &Message, name: HeaderName) -> Request {
        self.has_max_forwards |= name == HeaderName::MaxForwards;
        copy_lines(&mut self.lines, from, name);
        self
    }

    /// Copies one line as it stands: how a B2BUA passes on what it does not know.
    #[must_use]
    pub fn copy_line(mut self, line: HeaderLine<'_>) -> Request {
        self.has_max_forwards |= line.name == HeaderName::MaxForwards;
        self.lines.extend_from_slice(line.raw);
        self.lines.extend_from_slice(b"\r\n");
        self
    }

    /// Sets the body and its Content-Type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Request {
        let mut request = self.header(HeaderName::ContentType, content_type);
        request.body = body.into();
        request
    }

    /// Sets the body alone; its Content-Type was copied.
    #[must_use]
    pub fn raw_body(mut self, body: impl Into<Bytes>) -> Request {
        self.body = body.into();
        self
    }

    /// The request with this top Via value. [`crate::Endpoint::request`] does it for you.
    pub fn to_bytes(&self, via: impl AsRef<[u8]>) -> Bytes {
        let via = via.as_ref();
        let mut out = Vec::with_capacity(self.uri.len() + via.len() + self.lines.len() + self.body.len() + 80);
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(&self.uri);
        out.extend_from_slice(b" SIP/2.0\r\nVia: ");
        out.extend_from_slice(via);
        out.extend_from_slice(b"\r\n");
        if !self.has_max_forwards {
            out.extend_from_slice(b"Max-Forwards: 70\r\n");
        }
        out.extend_from_slice(&self.lines);
        write_body(&mut out, &self.body);
        out.into()
    }
}

/// `HeaderName::Other` has no text: nothing is written for it.
pub(super) fn write_line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    if name.is_empty() {
        return;
    }
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend(value.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}

pub(super) fn copy_lines(out: &mut Vec<u8>, from: &Message, name: HeaderName) {
    for line in from.lines().filter(|line| line.name == name) {
        out.extend_from_slice(line.raw);
        out.extend_from_slice(b"\r\n");
    }
}

pub(super) fn write_body(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(b"Content-Length: ");
    text::write_number(out, body.len());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_add_lines_and_unknown_lines_are_passed_on() {
        let received = Message::parse(
            "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c>\r\ni: x\r\n\
             CSeq: 1 OPTIONS\r\nX-Tenant:  one\r\n\ttwo\r\n\r\n"
                .into(),
        )
        .expect("well formed");
        let mut request = Request::initial(Method::Options, "sip:a\r\nEvil: 1", "<sip:a>;tag=1", "<sip:b>", "c", 1)
            .header(HeaderName::Subject, "hello\r\nEvil: 2")
            .header(HeaderName::Other, "nameless");
        for line in received.lines().filter(|line| line.name == HeaderName::Other) {
            request = request.copy_line(line);
        }
        let sent = Message::parse(request.to_bytes("SIP/2.0/UDP h;branch=z9hG4bK2")).expect("well formed");
        assert_eq!(sent.other_header("Evil"), None);
        assert_eq!(sent.header(HeaderName::Subject), Some(&b"hello  Evil: 2"[..]));
        assert_eq!(sent.other_header("x-tenant"), Some(&b"one\r\n\ttwo"[..]));
        assert_eq!(sent.lines().count(), 9);
        let again = request.replace(HeaderName::CSeq, "2 OPTIONS").to_bytes("SIP/2.0/UDP h;branch=z9hG4bK3");
        let again = Message::parse(again).expect("well formed");
        assert_eq!((again.cseq().number, again.lines().count()), (2, 9));
    }
}
