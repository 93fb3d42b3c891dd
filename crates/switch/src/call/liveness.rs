//! Whether the phones of a call are still there. One that lost its power sends no BYE, and the call would keep its ports
//! for ever; so a leg that has sent no media for a while is asked (OPTIONS within the dialog), as one on hold may be.

use std::time::Duration;

use lineside_media::relay::Leg;
use lineside_sip::{Method, TransactionKey};

use super::{Call, Calls, Env, Stage};

/// How often a call is looked at.
pub(super) const INTERVAL: Duration = Duration::from_mins(5);

/// A question to a leg that has no answer yet.
pub(super) struct Probe {
    pub(super) key: TransactionKey,
    leg: Leg,
}

impl Calls {
    /// Asks each leg from which nothing was heard since the last time.
    pub(super) fn look_after(&mut self, env: &mut Env<'_>, call: &mut Call) {
        if let (Some((_, account)), Some(answered)) = (call.outside, call.answered) {
            let longest = env.directory.account(account).map(|account| account.rules.outbound.limits.call_minutes);
            let longest = longest.map(|minutes| Duration::from_mins(u64::from(minutes)));
            if longest.is_some_and(|longest| env.now.instant.saturating_duration_since(answered) >= longest) {
                return self.hang_up(env, call, None);
            }
        }
        call.stage = Stage::Talking { check: env.now.instant + INTERVAL };
        for leg in [Leg::A, Leg::B] {
            let heard = call.media.as_ref().map_or(0, |media| media.stats(leg).packets);
            let Some(side) = call.side(leg) else { continue };
            if std::mem::replace(&mut side.heard, heard) != heard || side.answer.is_some() {
                continue;
            }
            let options = side.dialog.request(Method::Options);
            let key = env.request(side.flow, &options);
            self.outgoing.insert(key, call.id);
            call.probes.push(Probe { key, leg });
        }
    }

    /// A leg answered, or failed to. Any answer will do but those that say that there is no such call (RFC 3261 section
    /// 12.2.1.2).
    pub(super) fn probed(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey, status: u16) {
        let Some(position) = call.probes.iter().position(|probe| probe.key == key) else { return };
        if status < 200 {
            return;
        }
        let probe = call.probes.remove(position);
        if matches!(status, 408 | 481) {
            self.hang_up(env, call, Some(probe.leg));
        }
    }
}
