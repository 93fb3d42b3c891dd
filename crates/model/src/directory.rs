//! What the switch knows of users: a copy in memory, kept current user by user.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::AccountNumber;
use crate::address::Country;
use crate::call_settings::CallRules;
use crate::device::DigestAlgorithm;
use crate::emergency::EmergencyPlace;
use crate::extension::{Destination, Extension};
use crate::forwarding::{ForwardingKind, ForwardingRules};
use crate::id::{AccountId, DeviceId, LineId, TrunkId, UserId};
use crate::license::Feature;
use crate::phone_number::E164;
use crate::recording::RecordingMode;
use crate::time_zone::TimeZone;
use crate::trunk::TrunkSettings;

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
    /// Of somebody who left, whose callers reach this user for a while.
    pub answers: Vec<E164>,
    pub forwarding: ForwardingRules,
    pub unreachable: Option<Destination>,
    /// Has an active Voice license and is not suspended.
    pub voice: bool,
    /// What the licenses allow; nothing while `voice` is false.
    pub rights: Rights,
    pub mailbox: DirectoryMailbox,
    pub recording: RecordingMode,
    pub time_zone: TimeZone,
    /// Of prompts: a tag such as `en`.
    pub language: String,
    /// Where help is sent; `None` while nothing is known.
    pub emergency: Option<EmergencyPlace>,
    pub lines: Vec<DirectoryLine>,
}

/// What the features of a user's licenses come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Rights {
    /// Calls to and from phone numbers.
    pub external_calls: bool,
    pub voicemail: bool,
    pub call_recording: bool,
    pub web_phone: bool,
    /// How many devices may register.
    pub devices: u8,
}

impl Rights {
    /// Of all the types that a user holds, the most that any of them gives.
    pub fn of<'a>(features: impl IntoIterator<Item = &'a Feature>) -> Self {
        let mut rights = Self::default();
        for feature in features {
            match feature {
                Feature::ExternalCalls => rights.external_calls = true,
                Feature::Voicemail => rights.voicemail = true,
                Feature::CallRecording => rights.call_recording = true,
                Feature::WebPhone => rights.web_phone = true,
                Feature::Devices(devices) => rights.devices = rights.devices.max(*devices),
                Feature::Voice
                | Feature::MobileLine
                | Feature::MobileData(_)
                | Feature::UnlimitedMobileData
                | Feature::Analytics => {}
            }
        }
        rights
    }
}

/// A mailbox as calls see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectoryMailbox {
    pub enabled: bool,
    /// The uploaded greeting's name in the storage; without one, name and number are spoken.
    pub greeting: Option<String>,
    /// Messages that nobody has listened to: they light the lamp.
    pub unheard: u32,
    pub saved: u32,
    /// Takes no more messages until some are deleted.
    pub full: bool,
    /// Can be opened from another phone.
    pub has_pin: bool,
}

impl DirectoryUser {
    /// Somebody who may do nothing yet.
    pub fn new(account_id: AccountId, user_id: UserId, sip_domain: &str) -> Self {
        Self {
            account_id,
            user_id,
            sip_domain: sip_domain.to_owned(),
            display_name: String::new(),
            extension: None,
            numbers: Vec::new(),
            answers: Vec::new(),
            forwarding: ForwardingRules::default(),
            unreachable: None,
            voice: false,
            rights: Rights::default(),
            mailbox: DirectoryMailbox::default(),
            recording: RecordingMode::Off,
            time_zone: TimeZone(chrono_tz::UTC),
            language: "en".to_owned(),
            emergency: None,
            lines: Vec::new(),
        }
    }

    pub fn forwards(&self, kind: ForwardingKind) -> Option<&Destination> {
        match kind {
            ForwardingKind::Unreachable => self.unreachable.as_ref(),
            kind => self.forwarding.get(kind),
        }
    }

    /// Voicemail answers in this user's place; whether it is full is said to the caller.
    pub fn takes_messages(&self) -> bool {
        self.voice && self.rights.voicemail && self.mailbox.enabled
    }

    /// Which of the user's calls are recorded; the license allows it.
    pub fn recording(&self) -> RecordingMode {
        if self.rights.call_recording { self.recording } else { RecordingMode::Off }
    }

    /// What emergency services call back.
    pub fn callback(&self) -> Option<&E164> {
        self.emergency.as_ref().and_then(|place| place.callback.as_ref()).or_else(|| self.caller_id())
    }

    /// What the other side outside is shown; a landline number rather than a mobile one, which comes after it.
    pub fn caller_id(&self) -> Option<&E164> {
        self.numbers.first()
    }
}

/// An account as calls see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryAccount {
    pub account_id: AccountId,
    /// `None` in tests only.
    pub number: Option<AccountNumber>,
    pub sip_domain: String,
    pub country: Country,
    /// Its day is that of the limits.
    pub time_zone: TimeZone,
    pub rules: CallRules,
}

impl DirectoryAccount {
    /// With the rules of a new account.
    pub fn new(account_id: AccountId, sip_domain: &str) -> Self {
        Self {
            account_id,
            number: None,
            sip_domain: sip_domain.to_owned(),
            country: Country::US,
            time_zone: TimeZone(chrono_tz::UTC),
            rules: CallRules::default(),
        }
    }
}

/// A trunk with its password open.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectoryTrunk {
    pub trunk_id: TrunkId,
    /// `None`: the operator's.
    pub account_id: Option<AccountId>,
    /// The accounts that the operator's is for; `None`: every one.
    pub serves: Option<BTreeSet<AccountId>>,
    pub settings: TrunkSettings,
    pub password: Option<String>,
}

impl std::fmt::Debug for DirectoryTrunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectoryTrunk")
            .field("trunk_id", &self.trunk_id)
            .field("account_id", &self.account_id)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The trunks that an account's calls go out by, in the order in which they are tried: its own, and then the operator's that are
/// for it.
pub fn trunks_of<'a>(
    trunks: impl IntoIterator<Item = &'a DirectoryTrunk>,
    account: AccountId,
    emergency: bool,
) -> Vec<&'a DirectoryTrunk> {
    let fits = |trunk: &&DirectoryTrunk| trunk.settings.enabled && (!emergency || trunk.settings.emergency);
    let is_for = |trunk: &DirectoryTrunk| match trunk.account_id {
        Some(of) => of == account,
        None => trunk.serves.as_ref().is_none_or(|served| served.contains(&account)),
    };
    let mut chosen: Vec<_> = trunks.into_iter().filter(fits).filter(|trunk| is_for(trunk)).collect();
    chosen.sort_by_key(|trunk| (trunk.account_id.is_none(), trunk.settings.priority, trunk.trunk_id));
    chosen
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
    Tls,
    Ws,
    Wss,
}

impl Transport {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss].into_iter().find(|transport| transport.as_str() == text)
    }
}

/// A registered contact (RFC 3261 section 10.3): kept so that phones stay reachable over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub account_id: AccountId,
    pub user_id: UserId,
    pub line_id: LineId,
    /// The Contact URI, byte for byte: it becomes the Request-URI of calls. Shared with the registrar, like the other texts.
    pub contact: Arc<[u8]>,
    pub transport: Transport,
    /// Where the registration came from; calls go back there.
    pub source: SocketAddr,
    pub user_agent: Arc<str>,
    pub call_id: Arc<str>,
    pub cseq: u32,
    /// Since when it is registered as it is, renewed or not.
    pub registered_at: DateTime<Utc>,
    /// Until when it is believed after a restart. That is later than the registration itself ends, so that renewals need not
    /// be written one by one; while the program runs, a registration that ends is removed.
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationChange {
    /// Made, made from elsewhere, or renewed for longer than was written.
    Put(Binding),
    /// Unregistered, expired, or its line lost the right to it; and when it was heard of last.
    Removed { account_id: AccountId, user_id: UserId, line_id: LineId, contact: Arc<[u8]>, heard_at: DateTime<Utc> },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trunk::TrunkInput;

    fn trunk(n: u128, account: Option<u128>, priority: u16) -> DirectoryTrunk {
        let input = TrunkInput {
            name: "Carrier".into(),
            enabled: n != 9,
            host: "sip.carrier.example".into(),
            transport: "UDP".into(),
            priority: priority.to_string(),
            emergency: n == 1,
            ..TrunkInput::default()
        };
        DirectoryTrunk {
            trunk_id: TrunkId(uuid::Uuid::from_u128(n)),
            account_id: account.map(|n| AccountId(uuid::Uuid::from_u128(n))),
            serves: None,
            settings: input.parse().unwrap(),
            password: None,
        }
    }

    #[test]
    fn an_account_goes_out_by_its_own_trunks_in_their_order_and_then_by_the_operators() {
        let only = Some([AccountId(uuid::Uuid::from_u128(8))].into());
        let for_eight = DirectoryTrunk { serves: only, ..trunk(4, None, 50) };
        let own = [trunk(2, Some(7), 20), trunk(3, Some(7), 10), trunk(9, Some(7), 1)];
        let trunks = [own.to_vec(), vec![for_eight, trunk(1, None, 1)]].concat();
        let ways = |account: u128, emergency| -> Vec<u128> {
            let account = AccountId(uuid::Uuid::from_u128(account));
            trunks_of(&trunks, account, emergency).iter().map(|trunk| trunk.trunk_id.0.as_u128()).collect()
        };
        assert_eq!(ways(7, false), [3, 2, 1]);
        assert_eq!(ways(8, false), [1, 4]);
        assert_eq!(ways(9, false), [1], "not the one that is for another");
        assert_eq!(ways(7, true), [1], "none of its own takes emergency calls");
    }

    #[test]
    fn rights_add_up_over_licenses() {
        let rights =
            Rights::of(&[Feature::Devices(1), Feature::Voicemail, Feature::Devices(5), Feature::CallRecording]);
        assert!(rights.voicemail && rights.call_recording && !rights.external_calls);
        assert_eq!(rights.devices, 5);
    }
}
