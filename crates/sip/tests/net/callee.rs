//! A registrar and a phone in one: asks for a password, rings, answers after a while.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lineside_sip::dialog::{Answer, Due};
use lineside_sip::digest::{Algorithm, Authenticator, Credentials, Ha1, Verdict};
use lineside_sip::{
    Config, Dialog, DialogId, Endpoint, Event, Flow, HeaderName, Message, Method, Response, Tokens, TransactionKey,
};

use crate::world::Agent;

pub const REALM: &str = "pbx.example";

pub struct Callee {
    pub endpoint: Endpoint,
    /// How often the user was told of a request, by Call-ID, number and method.
    pub heard: BTreeMap<(Vec<u8>, u32, String), usize>,
    pub cancelled: usize,
    pub acked: usize,
    pub given_up: usize,
    pub hung_up: usize,
    authenticator: Authenticator,
    answers_after: Duration,
    ringing: HashMap<TransactionKey, Ringing>,
    calls: HashMap<DialogId, Call>,
}

struct Ringing {
    flow: Flow,
    request: Message,
    answer_at: Instant,
}

struct Call {
    dialog: Dialog,
    answer: Answer,
    flow: Flow,
}

pub fn address() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

impl Callee {
    pub fn new(seed: u64, answers_after: Duration) -> Callee {
        Callee {
            endpoint: Endpoint::new(Config::default(), Tokens::new((u128::from(seed) + 1_000_000).to_le_bytes())),
            heard: BTreeMap::new(),
            cancelled: 0,
            acked: 0,
            given_up: 0,
            hung_up: 0,
            authenticator: Authenticator::new([5; 32], 300),
            answers_after,
            ringing: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    fn request(&mut self, now: Instant, flow: Flow, key: TransactionKey, request: Message) {
        assert_eq!(request.source(), Some(flow.remote));
        let method = request.method();
        // A 401 is given without a record, so that a REGISTER without password may be heard twice.
        if method != Method::Register || request.header(HeaderName::Authorization).is_some() {
            let name = (request.call_id().to_vec(), request.cseq().number, method.to_string());
            *self.heard.entry(name).or_default() += 1;
        }
        match method {
            Method::Register => self.register(now, key, &request),
            Method::Invite => {
                self.endpoint.respond(now, key, Response::new(&request, 180));
                self.ringing.insert(key, Ringing { flow, request, answer_at: now + self.answers_after });
            }
            Method::Bye => {
                let call = self.calls.get_mut(&DialogId::of_request(&request));
                let status = call
                    .map_or(481, |call| call.dialog.receive(&request).map_or_else(|refusal| refusal.status, |()| 200));
                self.hung_up += usize::from(status == 200);
                if status == 200 {
                    // A BYE says as much as an ACK that was lost.
                    self.calls.remove(&DialogId::of_request(&request));
                }
                self.endpoint.respond(now, key, Response::new(&request, status));
            }
            other => panic!("{other}"),
        }
    }

    fn register(&mut self, now: Instant, key: TransactionKey, request: &Message) {
        let ha1 = Ha1::new(Algorithm::Md5, "100", REALM, "secret");
        let verdict = match Credentials::find(request, REALM) {
            Some(credentials) => self.authenticator.verify(request, &credentials, Some(&ha1), 1000),
            None => Verdict::Refused,
        };
        if verdict == Verdict::Accepted {
            let response = Response::new(request, 200).copy(request, HeaderName::Contact);
            self.endpoint.respond(now, key, response);
            return;
        }
        let challenge = self.authenticator.challenge(REALM, Algorithm::Md5, verdict == Verdict::Stale, 1000);
        let response = Response::new(request, 401).header(HeaderName::WwwAuthenticate, challenge);
        self.endpoint.respond_and_forget(key, request, response);
    }

    fn answer(&mut self, now: Instant, key: TransactionKey, ringing: &Ringing) {
        let tag = self.endpoint.local_tag(key);
        let mut dialog = Dialog::uas(&ringing.request, tag).unwrap();
        let response = Response::new(&ringing.request, 200)
            .header(HeaderName::Contact, "<sip:101@192.0.2.1:5060>")
            .body("application/sdp", "v=0\r\n");
        let bytes = self.endpoint.respond(now, key, response);
        assert!(!bytes.is_empty());
        dialog.confirm();
        let answer = Answer::new(now, self.endpoint.config(), ringing.flow, bytes, ringing.request.cseq().number);
        self.calls.insert(dialog.id().clone(), Call { dialog, answer, flow: ringing.flow });
    }
}

impl Agent for Callee {
    fn address(&self) -> SocketAddr {
        address()
    }

    fn endpoint(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Request { key, flow, request } => self.request(now, flow, key, request),
            Event::Ack { request, .. } => {
                if let Some(call) = self.calls.get_mut(&DialogId::of_request(&request)) {
                    self.acked += usize::from(call.answer.ack(&request));
                }
            }
            Event::Cancelled { key, .. } => {
                self.cancelled += 1;
                let ringing = self.ringing.remove(&key).expect("cancelled while ringing");
                self.endpoint.respond(now, key, Response::new(&ringing.request, 487));
            }
            // The ACK of a 487, or the BYE of a call whose ACK never came, got lost too often.
            Event::Failed { .. } | Event::Response { .. } | Event::Stray { .. } => {}
            other @ Event::Refused { .. } => panic!("{other:?}"),
        }
    }

    fn alarm(&self) -> Option<Instant> {
        let answers = self.ringing.values().map(|ringing| ringing.answer_at);
        answers.chain(self.calls.values().filter_map(|call| call.answer.next_timeout())).min()
    }

    fn wake(&mut self, now: Instant) {
        let due = self.ringing.iter().filter(|(_, ringing)| ringing.answer_at <= now).map(|(key, _)| *key);
        for key in due.collect::<Vec<_>>() {
            let ringing = self.ringing.remove(&key).unwrap();
            self.answer(now, key, &ringing);
        }
        for call in self.calls.values_mut() {
            match call.answer.poll(now) {
                Due::Repeat(transmit) => self.endpoint.send(transmit.flow, transmit.bytes),
                Due::GiveUp => {
                    self.given_up += 1;
                    let bye = call.dialog.request(Method::Bye);
                    self.endpoint.request(now, call.flow, &bye);
                }
                Due::Later(_) | Due::Done => {}
            }
        }
    }
}
