//! What a person dials, before anybody knows what it means.

use crate::extension::EMERGENCY;

/// Digits, `+`, `*` and `#`, without the separators that people write (RFC 3966 section 5.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dialled(String);

/// What phones dial in North America before a number of another country.
const INTERNATIONAL: &str = "011";

impl Dialled {
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|character| !matches!(character, '-' | '.' | '(' | ')' | ' ' | '\u{a0}')).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 911, 112 or the test line 933: matched exactly, before everything else.
    pub fn emergency(&self) -> Option<&'static str> {
        EMERGENCY.into_iter().find(|code| *code == self.0)
    }

    /// As a number of the world, of North America without country code, or of the world as dialled from there. Whether such
    /// a number can exist is not asked: the directory knows ours, and carriers know theirs, younger than any table.
    pub fn number(&self) -> Option<String> {
        let (plus, digits) = match self.0.strip_prefix('+').or_else(|| self.0.strip_prefix(INTERNATIONAL)) {
            Some(digits) => (true, digits),
            None => (false, self.0.as_str()),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match (plus, digits.len(), digits.as_bytes().first()) {
            (true, 8..=15, Some(b'1'..=b'9')) | (false, 11, Some(b'1')) => Some(format!("+{digits}")),
            (false, 10, Some(b'2'..=b'9')) => Some(format!("+1{digits}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_what_is_none() {
        for (text, number) in [
            ("+1 (480) 555-0143", "+14805550143"),
            ("480.555.0143", "+14805550143"),
            ("14805550143", "+14805550143"),
            ("011442079460000", "+442079460000"),
            ("+442079460000", "+442079460000"),
        ] {
            assert_eq!(Dialled::new(text).number().as_deref(), Some(number), "{text}");
        }
        for text in ["201", "1805550143", "0805550143", "+0123456789", "+1234567890123456", "480555014a", "*97", ""] {
            assert_eq!(Dialled::new(text).number(), None, "{text}");
        }
    }

    #[test]
    fn emergency_numbers_are_matched_exactly() {
        assert_eq!(Dialled::new("9-1-1").emergency(), Some("911"));
        for text in ["9911", "9110", "+911", "91", "1911"] {
            assert_eq!(Dialled::new(text).emergency(), None, "{text}");
        }
    }
}
