//! Devices: add, assign, unassign, lock, delete, Generate.

use chrono::NaiveDate;

use crate::device::{Device, DeviceModel, DigestAlgorithm, Line, NewDevice};
use crate::device_limit::{self, DeviceLimit};
use crate::id::{DeviceId, LineId, UserId};
use crate::license::LicenseType;
use crate::plan::{Blocker, BlockerKind, Draft, Repair, words};
use crate::schedule::in_words;

impl Draft<'_> {
    pub(super) fn add_device(&mut self, new: &NewDevice) {
        let Some(model) = DeviceModel::find(&new.model) else {
            return self.block(Blocker::field(BlockerKind::NotFound, "model", "choose a model from the list"));
        };
        self.plan.summary = format!("Add {}", model.name);
        if model.has_mac && new.mac.is_none() {
            let message = "fill in the MAC address; it is on the phone's label";
            self.block(Blocker::field(BlockerKind::Invalid, "mac", message));
        }
        if let Some(mac) = &new.mac
            && let Some(holder) = self.facts.taken.macs.get(mac)
        {
            let whose = if holder.is_some() {
                "is in the list of devices already"
            } else {
                "can't be added; check the digits, or ask support"
            };
            self.block(Blocker::field(BlockerKind::Taken, "mac", format!("{} {whose}", mac.pretty())));
        }
        let id = self.id.new_device_id();
        let (provisioning_token, provisioning_hash) = self.context.mint.provisioning(id);
        let device = Device {
            id,
            account_id: self.facts.account.id,
            version: 1,
            model: new.model.clone(),
            mac: new.mac.clone(),
            label: new.label.clone(),
            user_id: None,
            locked: false,
            provisioning_token,
            provisioning_hash,
            lamp_keys: Vec::new(),
            created_at: self.context.now,
        };
        match new.user_id {
            Some(user_id) => self.give_device(None, device, user_id),
            None => self.create(device),
        }
    }

    pub(super) fn assign_device(&mut self, id: DeviceId, user_id: UserId) {
        let Some(device) = self.device(id) else { return };
        if device.user_id == Some(user_id) {
            self.plan.summary = format!("{} stays as it is", device.title());
            return;
        }
        if let Some(holder) = device.user_id {
            let name = self.facts.users.get(&holder).map(|user| user.profile.full_name()).unwrap_or_default();
            let message = format!("{} belongs to {name}; unassign it first", device.title());
            self.block(Blocker::new(BlockerKind::InUse, message, vec![Repair::UnassignDevice { device_id: id }]));
        }
        self.give_device(Some(device.clone()), device, user_id);
    }

    fn give_device(&mut self, before: Option<Device>, device: Device, user_id: UserId) {
        let Some(user) = self.user(user_id) else { return };
        self.plan.user_id = Some(user_id);
        self.plan.summary = format!("Assign {} to {}", device.title(), user.profile.full_name());
        self.check_device_count(user_id);
        if self.facts.devices_of(user_id).next().is_some() {
            self.reopen_e911(user_id, "a further device joins, which may ring elsewhere");
        }
        let after = Device { user_id: Some(user_id), ..device };
        match before {
            Some(before) => self.update(before, after.clone()),
            None => self.create(after.clone()),
        }
        // Nobody could know the generic phone's password unless it is generated before their eyes.
        let generic = DeviceModel::find(&after.model).is_some_and(|model| !model.has_mac && model.slug == "generic");
        if !generic {
            self.new_line(&after, user_id);
        }
    }

    /// As many devices as the Voice license allows; without a license there is nothing to count against.
    fn check_device_count(&mut self, user_id: UserId) {
        let Some(license) = self.facts.voice_license_of(user_id) else { return };
        let (limit, track_id) = (DeviceLimit::of(license), license.track_id);
        let held = self.facts.devices_of(user_id).count();
        if let Some(limit) = limit
            && held >= limit.devices
        {
            let message = format!("{}; unassign one or choose a license that allows more", limit.words());
            let repairs = vec![Repair::AssignLicense { user_id, track_id }];
            let blocker = Blocker::new(BlockerKind::Invalid, message, repairs).for_user(user_id);
            self.block(Blocker { field: Some("device_id".to_owned()), ..blocker });
        }
    }

    /// Which phones stop working, or come back, when the user holds this Voice license in place of the present one.
    pub(super) fn warn_of_devices(&mut self, user_id: UserId, license: &LicenseType, date: Option<NaiveDate>) {
        if !self.facts.catalogue.is_voice(license.id) {
            return;
        }
        let lines: Vec<Line> =
            self.facts.devices_of(user_id).filter_map(|device| self.facts.lines.get(&device.id)).cloned().collect();
        let ids = || lines.iter().map(|line| line.id);
        let stopped = device_limit::beyond(self.facts.voice_license_of(user_id), ids());
        let limit = DeviceLimit::of(license);
        let stops = limit.as_ref().map(|limit| limit.beyond(ids())).unwrap_or_default();
        let on = date.map(|date| format!(" on {}", in_words(date))).unwrap_or_default();
        for line in &lines {
            let title = words::device(&self.facts, line.device_id);
            match (stopped.contains(&line.id), stops.contains(&line.id), &limit) {
                (false, true, Some(limit)) => {
                    self.warn(Some(user_id), format!("{title} stops working{on}: {}", limit.words()));
                }
                (true, false, _) => self.warn(Some(user_id), format!("{title} works again{on}")),
                _ => {}
            }
        }
    }

    pub(super) fn unassign_device(&mut self, id: DeviceId) {
        let Some(device) = self.device(id) else { return };
        self.plan.summary = format!("Unassign {}", device.title());
        self.plan.user_id = device.user_id;
        self.drop_line(&device);
        // Whose colleagues they were is gone.
        let after = Device { user_id: None, lamp_keys: Vec::new(), ..device.clone() };
        self.update(device, after);
    }

    pub(super) fn lock_device(&mut self, id: DeviceId, locked: bool) {
        let Some(device) = self.device(id) else { return };
        self.plan.user_id = device.user_id;
        self.plan.summary = format!("{} {}", if locked { "Lock" } else { "Unlock" }, device.title());
        if locked && !device.locked {
            self.warn(device.user_id, "a locked device gets no configuration and can't register");
        }
        let after = Device { locked, ..device.clone() };
        self.update(device, after);
    }

    pub(super) fn delete_device(&mut self, id: DeviceId) {
        let Some(device) = self.device(id) else { return };
        self.plan.summary = format!("Delete {}", device.title());
        self.plan.user_id = device.user_id;
        self.drop_line(&device);
        self.delete(device);
    }

    pub(super) fn generate(&mut self, id: DeviceId) {
        let Some(device) = self.device(id) else { return };
        self.plan.summary = format!("Generate a new SIP password for {}", device.title());
        self.plan.user_id = device.user_id;
        let Some(user_id) = device.user_id else {
            let message = "a device has a SIP password once it is assigned to a user";
            return self.block(Blocker::new(
                BlockerKind::Invalid,
                message,
                vec![Repair::AssignDevice { device_id: id }],
            ));
        };
        self.new_line(&device, user_id);
    }

    pub(super) fn device(&mut self, id: DeviceId) -> Option<Device> {
        let device = self.facts.devices.get(&id).cloned();
        if device.is_none() {
            self.block(Blocker::not_found("device"));
        }
        device
    }

    fn drop_line(&mut self, device: &Device) {
        if let Some(line) = self.facts.lines.get(&device.id).cloned() {
            if let Some(user_id) = device.user_id {
                self.warn(Some(user_id), "its SIP credentials stop working at once");
            }
            self.delete(line);
        }
    }

    /// Fresh credentials in place of those there are.
    fn new_line(&mut self, device: &Device, user_id: UserId) {
        let model = DeviceModel::find(&device.model);
        let keep_secret = model.is_some_and(DeviceModel::keeps_secret);
        let credentials = self.context.mint.line(device.id, &self.facts.account.settings.sip_domain, keep_secret);
        let before = self.facts.lines.get(&device.id).cloned();
        let line = Line {
            id: before.as_ref().map_or_else(|| LineId(self.id.derive("line", device.id.0)), |line| line.id),
            account_id: device.account_id,
            version: before.as_ref().map_or(1, |line| line.version),
            device_id: device.id,
            user_id,
            algorithm: model.map_or(DigestAlgorithm::Md5, |model| model.digest),
            credentials,
            generated_at: self.context.now,
        };
        match before {
            Some(before) => {
                self.warn(
                    Some(user_id),
                    "the device has to fetch its configuration again, or be given the new password",
                );
                self.update(before, line);
            }
            None => self.create(line),
        }
    }
}
