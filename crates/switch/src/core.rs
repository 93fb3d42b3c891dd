//! The switch without sockets: bytes, time and commands in; bytes, changes and media out.
//!
//! One thread owns it. A request is counted against its source before it is parsed, parsed once by the endpoint, and then
//! belongs to the registrar, to a call, or to nobody.

mod abilities;
#[cfg(test)]
mod counts;
mod lamps;
mod parts;
mod request;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use lineside_media::{
    prompt::Prompt,
    relay::{MediaEvent, Relay},
    srtp::KeyMaker,
};
use lineside_model::{
    call_report::CallReport,
    directory::{Binding, RegistrationChange},
    id::{AccountId, CallId, UserId},
    outbound::Talked,
    question::{Answer, Question},
};
use lineside_sip::{Endpoint, Event, Flow, Tokens, Transmit, Transport, endpoint};

use self::abilities::METHODS;
pub(crate) use self::abilities::{ALLOW, SUPPORTED, SUPPORTED_LATER};
use crate::{
    authenticate::Authentication,
    call::Calls,
    clock::Now,
    config::Rules,
    directory::{Changed, Directory},
    keepalive::Keepalives,
    limiter::{Limiter, Rate},
    message::Messages,
    notify::{Notice, Notices},
    registrar::{Reachable, Registrar},
    scanner::is_scanner,
    subscribe::Subscriptions,
    told::{Job, Told},
    trunk::{Trunks, target::Found},
};

const ONCE_A_MINUTE: Rate = Rate { burst: 1, per_second: 1.0 / 60.0 };
/// How long a source that proved a line stays exempt from the limit for strangers.
const TRUST: Duration = Duration::from_hours(1);

pub(crate) struct Core {
    rules: Arc<Rules>,
    endpoint: Endpoint,
    authentication: Authentication,
    directory: Directory,
    registrar: Registrar,
    calls: Calls,
    notices: Notices,
    subscriptions: Subscriptions,
    messages: Messages,
    trunks: Trunks,
    keepalives: Keepalives,
    keys: KeyMaker,
    udp: Flow,
    /// Messages waiting, as the phones were told.
    waiting: HashMap<UserId, String>,
    relay: Relay,
    told: Told,
    strangers: Limiter<IpAddr>,
    /// Programs that search for telephones are logged once a minute.
    scanners: Limiter<IpAddr>,
    /// Hosts with a line on them, and until when that is believed.
    trusted: HashMap<IpAddr, Instant>,
}

/// Randomness for a core, drawn by the edge.
pub(crate) struct Seeds {
    pub(crate) tokens: [u8; 16],
    pub(crate) nonce_key: [u8; 32],
    /// Of the keys that protect sound.
    pub(crate) keys: [u8; 16],
}

impl Core {
    /// `udp` is the flow of the UDP socket, with any remote address: restored phones are reached over it.
    pub(crate) fn new(
        rules: Rules,
        seeds: &Seeds,
        directory: Directory,
        relay: Relay,
        restore: Vec<Binding>,
        udp: &Flow,
        now: Now,
    ) -> Self {
        let config = endpoint::Config {
            sent_by: Some(rules.host_port(udp.local.port())),
            methods: METHODS.to_vec(),
            supported: SUPPORTED.split(", ").map(str::to_owned).collect(),
            max_transactions: rules.max_transactions,
            ..endpoint::Config::default()
        };
        let mut core = Self {
            endpoint: Endpoint::new(config, Tokens::new(seeds.tokens)),
            authentication: Authentication::new(seeds.nonce_key, rules.failures),
            registrar: Registrar::restore(restore, udp, &directory, now),
            calls: Calls::default(),
            notices: Notices::default(),
            subscriptions: Subscriptions::default(),
            messages: Messages::default(),
            trunks: Trunks::default(),
            keepalives: Keepalives::default(),
            keys: KeyMaker::new(&seeds.keys),
            udp: *udp,
            waiting: HashMap::new(),
            strangers: Limiter::new(rules.strangers),
            scanners: Limiter::new(ONCE_A_MINUTE),
            trusted: HashMap::new(),
            rules: Arc::new(rules),
            directory,
            relay,
            told: Told::default(),
        };
        core.directory_changed(now, &Changed::Trunks);
        core
    }

    pub(crate) fn reachable(&self) -> Reachable {
        self.registrar.reachable()
    }

    /// A datagram, or a message cut from a stream.
    pub(crate) fn receive(&mut self, now: Now, flow: Flow, bytes: Bytes) {
        let source = flow.remote.ip().to_canonical();
        if flow.transport == Transport::Udp && is_scanner(&bytes) {
            if self.scanners.allow(source, now.instant) {
                tracing::warn!(%source, "a scanner looks for telephones, and is given no answer");
            }
            return;
        }
        let is_trusted = self.trusted.get(&source).is_some_and(|until| *until > now.instant);
        if !is_trusted && !self.strangers.allow(source, now.instant) {
            tracing::debug!(%source, "too many requests without credentials");
            return;
        }
        self.endpoint.receive(now.instant, flow, bytes);
        self.work(now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.endpoint.handle_timeout(now.instant);
        self.registrar.expire(now.instant);
        let (calls, mut env) = self.calls(now);
        calls.handle_timeout(&mut env);
        let (subscriptions, mut desk) = self.desk(now);
        subscriptions.expire(&mut desk);
        let (trunks, mut exchange) = self.exchange(now);
        trunks.handle_timeout(&mut exchange);
        self.keepalives.handle_timeout(&mut self.endpoint, &self.registrar, &self.rules, now);
        self.work(now);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let timeouts = [
            self.endpoint.next_timeout(),
            self.registrar.next_timeout(),
            self.calls.next_timeout(),
            self.subscriptions.next_timeout(),
            self.trunks.next_timeout(),
            self.keepalives.next_timeout(),
        ];
        timeouts.into_iter().flatten().min()
    }

    pub(crate) fn flow_lost(&mut self, now: Now, flow_id: u64) {
        self.registrar.flow_lost(flow_id);
        self.subscriptions.flow_lost(flow_id);
        self.endpoint.flow_lost(flow_id);
        let (trunks, mut exchange) = self.exchange(now);
        trunks.flow_lost(&mut exchange, flow_id);
        self.work(now);
        let (calls, mut env) = self.calls(now);
        calls.flow_lost(&mut env, flow_id);
        self.work(now);
    }

    pub(crate) fn directory_changed(&mut self, now: Now, changed: &Changed) {
        self.registrar.directory_changed(changed, &self.directory);
        let (subscriptions, mut desk) = self.desk(now);
        subscriptions.directory_changed(&mut desk, changed);
        if *changed == Changed::Trunks {
            let (trunks, mut exchange) = self.exchange(now);
            trunks.changed(&mut exchange);
        }
        if let Changed::User(user) = changed {
            self.light_lamps(now, *user);
        }
    }

    /// Sends a NOTIFY to each contact of a line.
    pub(crate) fn notify(&mut self, now: Now, notice: Notice) {
        self.notices.send(&mut self.endpoint, &self.registrar, &self.directory, &self.rules, notice, now);
        self.work(now);
    }

    /// What was talked out of the house before this start.
    pub(crate) fn talked(&mut self, talked: &[Talked]) {
        self.calls.talked(talked);
    }

    /// Something is recorded still, or about to be told of.
    pub(crate) fn is_recording(&self) -> bool {
        self.calls.is_recording()
    }

    /// Ends every call, so that no phone is left talking to nobody.
    pub(crate) fn hang_up_all(&mut self, now: Now) {
        let (calls, mut env) = self.calls(now);
        calls.hang_up_all(&mut env);
    }

    /// Has the media done what was asked of it; after each batch of inputs.
    pub(crate) fn flush_media(&self) {
        self.relay.flush();
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.endpoint.poll_transmit()
    }

    pub(crate) fn take_reports(&mut self) -> Vec<CallReport> {
        for alarm in self.authentication.take_alarms() {
            self.told.report(CallReport::Alarm(alarm));
        }
        self.told.take_reports()
    }

    pub(crate) fn take_questions(&mut self) -> Vec<(u64, Question)> {
        self.told.take_questions()
    }

    /// The answer to one of our questions.
    pub(crate) fn answer(&mut self, now: Now, number: u64, answer: Answer) {
        let (calls, mut env) = self.calls(now);
        calls.told_answer(&mut env, number, answer);
        self.work(now);
    }

    pub(crate) fn loaded(&mut self, now: Now, number: u64, prompt: Option<Prompt>) {
        let (calls, mut env) = self.calls(now);
        calls.loaded(&mut env, number, prompt);
        self.work(now);
    }

    pub(crate) fn looked_up(&mut self, now: Now, number: u64, found: Found) {
        let (trunks, mut exchange) = self.exchange(now);
        trunks.looked_up(&mut exchange, number, found);
    }

    pub(crate) fn not_connected(&mut self, now: Now, flow_id: u64, why: &str) {
        let (trunks, mut exchange) = self.exchange(now);
        trunks.not_connected(&mut exchange, flow_id, why);
    }

    pub(crate) fn media(&mut self, now: Now, event: MediaEvent) {
        let (calls, mut env) = self.calls(now);
        calls.media(&mut env, event);
        self.work(now);
    }

    pub(crate) fn take_jobs(&mut self) -> Vec<Job> {
        self.told.take_jobs()
    }

    pub(crate) fn test_call(&mut self, now: Now, account: AccountId, user: UserId) {
        let (calls, mut env) = self.calls(now);
        calls.test(&mut env, account, user);
        self.work(now);
    }

    pub(crate) fn hang_up(&mut self, now: Now, call: CallId) {
        let (calls, mut env) = self.calls(now);
        calls.hang_up_call(&mut env, call);
        self.work(now);
    }

    pub(crate) fn take_changes(&mut self) -> Vec<RegistrationChange> {
        self.registrar.take_changes()
    }

    fn work(&mut self, now: Now) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Request { key, flow, request } => self.request(now, key, flow, &request),
                Event::Refused { flow, malformed } => {
                    tracing::debug!(source = %flow.remote, %malformed, "a message was refused");
                }
                event => {
                    let event = self.notices.event(event).and_then(|event| self.subscriptions.event(event));
                    let event = event.and_then(|event| self.messages.event(&mut self.endpoint, now, event));
                    let event = event.and_then(|event| {
                        let (trunks, mut exchange) = self.exchange(now);
                        trunks.event(&mut exchange, event)
                    });
                    if let Some(event) = event {
                        let (calls, mut env) = self.calls(now);
                        calls.event(&mut env, event);
                    }
                }
            }
        }
        for user in self.calls.take_touched() {
            if self.subscriptions.watches(user) {
                let (subscriptions, mut desk) = self.desk(now);
                subscriptions.changed(&mut desk, user);
            }
        }
    }
}
