//! Session descriptions (RFC 8866) as a media relay needs them: read the addresses, put others in, leave the rest alone.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// A description, indexed.
#[derive(Debug, Clone)]
pub struct Session {
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
    /// Payload types or other formats.
    pub formats: Vec<String>,
    /// From its own `c=` or the session's; none for a host name.
    pub address: Option<IpAddr>,
    /// Its own or the session's.
    pub direction: Direction,
    /// Where RTCP goes if not to the next port (`a=rtcp`, RFC 3605).
    pub rtcp_port: Option<u16>,
    pub rtcp_mux: bool,
    /// Offers ICE candidates.
    pub has_ice: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed session description: {0}")]
pub struct Malformed(pub &'static str);

/// What [`Session::rewrite`] puts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relay {
    /// Where this stream shall go; `None` refuses it (port 0).
    pub address: Option<SocketAddr>,
    /// RTCP, if not on the next port.
    pub rtcp_port: Option<u16>,
}

impl Session {
    pub fn parse(_body: &[u8]) -> Result<Session, Malformed> {
        unimplemented!()
    }

    /// The first audio stream that is not refused.
    pub fn audio(&self) -> Option<&Media> {
        unimplemented!()
    }

    /// The description with `relays[i]` in the place of the address of `media[i]`, ICE lines left out, all else byte for
    /// byte. Streams beyond `relays` are refused.
    pub fn rewrite(&self, _relays: &[Relay]) -> Bytes {
        unimplemented!()
    }
}
