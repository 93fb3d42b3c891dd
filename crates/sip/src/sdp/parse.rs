//! Reading a description. Only what a relay uses is checked; the rest may be what it likes.

use std::net::IpAddr;

use bytes::Bytes;

use super::{Direction, Line, Malformed, Media, Session, attribute};
use crate::message::text::number;

/// More streams than any call has.
const MAX_MEDIA: usize = 32;
/// Longer than any description of a call; emergency calls carry their location in another body part.
const MAX_BYTES: usize = 32_768;

pub(super) fn parse(body: &Bytes) -> Result<Session, Malformed> {
    if body.len() > MAX_BYTES {
        return Err(Malformed("too long"));
    }
    let lines = lines(body)?;
    let mut session = Session { body: body.clone(), lines: Vec::new(), address: None, media: Vec::new() };
    let mut direction = Direction::default();
    for line in &lines {
        let value = &body[line.text.start + 2..line.text.end];
        match (line.letter, line.media.and_then(|media| session.media.get_mut(media))) {
            (b'm', _) => {
                let media = media(value, session.address, direction).ok_or(Malformed("malformed m= line"))?;
                session.media.push(media);
            }
            (b'c', None) => session.address = connection(value)?,
            (b'c', Some(media)) => {
                media.address = connection(value)?;
                media.has_own_address = true;
            }
            (b'a', None) => direction = Direction::parse(value).unwrap_or(direction),
            (b'a', Some(media)) => media_attribute(media, value)?,
            _ => {}
        }
    }
    session.lines = lines;
    let lacks_address = session
        .media
        .iter()
        .any(|media| media.port != 0 && media.address.is_none() && !has_connection(&session, media));
    if lacks_address { Err(Malformed("no c= line for a stream")) } else { Ok(session) }
}

/// There is a `c=`, if only with a host name.
fn has_connection(session: &Session, media: &Media) -> bool {
    media.has_own_address || session.lines.iter().any(|line| line.letter == b'c' && line.media.is_none())
}

fn lines(body: &[u8]) -> Result<Vec<Line>, Malformed> {
    let mut lines = Vec::with_capacity(32);
    let mut media = None;
    let mut at = 0;
    while at < body.len() {
        let next = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |newline| at + newline + 1);
        let line = body[at..next].strip_suffix(b"\n").unwrap_or(&body[at..next]);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            // Empty lines at the end are common.
            [] if body[next..].iter().all(u8::is_ascii_whitespace) => break,
            [letter, b'=', ..] if letter.is_ascii_lowercase() => {
                if lines.is_empty() && line != b"v=0" {
                    return Err(Malformed("does not begin with v=0"));
                }
                if *letter == b'm' {
                    media = Some(media.map_or(0, |media| media + 1));
                }
                lines.push(Line { letter: *letter, text: at..at + line.len(), next, media });
            }
            _ => return Err(Malformed("a line that is not letter=value")),
        }
        at = next;
    }
    match (lines.is_empty(), media) {
        (true, _) => Err(Malformed("empty")),
        (_, Some(last)) if last >= MAX_MEDIA => Err(Malformed("too many streams")),
        _ => Ok(lines),
    }
}

/// `audio 49170[/2] RTP/AVP 0 8`
fn media(value: &[u8], address: Option<IpAddr>, direction: Direction) -> Option<Media> {
    let text = str::from_utf8(value).ok()?;
    let mut words = text.split_ascii_whitespace();
    let kind = words.next()?.to_owned();
    let port = words.next()?;
    let port = port.split_once('/').map_or(port, |(port, _)| port);
    Some(Media {
        kind,
        port: u16::try_from(number(port.as_bytes())?).ok()?,
        proto: words.next()?.to_owned(),
        formats: words.map(str::to_owned).collect(),
        address,
        direction,
        rtcp_port: None,
        rtcp_mux: false,
        has_ice: false,
        has_own_address: false,
    })
}

/// `IN IP4 192.0.2.1[/127]`; a host name is no error, but no address.
fn connection(value: &[u8]) -> Result<Option<IpAddr>, Malformed> {
    let bad = Malformed("malformed c= line");
    let text = str::from_utf8(value).map_err(|_| bad)?;
    let mut words = text.split_ascii_whitespace();
    let (Some("IN"), Some(kind @ ("IP4" | "IP6")), Some(address), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad);
    };
    let address = address.split_once('/').map_or(address, |(address, _)| address);
    match address.parse::<IpAddr>() {
        Ok(parsed) if parsed.is_ipv4() == (kind == "IP4") => Ok(Some(parsed)),
        Ok(_) => Err(bad),
        Err(_) => Ok(None),
    }
}

fn media_attribute(media: &mut Media, value: &[u8]) -> Result<(), Malformed> {
    if let Some(direction) = Direction::parse(value) {
        media.direction = direction;
    } else if value == b"rtcp-mux" {
        media.rtcp_mux = true;
    } else if let Some(rtcp) = attribute(value, "rtcp") {
        let port = rtcp.split(|byte| *byte == b' ').next().and_then(number).and_then(|port| u16::try_from(port).ok());
        media.rtcp_port = Some(port.ok_or(Malformed("malformed a=rtcp line"))?);
    } else if is_ice(value) {
        media.has_ice = true;
    }
    Ok(())
}

/// Attributes that name the sender's own addresses and the checks of them (RFC 8839).
pub(super) fn is_ice(value: &[u8]) -> bool {
    ["candidate", "remote-candidates", "end-of-candidates"].iter().any(|name| attribute(value, name).is_some())
        || value.starts_with(b"ice-")
}
