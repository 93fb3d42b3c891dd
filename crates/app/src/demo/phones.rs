//! Phones for the demo: they really register with the switch over UDP and ring when called, so that the lamps tell the truth.
//! Nobody sits beside them; a call rings until the caller gives up.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use lineside_auth::OsRandom;
use lineside_model::device::DigestAlgorithm;
use lineside_model::directory::DirectoryUser;
use lineside_sip::digest::{Algorithm, Challenge, Ha1};
use lineside_sip::message::Response;
use lineside_sip::{
    Config, Endpoint, Event, Flow, HeaderName, Message, Method, Request, Token, Tokens, TransactionKey, Transport,
};
use tokio::net::UdpSocket;

/// Asked for at registration, and renewed at half of it.
const EXPIRES: Duration = Duration::from_mins(10);

struct Phone {
    username: String,
    domain: String,
    ha1: Ha1,
    call_id: Token,
    tag: Token,
    cseq: u32,
    /// The last REGISTER carried an answer to a challenge.
    answered: bool,
}

/// Registers one line of each user and keeps it registered until the task is dropped.
pub async fn run(users: Vec<DirectoryUser>, registrar: SocketAddr) -> anyhow::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let flow = Flow { transport: Transport::Udp, local: socket.local_addr()?, remote: registrar, id: 1 };
    let mut seed = [0; 16];
    rand::Rng::fill_bytes(&mut OsRandom, &mut seed);
    let mut shelf = Shelf {
        endpoint: Endpoint::new(Config::default(), Tokens::new(seed)),
        phones: Vec::new(),
        asked: HashMap::new(),
        flow,
    };
    for user in users {
        shelf.add(&user);
    }
    shelf.serve(&socket).await
}

struct Shelf {
    endpoint: Endpoint,
    phones: Vec<Phone>,
    /// Whose REGISTER a transaction is.
    asked: HashMap<TransactionKey, usize>,
    flow: Flow,
}

impl Shelf {
    fn add(&mut self, user: &DirectoryUser) {
        let Some(line) = user.lines.first() else { return };
        let hex = match line.algorithm {
            DigestAlgorithm::Md5 => hex::encode(line.ha1_md5),
            DigestAlgorithm::Sha256 => hex::encode(line.ha1_sha256),
        };
        let Some(ha1) = Ha1::from_hex(&hex) else { return };
        let (call_id, tag) = (self.endpoint.token(), self.endpoint.token());
        self.phones.push(Phone {
            username: line.username.clone(),
            domain: user.sip_domain.clone(),
            ha1,
            call_id,
            tag,
            cseq: 0,
            answered: false,
        });
    }

    async fn serve(&mut self, socket: &UdpSocket) -> anyhow::Result<()> {
        let mut renew = tokio::time::interval(EXPIRES / 2);
        let mut buffer = vec![0; 65_535];
        loop {
            while let Some(transmit) = self.endpoint.poll_transmit() {
                socket.send_to(&transmit.bytes, transmit.flow.remote).await?;
            }
            let timeout = self.endpoint.next_timeout().map(|at| at.saturating_duration_since(now()));
            tokio::select! {
                received = socket.recv_from(&mut buffer) => {
                    let (length, _) = received?;
                    self.endpoint.receive(now(), self.flow, buffer[..length].to_vec());
                }
                () = tokio::time::sleep(timeout.unwrap_or(EXPIRES)) => self.endpoint.handle_timeout(now()),
                _ = renew.tick() => (0..self.phones.len()).for_each(|phone| self.register(phone, None)),
            }
            while let Some(event) = self.endpoint.poll_event() {
                self.heard(event);
            }
        }
    }

    fn register(&mut self, at: usize, challenge: Option<&Message>) {
        let (local, domain) = (self.flow.local, self.phones[at].domain.clone());
        let cnonce = self.endpoint.token();
        let phone = &mut self.phones[at];
        phone.cseq += 1;
        let (user, uri) = (&phone.username, format!("sip:{domain}"));
        let address = format!("<sip:{user}@{domain}>");
        let from = format!("{address};tag={}", phone.tag);
        let mut request = Request::initial(Method::Register, &uri, from, &address, &*phone.call_id, phone.cseq)
            .header(HeaderName::Contact, format!("<sip:{user}@{local}>"))
            .header(HeaderName::Expires, EXPIRES.as_secs().to_string())
            .header(HeaderName::UserAgent, "Lineside demo phone");
        phone.answered = challenge.is_some();
        if let Some(challenge) = challenge.and_then(Challenge::find).filter(|challenge| suits(challenge, &phone.ha1)) {
            let authorization = challenge.authorization(&phone.ha1, user, "REGISTER", &uri, &cnonce, 1);
            request = request.header(HeaderName::Authorization, authorization);
        }
        let key = self.endpoint.request(now(), self.flow, &request);
        self.asked.insert(key, at);
    }

    fn heard(&mut self, event: Event) {
        match event {
            Event::Response { key, response, .. } if response.status() >= 200 => {
                // A challenge to an answer means that the line's password changed; that phone is out of the demo.
                let challenged = self.asked.remove(&key).filter(|_| response.status() == 401);
                if let Some(at) = challenged.filter(|at| !self.phones[*at].answered) {
                    self.register(at, Some(&response));
                }
            }
            Event::Failed { key, .. } => {
                self.asked.remove(&key);
            }
            Event::Request { key, request, .. } => {
                let status = match request.method() {
                    Method::Invite => 180,
                    Method::Options => 200,
                    _ => 481,
                };
                self.endpoint.respond(now(), key, Response::new(&request, status));
            }
            Event::Cancelled { key, request } => {
                self.endpoint.respond(now(), key, Response::new(&request, 487));
            }
            _ => {}
        }
    }
}

fn suits(challenge: &Challenge<'_>, ha1: &Ha1) -> bool {
    let algorithm: Algorithm = challenge.algorithm;
    algorithm == ha1.algorithm()
}

#[expect(clippy::disallowed_methods, reason = "these phones are an edge of their own")]
fn now() -> Instant {
    Instant::now()
}
