//! The pieces that our applications speak in, one after the other. Their sentences stand in `prompts/en.tsv`, and
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

            /// Cloning shares the samples, which are read at the first use.
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
