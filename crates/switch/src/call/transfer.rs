//! Transfers: REFER (RFC 3515) within a call. A phone sends its other party on to somebody else: blind, who then rings on
//! the rights of who transfers, or attended, to whom it talks in another call of ours, or whom it has rung in one (Replaces,
//! RFC 3891).
//!
//! The party that is sent on keeps its leg, its ports and what was agreed with it; the new one takes the other leg.

use std::time::Duration;

use bytes::Bytes;
use lineside_media::{playlist::Playlist, relay::Leg};
use lineside_model::{
    call_report::{Hop, HopReason},
    dialled::Dialled,
    route::{self, Caller},
};
use lineside_sip::{DialogId, HeaderName, Message, Method, NameAddr, Refusal, Response, TransactionKey};

use super::{
    Call, CallNumber, Calls, Description, Early, Env, Side, Stage,
    description::{OurEnd, offer_of_ours},
    index, liveness,
    replace::Replaced,
    story::party,
};
use crate::route::dialled;

/// Who sent the other party on, until that has come to something.
pub(super) struct Transferor {
    side: Side,
    /// The REFER's `CSeq` number tells its subscription from others (RFC 3515 section 2.4.6).
    event: u32,
    /// It said BYE: there is nobody to give the call back to.
    has_left: bool,
}

/// What has become of the call that a phone asked somebody aside in.
enum Consulted {
    Talking(Leg),
    Ringing,
}

impl Transferor {
    /// One whose place was taken; it only has to be told.
    pub(super) fn gone(side: Side) -> Self {
        Self { side, event: 0, has_left: false }
    }
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
        let other = match Replaced::of_target(&to.uri)? {
            Some(replaced) => {
                let found = self.consulted(call, &by.user_id, &replaced.to_tag);
                Some(found.ok_or_else(|| Refusal::status(603))?)
            }
            None => None,
        };
        let dialled = dialled(&to.uri);
        let Some(side) = call.sides[index(leg)].take() else { return Err(Refusal::status(481)) };
        let accepted = Response::new(request, 202).header(HeaderName::Contact, env.contact(side.flow));
        env.respond(key, accepted);
        let transferor = Transferor { side, event: request.cseq().number, has_left: false };
        if let Some((number, Consulted::Ringing)) = other {
            self.join_ringing(env, call, leg, number, transferor);
            return Ok(());
        }
        call.transferor = Some(transferor);
        call.near = leg.other();
        call.report_transfer(env, 100, false);
        let shown = call.user_at(leg.other()).map_or_else(|| call.shown.clone(), |user| party(user));
        call.story.hops.push(Hop { from: party(&by), to: dialled.as_str().to_owned(), reason: HopReason::Transfer });
        if let Some((number, Consulted::Talking(other_leg))) = other {
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
        call.stop_recording_of(&by);
        call.caller = by;
        call.dialled = to;
        call.hops.clear();
        call.stage = Stage::Ending;
        let route = route::route(&env.house(), &call.caller, &call.dialled);
        self.go(env, call, route);
    }

    /// The other call that a Replaces names, if its leg is the same person's.
    fn consulted(&self, call: &Call, by: &lineside_model::id::UserId, tag: &[u8]) -> Option<(CallNumber, Consulted)> {
        let (number, leg) = self.by_tag.get(tag).copied()?;
        let other = self.open.get(&number).filter(|other| other.id != call.id)?;
        let is_same = other.user_at(leg).is_some_and(|user| user.user_id == *by);
        let consulted = match &other.stage {
            Stage::Talking { .. } if other.sides.iter().all(Option::is_some) => Consulted::Talking(leg),
            Stage::Ringing(_) if leg == Leg::A && other.near == leg && other.answered.is_none() => Consulted::Ringing,
            _ => return None,
        };
        is_same.then_some((number, consulted))
    }

    /// Puts the party that is sent on in the place of who calls in another call, which still rings.
    fn join_ringing(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        leg: Leg,
        number: CallNumber,
        mut transferor: Transferor,
    ) {
        let Some(mut other) = self.open.remove(&number) else { return };
        let Some(mut party) = call.sides[index(leg.other())].take() else { return };
        let sent_on = match (leg.other(), &call.callee) {
            (Leg::A, _) => call.caller.clone(),
            (Leg::B, Some(callee)) => Caller::User(callee.clone()),
            (Leg::B, None) => Caller::Trunk(other.account()),
        };
        let by = call.user_at(leg).cloned();
        let answered = call.answered;
        let outside = call.outside;
        // This call ends without a word: both of its parties are in the other one now.
        for tag in [party.tag, transferor.side.tag] {
            self.by_tag.insert(tag, (other.id, Leg::A));
        }
        self.hang_up(env, call, None);
        other.early = Early::default();
        env.respond(other.invite.key, Response::new(&other.invite.request, 487));
        self.incoming.remove(&other.invite.key);
        self.remember(other.invite.tag, env.now.instant);
        if let Some(media) = &other.media {
            let now = env.now.instant;
            let near = OurEnd::new(env, media, Leg::A, party.tag, party.flow);
            party.invite_at = Some((now, offer_of_ours(&near, party.codec)));
            // Should it come to nothing.
            let far = OurEnd::new(env, media, Leg::B, transferor.side.tag, transferor.side.flow);
            transferor.side.invite_at = Some((now, offer_of_ours(&far, transferor.side.codec)));
            media.play(Leg::A, ringback());
        }
        other.caller_before = Some((sent_on, by));
        other.is_transferred = true;
        other.is_emergency |= call.is_emergency;
        (other.answered, other.outside) = (answered, outside.or(other.outside));
        other.sides[0] = Some(party);
        other.transferor = Some(transferor);
        other.report_transfer(env, 100, false);
        self.invite_due(env, &mut other);
        self.touch(&other);
        self.schedule(&mut other);
        self.open.insert(number, other);
    }

    /// Puts the party of the other call into this one: it is asked to send its sound here.
    fn join(&mut self, env: &mut Env<'_>, call: &mut Call, number: CallNumber, leg: Leg) {
        let Some(mut other) = self.open.remove(&number) else { return };
        let callee = other.user_at(leg.other()).cloned();
        let party = other.sides[index(leg.other())].take();
        // The other call ends without a word to the party that moves.
        let far = call.near.other();
        if let Some(party) = &party {
            self.by_tag.insert(party.tag, (call.id, far));
        }
        call.outside = call.outside.or(other.outside);
        call.is_emergency |= other.is_emergency;
        self.hang_up(env, &mut other, None);
        self.forget(env, &other);
        let Some(mut party) = party else { return };
        match (callee, far) {
            (Some(user), _) => call.set_user_at(far, user),
            // Somebody outside of the house.
            (None, Leg::A) => call.caller = Caller::Trunk(call.account()),
            (None, Leg::B) => call.callee = None,
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
        self.start_recording(env, call);
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
                call.caller = match call.callee.take() {
                    Some(target) => Caller::User(target),
                    // Somebody outside of the house.
                    None => Caller::Trunk(call.account()),
                };
                call.callee = callee;
            }
        }
        if let Some(transferor) = call.transferor.take() {
            self.let_go(env, transferor);
        }
        let (near, offer) = (call.near, call.taken_up(call.near));
        if let (Some(offer), Some(side)) = (offer, call.side(near)) {
            side.invite_at = Some((env.now.instant, offer));
            self.invite_due(env, call);
        }
    }

    /// The call ends before the transfer has come to anything.
    pub(super) fn give_up_transfer(&mut self, env: &mut Env<'_>, call: &mut Call) {
        call.report_transfer(env, 487, true);
        if let Some(transferor) = call.transferor.take() {
            self.let_go(env, transferor);
        }
    }

    pub(super) fn let_go(&mut self, env: &mut Env<'_>, mut transferor: Transferor) {
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
        self.start_recording(env, call);
        true
    }
}

impl Call {
    /// What takes a party up again that was put on hold before it was sent on; none if it was not.
    fn taken_up(&self, leg: Leg) -> Option<Bytes> {
        let held = self.described(leg)?;
        let mut is_held = false;
        let mut offer = Vec::with_capacity(held.len());
        for line in held.split_inclusive(|byte| *byte == b'\n') {
            match line.trim_ascii_end() {
                b"a=sendonly" | b"a=recvonly" | b"a=inactive" => {
                    is_held = true;
                    offer.extend_from_slice(b"a=sendrecv\r\n");
                }
                origin if origin.starts_with(b"o=") => offer.extend_from_slice(&next_version(origin)),
                _ => offer.extend_from_slice(line),
            }
        }
        is_held.then(|| offer.into())
    }

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

/// The origin of a description that has changed (RFC 3264 section 8).
fn next_version(origin: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(origin);
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    if let Some(version) = words.get_mut(2) {
        *version = version.parse::<u64>().map_or_else(|_| version.clone(), |number| number.wrapping_add(1).to_string());
    }
    format!("{}\r\n", words.join(" ")).into_bytes()
}

/// What is heard in North America while it rings.
fn ringback() -> Playlist {
    (0..12).fold(Playlist::new(), |list, _| {
        list.tone(&[440.0, 480.0], 0.1, Duration::from_secs(2)).silence(Duration::from_secs(4))
    })
}
