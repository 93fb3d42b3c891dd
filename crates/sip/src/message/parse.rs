//! The index over a message: lines first, then what every message must have. The first fault is kept and the rest is still
//! read, so that the request can be answered.

use std::ops::Range;

use bytes::Bytes;

use super::text::{is_space, is_token, number, trim};
use super::{
    CSeq, Contact, HeaderName, MAX_BYTES, MAX_HEADER_LINES, Malformed, Message, Method, NameAddr, Refusal, Uri, Values,
    Via,
};

/// A part of the message, in bytes from its beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub name: HeaderName,
    pub start: u32,
    pub value: u32,
    pub end: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    Request { method: Method, text: Span, uri: Span },
    Status { code: u16, reason: Span },
}

impl Span {
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Where `part`, a slice of `whole`, lies.
    fn of(part: &[u8], whole: &[u8]) -> Span {
        let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        if part.is_empty() || start > whole.len() {
            return Span::default();
        }
        span(start, start + part.len())
    }
}

/// Messages longer than [`MAX_BYTES`] are never indexed.
#[expect(clippy::cast_possible_truncation, reason = "offsets are below MAX_BYTES")]
fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32 }
}

/// Header fields that may stand only once (RFC 3261 section 7.3.1 and 20).
const SINGLE: [HeaderName; 7] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::ContentLength,
    HeaderName::ContentType,
];

pub(super) fn parse(raw: Bytes) -> Result<Message, Malformed> {
    if raw.len() > MAX_BYTES {
        return Err(unanswerable(Refusal::status(513)));
    }
    let begin = raw.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(raw.len());
    let mut fault = None;
    let Some((line_end, mut at)) = find_line(&raw, begin, &mut fault) else {
        return Err(unanswerable(Refusal::bad("Not a SIP message")));
    };
    let start = start_line(&raw, begin, line_end, &mut fault)?;
    let mut message = Message {
        raw,
        start,
        lines: Vec::with_capacity(20),
        body: Span::default(),
        branch: Span::default(),
        sent_by: Span::default(),
        from_tag: Span::default(),
        to_tag: Span::default(),
        cseq: CSeq { number: 0, method: Method::Other },
        source: None,
    };
    at = index_lines(&mut message, at, &mut fault);
    check(&mut message, at, &mut fault);
    match fault {
        None => Ok(message),
        Some(refusal) => Err(refuse(message, refusal)),
    }
}

fn unanswerable(refusal: Refusal) -> Malformed {
    Malformed { refusal, answerable: None }
}

fn refuse(message: Message, refusal: Refusal) -> Malformed {
    // A Via that cannot be read names nobody, but the flow it came by does: any Via line will do.
    let is_answerable =
        message.is_request() && message.method() != Method::Ack && message.header(HeaderName::Via).is_some();
    Malformed { refusal, answerable: is_answerable.then(|| Box::new(message)) }
}

/// The end of the line at `begin` without CR LF, and where the next one begins. A lone CR is a fault: other parsers take it
/// for a line end.
fn find_line(raw: &[u8], begin: usize, fault: &mut Option<Refusal>) -> Option<(usize, usize)> {
    let mut at = begin;
    loop {
        let end = at + memchr::memchr2(b'\r', b'\n', raw.get(at..)?)?;
        if raw[end] == b'\n' {
            return Some((end, end + 1));
        }
        if raw.get(end + 1) == Some(&b'\n') {
            return Some((end, end + 2));
        }
        fault.get_or_insert(Refusal::bad("Carriage return without line feed"));
        at = end + 1;
    }
}

/// Request line or status line; what is neither cannot be answered.
fn start_line(raw: &[u8], begin: usize, end: usize, fault: &mut Option<Refusal>) -> Result<Start, Malformed> {
    let line = &raw[begin..end];
    if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"SIP/") {
        return status_line(raw, line);
    }
    let (Some(first), Some(last)) = (memchr::memchr(b' ', line), memchr::memrchr(b' ', trim(line))) else {
        return Err(unanswerable(Refusal::bad("Malformed request line")));
    };
    let (text, uri, version) = (&line[..first], trim(line.get(first + 1..last).unwrap_or_default()), &line[last + 1..]);
    if !is_token(text) || version.len() < 4 || !version[..4].eq_ignore_ascii_case(b"SIP/") {
        return Err(unanswerable(Refusal::bad("Malformed request line")));
    }
    if uri.len() + first + 1 != last || trim(version).len() != version.len() {
        fault.get_or_insert(Refusal::bad("Extra spaces in the request line"));
    } else if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        fault.get_or_insert(Refusal::status(505));
    } else {
        match Uri::parse(uri) {
            // Headers do not belong into a Request-URI (RFC 3261 section 19.1.1, table 1).
            Ok(parsed) if !parsed.headers.is_empty() => {
                fault.get_or_insert(Refusal::bad("Headers in the Request-URI"));
            }
            Ok(_) => {}
            Err(_) => {
                fault.get_or_insert(Refusal::bad("Malformed Request-URI"));
            }
        }
    }
    Ok(Start::Request { method: Method::parse(text), text: Span::of(text, raw), uri: Span::of(uri, raw) })
}

fn status_line(raw: &[u8], line: &[u8]) -> Result<Start, Malformed> {
    let bad = || unanswerable(Refusal::bad("Malformed status line"));
    let rest = line
        .get(..8)
        .filter(|version| version.eq_ignore_ascii_case(b"SIP/2.0 "))
        .map(|_| &line[8..])
        .ok_or_else(bad)?;
    let (code, reason) = super::text::split_once(rest, b' ').unwrap_or((rest, &[]));
    let code = number(code).filter(|code| (100..=699).contains(code)).and_then(|code| u16::try_from(code).ok());
    Ok(Start::Status { code: code.ok_or_else(bad)?, reason: Span::of(reason, raw) })
}

/// Indexes the header lines from `at` on and gives where the body begins.
fn index_lines(message: &mut Message, mut at: usize, fault: &mut Option<Refusal>) -> usize {
    let raw = message.raw.clone();
    loop {
        let begin = at;
        let Some((mut end, mut next)) = find_line(&raw, begin, fault) else {
            fault.get_or_insert(Refusal::bad("Message ends within its header"));
            return raw.len();
        };
        if end == begin {
            return next;
        }
        // Folding (RFC 3261 section 7.3.1): the line goes on when the next one begins with white space.
        while let Some(b' ' | b'\t') = raw.get(next) {
            let Some((folded_end, folded_next)) = find_line(&raw, next, fault) else { break };
            (end, next) = (folded_end, folded_next);
        }
        at = next;
        let line = &raw[begin..end];
        let Some(colon) = memchr::memchr(b':', line) else {
            fault.get_or_insert(Refusal::bad("Header line without a colon"));
            continue;
        };
        let name = trim_end(&line[..colon]);
        if !is_token(name) {
            fault.get_or_insert(Refusal::bad("Malformed header field name"));
            continue;
        }
        if message.lines.len() == MAX_HEADER_LINES {
            fault.get_or_insert(Refusal::bad("Too many header fields"));
            return raw.len();
        }
        let value = begin + colon + 1;
        let value = value + line[colon + 1..].iter().position(|byte| !is_space(*byte)).unwrap_or(end - value);
        let trimmed_end = value + trim_end(&raw[value..end]).len();
        let value = span(value, trimmed_end.max(value));
        message.lines.push(Line {
            name: HeaderName::parse(name),
            start: span(begin, end).start,
            value: value.start,
            end: value.end,
        });
    }
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

/// What every message must have (RFC 3261 section 8.1.1), and the body's length.
fn check(message: &mut Message, body_at: usize, fault: &mut Option<Refusal>) {
    let raw = message.raw.clone();
    let mut seen = [None; SINGLE.len()];
    let mut via = None;
    let is_request = message.is_request();
    for line in &message.lines {
        let value = &raw[line.value as usize..line.end as usize];
        match line.name {
            HeaderName::Via if via.is_none() => via = Values::new(value).next(),
            HeaderName::Contact if is_request => {
                if let Some(refusal) = Values::new(value).find_map(|contact| Contact::parse(contact).err()) {
                    fault.get_or_insert(Refusal { reason: "Malformed Contact", ..refusal });
                }
            }
            name => {
                if let Some(index) = SINGLE.iter().position(|single| *single == name)
                    && seen[index].replace(value).is_some()
                {
                    fault.get_or_insert(Refusal::bad(duplicate(name)));
                }
            }
        }
    }
    let [from, to, call_id, cseq, max_forwards, content_length, _] = seen;
    let mut need = |value: Option<&'_ [u8]>, reason| {
        if value.is_none_or(<[u8]>::is_empty) {
            fault.get_or_insert(Refusal::bad(reason));
        }
    };
    need(via, "Missing Via");
    need(from, "Missing From");
    need(to, "Missing To");
    need(call_id, "Missing Call-ID");
    need(cseq, "Missing CSeq");

    let mut note = |refusal: Refusal| {
        fault.get_or_insert(refusal);
    };
    match via.map(Via::parse) {
        Some(Ok(via)) => {
            message.branch = Span::of(via.unique_branch().unwrap_or_default(), &raw);
            message.sent_by = sent_by(&via, &raw);
        }
        Some(Err(refusal)) => note(refusal),
        None => {}
    }
    match from.map(NameAddr::parse) {
        Some(Ok(address)) => message.from_tag = Span::of(address.tag().unwrap_or_default(), &raw),
        Some(Err(refusal)) => note(Refusal { reason: "Malformed From", ..refusal }),
        None => {}
    }
    match to.map(NameAddr::parse) {
        Some(Ok(address)) => message.to_tag = Span::of(address.tag().unwrap_or_default(), &raw),
        Some(Err(refusal)) => note(Refusal { reason: "Malformed To", ..refusal }),
        None => {}
    }
    match cseq.map(|value| parse_cseq(value, message)) {
        Some(Ok(cseq)) => message.cseq = cseq,
        Some(Err(refusal)) => note(refusal),
        None => {}
    }
    if max_forwards.is_some_and(|value| number(value).is_none_or(|hops| hops > 255)) {
        note(Refusal::bad("Malformed Max-Forwards"));
    }
    let available = raw.len() - body_at;
    let length = match content_length.map(number) {
        None => available,
        Some(Some(length)) if length <= available as u64 => usize::try_from(length).unwrap_or(available),
        Some(Some(length)) if length > MAX_BYTES as u64 => {
            note(Refusal::status(513));
            available
        }
        Some(Some(_)) => {
            note(Refusal::bad("Content-Length beyond the end of the message"));
            available
        }
        Some(None) => {
            note(Refusal::bad("Malformed Content-Length"));
            available
        }
    };
    message.body = span(body_at, body_at + length);
}

/// From the host to the end of the port, as they stand.
fn sent_by(via: &Via<'_>, raw: &[u8]) -> Span {
    let host = Span::of(via.host, raw);
    if via.port.is_none() {
        return host;
    }
    let rest = &raw[host.end as usize..];
    let len =
        rest.iter().position(|byte| !is_space(*byte) && *byte != b':' && !byte.is_ascii_digit()).unwrap_or(rest.len());
    let len = trim_end(&rest[..len]).len();
    span(host.start as usize, host.end as usize + len)
}

fn parse_cseq(value: &[u8], message: &Message) -> Result<CSeq, Refusal> {
    let bad = || Refusal::bad("Malformed CSeq");
    let digits = value.iter().position(|byte| !byte.is_ascii_digit()).ok_or_else(bad)?;
    let number = number(&value[..digits]).and_then(|value| u32::try_from(value).ok()).filter(|value| *value < 1 << 31);
    let text = trim(&value[digits..]);
    if !is_space(value[digits]) || !is_token(text) {
        return Err(bad());
    }
    if message.is_request() && text != message.method_text() {
        return Err(Refusal::bad("CSeq and request line name different methods"));
    }
    Ok(CSeq { number: number.ok_or_else(bad)?, method: Method::parse(text) })
}

fn duplicate(name: HeaderName) -> &'static str {
    match name {
        HeaderName::From => "More than one From",
        HeaderName::To => "More than one To",
        HeaderName::CallId => "More than one Call-ID",
        HeaderName::CSeq => "More than one CSeq",
        HeaderName::MaxForwards => "More than one Max-Forwards",
        HeaderName::ContentLength => "More than one Content-Length",
        _ => "More than one Content-Type",
    }
}
