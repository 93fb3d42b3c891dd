//! A session description as one leg sent it, written anew for the other: with the relay's address, with keys of ours where
//! signalling is secure (RFC 4568), and with the codecs that the relay can translate.

mod codecs;
mod keys;
mod our_end;
mod ours;
mod profile;

use std::net::SocketAddr;

use bytes::Bytes;
use lineside_media::{
    codec::Codec,
    relay::LegFormat,
    srtp::{Crypto, Suite},
};
use lineside_sip::{
    Flow, HeaderName, Message, Refusal,
    sdp::{self, Media, Recoding, Relay},
};

pub(super) use self::{
    our_end::{OurEnd, is_secure},
    ours::offer_of_ours,
};
use self::{
    ours::event_attributes,
    profile::{Profile, is_audio, profile, profile_of},
};

pub(super) const SDP: &str = "application/sdp";

/// What we offer, first the cheapest.
const OURS: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
/// The suite that we offer: every phone with SRTP has it.
const SUITE: Suite = Suite::AesCm80;
/// The tag of the one `a=crypto` that we offer.
const TAG: u32 = 1;
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
}
