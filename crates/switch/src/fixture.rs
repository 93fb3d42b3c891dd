//! Users for tests. User `n` has the extension given, the line `line<extension>` with the password `secret<extension>`.

use std::net::SocketAddr;

use lineside_model::{
    device::DigestAlgorithm,
    directory::{DirectoryLine, DirectoryMailbox, DirectoryTrunk, DirectoryUser, Rights},
    extension::Extension,
    id::{AccountId, DeviceId, LineId, TrunkId, UserId},
    phone_number::E164,
    trunk::TrunkInput,
};
use md5::{Digest, Md5};
use sha2::Sha256;
use uuid::Uuid;

pub(crate) const DOMAIN: &str = "pbx.example.com";

pub(crate) fn account_id() -> AccountId {
    AccountId(Uuid::from_u128(1))
}

pub(crate) fn user_id(n: u8) -> UserId {
    UserId(Uuid::from_u128(0x100 + u128::from(n)))
}

pub(crate) fn line_id(n: u8) -> LineId {
    LineId(Uuid::from_u128(0x200 + u128::from(n)))
}

pub(crate) fn number(n: u8) -> E164 {
    E164::parse(&format!("+1480555{:04}", 140 + u16::from(n))).unwrap()
}

/// A user with a number too. Reading the first number loads the numbering plans of the world, which takes a while.
pub(crate) fn user_with_number(n: u8, extension: &str) -> DirectoryUser {
    DirectoryUser { numbers: vec![number(n)], ..user(n, extension) }
}

pub(crate) fn user(n: u8, extension: &str) -> DirectoryUser {
    let (username, password) = (format!("line{extension}"), format!("secret{extension}"));
    let line = DirectoryLine {
        line_id: line_id(n),
        device_id: DeviceId(Uuid::from_u128(0x300 + u128::from(n))),
        ha1_md5: Md5::digest(format!("{username}:{DOMAIN}:{password}")).into(),
        ha1_sha256: Sha256::digest(format!("{username}:{DOMAIN}:{password}")).into(),
        username,
        algorithm: DigestAlgorithm::Md5,
        enabled: true,
    };
    DirectoryUser {
        display_name: format!("User {n}"),
        extension: Some(Extension::parse(extension).unwrap()),
        voice: true,
        rights: Rights { external_calls: true, voicemail: true, call_recording: true, web_phone: true, devices: 5 },
        lines: vec![line],
        ..DirectoryUser::new(account_id(), user_id(n), DOMAIN)
    }
}

/// Trunk `n`, of a carrier at an address; its password is `hush` if it has a user name.
pub(crate) fn trunk(n: u128, address: SocketAddr, input: TrunkInput) -> DirectoryTrunk {
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: address.ip().to_string(),
        port: address.port().to_string(),
        transport: "UDP".into(),
        ..input
    };
    DirectoryTrunk {
        trunk_id: TrunkId(Uuid::from_u128(n)),
        account_id: None,
        serves: None,
        settings: input.parse().unwrap(),
        password: (!input.username.is_empty()).then(|| "hush".to_owned()),
    }
}

/// A user whose voicemail answers.
pub(crate) fn with_mailbox(user: DirectoryUser) -> DirectoryUser {
    DirectoryUser { mailbox: DirectoryMailbox { enabled: true, ..DirectoryMailbox::default() }, ..user }
}
