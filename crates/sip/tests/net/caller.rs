//! A phone: registers, calls, gives up or talks for ten seconds, hangs up.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lineside_sip::digest::{Challenge, Ha1};
use lineside_sip::{
    Config, Dialog, DialogId, Endpoint, Event, Failure, Flow, HeaderName, Message, Method, Request, Tokens,
    TransactionKey, Transport,
};

use crate::callee::{self, REALM};
use crate::world::Agent;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Final(u16),
    Failed(Failure),
    /// A 2xx to INVITE that came again.
    Repeated2xx,
}

pub struct Caller {
    pub endpoint: Endpoint,
    pub outcomes: BTreeMap<TransactionKey, (Method, Vec<Outcome>)>,
    pub strays: usize,
    flow: Flow,
    gives_up_after: Option<Duration>,
    invite: Option<TransactionKey>,
    calls: HashMap<DialogId, (Dialog, Bytes)>,
    give_up_at: Option<Instant>,
    hang_up_at: Option<Instant>,
}

pub fn address() -> SocketAddr {
    "10.0.0.5:5060".parse().unwrap()
}

impl Caller {
    pub fn new(now: Instant, seed: u64, transport: Transport, gives_up_after: Option<Duration>) -> Caller {
        let flow = Flow { transport, local: address(), remote: callee::address(), id: 1 };
        let mut caller = Caller {
            endpoint: Endpoint::new(Config::default(), Tokens::new(u128::from(seed).to_le_bytes())),
            outcomes: BTreeMap::new(),
            strays: 0,
            flow,
            gives_up_after,
            invite: None,
            calls: HashMap::new(),
            give_up_at: None,
            hang_up_at: None,
        };
        caller.register(now, None);
        caller
    }

    fn send(&mut self, now: Instant, request: &Request) -> TransactionKey {
        let key = self.endpoint.request(now, self.flow, request);
        self.outcomes.insert(key, (request.method(), Vec::new()));
        key
    }

    fn register(&mut self, now: Instant, authorization: Option<&str>) {
        let (from, cseq) = ("<sip:100@pbx.example>", if authorization.is_some() { 2 } else { 1 });
        let from_tagged = format!("{from};tag=r");
        let mut request = Request::initial(Method::Register, "sip:pbx.example", from_tagged, from, "reg@phone", cseq)
            .header(HeaderName::Contact, "<sip:100@10.0.0.5>");
        if let Some(authorization) = authorization {
            request = request.header(HeaderName::Authorization, authorization);
        }
        self.send(now, &request);
    }

    fn call(&mut self, now: Instant) {
        let from = format!("\"A\" <sip:100@pbx.example>;tag={}", self.endpoint.token());
        let call_id = format!("{}@phone", self.endpoint.token());
        let to = "<sip:101@pbx.example>";
        let request = Request::initial(Method::Invite, "sip:101@pbx.example", from, to, call_id, 1)
            .header(HeaderName::Contact, "<sip:100@10.0.0.5;ob>")
            .body("application/sdp", "v=0\r\n");
        self.invite = Some(self.send(now, &request));
        self.give_up_at = self.gives_up_after.map(|after| now + after);
    }

    fn response(&mut self, now: Instant, key: TransactionKey, response: &Message) {
        let status = response.status();
        if status < 200 {
            return;
        }
        let (method, outcomes) = self.outcomes.get_mut(&key).unwrap();
        let is_repeated = *method == Method::Invite && status < 300 && !outcomes.is_empty();
        outcomes.push(if is_repeated { Outcome::Repeated2xx } else { Outcome::Final(status) });
        match (*method, status) {
            (Method::Register, 401) if response.cseq().number == 1 => {
                let challenge = Challenge::find(response).unwrap();
                let ha1 = Ha1::new(challenge.algorithm, "100", REALM, "secret");
                let value = challenge.authorization(&ha1, "100", "REGISTER", "sip:pbx.example", "cnonce", 1);
                self.register(now, Some(&value));
            }
            (Method::Register, _) => self.call(now),
            (Method::Invite, 200..300) => self.answered(now, response),
            _ => {}
        }
    }

    fn answered(&mut self, now: Instant, response: &Message) {
        self.give_up_at = None;
        if let Some((_, ack)) = self.calls.get(&DialogId::of_response(response)) {
            self.endpoint.send(self.flow, ack.clone());
            return;
        }
        let dialog = Dialog::uac(response).unwrap();
        assert_eq!(dialog.remote_target(), b"sip:101@192.0.2.1:5060");
        let ack = self.endpoint.send_ack(self.flow, &dialog.ack(response.cseq().number));
        self.calls.insert(dialog.id().clone(), (dialog, ack));
        self.hang_up_at = Some(now + Duration::from_secs(10));
    }
}

impl Agent for Caller {
    fn address(&self) -> SocketAddr {
        address()
    }

    fn endpoint(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Response { key, response, .. } => self.response(now, key, &response),
            Event::Failed { key, failure } => {
                let (method, outcomes) = self.outcomes.get_mut(&key).unwrap();
                outcomes.push(Outcome::Failed(failure));
                if *method == Method::Register {
                    self.call(now);
                }
            }
            // The callee gave up waiting for ACK.
            Event::Request { key, request, .. } => {
                self.endpoint.respond(now, key, lineside_sip::Response::new(&request, 200));
            }
            // Late repetitions of what is over are no news.
            Event::Stray { response, .. } if response.status() < 700 => {}
            other => {
                self.strays += 1;
                panic!("{other:?}");
            }
        }
    }

    fn alarm(&self) -> Option<Instant> {
        [self.give_up_at, self.hang_up_at].into_iter().flatten().min()
    }

    fn wake(&mut self, now: Instant) {
        if self.give_up_at.is_some_and(|at| at <= now) {
            self.give_up_at = None;
            self.endpoint.cancel(now, self.invite.unwrap());
        }
        if self.hang_up_at.is_some_and(|at| at <= now) {
            self.hang_up_at = None;
            let requests: Vec<Request> =
                self.calls.values_mut().map(|(dialog, _)| dialog.request(Method::Bye)).collect();
            for request in requests {
                self.send(now, &request);
            }
        }
    }
}
