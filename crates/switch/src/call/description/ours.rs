//! Descriptions of our own: an offer, and an answer.

use std::{fmt::Write as _, net::IpAddr};

use bytes::Bytes;
use lineside_media::{codec::Codec, relay::LegFormat, srtp::Crypto};
use lineside_sip::sdp::Direction;

use super::{Description, OURS, OurEnd};

impl Description {
    /// An answer to this offer by ourselves, and how we speak in it. `None` if the offer has no codec of ours.
    pub(in crate::call) fn answer_by_us(&self, end: &OurEnd<'_>) -> Option<(Bytes, LegFormat)> {
        let (stream, audio) = self.known_audio()?;
        // G.711 costs us nothing; the others are decoded.
        let (payload_type, codec) = self.nearest(Codec::Pcmu)?;
        let (crypto, srtp) = self.answered_keys(end).ok()?.unzip();
        let format = LegFormat {
            payload_type,
            telephone_event: self.telephone_event(),
            srtp,
            rtcp_mux: audio.rtcp_mux,
            ..LegFormat::new(codec)
        };
        let mut answer = session_lines(end.address.ip());
        for (index, media) in self.session.media.iter().enumerate() {
            if index == stream {
                write_audio(&mut answer, end.address.port(), &media.proto, &[&format], answered(media.direction));
                if media.rtcp_mux {
                    answer.push_str("a=rtcp-mux\r\n");
                }
                write_crypto(&mut answer, crypto.as_ref());
            } else {
                let first = media.formats.first().map_or("0", String::as_str);
                let _ = write!(answer, "m={} 0 {} {first}\r\n", media.kind, media.proto);
            }
        }
        Some((answer.into(), format))
    }
}

/// An offer by ourselves, to a phone that leaves it to us or is to talk to somebody else; what the other leg speaks first.
pub(in crate::call) fn offer_of_ours(end: &OurEnd<'_>, first: Option<Codec>) -> Bytes {
    let mut offer = session_lines(end.address.ip());
    let others = OURS.into_iter().filter(|codec| Some(*codec) != first);
    let formats: Vec<LegFormat> = first.into_iter().chain(others).map(LegFormat::new).collect();
    let crypto = end.crypto();
    let proto = if crypto.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
    write_audio(&mut offer, end.address.port(), proto, &formats.iter().collect::<Vec<_>>(), Direction::SendRecv);
    write_crypto(&mut offer, crypto.as_ref());
    offer.into()
}

fn session_lines(address: IpAddr) -> String {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!("v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n")
}

fn write_audio(out: &mut String, port: u16, proto: &str, formats: &[&LegFormat], direction: Direction) {
    let _ = write!(out, "m=audio {port} {proto}");
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
    for attribute in event.into_iter().flat_map(event_attributes) {
        let _ = write!(out, "a={attribute}\r\n");
    }
    let _ = write!(out, "a=ptime:20\r\na={}\r\n", direction.as_str());
}

fn write_crypto(out: &mut String, crypto: Option<&Crypto>) {
    if let Some(crypto) = crypto {
        let _ = write!(out, "a=crypto:{}\r\n", crypto.to_value());
    }
}

pub(super) fn event_attributes(event: u8) -> [String; 2] {
    [format!("rtpmap:{event} telephone-event/8000"), format!("fmtp:{event} 0-15")]
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
