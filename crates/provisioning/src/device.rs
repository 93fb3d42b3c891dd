//! A device as every phone's file is made from it, in no vendor's words.

use chrono_tz::Tz;
use lineside_model::device::{DeviceModel, DigestAlgorithm};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::slots::slots;

#[derive(Debug, Clone)]
pub struct Device {
    pub model: &'static DeviceModel,
    pub provisioning: Provisioning,
    /// For the phone's own menu and web page. The vendor's default is known to everybody.
    pub admin_password: Option<Secret>,
    pub sip: SipServer,
    /// At most as many as the model holds.
    pub lines: Vec<Line>,
    /// At most as many as the model has keys beside its lines; the further ones are left out.
    pub lamp_keys: Vec<LampKey>,
    pub time_zone: Tz,
    pub ntp_server: String,
    /// As in BCP 47: `en`, `de-AT`.
    pub language: String,
    /// Dialled at once and before every other rule: 911, 112, 933.
    pub emergency_numbers: Vec<String>,
    /// The most wanted first; the others are switched off.
    pub codecs: Vec<Codec>,
}

/// Where the phone fetches its file from the next time.
#[derive(Debug, Clone)]
pub struct Provisioning {
    /// A folder for Yealink (it adds `<mac>.cfg`), the file itself for Linphone.
    pub url: String,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// How often it looks again, in minutes.
    pub refresh_minutes: u32,
}

#[derive(Debug, Clone)]
pub struct SipServer {
    pub host: String,
    pub port: u16,
    pub transport: Transport,
    pub srtp: Srtp,
    pub registration_seconds: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    /// As in a SIP URI.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Srtp {
    Off,
    Optional,
    Required,
}

#[derive(Debug, Clone)]
pub struct Line {
    /// The SIP user, for example `d-8f3k2q7xab`.
    pub username: String,
    pub credential: Credential,
    /// The account's SIP domain: the realm of the digest, and the host of the line's address.
    pub realm: String,
    /// The digest algorithm that the registrar will ask this line for.
    pub algorithm: DigestAlgorithm,
    /// What others see.
    pub display_name: String,
    /// What the phone shows beside its key.
    pub label: String,
    pub extension: String,
    /// Dialled by the message key: `*97`.
    pub voicemail_number: String,
}

/// A key that lights up with a colleague's calls, calls them, and takes their ringing call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LampKey {
    pub label: String,
    pub extension: String,
}

/// What proves the line. [`ConfigurationKind`](lineside_model::device::ConfigurationKind) says which one a model's file needs.
#[derive(Debug, Clone)]
pub enum Credential {
    Secret(Secret),
    /// In hex, made with the line's algorithm.
    Ha1(Secret),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    Opus,
    G722,
    Pcmu,
    Pcma,
}

impl Codec {
    pub const ALL: [Codec; 4] = [Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma];
}

/// Text that is shown to the phone alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    #[error("the {field} contains a line break or another invisible character; remove it and save again")]
    Character { field: String },
    #[error("{model} holds {holds} lines and {wanted} are assigned; remove the others or choose another model")]
    TooManyLines { model: &'static str, holds: u8, wanted: usize },
    #[error("{0} takes no configuration file; type its credentials into it")]
    NoFile(&'static str),
    #[error("the file for {0} needs the line's secret; generate a new one on the device's page")]
    NeedsSecret(&'static str),
    #[error("the file for {0} needs the line's HA1, not the secret")]
    NeedsHa1(&'static str),
    #[error("the configuration file can't be built: {0}")]
    Template(String),
}

impl Device {
    /// A line break in a name would be a setting of its own in the file, so nothing invisible goes in.
    pub(crate) fn check(&self) -> Result<(), RenderError> {
        let (model, holds, wanted) = (self.model.name, slots(self.model), self.lines.len());
        if wanted > usize::from(holds) {
            return Err(RenderError::TooManyLines { model, holds, wanted });
        }
        visible("provisioning address", &self.provisioning.url)?;
        visible("provisioning username", self.provisioning.username.as_deref().unwrap_or_default())?;
        visible("provisioning password", self.provisioning.password.as_ref().map_or("", Secret::reveal))?;
        visible("administrator's password", self.admin_password.as_ref().map_or("", Secret::reveal))?;
        visible("SIP server", &self.sip.host)?;
        visible("time server", &self.ntp_server)?;
        visible("language", &self.language)?;
        for number in &self.emergency_numbers {
            visible("emergency number", number)?;
        }
        for key in &self.lamp_keys {
            visible("name beside a lamp key", &key.label)?;
            visible("extension of a lamp key", &key.extension)?;
        }
        for (line, number) in self.lines.iter().zip(1..) {
            line.check().map_err(|field| RenderError::Character { field: format!("{field} of line {number}") })?;
        }
        Ok(())
    }
}

impl Line {
    fn check(&self) -> Result<(), &'static str> {
        let (Credential::Secret(credential) | Credential::Ha1(credential)) = &self.credential;
        let fields = [
            ("username", self.username.as_str()),
            ("secret", credential.reveal()),
            ("SIP domain", &self.realm),
            ("display name", &self.display_name),
            ("label", &self.label),
            ("extension", &self.extension),
            ("voicemail number", &self.voicemail_number),
        ];
        fields.iter().find(|(_, text)| !is_visible(text)).map_or(Ok(()), |(field, _)| Err(field))
    }
}

fn visible(field: &str, text: &str) -> Result<(), RenderError> {
    if is_visible(text) { Ok(()) } else { Err(RenderError::Character { field: field.to_owned() }) }
}

/// No control characters (CR and LF are the dangerous ones), no Unicode line breaks, nothing that XML 1.0 forbids.
fn is_visible(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}'))
}
