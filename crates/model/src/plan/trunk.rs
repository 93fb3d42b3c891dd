//! Trunks: add, edit, delete.

use crate::id::TrunkId;
use crate::plan::{Blocker, BlockerKind, Draft};
use crate::secret::Opaque;
use crate::text::fold;
use crate::trunk::{TRUNKS_MAX, Trunk, TrunkSettings};

impl Draft<'_> {
    pub(super) fn add_trunk(&mut self, settings: &TrunkSettings, password: Option<&Opaque>) {
        self.plan.summary = format!("Add trunk {}", settings.name);
        let id = self.id.new_trunk_id();
        if self.facts.trunks.len() >= TRUNKS_MAX {
            let message = format!("an account has at most {TRUNKS_MAX} trunks; delete one first");
            self.block(Blocker::new(BlockerKind::InUse, message, Vec::new()));
        }
        self.check_trunk(id, settings, password.is_some());
        let account_id = self.facts.account.id;
        let (settings, password, created_at) = (settings.clone(), password.cloned(), self.context.now);
        self.create(Trunk { id, account_id, version: 1, settings, password, created_at });
    }

    pub(super) fn edit_trunk(
        &mut self,
        id: TrunkId,
        version: Option<i64>,
        settings: &TrunkSettings,
        password: Option<&Opaque>,
    ) {
        let Some(trunk) = self.trunk(id) else { return };
        self.plan.summary = format!("Change trunk {}", trunk.settings.name);
        self.check_version(version, trunk.version, "trunk");
        let password = password.or(trunk.password.as_ref()).cloned();
        self.check_trunk(id, settings, password.is_some());
        if trunk.settings.enabled && !settings.enabled {
            self.warn(None, "no new call goes over this trunk while it is off; calls that go on are not ended");
        }
        let after = Trunk { settings: settings.clone(), password, ..trunk.clone() };
        self.update(trunk, after);
    }

    pub(super) fn delete_trunk(&mut self, id: TrunkId) {
        let Some(trunk) = self.trunk(id) else { return };
        self.plan.summary = format!("Delete trunk {}", trunk.settings.name);
        let others = self.facts.trunks.values().any(|other| other.id != id && other.settings.enabled);
        if trunk.settings.enabled && !others {
            self.warn(
                None,
                "this is the account's only trunk: calls go over the operator's from then on, if there is one",
            );
        }
        self.delete(trunk);
    }

    fn trunk(&mut self, id: TrunkId) -> Option<Trunk> {
        let trunk = self.facts.trunks.get(&id).cloned();
        if trunk.is_none() {
            self.block(Blocker::not_found("trunk"));
        }
        trunk
    }

    fn check_trunk(&mut self, id: TrunkId, settings: &TrunkSettings, has_password: bool) {
        let name = fold(settings.name.as_str());
        if self.facts.trunks.values().any(|other| other.id != id && fold(other.settings.name.as_str()) == name) {
            let message = format!("there is a trunk {} already; choose another name", settings.name);
            self.block(Blocker::field(BlockerKind::Taken, "name", message));
        }
        if settings.register && !has_password {
            let message = "a trunk that registers needs the password that the carrier gave";
            self.block(Blocker::field(BlockerKind::Invalid, "password", message));
        }
    }
}
