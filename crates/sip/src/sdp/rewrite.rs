//! Writing a description again with other addresses in it.

use std::net::IpAddr;

use bytes::Bytes;

use super::parse::is_ice;
use super::{Line, Media, Recoding, Relay, Session, attribute};
use crate::message::text::write_number;

pub(super) fn rewrite(session: &Session, relays: &[Relay]) -> Bytes {
    let mut out = Vec::with_capacity(session.body.len() + 256);
    let refused = Relay::default();
    // A stream that was refused stays so.
    let relay_of = |index: usize| match session.media.get(index) {
        Some(media) if media.port != 0 => relays.get(index).unwrap_or(&refused),
        _ => &refused,
    };
    // The session's own address becomes that of the first stream that goes on.
    let common = (0..session.media.len()).find_map(|index| relay_of(index).address).map(|address| address.ip());
    let mut added: &[String] = &[];
    for line in &session.lines {
        let value = session.value(line);
        let media = line.media.map(|index| (&session.media[index], relay_of(index)));
        match (line.letter, media) {
            (b'c', None) => write_connection(&mut out, session, line, session.address, common),
            (b'c', Some((media, relay))) => {
                write_connection(&mut out, session, line, media.address, relay.address.map(|address| address.ip()));
            }
            (b'm', Some((media, relay))) => {
                add_attributes(&mut out, std::mem::take(&mut added));
                write_media(&mut out, session, line, relay);
                add_connection(&mut out, session, line, media, relay, common);
                added = relay.recoding.as_ref().map_or(&[], |recoding| &recoding.attributes);
            }
            (b'a', _) if is_ice(value) => {}
            // Keys of a stream that does not go on are nobody's business.
            (b'a', Some((_, Relay { address: None, .. }))) if attribute(value, "crypto").is_some() => {}
            (b'a', Some((_, Relay { recoding: Some(recoding), .. }))) if !stays(value, recoding) => {}
            (b'a', Some((_, relay))) if attribute(value, "rtcp").is_some() => {
                write_rtcp(&mut out, session, line, relay);
            }
            _ => out.extend_from_slice(&session.body[line.text.start..line.next]),
        }
    }
    add_attributes(&mut out, added);
    out.into()
}

/// Whether an attribute is true of the stream still.
fn stays(value: &[u8], recoding: &Recoding) -> bool {
    if attribute(value, "crypto").is_some() {
        return false;
    }
    let of_format = ["rtpmap", "fmtp", "rtcp-fb"].iter().find_map(|name| attribute(value, name));
    let Some(of_format) = of_format else { return true };
    let format = of_format.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    format == b"*" || recoding.kept.iter().any(|kept| kept.as_bytes() == format)
}

fn add_attributes(out: &mut Vec<u8>, attributes: &[String]) {
    if !attributes.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    for attribute in attributes {
        for part in ["a=", attribute, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

fn line_end<'a>(session: &'a Session, line: &Line) -> &'a [u8] {
    &session.body[line.text.end..line.next]
}

fn connection(address: IpAddr) -> String {
    let kind = if address.is_ipv4() { "c=IN IP4 " } else { "c=IN IP6 " };
    [kind, &address.to_string()].concat()
}

fn write_connection(out: &mut Vec<u8>, session: &Session, line: &Line, was: Option<IpAddr>, now: Option<IpAddr>) {
    match now.filter(|_| !was.is_some_and(|was| was.is_unspecified())) {
        Some(address) => {
            out.extend_from_slice(connection(address).as_bytes());
            out.extend_from_slice(line_end(session, line));
        }
        None => out.extend_from_slice(&session.body[line.text.start..line.next]),
    }
}

/// Only the port is changed, unless the stream is coded otherwise: the other words stand as they stood.
fn write_media(out: &mut Vec<u8>, session: &Session, line: &Line, relay: &Relay) {
    let text = &session.body[line.text.clone()];
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let kind_end = text.iter().position(is_space).unwrap_or(text.len());
    let port_at = kind_end + text[kind_end..].iter().position(|byte| !is_space(byte)).unwrap_or(0);
    let port_end = port_at + text[port_at..].iter().position(is_space).unwrap_or(text.len() - port_at);
    let port = relay.address.map_or(0, |address| address.port());
    out.extend_from_slice(&text[..port_at]);
    write_number(out, port);
    match &relay.recoding {
        Some(Recoding { proto, formats, .. }) => {
            for word in [proto].into_iter().chain(formats) {
                out.push(b' ');
                out.extend_from_slice(word.as_bytes());
            }
        }
        None => out.extend_from_slice(&text[port_end..]),
    }
    out.extend_from_slice(line_end(session, line));
}

/// A stream that lives on the session's address, but whose relay is on another one, gets a `c=` of its own.
fn add_connection(
    out: &mut Vec<u8>,
    session: &Session,
    line: &Line,
    media: &Media,
    relay: &Relay,
    common: Option<IpAddr>,
) {
    let is_on_hold = media.address.is_some_and(|address| address.is_unspecified());
    let Some(address) = relay.address.map(|address| address.ip()) else { return };
    if media.has_own_address || is_on_hold || Some(address) == common {
        return;
    }
    let end = line_end(session, line);
    if end.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(connection(address).as_bytes());
    out.extend_from_slice(end);
}

/// `a=rtcp:port [IN IP4 address]`; left out when RTCP is where it is expected without it.
fn write_rtcp(out: &mut Vec<u8>, session: &Session, line: &Line, relay: &Relay) {
    let (Some(address), Some(port)) = (relay.address, relay.rtcp_port) else { return };
    let text = if memchr::memchr(b' ', session.value(line)).is_some() {
        format!("a=rtcp:{port} {}", &connection(address.ip())[2..])
    } else {
        format!("a=rtcp:{port}")
    };
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(line_end(session, line));
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Malformed};
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\na=ice-lite\r\na=sendonly\r\n\
        m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:4003 IN IP4 10.0.0.5\r\n\
        a=candidate:1 1 udp 1 10.0.0.5 4000 typ host\r\na=ice-ufrag:x\r\na=rtcp-mux\r\n\
        m=video  5000/2 RTP/AVP 99\r\nc=IN IP6 2001:db8::5\r\na=inactive\r\nm=image 0 udptl t38\r\n";

    fn relay(address: &str) -> Relay {
        Relay { address: Some(address.parse().expect("an address")), rtcp_port: Some(7001), recoding: None }
    }

    #[test]
    fn reads_what_a_relay_needs() {
        let session = Session::parse(OFFER).expect("well formed");
        let [audio, video, image] = &session.media[..] else { panic!("three streams") };
        assert_eq!(session.audio(), Some(audio));
        assert_eq!((audio.port, &audio.proto[..], audio.formats.len()), (4000, "RTP/AVP", 3));
        assert_eq!(audio.rtp(), "10.0.0.5:4000".parse().ok());
        assert_eq!(audio.rtcp(), "10.0.0.5:4003".parse().ok());
        assert!(audio.rtcp_mux && audio.has_ice && audio.is_held());
        assert_eq!(audio.direction, Direction::SendOnly);
        assert_eq!(video.rtp(), "[2001:db8::5]:5000".parse().ok());
        assert_eq!((video.direction, video.rtcp().map(|rtcp| rtcp.port())), (Direction::Inactive, Some(5001)));
        assert_eq!(image.rtp(), None);
        let events: Vec<_> = session.attributes(0, "rtpmap").collect();
        assert_eq!(events, [b"101 telephone-event/8000"]);
    }

    #[test]
    fn puts_other_addresses_in_and_leaves_the_rest() {
        let session = Session::parse(OFFER).expect("well formed");
        let out = session.rewrite(&[relay("192.0.2.1:7000"), relay("192.0.2.1:8000")]);
        let expected = OFFER
            .replace("c=IN IP4 10.0.0.5", "c=IN IP4 192.0.2.1")
            .replace("c=IN IP6 2001:db8::5", "c=IN IP4 192.0.2.1")
            .replace("audio 4000", "audio 7000")
            .replace("video  5000/2", "video  8000")
            .replace("rtcp:4003 IN IP4 10.0.0.5", "rtcp:7001 IN IP4 192.0.2.1")
            .replace("a=ice-lite\r\n", "")
            .replace("a=candidate:1 1 udp 1 10.0.0.5 4000 typ host\r\na=ice-ufrag:x\r\n", "");
        assert_eq!(out, expected.as_bytes());
    }

    #[test]
    fn streams_are_refused_and_moved_to_another_family() {
        let session =
            Session::parse("v=0\nc=IN IP4 1.2.3.4\nm=audio 4 RTP/AVP 0\nm=audio 6 RTP/AVP 0").expect("well formed");
        let refused = session.rewrite(&[Relay::default()]);
        assert_eq!(refused, "v=0\nc=IN IP4 1.2.3.4\nm=audio 0 RTP/AVP 0\nm=audio 0 RTP/AVP 0");
        let moved = session.rewrite(&[relay("192.0.2.1:8"), relay("[::1]:10")]);
        assert_eq!(moved, "v=0\nc=IN IP4 192.0.2.1\nm=audio 8 RTP/AVP 0\nm=audio 10 RTP/AVP 0\r\nc=IN IP6 ::1");
    }

    #[test]
    fn a_stream_is_coded_otherwise_and_loses_its_keys() {
        let offer = "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4 RTP/SAVP 9 18 101\r\na=rtpmap:9 G722/8000\r\n\
            a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp-fb:* nack\r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\na=sendrecv\r\n\
            m=video 6 RTP/SAVP 99\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\n";
        let recoding = Recoding {
            proto: "RTP/AVP".into(),
            formats: vec!["101".into(), "0".into()],
            kept: vec!["101".into()],
            attributes: vec!["rtpmap:0 PCMU/8000".into()],
        };
        let audio = Relay { recoding: Some(recoding), ..relay("192.0.2.1:8") };
        let out = Session::parse(offer).expect("well formed").rewrite(&[audio]);
        let expected = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 8 RTP/AVP 101 0\r\na=rtpmap:101 telephone-event/8000\r\n\
            a=fmtp:101 0-15\r\na=rtcp-fb:* nack\r\na=sendrecv\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/SAVP 99\r\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn old_hold_stays_hold() {
        let session = Session::parse("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4 RTP/AVP 0\r\n\r\n").expect("well formed");
        assert!(session.media[0].is_held());
        assert_eq!(session.rewrite(&[relay("192.0.2.1:8")]), "v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 8 RTP/AVP 0\r\n");
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let bad = [
            "",
            "hello",
            "v=1\r\n",
            "v=0\r\nm=audio\r\n",
            "v=0\r\nm=audio 99999 RTP/AVP 0\r\n",
            "v=0\r\nm=audio 4 RTP/AVP 0\r\n",
            "v=0\r\nc=IN IP4\r\n",
            "v=0\r\nc=IN IP6 1.2.3.4\r\n",
            "v=0\r\n\r\nm=audio 4 RTP/AVP 0\r\n",
            "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4 RTP/AVP 0\r\na=rtcp:x\r\n",
        ];
        for body in bad {
            assert!(Session::parse(body).is_err(), "{body:?}");
        }
        assert_eq!(Session::parse("v=0\r\n".repeat(10_000)).err(), Some(Malformed("too long")));
        assert!(Session::parse("v=0\r\nc=IN IP4 host.example\r\nm=audio 4 RTP/AVP 0\r\n").is_ok());
    }
}
