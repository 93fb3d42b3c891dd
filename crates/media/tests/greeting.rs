//! Uploads as other programs write them: a second of 440 Hz, told apart by content.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

use lineside_media::{RATE, greeting, tone, wav};

fn is_the_tone(upload: &[u8]) {
    let greeting = greeting::normalise(upload).unwrap();
    assert!(greeting.duration_ms.abs_diff(1000) < 100, "{} ms", greeting.duration_ms);
    let samples = wav::read(&greeting.wav).unwrap().samples;
    assert!(tone::share_at(&samples[1600..6400], 440.0, RATE) > 0.95);
}

#[test]
fn mp3_is_taken() {
    is_the_tone(include_bytes!("uploads/tone.mp3"));
}

#[test]
fn ogg_vorbis_is_taken() {
    is_the_tone(include_bytes!("uploads/tone.ogg"));
}

#[test]
fn m4a_is_taken() {
    is_the_tone(include_bytes!("uploads/tone.m4a"));
}

#[test]
fn m4a_is_brought_to_our_level() {
    let greeting = greeting::normalise(include_bytes!("uploads/tone.m4a")).unwrap();
    let samples = wav::read(&greeting.wav).unwrap().samples;
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((15_000..=16_500).contains(&peak), "{peak}");
}

#[test]
fn damaged_uploads_are_answered_whatever_is_broken() {
    for whole in [
        &include_bytes!("uploads/tone.mp3")[..],
        include_bytes!("uploads/tone.ogg"),
        include_bytes!("uploads/tone.m4a"),
    ] {
        for position in (0..whole.len()).step_by(97) {
            let _ = greeting::normalise(&whole[..position]);
            let mut damaged = whole.to_vec();
            damaged[position] ^= 0xff;
            let _ = greeting::normalise(&damaged);
        }
    }
}
