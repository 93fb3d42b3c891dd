//! An INVITE from a line that proved who it is, or from a trunk: where it goes by the rules of the model, and what is set up
//! for that.

use std::sync::Arc;

use lineside_media::{
    phrase::Phrase,
    playlist::Playlist,
    prompt,
    relay::{Leg, RelayError},
};
use lineside_model::{
    call_report::{Alarm, AlarmKind, AnsweredBy, CallDirection, CallOutcome, CallParty, CallReport},
    dialled::Dialled,
    directory::DirectoryUser,
    emergency,
    forwarding::ForwardingKind,
    id::TrunkId,
    outbound::Barred,
    route::{self, Caller, Ended, Hop, Route, Target},
    star_code::StarCode,
};
use lineside_sip::{Dialog, Flow, Message, Refusal, TransactionKey, dialog::SessionTimer};

use super::{
    Call, Calls, Description, Env, Invite, Side,
    emergency::RING_SECONDS,
    story::{Story, hop, party},
};
use crate::{
    route::{House, dialled},
    script::{Deposit, Echo, Mailbox, Script, Setting, TestCall},
};

/// An INVITE that asks for a call, and what is known of who sent it.
pub(super) struct Asked<'a> {
    pub(super) key: TransactionKey,
    pub(super) flow: Flow,
    pub(super) request: &'a Message,
    pub(super) caller: Caller,
    /// The caller as the callee sees it.
    pub(super) shown: CallParty,
    pub(super) dialled: Dialled,
    /// The line may make other than emergency calls.
    pub(super) is_allowed: bool,
    /// By which it came.
    pub(super) trunk: Option<TrunkId>,
}

impl Calls {
    /// `is_allowed`: the line may make other than emergency calls.
    pub(crate) fn place(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        caller: &Arc<DirectoryUser>,
        is_allowed: bool,
    ) {
        let dialled = dialled(&request.uri());
        if let (Some(Ok(StarCode::PickUp(at))), true) = (StarCode::parse(&dialled), is_allowed) {
            if let Err(refusal) = self.pick_up_at(env, key, flow, request, caller, &at) {
                env.respond(key, refusal.response(request));
            }
            return;
        }
        let (caller, shown) = (Caller::User(caller.clone()), party(caller));
        self.place_from(env, Asked { key, flow, request, caller, shown, dialled, is_allowed, trunk: None });
    }

    pub(super) fn place_from(&mut self, env: &mut Env<'_>, asked: Asked<'_>) {
        let Asked { key, flow, request, caller, dialled, .. } = &asked;
        let (key, flow, request) = (*key, *flow, *request);
        let route = match self.call_back(env, caller, dialled) {
            Some(user) => Route { target: Target::Ring { user, seconds: RING_SECONDS }, hops: Vec::new() },
            None => route::route(&env.house(), caller, dialled),
        };
        let is_emergency = matches!(route.target, Target::Emergency(_));
        env.received(request);
        let call = match self.set_up(env, asked, is_emergency) {
            Ok(call) => call,
            Err(refusal) => {
                tracing::info!(source = %flow.remote, status = refusal.status, "call refused");
                env.respond(key, refusal.response(request));
                return;
            }
        };
        let id = call.id;
        self.by_tag.insert(call.invite.tag, (id, Leg::A));
        self.incoming.insert(key, id);
        if let Some(media) = &call.media {
            self.sessions.insert(media.id(), id);
        }
        self.open.insert(id, Box::new(call));
        self.with(env, id, |calls, env, call| {
            call.begin(env, &route);
            calls.go(env, call, route);
        });
    }

    fn set_up(&mut self, env: &mut Env<'_>, asked: Asked<'_>, is_emergency: bool) -> Result<Call, Refusal> {
        let Asked { key, flow, request, caller, shown, dialled, is_allowed, trunk } = asked;
        // Nothing may stand before an emergency call: neither a license nor a session description we can not use.
        if !is_allowed && !is_emergency {
            return Err(Refusal::status(403));
        }
        if !is_emergency {
            SessionTimer::admit(request)?;
        }
        let offer = match Description::offered(request, flow, is_emergency) {
            Ok(offer) => offer,
            Err(_) if is_emergency => None,
            Err(refusal) => return Err(refusal),
        };
        if offer.as_ref().is_some_and(|offer| !offer.has_audio()) && !is_emergency {
            return Err(Refusal::status(488));
        }
        let media = match env.relay.open() {
            Ok(media) => Some(media),
            Err(_) if is_emergency => None,
            Err(error) => return Err(no_media(&error)),
        };
        let tag = env.endpoint.local_tag(key);
        let dialog = Dialog::uas(request, tag)?;
        self.last_id += 1;
        let invite = Invite { key, request: request.clone(), flow, tag, offer };
        let mut call = Call::new(self.last_id, caller, shown, dialled, invite, media, env.now.instant);
        call.sides[0] = Some(Side { trunk, ..Side::new(dialog, tag, flow) });
        call.story = Story::over(trunk);
        Ok(call)
    }

    /// Takes a call where a route leads.
    pub(super) fn go(&mut self, env: &mut Env<'_>, call: &mut Call, route: Route) {
        for followed in route.hops.iter().skip(call.hops.len()).filter(|hop| hop.passed_over.is_none()) {
            call.story.hops.push(hop(followed));
        }
        call.hops = route.hops;
        call.is_emergency |= matches!(route.target, Target::Emergency(_));
        match route.target {
            Target::Emergency(emergency::TEST) => self.test_emergency(env, call),
            Target::Emergency(code) => self.call_for_help(env, call, code),
            Target::Code(code) => self.serve(env, call, code),
            Target::Ring { user, seconds } => self.ring(env, call, &user, seconds),
            Target::Voicemail(user) => self.voicemail(env, call, &user),
            Target::Outside { number, by, .. } => self.call_out(env, call, number, by),
            Target::Refused(refusal) => self.turn_away(env, call, refusal),
        }
    }

    /// Nobody took the call at that user: the rules say where it goes instead.
    pub(super) fn go_on(&mut self, env: &mut Env<'_>, call: &mut Call, user: &Arc<DirectoryUser>, ended: Ended) {
        if call.is_test {
            return call.test_failed(env);
        }
        let route = route::next(&env.house(), &call.caller, call.hops.clone(), user, ended);
        self.go(env, call, route);
    }

    fn voicemail(&mut self, env: &mut Env<'_>, call: &mut Call, owner: &Arc<DirectoryUser>) {
        tracing::debug!(call = call.id, user = %owner.user_id, "voicemail answers");
        call.mailbox = Some(owner.clone());
        let by = AnsweredBy::Voicemail(owner.user_id);
        self.run(env, call, Box::new(Deposit::new(owner.clone())), &by);
    }

    fn serve(&mut self, env: &mut Env<'_>, call: &mut Call, code: StarCode) {
        let Caller::User(caller) = call.caller.clone() else {
            return self.turn_away(env, call, route::Refusal::NotInService);
        };
        let dialled = call.dialled.as_str().to_owned();
        let script: Box<dyn Script> = match code {
            StarCode::Voicemail if !caller.rights.voicemail => {
                return self.turn_away(env, call, route::Refusal::NoVoicemail);
            }
            StarCode::Voicemail => Box::new(Mailbox::own(caller)),
            StarCode::OtherVoicemail(extension) => {
                let owner = extension.and_then(|extension| env.directory.extension(caller.account_id, &extension));
                Box::new(Mailbox::of(owner))
            }
            StarCode::LeaveMessage(_) | StarCode::PickUp(_) => {
                return self.turn_away(env, call, route::Refusal::NoVoicemail);
            }
            StarCode::Echo => Box::new(Echo),
            StarCode::TestCall => Box::new(TestCall::default()),
            StarCode::Forward { to, .. } => Box::new(Setting::new(caller, dialled.clone(), to.is_some())),
        };
        self.run(env, call, script, &AnsweredBy::Service(dialled));
    }

    /// The caller hears why there is no call.
    pub(super) fn turn_away(&mut self, env: &mut Env<'_>, call: &mut Call, refusal: route::Refusal) {
        use route::Refusal as Why;
        tracing::debug!(call = call.id, %refusal, "the call is turned away");
        call.story.outcome = Some(outcome(refusal));
        if let (Why::Barred(Barred::Class(_)), Some(user)) = (refusal, call.calling_user()) {
            let (account, user, dialled) = (user.account_id, user.user_id, call.dialled.as_str().to_owned());
            let kind = AlarmKind::DestinationRefused { account, user, dialled };
            env.report(CallReport::Alarm(Alarm { at: env.now.utc, kind }));
        }
        let status = refusal.status();
        let words: Playlist = match refusal {
            Why::NotInService | Why::Code(_) | Why::NotFromOutside => prompt::not_in_service().into(),
            Why::CallerNotLicensed | Why::NoExternalCalls | Why::Barred(_) => Phrase::NotAllowed.prompt().into(),
            Why::NotLicensed | Why::NoTrunk | Why::Unreachable | Why::NoVoicemail => prompt::unavailable().into(),
            // The phone itself shows these.
            Why::Busy | Why::NoAnswer | Why::Declined => return self.refuse(env, call, status),
        };
        let status = if refusal == Why::NoVoicemail { 480 } else { status };
        self.announce(env, call, words, status);
    }
}

impl Call {
    fn begin(&mut self, env: &mut Env<'_>, route: &Route) {
        let callee = match (&route.target, route.hops.first()) {
            (_, Some(Hop { by, .. })) => Some(by.clone()),
            (Target::Ring { user, .. } | Target::Voicemail(user), None) => Some(user.clone()),
            _ => None,
        };
        let dialled = self.dialled.as_str().to_owned();
        let shown = callee.as_ref().map(|callee| party(callee));
        let own = match &self.caller {
            Caller::User(caller) => Some(caller.account_id),
            Caller::Trunk(_) => None,
        };
        let other = callee.as_ref().map(|callee| callee.account_id).filter(|account| Some(*account) != own);
        if let Some(account) = own {
            let is_inside =
                callee.as_ref().is_some_and(|callee| callee.account_id == account) || dialled.starts_with('*');
            let direction = if is_inside { CallDirection::Internal } else { CallDirection::Outbound };
            let caller = self.shown.clone();
            let theirs = shown.clone().map(|party| if is_inside { party } else { CallParty { user: None, ..party } });
            self.story.began(env, account, direction, caller, &dialled, theirs);
        }
        if let Some(account) = other {
            let caller = CallParty { user: None, ..self.shown.clone() };
            self.story.began(env, account, CallDirection::Inbound, caller, &dialled, shown);
        }
    }
}

/// Which hop of the diversion a rule is (RFC 5806 section 4).
pub(super) fn reason(kind: ForwardingKind) -> &'static str {
    match kind {
        ForwardingKind::Always => "unconditional",
        ForwardingKind::Busy => "user-busy",
        ForwardingKind::NoAnswer => "no-answer",
        ForwardingKind::Unreachable => "unavailable",
    }
}

fn outcome(refusal: route::Refusal) -> CallOutcome {
    use route::Refusal as Why;
    match refusal {
        Why::NotInService | Why::Code(_) | Why::NotFromOutside => CallOutcome::NotInService,
        Why::CallerNotLicensed | Why::NoExternalCalls | Why::Barred(_) => CallOutcome::Refused,
        Why::NotLicensed | Why::Unreachable | Why::NoVoicemail => CallOutcome::Unreachable,
        Why::NoTrunk => CallOutcome::Failed,
        Why::Busy => CallOutcome::Busy,
        Why::NoAnswer => CallOutcome::NoAnswer,
        Why::Declined => CallOutcome::Declined,
    }
}

fn no_media(error: &RelayError) -> Refusal {
    tracing::error!(%error, "a call gets no media");
    Refusal::status(503)
}

impl Env<'_> {
    /// What routes are looked up in.
    pub(super) fn house(&self) -> House<'_> {
        House { directory: self.directory, registrar: self.registrar }
    }
}
