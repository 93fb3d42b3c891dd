//! Phones, softphones, and the line that ties each to its user.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::id::{AccountId, DeviceId, LineId, UserId};
use crate::secret::Opaque;
use crate::text::{Name, parsed_text};

/// Twelve hex digits, lower case, kept without separators.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Mac(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MacError {
    #[error("a MAC address has 12 digits 0–9 and A–F, such as 80:5E:C0:AA:BB:CC; it is on the phone's label")]
    Shape,
    #[error("this is a group address, which no phone has; check the second digit")]
    Group,
}

impl Mac {
    pub fn parse(text: &str) -> Result<Self, MacError> {
        let digits: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ':' | '-' | '.' | ' '))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if digits.len() != 12 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) || digits == "000000000000" {
            return Err(MacError::Shape);
        }
        // The lowest bit of the first octet marks a group address (IEEE 802).
        match u8::from_str_radix(&digits[..2], 16) {
            Ok(first) if first & 1 == 0 => Ok(Self(digits.into())),
            _ => Err(MacError::Group),
        }
    }

    /// `80:5E:C0:AA:BB:CC`, as on the phone's label.
    pub fn pretty(&self) -> String {
        (0..6).map(|at| self.0[at * 2..at * 2 + 2].to_ascii_uppercase()).collect::<Vec<_>>().join(":")
    }
}

parsed_text!(Mac, MacError);

/// How a model takes its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationKind {
    Yealink,
    Linphone,
    /// None: a person types the credentials, shown once.
    Generic,
}

/// A model that Lineside can configure, or the generic one for everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceModel {
    pub slug: &'static str,
    pub name: &'static str,
    pub configuration: ConfigurationKind,
    /// Has a MAC address on its label, which is then required.
    pub has_mac: bool,
    pub digest: DigestAlgorithm,
}

/// RFC 8760 names. MD5 is what every phone speaks; the strength lies in long random secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DigestAlgorithm {
    #[serde(rename = "MD5")]
    Md5,
    #[serde(rename = "SHA-256")]
    Sha256,
}

const fn yealink(slug: &'static str, name: &'static str) -> DeviceModel {
    DeviceModel { slug, name, configuration: ConfigurationKind::Yealink, has_mac: true, digest: DigestAlgorithm::Md5 }
}

const fn soft(
    slug: &'static str,
    name: &'static str,
    configuration: ConfigurationKind,
    digest: DigestAlgorithm,
) -> DeviceModel {
    DeviceModel { slug, name, configuration, has_mac: false, digest }
}

impl DeviceModel {
    pub const ALL: [Self; 13] = [
        yealink("yealink-t31p", "Yealink T31P"),
        yealink("yealink-t33g", "Yealink T33G"),
        yealink("yealink-t43u", "Yealink T43U"),
        yealink("yealink-t46u", "Yealink T46U"),
        yealink("yealink-t48u", "Yealink T48U"),
        yealink("yealink-t53", "Yealink T53"),
        yealink("yealink-t54w", "Yealink T54W"),
        yealink("yealink-t57w", "Yealink T57W"),
        yealink("yealink-t58w", "Yealink T58W"),
        yealink("yealink-cp925", "Yealink CP925"),
        yealink("yealink-w70b", "Yealink W70B"),
        soft("linphone", "Linphone", ConfigurationKind::Linphone, DigestAlgorithm::Sha256),
        soft("generic", "Generic SIP phone", ConfigurationKind::Generic, DigestAlgorithm::Md5),
    ];

    pub fn find(slug: &str) -> Option<&'static Self> {
        static ALL: [DeviceModel; 13] = DeviceModel::ALL;
        ALL.iter().find(|model| model.slug == slug)
    }

    /// Keys with a lamp beside the display, over all of its pages.
    pub fn line_keys(&self) -> u8 {
        match self.slug {
            "yealink-t31p" => 2,
            "yealink-t33g" => 4,
            "yealink-t43u" | "yealink-t53" => 21,
            "yealink-t46u" | "yealink-t54w" | "yealink-t58w" => 27,
            "yealink-t48u" | "yealink-t57w" => 29,
            // Conference phones, bases for cordless ones, and softphones.
            _ => 0,
        }
    }

    /// Keys for colleagues: all but the first, which is the phone's own line.
    pub fn lamp_keys(&self) -> usize {
        usize::from(self.line_keys().saturating_sub(1))
    }

    /// The configuration file needs the password itself, so it is kept (sealed) beside the HA1s.
    pub fn keeps_secret(&self) -> bool {
        self.configuration == ConfigurationKind::Yealink
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub account_id: AccountId,
    pub version: i64,
    /// A slug of [`DeviceModel::ALL`].
    pub model: String,
    pub mac: Option<Mac>,
    /// What the administrator calls it, such as "Reception".
    pub label: Option<Name>,
    pub user_id: Option<UserId>,
    /// A locked device gets no configuration until an administrator unlocks it.
    pub locked: bool,
    /// The secret of its provisioning address, sealed; and its SHA-256, by which a request finds it.
    pub provisioning_token: Opaque,
    pub provisioning_hash: Opaque,
    /// The colleagues whose calls light the keys beside its own line, in the order of the keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lamp_keys: Vec<UserId>,
    pub created_at: DateTime<Utc>,
}

impl Device {
    pub fn model_name(&self) -> &str {
        DeviceModel::find(&self.model).map_or(self.model.as_str(), |model| model.name)
    }

    /// The label, or the model and the end of the MAC.
    pub fn title(&self) -> String {
        match (&self.label, &self.mac) {
            (Some(label), _) => format!("{} ({label})", self.model_name()),
            (None, Some(mac)) => format!("{} {}", self.model_name(), mac.pretty()),
            (None, None) => self.model_name().to_owned(),
        }
    }
}

/// The SIP credentials that tie a device to its user. Random, per device, shown once or never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: LineId,
    pub account_id: AccountId,
    pub version: i64,
    pub device_id: DeviceId,
    pub user_id: UserId,
    pub algorithm: DigestAlgorithm,
    pub credentials: LineCredentials,
    pub generated_at: DateTime<Utc>,
}

/// Minted outside of planning, which is pure; two plans of one change may differ in them, so they are no part of a plan's
/// fingerprint or JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineCredentials {
    /// The SIP user that the phone registers as, such as `d-8f3k2q9x1m`. Never the extension.
    pub username: String,
    /// H(username:realm:secret) by MD5 and SHA-256, sealed with the username as associated data.
    pub ha1_md5: Opaque,
    pub ha1_sha256: Opaque,
    /// The secret itself, sealed, for models whose file must carry it.
    pub secret: Option<Opaque>,
}

impl Serialize for LineCredentials {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for LineCredentials {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|_| Self::default())
    }
}

/// A device to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    pub model: String,
    pub mac: Option<Mac>,
    pub label: Option<Name>,
    pub user_id: Option<UserId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_read_as_they_are_printed() {
        for text in ["80:5E:C0:AA:BB:CC", "805ec0aabbcc", "80-5e-c0-aa-bb-cc", "805e.c0aa.bbcc"] {
            assert_eq!(Mac::parse(text).unwrap().as_str(), "805ec0aabbcc");
        }
        assert_eq!(Mac::parse("805ec0aabbc"), Err(MacError::Shape));
        assert_eq!(Mac::parse("815ec0aabbcc"), Err(MacError::Group));
        assert_eq!(Mac::parse("805ec0aabbcc").unwrap().pretty(), "80:5E:C0:AA:BB:CC");
    }

    #[test]
    fn every_model_has_a_slug_of_its_own() {
        for model in DeviceModel::ALL {
            assert_eq!(DeviceModel::find(model.slug).unwrap().name, model.name);
        }
    }
}
