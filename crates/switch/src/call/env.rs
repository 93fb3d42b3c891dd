//! What calls work with, and the ways of theirs to the world: requests, responses, reports.

use lineside_media::{relay::Relay, srtp::KeyMaker};
use lineside_model::call_report::CallReport;
use lineside_sip::{Endpoint, Flow, Message, Request, Response, TransactionKey};

use super::{
    ladder::{Passed, What},
    sign::Unsigned,
};
use crate::{clock::Now, config::Rules, directory::Directory, registrar::Registrar, told::Told, trunk::Trunks};

/// Borrowed from the core for one event.
pub(crate) struct Env<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) registrar: &'a Registrar,
    pub(crate) directory: &'a Directory,
    pub(crate) relay: &'a Relay,
    pub(crate) rules: &'a Rules,
    pub(crate) told: &'a mut Told,
    pub(crate) trunks: &'a mut Trunks,
    /// What protects sound that we send.
    pub(crate) keys: &'a KeyMaker,
    /// The UDP socket's flow.
    pub(crate) udp: Flow,
    /// What carriers were told at the end of the call that is worked on, and may want signed.
    pub(crate) farewells: Vec<(TransactionKey, Unsigned)>,
    /// Messages of the call that is worked on.
    pub(crate) passed: Vec<Passed>,
    pub(crate) now: Now,
}

impl Env<'_> {
    pub(super) fn contact(&self, flow: Flow) -> String {
        self.rules.contact(flow)
    }

    pub(super) fn report(&mut self, report: CallReport) {
        self.told.report(report);
    }

    /// An identifier for something that is told outside.
    pub(super) fn mint(&mut self) -> uuid::Uuid {
        let mut random = [0; 10];
        let tokens = [self.endpoint.token(), self.endpoint.token()];
        for (byte, digits) in random.iter_mut().zip(tokens.iter().flat_map(|token| token.as_bytes().chunks(2))) {
            *byte = str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(0);
        }
        let millis = u64::try_from(self.now.utc.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Any number.
    pub(super) fn chance(&mut self) -> u64 {
        u64::from_str_radix(&self.endpoint.token(), 16).unwrap_or_default()
    }

    pub(super) fn respond(&mut self, key: TransactionKey, response: Response) -> bytes::Bytes {
        let bytes = self.endpoint.respond(self.now.instant, key, response);
        self.sent(bytes.clone());
        bytes
    }

    /// A message of the call has come.
    pub(super) fn received(&mut self, message: &Message) {
        self.passed.push(Passed { at: self.now.utc, what: What::received(message) });
    }

    pub(super) fn sent(&mut self, bytes: bytes::Bytes) {
        if !bytes.is_empty() {
            self.passed.push(Passed { at: self.now.utc, what: What::Sent(bytes) });
        }
    }

    pub(super) fn request(&mut self, flow: Flow, request: &Request) -> TransactionKey {
        let key = self.endpoint.request(self.now.instant, flow, request);
        let sent = self.endpoint.sent(key);
        self.sent(sent);
        key
    }
}
