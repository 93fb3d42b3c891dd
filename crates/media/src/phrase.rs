//! What is spoken to people, sentence by sentence or word by word, by name. The sentences stand in `prompts/en.tsv`, and
//! `prompts/make.sh` speaks them.

use std::sync::LazyLock;

use crate::prompt::Prompt;

macro_rules! phrases {
    ($($variant:ident $file:literal),* $(,)?) => {
        /// A sentence or a word of ours, named by what it says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Phrase { $($variant),* }

        impl Phrase {
            pub const ALL: &[Phrase] = &[$(Phrase::$variant),*];

            /// The name of its file in a language's folder, without `.wav`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Phrase::$variant => $file,)*
                }
            }

            /// In English. Cloning shares the samples, which are read at the first use.
            pub fn prompt(self) -> Prompt {
                match self {
                    $(Phrase::$variant => {
                        static PROMPT: LazyLock<Prompt> =
                            LazyLock::new(|| Prompt::of_file(include_bytes!(concat!("../prompts/en/", $file, ".wav"))));
                        PROMPT.clone()
                    })*
                }
            }
        }
    };
}

phrases! {
    Unavailable "unavailable",
    NotInService "not-in-service",
    EmergencyUnavailable "emergency-unavailable",
    InternationalBlocked "international-blocked",
    CircuitsBusy "circuits-busy",
    LimitReached "limit-reached",
    Unreachable "unreachable",
    Busy "busy",
    Loop "loop",
    EmergencyConnecting "emergency-connecting",
    EmergencyTest "emergency-test",
    EmergencyNoAddress "emergency-no-address",
    PleaseHold "please-hold",
    Transferring "transferring",
    TheUserAt "the-user-at",
    LeaveMessage "leave-message",
    MailboxFull "mailbox-full",
    Goodbye "goodbye",
    Echo "echo",
    TestCall "test-call",
    ThisIsWhatWeHeard "this-is-what-we-heard",
    NothingHeard "nothing-heard",
    SoundIsLost "sound-is-lost",
    Percent "percent",
    NoSoundIsLost "no-sound-is-lost",
    ForwardingOn "forwarding-on",
    ForwardingOff "forwarding-off",
    NotPossible "not-possible",
    EnterExtension "enter-extension",
    EnterPin "enter-pin",
    WrongPin "wrong-pin",
    YouHave "you-have",
    NewMessage "new-message",
    NewMessages "new-messages",
    SavedMessage "saved-message",
    SavedMessages "saved-messages",
    And "and",
    MailboxMenu "mailbox-menu",
    MailboxMenuEmpty "mailbox-menu-empty",
    Message "message",
    From "from",
    FromWithheld "from-withheld",
    MessageMenu "message-menu",
    NoMoreMessages "no-more-messages",
    RecordGreeting "record-greeting",
    GreetingMenu "greeting-menu",
    GreetingSaved "greeting-saved",
    Recorded "this-call-is-recorded",
    NotAllowed "not-allowed",
    At "at",
    Oh "oh",
    OClock "o-clock",
    Am "am",
    Pm "pm",
    Hundred "hundred",
    Thousand "thousand",
    Plus "plus",
    Monday "monday",
    Tuesday "tuesday",
    Wednesday "wednesday",
    Thursday "thursday",
    Friday "friday",
    Saturday "saturday",
    Sunday "sunday",
    Zero "zero",
    One "one",
    Two "two",
    Three "three",
    Four "four",
    Five "five",
    Six "six",
    Seven "seven",
    Eight "eight",
    Nine "nine",
    Ten "ten",
    Eleven "eleven",
    Twelve "twelve",
    Thirteen "thirteen",
    Fourteen "fourteen",
    Fifteen "fifteen",
    Sixteen "sixteen",
    Seventeen "seventeen",
    Eighteen "eighteen",
    Nineteen "nineteen",
    Twenty "twenty",
    Thirty "thirty",
    Forty "forty",
    Fifty "fifty",
    Sixty "sixty",
    Seventy "seventy",
    Eighty "eighty",
    Ninety "ninety",
    NotAccepting "not-accepting",
    RecordMessage "record-message",
    GreetingRemoved "greeting-removed",
    TooShort "too-short",
    EnterMailbox "enter-mailbox",
    PinLocked "pin-locked",
    NoPin "no-pin",
    NoMessages "no-messages",
    NoNewMessages "no-new-messages",
    FirstMessage "first-message",
    NextMessage "next-message",
    LastMessage "last-message",
    Received "received",
    Extension "extension",
    Number "number",
    Today "today",
    Yesterday "yesterday",
    MessageDeleted "message-deleted",
    MessageSaved "message-saved",
    MessageSent "message-sent",
    MessageRestored "message-restored",
    MailboxNearlyFull "mailbox-nearly-full",
    NoSuchExtension "no-such-extension",
    CallingBack "calling-back",
    CanNotCallBack "can-not-call-back",
    ForwardingBusyOn "forwarding-busy-on",
    ForwardingBusyOff "forwarding-busy-off",
    ForwardingNoAnswerOn "forwarding-no-answer-on",
    ForwardingNoAnswerOff "forwarding-no-answer-off",
    ForwardingUnreachableOn "forwarding-unreachable-on",
    ForwardingUnreachableOff "forwarding-unreachable-off",
    EnterNumber "enter-number",
    NumberNotAllowed "number-not-allowed",
    DoNotDisturbOn "do-not-disturb-on",
    DoNotDisturbOff "do-not-disturb-off",
    FeatureNotLicensed "feature-not-licensed",
    InvalidChoice "invalid-choice",
    SwitchedOn "switched-on",
    SwitchedOff "switched-off",
    RecordingStarted "recording-started",
    RecordingPaused "recording-paused",
    RecordingResumed "recording-resumed",
    RecordingStopped "recording-stopped",
    Day1 "day-1",
    Day2 "day-2",
    Day3 "day-3",
    Day4 "day-4",
    Day5 "day-5",
    Day6 "day-6",
    Day7 "day-7",
    Day8 "day-8",
    Day9 "day-9",
    Day10 "day-10",
    Day11 "day-11",
    Day12 "day-12",
    Day13 "day-13",
    Day14 "day-14",
    Day15 "day-15",
    Day16 "day-16",
    Day17 "day-17",
    Day18 "day-18",
    Day19 "day-19",
    Day20 "day-20",
    Day21 "day-21",
    Day22 "day-22",
    Day23 "day-23",
    Day24 "day-24",
    Day25 "day-25",
    Day26 "day-26",
    Day27 "day-27",
    Day28 "day-28",
    Day29 "day-29",
    Day30 "day-30",
    Day31 "day-31",
    January "january",
    February "february",
    March "march",
    April "april",
    May "may",
    June "june",
    July "july",
    August "august",
    September "september",
    October "october",
    November "november",
    December "december",
}

const SMALL: [Phrase; 20] = [
    Phrase::Zero,
    Phrase::One,
    Phrase::Two,
    Phrase::Three,
    Phrase::Four,
    Phrase::Five,
    Phrase::Six,
    Phrase::Seven,
    Phrase::Eight,
    Phrase::Nine,
    Phrase::Ten,
    Phrase::Eleven,
    Phrase::Twelve,
    Phrase::Thirteen,
    Phrase::Fourteen,
    Phrase::Fifteen,
    Phrase::Sixteen,
    Phrase::Seventeen,
    Phrase::Eighteen,
    Phrase::Nineteen,
];
const TENS: [Phrase; 8] = [
    Phrase::Twenty,
    Phrase::Thirty,
    Phrase::Forty,
    Phrase::Fifty,
    Phrase::Sixty,
    Phrase::Seventy,
    Phrase::Eighty,
    Phrase::Ninety,
];

impl Phrase {
    pub const MONTHS: [Phrase; 12] = [
        Phrase::January,
        Phrase::February,
        Phrase::March,
        Phrase::April,
        Phrase::May,
        Phrase::June,
        Phrase::July,
        Phrase::August,
        Phrase::September,
        Phrase::October,
        Phrase::November,
        Phrase::December,
    ];

    /// The days of a month: “first” to “thirty-first”.
    pub const DAYS: [Phrase; 31] = [
        Phrase::Day1,
        Phrase::Day2,
        Phrase::Day3,
        Phrase::Day4,
        Phrase::Day5,
        Phrase::Day6,
        Phrase::Day7,
        Phrase::Day8,
        Phrase::Day9,
        Phrase::Day10,
        Phrase::Day11,
        Phrase::Day12,
        Phrase::Day13,
        Phrase::Day14,
        Phrase::Day15,
        Phrase::Day16,
        Phrase::Day17,
        Phrase::Day18,
        Phrase::Day19,
        Phrase::Day20,
        Phrase::Day21,
        Phrase::Day22,
        Phrase::Day23,
        Phrase::Day24,
        Phrase::Day25,
        Phrase::Day26,
        Phrase::Day27,
        Phrase::Day28,
        Phrase::Day29,
        Phrase::Day30,
        Phrase::Day31,
    ];

    pub const WEEKDAYS: [Phrase; 7] = [
        Phrase::Monday,
        Phrase::Tuesday,
        Phrase::Wednesday,
        Phrase::Thursday,
        Phrase::Friday,
        Phrase::Saturday,
        Phrase::Sunday,
    ];

    /// A digit of a number that is read out, or the `+` before it.
    pub fn of_digit(digit: char) -> Option<Phrase> {
        match digit {
            '+' => Some(Phrase::Plus),
            digit => SMALL.get(digit.to_digit(10)? as usize).copied(),
        }
    }
}

/// A quantity in words; beyond 9,999 it is that many thousands.
pub fn number_words(number: u32) -> Vec<Phrase> {
    let mut words = Vec::new();
    let mut rest = number.min(999_999);
    if rest >= 1000 {
        words.extend(number_words(rest / 1000));
        words.push(Phrase::Thousand);
        rest %= 1000;
    }
    if rest >= 100 {
        words.push(SMALL[(rest / 100) as usize]);
        words.push(Phrase::Hundred);
        rest %= 100;
    }
    match rest {
        0 if !words.is_empty() => {}
        0..20 => words.push(SMALL[rest as usize]),
        _ => {
            words.push(TENS[(rest / 10 - 2) as usize]);
            if !rest.is_multiple_of(10) {
                words.push(SMALL[(rest % 10) as usize]);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_can_be_heard() {
        for phrase in Phrase::ALL {
            let prompt = phrase.prompt();
            let seconds = prompt.duration().as_secs_f64();
            assert!((0.2..15.0).contains(&seconds), "{phrase:?}: {seconds} s");
            assert!(prompt.samples().iter().any(|sample| sample.unsigned_abs() > 5_000), "{phrase:?} is silent");
        }
    }

    #[test]
    fn numbers_are_put_together_from_words() {
        assert_eq!(number_words(0), [Phrase::Zero]);
        assert_eq!(number_words(21), [Phrase::Twenty, Phrase::One]);
        assert_eq!(number_words(100), [Phrase::One, Phrase::Hundred]);
        assert_eq!(number_words(2_019), [Phrase::Two, Phrase::Thousand, Phrase::Nineteen]);
        assert_eq!(Phrase::of_digit('7'), Some(Phrase::Seven));
        assert_eq!(Phrase::of_digit('x'), None);
    }
}
