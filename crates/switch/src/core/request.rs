//! Whose a request is: a subscription's, a call's, the registrar's, or nobody's.

use lineside_sip::{Flow, HeaderName, Message, Method, Response, TransactionKey};

use super::{
    Core, TRUST,
    abilities::{ALLOW, SUPPORTED},
};
use crate::{
    authenticate::Unproved,
    clock::Now,
    message::Post,
    registrar::{
        may_register,
        register::{call_id, listed, register},
    },
    subscribe::{EVENTS, summary},
};

impl Core {
    pub(super) fn request(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        if !request.to_tag().is_empty() && self.subscriptions.knows(request.to_tag()) {
            let (subscriptions, mut desk) = self.desk(now);
            if let Err(refusal) = subscriptions.refresh(&mut desk, key, flow, request) {
                self.endpoint.respond(now.instant, key, refusal.response(request));
            }
            return;
        }
        if !request.to_tag().is_empty() {
            let (calls, mut env) = self.calls(now);
            calls.in_dialog(&mut env, key, flow, request);
            return;
        }
        match request.method() {
            Method::Register => self.register(now, key, flow, request),
            Method::Invite => self.invite(now, key, flow, request),
            Method::Subscribe | Method::Message => self.serve(now, key, flow, request),
            Method::Options => {
                // The same to everybody about everybody: what it says of a user, a scanner would learn.
                let response = Response::new(request, 200)
                    .header(HeaderName::Allow, ALLOW)
                    .header(HeaderName::Supported, SUPPORTED)
                    .header(HeaderName::AllowEvents, EVENTS)
                    .header(HeaderName::Accept, "application/sdp");
                self.endpoint.respond_and_forget(key, request, response);
            }
            _ => self.endpoint.respond_and_forget(key, request, Response::new(request, 481)),
        }
    }

    fn register(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        let found = match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => found,
            Err(Unproved { challenge, before }) => {
                let (call_id, cseq) = (call_id(request), request.cseq().number);
                let repeated = before.filter(|line| {
                    self.registrar.is_repeated(line.line().line_id, flow, &call_id, cseq) && may_register(line)
                });
                let response = repeated.map(|line| listed(&self.registrar, &line, request, now));
                self.endpoint.respond_and_forget(key, request, response.unwrap_or(challenge));
                return;
            }
        };
        self.trust(flow, now);
        let line = found.line().line_id;
        let before = self.registrar.contacts(line).len();
        let response = match register(&mut self.registrar, &found, request, flow, self.rules.expiry, now) {
            Ok(response) => {
                let contacts = self.registrar.contacts(line).len();
                self.keepalives.registered(&self.registrar, line, now);
                tracing::debug!(%line, user = %found.user.user_id, source = %flow.remote, contacts, "registered");
                response
            }
            Err(refusal) => {
                tracing::info!(
                    %line, user = %found.user.user_id, source = %flow.remote, status = refusal.status,
                    voice = found.user.voice, enabled = found.line().enabled, "registration refused"
                );
                refusal.response(request)
            }
        };
        // Without a record: ten thousand phones would leave as many for half a minute. A repetition is known by its CSeq.
        self.endpoint.respond_and_forget(key, request, response);
        // A phone that has just come back shows no lamp yet.
        if self.registrar.contacts(line).len() > before && found.user.mailbox.unheard > 0 {
            let summary = summary(&found.user);
            self.light_lamp(now, line, &summary);
            self.waiting.insert(found.user.user_id, summary);
        }
    }

    /// A subscription or a text message.
    fn serve(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        let found = match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => found,
            Err(unproved) => return self.endpoint.respond_and_forget(key, request, unproved.challenge),
        };
        self.trust(flow, now);
        let served = if request.method() == Method::Subscribe {
            let (subscriptions, mut desk) = self.desk(now);
            subscriptions.begin(&mut desk, key, flow, request, &found)
        } else {
            let mut post =
                Post { endpoint: &mut self.endpoint, registrar: &self.registrar, directory: &self.directory, now };
            self.messages.send(&mut post, key, request, &found)
        };
        if let Err(refusal) = served {
            self.endpoint.respond(now.instant, key, refusal.response(request));
        }
    }

    fn invite(&mut self, now: Now, key: TransactionKey, flow: Flow, request: &Message) {
        // A carrier is known by its address, and names none of our domains as its own.
        let domain = String::from_utf8_lossy(request.from().uri.host).into_owned();
        if !self.directory.has_domain(&domain)
            && let Some(trunk) = self.trunks.of(flow)
        {
            let (calls, mut env) = self.calls(now);
            return calls.place_inbound(&mut env, key, flow, request, &trunk);
        }
        match self.authentication.identify(request, flow, &self.directory, now) {
            Ok(found) => {
                self.trust(flow, now);
                let is_allowed = may_register(&found);
                let (calls, mut env) = self.calls(now);
                if let Some(value) = request.header(HeaderName::Replaces).filter(|_| is_allowed) {
                    if let Err(refusal) = calls.replace(&mut env, key, flow, request, &found.user, value) {
                        self.endpoint.respond(now.instant, key, refusal.response(request));
                    }
                    return;
                }
                calls.place(&mut env, key, flow, request, &found.user, is_allowed);
            }
            // Without a record there is nothing to repeat: a forged source would be sent the challenge eleven times.
            Err(unproved) => self.endpoint.respond_and_forget(key, request, unproved.challenge),
        }
    }

    fn trust(&mut self, flow: Flow, now: Now) {
        // Only hosts with valid credentials get in here, so the map is bounded by what the accounts have.
        self.trusted.insert(flow.remote.ip().to_canonical(), now.instant + TRUST);
        if self.trusted.len().is_power_of_two() {
            self.trusted.retain(|_, until| *until > now.instant);
        }
    }
}
