//! Keys of a phone that light up with colleagues' calls.

use std::collections::BTreeSet;

use crate::device::{Device, DeviceModel};
use crate::id::{DeviceId, UserId};
use crate::plan::{Blocker, BlockerKind, Draft};

const FIELD: &str = "lamp_keys";

impl Draft<'_> {
    pub(super) fn set_lamp_keys(&mut self, id: DeviceId, version: Option<i64>, colleagues: &[UserId]) {
        let Some(device) = self.device(id) else { return };
        self.plan.user_id = device.user_id;
        self.plan.summary = format!("Set the lamp keys of {}", device.title());
        self.check_version(version, device.version, "device");
        let holds = DeviceModel::find(&device.model).map_or(0, DeviceModel::lamp_keys);
        if colleagues.len() > holds {
            let message = match holds {
                0 => format!("a {} has no keys for colleagues", device.model_name()),
                1 => format!("a {} has one key for a colleague; name one", device.model_name()),
                holds => format!("a {} has {holds} keys for colleagues; name at most as many", device.model_name()),
            };
            self.refuse_keys(message);
        }
        let mut named = BTreeSet::new();
        for colleague in colleagues {
            let Some(user) = self.user(*colleague) else { return };
            let name = user.profile.full_name();
            if !named.insert(*colleague) {
                self.refuse_keys(format!("{name} has a key already; name each colleague once"));
            } else if device.user_id == Some(*colleague) {
                self.refuse_keys(format!("this is {name}'s own phone; name colleagues"));
            } else if user.profile.extension.is_none() {
                self.refuse_keys(format!("{name} has no extension, by which a key knows a colleague; give one first"));
            }
        }
        let after = Device { lamp_keys: colleagues.to_vec(), ..device.clone() };
        self.update(device, after);
    }

    fn refuse_keys(&mut self, message: String) {
        self.block(Blocker::field(BlockerKind::Invalid, FIELD, message));
    }
}
