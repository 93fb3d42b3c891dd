//! A session description as one leg sent it, written anew for the other: with the relay's address, with keys of ours where
//! signalling is secure (RFC 4568), and with the codecs that the relay can translate.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use bytes::Bytes;
use lineside_media::{
    codec::Codec,
    relay::{Leg, LegFormat, Session},
    srtp::{Crypto, KeyMaker, SrtpKey, SrtpKeys, Suite},
};
use lineside_sip::{
    Flow, HeaderName, Message, Refusal, Token, Transport,
    sdp::{self, Direction, Media, Recoding, Relay},
};

use super::Env;

pub(super) const SDP: &str = "application/sdp";

/// What we offer, first the cheapest.
const OURS: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
/// The suite that we offer: every phone with SRTP has it.
const SUITE: Suite = Suite::AesCm80;
/// The tag of the one `a=crypto` that we offer.
const TAG: u32 = 1;

/// Whether keys may be read and written in the clear, because nobody but the peer sees them.
pub(super) fn is_secure(flow: Flow) -> bool {
    matches!(flow.transport, Transport::Tls | Transport::Wss)
}

/// Our end of a leg: where the leg sends its sound, and what we protect ours with.
pub(super) struct OurEnd<'a> {
    address: SocketAddr,
    keys: &'a KeyMaker,
    /// Of our key: no other dialog, and no other media of the same one, has it.
    name: String,
    /// We offer to protect sound.
    is_secure: bool,
}

impl<'a> OurEnd<'a> {
    pub(super) fn new(env: &Env<'a>, media: &Session, leg: Leg, tag: Token, flow: Flow) -> Self {
        Self {
            address: SocketAddr::new(env.rules.media_addr, media.port(leg)),
            keys: env.keys,
            name: format!("{tag}/{}", media.id()),
            is_secure: is_secure(flow),
        }
    }

    /// For who refused to protect sound, or is not to be asked to.
    pub(super) fn in_the_clear(self, is_clear: bool) -> Self {
        Self { is_secure: self.is_secure && !is_clear, ..self }
    }

    fn key(&self, suite: Suite) -> Option<SrtpKey> {
        self.keys.key(suite, &self.name)
    }

    fn crypto(&self) -> Option<Crypto> {
        Some(Crypto { tag: TAG, key: self.key(SUITE).filter(|_| self.is_secure)? })
    }
}

/// An offer or an answer.
#[derive(Debug, Clone)]
pub(super) struct Description {
    session: sdp::Session,
    /// Which stream is relayed: the first audio that is not refused.
    audio: Option<usize>,
}

/// What both legs come to: the answer for who asked, and how each is coded where we know.
pub(super) struct Agreed {
    pub(super) body: Bytes,
    /// Where who asked listens.
    pub(super) listens_at: Option<SocketAddr>,
    pub(super) asked: Option<LegFormat>,
    pub(super) answering: Option<LegFormat>,
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
        let audio = session.media.iter().position(is_audio);
        Ok(Some(Self { session, audio }))
    }

    /// An offer that came over a flow. Where others could read the keys in it, a stream that needs some is passed over, and
    /// an offer with no other is refused; unless it is a call for help.
    pub(super) fn offered(message: &Message, flow: Flow, is_emergency: bool) -> Result<Option<Self>, Refusal> {
        let Some(mut offer) = Self::of(message)? else { return Ok(None) };
        let may_protect = is_secure(flow) || is_emergency;
        let fits = |(stream, media): (usize, &Media)| match profile(media) {
            Profile::Plain | Profile::Other => true,
            Profile::Protected => may_protect && offer.crypto(stream).is_some(),
        };
        let mut streams = offer.session.media.iter().enumerate().filter(|(_, media)| is_audio(media));
        let fitting = streams.clone().find(|(stream, media)| fits((*stream, *media))).map(|(stream, _)| stream);
        if fitting.is_none() && streams.next().is_some() {
            let why = "399 lineside \"Protected sound needs SIP over TLS and AES_CM_128_HMAC_SHA1_80\"";
            return Err(Refusal::status(488).with(HeaderName::Warning, why));
        }
        offer.audio = fitting;
        Ok(Some(offer))
    }

    pub(super) fn has_audio(&self) -> bool {
        self.audio.is_some()
    }

    /// Where the sender listens for audio. It may name no usable place (hold by `c=0.0.0.0`).
    pub(super) fn listens_at(&self) -> Option<SocketAddr> {
        self.session.media.get(self.audio?)?.rtp()
    }

    /// This offer, for the other leg: what its sender speaks comes first, then what else we can translate.
    pub(super) fn onward(&self, to: &OurEnd<'_>) -> Bytes {
        let Some((stream, audio)) = self.known_audio() else { return self.rewritten(to, None) };
        let crypto = to.crypto();
        let mut recoding = Recoding {
            proto: profile_of(audio, crypto.is_some()),
            formats: audio.formats.clone(),
            kept: audio.formats.clone(),
            attributes: crypto.iter().map(|crypto| format!("crypto:{}", crypto.to_value())).collect(),
        };
        let theirs = self.codecs(stream);
        for codec in OURS.into_iter().filter(|codec| !theirs.is_empty() && theirs.iter().all(|(_, of)| of != codec)) {
            let Some(number) = self.free_number(stream, codec) else { continue };
            recoding.attributes.push(format!("rtpmap:{number} {}", codec.rtpmap()));
            recoding.formats.push(number.to_string());
        }
        self.rewritten(to, Some((stream, recoding)))
    }

    /// This answer to an offer that was passed on, for who made the offer.
    pub(super) fn answer_to(
        &self,
        offer: &Description,
        asked: &OurEnd<'_>,
        answering: &OurEnd<'_>,
    ) -> Result<Agreed, Refusal> {
        let (Some((stream, answered)), Some((_, offered))) = (self.known_audio(), offer.known_audio()) else {
            let body = self.rewritten(asked, None);
            return Ok(Agreed { body, listens_at: offer.listens_at(), asked: None, answering: None });
        };
        let (crypto, asked_keys) = offer.answered_keys(asked)?.unzip();
        let mut recoding = Recoding {
            proto: offered.proto.clone(),
            attributes: crypto.iter().map(|crypto: &Crypto| format!("crypto:{}", crypto.to_value())).collect(),
            ..Recoding::default()
        };
        let theirs = self.first_codec(stream);
        let chosen = theirs.and_then(|(_, codec)| offer.nearest(codec));
        let format = |(payload_type, codec): (u8, Codec), of: &Self, srtp| LegFormat {
            payload_type,
            telephone_event: of.telephone_event(),
            srtp,
            rtcp_mux: answered.rtcp_mux,
            ..LegFormat::new(codec)
        };
        let answering =
            theirs.map(|theirs| self.keys_for(answering).map(|keys| format(theirs, self, keys))).transpose()?;
        let Some((number, codec)) = chosen else {
            // Nothing that we know: what both of them do, we need not.
            let kept = self.shared_with(offer);
            recoding.formats.clone_from(&kept);
            recoding.kept = kept;
            let body = self.rewritten(asked, Some((stream, recoding)));
            return Ok(Agreed { body, listens_at: offer.listens_at(), asked: None, answering: None });
        };
        let mut kept = self.shared_with(offer);
        let is_chosen = |format: &String| *format == number.to_string();
        if !kept.iter().any(is_chosen) {
            recoding.attributes.push(format!("rtpmap:{number} {}", codec.rtpmap()));
        }
        recoding.formats.push(number.to_string());
        recoding.formats.extend(kept.iter().filter(|format| !is_chosen(format)).cloned());
        if let Some(event) = offer.telephone_event().filter(|event| !kept.contains(&event.to_string())) {
            recoding.attributes.extend(event_attributes(event));
            recoding.formats.push(event.to_string());
        }
        recoding.kept = std::mem::take(&mut kept);
        let body = self.rewritten(asked, Some((stream, recoding)));
        let asked = Some(format((number, codec), offer, asked_keys));
        Ok(Agreed { body, listens_at: offer.listens_at(), asked, answering })
    }

    /// How the leg is coded whose answer this is to an offer of ours: by the first codec in it, with the keys as it numbers
    /// them.
    pub(super) fn agreed_with_us(&self, end: &OurEnd<'_>) -> Option<LegFormat> {
        let (stream, audio) = self.known_audio()?;
        let (payload_type, codec) = self.first_codec(stream)?;
        Some(LegFormat {
            payload_type,
            telephone_event: self.telephone_event(),
            srtp: self.keys_for(end).ok()?,
            rtcp_mux: audio.rtcp_mux,
            ..LegFormat::new(codec)
        })
    }

    /// An answer to this offer by ourselves, and how we speak in it. `None` if the offer has no codec of ours.
    pub(super) fn answer_by_us(&self, end: &OurEnd<'_>) -> Option<(Bytes, LegFormat)> {
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

    /// The audio stream, when it is RTP as we speak it.
    fn known_audio(&self) -> Option<(usize, &Media)> {
        let stream = self.audio?;
        let audio = self.session.media.get(stream)?;
        (profile(audio) != Profile::Other).then_some((stream, audio))
    }

    fn rewritten(&self, to: &OurEnd<'_>, recoding: Option<(usize, Recoding)>) -> Bytes {
        let mut relays = vec![Relay::default(); self.session.media.len()];
        if let Some(relay) = self.audio.and_then(|stream| relays.get_mut(stream)) {
            relay.address = Some(to.address);
        }
        if let Some((stream, recoding)) = recoding
            && let Some(relay) = relays.get_mut(stream)
        {
            relay.recoding = Some(recoding);
        }
        self.session.rewrite(&relays)
    }

    /// The codec of this offer that is nearest to one: itself, or one that costs nothing, or the first.
    fn nearest(&self, wanted: Codec) -> Option<(u8, Codec)> {
        let codecs = self.codecs(self.audio?);
        let same = codecs.iter().find(|(_, codec)| *codec == wanted);
        let plain = codecs.iter().find(|(_, codec)| codec.law().is_some());
        same.or(plain).or(codecs.first()).copied()
    }

    /// The formats of this answer that mean the same in the offer.
    fn shared_with(&self, offer: &Self) -> Vec<String> {
        let (Some((stream, answered)), Some((of, offered))) = (self.known_audio(), offer.known_audio()) else {
            return Vec::new();
        };
        let is_same = |format: &&String| {
            let names = || [self.name(stream, format), offer.name(of, format)];
            let [ours, theirs] = names();
            let is_named_alike = ours.zip(theirs).is_none_or(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs));
            offered.formats.contains(format) && is_named_alike
        };
        answered.formats.iter().filter(is_same).cloned().collect()
    }

    /// What a leg that offered protection, or only the means for it, is answered: our line, and the keys of both.
    fn answered_keys(&self, end: &OurEnd<'_>) -> Result<Option<(Crypto, SrtpKeys)>, Refusal> {
        let Some((stream, audio)) = self.known_audio() else { return Ok(None) };
        let is_protected = profile(audio) == Profile::Protected;
        let theirs = self.crypto(stream).filter(|_| is_protected || end.is_secure);
        let ours = theirs.as_ref().and_then(|theirs| end.key(theirs.key.suite()));
        match theirs.zip(ours) {
            Some((theirs, ours)) => {
                let keys = SrtpKeys { inbound: theirs.key, outbound: ours.clone() };
                Ok(Some((Crypto { tag: theirs.tag, key: ours }, keys)))
            }
            None if is_protected => Err(Refusal::status(488)),
            None => Ok(None),
        }
    }

    /// The keys of a leg that answered an offer with our key in it; none when it would not protect anything.
    fn keys_for(&self, end: &OurEnd<'_>) -> Result<Option<SrtpKeys>, Refusal> {
        let Some((stream, audio)) = self.known_audio() else { return Ok(None) };
        if profile(audio) == Profile::Plain {
            return Ok(None);
        }
        let theirs = self.crypto(stream).filter(|theirs| theirs.tag == TAG && theirs.key.suite() == SUITE);
        let keys = theirs.zip(end.crypto()).map(|(theirs, ours)| SrtpKeys { inbound: theirs.key, outbound: ours.key });
        keys.map(Some).ok_or_else(|| Refusal::status(488))
    }

    /// The first key that we can use.
    fn crypto(&self, stream: usize) -> Option<Crypto> {
        self.session.attributes(stream, "crypto").find_map(|line| Crypto::parse(str::from_utf8(line).ok()?).ok())
    }

    fn first_codec(&self, stream: usize) -> Option<(u8, Codec)> {
        self.codecs(stream).first().copied()
    }

    /// The codecs of a stream that we know.
    fn codecs(&self, stream: usize) -> Vec<(u8, Codec)> {
        let formats = self.session.media.get(stream).map_or(&[][..], |media| &media.formats);
        formats.iter().filter_map(|format| self.codec(stream, format)).collect()
    }

    fn codec(&self, stream: usize, format: &str) -> Option<(u8, Codec)> {
        let payload_type: u8 = format.parse().ok()?;
        let codec = match self.name(stream, format) {
            Some(name) => Codec::of_name(name.split('/').next()?),
            None => Codec::of_payload_type(payload_type),
        };
        Some((payload_type, codec?))
    }

    /// What `a=rtpmap` says of a format.
    fn name(&self, stream: usize, format: &str) -> Option<&str> {
        self.rtpmaps(stream).find(|(number, _)| *number == format).map(|(_, name)| name)
    }

    fn telephone_event(&self) -> Option<u8> {
        let is_event = |name: &str| name.to_ascii_lowercase().starts_with("telephone-event/8000");
        self.rtpmaps(self.audio?).find(|(_, name)| is_event(name)).and_then(|(number, _)| number.parse().ok())
    }

    /// A number for a codec that the stream has not: its own, or a dynamic one that means nothing else.
    fn free_number(&self, stream: usize, codec: Codec) -> Option<u8> {
        let audio = self.session.media.get(stream)?;
        let is_free = |number: &u8| {
            let text = number.to_string();
            !audio.formats.contains(&text) && self.name(stream, &text).is_none()
        };
        std::iter::once(codec.payload_type()).chain(96..=127).find(is_free)
    }

    fn rtpmaps(&self, stream: usize) -> impl Iterator<Item = (&str, &str)> {
        self.session.attributes(stream, "rtpmap").filter_map(|value| {
            let (number, name) = str::from_utf8(value).ok()?.split_once(' ')?;
            Some((number, name.trim()))
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    Plain,
    /// With keys in SDP.
    Protected,
    /// What goes through us as it is, such as a browser's.
    Other,
}

fn profile(media: &Media) -> Profile {
    match media.proto.to_ascii_uppercase().as_str() {
        "RTP/AVP" | "RTP/AVPF" => Profile::Plain,
        "RTP/SAVP" | "RTP/SAVPF" => Profile::Protected,
        _ => Profile::Other,
    }
}

/// The stream's profile with protection or without; feedback (RFC 4585) stays as it was.
fn profile_of(media: &Media, is_protected: bool) -> String {
    let feedback = if media.proto.to_ascii_uppercase().ends_with('F') { "F" } else { "" };
    format!("RTP/{}{feedback}", if is_protected { "SAVP" } else { "AVP" })
}

fn is_audio(media: &Media) -> bool {
    media.kind == "audio" && media.port != 0
}

/// An offer by ourselves, to a phone that leaves it to us or is to talk to somebody else; what the other leg speaks first.
pub(super) fn offer_of_ours(end: &OurEnd<'_>, first: Option<Codec>) -> Bytes {
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

fn event_attributes(event: u8) -> [String; 2] {
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
