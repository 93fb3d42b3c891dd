//! How loud a recording is, and since when nobody speaks.

use crate::FRAME;

/// Below this root mean square a frame holds nobody's voice: -42 dBFS.
const VOICE: u64 = 260;

/// What was heard so far.
#[derive(Default)]
pub(super) struct Level {
    pub(super) peak: u16,
    frames: u64,
    pub(super) voiced: u64,
    /// Frames without a voice at the end.
    pub(super) quiet: u64,
    /// The frame that is not full yet.
    energy: u64,
    samples: usize,
}

impl Level {
    pub(super) fn hear(&mut self, samples: &[i16], channels: usize) {
        for of_all in samples.chunks_exact(channels.max(1)) {
            let loudest = of_all.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or_default();
            self.peak = self.peak.max(loudest);
            self.energy += u64::from(loudest) * u64::from(loudest);
            self.samples += 1;
            if self.samples == FRAME {
                let is_voice = self.energy >= VOICE * VOICE * FRAME as u64;
                self.frames += 1;
                self.voiced += u64::from(is_voice);
                self.quiet = if is_voice { 0 } else { self.quiet + 1 };
                (self.energy, self.samples) = (0, 0);
            }
        }
    }
}
