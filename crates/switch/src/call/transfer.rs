//! Transfers: REFER (RFC 3515) within a call. A phone sends its other party on to somebody else: blind, who then rings on
//! the rights of who transfers, or attended, to whom it talks in another call of ours (Replaces, RFC 3891).
//!
//! The party that is sent on keeps its leg, its ports and what was agreed with it; the new one takes the other leg.

use std::time::Duration;

use lineside_media::{playlist::Playlist, relay::Leg};
use lineside_model::{
    call_report::{Hop, HopReason},
    dialled::Dialled,
    route::{self, Caller},
};
use lineside_sip::{
    Dialog, DialogId, Flow, HeaderName, Message, Method, NameAddr, Refusal, Response, TransactionKey, Uri,
    dialog::SessionTimer,
};

use super::{
    Call, CallNumber, Calls, Description, Env, Side, Stage,
    description::{OurEnd, SDP, offer_of_ours},
    index, liveness,
    story::party,
};
use crate::{core::ALLOW, directory::FoundLine, route::dialled};

/// Who sent the other party on, until that has come to something.
pub(super) struct Transferor {
    side: Side,
    /// The REFER's `CSeq` number tells its subscription from others (RFC 3515 section 2.4.6).
    event: u32,
    /// It said BYE: there is nobody to give the call back to.
    has_left: bool,
}

impl Calls {
    /// A REFER from a leg of a call in which people talk.
    pub(super) fn refer(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        leg: Leg,
        key: TransactionKey,
        request: &Message,
    ) -> Result<(), Refusal> {
        if call.transferor.is_some() {
            return Err(Refusal::status(491));
        }
        let by = call.user_at(leg).cloned().ok_or_else(|| Refusal::status(403))?;
        let value = request.header(HeaderName::ReferTo).ok_or(Refusal::bad("Missing Refer-To"))?;
        let to = NameAddr::parse(value).map_err(|_| Refusal::bad("Malformed Refer-To"))?;
        let other = match replaces(&to.uri) {
            Some(tag) => Some(self.consulted(call, &by.user_id, &tag).ok_or_else(|| Refusal::status(603))?),
            None => None,
        };
        let dialled = dialled(&to.uri);
        let Some(side) = call.sides[index(leg)].take() else { return Err(Refusal::status(481)) };
        let accepted = Response::new(request, 202).header(HeaderName::Contact, env.contact(side.flow));
        env.respond(key, accepted);
        call.transferor = Some(Transferor { side, event: request.cseq().number, has_left: false });
        call.near = leg.other();
        call.report_transfer(env, 100, false);
        let shown = call.user_at(leg.other()).map_or_else(|| call.shown.clone(), |user| party(user));
        call.story.hops.push(Hop { from: party(&by), to: dialled.as_str().to_owned(), reason: HopReason::Transfer });
        if let Some((number, other_leg)) = other {
            self.join(env, call, number, other_leg);
        } else {
            call.shown = shown;
            call.is_transferred = true;
            self.ring_target(env, call, Caller::User(by), dialled);
        }
        Ok(())
    }

    /// Rings the target while the one that is sent on hears it ring.
    fn ring_target(&mut self, env: &mut Env<'_>, call: &mut Call, by: Caller, to: Dialled) {
        if let Some(media) = &call.media {
            media.play(call.near, ringback());
        }
        call.caller_before = Some((call.caller.clone(), call.callee.clone()));
        call.caller = by;
        call.dialled = to;
        call.hops.clear();
        call.stage = Stage::Ending;
        let route = route::route(&env.house(), &call.caller, &call.dialled);
        self.go(env, call, route);
    }

    /// The other call that a Replaces names, if its leg is the same person's.
    fn consulted(&self, call: &Call, by: &lineside_model::id::UserId, tag: &[u8]) -> Option<(CallNumber, Leg)> {
        let (number, leg) = self.by_tag.get(tag).copied()?;
        let other = self.open.get(&number).filter(|other| other.id != call.id)?;
        let is_talking = matches!(other.stage, Stage::Talking { .. }) && other.sides.iter().all(Option::is_some);
        let is_same = other.user_at(leg).is_some_and(|user| user.user_id == *by);
        (is_talking && is_same).then_some((number, leg))
    }

    /// Puts the party of the other call into this one: it is asked to send its sound here.
    fn join(&mut self, env: &mut Env<'_>, call: &mut Call, number: CallNumber, leg: Leg) {
        let Some(mut other) = self.open.remove(&number) else { return };
        let callee = other.user_at(leg.other()).cloned();
        let party = other.sides[index(leg.other())].take();
        // The other call ends without a word to the party that moves.
        self.hang_up(env, &mut other, None);
        self.forget(env, &other);
        let Some(mut party) = party else { return };
        let far = call.near.other();
        self.by_tag.insert(party.tag.as_bytes().into(), (call.id, far));
        self.ended.remove(party.tag.as_bytes());
        if let Some(user) = callee {
            call.set_user_at(far, user);
        }
        let near = call.sides[index(call.near)].as_ref().and_then(|side| side.codec);
        if let Some(media) = &call.media {
            let offer = offer_of_ours(&OurEnd::new(env, media, far, party.tag, party.flow), near);
            party.invite_at = Some((env.now.instant, offer));
        }
        call.sides[index(far)] = Some(party);
        call.stage = Stage::Talking { check: env.now.instant + liveness::INTERVAL };
        self.invite_due(env, call);
        self.transferred(env, call);
    }

    /// The transfer has come to a call: who made it is told, and let go.
    pub(super) fn transferred(&mut self, env: &mut Env<'_>, call: &mut Call) {
        call.stop_sound();
        call.report_transfer(env, 200, true);
        if let Some((caller, callee)) = call.caller_before.take() {
            // The target has taken the place of who sent the call on.
            if call.near == Leg::A {
                call.caller = caller;
            } else {
                if let Some(target) = call.callee.take() {
                    call.caller = Caller::User(target);
                }
                call.callee = callee;
            }
        }
        if let Some(transferor) = call.transferor.take() {
            self.let_go(env, transferor);
        }
    }

    /// The call ends before the transfer has come to anything.
    pub(super) fn give_up_transfer(&mut self, env: &mut Env<'_>, call: &mut Call) {
        call.report_transfer(env, 487, true);
        if let Some(transferor) = call.transferor.take() {
            self.let_go(env, transferor);
        }
    }

    fn let_go(&mut self, env: &mut Env<'_>, mut transferor: Transferor) {
        self.remember(transferor.side.tag, env.now.instant);
        if !transferor.has_left {
            let bye = transferor.side.dialog.request(Method::Bye);
            env.request(transferor.side.flow, &bye);
        }
    }

    /// Nobody took the call: it goes back to who sent it on, if it is still there. False when it is not.
    pub(super) fn give_back(&mut self, env: &mut Env<'_>, call: &mut Call, status: u16) -> bool {
        if call.transferor.is_none() {
            return false;
        }
        call.report_transfer(env, status, true);
        let Some(transferor) = call.transferor.take() else { return false };
        if let Some((caller, callee)) = call.caller_before.take() {
            (call.caller, call.callee) = (caller, callee);
        }
        if transferor.has_left {
            self.let_go(env, transferor);
            return false;
        }
        call.stop_sound();
        call.sides[index(call.near.other())] = Some(transferor.side);
        call.stage = Stage::Talking { check: env.now.instant + liveness::INTERVAL };
        true
    }

    /// An INVITE that takes the place of a leg (RFC 3891 section 3): of the same account, and in a call that is answered.
    pub(crate) fn replace(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        found: &FoundLine,
        value: &[u8],
    ) -> Result<(), Refusal> {
        let tag = replaced_tag(value).ok_or(Refusal::bad("Malformed Replaces"))?;
        let (id, leg) = self.by_tag.get(&*tag).copied().ok_or_else(|| Refusal::status(481))?;
        let call = self.open.get(&id).ok_or_else(|| Refusal::status(481))?;
        let is_colleague = call.user_at(leg).is_some_and(|user| user.account_id == found.user.account_id);
        if !is_colleague || !matches!(call.stage, Stage::Talking { .. }) || call.sides.iter().any(Option::is_none) {
            return Err(Refusal::status(if is_colleague { 603 } else { 481 }));
        }
        SessionTimer::admit(request)?;
        let offer = Description::offered(request, flow, false)?.ok_or_else(|| Refusal::status(488))?;
        let mut dialog = Dialog::uas(request, env.endpoint.local_tag(key))?;
        dialog.confirm();
        let mut failed = None;
        self.with(env, id, |calls, env, call| {
            let Some(media) = &call.media else { return };
            let end = OurEnd::new(env, media, leg, env.endpoint.local_tag(key), flow);
            let Some((answer, format)) = offer.answer_by_us(&end) else {
                failed = Some(Refusal::status(488));
                return;
            };
            media.expect(leg, offer.listens_at());
            let codec = format.codec;
            media.describe(leg, format);
            let ok = Response::new(request, 200)
                .header(HeaderName::Contact, env.contact(flow))
                .header(HeaderName::Allow, ALLOW)
                .body(SDP, answer);
            let tag = env.endpoint.local_tag(key);
            let mut side = Side::new(dialog, tag, flow);
            side.codec = Some(codec);
            let bytes = env.respond(key, side.agree(env, request, ok));
            let config = env.endpoint.config();
            let cseq = request.cseq().number;
            side.answer = Some(lineside_sip::dialog::Answer::new(env.now.instant, config, flow, bytes, cseq));
            calls.by_tag.insert(tag.as_bytes().into(), (call.id, leg));
            if let Some(before) = call.sides[index(leg)].replace(side) {
                calls.let_go(env, Transferor { side: before, event: 0, has_left: false });
            }
            call.set_user_at(leg, found.user.clone());
        });
        failed.map_or(Ok(()), Err)
    }
}

impl Call {
    /// The answer to a re-INVITE of our own.
    pub(super) fn took_invitation(&mut self, env: &mut Env<'_>, leg: Leg, response: &Message) {
        let Some(side) = self.side(leg).filter(|_| response.status() < 300) else { return };
        side.took_answer(env, response, false);
        if let Ok(Some(answer)) = Description::of(response) {
            self.agreed_with_us(env, leg, &answer);
        }
    }

    /// A request from who sent the other party on.
    pub(super) fn hear_transferor(&mut self, env: &mut Env<'_>, key: TransactionKey, request: &Message) -> bool {
        let Some(transferor) = &mut self.transferor else { return false };
        if *transferor.side.dialog.id() != DialogId::of_request(request) {
            return false;
        }
        let status = match (transferor.side.dialog.receive(request), request.method()) {
            (Err(refusal), _) => refusal.status,
            (Ok(()), Method::Bye) => {
                transferor.has_left = true;
                200
            }
            (Ok(()), Method::Options) => 200,
            _ => 491,
        };
        env.respond(key, Response::new(request, status));
        true
    }

    /// Tells the transferor how it goes (RFC 3515 section 2.4.4).
    fn report_transfer(&mut self, env: &mut Env<'_>, status: u16, is_over: bool) {
        let Some(transferor) = self.transferor.as_mut().filter(|transferor| !transferor.has_left) else { return };
        let standing = if is_over { "terminated;reason=noresource" } else { "active;expires=60" };
        let line = format!("SIP/2.0 {status} {}\r\n", lineside_sip::message::reason_phrase(status));
        let notify = transferor
            .side
            .dialog
            .request(Method::Notify)
            .header(HeaderName::Contact, env.contact(transferor.side.flow))
            .header(HeaderName::Event, format!("refer;id={}", transferor.event))
            .header(HeaderName::SubscriptionState, standing)
            .body("message/sipfrag;version=2.0", line);
        env.request(transferor.side.flow, &notify);
    }
}

/// What is heard in North America while it rings.
fn ringback() -> Playlist {
    (0..12).fold(Playlist::new(), |list, _| {
        list.tone(&[440.0, 480.0], 0.1, Duration::from_secs(2)).silence(Duration::from_secs(4))
    })
}

/// Our tag in the dialog that a Refer-To asks to be replaced.
fn replaces(to: &Uri<'_>) -> Option<Vec<u8>> {
    let header = to.headers.split(|byte| *byte == b'&').find_map(|header| {
        let (name, value) = header.split_at(header.iter().position(|byte| *byte == b'=')?);
        name.eq_ignore_ascii_case(b"Replaces").then(|| unescaped(&value[1..]))
    })?;
    replaced_tag(&header)
}

/// The tag that we gave: seen from the phone, that of its peer.
fn replaced_tag(value: &[u8]) -> Option<Vec<u8>> {
    let params = value.split(|byte| *byte == b';').skip(1);
    params.map(<[u8]>::trim_ascii).find_map(|param| param.strip_prefix(b"to-tag=")).map(<[u8]>::to_vec)
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *byte == b'%');
        plain.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    plain
}
