//! Recordings of real packets.

use std::time::Duration;

use lineside_media::{
    FRAME, RATE,
    codec::Codec,
    g711::Law,
    playlist::Playlist,
    relay::{Ended, Happened, Leg, LegFormat, MediaEvent, RecordRequest, Recorded},
    telephone_event::Event,
    tone, wav,
};

use crate::phone::{PATIENCE, Phone, talking, telling_relay};

const LONG: Duration = Duration::from_mins(5);

fn recorded(told: &std::sync::mpsc::Receiver<MediaEvent>) -> Recorded {
    loop {
        if let Happened::Recorded(recorded) = told.recv_timeout(PATIENCE).unwrap().happened {
            return recorded;
        }
    }
}

#[test]
fn a_voicemail_is_left_without_another_leg_and_ends_with_a_key() {
    let (relay, told) = telling_relay(42_200, LONG);
    let folder = tempfile::tempdir().unwrap();
    let session = relay.open().unwrap();
    session.describe(Leg::A, LegFormat::new(Codec::Pcma));
    let mut a = Phone::new(&session, Leg::A, 1);
    session.expect(Leg::A, Some(a.address()));
    session.play(Leg::A, Playlist::new().beep());
    for _ in 0..25 {
        assert_eq!(a.hear().0.payload_type, 8);
    }
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().happened, Happened::Played);
    session.record(RecordRequest::message(folder.path().join("message.wav"), Leg::A, LONG));
    // In a burst: what counts is when it was said.
    let speech = tone::generate(&[440.0], 0.3, FRAME * 20, RATE);
    for (index, frame) in (0_u32..).zip(speech.chunks(FRAME)) {
        let payload: Vec<u8> = frame.iter().map(|&sample| Law::A.encode(sample)).collect();
        a.send_as(8, index * 160, &payload);
    }
    a.send_as(101, 20 * 160, &Event { code: 11, end: true, duration: 800 }.to_bytes());
    let recorded = recorded(&told);
    assert_eq!(recorded.reason, Ended::Digit('#'));
    assert!(recorded.path.ends_with("message.wav"));
    let wav = wav::read(&std::fs::read(&recorded.path).unwrap()).unwrap();
    assert_eq!((wav.rate, wav.channels, wav.samples.len() as u64), (RATE, 1, recorded.samples));
}

#[test]
fn hanging_up_completes_a_recording_of_both_legs() {
    let (relay, told) = telling_relay(42_210, LONG);
    let folder = tempfile::tempdir().unwrap();
    let session = relay.open().unwrap();
    let id = session.id();
    for leg in [Leg::A, Leg::B] {
        session.describe(leg, LegFormat::new(Codec::Pcmu));
    }
    let (mut a, mut b) = talking(&session);
    session.record(RecordRequest::call(folder.path().join("call.wav"), LONG));
    let payload = [Law::Mu.encode(9_000); FRAME];
    a.say(&payload);
    b.hear();
    b.say(&payload);
    a.hear();
    drop(session);
    let event = told.recv_timeout(PATIENCE).unwrap();
    let Happened::Recorded(recorded) = event.happened else { panic!("{event:?}") };
    assert_eq!((event.session, recorded.reason), (id, Ended::HungUp));
    assert!(recorded.peak <= 9_200);
    let wav = wav::read(&std::fs::read(&recorded.path).unwrap()).unwrap();
    assert_eq!(wav.channels, 2);
}

#[test]
fn both_legs_hear_the_beep_over_each_other() {
    let (relay, told) = telling_relay(42_220, LONG);
    let folder = tempfile::tempdir().unwrap();
    let session = relay.open().unwrap();
    for leg in [Leg::A, Leg::B] {
        session.describe(leg, LegFormat::new(Codec::Pcmu));
    }
    let (mut a, mut b) = talking(&session);
    let request = RecordRequest::call(folder.path().join("call.wav"), LONG);
    session.record(RecordRequest { beep: Some(Duration::from_secs(15)), ..request });
    let silence = [Law::Mu.encode(0); FRAME];
    let hears_beep = |from: &mut Phone, to: &Phone| loop {
        from.say(&silence);
        let payload = to.hear().1;
        let heard: Vec<i16> = payload.iter().map(|&byte| Law::Mu.decode(byte)).collect();
        if tone::share_at(&heard, 1400.0, RATE) > 0.9 {
            return;
        }
    };
    hears_beep(&mut a, &b);
    hears_beep(&mut b, &a);
    session.stop_recording();
    let recorded = recorded(&told);
    assert_eq!(recorded.reason, Ended::Stopped);
    assert!(recorded.peak < 100, "the beep is not in the recording");
}
