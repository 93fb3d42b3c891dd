//! Calls that are broken off: the caller gives up or is gone, an administrator ends them, the switch stops.

use lineside_model::{call_report::CallOutcome, id::CallId};
use lineside_sip::TransactionKey;

use super::{Call, CallNumber, Calls, Env, Stage};
use crate::edge::OUTBOUND_FLOWS;

impl Calls {
    /// A caller whose connection closed before an answer has gone. What goes on over a carrier's connection goes on over the
    /// next.
    pub(crate) fn flow_lost(&mut self, env: &mut Env<'_>, flow_id: u64) {
        if flow_id >= OUTBOUND_FLOWS {
            for call in self.open.values_mut() {
                let Some(trunk) = call.story.trunk else { continue };
                for side in call.sides.iter_mut().flatten().filter(|side| side.flow.id == flow_id) {
                    side.flow = env.trunks.again(env.told, env.rules, env.udp, trunk, side.flow);
                }
            }
        }
        let is_gone = |call: &Call| {
            call.invite.flow.id == flow_id && matches!(call.stage, Stage::Ringing(_) | Stage::Announcing { .. })
        };
        let gone: Vec<CallNumber> = self.open.values().filter(|call| is_gone(call)).map(|call| call.id).collect();
        for id in gone {
            self.with(env, id, |calls, env, call| calls.give_up(env, call, 487, CallOutcome::Cancelled));
        }
    }

    pub(crate) fn hang_up_all(&mut self, env: &mut Env<'_>) {
        for id in self.open.keys().copied().collect::<Vec<_>>() {
            self.with(env, id, |calls, env, call| match call.stage {
                Stage::Talking { .. } | Stage::Script(_) | Stage::Ending => calls.hang_up(env, call, None),
                _ => calls.give_up(env, call, 503, CallOutcome::Failed),
            });
        }
    }

    /// Ends one call, because an administrator wants it.
    pub(crate) fn hang_up_call(&mut self, env: &mut Env<'_>, call: CallId) {
        let found = self.open.values().find(|open| open.story.is_known_as(call)).map(|open| open.id);
        let Some(id) = found else { return };
        self.with(env, id, |calls, env, call| match call.stage {
            Stage::Talking { .. } | Stage::Script(_) | Stage::Ending => calls.hang_up(env, call, None),
            _ => calls.give_up(env, call, 480, CallOutcome::Refused),
        });
    }

    pub(super) fn cancelled(&mut self, env: &mut Env<'_>, key: TransactionKey) {
        let Some(&id) = self.incoming.get(&key) else { return };
        self.with(env, id, |calls, env, call| {
            if call.invite.key == key {
                calls.give_up(env, call, 487, CallOutcome::Cancelled);
            } else {
                calls.cancel_forward(env, call, key);
            }
        });
    }
}
