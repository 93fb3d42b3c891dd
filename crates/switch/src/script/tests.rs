//! Scripts alone: what they say and do next.

use lineside_media::phrase::Phrase;
use lineside_model::question::Asks;

use super::*;
use crate::fixture;

fn said(does: &[Does]) -> Vec<Phrase> {
    let sounds = does.iter().filter_map(|does| match does {
        Does::Play(sounds) => Some(sounds),
        _ => None,
    });
    sounds.flatten().filter_map(|sound| if let Sound::Phrase(phrase) = sound { Some(*phrase) } else { None }).collect()
}

fn owner() -> Arc<DirectoryUser> {
    Arc::new(fixture::with_mailbox(fixture::user(2, "202")))
}

#[test]
fn the_own_greeting_comes_before_the_tone_and_the_default_names_the_extension() {
    let mut deposit = Deposit::new(owner());
    assert_eq!(deposit.hear(Heard::Started), [Does::Ask(owner(), Asks::Greeting)]);
    let own = deposit.hear(Heard::Answer(Answer::Greeting(Some("/g.wav".into()))));
    assert_eq!(own, [Does::Play(vec![Sound::File("/g.wav".into()), Sound::Beep])]);
    let mut deposit = Deposit::new(owner());
    deposit.hear(Heard::Started);
    let [Does::Play(sounds)] = &deposit.hear(Heard::Answer(Answer::Refused))[..] else { panic!() };
    assert!(sounds.contains(&Sound::Digits("202".to_owned())) && sounds.last() == Some(&Sound::Beep));
}

#[test]
fn no_key_leads_out_of_voicemail() {
    let mut deposit = Deposit::new(owner());
    deposit.hear(Heard::Started);
    deposit.hear(Heard::Answer(Answer::Greeting(None)));
    for digit in "0123456789*ABCD".chars() {
        assert!(deposit.hear(Heard::Digit(digit)).is_empty(), "{digit}");
    }
}

#[test]
fn the_test_call_says_how_much_was_lost() {
    let mut test = TestCall::default();
    test.hear(Heard::Started);
    test.hear(Heard::Played);
    let recorded = Recorded { path: "/t.wav".into(), duration: Duration::from_secs(3), voiced: Duration::from_secs(2) };
    assert_eq!(test.hear(Heard::Recorded(recorded)), [Does::Measure]);
    let does = test.hear(Heard::Measured(Measured { packets: 95, lost: 5, round_trip: None }));
    assert!(said(&does).contains(&Phrase::SoundIsLost));
    let Some(Does::Play(sounds)) = does.last() else { panic!() };
    assert!(sounds.contains(&Sound::Number(5)));
}

#[test]
fn an_empty_mailbox_offers_no_messages() {
    let mut mailbox = Mailbox::own(owner());
    mailbox.hear(Heard::Started);
    let does = mailbox.hear(Heard::Answer(Answer::Messages(Vec::new())));
    assert_eq!(said(&does), [Phrase::YouHave, Phrase::NewMessages, Phrase::MailboxMenuEmpty]);
    assert!(mailbox.hear(Heard::Digit('1')).is_empty());
}
