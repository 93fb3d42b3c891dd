//! SIP messages: an index over the received bytes, typed accessors, and builders that copy untouched lines verbatim.

mod address;
mod header;
mod method;
mod params;
mod parse;
mod refusal;
mod request;
mod response;
mod status;
pub(crate) mod text;
mod uri;
mod values;
mod via;

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

pub use address::{Contact, NameAddr, quote_display};
pub use header::HeaderName;
pub use method::Method;
pub use params::Params;
pub use refusal::{Malformed, Refusal};
pub use request::Request;
pub use response::Response;
pub use status::reason_phrase;
pub use uri::{Scheme, Uri, escape_user};
pub use values::Values;
pub use via::{MAGIC_COOKIE, Via};

use parse::{Line, Span, Start};

/// Longest message accepted, in bytes; a UDP datagram cannot be longer.
pub const MAX_BYTES: usize = 65_535;
/// Most header lines accepted in one message.
pub const MAX_HEADER_LINES: usize = 256;

/// A received message: the bytes as they came, and where its parts lie. Cloning is cheap but for the index (16 bytes a
/// header line).
///
/// What [`Message::parse`] lets through has a Via, From, To, Call-ID and `CSeq` that are well formed and agree with the start
/// line, so the accessors for these cannot fail. The readable rest of a [`Malformed`] request answers with empty values.
#[derive(Clone)]
pub struct Message {
    raw: Bytes,
    start: Start,
    lines: Vec<Line>,
    body: Span,
    branch: Span,
    sent_by: Span,
    from_tag: Span,
    to_tag: Span,
    cseq: CSeq,
    source: Option<SocketAddr>,
}

/// The `CSeq` header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    pub method: Method,
}

/// One header line as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderLine<'a> {
    pub name: HeaderName,
    /// Name and value as they stand, folding included, without the line end at its end.
    pub raw: &'a [u8],
    /// Trimmed.
    pub value: &'a [u8],
}

impl Message {
    /// Indexes one whole message, as a datagram or as cut from a stream. Empty lines before it are skipped; bytes after
    /// `Content-Length` are left out of the body; without `Content-Length` the body goes to the end.
    pub fn parse(raw: Bytes) -> Result<Message, Malformed> {
        parse::parse(raw)
    }

    pub fn is_request(&self) -> bool {
        matches!(self.start, Start::Request { .. })
    }

    pub fn is_response(&self) -> bool {
        !self.is_request()
    }

    /// The method of a request; for a response that of its `CSeq`.
    pub fn method(&self) -> Method {
        match self.start {
            Start::Request { method, .. } => method,
            Start::Status { .. } => self.cseq.method,
        }
    }

    /// The method as it stands in a request line; needed when it is [`Method::Other`].
    pub fn method_text(&self) -> &[u8] {
        match self.start {
            Start::Request { text, .. } => self.at(text),
            Start::Status { .. } => self.cseq.method.as_str().as_bytes(),
        }
    }

    /// The Request-URI byte for byte; empty for a response.
    pub fn request_uri(&self) -> &[u8] {
        match self.start {
            Start::Request { uri, .. } => self.at(uri),
            Start::Status { .. } => &[],
        }
    }

    /// The Request-URI; an empty one for a response.
    pub fn uri(&self) -> Uri<'_> {
        Uri::parse(self.request_uri()).unwrap_or_default()
    }

    /// The status code of a response, 0 for a request.
    pub fn status(&self) -> u16 {
        match self.start {
            Start::Status { code, .. } => code,
            Start::Request { .. } => 0,
        }
    }

    /// The reason phrase of a response, any bytes.
    pub fn reason(&self) -> &[u8] {
        match self.start {
            Start::Status { reason, .. } => self.at(reason),
            Start::Request { .. } => &[],
        }
    }

    /// All header lines in order.
    pub fn lines(&self) -> impl Iterator<Item = HeaderLine<'_>> {
        self.lines.iter().map(|line| HeaderLine {
            name: line.name,
            raw: self.at(Span { start: line.start, end: line.end }),
            value: self.at(Span { start: line.value, end: line.end }),
        })
    }

    /// The value of the first line of that name.
    pub fn header(&self, name: HeaderName) -> Option<&[u8]> {
        self.headers(name).next()
    }

    /// The value of each line of that name.
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        self.lines
            .iter()
            .filter(move |line| line.name == name)
            .map(|line| self.at(Span { start: line.value, end: line.end }))
    }

    /// The value of the first line with a name this crate does not know.
    pub fn other_header(&self, name: &str) -> Option<&[u8]> {
        self.lines().filter(|line| line.name == HeaderName::Other).find_map(|line| {
            let (found, _) = text::split_once(line.raw, b':')?;
            text::trim(found).eq_ignore_ascii_case(name.as_bytes()).then_some(line.value)
        })
    }

    /// Each value of a comma-joined header over all its lines.
    pub fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        self.headers(name).flat_map(Values::new)
    }

    /// Whether an option tag, method or other token is listed in that header (`Require`, `Supported`, `Allow`), without
    /// case.
    pub fn lists(&self, name: HeaderName, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token.as_bytes()))
    }

    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'_>, Refusal>> {
        self.values(HeaderName::Via).map(Via::parse)
    }

    pub fn top_via(&self) -> Via<'_> {
        self.vias().next().and_then(Result::ok).unwrap_or_default()
    }

    /// Branch of the top Via if it identifies a transaction; empty for RFC 2543 peers.
    pub fn branch(&self) -> &[u8] {
        self.at(self.branch)
    }

    /// `host[:port]` of the top Via.
    pub fn sent_by(&self) -> &[u8] {
        self.at(self.sent_by)
    }

    pub fn from(&self) -> NameAddr<'_> {
        self.address(HeaderName::From)
    }

    pub fn to(&self) -> NameAddr<'_> {
        self.address(HeaderName::To)
    }

    fn address(&self, name: HeaderName) -> NameAddr<'_> {
        self.header(name).and_then(|value| NameAddr::parse(value).ok()).unwrap_or_default()
    }

    /// Empty when there is none.
    pub fn from_tag(&self) -> &[u8] {
        self.at(self.from_tag)
    }

    /// Empty when there is none: the request is outside of any dialog.
    pub fn to_tag(&self) -> &[u8] {
        self.at(self.to_tag)
    }

    pub fn call_id(&self) -> &[u8] {
        self.header(HeaderName::CallId).unwrap_or_default()
    }

    pub fn cseq(&self) -> CSeq {
        self.cseq
    }

    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'_>, Refusal>> {
        self.values(HeaderName::Contact).map(Contact::parse)
    }

    /// The first Contact that is an address: the remote target of a dialog.
    pub fn contact(&self) -> Option<NameAddr<'_>> {
        self.contacts().find_map(|contact| match contact {
            Ok(Contact::Address(address)) => Some(address),
            _ => None,
        })
    }

    /// Each address of `Route`, `Record-Route`, `Path`, `P-Asserted-Identity`, `Diversion` and the like.
    pub fn addresses(&self, name: HeaderName) -> impl Iterator<Item = Result<NameAddr<'_>, Refusal>> {
        self.values(name).map(NameAddr::parse)
    }

    pub fn max_forwards(&self) -> Option<u8> {
        let value = text::number(self.header(HeaderName::MaxForwards)?)?;
        u8::try_from(value).ok()
    }

    /// `Max-Forwards` for the next hop, or 483 when this one was the last (RFC 3261 section 16.3). 70 when missing.
    pub fn next_max_forwards(&self) -> Result<u8, Refusal> {
        self.max_forwards().unwrap_or(70).checked_sub(1).ok_or_else(|| Refusal::status(483))
    }

    /// Seconds; too large a number is the largest, nonsense is 3600.
    pub fn expires(&self) -> Option<u32> {
        self.header(HeaderName::Expires).map(address::seconds)
    }

    /// The media type, in any case, without parameters.
    pub fn content_type(&self) -> Option<&[u8]> {
        let value = self.header(HeaderName::ContentType)?;
        Some(text::split_once(value, b';').map_or(value, |(kind, _)| text::trim(kind)))
    }

    pub fn body(&self) -> &[u8] {
        self.at(self.body)
    }

    /// The body, sharing the received buffer.
    pub fn body_bytes(&self) -> Bytes {
        self.raw.slice(self.body.range())
    }

    /// The message as it was received.
    pub fn as_bytes(&self) -> &Bytes {
        &self.raw
    }

    /// Where a request came from; responses then carry `received` and `rport` (RFC 3261 section 18.2.1, RFC 3581).
    pub fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    /// Told by the endpoint, or by who answers without one.
    pub fn set_source(&mut self, source: SocketAddr) {
        self.source = Some(source);
    }

    fn at(&self, span: Span) -> &[u8] {
        self.raw.get(span.range()).unwrap_or_default()
    }
}

/// Start line only: the rest may hold credentials and people's numbers.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.start {
            Start::Request { text, .. } => write!(f, "Message({} request)", self.at(text).escape_ascii()),
            Start::Status { code, .. } => write!(f, "Message({code} to {})", self.cseq.method),
        }
    }
}
