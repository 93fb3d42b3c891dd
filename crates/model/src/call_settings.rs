//! What holds for the calls of a whole account.

use serde::{Deserialize, Serialize};

use crate::field::FieldErrors;
use crate::id::AccountId;
use crate::outbound::{Limits, OutboundRules, PREFIXES_MAX, Prefix};
use crate::recording::{KEEP_DAYS_MAX, RecordingRules};
use crate::voicemail::{STORAGE_MB_DEFAULT, STORAGE_MB_MAX};

/// Without a row, the defaults hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSettings {
    pub account_id: AccountId,
    pub version: i64,
    pub rules: CallRules,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallRules {
    pub recording: RecordingRules,
    pub outbound: OutboundRules,
    /// Of one user's voicemail, in megabytes: 100 hold some 100 minutes.
    pub voicemail_storage_mb: u32,
    /// How long calls stay in the history.
    pub keep_calls_days: u16,
}

pub const KEEP_CALLS_DAYS_DEFAULT: u16 = 400;

impl Default for CallRules {
    fn default() -> Self {
        Self {
            recording: RecordingRules::default(),
            outbound: OutboundRules::default(),
            voicemail_storage_mb: STORAGE_MB_DEFAULT,
            keep_calls_days: KEEP_CALLS_DAYS_DEFAULT,
        }
    }
}

/// As a form or a request carries them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallRulesInput {
    pub announce: bool,
    pub beep: bool,
    pub record_emergency: bool,
    pub keep_recordings_days: String,
    /// Beginnings of numbers, separated by blanks, commas or lines.
    pub international: String,
    pub premium: String,
    pub user_calls: String,
    pub account_calls: String,
    pub user_minutes: String,
    pub account_minutes: String,
    pub call_minutes: String,
    pub voicemail_storage_mb: String,
    pub keep_calls_days: String,
}

impl From<&CallRules> for CallRulesInput {
    fn from(rules: &CallRules) -> Self {
        let list = |open: &[Prefix]| open.iter().map(Prefix::as_str).collect::<Vec<_>>().join(" ");
        let limits = &rules.outbound.limits;
        Self {
            announce: rules.recording.announce,
            beep: rules.recording.beep,
            record_emergency: rules.recording.emergency,
            keep_recordings_days: rules.recording.keep_days.to_string(),
            international: list(&rules.outbound.international),
            premium: list(&rules.outbound.premium),
            user_calls: limits.user_calls.to_string(),
            account_calls: limits.account_calls.to_string(),
            user_minutes: limits.user_minutes.to_string(),
            account_minutes: limits.account_minutes.to_string(),
            call_minutes: limits.call_minutes.to_string(),
            voicemail_storage_mb: rules.voicemail_storage_mb.to_string(),
            keep_calls_days: rules.keep_calls_days.to_string(),
        }
    }
}

impl CallRulesInput {
    pub fn parse(&self) -> Result<CallRules, FieldErrors> {
        let mut errors = FieldErrors::default();
        let days = u32::from(KEEP_DAYS_MAX);
        let keep_days = number(&mut errors, "keep_recordings_days", &self.keep_recordings_days, 1, days);
        let international = prefixes(&mut errors, "international", &self.international);
        let premium = prefixes(&mut errors, "premium", &self.premium);
        let user_calls = number(&mut errors, "user_calls", &self.user_calls, 0, 100_000);
        let account_calls = number(&mut errors, "account_calls", &self.account_calls, 0, 1_000_000);
        let user_minutes = number(&mut errors, "user_minutes", &self.user_minutes, 0, 1_000_000);
        let account_minutes = number(&mut errors, "account_minutes", &self.account_minutes, 0, 100_000_000);
        let call_minutes = number(&mut errors, "call_minutes", &self.call_minutes, 1, 24 * 60);
        let storage = &self.voicemail_storage_mb;
        let voicemail_storage_mb = number(&mut errors, "voicemail_storage_mb", storage, 1, STORAGE_MB_MAX);
        let keep_calls_days = number(&mut errors, "keep_calls_days", &self.keep_calls_days, 1, days);
        let rules = (|| {
            Some(CallRules {
                recording: RecordingRules {
                    announce: self.announce,
                    beep: self.beep,
                    keep_days: u16::try_from(keep_days?).ok()?,
                    emergency: self.record_emergency,
                },
                outbound: OutboundRules {
                    international: international?,
                    premium: premium?,
                    limits: Limits {
                        user_calls: user_calls?,
                        account_calls: account_calls?,
                        user_minutes: user_minutes?,
                        account_minutes: account_minutes?,
                        call_minutes: call_minutes?,
                    },
                },
                voicemail_storage_mb: voicemail_storage_mb?,
                keep_calls_days: u16::try_from(keep_calls_days?).ok()?,
            })
        })();
        errors.into_result(rules)
    }
}

fn number(errors: &mut FieldErrors, field: &str, text: &str, min: u32, max: u32) -> Option<u32> {
    let parsed = match text.trim().parse::<u32>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("write a number from {min} to {max}")),
    };
    errors.take(field, parsed)
}

fn prefixes(errors: &mut FieldErrors, field: &str, text: &str) -> Option<Vec<Prefix>> {
    // A blank may stand within a prefix (`+1 876`): each begins with its `+`.
    let words = text.split([',', ';', '\n', '\r', '\t']).flat_map(|line| {
        let starts = line.match_indices('+').map(|(at, _)| at);
        let ends = starts.clone().skip(1).chain([line.len()]);
        let before = line.split('+').next().unwrap_or_default();
        let parts: Vec<&str> = starts.zip(ends).map(|(start, end)| &line[start..end]).collect();
        [before].into_iter().chain(parts)
    });
    let words = words.map(str::trim).filter(|word| !word.is_empty());
    let mut open: Vec<Prefix> = errors.take(field, words.map(Prefix::parse).collect::<Result<_, _>>())?;
    open.sort();
    open.dedup();
    if open.len() > PREFIXES_MAX {
        errors.push(field, format!("at most {PREFIXES_MAX} beginnings; a shorter one opens all that follow it"));
        return None;
    }
    Some(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_survive_their_form() {
        let mut rules = CallRules::default();
        rules.outbound.international = vec![Prefix::parse("+1876").unwrap(), Prefix::parse("+44").unwrap()];
        assert_eq!(CallRulesInput::from(&rules).parse().unwrap(), rules);
    }

    #[test]
    fn prefixes_are_read_as_people_list_them() {
        let mut input = CallRulesInput::from(&CallRules::default());
        input.international = "+44, +49 +1 876\n+44".to_owned();
        let open = input.parse().unwrap().outbound.international;
        assert_eq!(open.iter().map(Prefix::as_str).collect::<Vec<_>>(), ["+1876", "+44", "+49"]);
        input.international = "44 +49".to_owned();
        input.call_minutes = "0".to_owned();
        let errors = input.parse().unwrap_err();
        assert!(errors.of("international").unwrap().starts_with("\"44\" is not the beginning"));
        assert_eq!(errors.of("call_minutes"), Some("write a number from 1 to 1440"));
    }
}
