//! Recordings, from their beginning until it is known what becomes of them; they end a little after their calls.

use std::{path::PathBuf, time::Duration};

use lineside_media::relay::Recorded;
use lineside_model::{
    call_report::{CallRecorded, CallReport, MessageLeft},
    voicemail::MESSAGE_MIN_MS,
};

use super::{Call, CallNumber, Calls, Env, Stage};
use crate::{
    script::{self, Heard},
    told::Job,
};

/// Less than this in a message is a cough on the way to hanging up.
const VOICED: Duration = Duration::from_millis(500);

/// What becomes of a recording when it ends, whether the call still stands or not.
#[derive(Debug)]
pub(super) struct Kept {
    call: CallNumber,
    what: KeptAs,
}

#[derive(Debug)]
pub(super) enum KeptAs {
    Message(Box<MessageLeft>),
    Draft,
    Call(Box<CallRecorded>),
}

impl Calls {
    /// Remembers what a recording is for: here, and beside the file for after a crash.
    pub(super) fn keep(&mut self, env: &mut Env<'_>, call: &Call, path: PathBuf, what: KeptAs) {
        if let Some(report) = what.report() {
            env.told.job(Job::Note(path.clone(), Box::new(report)));
        }
        self.recordings.insert(path, Kept { call: call.id, what });
    }

    pub(super) fn recorded(&mut self, env: &mut Env<'_>, recorded: Recorded) {
        let Some(Kept { call, what }) = self.recordings.remove(&recorded.path) else { return };
        let duration_ms = u32::try_from(recorded.duration.as_millis()).unwrap_or(u32::MAX);
        match what {
            KeptAs::Message(message) if duration_ms < MESSAGE_MIN_MS || recorded.voiced < VOICED => {
                tracing::debug!(user = %message.user, duration_ms, "a message in which nobody speaks was dropped");
                env.told.job(Job::Drop(recorded.path.clone()));
            }
            KeptAs::Message(message) => {
                env.report(CallReport::MessageLeft(MessageLeft { duration_ms, ..*message }));
            }
            KeptAs::Call(call) if recorded.samples > 0 => {
                env.report(CallReport::Recorded(CallRecorded { duration_ms, ..*call }));
            }
            KeptAs::Call(_) => env.told.job(Job::Drop(recorded.path.clone())),
            // Nobody is left to say that it is good.
            KeptAs::Draft if !self.open.contains_key(&call) => env.told.job(Job::Drop(recorded.path.clone())),
            KeptAs::Draft => {}
        }
        self.with(env, call, |calls, env, call| {
            call.recorder.ended(&recorded.path);
            let Stage::Script(running) = &mut call.stage else { return };
            if running.record.take_if(|path| *path == recorded.path).is_some() {
                let Recorded { path, duration, voiced, .. } = recorded;
                calls.hear(env, call, Heard::Recorded(script::Recorded { path, duration, voiced }));
            }
        });
    }
}

impl KeptAs {
    fn report(&self) -> Option<CallReport> {
        match self {
            KeptAs::Message(message) => Some(CallReport::MessageLeft((**message).clone())),
            KeptAs::Call(call) => Some(CallReport::Recorded((**call).clone())),
            KeptAs::Draft => None,
        }
    }
}
