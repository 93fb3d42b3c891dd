//! One registered contact, and one that is asked for.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use lineside_model::{
    directory::{Binding, RegistrationChange},
    id::{AccountId, LineId, UserId},
};
use lineside_sip::{Flow, Refusal};

use super::{same_uri, seconds_left, stored_transport};
use crate::clock::Now;

/// What is written is good for as long again as a registration lasts, and for this much more, so that a phone that renews
/// every minute is not written down every minute.
const GRACE: Duration = Duration::from_mins(10);

/// A contact that calls are sent to.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    /// The Contact URI byte for byte: it becomes the Request-URI (`;ob` and `;line=` included).
    pub(crate) contact: Arc<[u8]>,
    /// None when the connection was lost by a restart.
    pub(crate) flow: Option<Flow>,
    pub(crate) expires: Instant,
    /// `+sip.instance` (RFC 5626): the same phone under whatever contact.
    instance: Option<Box<[u8]>>,
    user_agent: Arc<str>,
    call_id: Arc<str>,
    cseq: u32,
    since: DateTime<Utc>,
    /// The last REGISTER.
    heard_at: DateTime<Utc>,
    /// Until when the contact is believed, as it was written.
    written_until: DateTime<Utc>,
}

/// A contact that a REGISTER asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) contact: &'a [u8],
    pub(crate) instance: Option<&'a [u8]>,
    /// Zero takes the contact away.
    pub(crate) expires: Duration,
    pub(crate) flow: Flow,
    pub(crate) user_agent: Arc<str>,
    pub(crate) call_id: Cow<'a, str>,
    pub(crate) cseq: u32,
}

impl Registered {
    pub(super) fn new(wanted: &Wanted<'_>, since: DateTime<Utc>, now: Now) -> Self {
        let expires = now.instant + wanted.expires;
        Self {
            contact: wanted.contact.into(),
            flow: Some(wanted.flow),
            expires,
            instance: wanted.instance.map(Box::from),
            user_agent: wanted.user_agent.clone(),
            call_id: (*wanted.call_id).into(),
            cseq: wanted.cseq,
            since,
            heard_at: now.utc,
            written_until: now.utc_at(expires + wanted.expires + GRACE),
        }
    }

    /// Since when it was registered, if it goes on being registered at the same place.
    pub(super) fn since_if_same(&self, wanted: &Wanted<'_>) -> Option<DateTime<Utc>> {
        (*self.contact == *wanted.contact && self.flow == Some(wanted.flow)).then_some(self.since)
    }

    /// Takes a REGISTER that changes nothing but the time; false if there is more to it, which is to be written.
    pub(super) fn renew(&mut self, wanted: &Wanted<'_>, now: Now) -> bool {
        let expires = now.instant + wanted.expires;
        let is_same = *self.contact == *wanted.contact
            && self.flow == Some(wanted.flow)
            && *self.call_id == *wanted.call_id
            && self.user_agent == wanted.user_agent
            && self.instance.as_deref() == wanted.instance;
        if !is_same || wanted.expires.is_zero() || now.utc_at(expires) > self.written_until {
            return false;
        }
        (self.cseq, self.expires, self.heard_at) = (wanted.cseq, expires, now.utc);
        true
    }

    /// The REGISTER that it is registered by.
    pub(super) fn is_of(&self, flow: Flow, call_id: &str, cseq: u32) -> bool {
        self.flow == Some(flow) && *self.call_id == *call_id && self.cseq == cseq
    }

    pub(super) fn restored(binding: Binding, flow: Option<Flow>, expires: Instant) -> Self {
        Self {
            contact: binding.contact,
            flow,
            expires,
            instance: None,
            user_agent: binding.user_agent,
            call_id: binding.call_id,
            cseq: binding.cseq,
            since: binding.registered_at,
            heard_at: binding.registered_at,
            written_until: binding.expires_at,
        }
    }

    /// The same contact (RFC 3261 section 19.1.4), or the same phone (RFC 5626 section 6).
    pub(super) fn is_replaced_by(&self, wanted: &Wanted<'_>) -> bool {
        same_uri(&self.contact, wanted.contact)
            || (self.instance.is_some() && self.instance.as_deref() == wanted.instance)
    }

    /// RFC 3261 section 10.3 step 7: within one Call-ID a REGISTER that was overtaken changes nothing.
    pub(super) fn check_order(&self, wanted: &Wanted<'_>) -> Result<(), Refusal> {
        self.check_call(&wanted.call_id, wanted.cseq)
    }

    pub(super) fn check_call(&self, call_id: &str, cseq: u32) -> Result<(), Refusal> {
        if *self.call_id == *call_id && cseq <= self.cseq {
            return Err(Refusal { status: 500, reason: "CSeq out of order", headers: Vec::new() });
        }
        Ok(())
    }

    /// As a value of the Contact header in the answer to a REGISTER.
    pub(super) fn header_value(&self, now: Instant) -> Vec<u8> {
        let mut value = vec![b'<'];
        value.extend_from_slice(&self.contact);
        value.extend_from_slice(format!(">;expires={}", seconds_left(self.expires, now)).as_bytes());
        if let Some(instance) = &self.instance {
            value.extend_from_slice(b";+sip.instance=\"");
            value.extend_from_slice(instance);
            value.push(b'"');
        }
        value
    }

    /// As it came over this flow.
    pub(super) fn stored(&self, flow: Flow, account_id: AccountId, user_id: UserId, line_id: LineId) -> Binding {
        Binding {
            account_id,
            user_id,
            line_id,
            contact: self.contact.clone(),
            transport: stored_transport(flow.transport),
            source: flow.remote,
            user_agent: self.user_agent.clone(),
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            registered_at: self.since,
            expires_at: self.written_until,
        }
    }

    pub(super) fn removed(&self, account_id: AccountId, user_id: UserId, line_id: LineId) -> RegistrationChange {
        let (contact, heard_at) = (self.contact.clone(), self.heard_at);
        RegistrationChange::Removed { account_id, user_id, line_id, contact, heard_at }
    }
}
