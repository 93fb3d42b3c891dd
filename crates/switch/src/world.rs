//! A world for tests: the core, phones and a network between them, all in virtual time.

pub(crate) mod phone;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use lineside_media::relay::{Ended, Happened, Leg, MediaEvent, Recorded, Relay, RelayConfig};
use lineside_model::{
    call_report::CallReport,
    directory::{Binding, DirectoryAccount, RegistrationChange},
    question::{Answer, Question},
    trunk::TrunkInput,
};
use lineside_sip::{
    Flow, Transport,
    stream::{Frame, Framer},
    testing::{Arrival, Network, Weather},
};

use self::phone::{Manner, Phone};
use crate::{
    clock::Now,
    config::SwitchConfig,
    core::{Core, Seeds},
    directory::Directory,
    files, fixture,
    told::Job,
    trunk::target::Found,
};

/// Nothing a test waits for takes longer, in virtual time.
const PATIENCE: Duration = Duration::from_hours(2);

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) directory: Directory,
    pub(crate) phones: Vec<Phone>,
    pub(crate) changes: Vec<RegistrationChange>,
    pub(crate) reports: Vec<CallReport>,
    /// What was asked outside, and who answers it.
    pub(crate) questions: Vec<Question>,
    pub(crate) office: Box<dyn FnMut(&Question) -> Answer>,
    /// Kept for as long as the world lasts.
    _spool: tempfile::TempDir,
    network: Network,
    framers: HashMap<(SocketAddr, SocketAddr), Framer>,
    /// What the world's DNS knows, and the connections that the switch has made.
    pub(crate) names: HashMap<String, Found>,
    pub(crate) connected: Vec<(Flow, String)>,
    pub(crate) now: Now,
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl World {
    /// Users 1, 2 and 3 with the extensions 201, 202 and 203.
    pub(crate) fn new() -> World {
        Self::restored(Vec::new(), start())
    }

    /// 201 has a number and a phone; the carrier is a phone that nobody registered.
    pub(crate) fn with_carrier(input: TrunkInput) -> (World, usize, usize) {
        let mut world = Self::new();
        world.put(fixture::user_with_number(1, "201"));
        world.directory.put_account(DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN));
        let caller = world.registered("201", Manner::Answers);
        let carrier = world.phone("900", Manner::Answers);
        let address = world.phones[carrier].flow.local;
        world.trunks([fixture::trunk(1, address, input)]);
        (world, caller, carrier)
    }

    /// A network that loses, doubles and reorders.
    pub(crate) fn in_bad_weather(seed: u64) -> World {
        let weather = Weather { loss: 20, twice: 20, delay: (Duration::from_millis(5), Duration::from_millis(200)) };
        World { network: Network::new(seed, weather), ..Self::new() }
    }

    pub(crate) fn restored(bindings: Vec<Binding>, now: Now) -> World {
        let directory = Directory::new();
        for (n, extension) in [(1, "201"), (2, "202"), (3, "203")] {
            directory.put(fixture::user(n, extension));
        }
        let spool = tempfile::tempdir().unwrap();
        let mut config = SwitchConfig::new(address("127.0.0.1:5060"), 30_000..=39_999, [7; 32]);
        config.rules.spool = spool.path().to_owned();
        let relay = Relay::start(RelayConfig::new(config.media_bind, config.rtp_ports, 100)).unwrap();
        let seeds = Seeds { tokens: [1; 16], nonce_key: config.nonce_key, keys: [3; 16] };
        let core = Core::new(config.rules, &seeds, directory.clone(), relay, bindings, &udp("127.0.0.1:1"), now);
        let weather = Weather { loss: 0, twice: 0, delay: (Duration::from_millis(1), Duration::from_millis(1)) };
        World {
            core,
            directory,
            phones: Vec::new(),
            changes: Vec::new(),
            reports: Vec::new(),
            questions: Vec::new(),
            office: Box::new(|_| Answer::Refused),
            _spool: spool,
            network: Network::new(1, weather),
            framers: HashMap::new(),
            names: HashMap::new(),
            connected: Vec::new(),
            now,
        }
    }

    /// A phone with the line of an extension; what it does when it is called is its manner.
    pub(crate) fn phone(&mut self, extension: &str, manner: Manner) -> usize {
        self.phone_over(Transport::Udp, extension, manner)
    }

    pub(crate) fn phone_over(&mut self, transport: Transport, extension: &str, manner: Manner) -> usize {
        let index = self.phones.len();
        let flow = Flow {
            transport,
            local: SocketAddr::new([127, 0, 1, 1].into(), 6000 + u16::try_from(index).unwrap()),
            remote: address("127.0.0.1:5060"),
            id: if transport == Transport::Udp { 0 } else { 1_000 + u64::try_from(index).unwrap() },
        };
        self.phones.push(Phone::new(extension, flow, manner));
        index
    }

    /// A phone that is registered.
    pub(crate) fn registered(&mut self, extension: &str, manner: Manner) -> usize {
        let phone = self.phone(extension, manner);
        assert_eq!(self.register(phone, 3600), 200);
        phone
    }

    /// A phone that is registered over another transport than UDP.
    pub(crate) fn registered_over(&mut self, transport: Transport, extension: &str, manner: Manner) -> usize {
        let phone = self.phone_over(transport, extension, manner);
        assert_eq!(self.register(phone, 3600), 200);
        phone
    }

    /// Registers and gives the final status.
    pub(crate) fn register(&mut self, phone: usize, expires: u32) -> u16 {
        let now = self.now.instant;
        self.phones[phone].register(now, expires);
        self.run(|world| world.phones[phone].registration.is_some());
        self.phones[phone].registration.unwrap()
    }

    pub(crate) fn call(&mut self, phone: usize, dialled: &str) {
        let now = self.now.instant;
        self.phones[phone].call(now, dialled, Some(phone::OFFER));
    }

    /// Calls and waits for the final answer.
    pub(crate) fn call_result(&mut self, phone: usize, dialled: &str) -> u16 {
        self.call(phone, dialled);
        self.run(|world| world.phones[phone].result.is_some());
        self.phones[phone].result.unwrap()
    }

    /// Has the phone do something, which begins to travel at once.
    pub(crate) fn act(&mut self, phone: usize, act: impl FnOnce(&mut Phone, Instant)) {
        let now = self.now.instant;
        act(&mut self.phones[phone], now);
    }

    /// Lets the world go on until something is so; a test fails when it never is.
    #[track_caller]
    pub(crate) fn run(&mut self, until: impl Fn(&World) -> bool) {
        let patience = self.now.instant + PATIENCE;
        self.deliver();
        while !until(self) {
            let next = self.next_event().filter(|next| *next <= patience).expect("what is waited for never happens");
            self.go_to(next);
        }
    }

    /// Lets that much time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        self.deliver();
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.go_to(next);
        }
        self.go_to(end);
    }

    fn next_event(&self) -> Option<Instant> {
        let phones = self.phones.iter().filter_map(Phone::next_timeout);
        phones.chain(self.network.next_arrival()).chain(self.core.next_timeout()).min()
    }

    fn go_to(&mut self, instant: Instant) {
        let utc = self.now.utc_at(instant);
        self.now = Now { instant: instant.max(self.now.instant), utc };
        if self.core.next_timeout().is_some_and(|due| due <= instant) {
            self.core.handle_timeout(self.now);
        }
        for phone in &mut self.phones {
            phone.endpoint.handle_timeout(instant);
        }
        while let Some(arrival) = self.network.receive(instant) {
            self.arrive(instant, arrival);
        }
        self.deliver();
    }

    fn arrive(&mut self, instant: Instant, arrival: Arrival) {
        let Arrival { flow, bytes } = arrival;
        if !flow.transport.is_stream() {
            return self.take(instant, flow, bytes);
        }
        let framer = self.framers.entry((flow.remote, flow.local)).or_default();
        framer.push(&bytes);
        let mut whole = Vec::new();
        while let Some(Frame::Message(bytes)) = framer.next_frame() {
            whole.push(bytes);
        }
        for bytes in whole {
            self.take(instant, flow, bytes);
        }
    }

    fn take(&mut self, instant: Instant, flow: Flow, bytes: Bytes) {
        if flow.local.port() == 5060 {
            self.core.receive(self.now, flow, bytes);
        } else if let Some(phone) = self.phones.iter_mut().find(|phone| phone.flow.local == flow.local)
            && !(phone.manner == Manner::IsDead && phone.registration.is_some())
        {
            phone.endpoint.receive(instant, flow, bytes);
        }
    }

    /// Puts on the way what everybody has to say.
    fn deliver(&mut self) {
        let now = self.now.instant;
        for phone in &mut self.phones {
            phone.work(now);
            while let Some(transmit) = phone.endpoint.poll_transmit() {
                self.network.send(now, &transmit);
            }
        }
        while let Some(transmit) = self.core.poll_transmit() {
            let local = address("127.0.0.1:5060");
            self.network.send(now, &lineside_sip::Transmit { flow: Flow { local, ..transmit.flow }, ..transmit });
        }
        self.changes.append(&mut self.core.take_changes());
        self.reports.append(&mut self.core.take_reports());
        for job in self.core.take_jobs() {
            match job {
                Job::LookUp(number, wanted) => {
                    let found = self.names.get(wanted.host.as_str()).cloned().unwrap_or_default();
                    self.core.looked_up(self.now, number, found);
                }
                Job::Connect(flow, host) => self.connected.push((flow, host)),
                job => {
                    if let Some(files::Done::Loaded(number, prompt)) = files::work(job) {
                        self.core.loaded(self.now, number, prompt);
                    }
                }
            }
        }
        for (number, question) in self.core.take_questions() {
            let answer = (self.office)(&question);
            self.questions.push(question);
            self.core.answer(self.now, number, answer);
        }
    }

    /// A key is pressed on the leg that called, as the relay hears it.
    pub(crate) fn press(&mut self, digits: &str) {
        for digit in digits.chars() {
            self.heard(Happened::Digit(digit));
        }
    }

    /// What is being recorded ends.
    pub(crate) fn recorded(&mut self, seconds: u64, reason: Ended) {
        let [path] = &self.core.recordings()[..] else { panic!("not one recording") };
        let duration = Duration::from_secs(seconds);
        let recorded =
            Recorded { path: path.clone(), duration, reason, voiced: duration, peak: 9_000, samples: seconds * 8_000 };
        self.heard(Happened::Recorded(recorded));
    }

    fn heard(&mut self, happened: Happened) {
        let session = self.core.last_session().unwrap_or(u64::MAX);
        self.core.media(self.now, MediaEvent { session, leg: Leg::A, happened });
        self.deliver();
        self.deliver();
    }

    pub(crate) fn is_reachable(&self, n: u8) -> bool {
        self.core.reachable().contains(fixture::line_id(n))
    }
}

fn udp(remote: &str) -> Flow {
    Flow { transport: Transport::Udp, local: address("127.0.0.1:5060"), remote: address(remote), id: 0 }
}

#[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
pub(crate) fn start() -> Now {
    Now { instant: Instant::now(), utc: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000) }
}

/// Keeps a test's directory changes and the core together, as the edge does.
impl World {
    pub(crate) fn put(&mut self, user: lineside_model::directory::DirectoryUser) {
        let id = user.user_id;
        self.directory.put(user);
        self.core.directory_changed(self.now, &crate::directory::Changed::User(id));
        self.deliver();
    }

    pub(crate) fn trunks(&mut self, trunks: impl IntoIterator<Item = lineside_model::directory::DirectoryTrunk>) {
        self.directory.replace_trunks(trunks);
        self.core.directory_changed(self.now, &crate::directory::Changed::Trunks);
        self.deliver();
    }

    /// The texts of a phone's requests of one method, in order.
    pub(crate) fn requests(&self, phone: usize, method: lineside_sip::Method) -> Vec<Arc<str>> {
        let heard = self.phones[phone].requests.iter().filter(|request| request.method() == method);
        heard.map(|request| String::from_utf8_lossy(request.as_bytes()).into()).collect()
    }
}
