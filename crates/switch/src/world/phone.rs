//! A phone of the test world: it registers, calls and is called, and keeps what it heard.

mod act;
mod answer;
mod hear;
mod send;

use std::{collections::HashMap, time::Instant};

use lineside_sip::{
    Dialog, DialogId, Endpoint, Event, Flow, HeaderName, Message, Method, Response, Tokens, TransactionKey,
    dialog::{Answer, Arrivals, Due},
    endpoint::Config,
};

use self::send::Sent;
use crate::fixture::DOMAIN;

pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.1.1\r\ns=-\r\nc=IN IP4 127.0.1.1\r\nt=0 0\r\n\
    m=audio 7000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// What a phone does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Rings, and answers at once.
    Answers,
    /// Answers only when told to.
    Rings,
    Refuses(u16),
    /// Was switched off after it registered.
    IsDead,
}
pub(crate) struct Phone {
    pub(crate) endpoint: Endpoint,
    pub(crate) flow: Flow,
    pub(crate) manner: Manner,
    pub(crate) password: String,
    pub(crate) line: String,
    pub(crate) domain: String,
    /// Its address as it believes, behind NAT.
    pub(crate) inside: Option<String>,
    /// The last registration's final status.
    pub(crate) registration: Option<u16>,
    /// The last call's final status.
    pub(crate) result: Option<u16>,
    pub(crate) dialog: Option<Dialog>,
    /// Every call that it is in; of any other it knows nothing.
    pub(crate) calls: Vec<DialogId>,
    /// Everything it was asked and told.
    pub(crate) requests: Vec<Message>,
    pub(crate) responses: Vec<Message>,
    pub(crate) acks: Vec<Message>,
    /// An INVITE that it could answer.
    pub(crate) ringing: Option<(TransactionKey, Message)>,
    /// Its description, in answers.
    pub(crate) speaks: String,
    /// An INVITE with this in it is none that it can take: 488.
    pub(crate) can_not: Option<&'static str>,
    /// Reliable responses get no PRACK.
    pub(crate) forgets_prack: bool,
    arrivals: Arrivals,
    /// The next 2xx to an INVITE gets no ACK.
    pub(crate) forgets_ack: bool,
    /// Header lines of its INVITEs, and of its 2xx to INVITE and UPDATE.
    pub(crate) says: Vec<(HeaderName, &'static str)>,
    /// The next request in its call of that method gets that status, with that header line.
    pub(crate) refuses: Option<(Method, u16, (HeaderName, &'static str))>,
    /// Its next calls replace this one.
    pub(crate) takes_place: Option<String>,
    /// The last request, whose answer is the result.
    key: Option<TransactionKey>,
    /// What may have to be sent again with credentials, once.
    sent: HashMap<TransactionKey, Sent>,
    /// Its 2xx to an INVITE, repeated until the ACK.
    answers: Vec<Answer>,
    cseq: u32,
    call_id: String,
}

impl Phone {
    pub(crate) fn new(extension: &str, flow: Flow, manner: Manner) -> Phone {
        let mut seed = [9; 16];
        seed[..2].copy_from_slice(&flow.local.port().to_be_bytes());
        let mut config = Config::default();
        config.methods.extend([Method::Update, Method::Message, Method::Prack]);
        config.supported.push("100rel".to_owned());
        let mut tokens = Tokens::new(seed);
        let call_id = tokens.token().to_string();
        Phone {
            endpoint: Endpoint::new(config, tokens),
            flow,
            manner,
            password: format!("secret{extension}"),
            line: format!("line{extension}"),
            domain: DOMAIN.to_owned(),
            inside: None,
            registration: None,
            result: None,
            dialog: None,
            calls: Vec::new(),
            requests: Vec::new(),
            responses: Vec::new(),
            acks: Vec::new(),
            ringing: None,
            speaks: OFFER.to_owned(),
            can_not: None,
            forgets_prack: false,
            arrivals: Arrivals::default(),
            forgets_ack: false,
            says: Vec::new(),
            refuses: None,
            takes_place: None,
            key: None,
            sent: HashMap::new(),
            answers: Vec::new(),
            cseq: 0,
            call_id,
        }
    }

    /// With a parameter as Linphone and PJSIP add: it must come back byte for byte.
    pub(crate) fn contact(&self) -> String {
        let host = self.inside.clone().unwrap_or_else(|| self.flow.local.to_string());
        format!("sip:{}@{host};ob;line=a%41", self.line)
    }
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.answers.iter().filter_map(Answer::next_timeout).chain(self.endpoint.next_timeout()).min()
    }
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.responses.iter().map(Message::status).collect()
    }
    pub(crate) fn work(&mut self, now: Instant) {
        self.answers.retain_mut(|answer| {
            loop {
                match answer.poll(now) {
                    Due::Later(_) => return true,
                    Due::Repeat(transmit) => self.endpoint.send(transmit.flow, transmit.bytes),
                    Due::GiveUp | Due::Done => return false,
                }
            }
        });
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Request { key, request, .. } => self.asked(now, key, &request),
                Event::Ack { request, .. } => {
                    self.answers.retain_mut(|answer| !answer.ack(&request));
                    self.acks.push(request);
                }
                Event::Cancelled { key, request } => {
                    self.ringing = None;
                    self.endpoint.respond(now, key, Response::new(&request, 487));
                }
                Event::Response { key, response, .. } => self.told(now, key, &response),
                // A 2xx that came after its transaction was given up.
                Event::Stray { response, .. } => self.told(now, TransactionKey::NONE, &response),
                Event::Failed { key, .. } if self.key == Some(key) => self.result = Some(408),
                _ => {}
            }
        }
    }
}
