//! What phones are told that we can.

use lineside_sip::Method;

/// What phones may send us.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE, REFER";
/// The extensions that we know.
pub(crate) const SUPPORTED: &str = "100rel, replaces, timer";
/// Those that make sense without an offer of ours.
pub(crate) const SUPPORTED_LATER: &str = "replaces, timer";
pub(super) const METHODS: [Method; 13] = [
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Options,
    Method::Info,
    Method::Update,
    Method::Prack,
    Method::Register,
    Method::Subscribe,
    Method::Notify,
    Method::Message,
    Method::Refer,
];
