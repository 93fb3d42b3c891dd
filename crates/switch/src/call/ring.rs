//! From the first INVITE to a phone until one of them answers, or none does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_media::relay::Leg;
use lineside_model::{
    call_report::{AnsweredBy, CallOutcome},
    dialled::Dialled,
    directory::DirectoryUser,
    route::{self, Caller, Ended},
};
use lineside_sip::{Flow, HeaderName, Message, Response, TransactionKey};

use super::{
    Call, Calls, Description, Env, Side, Stage,
    best::best,
    branch::Branch,
    description::{SDP, is_secure},
    index, liveness,
    outside::Outside,
    story::party,
};
use crate::core::ALLOW;

/// A phone that is there says something (100 or 180) at once. By then an INVITE was sent five times.
const SILENCE: Duration = Duration::from_secs(8);

/// Who is called.
pub(super) enum Callee {
    /// All phones of a user.
    User(Arc<DirectoryUser>),
    Outside(Box<Outside>),
}

pub(super) struct Rings {
    pub(super) callee: Callee,
    pub(super) branches: Vec<Branch>,
    /// When nobody answers.
    pub(super) until: Instant,
    /// When phones that have not said a word are given up; none once that was done.
    pub(super) silent_until: Option<Instant>,
    /// The best news that the caller has had.
    pub(super) told: u16,
}

impl Calls {
    /// Rings all phones of the callee that its license allows.
    pub(super) fn ring(&mut self, env: &mut Env<'_>, call: &mut Call, callee: &Arc<DirectoryUser>, seconds: u16) {
        let max_forwards = match call.invite.request.next_max_forwards() {
            Ok(max_forwards) => max_forwards,
            Err(refusal) => return self.refuse(env, call, refusal.status),
        };
        let mut branches = Vec::new();
        let registered =
            callee.lines.iter().map(|line| env.registrar.contacts(line.line_id)).filter(|line| !line.is_empty());
        for contact in registered.take(usize::from(callee.rights.devices)).flatten() {
            let Some(flow) = contact.flow else { continue };
            let mut branch = self.invite(env, call, callee, (&contact.contact, flow), max_forwards, false);
            branch.again = is_secure(flow).then(|| contact.contact.as_ref().into());
            branches.push(branch);
        }
        if branches.is_empty() {
            return self.go_on(env, call, callee, Ended::Unreachable);
        }
        call.callee = Some(callee.clone());
        if !call.is_test {
            let pickup = *call.pickup.get_or_insert_with(|| env.endpoint.token());
            self.pickups.insert(pickup, call.id);
        }
        let until = env.now.instant + Duration::from_secs(u64::from(seconds));
        let silent_until = Some(env.now.instant + SILENCE);
        let told = if let Stage::Ringing(before) = &call.stage { before.told } else { 100 };
        call.stage =
            Stage::Ringing(Rings { callee: Callee::User(callee.clone()), branches, until, silent_until, told });
    }

    /// Connects a caller whom a script has talked to with somebody else, on the rights of that user.
    pub(super) fn connect(&mut self, env: &mut Env<'_>, call: &mut Call, by: &Arc<DirectoryUser>, number: &str) {
        self.forget_questions(call);
        call.stop_sound();
        call.caller = Caller::User(by.clone());
        call.shown = party(by);
        call.dialled = Dialled::new(number);
        call.hops.clear();
        call.mailbox = None;
        call.stage = Stage::Ending;
        let route = route::route(&env.house(), &call.caller, &call.dialled);
        self.go(env, call, route);
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
        if let Callee::Outside(outside) = &rings.callee
            && let Some(way) = outside.way().filter(|_| response.status() != 503)
        {
            env.trunks.call_went(env.told, env.now, way, None);
        }
        match response.status() {
            100 => {}
            101..200 => {
                if self.heard_early(env, call, key, response) {
                    call.progress(env, response, is_alone);
                }
            }
            200..300 => self.answered(env, call, key, flow, response),
            401 | 407 if self.answer_challenge(env, call, response) => {}
            // Those of a phone, or a carrier, that can not protect its sound.
            406 | 415 | 488 | 606 if self.ask_in_the_clear(env, call, key) => {}
            422 if self.ask_longer(env, call, key, response) => {}
            status => {
                if let Some(branch) = call.branch(key) {
                    branch.status = Some(status);
                }
                // A 6xx is for all of the callee's phones (RFC 3261 section 16.7 step 5).
                if status >= 600 { self.all_failed(env, call) } else { self.check_failed(env, call) }
            }
        }
    }

    pub(super) fn branch_failed(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey, status: u16) {
        if let Some(branch) = call.branch(key) {
            branch.status = Some(status);
            self.check_failed(env, call);
        }
    }

    /// The first phone to answer has the call.
    fn answered(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey, flow: Flow, response: &Message) {
        let Stage::Ringing(rings) = &call.stage else { return };
        let Some(branch) = rings.branches.iter().find(|branch| branch.key == key) else { return };
        let Ok((dialog, description)) = branch.dialog_of(response) else {
            self.stray(env, flow, response);
            return self.branch_failed(env, call, key, 500);
        };
        let (end, far) = (call.end_at(env, branch.tag, branch.flow), call.near.other());
        let agreed = match (&call.invite.offer, &description, end) {
            (Some(offer), Some(answer), Some(end)) if call.answered.is_none() => {
                call.agreed(env, Leg::A, offer, answer, &end).map(Some)
            }
            _ => Ok(None),
        };
        let Ok(agreed) = agreed else {
            self.stray(env, flow, response);
            return self.branch_failed(env, call, key, 488);
        };
        let talking = Stage::Talking { check: env.now.instant + liveness::INTERVAL };
        let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, talking) else { return };
        let by = AnsweredBy::Party(match &rings.callee {
            Callee::User(user) => party(user),
            Callee::Outside(outside) => {
                call.outside = Some(outside.owner());
                outside.party()
            }
        });
        self.cancel_branches(env, &rings.branches, Some(key));
        let Some(branch) = rings.branches.iter().find(|branch| branch.key == key) else { return };
        let mut callee = Side::new(dialog, branch.tag, branch.flow);
        callee.trunk = call.story.trunk.filter(|_| matches!(rings.callee, Callee::Outside(_)));
        self.by_tag.insert(branch.tag, (call.id, far));
        let offer_is_theirs = call.invite.offer.is_none() && call.answered.is_none();
        callee.took_answer(env, response, offer_is_theirs);
        call.sides[index(far)] = Some(callee);

        if call.answered.is_some() {
            if let Some(answer) = &description {
                call.agreed_with_us(env, far, answer);
            }
            // A caller who talked to a script before has its description already.
            call.story.answered(env, &by);
            call.stop_sound();
            if call.is_test {
                return self.test_answered(env, call);
            }
            self.transferred(env, call);
            return self.start_recording(env, call);
        }
        let mut ok = Response::new(&call.invite.request, 200)
            .header(HeaderName::Contact, env.contact(call.invite.flow))
            .header(HeaderName::Allow, ALLOW);
        if let Some(media) = &call.media {
            media.stop_playing(Leg::A);
        }
        let body = match (agreed, description) {
            (Some(agreed), Some(answer)) => Some(call.follow(Leg::A, &answer, agreed)),
            (None, Some(offer)) => call.pass_on_offer(env, far, &offer),
            _ => None,
        };
        if let Some(body) = body {
            ok = ok.body(SDP, body);
        }
        self.confirm_caller(env, call, ok);
        call.story.answered(env, &by);
        self.start_recording(env, call);
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
        let statuses: Vec<u16> = rings.branches.iter().filter_map(|branch| branch.status).collect();
        let callee = match rings.callee {
            Callee::User(callee) => callee,
            Callee::Outside(outside) => {
                return self.way_failed(env, call, *outside, statuses.first().copied().unwrap_or(408));
            }
        };
        // No phone said a word: they are registered but not there, which is unreachable as well.
        if rings.branches.iter().all(|branch| !branch.is_alive) {
            return self.go_on(env, call, &callee, Ended::Unreachable);
        }
        match best(&statuses) {
            486 | 600 => self.go_on(env, call, &callee, Ended::Busy),
            603.. => self.go_on(env, call, &callee, Ended::Declined),
            480 => self.go_on(env, call, &callee, Ended::NoAnswer),
            // The phones can not take this call: what they say is more help than an announcement.
            status => {
                call.story.outcome = Some(CallOutcome::Failed);
                self.refuse(env, call, status);
            }
        }
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
                let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, Stage::Ending) else { return };
                self.cancel_branches(env, &rings.branches, None);
                match rings.callee {
                    Callee::User(callee) => self.go_on(env, call, &callee, Ended::NoAnswer),
                    Callee::Outside(_) => self.turn_away(env, call, route::Refusal::NoAnswer),
                }
            }
            Stage::Script(_) => self.script_due(env, call),
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
        if call.answered.is_some() {
            return self.hang_up(env, call, None);
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
        // Who talked to somebody before hears what we play.
        let Stage::Ringing(rings) = &self.stage else { return };
        if self.answered.is_some() {
            return;
        }
        let end = rings.branches.first().and_then(|branch| self.end_at(env, branch.tag, branch.flow));
        let agreed = match (&early, &self.invite.offer, end) {
            (Some(early), Some(offer), Some(end)) => self.agreed(env, Leg::A, offer, early, &end).ok(),
            _ => None,
        };
        let Stage::Ringing(rings) = &mut self.stage else { return };
        let status = if early.is_some() { response.status() } else { 180 };
        if early.is_none() && rings.told >= 180 {
            return;
        }
        rings.told = status;
        let body = early.zip(agreed).map(|(early, agreed)| self.follow(Leg::A, &early, agreed));
        self.tell(env, status, body);
    }
}
