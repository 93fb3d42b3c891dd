//! The same fields changed for many users.

use crate::extension::Destination;
use crate::forwarding::{Forwarding, ForwardingRules};
use crate::id::UserId;
use crate::mass_edit::MassEdit;
use crate::plan::{Blocker, BlockerKind, Draft};
use crate::recording::RecordingMode;
use crate::user::User;

impl Draft<'_> {
    pub(super) fn edit_users(&mut self, users: &[UserId], edit: &MassEdit) {
        let fields = edit.fields();
        let summary = format!("Change {} of {}", fields.join(", "), self.whom(users));
        self.plan.summary.clone_from(&summary);
        if fields.is_empty() {
            let message = "choose at least one field to change";
            return self.block(Blocker::field(BlockerKind::Invalid, "fields", message));
        }
        if !self.check_users(users) || !self.check_mass_edit(edit) {
            return;
        }
        let only = self.plan.user_id;
        for id in users {
            let blockers = self.plan.blockers.len();
            let Some(user) = self.user(*id) else { return };
            self.edit_user(&user, edit);
            // A field that is wrong for one of many is told with the name, not beside the field alone.
            if users.len() > 1 {
                let name = user.profile.full_name();
                for blocker in &mut self.plan.blockers[blockers..] {
                    blocker.message = format!("{name}: {}", blocker.message);
                    blocker.user_id = Some(*id);
                }
            }
        }
        if let Some(mode) = edit.recording.filter(|_| !self.plan.blocked()) {
            self.record_calls_of(users, mode);
        }
        self.plan.summary = summary;
        self.plan.user_id = only;
        self.plan.e911.dedup();
    }

    /// What is wrong for all of them is said once.
    fn check_mass_edit(&mut self, edit: &MassEdit) -> bool {
        let blockers = self.plan.blockers.len();
        if edit.location_id.get().is_some_and(|id| !self.facts.locations.contains_key(id)) {
            self.block(Blocker::field(BlockerKind::NotFound, "location_id", "choose a location from the list"));
        }
        if edit.department_id.get().is_some_and(|id| !self.facts.departments.contains_key(id)) {
            self.block(Blocker::field(BlockerKind::NotFound, "department_id", "choose a department from the list"));
        }
        if let Some(Destination::Extension(to)) = edit.unreachable.get()
            && !self.facts.taken.extensions.contains_key(to)
        {
            let message = format!("nobody has extension {to}; choose one that exists, or a phone number");
            self.block(Blocker::field(BlockerKind::Invalid, "unreachable", message));
        }
        self.plan.blockers.len() == blockers
    }

    fn edit_user(&mut self, user: &User, edit: &MassEdit) {
        let profile = edit.over(&user.profile);
        if profile.email_voicemails && !user.profile.email_voicemails && profile.email.is_none() {
            let message = "there is no address that voicemails could be sent to; fill it in first";
            self.block(Blocker::field(BlockerKind::Invalid, "email_voicemails", message));
        }
        if profile != user.profile {
            self.edit_profile(user.id, None, &profile);
        }
        if let Some(seconds) = edit.ring_seconds {
            self.ring_for(user, seconds);
        }
    }

    fn ring_for(&mut self, user: &User, seconds: u16) {
        let before = self.facts.forwarding.get(&user.id).cloned();
        let rules = before.as_ref().map(|forwarding| forwarding.rules.clone()).unwrap_or_default();
        let rules = ForwardingRules { ring_seconds: seconds, ..rules };
        match before {
            Some(before) => {
                let after = Forwarding { rules, ..before.clone() };
                self.update(before, after);
            }
            None if rules == ForwardingRules::default() => {}
            None => self.create(Forwarding { user_id: user.id, account_id: user.account_id, version: 1, rules }),
        }
    }

    fn record_calls_of(&mut self, users: &[UserId], mode: RecordingMode) {
        let warnings = self.plan.warnings.len();
        self.set_recording(users, mode);
        let unlicensed = self.plan.warnings.len() - warnings;
        if unlicensed > 1 {
            self.plan.warnings.truncate(warnings);
            let message = format!(
                "{unlicensed} of them hold no license with call recording; nothing is recorded until one is assigned"
            );
            self.warn(None, message);
        }
    }
}
