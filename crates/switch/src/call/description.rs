//! A session description and where its sender listens; written anew with the relay in that place.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use bytes::Bytes;
use lineside_media::{
    g711::Law,
    relay::{Leg, Session},
};
use lineside_sip::{
    HeaderName, Message, Refusal,
    sdp::{self, Relay},
};

pub(super) const SDP: &str = "application/sdp";

/// An offer or an answer.
#[derive(Debug, Clone)]
pub(super) struct Description {
    session: sdp::Session,
    /// Which stream is relayed: the first audio that is not refused.
    audio: Option<usize>,
}

impl Description {
    /// The description in a message; `None` when its body is empty.
    pub(super) fn of(message: &Message) -> Result<Option<Self>, Refusal> {
        if message.body().is_empty() {
            return Ok(None);
        }
        if !message.content_type().is_some_and(|kind| kind.eq_ignore_ascii_case(SDP.as_bytes())) {
            return Err(Refusal::status(415).with(HeaderName::Accept, SDP));
        }
        let session =
            sdp::Session::parse(message.body_bytes()).map_err(|_| Refusal::bad("Malformed session description"))?;
        let audio = session.media.iter().position(|media| media.kind == "audio" && media.port != 0);
        Ok(Some(Self { session, audio }))
    }

    pub(super) fn has_audio(&self) -> bool {
        self.audio.is_some()
    }

    /// Where the sender listens for audio. It may name no usable place (hold by `c=0.0.0.0`).
    pub(super) fn listens_at(&self) -> Option<SocketAddr> {
        self.session.media.get(self.audio?)?.rtp()
    }

    /// The description for the leg `to`: it sends its media to our port. Streams that are not relayed are refused.
    pub(super) fn relayed(&self, to: Leg, media: &Session, address: IpAddr) -> Bytes {
        let relays: Vec<Relay> = (0..self.session.media.len())
            .map(|stream| Relay {
                address: (Some(stream) == self.audio).then(|| SocketAddr::new(address, media.port(to))),
                rtcp_port: None,
            })
            .collect();
        self.session.rewrite(&relays)
    }

    /// An answer to this offer for a prompt of ours, and the law it is spoken in. `None` if the offer has no G.711 in the
    /// clear.
    pub(super) fn answer_with_prompt(&self, port: u16, address: IpAddr) -> Option<(Bytes, Law)> {
        let audio = self.session.media.get(self.audio?)?;
        if audio.proto != "RTP/AVP" {
            return None;
        }
        let law = audio.formats.iter().find_map(|format| Law::of_payload_type(format.parse().ok()?))?;
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        let mut answer = format!("v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n");
        for (stream, media) in self.session.media.iter().enumerate() {
            if Some(stream) == self.audio {
                let (format, name) = (law.payload_type(), if law == Law::Mu { "PCMU" } else { "PCMA" });
                let _ = write!(
                    answer,
                    "m=audio {port} RTP/AVP {format}\r\na=rtpmap:{format} {name}/8000\r\na=ptime:20\r\n"
                );
            } else {
                let format = media.formats.first().map_or("0", String::as_str);
                let _ = write!(answer, "m={} 0 {} {format}\r\n", media.kind, media.proto);
            }
        }
        Some((answer.into(), law))
    }
}
