//! Confirming where a user is when dialling 911.

use crate::address::CivicAddress;
use crate::e911::{Confirmation, E911Address};
use crate::id::UserId;
use crate::phone_number::E164;
use crate::plan::user::primary_number;
use crate::plan::{Blocker, BlockerKind, Draft};

impl Draft<'_> {
    pub(super) fn confirm_e911(
        &mut self,
        id: UserId,
        address: &CivicAddress,
        callback: Option<&E164>,
        confirmed: bool,
    ) {
        let Some(user) = self.user(id) else { return };
        let name = user.profile.full_name();
        self.plan.user_id = Some(id);
        self.plan.summary =
            if confirmed { format!("Confirm {name}'s E911 address") } else { format!("Save {name}'s E911 address") };
        let callback =
            callback.cloned().or_else(|| primary_number(&self.facts, id).map(|number| number.number.clone()));
        if confirmed && callback.is_none() && user.profile.extension.is_none() {
            let message = "give a callback number: this user has neither a phone number nor an extension";
            self.block(Blocker::field(BlockerKind::Invalid, "callback", message));
        }
        let confirmation = confirmed.then(|| Confirmation { at: self.context.now, by: self.context.actor.to_owned() });
        let after = E911Address {
            user_id: id,
            account_id: user.account_id,
            version: self.facts.e911.get(&id).map_or(1, |e911| e911.version),
            address: address.clone(),
            callback,
            confirmed: confirmation,
        };
        self.plan.e911.push(if confirmed {
            format!("Emergency services are sent to {}", address.one_line())
        } else {
            format!("{} is saved and waits to be confirmed", address.one_line())
        });
        match self.facts.e911.get(&id).cloned() {
            Some(before) => self.update(before, after),
            None => self.create(after),
        }
    }

    pub(super) fn confirm_own_e911(&mut self, id: UserId, address: &CivicAddress) {
        let callback = self.facts.e911.get(&id).and_then(|e911| e911.callback.clone());
        self.confirm_e911(id, address, callback.as_ref(), true);
    }

    /// A device that joins or moves may ring elsewhere: a confirmed address opens again.
    pub(super) fn reopen_e911(&mut self, user_id: UserId, why: &str) {
        let Some(e911) = self.facts.e911.get(&user_id).filter(|e911| e911.confirmed.is_some()).cloned() else { return };
        let after = E911Address { confirmed: None, ..e911.clone() };
        self.plan.e911.push(format!("The E911 address has to be confirmed anew: {why}"));
        self.warn(Some(user_id), format!("the E911 address opens again: {why}"));
        self.update(e911, after);
    }
}
