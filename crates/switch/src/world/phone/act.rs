//! What a test has a phone do.

use std::time::Instant;

use lineside_sip::{Dialog, HeaderName, Method, Request, dialog::Arrivals};

use super::{Phone, send::Sent};

impl Phone {
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
}
