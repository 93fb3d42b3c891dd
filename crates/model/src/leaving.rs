//! What becomes of what a user leaves behind.

use serde::{Deserialize, Serialize};

use crate::extension::{Destination, Extension};
use crate::field::FieldErrors;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Leaving {
    pub numbers: LeftNumbers,
    /// Whose extension the numbers ring, when they are forwarded.
    pub forward_to: Option<Extension>,
    /// For how many days they are.
    pub forward_days: u16,
    /// For how many days numbers are kept back, after they were forwarded.
    pub keep_back_days: u16,
    pub devices: LeftDevices,
    pub mailbox: LeftMailbox,
    /// Into whose mailbox the messages go, when they are handed over.
    pub mailbox_to: Option<Extension>,
    pub recordings: LeftRecordings,
    /// Where those who sent calls to this user send them from now on; `None`: nowhere.
    pub forwarders: Option<Destination>,
}

/// What a carrier in North America waits at least before it gives a number away again (47 CFR 52.15(f)(1)(ii)).
pub const KEEP_BACK_DAYS: u16 = 45;
pub const FORWARD_DAYS: u16 = 30;
/// The longest that numbers are forwarded, and kept back.
pub const LEFT_DAYS_MAX: u16 = 365;

impl Default for Leaving {
    fn default() -> Self {
        Self {
            numbers: LeftNumbers::default(),
            forward_to: None,
            forward_days: FORWARD_DAYS,
            keep_back_days: KEEP_BACK_DAYS,
            devices: LeftDevices::default(),
            mailbox: LeftMailbox::default(),
            mailbox_to: None,
            recordings: LeftRecordings::default(),
            forwarders: None,
        }
    }
}

macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftNumbers {
    /// Kept back for a while, so that the callers of who left do not reach a stranger.
    #[default]
    Quarantine,
    /// Ring a colleague for some days, and are kept back then.
    Forward,
    /// Can be given to somebody else at once.
    Free,
}

words!(LeftNumbers { Quarantine => "quarantine", Forward => "forward", Free => "free" });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftDevices {
    /// Stay in the list of devices, without a user.
    #[default]
    Unassign,
    Delete,
}

words!(LeftDevices { Unassign => "unassign", Delete => "delete" });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftMailbox {
    /// With the user, for as long as they can be brought back.
    #[default]
    Keep,
    /// A colleague has the messages from now on.
    HandOver,
    /// At once; nothing brings the messages back.
    Delete,
}

words!(LeftMailbox { Keep => "keep", HandOver => "hand_over", Delete => "delete" });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftRecordings {
    /// For as long as the account keeps recordings.
    #[default]
    Keep,
    /// With the user's names, when they can be brought back no more.
    Delete,
}

words!(LeftRecordings { Keep => "keep", Delete => "delete" });

/// As a form or a request carries it. What is blank is as it is without a choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LeavingInput {
    pub numbers: String,
    pub forward_to: String,
    pub forward_days: String,
    pub keep_back_days: String,
    pub devices: String,
    pub mailbox: String,
    pub mailbox_to: String,
    pub recordings: String,
    pub forwarders: String,
}

impl From<&Leaving> for LeavingInput {
    fn from(leaving: &Leaving) -> Self {
        Self {
            numbers: leaving.numbers.as_str().to_owned(),
            forward_to: leaving.forward_to.as_ref().map(ToString::to_string).unwrap_or_default(),
            forward_days: leaving.forward_days.to_string(),
            keep_back_days: leaving.keep_back_days.to_string(),
            devices: leaving.devices.as_str().to_owned(),
            mailbox: leaving.mailbox.as_str().to_owned(),
            mailbox_to: leaving.mailbox_to.as_ref().map(ToString::to_string).unwrap_or_default(),
            recordings: leaving.recordings.as_str().to_owned(),
            forwarders: leaving.forwarders.as_ref().map(|to| to.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl LeavingInput {
    pub fn parse(&self) -> Result<Leaving, FieldErrors> {
        let mut errors = FieldErrors::default();
        let numbers = errors.take_optional("numbers", &self.numbers, |text| {
            LeftNumbers::parse(text).ok_or("choose quarantine, forward or free")
        });
        let numbers = numbers.unwrap_or_default();
        let forwards = numbers == LeftNumbers::Forward;
        let whom = "fill in the extension of the colleague who answers these numbers";
        let forward_to = colleague(&mut errors, "forward_to", &self.forward_to, forwards, whom);
        let mailbox = errors.take_optional("mailbox", &self.mailbox, |text| {
            LeftMailbox::parse(text).ok_or("choose keep, hand_over or delete")
        });
        let mailbox = mailbox.unwrap_or_default();
        let hands_over = mailbox == LeftMailbox::HandOver;
        let whom = "fill in the extension of the colleague who gets these messages";
        let mailbox_to = colleague(&mut errors, "mailbox_to", &self.mailbox_to, hands_over, whom);
        let either = "choose keep or delete";
        let leaving = Leaving {
            numbers,
            forward_to,
            forward_days: errors.take_optional("forward_days", &self.forward_days, days).unwrap_or(FORWARD_DAYS),
            keep_back_days: errors
                .take_optional("keep_back_days", &self.keep_back_days, days)
                .unwrap_or(KEEP_BACK_DAYS),
            devices: errors
                .take_optional("devices", &self.devices, |text| {
                    LeftDevices::parse(text).ok_or("choose unassign or delete")
                })
                .unwrap_or_default(),
            mailbox,
            mailbox_to,
            recordings: errors
                .take_optional("recordings", &self.recordings, |text| LeftRecordings::parse(text).ok_or(either))
                .unwrap_or_default(),
            forwarders: errors.take_optional("forwarders", &self.forwarders, Destination::parse),
        };
        errors.into_result(Some(leaving))
    }
}

/// Whose extension is asked for only where the choice before it needs one.
fn colleague(errors: &mut FieldErrors, field: &str, text: &str, needed: bool, missing: &str) -> Option<Extension> {
    if needed && text.trim().is_empty() {
        errors.push(field, missing);
        return None;
    }
    errors.take_optional(field, text, Extension::parse).filter(|_| needed)
}

fn days(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(days) if (1..=LEFT_DAYS_MAX).contains(&days) => Ok(days),
        _ => Err(format!("write a number of days from 1 to {LEFT_DAYS_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_survive_their_form() {
        let leaving = Leaving {
            numbers: LeftNumbers::Forward,
            forward_to: Extension::parse("203").ok(),
            forward_days: 14,
            keep_back_days: 90,
            devices: LeftDevices::Delete,
            mailbox: LeftMailbox::HandOver,
            mailbox_to: Extension::parse("205").ok(),
            recordings: LeftRecordings::Delete,
            forwarders: Destination::parse("204").ok(),
        };
        assert_eq!(LeavingInput::from(&leaving).parse().unwrap(), leaving);
        assert_eq!(LeavingInput::default().parse().unwrap(), Leaving::default());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let input = LeavingInput {
            numbers: "forward".into(),
            forward_days: "0".into(),
            keep_back_days: "400".into(),
            devices: "burn".into(),
            mailbox: "read".into(),
            mailbox_to: "nobody".into(),
            recordings: "sell".into(),
            forwarders: "nobody".into(),
            ..LeavingInput::default()
        };
        let errors = input.parse().unwrap_err();
        assert_eq!(errors.0.len(), 8, "{errors:?}");
        assert!(errors.of("forward_to").is_some_and(|error| error.contains("fill in the extension")));
        let handed = LeavingInput { mailbox: "hand_over".into(), ..LeavingInput::default() }.parse().unwrap_err();
        assert!(handed.of("mailbox_to").is_some_and(|error| error.contains("who gets these messages")));
    }
}
