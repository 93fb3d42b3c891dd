//! Forwarding, and what may stand as a destination.

use crate::extension::{Destination, Extension};
use crate::forwarding::{Forwarding, ForwardingRules};
use crate::id::UserId;
use crate::plan::{Blocker, BlockerKind, Draft};
use crate::user::{Profile, User};

impl Draft<'_> {
    pub(super) fn set_forwarding(
        &mut self,
        id: UserId,
        version: Option<i64>,
        rules: &ForwardingRules,
        unreachable: Option<&Destination>,
    ) {
        let Some(user) = self.user(id) else { return };
        self.plan.summary = format!("Change {}'s forwarding", user.profile.full_name());
        self.plan.user_id = Some(id);
        let before = self.facts.forwarding.get(&id).cloned();
        self.check_version(version, before.as_ref().map_or(0, |forwarding| forwarding.version), "forwarding");
        let was = before.as_ref().map(|forwarding| forwarding.rules.clone()).unwrap_or_default();
        for (kind, to) in rules.set() {
            self.check_destination(&user, kind.as_str(), to, was.get(kind));
        }
        if let Some(to) = unreachable {
            self.check_destination(&user, "unreachable", to, user.profile.unreachable.as_ref());
        }
        let after = Forwarding {
            user_id: id,
            account_id: user.account_id,
            version: before.as_ref().map_or(1, |forwarding| forwarding.version),
            rules: rules.clone(),
        };
        match before {
            Some(before) => self.update(before, after),
            None if *rules == ForwardingRules::default() => {}
            None => self.create(after),
        }
        let profile = Profile { unreachable: unreachable.cloned(), ..user.profile.clone() };
        self.update(user.clone(), User { profile, ..user });
    }

    /// A rule that stood before stays as it is, whatever was shut since: the switch passes it over and says so.
    fn check_destination(&mut self, user: &User, field: &str, to: &Destination, before: Option<&Destination>) {
        if before == Some(to) {
            return;
        }
        let own = user.profile.extension.as_ref();
        let blocker =
            self.destination_blocker(user.id, own, field, to).or_else(|| self.out_of_the_house(user, field, to));
        self.plan.blockers.extend(blocker);
    }

    /// Not one's own, and somebody there.
    pub(super) fn destination_blocker(
        &self,
        user: UserId,
        own: Option<&Extension>,
        field: &str,
        to: &Destination,
    ) -> Option<Blocker> {
        let message = match to {
            Destination::Extension(to) if own == Some(to) => {
                "this is the user's own extension; choose another destination".to_owned()
            }
            Destination::Extension(to) if !self.facts.taken.extensions.contains_key(to) => {
                format!("nobody has extension {to}; choose one that exists, or a phone number")
            }
            Destination::Number(to) if self.facts.numbers_of(user).any(|number| number.number == *to) => {
                "this is the user's own number; choose another destination".to_owned()
            }
            _ => return None,
        };
        Some(Blocker::field(BlockerKind::Invalid, field, message))
    }

    /// Calls leave on the rights of the one who forwards: what they may not dial, they may not forward to.
    fn out_of_the_house(&self, user: &User, field: &str, to: &Destination) -> Option<Blocker> {
        let Destination::Number(number) = to else { return None };
        if !self.facts.rights(user.id).external_calls {
            let message =
                "the user's license allows no calls to phone numbers; choose an extension, or assign one that does";
            return Some(Blocker::field(BlockerKind::MissingLicense, field, message));
        }
        let country = self.facts.account.settings.country;
        let barred = self.facts.call_rules().outbound.allows(number.as_str(), country).err()?;
        let message = format!("{barred}; an administrator opens them under Settings, Calls");
        Some(Blocker::field(BlockerKind::Invalid, field, message))
    }
}
