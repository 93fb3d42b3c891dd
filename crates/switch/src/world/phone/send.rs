//! The requests of a phone that begin something, with credentials once they are asked for.

use std::time::Instant;

use lineside_sip::{
    HeaderName, Message, Method, Request, TransactionKey,
    digest::{Challenge, Ha1},
};

use super::Phone;
use crate::fixture::DOMAIN;

pub(super) enum Sent {
    Register { expires: u32 },
    Call { dialled: String, offer: Option<String> },
    Subscribe { to: String, event: String, expires: u32 },
    Message { to: String, text: String },
}

impl Phone {
    pub(super) fn send_first(&mut self, now: Instant, sent: Sent) {
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

    /// Sends the request again with credentials, once.
    pub(super) fn authorize(&mut self, now: Instant, key: TransactionKey, response: &Message) -> bool {
        let (Some(sent), Some(challenge)) = (self.sent.remove(&key), Challenge::find(response)) else { return false };
        let name = if response.status() == 407 { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
        let again = self.send(now, &sent, Some((name, &challenge)));
        if self.key == Some(key) {
            self.key = Some(again);
        }
        true
    }
}
