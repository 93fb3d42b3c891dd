//! What keeps a session alive that people talk in (RFC 4028): each leg has a timer of its own, as its phone agreed to. We
//! refresh those that are ours to refresh, by UPDATE where the phone knows it, else by re-INVITE; and a session that nobody
//! refreshes ends with its call.

use std::time::Duration;

use bytes::Bytes;
use lineside_media::relay::Leg;
use lineside_model::ladder::LADDER_MAX;
use lineside_sip::{
    HeaderName, Message, Method, Request, Response,
    dialog::{SessionExpires, SessionTimer, State, Upkeep},
};

use super::{Call, Calls, Env, Side, description::SDP, index, ladder::What, liveness::Asked};
use crate::core::{ALLOW, SUPPORTED, SUPPORTED_LATER};

/// When what could not be asked now is asked again.
const SOON: Duration = Duration::from_secs(2);
/// When a refresh that was answered with an error is tried again.
const LATER: Duration = Duration::from_secs(30);

impl Calls {
    /// Refreshes the sessions that are due, and ends the call when one has expired.
    pub(super) fn keep_sessions(&mut self, env: &mut Env<'_>, call: &mut Call) {
        for leg in [Leg::A, Leg::B] {
            let Some(timer) = call.side(leg).and_then(Side::running_timer) else { continue };
            match timer.poll(env.now.instant) {
                Upkeep::Nothing => {}
                Upkeep::Refresh => self.refresh(env, call, leg),
                Upkeep::Expired if call.is_help_heard(leg) => {
                    // Nobody hangs up on a call for help while somebody is heard in it.
                    if let Some(side) = call.side(leg) {
                        side.timer = None;
                    }
                }
                Upkeep::Expired => {
                    tracing::info!(call = call.id, "nobody refreshed the session");
                    return self.hang_up(env, call, None);
                }
            }
        }
    }

    /// Asks a leg whether it is still there, and refreshes its session by that.
    pub(super) fn refresh(&mut self, env: &mut Env<'_>, call: &mut Call, leg: Leg) {
        let Some(side) = call.side(leg) else { return };
        if side.knows_update {
            let update = side.dialog.request(Method::Update).header(HeaderName::Contact, env.contact(side.flow));
            let update = side.wish(update);
            return self.ask(env, call, leg, update, Asked::Refresh);
        }
        let (is_busy, described) = (call.is_changing(), call.described(leg));
        let Some(side) = call.side(leg) else { return };
        if is_busy || !side.dialog.may_invite() {
            if let Some(timer) = &mut side.timer {
                timer.refresh_at(env.now.instant + SOON);
            }
        } else if let Some(description) = described {
            self.invite_again(env, call, leg, description, Asked::Refresh);
        } else {
            side.timer = None;
        }
    }

    /// Sends a re-INVITE of our own.
    pub(super) fn invite_again(&mut self, env: &mut Env<'_>, call: &mut Call, leg: Leg, offer: Bytes, why: Asked) {
        let Some(side) = call.side(leg) else { return };
        let invite = side
            .dialog
            .request(Method::Invite)
            .header(HeaderName::Contact, env.contact(side.flow))
            .header(HeaderName::Allow, ALLOW);
        let invite = side.wish(invite).body(SDP, offer);
        self.ask(env, call, leg, invite, why);
    }

    /// A re-INVITE of our own that has to wait until nothing else changes the session.
    pub(super) fn invite_due(&mut self, env: &mut Env<'_>, call: &mut Call) {
        for leg in [Leg::A, Leg::B] {
            let is_busy = call.is_changing();
            let Some(side) = call.side(leg) else { continue };
            let Some((_, offer)) = side.invite_at.take_if(|(at, _)| *at <= env.now.instant) else { continue };
            if is_busy || !side.dialog.may_invite() {
                side.invite_at = Some((env.now.instant + SOON, offer));
            } else {
                self.invite_again(env, call, leg, offer, Asked::Move);
            }
        }
    }

    /// The answer to a refresh.
    pub(super) fn refreshed(&mut self, env: &mut Env<'_>, call: &mut Call, leg: Leg, response: &Message) {
        let now = env.now.instant;
        let chance = env.chance();
        let is_update = response.method() == Method::Update;
        let Some(side) = call.side(leg) else { return };
        let glare = side.dialog.after_glare(chance);
        match response.status() {
            200..300 => side.timer = SessionTimer::agreed(response, now),
            // RFC 4028 section 7.4: the same again, but longer.
            422 => {
                let Some(least) = SessionExpires::least(response) else { return };
                let Some(timer) = &mut side.timer else { return };
                timer.at_least(least);
                timer.refresh_at(now + SOON);
            }
            405 | 501 if is_update => {
                side.knows_update = false;
                self.refresh(env, call, leg);
            }
            status => {
                let again = if status == 491 { glare } else { LATER };
                if let Some(timer) = &mut side.timer {
                    timer.refresh_at(now + again);
                }
            }
        }
    }
}

impl Call {
    /// A change of the session is on its way on some leg (RFC 3261 section 14).
    pub(super) fn is_changing(&self) -> bool {
        let is_forwarded = self.forwards.iter().any(|forward| forward.request.method() != Method::Info);
        is_forwarded || self.sides.iter().flatten().any(|side| side.answer.is_some())
    }

    /// The last description that a leg was sent; none when the call has had more messages than are kept.
    pub(super) fn described(&self, leg: Leg) -> Option<Bytes> {
        let tag = self.sides[index(leg)].as_ref()?.tag;
        let kept = (self.passed.len() < LADDER_MAX).then_some(&self.passed)?;
        kept.iter().rev().find_map(|passed| {
            let What::Sent(bytes) = &passed.what else { return None };
            let message = Message::parse(bytes.clone()).ok()?;
            let ours = if message.is_request() { message.from_tag() } else { message.to_tag() };
            let is_description = message.content_type().is_some_and(|kind| kind == SDP.as_bytes());
            (ours == tag.as_bytes() && is_description).then(|| message.body_bytes())
        })
    }

    fn is_help_heard(&mut self, leg: Leg) -> bool {
        let packets = self.media.as_ref().map_or(0, |media| media.stats(leg).packets);
        self.is_emergency && self.side(leg).is_some_and(|side| side.heard != packets)
    }
}

impl Side {
    /// The timer of a session that has begun.
    fn running_timer(&mut self) -> Option<&mut SessionTimer> {
        self.timer.as_mut().filter(|_| self.dialog.state() == State::Confirmed)
    }

    /// What the phone said of itself in an INVITE or its 2xx.
    pub(super) fn learn(&mut self, message: &Message) {
        if message.header(HeaderName::Allow).is_some() {
            self.knows_update = message.lists(HeaderName::Allow, "UPDATE");
        }
    }

    /// Our 2xx to a request that made or refreshes the session.
    pub(super) fn agree(&mut self, env: &Env<'_>, request: &Message, ok: Response) -> Response {
        self.learn(request);
        let ok = ok.header(HeaderName::Supported, SUPPORTED);
        let Some((timer, agreed)) = SessionTimer::agree(request, env.now.instant) else {
            self.timer = None;
            return ok;
        };
        let is_ours = timer.is_ours();
        self.timer = Some(timer);
        let ok = ok.header(HeaderName::SessionExpires, agreed.to_value());
        // Who refreshes has to know that it does (section 9).
        if is_ours { ok } else { ok.header(HeaderName::Require, "timer") }
    }

    /// Puts into a request that changes or refreshes the session what its timer stays at.
    pub(super) fn wish(&self, request: Request) -> Request {
        let request = request.header(HeaderName::Supported, SUPPORTED);
        match &self.timer {
            Some(timer) => request.header(HeaderName::SessionExpires, timer.wish().to_value()),
            None => request,
        }
    }
}

/// An INVITE that makes a call, with what we wish for: our offer, or theirs.
pub(super) fn wish(request: Request, offer: Option<Bytes>) -> Request {
    let request = request.header(HeaderName::SessionExpires, SessionExpires::WISH.to_value());
    match offer {
        Some(offer) => request.header(HeaderName::Supported, SUPPORTED).body(SDP, offer),
        // A reliable 18x would bring their offer, and want an answer that the caller has not given yet.
        None => request.header(HeaderName::Supported, SUPPORTED_LATER),
    }
}

/// The INVITE again, with the interval that a 422 asks for, once.
pub(super) fn longer(request: &Request, refused: &Message) -> Option<Request> {
    let seconds = SessionExpires::least(refused).filter(|seconds| *seconds > SessionExpires::WISH.seconds)?;
    if refused.cseq().number > 3 {
        return None;
    }
    let cseq = refused.cseq().number + 1;
    let longer = request
        .clone()
        .replace(HeaderName::CSeq, format!("{cseq} {}", Method::Invite))
        .replace(HeaderName::SessionExpires, SessionExpires { seconds, refresher: None }.to_value())
        .replace(HeaderName::MinSe, seconds.to_string());
    Some(longer)
}
