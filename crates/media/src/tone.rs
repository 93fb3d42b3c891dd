//! Tones: made as samples, and found in samples with the Goertzel algorithm.

use std::f64::consts::TAU;

/// A sum of sine waves. `level` is the peak of each as a share of full scale, 0 to 1.
pub fn generate(frequencies: &[f64], level: f64, samples: usize, rate: u32) -> Vec<i16> {
    (0..samples)
        .map(|index| {
            let seconds = to_f64(index) / f64::from(rate);
            let sum: f64 = frequencies.iter().map(|hertz| (TAU * hertz * seconds).sin()).sum();
            to_sample(sum * level)
        })
        .collect()
}

/// The share of the power of `samples` that lies at `frequency`: near 1 for that pure tone, near 0 for silence or others.
/// The finer the frequency is to be told from its neighbours, the more samples it takes: `rate / samples` is the width.
pub fn share_at(samples: &[i16], frequency: f64, rate: u32) -> f64 {
    let total: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    if total < 1.0 {
        return 0.0;
    }
    2.0 * power_at(samples, frequency, rate) / (total * to_f64(samples.len()))
}

/// Goertzel: the squared magnitude of one bin of the Fourier transform, for the price of a multiplication a sample.
fn power_at(samples: &[i16], frequency: f64, rate: u32) -> f64 {
    let coefficient = 2.0 * (TAU * frequency / f64::from(rate)).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for &sample in samples {
        let next = f64::from(sample) + coefficient * last - before;
        before = last;
        last = next;
    }
    last * last + before * before - coefficient * last * before
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a sample first")]
fn to_sample(share: f64) -> i16 {
    (share * f64::from(i16::MAX)).clamp(f64::from(i16::MIN), f64::from(i16::MAX)).round() as i16
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples is far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_and_its_neighbours_are_not() {
        let tone = generate(&[440.0], 0.5, 1600, 8000);
        assert!(share_at(&tone, 440.0, 8000) > 0.95);
        assert!(share_at(&tone, 480.0, 8000) < 0.05);
        assert!(share_at(&[0; 160], 440.0, 8000) < 0.01);
    }

    #[test]
    fn a_tone_survives_g711() {
        use crate::g711::Law;
        for law in [Law::Mu, Law::A] {
            let heard: Vec<i16> = generate(&[350.0, 440.0], 0.3, 1600, 8000)
                .into_iter()
                .map(|sample| law.decode(law.encode(sample)))
                .collect();
            assert!(share_at(&heard, 350.0, 8000) > 0.4 && share_at(&heard, 440.0, 8000) > 0.4);
        }
    }

    #[test]
    fn too_loud_is_clipped_and_not_wrapped() {
        let loud = generate(&[1000.0], 4.0, 80, 8000);
        assert!(loud.contains(&i16::MAX) && loud.contains(&i16::MIN));
    }
}
