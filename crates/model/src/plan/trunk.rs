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
        let account_id = Some(self.facts.account.id);
        let (settings, password, created_at) = (settings.clone(), password.cloned(), self.context.now);
        let trunk = Trunk { id, account_id, version: 1, settings, serves: None, password, created_at };
        self.check_trunk(&trunk);
        self.create(trunk);
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
        let after = Trunk { settings: settings.clone(), password, ..trunk.clone() };
        self.check_trunk(&after);
        if trunk.settings.enabled && !settings.enabled {
            self.warn(None, "no new call goes over this trunk while it is off; calls that go on are not ended");
        }
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

    fn check_trunk(&mut self, trunk: &Trunk) {
        for blocker in blockers(self.facts.trunks.values(), trunk) {
            self.block(blocker);
        }
    }
}

/// What is wrong with a trunk beside these, which may be itself as it was.
pub(super) fn blockers<'a>(others: impl IntoIterator<Item = &'a Trunk>, trunk: &Trunk) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    let name = |trunk: &Trunk| fold(trunk.settings.name.as_str());
    if others.into_iter().any(|other| other.id != trunk.id && name(other) == name(trunk)) {
        let message = format!("there is a trunk {} already; choose another name", trunk.settings.name);
        blockers.push(Blocker::field(BlockerKind::Taken, "name", message));
    }
    if trunk.settings.register && trunk.password.is_none() {
        let message = "a trunk that registers needs the password that the carrier gave";
        blockers.push(Blocker::field(BlockerKind::Invalid, "password", message));
    }
    blockers
}
