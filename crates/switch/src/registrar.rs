//! The registrar's memory: which contacts each line can be reached at, over which flow, until when (RFC 3261 section 10.3).
//!
//! Who may register is decided before (`register`); here the bindings are kept, expire, and become changes to be
//! written. A binding is tied to the flow that it came by: a NAT gives the same address and port to somebody else later.

mod binding;
pub(crate) mod register;
#[cfg(test)]
mod tests;

use std::{
    collections::{self, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use foldhash::{HashMap, HashSet};
use lineside_model::{
    directory::{Binding, RegistrationChange, Transport as StoredTransport},
    id::{AccountId, LineId, UserId},
};
use lineside_sip::{Flow, Refusal, Transport, Uri};

pub(crate) use self::binding::{Registered, Wanted};
use crate::{
    clock::Now,
    directory::{Changed, Directory, FoundLine},
};

/// Contacts of one line; more are phones that come back under a new contact each time, so the oldest make room.
const CONTACTS: usize = 10;

/// Names of programs that are shared; whoever calls itself something new each time gets no more.
const AGENTS: usize = 1_000;

/// Takes what changed in the registrar, in batches, to be written.
pub trait Registrations: Send + Sync {
    /// Must not block: it is called from the thread that serves all calls.
    fn changed(&self, changes: Vec<RegistrationChange>);
}

/// Which lines are reachable now, for any thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reachable(Arc<RwLock<HashSet<LineId>>>);

impl Reachable {
    pub(crate) fn contains(&self, line: LineId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&line)
    }

    fn set(&self, line: LineId, reachable: bool) {
        if self.contains(line) == reachable {
            return;
        }
        let mut lines = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if reachable {
            lines.insert(line)
        } else {
            lines.remove(&line)
        };
    }
}

#[derive(Debug, Default)]
pub(crate) struct Registrar {
    lines: HashMap<LineId, Line>,
    /// The registered lines of each user: a change to many users must not walk over all lines for each.
    users: HashMap<UserId, Vec<LineId>>,
    /// When the first contact of each line expires.
    due: BTreeSet<(Instant, LineId)>,
    /// Lines that are bound to a connection, to find them when it closes.
    connections: HashMap<u64, HashSet<LineId>>,
    changes: Vec<RegistrationChange>,
    reachable: Reachable,
    /// What phones call themselves: few, and the same again and again.
    agents: collections::HashSet<Arc<str>>,
}

#[derive(Debug)]
struct Line {
    account_id: AccountId,
    user_id: UserId,
    contacts: Vec<Registered>,
    due: Option<Instant>,
}

impl Registrar {
    /// Takes what was stored before a restart. Phones behind UDP are reachable at once; connections are gone, so those
    /// contacts wait for their phone to come back.
    pub(crate) fn restore(bindings: Vec<Binding>, udp: &Flow, directory: &Directory, now: Now) -> Registrar {
        let mut registrar = Registrar::default();
        for binding in bindings {
            let left = (binding.expires_at - now.utc).to_std().unwrap_or_default();
            let is_allowed = directory.owner(binding.line_id).is_some_and(|found| may_register(&found));
            if left.is_zero() || !is_allowed {
                registrar.changes.push(RegistrationChange::Removed {
                    account_id: binding.account_id,
                    user_id: binding.user_id,
                    line_id: binding.line_id,
                    contact: binding.contact,
                    heard_at: binding.registered_at,
                });
                continue;
            }
            let flow = (binding.transport == StoredTransport::Udp).then_some(Flow { remote: binding.source, ..*udp });
            let (line_id, account_id, user_id) = (binding.line_id, binding.account_id, binding.user_id);
            let line = registrar.line(line_id, account_id, user_id);
            line.contacts.reserve_exact(1);
            line.contacts.push(Registered::restored(binding, flow, now.instant + left));
            registrar.settle(line_id);
        }
        registrar
    }

    pub(crate) fn reachable(&self) -> Reachable {
        self.reachable.clone()
    }

    /// The contacts of a line, newest last.
    pub(crate) fn contacts(&self, line: LineId) -> &[Registered] {
        self.lines.get(&line).map_or(&[], |line| &line.contacts)
    }

    /// A User-Agent, shared by all who call themselves that.
    pub(crate) fn agent(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.agents.get(name) {
            return known.clone();
        }
        if self.agents.len() >= AGENTS {
            self.agents.retain(|agent| Arc::strong_count(agent) > 1);
        }
        let name: Arc<str> = name.into();
        if self.agents.len() < AGENTS {
            self.agents.insert(name.clone());
        }
        name
    }

    /// Carries out a REGISTER of this line, all of it or nothing.
    pub(crate) fn update(&mut self, found: &FoundLine, wanted: &[Wanted<'_>], now: Now) -> Result<(), Refusal> {
        let line_id = found.line().line_id;
        let (account_id, user_id) = (found.user.account_id, found.user.user_id);
        let line = self.line(line_id, account_id, user_id);
        if let ([contact], [wanted]) = (&mut line.contacts[..], wanted)
            && contact.is_replaced_by(wanted)
        {
            contact.check_order(wanted)?;
            if contact.renew(wanted, now) {
                self.settle_due(line_id);
                return Ok(());
            }
        }
        // Nearly always one, of which a list that grows by itself would keep room for four.
        let mut contacts = Vec::with_capacity(line.contacts.len() + wanted.len());
        contacts.extend_from_slice(&line.contacts);
        let mut changes = Vec::new();
        for wanted in wanted {
            let mut since = None;
            let existing = contacts.iter().position(|contact| contact.is_replaced_by(wanted));
            if let Some(position) = existing {
                contacts[position].check_order(wanted)?;
                let mut old = contacts.remove(position);
                if old.renew(wanted, now) {
                    contacts.push(old);
                    continue;
                }
                since = old.since_if_same(wanted);
                if wanted.expires.is_zero() || *old.contact != *wanted.contact {
                    changes.push(old.removed(account_id, user_id, line_id));
                }
            }
            if !wanted.expires.is_zero() {
                let registered = Registered::new(wanted, since.unwrap_or(now.utc), now);
                changes.push(RegistrationChange::Put(registered.stored(wanted.flow, account_id, user_id, line_id)));
                contacts.push(registered);
            }
        }
        while contacts.len() > CONTACTS {
            changes.push(contacts.remove(0).removed(account_id, user_id, line_id));
        }
        contacts.shrink_to_fit();
        line.contacts = contacts;
        self.changes.append(&mut changes);
        self.settle(line_id);
        Ok(())
    }

    /// `Contact: *` with `Expires: 0`.
    pub(crate) fn remove_all(&mut self, found: &FoundLine, call_id: &str, cseq: u32) -> Result<(), Refusal> {
        let line_id = found.line().line_id;
        for contact in self.contacts(line_id) {
            contact.check_call(call_id, cseq)?;
        }
        self.drop_contacts(line_id, |_| true);
        Ok(())
    }

    /// A connection closed: whoever registered over it can not be reached any more.
    pub(crate) fn flow_lost(&mut self, flow_id: u64) {
        for line in self.connections.remove(&flow_id).unwrap_or_default() {
            self.drop_contacts(line, |contact| contact.flow.is_some_and(|flow| flow.id == flow_id));
        }
    }

    /// Drops the contacts of lines that have lost the right to be registered.
    pub(crate) fn directory_changed(&mut self, changed: &Changed, directory: &Directory) {
        let concerned: Vec<LineId> = match changed {
            Changed::Everything => self.lines.keys().copied().collect(),
            // The lines of the new state would miss a line that was taken away.
            Changed::Trunks => Vec::new(),
            Changed::User(user) => self.users.get(user).cloned().unwrap_or_default(),
        };
        for line in concerned {
            let owner = self.lines.get(&line).map(|line| line.user_id);
            let is_allowed =
                directory.owner(line).is_some_and(|found| may_register(&found) && Some(found.user.user_id) == owner);
            if !is_allowed {
                tracing::info!(%line, "the line lost its right to be registered");
                self.drop_contacts(line, |_| true);
            }
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Drops what has expired.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some(&(due, id)) = self.due.first()
            && due <= now
        {
            self.due.pop_first();
            if let Some(line) = self.lines.get_mut(&id) {
                line.due = None;
            }
            self.drop_contacts(id, |contact| contact.expires <= now);
        }
    }

    /// What is to be written since the last time.
    pub(crate) fn take_changes(&mut self) -> Vec<RegistrationChange> {
        std::mem::take(&mut self.changes)
    }

    fn line(&mut self, id: LineId, account_id: AccountId, user_id: UserId) -> &mut Line {
        self.lines.entry(id).or_insert_with(|| {
            self.users.entry(user_id).or_insert_with(|| Vec::with_capacity(1)).push(id);
            Line { account_id, user_id, contacts: Vec::new(), due: None }
        })
    }

    fn drop_contacts(&mut self, id: LineId, is_dropped: impl Fn(&Registered) -> bool) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        for contact in line.contacts.extract_if(.., |contact| is_dropped(contact)) {
            self.changes.push(contact.removed(line.account_id, line.user_id, id));
        }
        self.settle(id);
    }

    /// A REGISTER that was carried out comes again: its answer was lost.
    pub(crate) fn is_repeated(&self, line: LineId, flow: Flow, call_id: &str, cseq: u32) -> bool {
        self.contacts(line).iter().any(|contact| contact.is_of(flow, call_id, cseq))
    }

    /// Looks again when the first contact of a line expires. A renewal moves nothing: it is looked at in its old time.
    fn settle_due(&mut self, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let first = line.contacts.iter().map(|contact| contact.expires).min();
        if line.due.is_some() && line.due <= first {
            return;
        }
        if let Some(due) = std::mem::replace(&mut line.due, first) {
            self.due.remove(&(due, id));
        }
        if let Some(due) = first {
            self.due.insert((due, id));
        }
    }

    /// Brings what is derived from a line's contacts up to date.
    fn settle(&mut self, id: LineId) {
        self.settle_due(id);
        let Some(line) = self.lines.get(&id) else { return };
        for flow in line.contacts.iter().filter_map(|contact| contact.flow) {
            if flow.transport != Transport::Udp {
                self.connections.entry(flow.id).or_default().insert(id);
            }
        }
        self.reachable.set(id, line.contacts.iter().any(|contact| contact.flow.is_some()));
        if line.contacts.is_empty() {
            let user = line.user_id;
            self.lines.remove(&id);
            if let Some(lines) = self.users.get_mut(&user) {
                lines.retain(|line| *line != id);
                if lines.is_empty() {
                    self.users.remove(&user);
                }
            }
        }
    }
}

/// Whether a line with valid credentials may be registered: its device is not locked and its user has a Voice license.
pub(crate) fn may_register(found: &FoundLine) -> bool {
    found.user.voice && found.line().enabled
}

fn stored_transport(transport: Transport) -> StoredTransport {
    match transport {
        Transport::Udp => StoredTransport::Udp,
        Transport::Tcp => StoredTransport::Tcp,
        Transport::Tls => StoredTransport::Tls,
        Transport::Ws => StoredTransport::Ws,
        Transport::Wss => StoredTransport::Wss,
    }
}

fn same_uri(one: &[u8], other: &[u8]) -> bool {
    one == other
        || match (Uri::parse(one), Uri::parse(other)) {
            (Ok(one), Ok(other)) => one.equivalent(&other),
            _ => false,
        }
}

/// Whole seconds left, never below zero.
fn seconds_left(expires: Instant, now: Instant) -> u64 {
    let left = expires.saturating_duration_since(now);
    left.as_secs() + u64::from(left.subsec_nanos() >= Duration::from_millis(500).subsec_nanos())
}
