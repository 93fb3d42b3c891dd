//! Whose phones a plan makes look for their configuration: those whose file it changes in a way that they can't know.

use std::collections::BTreeSet;

use crate::device::DeviceModel;
use crate::facts::Facts;
use crate::id::{DeviceId, UserId};
use crate::plan::{Blocker, BlockerKind, Draft, Record, Repair, Step};
use crate::resync::ResyncOrder;
use crate::time_zone::TimeZone;
use crate::user::User;

impl Draft<'_> {
    /// Asked for by a person.
    pub(super) fn resync(&mut self, id: DeviceId) {
        let Some(device) = self.device(id) else { return };
        self.plan.summary = format!("Ask {} to fetch its configuration", device.title());
        self.plan.user_id = device.user_id;
        let invalid = |message, repair| Blocker::new(BlockerKind::Invalid, message, vec![repair]);
        if device.user_id.is_none() {
            let message = "a device gets a configuration once it is assigned to a user";
            return self.block(invalid(message, Repair::AssignDevice { device_id: id }));
        }
        if device.locked {
            return self.block(Blocker::new(
                BlockerKind::Invalid,
                "a locked device gets none; unlock it first",
                Vec::new(),
            ));
        }
        if DeviceModel::find(&device.model).and_then(DeviceModel::resync_event).is_none() {
            let message = "a generic phone fetches nothing: generate credentials, and type them into the phone";
            return self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()));
        }
        self.resyncs.insert(id);
    }

    pub(super) fn resync_orders(&self) -> Vec<ResyncOrder> {
        let mut devices = self.resyncs.clone();
        let mut places = Vec::new();
        for step in &self.plan.steps {
            match (&step.before, &step.after) {
                (Some(Record::Account(before)), Some(Record::Account(after)))
                    if before.settings.time_zone != after.settings.time_zone =>
                {
                    places.push(ResyncOrder::Account);
                }
                (Some(Record::Location(before)), Some(Record::Location(after)))
                    if before.site.time_zone != after.site.time_zone =>
                {
                    places.push(ResyncOrder::Location { location_id: after.id, name: after.site.name.to_string() });
                }
                _ => devices.extend(self.devices_with_another_file(step)),
            }
        }
        let orders = devices.into_iter().filter_map(|device| self.order(device));
        orders.chain(places).chain(self.lamp_keys_order()).collect()
    }

    /// Phones whose keys stand for somebody who is called otherwise now.
    fn lamp_keys_order(&self) -> Option<ResyncOrder> {
        let steps = self.plan.steps.iter().map(|step| (user(step.before.as_ref()), user(step.after.as_ref())));
        // Nobody has a key for somebody new.
        let changed = steps.filter_map(|(before, after)| {
            let before = before?;
            let is_same = before.lamp_key() == after.and_then(User::lamp_key);
            (!is_same).then(|| (before.id, after.unwrap_or(before)))
        });
        let (user_ids, users): (Vec<_>, Vec<&User>) = changed.unzip();
        let who = match &users[..] {
            [] => return None,
            [one] => one.profile.full_name(),
            many => format!("one of {} users", many.len()),
        };
        Some(ResyncOrder::LampKeys { user_ids, who })
    }

    fn devices_with_another_file(&self, step: &Step) -> BTreeSet<DeviceId> {
        match (&step.before, &step.after) {
            (Some(Record::User(before)), Some(Record::User(after))) => {
                let (old, new) = (&before.profile, &after.profile);
                let same = old.full_name() == new.full_name()
                    && old.extension == new.extension
                    && time_zone(self.read, before.id) == time_zone(&self.facts, after.id);
                if same { BTreeSet::new() } else { self.facts.devices_of(after.id).map(|device| device.id).collect() }
            }
            (_, Some(Record::Line(line))) => BTreeSet::from([line.device_id]),
            (Some(Record::Device(before)), Some(Record::Device(after)))
                if before.locked && !after.locked || before.lamp_keys != after.lamp_keys =>
            {
                BTreeSet::from([after.id])
            }
            _ => BTreeSet::new(),
        }
    }

    /// Nothing for a device that gets no file, or that was never there before: it has yet to fetch its first.
    fn order(&self, id: DeviceId) -> Option<ResyncOrder> {
        self.read.devices.get(&id)?;
        let device = self.facts.devices.get(&id).filter(|device| !device.locked)?;
        DeviceModel::find(&device.model)?.resync_event()?;
        self.facts.lines.get(&id)?;
        Some(ResyncOrder::Device { device_id: id, user_id: device.user_id?, title: device.title() })
    }
}

fn user(record: Option<&Record>) -> Option<&User> {
    if let Some(Record::User(user)) = record { Some(user) } else { None }
}

/// The user's own, the location's, or the account's.
fn time_zone(facts: &Facts, user: UserId) -> Option<TimeZone> {
    let profile = &facts.users.get(&user)?.profile;
    let at = || facts.locations.get(&profile.location_id?).map(|location| location.site.time_zone);
    profile.time_zone.or_else(at).or(Some(facts.account.settings.time_zone))
}
