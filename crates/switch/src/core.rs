//! The switch without sockets: bytes, time and commands in; bytes, changes and media out.
//!
//! One thread owns it. A request is counted against its source before it is parsed, parsed once by the endpoint, and then
//! belongs to the registrar, to a call, or to nobody.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use lineside_media::relay::Relay;
use lineside_model::{
    call_report::{CallReport, LegQuality, TestCall},
    directory::{Binding, RegistrationChange},
    id::{AccountId, CallId, UserId},
    question::{Answer, Question, Waiting},
};
use lineside_sip::{
    Endpoint, Event, Flow, HeaderName, Message, Method, Response, Tokens, TransactionKey, Transmit, Transport, endpoint,
};

use crate::{
    authenticate::Authentication,
    call::{Calls, Env},
    clock::Now,
    config::Rules,
    directory::{Changed, Directory},
    limiter::Limiter,
    notify::{Notice, Notices},
    registrar::{Reachable, Registrar, may_register, register::register},
    scanner::is_scanner,
    told::Told,
};

/// What phones may send us.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER";
const METHODS: [Method; 8] = [
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Options,
    Method::Info,
    Method::Update,
    Method::Register,
];

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
    relay: Relay,
    told: Told,
    waiting: HashMap<UserId, Waiting>,
    strangers: Limiter<IpAddr>,
    /// Hosts with a line on them, and until when that is believed.
    trusted: HashMap<IpAddr, Instant>,
}

/// Randomness for a core, drawn by the edge.
pub(crate) struct Seeds {
    pub(crate) tokens: [u8; 16],
    pub(crate) nonce_key: [u8; 32],
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
            max_transactions: rules.max_transactions,
            ..endpoint::Config::default()
        };
        Self {
            endpoint: Endpoint::new(config, Tokens::new(seeds.tokens)),
            authentication: Authentication::new(seeds.nonce_key, rules.failures),
            registrar: Registrar::restore(restore, udp, &directory, now),
            calls: Calls::default(),
            notices: Notices::default(),
            strangers: Limiter::new(rules.strangers),
            trusted: HashMap::new(),
            rules: Arc::new(rules),
            directory,
            relay,
            told: Told::default(),
            waiting: HashMap::new(),
        }
    }

    pub(crate) fn reachable(&self) -> Reachable {
        self.registrar.reachable()
    }

    /// A datagram, or a message cut from a stream.
    pub(crate) fn receive(&mut self, now: Now, flow: Flow, bytes: Bytes) {
        if flow.transport == Transport::Udp && is_scanner(&bytes) {
            return;
        }
        let source = flow.remote.ip().to_canonical();
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
        self.work(now);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let timeouts = [self.endpoint.next_timeout(), self.registrar.next_timeout(), self.calls.next_timeout()];
        timeouts.into_iter().flatten().min()
    }

    pub(crate) fn flow_lost(&mut self, now: Now, flow_id: u64) {
        self.registrar.flow_lost(flow_id);
        self.endpoint.flow_lost(flow_id);
        self.work(now);
        let (calls, mut env) = self.calls(now);
        calls.flow_lost(&mut env, flow_id);
        self.work(now);
    }

    pub(crate) fn directory_changed(&mut self, changed: &Changed) {
        self.registrar.directory_changed(changed, &self.directory);
    }

    /// Sends a NOTIFY to each contact of a line.
    pub(crate) fn notify(&mut self, now: Now, notice: Notice) {
        self.notices.send(&mut self.endpoint, &self.registrar, &self.directory, &self.rules, notice, now);
        self.work(now);
    }

    /// Ends every call, so that no phone is left talking to nobody.
    pub(crate) fn hang_up_all(&mut self, now: Now) {
        let (calls, mut env) = self.calls(now);
        calls.hang_up_all(&mut env);
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.endpoint.poll_transmit()
    }

    pub(crate) fn take_reports(&mut self) -> Vec<CallReport> {
        self.told.take_reports()
    }

    pub(crate) fn take_questions(&mut self) -> Vec<(u64, Question)> {
        self.told.take_questions()
    }

    /// The answer to one of our questions.
    #[expect(clippy::unused_self, reason = "nobody asks yet")]
    pub(crate) fn answer(&mut self, _now: Now, number: u64, answer: &Answer) {
        tracing::debug!(number, ?answer, "nobody waits for this answer");
    }

    pub(crate) fn waiting(&mut self, _now: Now, user: UserId, waiting: Waiting) {
        self.waiting.insert(user, waiting);
    }

    pub(crate) fn test_call(&mut self, now: Now, account: AccountId, user: UserId) {
        self.told.report(CallReport::TestCall(TestCall {
            call: CallId(uuid::Uuid::nil()),
            account,
            user,
            line: None,
            at: now.utc,
            answered: false,
            heard: false,
            quality: LegQuality::default(),
            round_trip_ms: None,
            audio: None,
        }));
    }

    pub(crate) fn hang_up(&mut self, now: Now, call: CallId) {
        let (calls, mut env) = self.calls(now);
        calls.hang_up_call(&mut env, call);
        self.work(now);
    }

    pub(crate) fn take_changes(&mut self) -> Vec<RegistrationChange> {
        self.registrar.take_changes()
    }

    #[cfg(test)]
    pub(crate) fn open_calls(&self) -> usize {
        self.calls.count()
    }

    #[cfg(test)]
    pub(crate) fn transactions(&self) -> usize {
        self.endpoint.transactions()
    }

    fn work(&mut self, now: Now) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Request { key, flow, request } => self.request(now, key, flow, &request),
                Event::Refused { flow, malformed } => {
                    tracing::debug!(source = %flow.remote, %malformed, "a message was refused");
                }
                event => {
                    if let Some(event) = self.notices.event(event) {
                        let (calls, mut env) = self.calls(now);
                        calls.event(&mut env, event);
                    }
                }
            }
        }
    }

    fn request(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        if !request.to_tag().is_empty() {
            let (calls, mut env) = self.calls(now);
            calls.in_dialog(&mut env, key, flow, request);
            return;
        }
        match request.method() {
            Method::Register => self.register(now, key, flow, request),
            Method::Invite => self.invite(now, key, flow, request),
            Method::Options => {
                // The same to everybody about everybody: what it says of a user, a scanner would learn.
                let response = Response::new(request, 200)
                    .header(HeaderName::Allow, ALLOW)
                    .header(HeaderName::Accept, "application/sdp");
                self.endpoint.respond_and_forget(key, request, response);
            }
            _ => self.endpoint.respond_and_forget(key, request, Response::new(request, 481)),
        }
    }

    fn register(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        let found = match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => found,
            Err(challenge) => {
                self.endpoint.respond_and_forget(key, request, challenge);
                return;
            }
        };
        self.trust(flow, now);
        let line = found.line().line_id;
        let response = match register(&mut self.registrar, &found, request, flow, self.rules.expiry, now) {
            Ok(response) => {
                let contacts = self.registrar.contacts(line).len();
                tracing::debug!(%line, user = %found.user.user_id, source = %flow.remote, contacts, "registered");
                response
            }
            Err(refusal) => {
                tracing::info!(
                    %line, user = %found.user.user_id, source = %flow.remote, status = refusal.status,
                    voice = found.user.voice, enabled = found.line().enabled, "registration refused"
                );
                refusal.response(request)
            }
        };
        self.endpoint.respond(now.instant, key, response);
    }

    fn invite(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => {
                self.trust(flow, now);
                let is_allowed = may_register(&found);
                let (calls, mut env) = self.calls(now);
                calls.place(&mut env, key, flow, request, &found.user, is_allowed);
            }
            // Without a record there is nothing to repeat: a forged source would be sent the challenge eleven times.
            Err(challenge) => self.endpoint.respond_and_forget(key, request, challenge),
        }
    }

    fn trust(&mut self, flow: Flow, now: Now) {
        // Only hosts with valid credentials get in here, so the map is bounded by what the accounts have.
        self.trusted.insert(flow.remote.ip().to_canonical(), now.instant + TRUST);
        if self.trusted.len().is_power_of_two() {
            self.trusted.retain(|_, until| *until > now.instant);
        }
    }

    fn calls(&mut self, now: Now) -> (&mut Calls, Env<'_>) {
        let env = Env {
            endpoint: &mut self.endpoint,
            registrar: &self.registrar,
            directory: &self.directory,
            relay: &self.relay,
            rules: &self.rules,
            told: &mut self.told,
            now,
        };
        (&mut self.calls, env)
    }
}
