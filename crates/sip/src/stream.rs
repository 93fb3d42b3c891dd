//! Framing of SIP on streams (RFC 3261 section 18.3, RFC 5626 section 3.5.1).

use bytes::{Buf, Bytes, BytesMut};

use crate::HeaderName;
use crate::message::MAX_BYTES;
use crate::message::text::{number, trim};

/// What was cut from the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole message for [`crate::Endpoint::receive`], well formed or not.
    Message(Bytes),
    /// Keepalive CRLF CRLF: answer with [`PONG`].
    Ping,
    /// Nobody can tell where the next message begins. Give these bytes to [`crate::Endpoint::receive`], so that the peer
    /// gets its 400 or 513, send what there is to send, and close the connection.
    Lost(Bytes),
}

/// The answer to [`Frame::Ping`].
pub const PONG: &[u8] = b"\r\n";

/// Longest header of a message on a stream.
const MAX_HEAD: usize = 16_384;

/// Cuts one connection's bytes into messages. Holds at most one message and what was pushed last.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Where the search for the empty line goes on.
    searched: usize,
    is_lost: bool,
}

impl Framer {
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes bytes as they were read. Draining [`Framer::next_frame`] after each push bounds the buffer.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.is_lost {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next frame, if it is whole. After [`Frame::Lost`] there is none any more.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if self.is_lost {
            return None;
        }
        if let Some(ping) = self.keepalive() {
            return Some(ping);
        }
        let Some(head) = self.head_len() else {
            return (self.buffer.len() > MAX_HEAD).then(|| self.lose(MAX_HEAD));
        };
        if let Some(skipped) = rubbish(&self.buffer[..head]) {
            self.searched = 0;
            return Some(Frame::Message(self.take(skipped)));
        }
        let total = match content_length(&self.buffer[..head]) {
            // What is added up must not go round past the largest number.
            Length::Known(length) if length <= MAX_BYTES && head + length <= MAX_BYTES => head + length,
            // Longer than anything we take, doubled, or no number: its end is unknown or out of reach.
            Length::Known(_) | Length::Unclear => return Some(self.lose(head)),
            // It must be there on a stream (RFC 3261 section 20.14); who leaves it out has no body.
            Length::Missing => head,
        };
        if self.buffer.len() < total {
            return None;
        }
        self.searched = 0;
        Some(Frame::Message(self.take(total)))
    }

    /// Skips single line ends between messages; two are a ping.
    fn keepalive(&mut self) -> Option<Frame> {
        if self.searched > 0 {
            return None;
        }
        loop {
            match &self.buffer[..] {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.buffer.advance(4);
                    return Some(Frame::Ping);
                }
                // It may become a ping yet: wait for what follows.
                [b'\r', b'\n', b'\r'] | [b'\r', b'\n'] | [b'\r'] => return None,
                [b'\r', b'\n', ..] => self.buffer.advance(2),
                [b'\n', ..] => self.buffer.advance(1),
                _ => return None,
            }
        }
    }

    /// Bytes up to and with the empty line.
    fn head_len(&mut self) -> Option<usize> {
        let mut at = self.searched;
        while let Some(newline) = memchr::memchr(b'\n', &self.buffer[at..]) {
            let next = at + newline + 1;
            match &self.buffer[next..] {
                [b'\n', ..] => return Some(next + 1),
                [b'\r', b'\n', ..] => return Some(next + 2),
                [] | [b'\r'] => break,
                _ => at = next,
            }
        }
        self.searched = at;
        None
    }

    /// A copy of its own size: the message may be kept while the buffer goes on.
    fn take(&mut self, len: usize) -> Bytes {
        let message = Bytes::copy_from_slice(&self.buffer[..len]);
        self.buffer.advance(len);
        message
    }

    fn lose(&mut self, len: usize) -> Frame {
        self.is_lost = true;
        let head = self.take(len.min(self.buffer.len()));
        self.buffer = BytesMut::new();
        Frame::Lost(head)
    }
}

/// Where a message begins after what is none, such as the body of one that did not say how long it is. There is nothing to
/// skip when the first line names the protocol, as that of every message does, or no other does.
fn rubbish(head: &[u8]) -> Option<usize> {
    let names_protocol = |line: &[u8]| memchr::memmem::find(line, b"SIP/").is_some();
    let begins = |line: &[u8]| trim(line).ends_with(b" SIP/2.0") || line.starts_with(b"SIP/2.0 ");
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    let mut skipped = lines.next().filter(|first| !names_protocol(first))?.len();
    for line in lines {
        if begins(line) {
            return Some(skipped);
        }
        skipped += line.len();
    }
    None
}

enum Length {
    Known(usize),
    Missing,
    Unclear,
}

fn content_length(head: &[u8]) -> Length {
    let mut found = Length::Missing;
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        // A folded line belongs to the one before.
        if matches!(line.first(), Some(b' ' | b'\t'))
            || HeaderName::parse(trim(&line[..colon])) != HeaderName::ContentLength
        {
            continue;
        }
        let length = number(trim(&line[colon + 1..])).and_then(|length| usize::try_from(length).ok());
        found = match (found, length) {
            (Length::Missing, Some(length)) => Length::Known(length),
            (Length::Known(before), Some(length)) if before == length => Length::Known(length),
            _ => return Length::Unclear,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.next_frame()).collect()
    }

    fn message(text: &'static [u8]) -> Frame {
        Frame::Message(Bytes::from_static(text))
    }

    const TWO: &[u8] = b"A b SIP/2.0\r\nl: 3\r\n\r\nxyz\r\n\r\nB b SIP/2.0\r\nContent-Length : 0\r\n\r\n";

    #[test]
    fn messages_and_pings_come_out_however_the_bytes_come_in() {
        let expected = [
            message(b"A b SIP/2.0\r\nl: 3\r\n\r\nxyz"),
            Frame::Ping,
            message(b"B b SIP/2.0\r\nContent-Length : 0\r\n\r\n"),
        ];
        for chunk in 1..TWO.len() {
            let mut framer = Framer::new();
            let mut got = Vec::new();
            for bytes in TWO.chunks(chunk) {
                framer.push(bytes);
                got.extend(frames(&mut framer));
            }
            assert_eq!(got, expected, "in chunks of {chunk}");
        }
    }

    #[test]
    fn a_bad_message_does_not_end_the_connection() {
        let mut framer = Framer::new();
        framer.push(b"rubbish\r\n\r\nA b SIP/2.0\r\nl: 0\r\n\r\n");
        assert_eq!(frames(&mut framer), [message(b"rubbish\r\n\r\n"), message(b"A b SIP/2.0\r\nl: 0\r\n\r\n")]);
        framer.push(b"v=0\r\ns=-\r\nA b SIP/2.0\r\nl: 0\r\n\r\n");
        assert_eq!(frames(&mut framer), [message(b"v=0\r\ns=-\r\n"), message(b"A b SIP/2.0\r\nl: 0\r\n\r\n")]);
    }

    #[test]
    fn framing_is_lost_once() {
        // The third from the end and the head are 2 to the power of 64: nothing at all, where sums go round.
        let (largest, round) = ("18446744073709551615", "18446744073709551576");
        for length in ["-1", "x", "99999999", "99999999999999999999999", round, largest, "1\r\nl: 2"] {
            let mut framer = Framer::new();
            framer.push(format!("A b SIP/2.0\r\nl: {length}\r\n\r\nxyz").as_bytes());
            assert!(matches!(framer.next_frame(), Some(Frame::Lost(head)) if head.ends_with(b"\r\n\r\n")), "{length}");
            framer.push(b"A b SIP/2.0\r\n\r\n");
            assert_eq!(framer.next_frame(), None);
        }
        let mut framer = Framer::new();
        framer.push(&vec![b'x'; MAX_HEAD + 1]);
        assert!(matches!(framer.next_frame(), Some(Frame::Lost(_))));
    }

    #[test]
    fn line_ends_between_messages_are_skipped() {
        let mut framer = Framer::new();
        framer.push(b"\r\nA b SIP/2.0\r\n\r\n\r\n");
        assert_eq!(frames(&mut framer), [message(b"A b SIP/2.0\r\n\r\n")]);
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), [Frame::Ping]);
    }
}
