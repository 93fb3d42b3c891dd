//! Between 8 and 16 kHz, with one filter for both ways: what the sine waves through its neighbours have at a sample's place.

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

/// From 8 to 16 kHz.
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
            let between = weighed(before.iter().rev().zip(after));
            doubled.extend_from_slice(&[before[REACH - 1], to_sample(between)]);
        }
    }
}

/// From 16 to 8 kHz: each second sample is the mean of itself and of what its neighbours have in its place, which leaves
/// nothing above 4 kHz to fold back.
#[derive(Default)]
pub(super) struct Halver {
    /// The last samples of each turn, the oldest first: those that are kept, and those between them.
    kept: [i16; REACH],
    between: [i16; 2 * REACH],
}

impl Halver {
    /// Appends a sample for each two, a millisecond late.
    pub(super) fn halve(&mut self, samples: &[i16], halved: &mut Vec<i16>) {
        for pair in samples.chunks_exact(2) {
            self.kept.rotate_left(1);
            self.kept[REACH - 1] = pair[0];
            self.between.rotate_left(1);
            self.between[2 * REACH - 1] = pair[1];
            let (before, after) = self.between.split_at(REACH);
            let around = weighed(before.iter().rev().zip(after));
            halved.push(to_sample(f64::midpoint(f64::from(self.kept[0]), around)));
        }
    }
}

fn weighed<'a>(pairs: impl Iterator<Item = (&'a i16, &'a i16)>) -> f64 {
    pairs.zip(&*WEIGHTS).map(|((&one, &other), weight)| weight * f64::from(i32::from(one) + i32::from(other))).sum()
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

    #[test]
    fn what_a_telephone_carries_stays_and_what_it_does_not_is_gone() {
        for (frequency, expected) in [(300.0, 1.0), (1000.0, 1.0), (3000.0, 1.0), (5500.0, 0.0), (7000.0, 0.0)] {
            let mut narrow = Vec::new();
            let mut halver = Halver::default();
            for frame in tone::generate(&[frequency], 0.5, 3200, 16_000).chunks(320) {
                halver.halve(frame, &mut narrow);
            }
            assert_eq!(narrow.len(), 1600);
            let loudest = narrow[100..].iter().map(|sample| f64::from(sample.unsigned_abs())).fold(0.0, f64::max);
            let share = loudest / 16_384.0;
            assert!((share - expected).abs() < 0.06, "{frequency}: {share}");
            if expected > 0.5 {
                assert!(tone::share_at(&narrow[100..], frequency, 8_000) > 0.99, "{frequency}");
            }
        }
    }
}
