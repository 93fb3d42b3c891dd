//! A phone of the test world: it registers, calls and is called, and keeps what it heard.

use std::{collections::HashMap, time::Instant};

use lineside_sip::{
    Dialog, DialogId, Endpoint, Event, Flow, HeaderName, Message, Method, Request, Response, Tokens, TransactionKey,
    dialog::{Answer, Arrival, Arrivals, Due},
    digest::{Challenge, Ha1},
    endpoint::Config,
};

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

enum Sent {
    Register { expires: u32 },
    Call { dialled: String, offer: Option<String> },
    Subscribe { to: String, event: String, expires: u32 },
    Message { to: String, text: String },
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

    pub(crate) fn register(&mut self, now: Instant, expires: u32) {
        self.registration = None;
        self.send_first(now, Sent::Register { expires });
    }

    pub(crate) fn call(&mut self, now: Instant, dialled: &str, offer: Option<&str>) {
        self.result = None;
        self.responses.clear();
        self.arrivals = Arrivals::default();
        self.call_id = self.endpoint.token().to_string();
        let sent = Sent::Call { dialled: dialled.to_owned(), offer: offer.map(str::to_owned) };
        self.send_first(now, sent);
    }

    pub(crate) fn subscribe(&mut self, now: Instant, event: &str, to: &str, expires: u32) {
        self.result = None;
        self.call_id = self.endpoint.token().to_string();
        let sent = Sent::Subscribe { to: to.to_owned(), event: event.to_owned(), expires };
        self.send_first(now, sent);
    }

    pub(crate) fn message(&mut self, now: Instant, to: &str, text: &str) {
        self.result = None;
        self.call_id = self.endpoint.token().to_string();
        let sent = Sent::Message { to: to.to_owned(), text: text.to_owned() };
        self.send_first(now, sent);
    }

    /// Sends the other party of its call on.
    pub(crate) fn refer(&mut self, now: Instant, to: &str) {
        let request = self.dialog.as_mut().unwrap().request(Method::Refer);
        let request = request
            .header(HeaderName::Contact, format!("<{}>", self.contact()))
            .header(HeaderName::ReferTo, format!("<{to}>"));
        self.result = None;
        self.key = Some(self.endpoint.request(now, self.flow, &request));
    }

    /// Its call, as somebody else would name it to take its place.
    pub(crate) fn replaces(&self) -> String {
        let id = self.dialog.as_ref().unwrap().id();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{};to-tag={};from-tag={}", text(&id.call_id), text(&id.remote_tag), text(&id.local_tag))
    }

    /// The last INVITE is taken back.
    pub(crate) fn cancel(&mut self, now: Instant) {
        self.endpoint.cancel(now, self.key.unwrap());
    }

    /// Something on the way to the answer, with a description, and reliable if it has a number.
    pub(crate) fn progress(&mut self, now: Instant, status: u16, rseq: Option<u32>) {
        let (key, request) = self.ringing.clone().unwrap();
        let tag = self.endpoint.local_tag(key);
        let mut response = Response::new(&request, status)
            .header(HeaderName::Contact, format!("<{}>", self.contact()))
            .body("application/sdp", self.speaks.clone());
        if let Some(rseq) = rseq {
            response = response.header(HeaderName::Require, "100rel").header(HeaderName::RSeq, rseq.to_string());
        }
        let dialog = Dialog::uas(&request, tag).unwrap();
        if self.dialog.as_ref().is_none_or(|known| known.id() != dialog.id()) {
            self.calls.push(dialog.id().clone());
            self.dialog = Some(dialog);
        }
        self.endpoint.respond(now, key, response);
    }

    pub(crate) fn answer(&mut self, now: Instant, status: u16) {
        let (key, request) = self.ringing.take().unwrap();
        let mut response = Response::new(&request, status).header(HeaderName::Contact, format!("<{}>", self.contact()));
        if status < 300 {
            response = self.says.iter().fold(response, |response, (name, value)| response.header(*name, value));
            response = response.body("application/sdp", self.speaks.clone());
            let tag = self.endpoint.local_tag(key);
            let dialog = Dialog::uas(&request, tag).unwrap();
            if self.dialog.as_ref().is_none_or(|known| known.id() != dialog.id()) {
                self.calls.push(dialog.id().clone());
                self.dialog = Some(dialog);
            }
        }
        self.give(now, key, &request, response);
    }

    fn give(&mut self, now: Instant, key: TransactionKey, request: &Message, response: Response) {
        let is_repeated = request.method() == Method::Invite && response.status() < 300;
        let bytes = self.endpoint.respond(now, key, response);
        if is_repeated {
            let answer = Answer::new(now, self.endpoint.config(), self.flow, bytes, request.cseq().number);
            self.answers.push(answer);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.answers.iter().filter_map(Answer::next_timeout).chain(self.endpoint.next_timeout()).min()
    }

    /// Sends a request in its call.
    pub(crate) fn say(&mut self, now: Instant, method: Method, body: Option<&str>) {
        let dialog = self.dialog.as_mut().unwrap();
        let mut request = dialog.request(method);
        if method == Method::Bye {
            self.calls.retain(|call| call != dialog.id());
        }
        if matches!(method, Method::Invite | Method::Update) {
            request = request.header(HeaderName::Contact, format!("<{}>", self.contact()));
        }
        if let Some(body) = body {
            let kind = if method == Method::Info { "application/dtmf-relay" } else { "application/sdp" };
            request = request.body(kind, body.to_owned());
        }
        self.result = None;
        self.key = Some(self.endpoint.request(now, self.flow, &request));
    }

    /// Sends a request in its call that somebody else wrote.
    pub(crate) fn request(&mut self, now: Instant, request: &Request) {
        self.result = None;
        self.key = Some(self.endpoint.request(now, self.flow, request));
    }

    /// Sends a request in the dialog that the last provisional response made.
    pub(crate) fn say_early(&mut self, now: Instant, method: Method, body: &str) {
        self.dialog = Dialog::uac(self.responses.last().unwrap()).ok();
        self.say(now, method, Some(body));
    }

    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.responses.iter().map(Message::status).collect()
    }

    fn send_first(&mut self, now: Instant, sent: Sent) {
        let key = self.send(now, &sent, None);
        self.key = Some(key);
        self.sent.insert(key, sent);
    }

    fn send(
        &mut self,
        now: Instant,
        sent: &Sent,
        authorization: Option<(HeaderName, &Challenge<'_>)>,
    ) -> TransactionKey {
        let record = format!("sip:{}@{}", self.line, self.domain);
        let (method, uri, to) = match sent {
            Sent::Register { .. } => (Method::Register, format!("sip:{DOMAIN}"), record.clone()),
            Sent::Call { dialled, .. } => {
                let uri = format!("sip:{dialled}@{DOMAIN}");
                (Method::Invite, uri.clone(), uri)
            }
            Sent::Subscribe { to, .. } => {
                let uri = format!("sip:{to}@{DOMAIN}");
                (Method::Subscribe, uri.clone(), uri)
            }
            Sent::Message { to, .. } => {
                let uri = format!("sip:{to}@{DOMAIN}");
                (Method::Message, uri.clone(), uri)
            }
        };
        self.cseq += 1;
        // What the phone says of itself in From is not what the callee is shown.
        let from = format!("\"Mallory\" <{record}>;tag={}", self.endpoint.token());
        let mut request = Request::initial(method, &uri, from, format!("<{to}>"), &self.call_id, self.cseq)
            .header(HeaderName::Contact, format!("<{}>", self.contact()))
            .header(HeaderName::UserAgent, "Test phone");
        if let (Some(replaces), Method::Invite) = (&self.takes_place, method) {
            request = request.header(HeaderName::Replaces, replaces);
        }
        if method == Method::Invite {
            request = self.says.iter().fold(request, |request, (name, value)| request.header(*name, value));
        }
        if let Some((name, challenge)) = authorization {
            let ha1 = Ha1::new(challenge.algorithm, &self.line, DOMAIN, &self.password);
            request = request.header(name, challenge.authorization(&ha1, &self.line, method.as_str(), &uri, "c", 1));
        }
        request = match sent {
            Sent::Register { expires } => request.header(HeaderName::Expires, expires.to_string()),
            Sent::Subscribe { event, expires, .. } => {
                request.header(HeaderName::Event, event).header(HeaderName::Expires, expires.to_string())
            }
            Sent::Message { text, .. } => request.body("text/plain", text.clone()),
            Sent::Call { offer: Some(offer), .. } => request.body("application/sdp", offer.clone()),
            Sent::Call { offer: None, .. } => request,
        };
        self.endpoint.request(now, self.flow, &request)
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

    fn asked(&mut self, now: Instant, key: TransactionKey, request: &Message) {
        self.requests.push(request.clone());
        let is_in_call = !request.to_tag().is_empty();
        if let Some((_, status, (name, value))) = self.refuses.take_if(|(method, ..)| *method == request.method()) {
            self.give(now, key, request, Response::new(request, status).header(name, value));
            return;
        }
        match request.method() {
            Method::Invite if !is_in_call => {
                self.ringing = Some((key, request.clone()));
                let text = String::from_utf8_lossy(request.as_bytes());
                match self.manner {
                    _ if self.can_not.is_some_and(|part| text.contains(part)) => self.answer(now, 488),
                    Manner::Answers => {
                        self.endpoint.respond(now, key, Response::new(request, 180));
                        self.answer(now, 200);
                    }
                    Manner::Rings => {
                        self.endpoint.respond(now, key, Response::new(request, 180));
                    }
                    Manner::Refuses(status) => self.answer(now, status),
                    Manner::IsDead => {}
                }
            }
            method => {
                let id = DialogId::of_request(request);
                let status = match self.manner {
                    Manner::Refuses(status) if method == Method::Notify => status,
                    _ if is_in_call && method != Method::Notify && !self.calls.contains(&id) => 481,
                    _ => 200,
                };
                if method == Method::Bye {
                    self.calls.retain(|call| *call != id);
                }
                let mut response = Response::new(request, status);
                if matches!(method, Method::Invite | Method::Update) {
                    response = response.header(HeaderName::Contact, format!("<{}>", self.contact()));
                    response = self.says.iter().fold(response, |response, (name, value)| response.header(*name, value));
                    if method == Method::Invite || !request.body().is_empty() {
                        response = response.body("application/sdp", self.speaks.clone());
                    }
                }
                self.give(now, key, request, response);
            }
        }
    }

    fn told(&mut self, now: Instant, key: TransactionKey, response: &Message) {
        let status = response.status();
        let method = response.method();
        if matches!(status, 401 | 407) && self.authorize(now, key, response) {
            return;
        }
        self.responses.push(response.clone());
        if method == Method::Register && status >= 200 {
            self.registration = Some(status);
        }
        if (101..200).contains(&status) && response.lists(HeaderName::Require, "100rel") && !self.forgets_prack {
            self.acknowledge_progress(now, response);
        }
        if method == Method::Invite && (200..300).contains(&status) {
            let dialog = self.dialog.get_or_insert_with(|| Dialog::uac(response).unwrap());
            if dialog.id().remote_tag.as_ref() != response.to_tag() {
                *dialog = Dialog::uac(response).unwrap();
            }
            dialog.response(response);
            let id = dialog.id().clone();
            if !self.calls.contains(&id) {
                self.calls.push(id);
            }
            if !self.forgets_ack {
                let ack = dialog.ack(response.cseq().number);
                self.endpoint.send_ack(self.flow, &ack);
            }
        }
        if status >= 200 && self.key == Some(key) {
            self.result = Some(status);
        }
    }

    fn acknowledge_progress(&mut self, now: Instant, response: &Message) {
        let fresh = Dialog::uac(response).unwrap();
        let dialog = self.dialog.get_or_insert_with(|| fresh.clone());
        if dialog.id() != fresh.id() {
            *dialog = fresh;
        }
        let Arrival::Next(rack) = self.arrivals.take(response) else { return };
        let prack = dialog.request(Method::Prack).header(HeaderName::RAck, rack);
        self.endpoint.request(now, self.flow, &prack);
    }

    /// Sends the request again with credentials, once.
    fn authorize(&mut self, now: Instant, key: TransactionKey, response: &Message) -> bool {
        let (Some(sent), Some(challenge)) = (self.sent.remove(&key), Challenge::find(response)) else { return false };
        let name = if response.status() == 407 { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
        let again = self.send(now, &sent, Some((name, &challenge)));
        if self.key == Some(key) {
            self.key = Some(again);
        }
        true
    }
}
