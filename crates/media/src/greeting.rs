//! Greetings: whatever a person uploads becomes 8 kHz mono 16-bit WAV at the level of the other announcements.
//!
//! The upload is hostile until proven otherwise: its size, its length, its rate and its channels are bounded, the
//! samples are mixed down while they are decoded, and a decoder that panics costs the upload and not the program.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use rubato::{
    Fft, FixedSync, Resampler,
    audioadapter_buffers::{direct::InterleavedSlice, owned::InterleavedOwned},
};
use symphonia::core::{
    codecs::audio::AudioDecoderOptions,
    errors::Error as SymphoniaError,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};
use thiserror::Error;

use crate::{RATE, wav, wav::Wav};

/// Largest upload, in bytes.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Longest greeting, in seconds.
pub const MAX_SECONDS: u32 = 90;

/// Rates that recorders write. Others would only cost memory in the resampler.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// How far a recording that is too long is decoded on, to say how long it is.
const MEASURED_SECONDS: u32 = 600;
/// Below this peak a recording is silence.
const SILENCE: f32 = 0.001;
/// The level of our own announcements: the peak at -6 dBFS.
const PEAK: f32 = 0.5;
/// A faint recording is raised by no more than 30 dB: beyond, it is its noise that grows.
const MAX_GAIN: f32 = 31.6;

/// A recording that can be played to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// A whole WAV file: 8 kHz, mono, 16 bit.
    pub wav: Vec<u8>,
    pub duration_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GreetingError {
    #[error("the file is {} MB large; a greeting's file has up to {} MB: save it as MP3, or shorten it", .bytes.div_ceil(1024 * 1024), MAX_BYTES / 1024 / 1024)]
    TooLarge { bytes: usize },
    #[error("the file is empty; record the greeting again")]
    Empty,
    #[error("this is not a recording that can be read; save it as WAV, MP3, Ogg Vorbis or M4A")]
    Unreadable,
    #[error("the recording has {rate} samples a second; save it with 8,000 to 192,000, for example 44,100")]
    Rate { rate: u32 },
    #[error("the recording is {} long; greetings last up to {}", length(*.seconds), length(MAX_SECONDS))]
    TooLong { seconds: u32 },
    #[error("the recording is longer than {}; greetings last up to {}", length(MEASURED_SECONDS), length(MAX_SECONDS))]
    MuchTooLong,
    #[error("the recording is silent; check the microphone and record it again")]
    Silent,
}

/// Reads WAV, MP3, Ogg Vorbis or M4A, told apart by their content, and makes a greeting of it.
pub fn normalise(upload: &[u8]) -> Result<Greeting, GreetingError> {
    if upload.is_empty() {
        return Err(GreetingError::Empty);
    }
    if upload.len() > MAX_BYTES {
        return Err(GreetingError::TooLarge { bytes: upload.len() });
    }
    // The decoders are not ours. Nothing outlives the closure, so nothing can be seen half changed.
    catch_unwind(AssertUnwindSafe(|| greeting_of(upload))).unwrap_or(Err(GreetingError::Unreadable))
}

fn greeting_of(upload: &[u8]) -> Result<Greeting, GreetingError> {
    let recording = decode(upload)?;
    let mut samples = resample(recording)?;
    level(&mut samples)?;
    let duration_ms = u32::try_from(samples.len() as u64 * 1000 / u64::from(RATE)).unwrap_or(u32::MAX);
    let samples = samples.into_iter().map(to_sample).collect();
    let wav = wav::write(&Wav { rate: RATE, channels: 1, samples }).map_err(|_| GreetingError::Unreadable)?;
    Ok(Greeting { wav, duration_ms })
}

/// One channel, at the rate it was recorded with.
struct Recording {
    rate: u32,
    samples: Vec<f32>,
}

fn decode(upload: &[u8]) -> Result<Recording, GreetingError> {
    // The reader wants to own its bytes; the copy is bounded by MAX_BYTES.
    let source = MediaSourceStream::new(Box::new(Cursor::new(upload.to_vec())), MediaSourceStreamOptions::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
        .map_err(|_| GreetingError::Unreadable)?;
    let track = format.default_track(TrackType::Audio).ok_or(GreetingError::Unreadable)?;
    let id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or(GreetingError::Unreadable)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|_| GreetingError::Unreadable)?;

    let mut recording = Recording { rate: 0, samples: Vec::new() };
    let mut frames: u64 = 0;
    let mut interleaved: Vec<f32> = Vec::new();
    while let Some(packet) = next_packet(format.as_mut())? {
        if packet.track_id != id {
            continue;
        }
        let audio = match decoder.decode(&packet) {
            Ok(audio) => audio,
            // A damaged packet is a click in the recording, not its end.
            Err(SymphoniaError::DecodeError(_)) => continue,
            Err(_) => break,
        };
        let (rate, channels) = (audio.spec().rate(), audio.spec().channels().count());
        if !RATES.contains(&rate) {
            return Err(GreetingError::Rate { rate });
        }
        if channels == 0 || (recording.rate != 0 && recording.rate != rate) {
            return Err(GreetingError::Unreadable);
        }
        recording.rate = rate;
        frames += audio.frames() as u64;
        if frames > u64::from(MEASURED_SECONDS) * u64::from(rate) {
            return Err(GreetingError::MuchTooLong);
        }
        // What is past the longest greeting is counted, and not kept.
        if frames <= u64::from(MAX_SECONDS + 1) * u64::from(rate) {
            audio.copy_to_vec_interleaved(&mut interleaved);
            recording.samples.extend(interleaved.chunks_exact(channels).map(mix));
        }
    }
    if recording.samples.is_empty() {
        return Err(GreetingError::Unreadable);
    }
    let seconds = u32::try_from(frames.div_ceil(u64::from(recording.rate))).unwrap_or(u32::MAX);
    // Encoders pad the end, so a recording cut at 1:30 may be a few frames longer than that.
    let longest = u64::from(MAX_SECONDS) * u64::from(recording.rate) + u64::from(recording.rate) / 2;
    if frames > longest {
        return Err(GreetingError::TooLong { seconds });
    }
    recording.samples.truncate(usize::try_from(MAX_SECONDS * recording.rate).unwrap_or(usize::MAX));
    Ok(recording)
}

fn next_packet(format: &mut dyn FormatReader) -> Result<Option<symphonia::core::packet::Packet>, GreetingError> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        // A file cut short is as long as what is there.
        Err(SymphoniaError::IoError(_) | SymphoniaError::DecodeError(_) | SymphoniaError::ResetRequired) => Ok(None),
        Err(_) => Err(GreetingError::Unreadable),
    }
}

/// One sample of all channels. What is not a number would silence the rest of the recording in the resampler.
#[expect(clippy::cast_precision_loss, reason = "a count of channels")]
fn mix(channels: &[f32]) -> f32 {
    let mean = channels.iter().sum::<f32>() / channels.len() as f32;
    if mean.is_finite() { mean.clamp(-1.0, 1.0) } else { 0.0 }
}

fn resample(recording: Recording) -> Result<Vec<f32>, GreetingError> {
    if recording.rate == RATE {
        return Ok(recording.samples);
    }
    let frames = recording.samples.len();
    let mut resampler = Fft::<f32>::new(recording.rate as usize, RATE as usize, 1024, 1, FixedSync::Both)
        .map_err(|_| GreetingError::Unreadable)?;
    let input = InterleavedSlice::new(&recording.samples, 1, frames).map_err(|_| GreetingError::Unreadable)?;
    resampler.process_all(&input, frames, None).map(InterleavedOwned::take_data).map_err(|_| GreetingError::Unreadable)
}

/// Brings the loudest sample to our level.
fn level(samples: &mut [f32]) -> Result<(), GreetingError> {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    if peak < SILENCE {
        return Err(GreetingError::Silent);
    }
    let gain = (PEAK / peak).min(MAX_GAIN);
    for sample in samples {
        *sample *= gain;
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a sample first")]
fn to_sample(value: f32) -> i16 {
    (value * 32_767.0).clamp(-32_768.0, 32_767.0).round() as i16
}

/// As a person writes a length: `1:30`.
fn length(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    fn upload(rate: u32, channels: u16, seconds: f64) -> Vec<u8> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's few seconds")]
        let frames = (f64::from(rate) * seconds) as usize;
        let mono = tone::generate(&[440.0], 0.1, frames, rate);
        let samples = mono.iter().flat_map(|&sample| std::iter::repeat_n(sample, usize::from(channels))).collect();
        wav::write(&Wav { rate, channels, samples }).unwrap()
    }

    #[test]
    fn a_stereo_recording_of_a_studio_becomes_one_of_a_telephone() {
        for rate in [8_000, 11_025, 16_000, 44_100, 48_000, 96_000] {
            let greeting = normalise(&upload(rate, 2, 2.0)).unwrap();
            let wav = wav::read(&greeting.wav).unwrap();
            assert_eq!((wav.rate, wav.channels), (RATE, 1));
            assert!(greeting.duration_ms.abs_diff(2000) <= 2, "{rate}: {} ms", greeting.duration_ms);
            let middle = &wav.samples[4000..12_000];
            assert!(tone::share_at(middle, 440.0, RATE) > 0.95, "the tone kept its pitch at {rate}");
            let peak = middle.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((15_000..18_000).contains(&peak), "a quiet recording is raised: {peak}");
        }
    }

    #[test]
    fn what_a_telephone_cannot_carry_does_not_fold_back() {
        let high = tone::generate(&[440.0, 6_000.0], 0.4, 44_100, 44_100);
        let file = wav::write(&Wav { rate: 44_100, channels: 1, samples: high }).unwrap();
        let samples = wav::read(&normalise(&file).unwrap().wav).unwrap().samples;
        assert!(tone::share_at(&samples[1000..7000], 2_000.0, RATE) < 0.001);
    }

    #[test]
    fn too_long_says_how_long() {
        let error = normalise(&upload(8_000, 1, 130.0)).unwrap_err();
        assert_eq!(error.to_string(), "the recording is 2:10 long; greetings last up to 1:30");
        assert!(normalise(&upload(8_000, 1, 90.0)).is_ok());
        assert_eq!(normalise(&upload(8_000, 1, 700.0)), Err(GreetingError::MuchTooLong));
    }

    #[test]
    fn each_refusal_says_how_to_repair_it() {
        assert_eq!(normalise(b""), Err(GreetingError::Empty));
        assert_eq!(normalise(b"GIF89a and so on"), Err(GreetingError::Unreadable));
        let silent = wav::write(&Wav { rate: 8_000, channels: 1, samples: vec![0; 8_000] }).unwrap();
        assert_eq!(normalise(&silent), Err(GreetingError::Silent));
        let slow = wav::write(&Wav { rate: 1, channels: 1, samples: vec![500; 80] }).unwrap();
        assert_eq!(normalise(&slow), Err(GreetingError::Rate { rate: 1 }));
        let large = normalise(&vec![0; MAX_BYTES + 1]).unwrap_err().to_string();
        assert!(large.starts_with("the file is 21 MB large; a greeting's file has up to 20 MB"), "{large}");
    }

    #[test]
    fn a_file_cut_short_or_with_flipped_bytes_is_answered() {
        let whole = upload(16_000, 2, 0.2);
        for end in 0..whole.len().min(200) {
            let _ = normalise(&whole[..end]);
        }
        for position in 0..64 {
            for flip in [0xff, 0x80, 0x01] {
                let mut damaged = whole.clone();
                damaged[position] ^= flip;
                let _ = normalise(&damaged);
            }
        }
    }
}
