//! Who is in a call, and as whom the other side sees them.

use std::sync::Arc;

use lineside_media::relay::Leg;
use lineside_model::{call_report::CallParty, directory::DirectoryUser, id::AccountId, route::Caller};

use super::{Call, Stage, ring::Callee, story::party};

impl Call {
    /// The account whose rules hold for the caller.
    pub(super) fn account(&self) -> Option<AccountId> {
        match &self.caller {
            Caller::User(caller) => Some(caller.account_id),
            Caller::Trunk(account) => *account,
        }
    }

    /// The caller as this callee sees it: a colleague by the extension, anybody else by a number.
    pub(super) fn shown_to(&self, callee: &DirectoryUser) -> CallParty {
        match &self.caller {
            _ if self.is_transferred => self.shown.clone(),
            Caller::User(caller) if caller.account_id != callee.account_id => CallParty {
                user: None,
                number: caller.caller_id().map(|number| number.as_str().into()).unwrap_or_default(),
                name: caller.display_name.as_str().into(),
            },
            Caller::User(caller) => party(caller),
            Caller::Trunk(_) => self.shown.clone(),
        }
    }

    /// The user at a leg; nobody for a trunk.
    pub(super) fn user_at(&self, leg: Leg) -> Option<&Arc<DirectoryUser>> {
        if leg == Leg::A { self.calling_user() } else { self.callee.as_ref() }
    }

    pub(super) fn set_user_at(&mut self, leg: Leg, user: Arc<DirectoryUser>) {
        if leg == Leg::A {
            self.caller = Caller::User(user);
        } else {
            self.callee = Some(user);
        }
    }

    pub(super) fn calling_user(&self) -> Option<&Arc<DirectoryUser>> {
        match &self.caller {
            Caller::User(caller) => Some(caller),
            Caller::Trunk(_) => None,
        }
    }

    pub(super) fn has(&self, user: &DirectoryUser) -> bool {
        self.calling_user().into_iter().chain(&self.callee).any(|party| party.user_id == user.user_id)
    }

    /// Whose phones ring now.
    pub(super) fn rung_user(&self) -> Option<&Arc<DirectoryUser>> {
        let Stage::Ringing(rings) = &self.stage else { return None };
        match &rings.callee {
            Callee::User(user) => Some(user),
            Callee::Outside(_) => None,
        }
    }
}
