//! From the first INVITE to a phone until one of them answers, or none does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_media::{prompt, relay::Leg};
use lineside_model::{
    call_report::{AnsweredBy, CallOutcome},
    directory::DirectoryUser,
};
use lineside_sip::{
    Dialog, Flow, HeaderName, Message, Method, Request, Response, Token, TransactionKey, dialog::Answer,
    message::quote_display,
};

use super::{Call, Calls, Description, Env, Side, Stage, best::best, description::SDP, liveness, story::party};
use crate::{core::ALLOW, route::unreachable};

/// A phone that is there says something (100 or 180) at once. By then an INVITE was sent five times.
const SILENCE: Duration = Duration::from_secs(8);

/// A phone that is being called.
pub(super) struct Branch {
    key: TransactionKey,
    tag: Token,
    flow: Flow,
    /// It has said something.
    is_alive: bool,
    /// Its final status, when it refused or failed.
    status: Option<u16>,
}

pub(super) struct Rings {
    callee: Arc<DirectoryUser>,
    /// These phones ring for somebody who is unreachable; there is no second hop.
    is_instead: bool,
    branches: Vec<Branch>,
    /// When nobody answers.
    until: Instant,
    /// When phones that have not said a word are given up; none once that was done.
    silent_until: Option<Instant>,
    /// The best news that the caller has had.
    told: u16,
}

impl Calls {
    /// Rings all phones of the callee; failing that, those of who is set as unreachable; failing that, says so.
    pub(super) fn ring(&mut self, env: &mut Env<'_>, call: &mut Call, callee: &Arc<DirectoryUser>) {
        if !self.ring_phones(env, call, callee, false) {
            self.ring_instead(env, call, callee);
        }
    }

    fn ring_instead(&mut self, env: &mut Env<'_>, call: &mut Call, callee: &Arc<DirectoryUser>) {
        if let Some(instead) = unreachable(env.directory, &call.caller, callee) {
            tracing::debug!(call = call.id, from = %callee.user_id, to = %instead.user_id, "unreachable, rings instead");
            if self.ring_phones(env, call, &instead, true) {
                return;
            }
        }
        call.story.outcome = Some(CallOutcome::Unreachable);
        self.announce(env, call, &prompt::unavailable(), 480);
    }

    /// Sends an INVITE to each contact; false when there is none.
    fn ring_phones(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        callee: &Arc<DirectoryUser>,
        is_instead: bool,
    ) -> bool {
        let max_forwards = match call.invite.request.next_max_forwards() {
            Ok(max_forwards) => max_forwards,
            Err(refusal) => {
                self.refuse(env, call, refusal.status);
                return true;
            }
        };
        let mut branches = Vec::new();
        for line in &callee.lines {
            for contact in env.registrar.contacts(line.line_id) {
                let Some(flow) = contact.flow else { continue };
                let tag = env.endpoint.token();
                let request = invite(env, call, callee, &contact.contact, flow, tag, max_forwards);
                let key = env.request(flow, &request);
                self.outgoing.insert(key, call.id);
                branches.push(Branch { key, tag, flow, is_alive: false, status: None });
            }
        }
        if branches.is_empty() {
            return false;
        }
        let until = env.now.instant + env.rules.ring_time;
        let silent_until = Some(env.now.instant + SILENCE);
        call.stage =
            Stage::Ringing(Rings { callee: callee.clone(), is_instead, branches, until, silent_until, told: 100 });
        true
    }

    pub(super) fn branch_response(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        key: TransactionKey,
        flow: Flow,
        response: &Message,
    ) {
        let Stage::Ringing(rings) = &mut call.stage else { return self.stray(env, flow, response) };
        let is_alone = rings.branches.len() == 1;
        let Some(branch) = rings.branches.iter_mut().find(|branch| branch.key == key) else { return };
        branch.is_alive = true;
        match response.status() {
            100 => {}
            101..200 => {
                call.progress(env, response, is_alone);
            }
            200..300 => self.answered(env, call, key, flow, response),
            status => {
                branch.status = Some(status);
                // A 6xx is for all of the callee's phones (RFC 3261 section 16.7 step 5).
                if status >= 600 { self.all_failed(env, call) } else { self.check_failed(env, call) }
            }
        }
    }

    pub(super) fn branch_failed(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey, status: u16) {
        let Stage::Ringing(rings) = &mut call.stage else { return };
        if let Some(branch) = rings.branches.iter_mut().find(|branch| branch.key == key) {
            branch.status = Some(status);
            self.check_failed(env, call);
        }
    }

    /// The first phone to answer has the call.
    fn answered(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey, flow: Flow, response: &Message) {
        let (Ok(dialog), Ok(description)) = (Dialog::uac(response), Description::of(response)) else {
            self.stray(env, flow, response);
            return self.branch_failed(env, call, key, 500);
        };
        let talking = Stage::Talking { check: env.now.instant + liveness::INTERVAL };
        let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, talking) else { return };
        self.cancel_branches(env, &rings.branches, Some(key));
        let Some(branch) = rings.branches.iter().find(|branch| branch.key == key) else { return };
        let mut callee = Side::new(dialog, branch.tag, branch.flow);
        self.by_tag.insert(branch.tag.as_bytes().into(), (call.id, Leg::B));
        callee.took_answer(env, response, call.invite.offer.is_none());
        call.sides[1] = Some(callee);

        let mut ok = Response::new(&call.invite.request, 200)
            .header(HeaderName::Contact, env.contact(call.invite.flow))
            .header(HeaderName::Allow, ALLOW);
        if let Some(media) = &call.media {
            media.stop_playing(Leg::A);
            if let Some(offer) = &call.invite.offer {
                media.expect(Leg::A, offer.listens_at());
            }
            if let Some(description) = description {
                media.expect(Leg::B, description.listens_at());
                ok = ok.body(SDP, description.relayed(Leg::A, media, env.rules.media_addr));
            }
        }
        let bytes = env.respond(call.invite.key, ok);
        self.incoming.remove(&call.invite.key);
        let cseq = call.invite.request.cseq().number;
        if let Some(caller) = call.side(Leg::A) {
            caller.dialog.confirm();
            caller.answer = Some(Answer::new(env.now.instant, env.endpoint.config(), caller.flow, bytes, cseq));
        }
        call.answered = Some(env.now.instant);
        let by = AnsweredBy::Party(party(&rings.callee));
        call.story.answered(env, &by);
    }

    /// When the last phone has refused, the caller is told the best of their reasons.
    fn check_failed(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let Stage::Ringing(rings) = &call.stage else { return };
        if rings.branches.iter().all(|branch| branch.status.is_some()) {
            self.all_failed(env, call);
        }
    }

    fn all_failed(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, Stage::Ending) else { return };
        self.cancel_branches(env, &rings.branches, None);
        // No phone said a word: they are registered but not there, which is unreachable as well.
        let is_dead = rings.branches.iter().all(|branch| !branch.is_alive);
        if is_dead && !rings.is_instead {
            return self.ring_instead(env, call, &rings.callee);
        }
        let statuses: Vec<u16> = rings.branches.iter().filter_map(|branch| branch.status).collect();
        let status = best(&statuses);
        call.story.outcome = Some(match status {
            486 => CallOutcome::Busy,
            600.. => CallOutcome::Declined,
            _ => CallOutcome::Failed,
        });
        self.refuse(env, call, status);
    }

    /// The caller hears nothing of it: nobody answered, or the caller gave up.
    pub(super) fn cancel_branches(&mut self, env: &mut Env<'_>, branches: &[Branch], but: Option<TransactionKey>) {
        for branch in branches {
            self.outgoing.remove(&branch.key);
            if Some(branch.key) == but {
                continue;
            }
            self.remember(branch.tag, env.now.instant);
            if branch.status.is_none() {
                env.endpoint.cancel(env.now.instant, branch.key);
            }
        }
    }

    /// Time is up for what the call waits for.
    pub(super) fn stage_due(&mut self, env: &mut Env<'_>, call: &mut Call) {
        match &call.stage {
            Stage::Announcing { until, status } if *until <= env.now.instant => {
                let status = *status;
                self.refuse(env, call, status);
            }
            Stage::Ringing(rings) if rings.silent_until.is_some_and(|until| until <= env.now.instant) => {
                self.give_up_silent(env, call);
            }
            Stage::Ringing(rings) if rings.until <= env.now.instant => {
                self.give_up(env, call, 480, CallOutcome::NoAnswer);
            }
            Stage::Talking { check } if *check <= env.now.instant => self.look_after(env, call),
            _ => {}
        }
    }

    /// Whoever is silent is not there: the others' answers count, or none.
    fn give_up_silent(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let Stage::Ringing(rings) = &mut call.stage else { return };
        rings.silent_until = None;
        for branch in rings.branches.iter_mut().filter(|branch| !branch.is_alive && branch.status.is_none()) {
            branch.status = Some(408);
            self.outgoing.remove(&branch.key);
            // Should it wake up and answer after all, its answer is known to be ours to end.
            self.remember(branch.tag, env.now.instant);
            env.endpoint.cancel(env.now.instant, branch.key);
        }
        self.check_failed(env, call);
    }

    /// Ends a call that was not answered.
    pub(super) fn give_up(&mut self, env: &mut Env<'_>, call: &mut Call, status: u16, outcome: CallOutcome) {
        if let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, Stage::Ending) {
            self.cancel_branches(env, &rings.branches, None);
        }
        call.story.outcome = Some(outcome);
        self.refuse(env, call, status);
    }
}

impl Rings {
    /// When something has to be done if nothing happens.
    pub(super) fn next_timeout(&self) -> Instant {
        self.silent_until.map_or(self.until, |silent| silent.min(self.until))
    }
}

impl Call {
    /// Ringing, or early media. The caller is told of ringing once.
    fn progress(&mut self, env: &mut Env<'_>, response: &Message, is_alone: bool) {
        // With several phones ringing, their early media would take turns in one ear.
        let early = if is_alone { Description::of(response).ok().flatten() } else { None };
        let Stage::Ringing(rings) = &mut self.stage else { return };
        let status = if early.is_some() { response.status() } else { 180 };
        if early.is_none() && rings.told >= 180 {
            return;
        }
        rings.told = status;
        let mut progress =
            Response::new(&self.invite.request, status).header(HeaderName::Contact, env.contact(self.invite.flow));
        if let (Some(early), Some(media), Some(offer)) = (early, &self.media, &self.invite.offer) {
            media.expect(Leg::A, offer.listens_at());
            media.expect(Leg::B, early.listens_at());
            progress = progress.body(SDP, early.relayed(Leg::A, media, env.rules.media_addr));
        }
        env.respond(self.invite.key, progress);
    }
}

fn invite(
    env: &Env<'_>,
    call: &Call,
    callee: &DirectoryUser,
    contact: &[u8],
    flow: Flow,
    tag: Token,
    max_forwards: u8,
) -> Request {
    let caller = &call.caller;
    let from = format!("{} <{}>;tag={tag}", quote_display(&caller.display_name), address(caller));
    let to = format!("<{}>", address(callee));
    // Unguessable, and nothing of the caller's own Call-ID, which may name its host.
    let request = Request::initial(Method::Invite, contact, from, to, format!("{tag}-{}", call.id), 1)
        .header(HeaderName::Contact, env.contact(flow))
        .header(HeaderName::MaxForwards, max_forwards.to_string())
        .header(HeaderName::Allow, ALLOW);
    match (&call.invite.offer, &call.media) {
        (Some(offer), Some(media)) => request.body(SDP, offer.relayed(Leg::B, media, env.rules.media_addr)),
        _ => request,
    }
}

/// Who somebody is to a colleague: extension, or number.
fn address(user: &DirectoryUser) -> String {
    let extension = user.extension.as_ref().map(ToString::to_string);
    let number = || user.numbers.first().map(|number| number.as_str().to_owned());
    format!("sip:{}@{}", extension.or_else(number).unwrap_or_else(|| "anonymous".to_owned()), user.sip_domain)
}
