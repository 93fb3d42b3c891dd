//! A trunk's registration with its carrier (RFC 3261 section 10, seen from the client).

use std::time::{Duration, Instant};

use lineside_sip::{Flow, HeaderName, Message, Method, Request, Token, TransactionKey};

use super::{
    Exchange, Trunk,
    out::{credentials, host},
};

/// What we ask for; the carrier may say less.
const EXPIRES: u32 = 600;
/// The first pause after a failure; it doubles up to the longest.
const RETRY: Duration = Duration::from_secs(15);
const RETRY_LONGEST: Duration = Duration::from_mins(10);
/// A connection that closes again and again is not made without pause.
const HURRY: Duration = Duration::from_secs(2);

pub(super) struct Registration {
    pub(super) due: Option<Instant>,
    call_id: Token,
    cseq: u32,
    tried_password: bool,
    failures: u32,
}

impl Registration {
    pub(super) fn new(call_id: Token) -> Self {
        Self { due: None, call_id, cseq: 0, tried_password: false, failures: 0 }
    }

    pub(super) fn begin(&mut self) {
        self.due = None;
        self.tried_password = false;
    }

    /// Soon, if it is not to be tried sooner or was just refused.
    pub(super) fn hurry(&mut self, now: Instant) {
        if self.failures == 0 {
            self.due = Some(self.due.map_or(now + HURRY, |due| due.min(now + HURRY)));
        }
    }
}

impl Trunk {
    pub(super) fn register(
        &mut self,
        exchange: &mut Exchange<'_>,
        flow: Flow,
        authorization: Option<(HeaderName, String)>,
    ) -> Option<TransactionKey> {
        let user = self.known.settings.username.clone()?;
        let host = host(&self.known);
        let record = format!("<sip:{user}@{host}>");
        self.registration.cseq += 1;
        let from = format!("{record};tag={}", exchange.endpoint.token());
        let (call_id, cseq) = (self.registration.call_id, self.registration.cseq);
        let mut request = Request::initial(Method::Register, format!("sip:{host}"), from, record, call_id, cseq)
            .header(HeaderName::Contact, exchange.rules.contact_of(&user, flow))
            .header(HeaderName::Expires, EXPIRES.to_string());
        if let Some((name, value)) = authorization {
            request = request.header(name, value);
        }
        Some(exchange.endpoint.request(exchange.now.instant, flow, &request))
    }

    /// The carrier's answer; the request that follows it, if one does.
    pub(super) fn registered(
        &mut self,
        exchange: &mut Exchange<'_>,
        flow: Option<Flow>,
        response: Option<&Message>,
    ) -> Option<TransactionKey> {
        let now = exchange.now.instant;
        let status = response.map_or(408, Message::status);
        let challenge = response.filter(|_| matches!(status, 401 | 407) && !self.registration.tried_password);
        if let (Some(response), Some(flow)) = (challenge, flow) {
            self.registration.tried_password = true;
            let uri = format!("sip:{}", host(&self.known));
            let cnonce = exchange.endpoint.token();
            let answer = credentials(&self.known, response, "REGISTER", &uri, cnonce);
            if answer.is_some() {
                return self.register(exchange, flow, answer);
            }
        }
        if (200..300).contains(&status) {
            let granted = response.and_then(|response| {
                response.contact().and_then(|contact| contact.expires()).or_else(|| response.expires())
            });
            let granted = granted.unwrap_or(EXPIRES).clamp(30, EXPIRES);
            self.registration.due = Some(now + Duration::from_secs(u64::from(granted)) * 4 / 5);
            self.registration.failures = 0;
            self.is_up(exchange.told, exchange.now, true, "");
            return None;
        }
        let pause = RETRY.saturating_mul(1 << self.registration.failures.min(6)).min(RETRY_LONGEST);
        self.registration.failures += 1;
        self.registration.due = Some(now + pause);
        let why = match response {
            Some(_) => format!("the carrier answers {status} to the registration"),
            None => "the carrier does not answer the registration".to_owned(),
        };
        self.is_up(exchange.told, exchange.now, false, &why);
        None
    }
}
