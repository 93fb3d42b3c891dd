//! Phones behind NAT over UDP: what they registered is not where they are reached, and the way to them closes when nothing
//! passes. They are asked something every now and then; whatever they answer keeps it open.

use std::{
    collections::{BTreeSet, HashSet},
    time::{Duration, Instant},
};

use lineside_model::id::LineId;
use lineside_sip::{Endpoint, HeaderName, Method, Request, Transport, Uri};

use crate::{
    clock::Now,
    config::Rules,
    registrar::{Registered, Registrar},
};

/// Shorter than the 30 seconds after which careless NATs forget (RFC 4787 section 4.3 asks for two minutes).
const INTERVAL: Duration = Duration::from_secs(25);

#[derive(Debug, Default)]
pub(crate) struct Keepalives {
    due: BTreeSet<(Instant, LineId)>,
    lines: HashSet<LineId>,
}

impl Keepalives {
    /// A line has registered.
    pub(crate) fn registered(&mut self, registrar: &Registrar, line: LineId, now: Now) {
        if registrar.contacts(line).iter().any(is_behind_nat) && self.lines.insert(line) {
            self.due.insert((now.instant + INTERVAL, line));
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(crate) fn handle_timeout(&mut self, endpoint: &mut Endpoint, registrar: &Registrar, rules: &Rules, now: Now) {
        while let Some(&(due, line)) = self.due.first()
            && due <= now.instant
        {
            self.due.pop_first();
            let behind: Vec<&Registered> =
                registrar.contacts(line).iter().filter(|contact| is_behind_nat(contact)).collect();
            if behind.is_empty() {
                self.lines.remove(&line);
                continue;
            }
            self.due.insert((now.instant + INTERVAL, line));
            for contact in behind {
                let Some(flow) = contact.flow else { continue };
                let tag = endpoint.token();
                let own = format!("<sip:lineside@{}>", rules.host_port(flow.local.port()));
                let to = [b"<", contact.contact.as_ref(), b">"].concat();
                let from = format!("{own};tag={tag}");
                let options = Request::initial(Method::Options, &contact.contact, from, to, tag, 1)
                    .header(HeaderName::Contact, own);
                // Nobody waits for the answer.
                endpoint.request(now.instant, flow, &options);
            }
        }
    }
}

fn is_behind_nat(contact: &Registered) -> bool {
    let Some(flow) = contact.flow.filter(|flow| flow.transport == Transport::Udp) else { return false };
    let Ok(uri) = Uri::parse(&contact.contact) else { return false };
    let host = str::from_utf8(uri.host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse().ok();
    address != Some(flow.remote.ip().to_canonical()) || uri.port.unwrap_or(5060) != flow.remote.port()
}
