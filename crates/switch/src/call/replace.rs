//! Calls that change hands (RFC 3891): an INVITE that takes the place of a phone in a call, or of the phones that ring; and
//! the code that picks up a colleague's call. Only colleagues do that: the same account has to hold both.

use std::sync::Arc;

use lineside_media::relay::Leg;
use lineside_model::{call_report::AnsweredBy, directory::DirectoryUser, extension::Extension};
use lineside_sip::{
    Dialog, Flow, HeaderName, Message, Refusal, Response, TransactionKey, Uri,
    dialog::{Answer, SessionTimer},
};

use super::{
    Call, CallNumber, Calls, Description, Env, Side, Stage,
    description::{OurEnd, SDP},
    index, liveness,
    story::party,
    transfer::Transferor,
};
use crate::core::ALLOW;

/// Which dialog a `Replaces` means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replaced {
    /// The tag that we gave: seen from the phone, that of its peer.
    pub(super) to_tag: Vec<u8>,
    from_tag: Vec<u8>,
    early_only: bool,
}

/// An INVITE of somebody who is to sit in a call.
struct Newcomer<'a> {
    key: TransactionKey,
    flow: Flow,
    request: &'a Message,
    user: &'a Arc<DirectoryUser>,
}

impl Calls {
    /// An INVITE with `Replaces`, from a user of ours.
    pub(crate) fn replace(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        user: &Arc<DirectoryUser>,
        value: &[u8],
    ) -> Result<(), Refusal> {
        let replaced = Replaced::parse(value).ok_or(Refusal::bad("Malformed Replaces"))?;
        let (id, leg) = self.find_replaced(&replaced).ok_or_else(|| Refusal::status(481))?;
        let call = self.open.get(&id).ok_or_else(|| Refusal::status(481))?;
        let newcomer = Newcomer { key, flow, request, user };
        if matches!(call.stage, Stage::Ringing(_)) {
            // RFC 3891 section 3: an early dialog of who calls is not ours to answer.
            return if leg == call.near { Err(Refusal::status(481)) } else { self.pick_up(env, id, &newcomer) };
        }
        let is_colleague = call.user_at(leg).is_some_and(|before| before.account_id == user.account_id);
        if !is_colleague {
            return Err(Refusal::status(481));
        }
        if !matches!(call.stage, Stage::Talking { .. }) || call.sides.iter().any(Option::is_none) {
            return Err(Refusal::status(603));
        }
        if replaced.early_only {
            return Err(Refusal::status(486));
        }
        let mut seated = Ok(());
        self.with(env, id, |calls, env, call| {
            seated = calls.seat(env, call, leg, &newcomer).map(|before| {
                if let Some(side) = before {
                    calls.let_go(env, Transferor::gone(side));
                }
                call.set_user_at(leg, user.clone());
                calls.start_recording(env, call);
            });
        });
        seated
    }

    /// `**` and an extension: the call that rings there.
    pub(super) fn pick_up_at(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        user: &Arc<DirectoryUser>,
        at: &Extension,
    ) -> Result<(), Refusal> {
        let wanted = env.directory.extension(user.account_id, at).ok_or_else(|| Refusal::status(404))?;
        let rings_there = |call: &&Call| call.rung_user().is_some_and(|rung| rung.user_id == wanted.user_id);
        let ringing = self.open.values().map(Box::as_ref).filter(rings_there).map(|call| call.id).min();
        let id = ringing.ok_or_else(|| Refusal::status(480))?;
        self.pick_up(env, id, &Newcomer { key, flow, request, user })
    }

    /// Connects a colleague with a call that rings elsewhere.
    fn pick_up(&mut self, env: &mut Env<'_>, id: CallNumber, newcomer: &Newcomer<'_>) -> Result<(), Refusal> {
        let call = self.open.get(&id).ok_or_else(|| Refusal::status(481))?;
        let is_colleague = call.rung_user().is_some_and(|rung| rung.account_id == newcomer.user.account_id);
        if !is_colleague || call.is_test {
            return Err(Refusal::status(481));
        }
        let mut seated = Ok(());
        self.with(env, id, |calls, env, call| {
            if call.answered.is_none() && !call.can_be_answered_by_us(env) {
                seated = Err(Refusal::status(488));
                return;
            }
            let far = call.near.other();
            seated = calls.seat(env, call, far, newcomer).map(|_| calls.picked_up(env, call, newcomer.user));
        });
        seated
    }

    fn picked_up(&mut self, env: &mut Env<'_>, call: &mut Call, user: &Arc<DirectoryUser>) {
        let talking = Stage::Talking { check: env.now.instant + liveness::INTERVAL };
        if let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, talking) {
            self.cancel_branches(env, &rings.branches, None);
        }
        call.callee = Some(user.clone());
        let by = AnsweredBy::Party(party(user));
        if call.answered.is_some() {
            call.story.answered(env, &by);
            self.transferred(env, call);
        } else if !self.answer_caller(env, call, &by) {
            return self.hang_up(env, call, None);
        }
        self.start_recording(env, call);
    }

    /// Answers the INVITE of who comes and gives it a leg; who sat there before is given back.
    fn seat(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        leg: Leg,
        newcomer: &Newcomer<'_>,
    ) -> Result<Option<Side>, Refusal> {
        let Newcomer { key, flow, request, .. } = *newcomer;
        SessionTimer::admit(request)?;
        let offer = Description::offered(request, flow, false)?.ok_or_else(|| Refusal::status(488))?;
        let tag = env.endpoint.local_tag(key);
        let mut dialog = Dialog::uas(request, tag)?;
        dialog.confirm();
        let media = call.media.as_ref().ok_or_else(|| Refusal::status(481))?;
        let end = OurEnd::new(env, media, leg, tag, flow);
        let (answer, format) = offer.answer_by_us(&end).ok_or_else(|| Refusal::status(488))?;
        let mut side = Side::new(dialog, tag, flow);
        let ok = Response::new(request, 200)
            .header(HeaderName::Contact, env.contact(flow))
            .header(HeaderName::Allow, ALLOW)
            .body(SDP, answer);
        let bytes = env.respond(key, side.agree(env, request, ok));
        let cseq = request.cseq().number;
        side.answer = Some(Answer::new(env.now.instant, env.endpoint.config(), flow, bytes, cseq));
        self.by_tag.insert(tag, (call.id, leg));
        let before = call.sides[index(leg)].replace(side);
        call.expect(leg, offer.listens_at());
        call.describe(leg, Some(format));
        Ok(before)
    }

    /// The call whose dialog is meant, and the leg; a lamp's is that of the phones that ring.
    fn find_replaced(&self, replaced: &Replaced) -> Option<(CallNumber, Leg)> {
        if let Some(found) = self.by_tag.get(&*replaced.to_tag) {
            return Some(*found);
        }
        let mut lamps = [&replaced.to_tag, &replaced.from_tag].into_iter();
        let id = lamps.find_map(|tag| self.pickups.get(&**tag)).copied()?;
        Some((id, self.open.get(&id)?.near.other()))
    }
}

impl Call {
    /// The caller's offer is one that we can answer, or it leaves the offer to us.
    fn can_be_answered_by_us(&self, env: &Env<'_>) -> bool {
        let Some(end) = self.end(env, Leg::A) else { return false };
        self.invite.offer.as_ref().is_none_or(|offer| offer.answer_by_us(&end).is_some())
    }
}

impl Replaced {
    pub(super) fn parse(value: &[u8]) -> Option<Replaced> {
        let mut params = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        params.next().filter(|call_id| !call_id.is_empty())?;
        let mut found = Replaced { to_tag: Vec::new(), from_tag: Vec::new(), early_only: false };
        for param in params {
            if let Some(tag) = param.strip_prefix(b"to-tag=") {
                found.to_tag = tag.trim_ascii().to_vec();
            } else if let Some(tag) = param.strip_prefix(b"from-tag=") {
                found.from_tag = tag.trim_ascii().to_vec();
            } else if param.eq_ignore_ascii_case(b"early-only") {
                found.early_only = true;
            }
        }
        (!found.to_tag.is_empty() && !found.from_tag.is_empty()).then_some(found)
    }

    /// What a Refer-To asks to be replaced; none when it asks for a new call.
    pub(super) fn of_target(to: &Uri<'_>) -> Result<Option<Replaced>, Refusal> {
        let header = to.headers.split(|byte| *byte == b'&').find_map(|header| {
            let (name, value) = header.split_at(header.iter().position(|byte| *byte == b'=')?);
            name.eq_ignore_ascii_case(b"Replaces").then(|| unescaped(&value[1..]))
        });
        header.map(|value| Replaced::parse(&value).ok_or(Refusal::bad("Malformed Replaces"))).transpose()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_is_read_as_phones_write_it() {
        let tags = |value: &str| {
            let found = Replaced::parse(value.as_bytes())?;
            let text = |tag: Vec<u8>| String::from_utf8(tag).unwrap();
            Some((text(found.to_tag), text(found.from_tag), found.early_only))
        };
        let both = |early_only| Some(("7743".to_owned(), "6472".to_owned(), early_only));
        assert_eq!(tags("425928@bobster.example.org;to-tag=7743;from-tag=6472"), both(false));
        assert_eq!(tags("425928@b ; from-tag=6472; to-tag=7743 ;early-only"), both(true));
        for bad in ["", "425928", "425928;to-tag=7743", ";to-tag=7743;from-tag=6472", "a;to-tag=;from-tag=1"] {
            assert_eq!(tags(bad), None, "{bad}");
        }
    }
}
