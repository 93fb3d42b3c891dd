//! Calls for help: where the caller is goes with them, those who can help on site are told, and whoever calls back reaches the
//! phone that called.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use lineside_media::prompt;
use lineside_model::{
    call_report::{AnsweredBy, CallReport},
    dialled::Dialled,
    directory::DirectoryUser,
    emergency::{CALLBACK, EmergencyCall, TEST, pidf_lo},
    id::{CallId, DeviceId},
    route::Caller,
};
use lineside_sip::{Flow, HeaderName, Request, Token};

use super::{Call, Calls, Env, description::SDP, outside::Outside};
use crate::script::EmergencyTest;

const PIDF: &str = "application/pidf+xml";
/// Calls for help whose callback is remembered; more at a time is an attack, and the oldest give way.
const REMEMBERED: usize = 1_000;
/// Who calls back lets it ring.
pub(super) const RING_SECONDS: u16 = 120;

/// Whom calls to a number reach that called for help from it, and until when.
pub(super) type Helped = HashMap<String, (Instant, Arc<DirectoryUser>)>;

impl Calls {
    /// By the trunks that take such calls, then by any that is left: a call that goes astray is better than none.
    pub(super) fn call_for_help(&mut self, env: &mut Env<'_>, call: &mut Call, code: &str) {
        let Some(by) = call.calling_user().cloned() else { return self.no_help(env, call, code) };
        let mut ways = env.ways(by.account_id, true);
        let others = env.ways(by.account_id, false);
        let is_new = |other: &crate::trunk::Out| ways.iter().all(|way| way.trunk.trunk_id != other.trunk.trunk_id);
        let others: Vec<_> = others.into_iter().filter(is_new).collect();
        ways.extend(others);
        // Told before the call goes out, and without waiting for it (47 CFR 9.16(b)(2)).
        let told = EmergencyCall {
            call: call.story.call(by.account_id).unwrap_or(CallId(uuid::Uuid::nil())),
            account: by.account_id,
            user: by.user_id,
            at: env.now.utc,
            dialled: code.to_owned(),
            name: by.display_name.clone(),
            extension: by.extension.as_ref().map(ToString::to_string).unwrap_or_default(),
            callback: by.callback().cloned(),
            place: by.emergency.clone(),
            connected: !ways.is_empty(),
        };
        env.report(CallReport::Emergency(Box::new(told)));
        if let Some(number) = by.callback() {
            self.remember_helped(env, number.as_str(), &by);
        }
        tracing::warn!(user = %by.user_id, code, ways = ways.len(), "EMERGENCY CALL");
        self.try_ways(env, call, Outside::new(code.to_owned(), by, ways, true));
    }

    /// No trunk takes the call.
    pub(super) fn no_help(&mut self, env: &mut Env<'_>, call: &mut Call, code: &str) {
        tracing::error!(
            code,
            caller = call.shown.number.as_str(),
            "EMERGENCY CALL that can not be connected: no trunk takes it"
        );
        self.announce(env, call, prompt::emergency_unavailable(), 503);
    }

    /// 933: what would be told is read back, here: not every carrier does it.
    pub(super) fn test_emergency(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let Some(user) = call.calling_user().cloned() else { return self.no_help(env, call, TEST) };
        self.run(env, call, Box::new(EmergencyTest::new(user)), &AnsweredBy::Service(TEST.to_owned()));
    }

    /// Who called for help from that number just now: calls from outside ring there, past forwarding and the rest.
    pub(super) fn call_back(&self, env: &Env<'_>, caller: &Caller, dialled: &Dialled) -> Option<Arc<DirectoryUser>> {
        if self.helped.is_empty() || !matches!(caller, Caller::Trunk(_)) {
            return None;
        }
        let (until, user) = self.helped.get(&dialled.number()?)?;
        (*until > env.now.instant).then(|| env.directory.user(user.user_id))?
    }

    fn remember_helped(&mut self, env: &Env<'_>, number: &str, by: &Arc<DirectoryUser>) {
        let now = env.now.instant;
        self.helped.retain(|_, (until, _)| *until > now);
        if self.helped.len() >= REMEMBERED
            && let Some(oldest) =
                self.helped.iter().min_by_key(|(_, (until, _))| *until).map(|(number, _)| number.clone())
        {
            self.helped.remove(&oldest);
        }
        let lasts = CALLBACK.to_std().unwrap_or(Duration::ZERO);
        self.helped.insert(number.to_owned(), (now + lasts, by.clone()));
    }
}

/// The request with its session description and the caller's place in one body (RFC 6442 section 3.1), as far as either is
/// known.
pub(super) fn with_place(
    env: &Env<'_>,
    call: &Call,
    request: Request,
    offer: Option<Bytes>,
    by: &DirectoryUser,
    tag: Token,
    flow: Flow,
) -> Request {
    let request = request.header(HeaderName::Priority, "emergency");
    let Some(place) = &by.emergency else {
        return match offer {
            Some(offer) => request.body(SDP, offer),
            None => request,
        };
    };
    let host = &env.rules.advertised_host;
    let user = by.callback().map_or("anonymous", |number| number.as_str());
    let pidf = pidf_lo(place, &format!("{user}@{host}"), device(env, call, by), env.now.utc);
    // Unguessable, and so in neither part.
    let boundary = tag;
    let name = format!("{tag}@{host}");
    let mut body = Vec::with_capacity(pidf.len() + 1_024);
    if let Some(offer) = offer {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Type: {SDP}\r\n\r\n").as_bytes());
        body.extend_from_slice(&offer);
        body.extend_from_slice(b"\r\n");
    }
    let part =
        format!("--{boundary}\r\nContent-Type: {PIDF}\r\nContent-ID: <{name}>\r\n\r\n{pidf}\r\n--{boundary}--\r\n");
    body.extend_from_slice(part.as_bytes());
    tracing::debug!(bytes = body.len(), secure = flow.transport.is_stream(), "the caller's place goes with the call");
    request
        .header(HeaderName::Geolocation, format!("<cid:{name}>"))
        .header(HeaderName::GeolocationRouting, "yes")
        .body(&format!("multipart/mixed;boundary={boundary}"), body)
}

/// The device that calls: the one that is registered where the call comes from, or the user's first.
fn device(env: &Env<'_>, call: &Call, by: &DirectoryUser) -> DeviceId {
    let from = call.invite.flow;
    let is_caller = |line: &&lineside_model::directory::DirectoryLine| {
        let contacts = env.registrar.contacts(line.line_id);
        contacts.iter().any(|contact| contact.flow.is_some_and(|flow| flow.id == from.id && flow.remote == from.remote))
    };
    let line = by.lines.iter().find(is_caller).or(by.lines.first());
    line.map_or(DeviceId(by.user_id.0), |line| line.device_id)
}
