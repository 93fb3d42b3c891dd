//! Recordings in virtual time, and what is in their files.

use std::sync::mpsc;

use super::*;
use crate::{
    coder::{Encoder, Rate},
    relay::event::{EventSink, Happened},
    tone, wav,
};

/// A recording in virtual time.
struct Studio {
    recorder: Option<Recorder>,
    start: Instant,
    told: mpsc::Receiver<Recorded>,
    _folder: tempfile::TempDir,
}

impl Studio {
    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn new(request: impl FnOnce(std::path::PathBuf) -> RecordRequest) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tell, told) = mpsc::channel();
        let events = EventSink::new(move |event| {
            if let Happened::Recorded(recorded) = event.happened {
                tell.send(recorded).unwrap();
            }
        });
        let start = Instant::now();
        let request = request(folder.path().join("deeper/recording.wav"));
        let recorder = Recorder::new(request, 1, Disk::start(events).unwrap(), start);
        Self { recorder: Some(recorder), start, told, _folder: folder }
    }

    fn message() -> Self {
        Self::new(|path| RecordRequest::message(path, Leg::A, Duration::from_mins(5)))
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Packets of 20 ms that come on time, `from` and `to` in milliseconds, timestamps as on the clock.
    fn say(&mut self, leg: Leg, ssrc: u32, from: u64, to: u64, codec: Codec, frequency: f64) {
        let mut encoder = Encoder::new(codec, Rate::Narrow);
        let count = usize::try_from((to - from) / 20).unwrap();
        let samples = tone::generate(&[frequency], 0.3, count * FRAME, RATE);
        for (index, frame) in (0_u16..).zip(samples.chunks(FRAME)) {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload);
            let ms = from + u64::from(index) * 20;
            let header = rtp::Header {
                marker: index == 0,
                payload_type: 0,
                sequence: index,
                timestamp: codec.ticks(Duration::from_millis(ms)),
                ssrc,
            };
            self.packet(leg, header, &payload, codec, ms);
        }
    }

    fn packet(&mut self, leg: Leg, header: rtp::Header, payload: &[u8], codec: Codec, ms: u64) {
        let now = self.at(ms);
        self.recorder.as_mut().unwrap().hear(leg, header, payload, Some(codec), now);
        self.tick(ms);
    }

    fn tick(&mut self, ms: u64) -> bool {
        let now = self.at(ms);
        let ended = self.recorder.as_mut().and_then(|recorder| recorder.tick(now));
        if let Some(reason) = ended {
            self.recorder.take().unwrap().end(reason, now);
        }
        ended.is_some()
    }

    fn pass(&mut self, from: u64, to: u64) -> Option<u64> {
        (from..to).step_by(20).find(|&ms| self.tick(ms))
    }

    fn stop(&mut self, ms: u64) -> (Recorded, wav::Wav) {
        let now = self.at(ms);
        self.recorder.take().unwrap().end(Ended::Stopped, now);
        self.result()
    }

    fn result(&self) -> (Recorded, wav::Wav) {
        let recorded = self.told.recv_timeout(Duration::from_secs(10)).unwrap();
        let wav = wav::read(&std::fs::read(&recorded.path).unwrap()).unwrap();
        assert_eq!(wav.samples.len() as u64, recorded.samples * u64::from(wav.channels));
        (recorded, wav)
    }
}

fn channel(wav: &wav::Wav, channel: usize) -> Vec<i16> {
    wav.samples.iter().skip(channel).step_by(usize::from(wav.channels)).copied().collect()
}

fn ms(samples: &[i16], from: usize, to: usize) -> &[i16] {
    &samples[from * 8..to * 8]
}

fn has(samples: &[i16], frequency: f64) -> bool {
    tone::share_at(samples, frequency, RATE) > 0.9
}

fn is_silent(samples: &[i16]) -> bool {
    samples.iter().all(|&sample| sample == 0)
}

#[test]
fn a_gap_is_silence_as_long_as_it_lasted() {
    let mut studio = Studio::message();
    studio.say(Leg::A, 1, 0, 1000, Codec::Pcmu, 440.0);
    assert_eq!(studio.pass(1000, 2000), None);
    studio.say(Leg::A, 2, 2000, 3000, Codec::Pcmu, 880.0);
    let (recorded, wav) = studio.stop(3000);
    assert_eq!((recorded.duration, recorded.samples), (Duration::from_secs(3), 24_000));
    assert!(has(ms(&wav.samples, 100, 900), 440.0) && has(ms(&wav.samples, 2100, 2900), 880.0));
    assert!(is_silent(ms(&wav.samples, 1000, 2000)));
    assert_eq!(recorded.voiced, Duration::from_secs(2));
    assert!((9_000..11_000).contains(&recorded.peak), "{}", recorded.peak);
}

#[test]
fn both_legs_are_side_by_side_in_every_codec() {
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        let mut studio = Studio::new(|path| RecordRequest::call(path, Duration::from_mins(5)));
        studio.say(Leg::A, 1, 0, 1000, codec, 440.0);
        studio.say(Leg::B, 2, 1000, 2000, codec, 880.0);
        let (_, wav) = studio.stop(2000);
        assert_eq!((wav.channels, wav.samples.len()), (2, 32_000));
        let (left, right) = (channel(&wav, 0), channel(&wav, 1));
        assert!(has(ms(&left, 100, 900), 440.0) && is_silent(ms(&left, 1100, 2000)), "{codec:?}");
        assert!(has(ms(&right, 1100, 1900), 880.0) && is_silent(ms(&right, 0, 900)), "{codec:?}");
    }
}

#[test]
fn lost_and_swapped_packets_leave_the_rest_in_place() {
    let mut studio = Studio::message();
    let tone = tone::generate(&[440.0], 0.3, FRAME * 50, RATE);
    for index in [0_u16, 1, 2, 4, 3, 5, 8, 9, 10, 10] {
        let frame = &tone[usize::from(index) * FRAME..][..FRAME];
        let payload: Vec<u8> = frame.iter().map(|&sample| crate::g711::Law::Mu.encode(sample)).collect();
        let header = rtp::Header {
            marker: false,
            payload_type: 0,
            sequence: 65_530_u16.wrapping_add(index),
            timestamp: u32::from(index).wrapping_mul(160).wrapping_sub(500),
            ssrc: 1,
        };
        studio.packet(Leg::A, header, &payload, Codec::Pcmu, u64::from(index) * 20);
    }
    studio.pass(220, 400);
    let (_, wav) = studio.stop(400);
    assert!(has(ms(&wav.samples, 0, 120), 440.0), "the swapped ones are in their order");
    assert!(is_silent(ms(&wav.samples, 120, 160)), "the lost ones are silent");
    assert!(has(ms(&wav.samples, 160, 220), 440.0), "and the others where they belong");
}

#[test]
fn timestamps_that_stood_still_on_hold_are_put_right() {
    let mut studio = Studio::message();
    let payload = [crate::g711::Law::Mu.encode(8000); FRAME];
    for (sequence, at) in [(0_u16, 0), (1, 20), (2, 4000), (3, 4020)] {
        let timestamp = u32::from(sequence) * 160;
        let header = rtp::Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 1 };
        studio.packet(Leg::A, header, &payload, Codec::Pcmu, at);
    }
    let (_, wav) = studio.stop(4040);
    assert!(is_silent(ms(&wav.samples, 40, 4000)));
    assert!(ms(&wav.samples, 4000, 4040).iter().all(|&sample| sample > 7000));
}

#[test]
fn silence_ends_a_message_and_is_cut_off() {
    let mut studio = Studio::message();
    studio.say(Leg::A, 1, 0, 2000, Codec::Pcmu, 440.0);
    let ended = studio.pass(2000, 20_000).unwrap();
    assert!((7_000..7_800).contains(&ended), "{ended}");
    let (recorded, wav) = studio.result();
    assert_eq!((recorded.reason, recorded.duration), (Ended::Silence, Duration::from_millis(2500)));
    assert!(is_silent(ms(&wav.samples, 2000, 2500)));
}

#[test]
fn nobody_speaking_is_a_silent_message() {
    let mut studio = Studio::message();
    assert!(studio.pass(0, 20_000).is_some());
    let (recorded, _) = studio.result();
    assert_eq!((recorded.reason, recorded.voiced, recorded.peak), (Ended::Silence, Duration::ZERO, 0));
}

#[test]
fn a_message_is_not_longer_than_its_longest() {
    let mut studio = Studio::new(|path| RecordRequest::message(path, Leg::A, Duration::from_secs(2)));
    studio.say(Leg::A, 1, 0, 1980, Codec::Pcmu, 440.0);
    assert!(studio.tick(2010));
    let (recorded, _) = studio.result();
    assert_eq!((recorded.reason, recorded.duration), (Ended::Longest, Duration::from_secs(2)));
}

#[test]
fn what_is_said_in_a_pause_is_left_out() {
    let mut studio = Studio::message();
    studio.say(Leg::A, 1, 0, 1000, Codec::Pcmu, 440.0);
    let (pause, resume) = (studio.at(1000), studio.at(3000));
    studio.recorder.as_mut().unwrap().pause(true, pause);
    studio.say(Leg::A, 1, 1000, 3000, Codec::Pcmu, 1500.0);
    studio.recorder.as_mut().unwrap().pause(false, resume);
    studio.say(Leg::A, 1, 3000, 4000, Codec::Pcmu, 880.0);
    let (recorded, wav) = studio.stop(4000);
    assert_eq!(recorded.duration, Duration::from_secs(2));
    assert!(has(ms(&wav.samples, 0, 1000), 440.0) && has(ms(&wav.samples, 1000, 2000), 880.0));
}

#[test]
fn a_crash_leaves_a_playable_file() {
    let mut studio = Studio::new(|path| RecordRequest::call(path, Duration::from_mins(5)));
    let path = studio.recorder.as_ref().unwrap().request.path.clone();
    studio.say(Leg::A, 1, 0, 10_000, Codec::Pcmu, 440.0);
    // The disk's thread is behind; another file, completed after all those blocks, tells when it is not.
    let disk = studio.recorder.as_ref().unwrap().disk.clone();
    let marker = RecordRequest::message(path.with_extension("marker"), Leg::A, Duration::from_secs(1));
    Recorder::new(marker, 2, disk, studio.start).end(Ended::Stopped, studio.start);
    studio.result();
    let wav = wav::read(&std::fs::read(path).unwrap()).unwrap();
    let seconds = wav.samples.len() / 16_000;
    assert!((6..=10).contains(&seconds), "{seconds} of 10 seconds are there");
    assert!(has(&channel(&wav, 0), 440.0));
}

#[test]
fn a_file_that_can_not_be_written_is_told_at_once() {
    let studio = Studio::new(|_| RecordRequest::message("/dev/null/no.wav", Leg::A, Duration::from_secs(2)));
    let recorded = studio.told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(recorded.reason, Ended::Failed);
}
