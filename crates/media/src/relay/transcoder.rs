//! What one leg says, in frames of 20 ms for the other leg's codec.

use std::time::{Duration, Instant};

use super::{
    format::Coding,
    hearing::{Heard, Hearing},
    voice::{PACKET_TIME, Stamp, Voice},
};
use crate::{codec::Codec, coder::Rate, rtp};

/// A gap up to that is filled with silence, so that the far jitter buffer does not run dry; a longer one is left.
const FILLED: Duration = Duration::from_millis(100);

pub(super) struct Transcoder {
    hearing: Hearing,
    rate: Rate,
    frames: Frames,
    /// The press that is passed on: its timestamp as it came, and ours for it.
    event: Option<(u32, u32)>,
}

/// Samples on their way into frames.
struct Frames {
    pending: Vec<i16>,
    /// Where the next sample belongs, in samples of the stream that is heard.
    position: i64,
    /// Our timestamp of its next frame, once there was one.
    timestamp: Option<u32>,
}

impl Transcoder {
    pub(super) fn new(from: Codec, to: Codec) -> Self {
        let rate = Rate::between(from, to);
        Self {
            hearing: Hearing::new(rate),
            rate,
            frames: Frames { pending: Vec::new(), position: 0, timestamp: None },
            event: None,
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.hearing.due()
    }

    /// A packet came, without a codec if it is no speech; the packets for the other leg are sent.
    pub(super) fn hear(
        &mut self,
        header: rtp::Header,
        payload: &[u8],
        from: Option<Codec>,
        onward: &mut Onward<'_, impl FnMut(&mut Vec<u8>)>,
    ) {
        let (frames, rate) = (&mut self.frames, self.rate);
        self.hearing.hear(header, payload, from, onward.now, &mut |heard| frames.take(heard, rate, onward));
    }

    pub(super) fn release(&mut self, onward: &mut Onward<'_, impl FnMut(&mut Vec<u8>)>) {
        let (frames, rate) = (&mut self.frames, self.rate);
        self.hearing.release(onward.now, &mut |heard| frames.take(heard, rate, onward));
    }

    /// A key is pressed: its packets share a timestamp, and go on as they are (RFC 4733).
    pub(super) fn press(
        &mut self,
        header: rtp::Header,
        payload: &[u8],
        payload_type: u8,
        onward: &mut Onward<'_, impl FnMut(&mut Vec<u8>)>,
    ) {
        let timestamp = match self.event {
            Some((came, ours)) if came == header.timestamp => ours,
            _ => onward.voice.timestamp(onward.coding.codec, onward.now),
        };
        self.event = Some((header.timestamp, timestamp));
        let stamp = Stamp { payload_type, timestamp, marker: header.marker };
        onward.voice.send(payload, stamp, onward.packet);
        (onward.send)(onward.packet);
    }
}

/// Where the frames go.
pub(super) struct Onward<'a, S> {
    pub(super) now: Instant,
    pub(super) voice: &'a mut Voice,
    pub(super) coding: Coding,
    /// Room for a packet.
    pub(super) packet: &'a mut Vec<u8>,
    pub(super) send: S,
}

impl Frames {
    fn take(&mut self, heard: Heard<'_>, rate: Rate, onward: &mut Onward<'_, impl FnMut(&mut Vec<u8>)>) {
        let position = heard.timestamp * i64::from(rate.hertz()) / i64::from(heard.codec.clock());
        let gap = position - self.position;
        let filled = i64::try_from(FILLED.as_millis()).unwrap_or_default() * i64::from(rate.hertz()) / 1000;
        if heard.begins || gap < 0 || gap > filled || self.timestamp.is_none() {
            self.pending.clear();
            self.timestamp = None;
        } else {
            let silence = usize::try_from(gap).unwrap_or_default();
            self.pending.resize(self.pending.len() + silence, 0);
        }
        self.pending.extend_from_slice(heard.samples);
        self.position = position + i64::try_from(heard.samples.len()).unwrap_or_default();
        self.send(rate, onward);
    }

    fn send(&mut self, rate: Rate, onward: &mut Onward<'_, impl FnMut(&mut Vec<u8>)>) {
        let coding = onward.coding;
        let whole = self.pending.len() / rate.frame() * rate.frame();
        for frame in self.pending[..whole].chunks_exact(rate.frame()) {
            let timestamp = self.timestamp.unwrap_or_else(|| onward.voice.timestamp(coding.codec, onward.now));
            let stamp = Stamp { payload_type: coding.payload_type, timestamp, marker: self.timestamp.is_none() };
            onward.voice.say(frame, rate, coding.codec, stamp, onward.packet);
            (onward.send)(onward.packet);
            self.timestamp = Some(timestamp.wrapping_add(coding.codec.ticks(PACKET_TIME)));
        }
        self.pending.drain(..whole);
    }
}
