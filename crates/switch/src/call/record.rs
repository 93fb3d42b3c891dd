//! Calls that are recorded: by the choice of a user in it, from the answer on, or on demand by `*1`; `*2` pauses. Emergency
//! calls are not, unless the account decided so.

use std::{sync::Arc, time::Duration};

use lineside_media::{
    phrase::Phrase,
    playlist::Playlist,
    relay::{Leg, RecordRequest},
};
use lineside_model::{
    call_report::{CallDirection, CallParty, CallRecorded},
    directory::DirectoryUser,
    id::CallId,
    recording::RecordingMode,
    route::Caller,
};

use super::{Call, Calls, Env, perform::KeptAs, story::party};

/// A call that lasts longer is somebody's forgotten receiver.
const LONGEST: Duration = Duration::from_hours(6);
const BEEP: Duration = Duration::from_secs(15);

/// What is recorded of a call now.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    is_on: bool,
    is_paused: bool,
    /// `*` was pressed on that leg.
    star: Option<Leg>,
}

impl Calls {
    /// The call was answered: if somebody in it wants all such calls recorded, this one is.
    pub(super) fn start_recording(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let wants = |user: &&Arc<DirectoryUser>, inbound: bool| user.recording().records(inbound);
        let caller = call.calling_user().filter(|user| wants(user, false));
        let owner = caller.or_else(|| call.callee.as_ref().filter(|user| wants(user, true))).cloned();
        if let Some(owner) = owner {
            self.record_call(env, call, &owner);
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
        match (digit, call.recorder.is_on) {
            ('1', false) => self.record_call(env, call, &user),
            // What a setting records, no key stops; a pause is its most.
            ('1', true) if user.recording() == RecordingMode::OnDemand => call.stop_recording(),
            ('2', true) => {
                call.recorder.is_paused = !call.recorder.is_paused;
                if let Some(media) = &call.media {
                    media.pause_recording(call.recorder.is_paused);
                }
            }
            _ => {}
        }
    }

    fn record_call(&mut self, env: &mut Env<'_>, call: &mut Call, owner: &Arc<DirectoryUser>) {
        let rules = env.directory.account(owner.account_id).map(|account| account.rules.recording.clone());
        let rules = rules.unwrap_or_default();
        if call.dialled.emergency().is_some() && !rules.emergency {
            return;
        }
        let path = env.rules.spool.join(format!("{}.wav", env.mint()));
        let is_made = call.calling_user().is_some_and(|user| user.user_id == owner.user_id);
        let callee = call.callee.as_ref().map_or_else(
            || CallParty { number: call.dialled.as_str().to_owned(), ..CallParty::default() },
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
        self.keep(env, call, path.clone(), KeptAs::Call(Box::new(template)));
        let Some(media) = &call.media else { return };
        if rules.announce {
            for leg in [Leg::A, Leg::B] {
                media.play(leg, Playlist::from(Phrase::Recorded.prompt()));
            }
        }
        let mut request = RecordRequest::call(path, LONGEST);
        request.beep = rules.beep.then_some(BEEP);
        media.record(request);
        call.recorder.is_on = true;
    }
}

impl Call {
    fn stop_recording(&mut self) {
        self.recorder.is_on = false;
        if let Some(media) = &self.media {
            media.stop_recording();
        }
    }

    pub(super) fn calling_user(&self) -> Option<&Arc<DirectoryUser>> {
        match &self.caller {
            Caller::User(caller) => Some(caller),
            Caller::Trunk(_) => None,
        }
    }
}
