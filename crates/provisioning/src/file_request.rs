//! Which file a phone asks for. The grammar is closed: what it does not name is not found, so nothing is ever looked up
//! under a name that somebody made up.

use lineside_model::device::{ConfigurationKind, Mac};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileRequest {
    /// `805ec0123456.cfg`: the device's own settings.
    YealinkConfig(Mac),
    /// `805ec0123456.boot`: asked for first; without it the phone asks for the `.cfg` files.
    YealinkBoot(Mac),
    /// `y000000000000.boot`: the same for all devices.
    YealinkCommonBoot,
    /// `y000000000096.cfg`: the same for all devices of a model, by the vendor's number for it.
    YealinkCommon { model: u16 },
    /// `linphone.xml`; the device is known by the address's secret part.
    Linphone,
}

impl FileRequest {
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, ending) = name.split_once('.')?;
        match (stem, ending) {
            ("linphone", "xml") => Some(FileRequest::Linphone),
            ("y000000000000", "boot") => Some(FileRequest::YealinkCommonBoot),
            (_, "cfg") if stem.starts_with('y') => common(stem),
            (_, "cfg") => mac(stem).map(FileRequest::YealinkConfig),
            (_, "boot") => mac(stem).map(FileRequest::YealinkBoot),
            _ => None,
        }
    }

    /// The device that the name speaks of.
    pub const fn mac(&self) -> Option<&Mac> {
        match self {
            FileRequest::YealinkConfig(mac) | FileRequest::YealinkBoot(mac) => Some(mac),
            FileRequest::YealinkCommonBoot | FileRequest::YealinkCommon { .. } | FileRequest::Linphone => None,
        }
    }

    /// The form of the device's own file that answers this; `None` for a file that we do not have.
    pub const fn answer(&self) -> Option<ConfigurationKind> {
        match self {
            FileRequest::YealinkConfig(_) => Some(ConfigurationKind::Yealink),
            FileRequest::Linphone => Some(ConfigurationKind::Linphone),
            FileRequest::YealinkBoot(_) | FileRequest::YealinkCommonBoot | FileRequest::YealinkCommon { .. } => None,
        }
    }
}

/// Exactly as phones write it: twelve lower-case digits.
fn mac(stem: &str) -> Option<Mac> {
    let plain = stem.len() == 12 && stem.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| Mac::parse(stem).ok()).flatten()
}

fn common(stem: &str) -> Option<FileRequest> {
    let digits =
        stem.strip_prefix('y').filter(|digits| digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().map(|model| FileRequest::YealinkCommon { model })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_names_phones_use_are_understood() {
        let mac = Mac::parse("805ec0123456").unwrap();
        assert_eq!(FileRequest::parse("805ec0123456.cfg"), Some(FileRequest::YealinkConfig(mac.clone())));
        assert_eq!(FileRequest::parse("805ec0123456.boot"), Some(FileRequest::YealinkBoot(mac)));
        assert_eq!(FileRequest::parse("y000000000000.boot"), Some(FileRequest::YealinkCommonBoot));
        assert_eq!(FileRequest::parse("y000000000096.cfg"), Some(FileRequest::YealinkCommon { model: 96 }));
        assert_eq!(FileRequest::parse("linphone.xml"), Some(FileRequest::Linphone));
    }

    #[rstest]
    #[case("")]
    #[case("805EC0123456.cfg")]
    #[case("805ec012345.cfg")]
    #[case("805ec01234567.cfg")]
    #[case("805ec0123456.cfg.bak")]
    #[case("805ec0123456")]
    #[case("../805ec0123456.cfg")]
    #[case("805ec0123456.cfg\n")]
    #[case("80:5e:c0:12:34:56.cfg")]
    #[case("ffffffffffff.cfg")]
    #[case("y00000000009x.cfg")]
    #[case("y999999999999.cfg")]
    #[case("linphone.XML")]
    fn everything_else_is_not_found(#[case] name: &str) {
        assert_eq!(FileRequest::parse(name), None);
    }
}
