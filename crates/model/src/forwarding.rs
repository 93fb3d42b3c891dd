//! Where calls go instead of ringing, or after it: always, busy, no answer. Unreachable stands in the profile, as "Primary
//! number unreachable".

use serde::{Deserialize, Serialize};

use crate::extension::Destination;
use crate::field::FieldErrors;
use crate::id::{AccountId, UserId};

pub const RING_SECONDS_MIN: u16 = 5;
pub const RING_SECONDS_MAX: u16 = 120;
/// Five rings in North America: long enough to cross a room, shorter than most carriers wait.
pub const RING_SECONDS_DEFAULT: u16 = 25;

/// A user's forwarding. Without one, nothing is forwarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarding {
    pub user_id: UserId,
    pub account_id: AccountId,
    pub version: i64,
    pub rules: ForwardingRules,
}

/// Each may be absent: then voicemail answers in its place, where the user has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardingRules {
    pub always: Option<Destination>,
    pub busy: Option<Destination>,
    pub no_answer: Option<Destination>,
    /// How long devices ring before a call counts as not answered.
    pub ring_seconds: u16,
}

impl Default for ForwardingRules {
    fn default() -> Self {
        Self { always: None, busy: None, no_answer: None, ring_seconds: RING_SECONDS_DEFAULT }
    }
}

/// Which rule sent a call on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardingKind {
    Always,
    Busy,
    NoAnswer,
    Unreachable,
}

impl ForwardingKind {
    pub const ALL: [Self; 4] = [Self::Always, Self::Busy, Self::NoAnswer, Self::Unreachable];

    /// The field's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Unreachable => "unreachable",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::Busy => "When busy",
            Self::NoAnswer => "When not answered",
            Self::Unreachable => "When unreachable",
        }
    }
}

impl ForwardingRules {
    /// `None` for unreachable, which is the profile's.
    pub fn get(&self, kind: ForwardingKind) -> Option<&Destination> {
        match kind {
            ForwardingKind::Always => self.always.as_ref(),
            ForwardingKind::Busy => self.busy.as_ref(),
            ForwardingKind::NoAnswer => self.no_answer.as_ref(),
            ForwardingKind::Unreachable => None,
        }
    }

    /// With one rule set or taken away; unreachable is the profile's and changes nothing here.
    #[must_use]
    pub fn with(mut self, kind: ForwardingKind, to: Option<Destination>) -> Self {
        match kind {
            ForwardingKind::Always => self.always = to,
            ForwardingKind::Busy => self.busy = to,
            ForwardingKind::NoAnswer => self.no_answer = to,
            ForwardingKind::Unreachable => {}
        }
        self
    }

    /// The rules that are set, in the order in which they act.
    pub fn set(&self) -> impl Iterator<Item = (ForwardingKind, &Destination)> {
        ForwardingKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }
}

/// As a form or a request carries it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ForwardingInput {
    pub always: String,
    pub busy: String,
    pub no_answer: String,
    pub ring_seconds: String,
}

impl From<&ForwardingRules> for ForwardingInput {
    fn from(rules: &ForwardingRules) -> Self {
        let text = |to: &Option<Destination>| to.as_ref().map(|to| to.as_str().to_owned()).unwrap_or_default();
        Self {
            always: text(&rules.always),
            busy: text(&rules.busy),
            no_answer: text(&rules.no_answer),
            ring_seconds: rules.ring_seconds.to_string(),
        }
    }
}

impl ForwardingInput {
    pub fn parse(&self) -> Result<ForwardingRules, FieldErrors> {
        let mut errors = FieldErrors::default();
        let always = errors.take_optional("always", &self.always, Destination::parse);
        let busy = errors.take_optional("busy", &self.busy, Destination::parse);
        let no_answer = errors.take_optional("no_answer", &self.no_answer, Destination::parse);
        let ring_seconds = errors.take_optional("ring_seconds", &self.ring_seconds, ring_seconds);
        let ring_seconds = ring_seconds.unwrap_or(RING_SECONDS_DEFAULT);
        errors.into_result(Some(ForwardingRules { always, busy, no_answer, ring_seconds }))
    }
}

pub(crate) fn ring_seconds(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(seconds) if (RING_SECONDS_MIN..=RING_SECONDS_MAX).contains(&seconds) => Ok(seconds),
        _ => Err(format!("write a number of seconds from {RING_SECONDS_MIN} to {RING_SECONDS_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let input = ForwardingInput {
            always: "nowhere".into(),
            busy: "911".into(),
            ring_seconds: "3".into(),
            ..ForwardingInput::default()
        };
        let errors = input.parse().unwrap_err();
        assert_eq!(
            errors.0.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
            ["always", "busy", "ring_seconds"]
        );
        assert_eq!(errors.of("ring_seconds"), Some("write a number of seconds from 5 to 120"));
    }

    #[test]
    fn rules_survive_their_form() {
        let rules = ForwardingRules {
            always: Destination::parse("203").ok(),
            no_answer: Destination::parse("+14805550143").ok(),
            ring_seconds: 40,
            ..ForwardingRules::default()
        };
        assert_eq!(ForwardingInput::from(&rules).parse().unwrap(), rules);
        assert_eq!(ForwardingInput::default().parse().unwrap(), ForwardingRules::default());
        assert_eq!(
            rules.set().map(|(kind, _)| kind).collect::<Vec<_>>(),
            [ForwardingKind::Always, ForwardingKind::NoAnswer]
        );
    }
}
