//! The messages of one call, kept as they pass and read only when the call has ended.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use lineside_model::ladder::{LADDER_MAX, LADDER_TEXT_MAX, Ladder};
use lineside_sip::Message;

/// Header lines that sign somebody in, and lines of a description that hold a key.
const SECRET: [&str; 5] =
    ["authorization:", "proxy-authorization:", "www-authenticate:", "proxy-authenticate:", "a=crypto:"];

/// What a response begins with.
const STATUS: &[u8] = b"SIP/2.0 ";

/// A message that passed.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(super) at: DateTime<Utc>,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// With our tag in it.
    Received(Bytes, Bytes),
    Sent(Bytes),
}

impl What {
    pub(super) fn received(message: &Message) -> Self {
        // Our tag stands in From of what we ask and of the answers to it, in To of what we are asked.
        let ours = if message.is_request() { message.to_tag() } else { message.from_tag() };
        Self::Received(message.as_bytes().clone(), message.as_bytes().slice_ref(ours))
    }
}

impl Passed {
    pub(super) fn bytes(&self) -> &Bytes {
        match &self.what {
            What::Received(bytes, _) | What::Sent(bytes) => bytes,
        }
    }

    /// Its name in the ladder, and our tag in it; none before there is a dialog.
    fn told(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        match &self.what {
            What::Received(bytes, ours) => Some((title(bytes), ours[..].into())),
            What::Sent(bytes) => sent(bytes),
        }
    }
}

/// The method of a request; the status code and phrase of a response.
fn title(message: &[u8]) -> Cow<'_, str> {
    // Phones may send empty lines before it.
    let message = message.trim_ascii_start();
    let start = message.lines().next().unwrap_or_default();
    let status = start.strip_prefix(STATUS);
    String::from_utf8_lossy(status.unwrap_or_else(|| start.split(|byte| *byte == b' ').next().unwrap_or_default()))
}

/// Of a message that we wrote, without reading all of it where it stands as we write it.
fn sent(bytes: &Bytes) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
    let title = title(bytes);
    let name: &[u8] = if bytes.starts_with(STATUS) { b"To: " } else { b"From: " };
    let address = bytes.lines().find_map(|line| line.strip_prefix(name));
    let params = address.and_then(|address| Some(&address[memchr::memrchr(b'>', address)? + 1..]));
    if let Some(tag) = params.and_then(|params| params.strip_prefix(b";tag=")) {
        let tag = tag.split(|byte| *byte == b';').next().unwrap_or_default();
        return Some((title, tag.into()));
    }
    let message = Message::parse(bytes.clone()).ok()?;
    let ours = if message.is_request() { message.from_tag() } else { message.to_tag() };
    Some((title, ours.to_owned().into()))
}

/// The lines of a message, found without a look at each byte.
trait Lines {
    /// Where each line ends, its end included.
    fn line_ends(&self) -> impl Iterator<Item = usize>;
    /// Without their ends.
    fn lines(&self) -> impl Iterator<Item = &[u8]>;
}

impl Lines for [u8] {
    fn line_ends(&self) -> impl Iterator<Item = usize> {
        memchr::memchr_iter(b'\n', self).map(|end| end + 1).chain([self.len()])
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.line_ends().map(move |end| self[std::mem::replace(&mut start, end)..end].trim_ascii_end())
    }
}

/// Keeps what passed, up to the most that is kept.
pub(super) fn keep(passed: &mut Vec<Passed>, more: &mut Vec<Passed>) {
    let room = LADDER_MAX.saturating_sub(passed.len());
    more.truncate(room);
    passed.append(more);
}

/// The ladder of a call; `caller` is our tag in the caller's dialog. Each other dialog is a leg of its own, in the order in
/// which they were called.
pub(super) fn ladder(passed: &[Passed], caller: &[u8]) -> Ladder {
    let mut ladder = Ladder::with_capacity(passed.iter().map(|passed| passed.bytes().len() + 64).sum());
    let mut legs: Vec<Box<[u8]>> = vec![caller.into()];
    let mut text = Vec::with_capacity(LADDER_TEXT_MAX);
    for passed in passed {
        let Some((title, ours)) = passed.told() else { continue };
        let leg = if ours.is_empty() {
            0
        } else {
            legs.iter().position(|leg| **leg == *ours).unwrap_or_else(|| {
                legs.push(ours.into());
                legs.len() - 1
            })
        };
        let received = matches!(passed.what, What::Received(..));
        text.clear();
        write_text(passed.bytes(), &mut text);
        ladder.push(passed.at, u16::try_from(leg).unwrap_or(u16::MAX), received, &title, &text);
    }
    ladder
}

/// All lines but those that sign in or hold a key, as they stand.
fn write_text(bytes: &[u8], text: &mut Vec<u8>) {
    // Since `kept`, lines are taken together, unless they are hidden.
    let (mut kept, mut start, mut hides) = (0, 0, false);
    for end in bytes.line_ends() {
        let line = &bytes[start..end];
        // A folded line belongs to the one before it (RFC 3261 section 7.3.1).
        let is_hidden = if line.starts_with(b" ") || line.starts_with(b"\t") { hides } else { is_secret(line) };
        if is_hidden != hides {
            if is_hidden {
                text.extend_from_slice(&bytes[kept..start]);
            }
            (kept, hides) = (start, is_hidden);
        }
        if !hides && text.len() + (end - kept) > LADDER_TEXT_MAX {
            break;
        }
        start = end;
    }
    if !hides {
        text.extend_from_slice(&bytes[kept..start]);
    }
}

/// Whatever white space stands in the name.
fn is_secret(line: &[u8]) -> bool {
    let start = || line.iter().filter(|byte| !byte.is_ascii_whitespace()).map(u8::to_ascii_lowercase);
    // The first letter tells nearly all lines.
    matches!(start().next(), Some(b'a' | b'p' | b'w'))
        && SECRET
            .iter()
            .any(|secret| start().zip(secret.bytes()).take_while(|(one, other)| one == other).count() == secret.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_in_is_left_out_with_its_folded_lines() {
        let mut told = Vec::new();
        write_text(b"INVITE sip:a SIP/2.0\r\nauthorization : Digest a\r\nProxy-Authorization: Digest\r\n response=\"b\"\r\nTo: <sip:c>\r\n\r\na=crypto:1 key\r\n", &mut told);
        assert_eq!(String::from_utf8(told).unwrap(), "INVITE sip:a SIP/2.0\r\nTo: <sip:c>\r\n\r\n");
    }

    #[test]
    fn a_long_message_is_cut_after_a_whole_line_and_what_is_hidden_takes_no_room() {
        let long = "x".repeat(LADDER_TEXT_MAX);
        for secret in [String::new(), format!("Authorization: {long}\r\n")] {
            let mut told = Vec::new();
            write_text(format!("INVITE\r\n{secret}To: a\r\nSubject: {long}\r\nB: b\r\n").as_bytes(), &mut told);
            assert_eq!(told, b"INVITE\r\nTo: a\r\n");
        }
    }

    #[test]
    fn what_we_sent_is_told_as_if_it_had_been_read() {
        let head = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n";
        let cases = [
            (
                "SIP/2.0 180 Ringing",
                "From: <sip:a@b>;tag=1\r\nTo: \"x;tag=9\" <sip:c@d>;tag=ours",
                "180 Ringing",
                "ours",
            ),
            ("SIP/2.0 200 OK", "f: <sip:a@b>;tag=1\r\nt: sip:c@d;tag=ours", "200 OK", "ours"),
            ("SIP/2.0 200 OK", "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;x=1;tag=ours", "200 OK", "ours"),
            ("SIP/2.0 200 OK", "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=ours;x=1", "200 OK", "ours"),
            ("INVITE sip:c@d SIP/2.0", "From: <sip:a@b>;tag=ours\r\nTo: <sip:c@d>", "INVITE", "ours"),
            ("SIP/2.0 100 Trying", "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>", "100 Trying", ""),
        ];
        for (start, addresses, title, ours) in cases {
            let bytes = Bytes::from(format!("{start}\r\n{head}{addresses}\r\n\r\n"));
            assert_eq!(sent(&bytes), Some((title.into(), ours.as_bytes().into())), "{start} {addresses}");
        }
    }
}
