//! From 8 to 16 kHz: between each two samples one that the sine waves through their neighbours have there.

use std::{f64::consts::PI, sync::LazyLock};

/// Neighbours on each side.
const REACH: usize = 8;

/// What a neighbour counts, the nearest first: a sinc within a Hann window.
static WEIGHTS: LazyLock<[f64; REACH]> = LazyLock::new(|| {
    let mut distance = -0.5;
    std::array::from_fn(|_| {
        distance += 1.0;
        let window = (PI * distance / 17.0).cos().powi(2);
        (PI * distance).sin() / (PI * distance) * window
    })
});

#[derive(Default)]
pub(super) struct Doubler {
    /// The last samples, the oldest first.
    recent: [i16; 2 * REACH],
}

impl Doubler {
    /// Appends two samples for each, a millisecond late.
    pub(super) fn double(&mut self, samples: &[i16], doubled: &mut Vec<i16>) {
        for &sample in samples {
            self.recent.rotate_left(1);
            self.recent[2 * REACH - 1] = sample;
            let (before, after) = self.recent.split_at(REACH);
            let pairs = before.iter().rev().zip(after);
            let between: f64 = pairs
                .zip(&*WEIGHTS)
                .map(|((&one, &other), weight)| weight * f64::from(i32::from(one) + i32::from(other)))
                .sum();
            doubled.extend_from_slice(&[before[REACH - 1], to_sample(between)]);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a sample first")]
fn to_sample(value: f64) -> i16 {
    value.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn a_tone_keeps_its_pitch_and_has_no_mirror_image() {
        for frequency in [300.0, 1000.0, 3000.0] {
            let mut wide = Vec::new();
            let mut doubler = Doubler::default();
            for frame in tone::generate(&[frequency], 0.5, 1600, 8_000).chunks(160) {
                doubler.double(frame, &mut wide);
            }
            assert_eq!(wide.len(), 3200);
            assert!(tone::share_at(&wide[200..], frequency, 16_000) > 0.99, "{frequency}");
            assert!(tone::share_at(&wide[200..], 8_000.0 - frequency, 16_000) < 0.001, "{frequency}");
        }
    }
}
