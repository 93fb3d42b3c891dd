//! A session description and where its sender listens; written anew with the relay in that place.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use bytes::Bytes;
use lineside_media::{
    codec::Codec,
    relay::{Leg, LegFormat, Session},
};
use lineside_sip::{
    HeaderName, Message, Refusal,
    sdp::{self, Direction, Relay},
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

    /// How the audio is coded, if this is an answer: by the first codec in it, with the keys as it numbers them.
    pub(super) fn format(&self) -> Option<LegFormat> {
        let stream = self.audio?;
        let audio = self.session.media.get(stream)?;
        let (payload_type, codec) = audio.formats.iter().find_map(|format| self.codec(stream, format))?;
        let mut format = LegFormat::new(codec);
        format.payload_type = payload_type;
        format.telephone_event = self.telephone_event(stream);
        format.rtcp_mux = audio.rtcp_mux;
        Some(format)
    }

    fn codec(&self, stream: usize, format: &str) -> Option<(u8, Codec)> {
        let payload_type: u8 = format.parse().ok()?;
        let mapped = self.rtpmaps(stream).find(|(number, _)| *number == payload_type);
        let codec = match mapped {
            Some((_, name)) => Codec::of_name(name.split('/').next()?),
            None => Codec::of_payload_type(payload_type),
        };
        Some((payload_type, codec?))
    }

    fn telephone_event(&self, stream: usize) -> Option<u8> {
        let is_event = |name: &str| name.to_ascii_lowercase().starts_with("telephone-event/8000");
        self.rtpmaps(stream).find(|(_, name)| is_event(name)).map(|(number, _)| number)
    }

    fn rtpmaps(&self, stream: usize) -> impl Iterator<Item = (u8, &str)> {
        self.session.attributes(stream, "rtpmap").filter_map(|value| {
            let (number, name) = str::from_utf8(value).ok()?.split_once(' ')?;
            Some((number.parse().ok()?, name.trim()))
        })
    }

    /// An answer to this offer by ourselves, and how we speak in it. `None` if the offer has no codec of ours in the
    /// clear.
    pub(super) fn answer_by_us(&self, port: u16, address: IpAddr) -> Option<(Bytes, LegFormat)> {
        let stream = self.audio?;
        let audio = self.session.media.get(stream)?;
        if audio.proto != "RTP/AVP" {
            return None;
        }
        // G.711 costs us nothing; the others are decoded.
        let codecs: Vec<_> = audio.formats.iter().filter_map(|format| self.codec(stream, format)).collect();
        let plain = codecs.iter().find(|(_, codec)| codec.law().is_some());
        let (payload_type, codec) = *plain.or(codecs.first())?;
        let mut format = LegFormat::new(codec);
        format.payload_type = payload_type;
        format.telephone_event = self.telephone_event(stream);
        format.rtcp_mux = audio.rtcp_mux;
        let mut answer = session_lines(address);
        for (index, media) in self.session.media.iter().enumerate() {
            if index == stream {
                let direction = answered(media.direction);
                write_audio(&mut answer, port, &[&format], direction);
                if media.rtcp_mux {
                    answer.push_str("a=rtcp-mux\r\n");
                }
            } else {
                let first = media.formats.first().map_or("0", String::as_str);
                let _ = write!(answer, "m={} 0 {} {first}\r\n", media.kind, media.proto);
            }
        }
        Some((answer.into(), format))
    }
}

/// An offer by ourselves: to a phone that leaves the offer to us.
pub(super) fn offer_of_ours(port: u16, address: IpAddr) -> Bytes {
    let mut offer = session_lines(address);
    let formats = [Codec::Pcmu, Codec::Pcma].map(LegFormat::new);
    write_audio(&mut offer, port, &[&formats[0], &formats[1]], Direction::SendRecv);
    offer.into()
}

fn session_lines(address: IpAddr) -> String {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!("v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n")
}

fn write_audio(out: &mut String, port: u16, formats: &[&LegFormat], direction: Direction) {
    let _ = write!(out, "m=audio {port} RTP/AVP");
    for format in formats {
        let _ = write!(out, " {}", format.payload_type);
    }
    let event = formats.iter().find_map(|format| format.telephone_event);
    if let Some(event) = event {
        let _ = write!(out, " {event}");
    }
    out.push_str("\r\n");
    for format in formats {
        let _ = write!(out, "a=rtpmap:{} {}\r\n", format.payload_type, format.codec.rtpmap());
    }
    if let Some(event) = event {
        let _ = write!(out, "a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n");
    }
    let _ = write!(out, "a=ptime:20\r\na={}\r\n", direction.as_str());
}

/// What we say to who wants to send, or to hear, only (RFC 3264 section 6.1).
fn answered(direction: Direction) -> Direction {
    match direction {
        Direction::SendRecv => Direction::SendRecv,
        Direction::SendOnly => Direction::RecvOnly,
        Direction::RecvOnly => Direction::SendOnly,
        Direction::Inactive => Direction::Inactive,
    }
}
