//! Calls that are recorded: by the choice of a user in it, from the answer on, or on demand by `*1`; `*2` pauses. Where the
//! account says so both parties are told first, and hear each other only afterwards. When a call changes hands the choice of
//! who is in it now counts. Emergency calls are not recorded, unless the account decided so.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_media::{
    phrase::Phrase,
    playlist::Playlist,
    relay::{Leg, RecordRequest},
};
use lineside_model::{
    call_report::{CallDirection, CallParty, CallRecorded},
    directory::DirectoryUser,
    id::CallId,
    recording::{RecordingMode, RecordingRules},
    route::Caller,
};
use lineside_sip::Token;

use super::{Call, Calls, Env, index, kept::KeptAs, story::party};

/// A call that lasts longer is somebody's forgotten receiver.
const LONGEST: Duration = Duration::from_hours(6);
const BEEP: Duration = Duration::from_secs(15);
/// Until the phone that has just answered plays what it hears.
const PICKING_UP: Duration = Duration::from_millis(300);

/// What is recorded of a call now.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    state: State,
    /// Whose phone has heard that the call is recorded, on each leg.
    told: [Option<Token>; 2],
    /// `*` was pressed on that leg.
    star: Option<Leg>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Off,
    /// The parties are told, and recorded from then on.
    Telling { owner: Arc<DirectoryUser>, until: Instant },
    On {
        owner: Arc<DirectoryUser>,
        path: PathBuf,
        /// By a key.
        is_paused: bool,
        /// Somebody new is told, and recorded from then on.
        until: Option<Instant>,
    },
}

impl Recorder {
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Off => None,
            State::Telling { until, .. } => Some(*until),
            State::On { until, .. } => *until,
        }
    }

    fn owner(&self) -> Option<&Arc<DirectoryUser>> {
        match &self.state {
            State::Off => None,
            State::Telling { owner, .. } | State::On { owner, .. } => Some(owner),
        }
    }

    /// A recording has ended by itself.
    pub(super) fn ended(&mut self, recorded: &PathBuf) {
        if matches!(&self.state, State::On { path, .. } if path == recorded) {
            self.state = State::Off;
        }
    }
}

impl Calls {
    /// Something of a call is recorded now, or will be once the parties are told.
    #[cfg(test)]
    pub(crate) fn records(&self) -> bool {
        self.open.values().any(|call| call.recorder.owner().is_some())
    }

    /// People talk, or others than before: what they want recorded is, and what nobody wants any more is not.
    pub(super) fn start_recording(&mut self, env: &mut Env<'_>, call: &mut Call) {
        // A recorded call may have come together with one for help.
        let may_go_on = |owner: &DirectoryUser| !call.is_emergency || rules(env, owner).emergency;
        if call.recorder.owner().is_some_and(|owner| call.has(owner) && may_go_on(owner)) {
            return call.tell_new(env);
        }
        call.stop_recording();
        let wants = |user: &&Arc<DirectoryUser>, inbound: bool| user.recording().records(inbound);
        let caller = call.calling_user().filter(|user| wants(user, false));
        let owner = caller.or_else(|| call.callee.as_ref().filter(|user| wants(user, true))).cloned();
        if let Some(owner) = owner {
            self.record_call(env, call, owner);
        }
    }

    /// Keys in a call: `*1` starts and stops, `*2` pauses and goes on.
    pub(super) fn feature_key(&mut self, env: &mut Env<'_>, call: &mut Call, leg: Leg, digit: char) {
        if digit == '*' {
            call.recorder.star = Some(leg);
            return;
        }
        if call.recorder.star.take() != Some(leg) {
            return;
        }
        let user = if leg == Leg::A { call.calling_user() } else { call.callee.as_ref() };
        let Some(user) = user.filter(|user| user.recording() != RecordingMode::Off).cloned() else { return };
        match (digit, &mut call.recorder.state) {
            ('1', State::Off) => self.record_call(env, call, user),
            // What a setting records, no key stops; a pause is its most.
            ('1', _) if user.recording() == RecordingMode::OnDemand => call.stop_recording(),
            ('2', State::On { is_paused, until, .. }) => {
                *is_paused = !*is_paused;
                let is_paused = *is_paused || until.is_some();
                if let Some(media) = &call.media {
                    media.pause_recording(is_paused);
                }
            }
            _ => {}
        }
    }

    /// Those who had to be told have been.
    pub(super) fn recording_due(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let now = env.now.instant;
        match &mut call.recorder.state {
            State::Telling { owner, until } if *until <= now => {
                let owner = owner.clone();
                self.begin_recording(env, call, owner);
            }
            State::On { is_paused, until, .. } if until.is_some_and(|until| until <= now) => {
                *until = None;
                let is_paused = *is_paused;
                if let Some(media) = &call.media {
                    media.pause_recording(is_paused);
                }
            }
            _ => {}
        }
    }

    fn record_call(&mut self, env: &mut Env<'_>, call: &mut Call, owner: Arc<DirectoryUser>) {
        let rules = rules(env, &owner);
        if call.is_emergency && !rules.emergency {
            return;
        }
        // Nobody is kept from being heard who calls for help.
        let told = if call.is_emergency { None } else { call.announce_recording(env, &rules) };
        match told {
            Some(until) => call.recorder.state = State::Telling { owner, until },
            None => self.begin_recording(env, call, owner),
        }
    }

    fn begin_recording(&mut self, env: &mut Env<'_>, call: &mut Call, owner: Arc<DirectoryUser>) {
        let path = env.rules.spool.join(format!("{}.wav", env.mint()));
        let is_made = call.calling_user().is_some_and(|user| user.user_id == owner.user_id);
        let callee = call.callee.as_ref().map_or_else(
            || CallParty { number: call.dialled.as_str().into(), ..CallParty::default() },
            |callee| party(callee),
        );
        let template = CallRecorded {
            call: call.story.call(owner.account_id).unwrap_or(CallId(uuid::Uuid::nil())),
            account: owner.account_id,
            user: owner.user_id,
            caller: call.shown.clone(),
            callee,
            direction: if is_made { CallDirection::Outbound } else { CallDirection::Inbound },
            at: env.now.utc,
            duration_ms: 0,
            audio: path.clone(),
        };
        let Some(media) = &call.media else { return call.stop_recording() };
        self.keep(env, call, path.clone(), KeptAs::Call(Box::new(template)));
        let mut request = RecordRequest::call(path.clone(), LONGEST);
        request.beep = rules(env, &owner).beep.then_some(BEEP);
        media.record(request);
        call.recorder.state = State::On { owner, path, is_paused: false, until: None };
    }
}

impl Call {
    /// The recording goes on, once those who came have been told.
    fn tell_new(&mut self, env: &Env<'_>) {
        let Some(owner) = self.recorder.owner().cloned() else { return };
        let told = if self.is_emergency { None } else { self.announce_recording(env, &rules(env, &owner)) };
        match (&mut self.recorder.state, told) {
            (State::Telling { until, .. }, Some(told)) => *until = told,
            (State::On { until, .. }, Some(told)) => {
                *until = Some(told);
                if let Some(media) = &self.media {
                    media.pause_recording(true);
                }
            }
            _ => {}
        }
    }

    /// Tells those who do not know it that the call is recorded; until when that takes. Nobody hears the other meanwhile.
    fn announce_recording(&mut self, env: &Env<'_>, rules: &RecordingRules) -> Option<Instant> {
        let media = self.media.as_ref().filter(|_| rules.announce)?;
        let tag = |leg: Leg| self.sides[index(leg)].as_ref().map(|side| side.tag);
        let is_told = |leg: Leg| self.recorder.told[index(leg)] == tag(leg);
        let legs = [Leg::A, Leg::B];
        if legs.into_iter().all(is_told) {
            return None;
        }
        let prompt = Phrase::Recorded.prompt();
        let words = Playlist::new().silence(PICKING_UP).prompt(prompt);
        let length = words.duration();
        for leg in legs {
            let heard = if is_told(leg) { Playlist::new().silence(length) } else { words.clone() };
            media.play(leg, heard);
        }
        self.recorder.told = legs.map(tag);
        Some(env.now.instant + length)
    }

    pub(super) fn stop_recording(&mut self) {
        let state = std::mem::take(&mut self.recorder.state);
        if let (State::On { .. }, Some(media)) = (state, &self.media) {
            media.stop_recording();
        }
    }

    /// Its owner leaves the call.
    pub(super) fn stop_recording_of(&mut self, leaving: &Caller) {
        let Caller::User(leaving) = leaving else { return };
        if self.recorder.owner().is_some_and(|owner| owner.user_id == leaving.user_id) {
            self.stop_recording();
        }
    }
}

fn rules(env: &Env<'_>, owner: &DirectoryUser) -> RecordingRules {
    env.directory.account(owner.account_id).map(|account| account.rules.recording.clone()).unwrap_or_default()
}
