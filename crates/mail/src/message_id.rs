//! The name of one message, the same at every attempt to send it: a receiver that got it twice can tell.

use std::fmt;

use thiserror::Error;

/// `unique@host`, written in angle brackets in the header (RFC 5322 section 3.6.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} can't be part of a message id; use letters, digits, dots and hyphens, at most 100 of them")]
pub struct MessageIdError(String);

impl MessageId {
    /// `unique` is the outbox entry's identifier, `host` the name of this system.
    pub fn new(unique: &str, host: &str) -> Result<Self, MessageIdError> {
        for part in [unique, host] {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            let dots = part.starts_with('.') || part.ends_with('.') || part.contains("..");
            if part.is_empty() || part.len() > 100 || dots || !part.chars().all(plain) {
                return Err(MessageIdError(part.to_owned()));
            }
        }
        Ok(MessageId(format!("{unique}@{host}")))
    }

    /// Without the angle brackets; fit to be a file's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn unique(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn an_outbox_entry_names_its_message() {
        let id = MessageId::new("0192d4c0-7b1e-7c3a-9f00-000000000001", "pbx.example.com").unwrap();
        assert_eq!(id.to_string(), "<0192d4c0-7b1e-7c3a-9f00-000000000001@pbx.example.com>");
    }

    #[rstest]
    #[case("", "host")]
    #[case("a", "")]
    #[case("../../etc/passwd", "host")]
    #[case("a>\r\nBcc: x", "host")]
    #[case("a@b", "host")]
    #[case("..", "host")]
    fn nothing_that_breaks_a_header_or_a_path(#[case] unique: &str, #[case] host: &str) {
        assert!(MessageId::new(unique, host).is_err());
    }
}
