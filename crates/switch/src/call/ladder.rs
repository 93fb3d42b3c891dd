//! The messages of one call, kept as they pass and read only when the call has ended.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use lineside_model::{
    call::{LADDER_MAX, LADDER_TEXT_MAX},
    call_report::LadderStep,
};
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

    fn message(&self) -> Option<Cow<'_, Message>> {
        match &self.what {
            What::Received(message) => Some(Cow::Borrowed(message)),
            What::Sent(bytes) => Message::parse(bytes.clone()).ok().map(Cow::Owned),
        }
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
pub(super) fn ladder(passed: &[Passed], caller: &[u8]) -> Vec<LadderStep> {
    let mut legs: Vec<Box<[u8]>> = vec![caller.into()];
    let steps = passed.iter().filter_map(|passed| {
        let message = passed.message()?;
        let received = matches!(passed.what, What::Received(_));
        // Our tag stands in From of what we ask and of the answers to it, in To of what we are asked.
        let ours = if message.is_request() == received { message.to_tag() } else { message.from_tag() };
        let leg = if ours.is_empty() {
            0
        } else {
            legs.iter().position(|leg| **leg == *ours).unwrap_or_else(|| {
                legs.push(ours.into());
                legs.len() - 1
            })
        };
        let title = if message.is_request() {
            String::from_utf8_lossy(message.method_text()).into_owned()
        } else {
            format!("{} {}", message.status(), String::from_utf8_lossy(message.reason()))
        };
        let leg = u16::try_from(leg).unwrap_or(u16::MAX);
        Some(LadderStep { at: passed.at, leg, received, title, text: text(passed.bytes()) })
    });
    steps.collect()
}

fn text(bytes: &[u8]) -> String {
    let whole = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let mut text = String::with_capacity(whole.len());
    let mut hides = false;
    for line in whole.lines() {
        // A folded line belongs to the one before it (RFC 3261 section 7.3.1).
        hides = if line.starts_with([' ', '\t']) { hides } else { is_secret(line) };
        if hides {
            continue;
        }
        if text.len() + line.len() >= LADDER_TEXT_MAX {
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Whatever white space stands in the name.
fn is_secret(line: &str) -> bool {
    let start = || line.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| byte.to_ascii_lowercase());
    SECRET
        .iter()
        .any(|secret| start().zip(secret.bytes()).take_while(|(one, other)| one == other).count() == secret.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_in_is_left_out_with_its_folded_lines() {
        let told = text(b"INVITE sip:a SIP/2.0\r\nauthorization : Digest a\r\nProxy-Authorization: Digest\r\n response=\"b\"\r\nTo: <sip:c>\r\n\r\na=crypto:1 key\r\n");
        assert!(!told.contains("response") && !told.contains("crypto") && told.contains("To: <sip:c>"), "{told}");
    }
}
