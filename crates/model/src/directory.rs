//! What the switch knows of users: a copy in memory, kept current user by user.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::device::DigestAlgorithm;
use crate::extension::{Destination, Extension};
use crate::id::{AccountId, DeviceId, LineId, UserId};
use crate::phone_number::E164;

/// A user as calls see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUser {
    pub account_id: AccountId,
    pub user_id: UserId,
    /// The account's SIP domain, which is the digest realm too.
    pub sip_domain: String,
    pub display_name: String,
    pub extension: Option<Extension>,
    pub numbers: Vec<E164>,
    pub unreachable: Option<Destination>,
    /// Has an active Voice license and is not suspended.
    pub voice: bool,
    pub lines: Vec<DirectoryLine>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct DirectoryLine {
    pub line_id: LineId,
    pub device_id: DeviceId,
    pub username: String,
    pub ha1_md5: [u8; 16],
    pub ha1_sha256: [u8; 32],
    pub algorithm: DigestAlgorithm,
    /// False while its device is locked.
    pub enabled: bool,
}

impl std::fmt::Debug for DirectoryLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectoryLine")
            .field("line_id", &self.line_id)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    Udp,
    Tcp,
}

impl Transport {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp].into_iter().find(|transport| transport.as_str() == text)
    }
}

/// A registered contact (RFC 3261 section 10.3): kept so that phones stay reachable over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub account_id: AccountId,
    pub user_id: UserId,
    pub line_id: LineId,
    /// The Contact URI, byte for byte: it becomes the Request-URI of calls.
    pub contact: Vec<u8>,
    pub transport: Transport,
    /// Where the registration came from; calls go back there.
    pub source: SocketAddr,
    pub user_agent: String,
    pub call_id: String,
    pub cseq: u32,
    pub registered_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationChange {
    /// Made or refreshed.
    Put(Binding),
    /// Unregistered, expired, or its line lost the right to it.
    Removed { account_id: AccountId, user_id: UserId, line_id: LineId, contact: Vec<u8> },
}

/// What became of a NOTIFY to one contact of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeAnswer {
    /// The final response.
    Said { status: u16, reason: String },
    /// No response in time (RFC 3261 timer F).
    Silence,
    /// Its connection closed meanwhile.
    Gone,
}
