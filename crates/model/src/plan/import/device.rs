//! A row of a file of devices: found by its MAC address, added or given to another user.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::device::{Device, NewDevice};
use crate::id::UserId;
use crate::import::{ImportRow, RowEffect, Wish};
use crate::plan::{Blocker, BlockerKind, Draft};

impl Draft<'_> {
    pub(super) fn device_row(&mut self, row: &ImportRow, usernames: &BTreeMap<SmolStr, UserId>) -> (String, RowEffect) {
        let Some(mac) = row.device.mac.get() else {
            let message = "fill in the MAC address: rows find their devices by it";
            self.block(Blocker::field(BlockerKind::Invalid, "mac", message));
            return (String::new(), RowEffect::Refused);
        };
        let user_id = self.holder_named(row, usernames);
        let known = self.facts.taken.macs.get(mac).copied();
        if let Some(device) = known.flatten().and_then(|id| self.facts.devices.get(&id)).cloned() {
            self.change_device_from_row(&device, row, &user_id);
            return (device.title(), RowEffect::Change);
        }
        if let Some(model) = row.device.model.get() {
            let (mac, label) = (Some(mac.clone()), row.device.label.get().cloned());
            self.add_device(&NewDevice { model: model.to_string(), mac, label, user_id: user_id.get().copied() });
        } else {
            let message = "fill in the model: no device with this MAC address is in the list yet";
            self.block(Blocker::field(BlockerKind::Invalid, "model", message));
        }
        (mac.pretty(), RowEffect::Create)
    }

    fn change_device_from_row(&mut self, device: &Device, row: &ImportRow, user_id: &Wish<UserId>) {
        if let Some(model) = row.device.model.get().filter(|model| **model != device.model) {
            let message = format!("{} is in the list as another model than {model}; correct one", device.title());
            self.block(Blocker::field(BlockerKind::Invalid, "model", message));
        }
        match user_id {
            Wish::Set(user_id) if device.user_id != Some(*user_id) => self.assign_device(device.id, *user_id),
            Wish::Clear if device.user_id.is_some() => self.unassign_device(device.id),
            _ => {}
        }
        let label = row.device.label.over(device.label.clone());
        if label != device.label
            && let Some(device) = self.facts.devices.get(&device.id).cloned()
        {
            let after = Device { label, ..device.clone() };
            self.update(device, after);
        }
    }

    /// Whom the row names; to clear is nobody.
    pub(super) fn holder_named(&mut self, row: &ImportRow, usernames: &BTreeMap<SmolStr, UserId>) -> Wish<UserId> {
        match &row.username {
            Wish::Leave => Wish::Leave,
            Wish::Clear => Wish::Clear,
            Wish::Set(username) => {
                let found = usernames.get(&username.key()).copied();
                if found.is_none() {
                    let message = format!("there is no user {username}; add them first, or write one that there is");
                    self.block(Blocker::field(BlockerKind::NotFound, "username", message));
                }
                found.map_or(Wish::Leave, Wish::Set)
            }
        }
    }
}
