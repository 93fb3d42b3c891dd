//! The messages of one call, kept as they pass and read only when the call has ended.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use lineside_model::ladder::{LADDER_MAX, LADDER_TEXT_MAX, Ladder};
use lineside_sip::Message;

/// Header lines that sign somebody in, and lines of a description that hold a key.
const SECRET: [&str; 5] =
    ["authorization:", "proxy-authorization:", "www-authenticate:", "proxy-authenticate:", "a=crypto:"];

/// A message that passed.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(super) at: DateTime<Utc>,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Received(Box<Message>),
    Sent(Bytes),
}

impl Passed {
    pub(super) fn bytes(&self) -> &Bytes {
        match &self.what {
            What::Received(message) => message.as_bytes(),
            What::Sent(bytes) => bytes,
        }
    }

    /// Its name in the ladder, and our tag in it; none before there is a dialog.
    fn told(&self) -> Option<(String, Cow<'_, [u8]>)> {
        match &self.what {
            What::Received(message) => {
                // Our tag stands in From of what we ask and of the answers to it, in To of what we are asked.
                let ours = if message.is_request() { message.to_tag() } else { message.from_tag() };
                Some((title(message), ours.into()))
            }
            What::Sent(bytes) => sent(bytes),
        }
    }
}

fn title(message: &Message) -> String {
    if message.is_request() {
        String::from_utf8_lossy(message.method_text()).into_owned()
    } else {
        format!("{} {}", message.status(), String::from_utf8_lossy(message.reason()))
    }
}

/// Of a message that we wrote, without reading all of it where it stands as we write it.
fn sent(bytes: &Bytes) -> Option<(String, Cow<'_, [u8]>)> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let start = String::from_utf8_lossy(lines.next()?.trim_ascii_end());
    let status = start.strip_prefix("SIP/2.0 ");
    let title = status.unwrap_or_else(|| start.split(' ').next().unwrap_or_default());
    let name: &[u8] = if status.is_some() { b"To: " } else { b"From: " };
    let address = lines.find_map(|line| line.strip_prefix(name));
    let params = address.and_then(|address| Some(&address[memchr::memrchr(b'>', address)? + 1..]));
    if let Some(tag) = params.and_then(|params| params.trim_ascii_end().strip_prefix(b";tag=")) {
        let tag = tag.split(|byte| *byte == b';').next().unwrap_or_default();
        return Some((title.to_owned(), tag.into()));
    }
    let message = Message::parse(bytes.clone()).ok()?;
    let ours = if message.is_request() { message.from_tag() } else { message.to_tag() };
    Some((title.to_owned(), ours.to_owned().into()))
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
    let mut text = String::with_capacity(LADDER_TEXT_MAX);
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
        let received = matches!(passed.what, What::Received(_));
        text.clear();
        write_text(passed.bytes(), &mut text);
        ladder.push(passed.at, u16::try_from(leg).unwrap_or(u16::MAX), received, &title, &text);
    }
    ladder
}

fn write_text(bytes: &[u8], text: &mut String) {
    let whole = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let mut hides = false;
    for line in whole.split_inclusive('\n') {
        // A folded line belongs to the one before it (RFC 3261 section 7.3.1).
        hides = if line.starts_with([' ', '\t']) { hides } else { is_secret(line) };
        if hides {
            continue;
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if text.len() + line.len() >= LADDER_TEXT_MAX {
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
}

/// Whatever white space stands in the name.
fn is_secret(line: &str) -> bool {
    let start = || line.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| byte.to_ascii_lowercase());
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
        let mut told = String::new();
        write_text(b"INVITE sip:a SIP/2.0\r\nauthorization : Digest a\r\nProxy-Authorization: Digest\r\n response=\"b\"\r\nTo: <sip:c>\r\n\r\na=crypto:1 key\r\n", &mut told);
        assert!(!told.contains("response") && !told.contains("crypto") && told.contains("To: <sip:c>"), "{told}");
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
            assert_eq!(sent(&bytes), Some((title.to_owned(), ours.as_bytes().into())), "{start} {addresses}");
        }
    }
}
