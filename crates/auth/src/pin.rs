//! The four digits a person says to the support desk or keys at the phone.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::redacted::redacted_debug;

const DIGITS: usize = 4;

/// A PIN that may be set.
#[derive(Clone)]
pub struct Pin(Zeroizing<String>);

redacted_debug!(Pin);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PinError {
    #[error("a PIN is exactly 4 digits, for example 2580")]
    NotFourDigits,
    #[error("digits in a row, like 1234 or 4321, are guessed first; choose another PIN")]
    Run,
    #[error("repeated digits, like 1111 or 1212, are guessed first; choose another PIN")]
    Repeat,
    #[error("the PIN is the extension, which everybody sees; choose another PIN")]
    Extension,
}

impl Pin {
    /// Checks a new PIN. `extension` is the person's own, when they have one.
    pub fn parse(text: &str, extension: Option<&str>) -> Result<Self, PinError> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().map_err(|_| PinError::NotFourDigits)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(PinError::NotFourDigits);
        }
        if digits[..2] == digits[2..] {
            return Err(PinError::Repeat);
        }
        if is_run(digits, 1) || is_run(digits, 9) {
            return Err(PinError::Run);
        }
        if extension.is_some_and(|extension| last_digits(extension) == text) {
            return Err(PinError::Extension);
        }
        Ok(Pin(Zeroizing::new(text.to_owned())))
    }
}

impl AsRef<str> for Pin {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Each digit is the one before plus `step`, and 0 follows 9 as on the keypad's own way round: 7890 is a run.
fn is_run(digits: [u8; DIGITS], step: u8) -> bool {
    digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0')
}

/// The extension as a PIN would say it: its last four digits, a short one filled with zeros (204 is said 0204).
fn last_digits(extension: &str) -> String {
    let start = extension.len().saturating_sub(DIGITS);
    format!("{:0>4}", extension.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", PinError::NotFourDigits)]
    #[case("123", PinError::NotFourDigits)]
    #[case("12345", PinError::NotFourDigits)]
    #[case("12a4", PinError::NotFourDigits)]
    #[case(" 258", PinError::NotFourDigits)]
    #[case("٢٥", PinError::NotFourDigits)]
    #[case("1234", PinError::Run)]
    #[case("4321", PinError::Run)]
    #[case("0123", PinError::Run)]
    #[case("7890", PinError::Run)]
    #[case("0987", PinError::Run)]
    #[case("1111", PinError::Repeat)]
    #[case("1212", PinError::Repeat)]
    fn trivial_pins_are_refused(#[case] text: &str, #[case] expected: PinError) {
        assert_eq!(Pin::parse(text, None).unwrap_err(), expected);
    }

    #[rstest]
    #[case("4711", "4711", true)]
    #[case("4711", "994711", true)]
    #[case("0204", "204", true)]
    #[case("4711", "4712", false)]
    #[case("2040", "204", false)]
    fn the_own_extension_is_refused(#[case] pin: &str, #[case] extension: &str, #[case] refused: bool) {
        assert_eq!(Pin::parse(pin, Some(extension)).err(), refused.then_some(PinError::Extension));
    }

    #[test]
    fn an_ordinary_pin_is_accepted_and_not_shown() {
        assert_eq!(format!("{:?}", Pin::parse("2580", Some("101")).unwrap()), "Pin(…)");
    }
}
