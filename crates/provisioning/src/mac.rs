//! A device's hardware address.

use std::fmt;

use thiserror::Error;

/// Twelve lower-case hexadecimal digits, as phones write it in file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac([u8; 6]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MacError {
    #[error("a MAC address has 12 digits from 0-9 and A-F, as on the phone's label: 80:5E:C0:12:34:56")]
    Malformed,
    #[error("this MAC address belongs to no single device; read it again from the phone's label")]
    NotADevice,
}

impl Mac {
    /// Accepts what labels, menus and spreadsheets show: `805EC0123456`, `80:5e:c0:12:34:56`, `80-5E-…`, `805e.c012.3456`.
    pub fn parse(text: &str) -> Result<Self, MacError> {
        let digits: String = text.trim().chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
        let mut bytes = [0; 6];
        if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(MacError::Malformed);
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16).map_err(|_| MacError::Malformed)?;
        }
        // The lowest bit of the first byte marks a group (IEEE 802); all zeros is nobody.
        if bytes[0] & 1 == 1 || bytes == [0; 6] { Err(MacError::NotADevice) } else { Ok(Mac(bytes)) }
    }

    /// The first three bytes: who made the device.
    pub const fn oui(self) -> [u8; 3] {
        [self.0[0], self.0[1], self.0[2]]
    }

    /// `80:5E:C0:12:34:56`, as on the label.
    pub fn label(self) -> String {
        self.0.map(|byte| format!("{byte:02X}")).join(":")
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("805EC0123456")]
    #[case("80:5e:c0:12:34:56")]
    #[case("80-5E-C0-12-34-56")]
    #[case("805e.c012.3456")]
    #[case(" 805ec0 123456 ")]
    fn every_usual_way_of_writing_it_is_read(#[case] text: &str) {
        let mac = Mac::parse(text).unwrap();
        assert_eq!((mac.to_string().as_str(), mac.label().as_str()), ("805ec0123456", "80:5E:C0:12:34:56"));
    }

    #[rstest]
    #[case("", MacError::Malformed)]
    #[case("805EC012345", MacError::Malformed)]
    #[case("805EC0123456F", MacError::Malformed)]
    #[case("8O5EC0123456", MacError::Malformed)]
    #[case("é05EC012345", MacError::Malformed)]
    #[case("ffffffffffff", MacError::NotADevice)]
    #[case("000000000000", MacError::NotADevice)]
    fn what_is_no_device_is_refused(#[case] text: &str, #[case] expected: MacError) {
        assert_eq!(Mac::parse(text).unwrap_err(), expected);
    }
}
