//! One leg of a call: what is known of it, and what it is told.

use std::{net::SocketAddr, time::Instant};

use super::{
    beep::Beep,
    format::Coding,
    line::Line,
    player::{Over, Player},
    ports::Pair,
    quality::Quality,
    transcoder::Transcoder,
    voice::Voice,
};
use crate::{codec::Codec, telephone_event::Presses};

pub(super) struct LegState {
    pub(super) line: Line,
    pub(super) quality: Quality,
    pub(super) presses: Presses,
    /// What we say to the leg.
    pub(super) voice: Voice,
    pub(super) player: Option<Player>,
    pub(super) beep: Option<Beep>,
    pub(super) is_echo: bool,
    /// What the leg says, for the other leg in its codec.
    pub(super) transcoder: Option<Transcoder>,
    /// When something came from the leg last, or was to come from then on; and whether its silence was told.
    pub(super) heard: Instant,
    pub(super) is_silent: bool,
}

impl LegState {
    pub(super) fn new(pair: Pair, random: u64, now: Instant) -> Self {
        Self {
            line: Line::new(pair),
            quality: Quality::default(),
            presses: Presses::default(),
            voice: Voice::new(random, now),
            player: None,
            beep: None,
            is_echo: false,
            transcoder: None,
            heard: now,
            is_silent: false,
        }
    }

    pub(super) fn expect(&mut self, announced: Option<SocketAddr>, now: Instant) {
        self.line.latch.expect(announced);
        (self.heard, self.is_silent) = (now, false);
    }

    /// What a payload type is, when it is speech.
    pub(super) fn codec(&self, payload_type: u8) -> Option<Codec> {
        match &self.line.format {
            Some(format) if format.payload_type == payload_type => Some(format.codec),
            Some(format) if format.telephone_event == Some(payload_type) => None,
            _ => Codec::of_payload_type(payload_type),
        }
    }

    pub(super) fn is_press(&self, payload_type: u8) -> bool {
        self.line.format.as_ref().is_some_and(|format| format.telephone_event == Some(payload_type))
    }

    /// How we speak to the leg: as agreed, or else as it speaks.
    pub(super) fn coding(&self) -> Coding {
        self.line.format.as_ref().map_or_else(
            || {
                let codec = self.quality.stats().codec.unwrap_or(Codec::Pcmu);
                Coding { codec, payload_type: codec.payload_type() }
            },
            Coding::from,
        )
    }

    /// Plays what is due.
    pub(super) fn play(&mut self, now: Instant, packet: &mut Vec<u8>) -> Result<(), Over> {
        let coding = self.coding();
        while let Some(player) = &mut self.player {
            if !player.play(now, &mut self.voice, coding, packet)? {
                break;
            }
            self.line.send(packet);
        }
        Ok(())
    }
}
