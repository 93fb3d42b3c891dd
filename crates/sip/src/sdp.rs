//! Session descriptions (RFC 8866) as a media relay needs them: read the addresses, put others in, leave the rest alone.

mod parse;
mod rewrite;

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use bytes::Bytes;

/// Who may send (RFC 8866 section 6.7), said by the sender of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// A description: its bytes, and what was read from them.
#[derive(Debug, Clone)]
pub struct Session {
    body: Bytes,
    lines: Vec<Line>,
    /// From the session's own `c=`.
    address: Option<IpAddr>,
    pub media: Vec<Media>,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image`.
    pub kind: String,
    /// 0 for a refused stream.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`.
    pub proto: String,
    /// Payload types or other formats, in the order of preference.
    pub formats: Vec<String>,
    /// From its own `c=` or the session's; none for a host name. 0.0.0.0 is the hold of RFC 2543.
    pub address: Option<IpAddr>,
    /// Its own or the session's.
    pub direction: Direction,
    /// Where RTCP goes if not to the next port (`a=rtcp`, RFC 3605).
    pub rtcp_port: Option<u16>,
    /// RTP and RTCP on one port (RFC 5761).
    pub rtcp_mux: bool,
    /// Has ICE candidates or credentials.
    pub has_ice: bool,
    /// It has a `c=` of its own.
    has_own_address: bool,
}

/// A line of the body: its text without line end, the letter before `=`, and the media section it is in.
#[derive(Debug, Clone)]
struct Line {
    letter: u8,
    text: Range<usize>,
    /// Where the line ends, line end included.
    next: usize,
    /// Index into the media, `None` at session level.
    media: Option<usize>,
}

/// A body that is no session description: to be answered with 400, or 488 in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed session description: {0}")]
pub struct Malformed(pub &'static str);

/// What [`Session::rewrite`] puts in the place of one stream's address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relay {
    /// Where this stream shall go; `None` refuses it (port 0).
    pub address: Option<SocketAddr>,
    /// RTCP, if not on the next port or the same.
    pub rtcp_port: Option<u16>,
    /// How it is coded and kept secret there, if otherwise than its sender said.
    pub recoding: Option<Recoding>,
}

/// What a stream is instead. Its keys (`a=crypto`) are left out: they are for nobody but us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recoding {
    pub proto: String,
    pub formats: Vec<String>,
    /// Of which formats the description's own lines still hold (`rtpmap`, `fmtp`, `rtcp-fb`).
    pub kept: Vec<String>,
    /// Attributes to be added, without `a=`.
    pub attributes: Vec<String>,
}

impl Direction {
    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    fn parse(attribute: &[u8]) -> Option<Direction> {
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive]
            .into_iter()
            .find(|direction| direction.as_str().as_bytes() == attribute)
    }
}

impl Session {
    pub fn parse(body: impl Into<Bytes>) -> Result<Session, Malformed> {
        parse::parse(&body.into())
    }

    /// The first audio stream that is not refused.
    pub fn audio(&self) -> Option<&Media> {
        self.media.iter().find(|media| media.kind == "audio" && media.port != 0)
    }

    /// The values of attribute `name` of media section `index`, without `name:`; for a flag an empty value.
    pub fn attributes<'a>(&'a self, index: usize, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.lines
            .iter()
            .filter(move |line| line.letter == b'a' && line.media == Some(index))
            .filter_map(move |line| attribute(self.value(line), name))
    }

    /// The description with `relays[i]` in the place of the address of `media[i]`, ICE lines left out, all else byte for
    /// byte. Streams beyond `relays` are refused; refused ones stay so. A stream on hold by 0.0.0.0 keeps that address.
    pub fn rewrite(&self, relays: &[Relay]) -> Bytes {
        rewrite::rewrite(self, relays)
    }

    fn value(&self, line: &Line) -> &[u8] {
        &self.body[line.text.start + 2..line.text.end]
    }
}

impl Media {
    /// Where the peer expects RTP; none when it is refused or the address is a host name.
    pub fn rtp(&self) -> Option<SocketAddr> {
        self.address.filter(|_| self.port != 0).map(|address| SocketAddr::new(address, self.port))
    }

    /// Where the peer expects RTCP.
    pub fn rtcp(&self) -> Option<SocketAddr> {
        let rtp = self.rtp()?;
        let next = if self.rtcp_mux { Some(self.port) } else { self.port.checked_add(1) };
        Some(SocketAddr::new(rtp.ip(), self.rtcp_port.or(next)?))
    }

    /// The peer will not hear us: `sendonly`, `inactive`, or 0.0.0.0.
    pub fn is_held(&self) -> bool {
        matches!(self.direction, Direction::SendOnly | Direction::Inactive)
            || self.address.is_some_and(|address| address.is_unspecified())
    }
}

/// The value of `name[:value]`.
fn attribute<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let rest = text.strip_prefix(name.as_bytes())?;
    match rest {
        [] => Some(rest),
        [b':', value @ ..] => Some(value),
        _ => None,
    }
}
