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
use lineside_media::{
    prompt::Prompt,
    relay::{MediaEvent, Relay},
    srtp::KeyMaker,
};
use lineside_model::{
    call_report::CallReport,
    directory::{Binding, RegistrationChange},
    id::{AccountId, CallId, LineId, UserId},
    outbound::Talked,
    question::{Answer, Question},
};
use lineside_sip::{
    Endpoint, Event, Flow, HeaderName, Message, Method, Response, Tokens, TransactionKey, Transmit, Transport, endpoint,
};

use crate::{
    authenticate::{Authentication, Unproved},
    call::{Calls, Env},
    clock::Now,
    config::Rules,
    directory::{Changed, Directory},
    keepalive::Keepalives,
    limiter::{Limiter, Rate},
    message::{Messages, Post},
    notify::{Notice, Notices},
    registrar::{
        Reachable, Registrar, may_register,
        register::{call_id, listed, register},
    },
    scanner::is_scanner,
    subscribe::{Desk, EVENTS, Subscriptions, summary},
    told::{Job, Told},
    trunk::{Exchange, Trunks, target::Found},
};

/// What phones may send us.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE, REFER";
/// The extensions that we know.
pub(crate) const SUPPORTED: &str = "100rel, replaces, timer";
/// Those that make sense without an offer of ours.
pub(crate) const SUPPORTED_LATER: &str = "replaces, timer";
const METHODS: [Method; 13] = [
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

    /// Tells phones that never subscribed of their user's messages (RFC 3842 section 3.3), when those have changed.
    fn light_lamps(&mut self, now: Now, user: UserId) {
        let Some(user) = self.directory.user(user) else {
            self.waiting.remove(&user);
            return;
        };
        let summary = summary(&user);
        let told = self.waiting.insert(user.user_id, summary.clone());
        // What nobody was told yet, and is nothing, needs no telling.
        if told.as_ref() == Some(&summary) || (told.is_none() && user.mailbox.unheard == 0) {
            return;
        }
        for line in &user.lines {
            self.light_lamp(now, line.line_id, &summary);
        }
    }

    fn light_lamp(&mut self, now: Now, line_id: LineId, summary: &str) {
        if self.subscriptions.has_lamp(line_id) {
            return;
        }
        let body = Some(("application/simple-message-summary".to_owned(), summary.to_owned().into()));
        let notice = Notice { line_id, event: "message-summary".to_owned(), body, report: Box::new(|_| ()) };
        self.notify(now, notice);
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

    #[cfg(test)]
    pub(crate) fn open_calls(&self) -> usize {
        self.calls.count()
    }

    #[cfg(test)]
    pub(crate) fn left_over(&self) -> Vec<String> {
        let mut left = self.calls.left_over();
        let counts = [("transactions", self.endpoint.transactions()), ("sessions", self.relay.open_sessions())];
        left.extend(counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")));
        left
    }

    #[cfg(test)]
    pub(crate) fn subscriptions(&self) -> usize {
        self.subscriptions.count()
    }

    #[cfg(test)]
    pub(crate) fn last_session(&self) -> Option<u64> {
        self.calls.last_session()
    }

    #[cfg(test)]
    pub(crate) fn recordings(&self) -> Vec<std::path::PathBuf> {
        self.calls.recordings()
    }

    #[cfg(test)]
    pub(crate) fn records(&self) -> bool {
        self.calls.records()
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

    fn request(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        if !request.to_tag().is_empty() && self.subscriptions.knows(request.to_tag()) {
            let (subscriptions, mut desk) = self.desk(now);
            if let Err(refusal) = subscriptions.refresh(&mut desk, key, flow, request) {
                self.endpoint.respond(now.instant, key, refusal.response(request));
            }
            return;
        }
        if !request.to_tag().is_empty() {
            let (calls, mut env) = self.calls(now);
            calls.in_dialog(&mut env, key, flow, request);
            return;
        }
        match request.method() {
            Method::Register => self.register(now, key, flow, request),
            Method::Invite => self.invite(now, key, flow, request),
            Method::Subscribe | Method::Message => self.serve(now, key, flow, request),
            Method::Options => {
                // The same to everybody about everybody: what it says of a user, a scanner would learn.
                let response = Response::new(request, 200)
                    .header(HeaderName::Allow, ALLOW)
                    .header(HeaderName::Supported, SUPPORTED)
                    .header(HeaderName::AllowEvents, EVENTS)
                    .header(HeaderName::Accept, "application/sdp");
                self.endpoint.respond_and_forget(key, request, response);
            }
            _ => self.endpoint.respond_and_forget(key, request, Response::new(request, 481)),
        }
    }

    fn register(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        let found = match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => found,
            Err(Unproved { challenge, before }) => {
                let (call_id, cseq) = (call_id(request), request.cseq().number);
                let repeated = before.filter(|line| {
                    self.registrar.is_repeated(line.line().line_id, flow, &call_id, cseq) && may_register(line)
                });
                let response = repeated.map(|line| listed(&self.registrar, &line, request, now));
                self.endpoint.respond_and_forget(key, request, response.unwrap_or(challenge));
                return;
            }
        };
        self.trust(flow, now);
        let line = found.line().line_id;
        let before = self.registrar.contacts(line).len();
        let response = match register(&mut self.registrar, &found, request, flow, self.rules.expiry, now) {
            Ok(response) => {
                let contacts = self.registrar.contacts(line).len();
                self.keepalives.registered(&self.registrar, line, now);
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
        // Without a record: ten thousand phones would leave as many for half a minute. A repetition is known by its CSeq.
        self.endpoint.respond_and_forget(key, request, response);
        // A phone that has just come back shows no lamp yet.
        if self.registrar.contacts(line).len() > before && found.user.mailbox.unheard > 0 {
            let summary = summary(&found.user);
            self.light_lamp(now, line, &summary);
            self.waiting.insert(found.user.user_id, summary);
        }
    }

    /// A subscription or a text message.
    fn serve(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        let found = match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => found,
            Err(unproved) => return self.endpoint.respond_and_forget(key, request, unproved.challenge),
        };
        self.trust(flow, now);
        let served = if request.method() == Method::Subscribe {
            let (subscriptions, mut desk) = self.desk(now);
            subscriptions.begin(&mut desk, key, flow, request, &found)
        } else {
            let mut post =
                Post { endpoint: &mut self.endpoint, registrar: &self.registrar, directory: &self.directory, now };
            self.messages.send(&mut post, key, request, &found)
        };
        if let Err(refusal) = served {
            self.endpoint.respond(now.instant, key, refusal.response(request));
        }
    }

    fn invite(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        // A carrier is known by its address, and names none of our domains as its own.
        let domain = String::from_utf8_lossy(request.from().uri.host).into_owned();
        if !self.directory.has_domain(&domain)
            && let Some(trunk) = self.trunks.of(flow)
        {
            let (calls, mut env) = self.calls(now);
            return calls.place_inbound(&mut env, key, flow, request, &trunk);
        }
        match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => {
                self.trust(flow, now);
                let is_allowed = may_register(&found);
                let (calls, mut env) = self.calls(now);
                if let Some(value) = request.header(HeaderName::Replaces).filter(|_| is_allowed) {
                    if let Err(refusal) = calls.replace(&mut env, key, flow, request, &found.user, value) {
                        self.endpoint.respond(now.instant, key, refusal.response(request));
                    }
                    return;
                }
                calls.place(&mut env, key, flow, request, &found.user, is_allowed);
            }
            // Without a record there is nothing to repeat: a forged source would be sent the challenge eleven times.
            Err(unproved) => self.endpoint.respond_and_forget(key, request, unproved.challenge),
        }
    }

    fn trust(&mut self, flow: Flow, now: Now) {
        // Only hosts with valid credentials get in here, so the map is bounded by what the accounts have.
        self.trusted.insert(flow.remote.ip().to_canonical(), now.instant + TRUST);
        if self.trusted.len().is_power_of_two() {
            self.trusted.retain(|_, until| *until > now.instant);
        }
    }

    fn desk(&mut self, now: Now) -> (&mut Subscriptions, Desk<'_>) {
        let desk = Desk {
            endpoint: &mut self.endpoint,
            directory: &self.directory,
            calls: &self.calls,
            rules: &self.rules,
            now,
        };
        (&mut self.subscriptions, desk)
    }

    fn exchange(&mut self, now: Now) -> (&mut Trunks, Exchange<'_>) {
        let exchange = Exchange {
            endpoint: &mut self.endpoint,
            directory: &self.directory,
            rules: &self.rules,
            told: &mut self.told,
            udp: self.udp,
            now,
        };
        (&mut self.trunks, exchange)
    }

    fn calls(&mut self, now: Now) -> (&mut Calls, Env<'_>) {
        let env = Env {
            endpoint: &mut self.endpoint,
            registrar: &self.registrar,
            directory: &self.directory,
            relay: &self.relay,
            rules: &self.rules,
            told: &mut self.told,
            trunks: &mut self.trunks,
            keys: &self.keys,
            udp: self.udp,
            passed: Vec::new(),
            farewells: Vec::new(),
            now,
        };
        (&mut self.calls, env)
    }
}
