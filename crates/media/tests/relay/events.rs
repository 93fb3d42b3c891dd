//! What the relay tells of by itself.

use std::time::Duration;

use lineside_media::{
    FRAME,
    codec::Codec,
    playlist::Playlist,
    prompt::Prompt,
    relay::{Happened, Leg, LegFormat, MediaEvent},
    telephone_event::Event,
};

use crate::phone::{PATIENCE, Phone, talking, telling_relay};

const LONG: Duration = Duration::from_mins(5);

#[test]
fn a_key_is_told_once_and_passed_on() {
    let (relay, told) = telling_relay(42_100, LONG);
    let session = relay.open().unwrap();
    for leg in [Leg::A, Leg::B] {
        session.describe(leg, LegFormat::new(Codec::Pcmu));
    }
    let (mut a, b) = talking(&session);
    for (code, at) in [(5, 8_000), (11, 16_000)] {
        for (duration, end) in [(160, false), (320, false), (480, true), (480, true), (480, true)] {
            a.send_as(101, at, &Event { code, end, duration }.to_bytes());
            assert_eq!(b.hear().0.payload_type, 101);
        }
    }
    for key in ['5', '#'] {
        let expected = MediaEvent { session: session.id(), leg: Leg::A, happened: Happened::Digit(key) };
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), expected);
    }
    assert!(told.try_recv().is_err());
}

#[test]
fn the_end_of_a_playlist_is_told_and_what_was_stopped_is_not() {
    let (relay, told) = telling_relay(42_110, LONG);
    let session = relay.open().unwrap();
    let (a, b) = talking(&session);
    session.play(Leg::A, Playlist::new().silence(LONG));
    a.hear();
    session.play(Leg::A, Playlist::new().prompt(Prompt::new(vec![1000; FRAME])).silence(Duration::from_millis(20)));
    session.play(Leg::B, Playlist::new().silence(LONG));
    b.hear();
    session.stop_playing(Leg::B);
    let event = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!((event.leg, event.happened), (Leg::A, Happened::Played));
    assert!(told.try_recv().is_err());
}

#[test]
fn silence_is_told_once_until_the_leg_is_heard_again() {
    let (relay, told) = telling_relay(42_120, Duration::from_millis(500));
    let session = relay.open().unwrap();
    let mut a = Phone::new(&session, Leg::A, 1);
    session.expect(Leg::A, Some(a.address()));
    for _ in 0..2 {
        a.say(&[0; FRAME]);
        let MediaEvent { leg, happened, .. } = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(leg, Leg::A, "nobody waits for a leg that is not there");
        assert!(matches!(happened, Happened::Silent { lasting } if lasting >= Duration::from_millis(500)));
    }
    drop(session);
    assert!(told.try_recv().is_err());
}
