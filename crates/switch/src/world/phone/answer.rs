//! What a phone answers, and to what.

use std::time::Instant;

use lineside_sip::{Dialog, DialogId, HeaderName, Message, Method, Response, TransactionKey, dialog::Answer};

use super::{Manner, Phone};

impl Phone {
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

    pub(super) fn asked(&mut self, now: Instant, key: TransactionKey, request: &Message) {
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
}
