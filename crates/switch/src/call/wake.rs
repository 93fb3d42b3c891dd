//! When calls have something to do, if nothing happens before.

use std::time::{Duration, Instant};

use super::{Call, Calls, Env, Side, Stage};

impl Calls {
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.wakes.first().map(|(wake, _)| *wake)
    }

    pub(crate) fn handle_timeout(&mut self, env: &mut Env<'_>) {
        let now = env.now.instant;
        self.forget_ended(now);
        // Each once: one that is due again already waits for the next time.
        let later = self.wakes.split_off(&(now + Duration::from_nanos(1), 0));
        for (_, id) in std::mem::replace(&mut self.wakes, later) {
            self.with(env, id, |calls, env, call| {
                call.wake = None;
                calls.recording_due(env, call);
                calls.repeat_progress(env, call);
                calls.repeat_answers(env, call);
                calls.keep_sessions(env, call);
                calls.invite_due(env, call);
                calls.stage_due(env, call);
            });
        }
    }

    pub(super) fn schedule(&mut self, call: &mut Call) {
        let due = call.next_timeout();
        if call.wake != due {
            if let Some(wake) = call.wake.take() {
                self.wakes.remove(&(wake, call.id));
            }
            if let Some(due) = due {
                self.wakes.insert((due, call.id));
            }
            call.wake = due;
        }
    }
}

impl Call {
    fn next_timeout(&self) -> Option<Instant> {
        let stage = match &self.stage {
            Stage::Announcing { until, .. } => Some(*until),
            Stage::Ringing(rings) => Some(rings.next_timeout()),
            Stage::Script(running) => running.next_timeout(),
            Stage::Talking { check } => Some(*check),
            Stage::Ending => None,
        };
        let sides = self.sides.iter().flatten().filter_map(Side::next_timeout);
        sides.chain(stage).chain(self.early.next_timeout()).chain(self.recorder.next_timeout()).min()
    }
}
