//! Ways out of the house and into it: SIP trunks, of an account or of the operator for all.

mod input;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

pub use self::input::TrunkInput;
use crate::directory::Transport;
use crate::id::{AccountId, TrunkId};
use crate::operator_trunk::Served;
use crate::secret::Opaque;
use crate::text::{Name, parsed_text};

/// A carrier's host: a name (resolved by RFC 3263) or an address, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Host(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("write a host name or address such as sip.carrier.example or 192.0.2.10, without port")]
pub struct HostError;

impl Host {
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim().to_ascii_lowercase();
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Ok(Self(bare.into()));
        }
        // What looks like an address and is none is a slip, not a name.
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let labels = text.split('.').all(crate::email::is_label);
        if !numeric && text.len() <= 253 && labels { Ok(Self(text.into())) } else { Err(HostError) }
    }
}

parsed_text!(Host, HostError);

/// How the carrier writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `+14805550143`
    #[default]
    E164,
    /// `14805550143`
    Digits,
    /// `4805550143` within North America, `011…` elsewhere.
    NorthAmerica,
}

impl NumberFormat {
    pub const ALL: [Self; 3] = [Self::E164, Self::Digits, Self::NorthAmerica];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::E164 => "e164",
            Self::Digits => "digits",
            Self::NorthAmerica => "north_america",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::E164 => "+14805550143",
            Self::Digits => "14805550143",
            Self::NorthAmerica => "4805550143, and 011 before other countries",
        }
    }

    /// `number`: E.164 with its `+`.
    pub fn write(self, number: &str) -> String {
        let digits = number.strip_prefix('+').unwrap_or(number);
        match (self, digits.strip_prefix('1')) {
            (Self::E164, _) => format!("+{digits}"),
            (Self::Digits, _) => digits.to_owned(),
            (Self::NorthAmerica, Some(national)) if national.len() == 10 => national.to_owned(),
            (Self::NorthAmerica, _) => format!("011{digits}"),
        }
    }

    /// A number as the carrier wrote it, as E.164 with its `+`; `None` for what is none.
    pub fn read(self, text: &str) -> Option<String> {
        let dialled = crate::dialled::Dialled::new(text);
        let plain = dialled.as_str();
        match self {
            Self::Digits if plain.bytes().all(|b| b.is_ascii_digit()) => {
                crate::dialled::Dialled::new(&format!("+{plain}")).number()
            }
            _ => dialled.number(),
        }
    }
}

/// Where a carrier reads who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerIdIn {
    /// In From and in P-Asserted-Identity (RFC 3325).
    #[default]
    Both,
    From,
    /// In P-Asserted-Identity; From names the trunk's own user, as carriers want it that know their customers by that.
    Asserted,
}

impl CallerIdIn {
    pub const ALL: [Self; 3] = [Self::Both, Self::From, Self::Asserted];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::From => "from",
            Self::Asserted => "asserted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Both => "From and P-Asserted-Identity",
            Self::From => "From only",
            Self::Asserted => "P-Asserted-Identity, with the trunk's user name in From",
        }
    }
}

/// What a person says of a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkSettings {
    pub name: Name,
    pub enabled: bool,
    pub host: Host,
    /// `None`: by the name's SRV records, or the transport's own.
    pub port: Option<u16>,
    pub transport: Transport,
    /// By the transport that the name's NAPTR or SRV records say (RFC 3263), rather than by `transport`.
    #[serde(default)]
    pub by_name: bool,
    /// Sound is protected too (SRTP) where signalling is.
    #[serde(default)]
    pub secure_media: bool,
    /// Registers there with the credentials; otherwise the carrier knows us by our address.
    pub register: bool,
    pub username: Option<String>,
    pub number_format: NumberFormat,
    /// Stands before each number that is called, such as a carrier's technical prefix.
    #[serde(default)]
    pub prefix: Option<String>,
    #[serde(default)]
    pub caller_id: CallerIdIn,
    /// Lower ones are tried first; the next when one does not answer.
    pub priority: u16,
    /// Takes calls to emergency numbers.
    pub emergency: bool,
    /// The most calls at once.
    pub calls_max: u32,
}

/// A trunk as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    pub id: TrunkId,
    /// `None`: the operator's.
    pub account_id: Option<AccountId>,
    pub version: i64,
    pub settings: TrunkSettings,
    /// The accounts that the operator's is for; `None`: it is an account's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serves: Option<Served>,
    /// Sealed.
    pub password: Option<Opaque>,
    pub created_at: DateTime<Utc>,
}

/// What carriers speak; WebSocket is for browsers.
pub const TRANSPORTS: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];
/// The choice of leaving it to the carrier's DNS.
pub const BY_NAME: &str = "AUTO";

impl TrunkSettings {
    /// The number as the carrier wants it called.
    pub fn called(&self, number: &str) -> String {
        format!("{}{}", self.prefix.as_deref().unwrap_or_default(), self.number_format.write(number))
    }
}

pub const TRUNKS_MAX: usize = 20;
pub const CALLS_MAX_DEFAULT: u32 = 30;
pub const PRIORITY_DEFAULT: u16 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_and_read_as_the_carrier_does() {
        for (format, number, written) in [
            (NumberFormat::E164, "+14805550143", "+14805550143"),
            (NumberFormat::Digits, "+442079460000", "442079460000"),
            (NumberFormat::NorthAmerica, "+14805550143", "4805550143"),
            (NumberFormat::NorthAmerica, "+442079460000", "011442079460000"),
        ] {
            assert_eq!(format.write(number), written);
            assert_eq!(format.read(written).as_deref(), Some(number));
        }
        assert_eq!(NumberFormat::E164.read("anonymous"), None);
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for text in ["sip.carrier.example", "192.0.2.10", "2001:db8::1", "[2001:db8::1]", "carrier"] {
            assert!(Host::parse(text).is_ok(), "{text}");
        }
        for text in ["", "a b", "192.0.2.300", "sip:carrier.example", "carrier.example:5060", "-x.example"] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }
}
