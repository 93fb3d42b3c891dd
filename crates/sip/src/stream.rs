//! Framing of SIP on streams (RFC 3261 section 18.3, RFC 5626 section 3.5.1).

use bytes::Bytes;

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

/// Cuts one connection's bytes into messages. Holds at most one message and what was pushed last.
#[derive(Debug, Default)]
pub struct Framer {}

impl Framer {
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes bytes as they were read.
    pub fn push(&mut self, _bytes: &[u8]) {
        unimplemented!()
    }

    /// The next frame, if it is whole. After [`Frame::Lost`] there is none any more.
    pub fn next_frame(&mut self) -> Option<Frame> {
        unimplemented!()
    }
}
