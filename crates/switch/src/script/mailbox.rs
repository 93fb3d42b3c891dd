//! `*97` and `*98`: a user listens to their messages, keeps, deletes and passes them on, calls back, and speaks a greeting.
//!
//! From one's own phone the mailbox is open; from elsewhere the PIN is asked for. Whoever keeps the PINs counts the wrong
//! ones; after three in one call the caller is sent away.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chrono::FixedOffset;
use lineside_media::phrase::Phrase;
use lineside_model::{
    directory::DirectoryUser,
    extension::Extension,
    question::{Answer, Asks, Message, PinCheck},
};

use super::{Digits, Does, Heard, Recorded, Recording, Script, Sound};

/// How long a key is waited for before what can be done is said again, and how often that is done.
const PATIENCE: Duration = Duration::from_secs(6);
const REMINDERS: u8 = 2;
const PIN_TRIES: u8 = 3;
const GREETING: Duration = Duration::from_secs(90);
/// A shorter greeting is a slip.
const GREETING_MIN: Duration = Duration::from_secs(1);

pub(crate) struct Mailbox {
    /// Known from the phone, or once the extension was keyed in.
    owner: Option<Arc<DirectoryUser>>,
    stage: Stage,
    digits: Digits,
    messages: VecDeque<Message>,
    number: u32,
    pin_tries: u8,
    reminders: u8,
    draft: Option<Recorded>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    AskingExtension,
    AskingPin,
    Opening,
    Menu,
    /// A message is played, or what to do with it is waited for.
    Message,
    /// To whom the message goes on.
    Forwarding,
    /// Something was asked for that leads on to the next message.
    Moving,
    GreetingIntro,
    GreetingRecording,
    GreetingReview,
    Leaving,
}

impl Mailbox {
    /// One's own mailbox, from one's own phone.
    pub(crate) fn own(owner: Arc<DirectoryUser>) -> Self {
        Self::new(Some(owner), Stage::Opening)
    }

    /// From another phone.
    pub(crate) fn of(owner: Option<Arc<DirectoryUser>>) -> Self {
        let stage = if owner.is_some() { Stage::AskingPin } else { Stage::AskingExtension };
        Self::new(owner, stage)
    }

    fn new(owner: Option<Arc<DirectoryUser>>, stage: Stage) -> Self {
        Self {
            owner,
            stage,
            digits: Digits::default(),
            messages: VecDeque::new(),
            number: 0,
            pin_tries: 0,
            reminders: 0,
            draft: None,
        }
    }

    fn start(&mut self) -> Vec<Does> {
        match self.stage {
            Stage::AskingExtension => say(Phrase::EnterExtension),
            Stage::AskingPin => say(Phrase::EnterPin),
            _ => self.open(),
        }
    }

    fn open(&mut self) -> Vec<Does> {
        self.stage = Stage::Opening;
        self.ask(&Asks::Messages)
    }

    fn ask(&self, asks: &Asks) -> Vec<Does> {
        self.owner.iter().map(|owner| Does::Ask(owner.clone(), asks.clone())).collect()
    }

    fn leave(&mut self, phrase: Phrase) -> Vec<Does> {
        self.stage = Stage::Leaving;
        say(phrase)
    }

    fn keyed_pin(&mut self, pin: String) -> Vec<Does> {
        match self.owner {
            Some(_) => self.ask(&Asks::Pin(pin)),
            None => self.wrong_pin(),
        }
    }

    fn wrong_pin(&mut self) -> Vec<Does> {
        self.pin_tries += 1;
        if self.pin_tries >= PIN_TRIES {
            return self.leave(Phrase::Goodbye);
        }
        vec![Does::Play(vec![Sound::Phrase(Phrase::WrongPin), Sound::Phrase(Phrase::EnterPin)])]
    }

    fn opened(&mut self, messages: Vec<Message>) -> Vec<Does> {
        let new = messages.iter().filter(|message| message.is_new).count();
        let saved = messages.len() - new;
        // New ones first, each kind oldest first, as they are told.
        let (mut fresh, kept): (Vec<_>, Vec<_>) = messages.into_iter().rev().partition(|message| message.is_new);
        fresh.extend(kept);
        self.messages = fresh.into();
        self.number = 0;
        let mut sounds = vec![Sound::Phrase(Phrase::YouHave)];
        sounds.extend(count(new, Phrase::NewMessage, Phrase::NewMessages));
        if saved > 0 {
            sounds.push(Sound::Phrase(Phrase::And));
            sounds.extend(count(saved, Phrase::SavedMessage, Phrase::SavedMessages));
        }
        self.stage = Stage::Menu;
        if self.messages.is_empty() {
            sounds.push(Sound::Phrase(Phrase::MailboxMenuEmpty));
        } else {
            sounds.push(Sound::Phrase(Phrase::MailboxMenu));
        }
        vec![Does::Play(sounds)]
    }

    fn play_current(&mut self) -> Vec<Does> {
        let Some(message) = self.messages.front() else { return self.no_more() };
        self.stage = Stage::Message;
        self.reminders = 0;
        let mut sounds = vec![Sound::Phrase(Phrase::Message), Sound::Number(self.number)];
        if message.caller.number.is_empty() {
            sounds.push(Sound::Phrase(Phrase::FromWithheld));
        } else {
            sounds.extend([Sound::Phrase(Phrase::From), Sound::Digits(message.caller.number.to_string())]);
        }
        if let Some(zone) = FixedOffset::east_opt(message.utc_offset_minutes.clamp(-1439, 1439) * 60) {
            sounds.push(Sound::Time(message.at.with_timezone(&zone)));
        }
        sounds.extend([
            Sound::Pause(Duration::from_millis(400)),
            Sound::File(message.audio.clone()),
            Sound::Beep,
            Sound::Phrase(Phrase::MessageMenu),
        ]);
        let mut does = vec![Does::Play(sounds)];
        if message.is_new {
            does.extend(self.ask(&Asks::Heard(message.id)));
        }
        does
    }

    fn next(&mut self) -> Vec<Does> {
        if self.number > 0 {
            self.messages.pop_front();
        }
        self.number += 1;
        self.play_current()
    }

    fn no_more(&mut self) -> Vec<Does> {
        self.stage = Stage::Menu;
        vec![Does::Play(vec![Sound::Phrase(Phrase::NoMoreMessages), Sound::Phrase(Phrase::MailboxMenuEmpty)])]
    }

    fn menu_key(&mut self, digit: char) -> Vec<Does> {
        match digit {
            '1' if !self.messages.is_empty() => self.next(),
            '0' => {
                self.stage = Stage::GreetingIntro;
                vec![Does::Play(vec![Sound::Phrase(Phrase::RecordGreeting), Sound::Beep])]
            }
            '*' | '#' => self.leave(Phrase::Goodbye),
            _ => Vec::new(),
        }
    }

    fn message_key(&mut self, digit: char) -> Vec<Does> {
        let Some(message) = self.messages.front() else { return self.no_more() };
        let id = message.id;
        match digit {
            '1' => self.play_current(),
            '2' => self.move_on(&Asks::Save(id)),
            '3' => self.move_on(&Asks::Delete(id)),
            '4' => match (&self.owner, message.caller.number.is_empty()) {
                (Some(owner), false) => vec![Does::Connect(owner.clone(), message.caller.number.to_string())],
                _ => say(Phrase::NotPossible),
            },
            '5' => {
                self.stage = Stage::Forwarding;
                say(Phrase::EnterExtension)
            }
            '#' => self.next(),
            '*' => {
                self.stage = Stage::Menu;
                say(Phrase::MailboxMenu)
            }
            _ => Vec::new(),
        }
    }

    fn move_on(&mut self, asks: &Asks) -> Vec<Does> {
        self.stage = Stage::Moving;
        self.ask(asks)
    }

    fn moved(&mut self, answer: &Answer) -> Vec<Does> {
        if *answer == Answer::Done {
            return self.next();
        }
        self.stage = Stage::Message;
        say(Phrase::NotPossible)
    }

    fn greeting_recorded(&mut self, recorded: Recorded) -> Vec<Does> {
        if recorded.voiced < GREETING_MIN {
            self.stage = Stage::GreetingIntro;
            return vec![Does::Play(vec![
                Sound::Phrase(Phrase::NothingHeard),
                Sound::Phrase(Phrase::RecordGreeting),
                Sound::Beep,
            ])];
        }
        self.stage = Stage::GreetingReview;
        let sounds = vec![Sound::File(recorded.path.clone()), Sound::Phrase(Phrase::GreetingMenu)];
        self.draft = Some(recorded);
        vec![Does::Play(sounds)]
    }

    fn greeting_key(&mut self, digit: char) -> Vec<Does> {
        match (digit, self.draft.take()) {
            ('1', Some(draft)) => self.ask(&Asks::RecordGreeting(draft.path)),
            ('2', _) => {
                self.stage = Stage::GreetingIntro;
                vec![Does::Play(vec![Sound::Phrase(Phrase::RecordGreeting), Sound::Beep])]
            }
            ('*', _) => {
                self.stage = Stage::Menu;
                say(Phrase::MailboxMenuEmpty)
            }
            (_, draft) => {
                self.draft = draft;
                Vec::new()
            }
        }
    }

    fn digit(&mut self, digit: char) -> Vec<Does> {
        self.reminders = 0;
        match self.stage {
            Stage::AskingExtension | Stage::AskingPin | Stage::Forwarding => match self.digits.push(digit) {
                Some(keyed) => self.keyed(keyed),
                // The announcement stops at the first key, and a pause ends the input as `#` does.
                None => vec![Does::StopPlaying, Does::Wait(PATIENCE)],
            },
            Stage::Menu => self.menu_key(digit),
            Stage::Message => self.message_key(digit),
            Stage::GreetingIntro if digit == '*' => self.leave(Phrase::Goodbye),
            Stage::GreetingRecording => vec![Does::StopRecording],
            Stage::GreetingReview => self.greeting_key(digit),
            _ => Vec::new(),
        }
    }

    fn keyed(&mut self, text: String) -> Vec<Does> {
        match self.stage {
            Stage::AskingExtension => keyed_extension(&text),
            Stage::AskingPin => self.keyed_pin(text),
            // An empty input takes it back.
            _ if text.is_empty() => self.play_current(),
            _ => keyed_extension(&text),
        }
    }

    fn found(&mut self, user: Option<Arc<DirectoryUser>>) -> Vec<Does> {
        if self.stage == Stage::AskingExtension {
            self.owner = user;
            self.stage = Stage::AskingPin;
            return say(Phrase::EnterPin);
        }
        match (user, self.messages.front()) {
            (Some(to), Some(message)) => {
                let asks = Asks::Forward { message: message.id, to: to.user_id };
                self.move_on(&asks)
            }
            _ => vec![Does::Play(vec![Sound::Phrase(Phrase::NotPossible), Sound::Phrase(Phrase::EnterExtension)])],
        }
    }

    fn answered(&mut self, answer: Answer) -> Vec<Does> {
        match (self.stage, answer) {
            (Stage::AskingPin, Answer::Pin(PinCheck::Right)) => self.open(),
            (Stage::AskingPin, Answer::Pin(PinCheck::Wrong)) => self.wrong_pin(),
            (Stage::Opening, Answer::Messages(messages)) => self.opened(messages),
            (Stage::AskingPin | Stage::Opening, _) => self.leave(Phrase::NotPossible),
            (Stage::Moving, answer) => self.moved(&answer),
            (Stage::GreetingReview, answer) => {
                self.stage = Stage::Menu;
                let told = if answer == Answer::Done { Phrase::GreetingSaved } else { Phrase::NotPossible };
                vec![Does::Play(vec![Sound::Phrase(told), Sound::Phrase(Phrase::MailboxMenuEmpty)])]
            }
            _ => Vec::new(),
        }
    }

    fn played(&mut self) -> Vec<Does> {
        match self.stage {
            Stage::GreetingIntro => {
                self.stage = Stage::GreetingRecording;
                vec![Does::Record { what: Recording::Draft, longest: GREETING, until_silence: Some(PATIENCE) }]
            }
            Stage::Leaving => vec![Does::HangUp],
            _ => vec![Does::Wait(PATIENCE)],
        }
    }

    fn waited(&mut self) -> Vec<Does> {
        if let Some(keyed) = (!self.digits.0.is_empty()).then(|| std::mem::take(&mut self.digits.0)) {
            return self.keyed(keyed);
        }
        self.reminders += 1;
        if self.reminders > REMINDERS {
            return self.leave(Phrase::Goodbye);
        }
        match self.stage {
            Stage::AskingExtension | Stage::Forwarding => say(Phrase::EnterExtension),
            Stage::AskingPin => say(Phrase::EnterPin),
            Stage::Menu if self.messages.is_empty() => say(Phrase::MailboxMenuEmpty),
            Stage::Menu => say(Phrase::MailboxMenu),
            Stage::Message => say(Phrase::MessageMenu),
            Stage::GreetingReview => say(Phrase::GreetingMenu),
            _ => self.leave(Phrase::Goodbye),
        }
    }
}

impl Script for Mailbox {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        match heard {
            Heard::Started => self.start(),
            Heard::Digit(digit) => self.digit(digit),
            Heard::Found(user) => self.found(user),
            Heard::Answer(answer) => self.answered(answer),
            Heard::Recorded(recorded) if self.stage == Stage::GreetingRecording => self.greeting_recorded(recorded),
            Heard::Played => self.played(),
            Heard::Waited => self.waited(),
            Heard::Recorded(_) | Heard::Measured(_) => Vec::new(),
        }
    }
}

/// An extension is asked for, whether it exists or not, before the PIN: who guesses learns nothing.
fn keyed_extension(text: &str) -> Vec<Does> {
    match Extension::parse(text) {
        Ok(extension) => vec![Does::Find(extension)],
        Err(_) => say(Phrase::EnterExtension),
    }
}

fn say(phrase: Phrase) -> Vec<Does> {
    vec![Does::Play(vec![Sound::Phrase(phrase)])]
}

fn count(messages: usize, one: Phrase, many: Phrase) -> [Sound; 2] {
    let number = u32::try_from(messages).unwrap_or(u32::MAX);
    [Sound::Number(number), Sound::Phrase(if number == 1 { one } else { many })]
}
