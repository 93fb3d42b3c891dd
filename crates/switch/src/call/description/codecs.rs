//! The codecs of a description, by the numbers that it gives them.

use lineside_media::codec::Codec;

use super::Description;

/// Keys that are pressed (RFC 4733), as phones of telephone quality send them.
const EVENT: &[u8] = b"telephone-event/8000";

impl Description {
    /// The codec of this offer that is nearest to one: itself, or one that costs nothing, or the first.
    pub(super) fn nearest(&self, wanted: Codec) -> Option<(u8, Codec)> {
        let codecs = self.codecs(self.audio?);
        let same = codecs.iter().find(|(_, codec)| *codec == wanted);
        let plain = codecs.iter().find(|(_, codec)| codec.law().is_some());
        same.or(plain).or(codecs.first()).copied()
    }

    /// The formats of this answer that mean the same in the offer.
    pub(super) fn shared_with(&self, offer: &Self) -> Vec<String> {
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

    pub(super) fn first_codec(&self, stream: usize) -> Option<(u8, Codec)> {
        self.codecs(stream).first().copied()
    }

    /// The codecs of a stream that we know.
    pub(super) fn codecs(&self, stream: usize) -> Vec<(u8, Codec)> {
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
    pub(super) fn name(&self, stream: usize, format: &str) -> Option<&str> {
        let (_, name) = self.rtpmaps(stream).find(|(number, _)| *number == format.as_bytes())?;
        str::from_utf8(name).ok()
    }

    pub(super) fn telephone_event(&self) -> Option<u8> {
        let is_event = |name: &[u8]| name.get(..EVENT.len()).is_some_and(|start| start.eq_ignore_ascii_case(EVENT));
        let (number, _) = self.rtpmaps(self.audio?).find(|(_, name)| is_event(name))?;
        str::from_utf8(number).ok()?.parse().ok()
    }

    /// A number for a codec that the stream has not: its own, or a dynamic one that means nothing else.
    pub(super) fn free_number(&self, stream: usize, codec: Codec) -> Option<u8> {
        let audio = self.session.media.get(stream)?;
        let is_free = |number: &u8| {
            let text = number.to_string();
            !audio.formats.contains(&text) && self.name(stream, &text).is_none()
        };
        std::iter::once(codec.payload_type()).chain(96..=127).find(is_free)
    }

    /// Numbers and what they mean.
    fn rtpmaps(&self, stream: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.session.attributes(stream, "rtpmap").filter_map(|value| {
            let (number, name) = value.split_at(value.iter().position(|byte| *byte == b' ')?);
            Some((number, name.trim_ascii()))
        })
    }
}
