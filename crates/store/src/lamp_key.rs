//! Lamp keys by the colleagues that they stand for. What a phone's keys are stands with its device.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::device::Device;
use lineside_model::id::{AccountId, DeviceId, UserId};
use lineside_model::plan::{Plan, Record};

use crate::StoreError;
use crate::connection::Connection;
use crate::record::Stored;
use crate::value::values;

const FORGET_KEYS: &str = "DELETE FROM lamp_key WHERE account_id = $1 AND device_id IN (...)";
const ADD_KEYS: &str = "INSERT INTO lamp_key (account_id, colleague, device_id) VALUES (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[FORGET_KEYS, ADD_KEYS];

/// Keeps them as the plan makes the keys.
pub(crate) async fn follow(link: &mut Connection, account: AccountId, plan: &Plan) -> Result<(), StoreError> {
    let mut changed: BTreeMap<DeviceId, BTreeSet<UserId>> = BTreeMap::new();
    for step in &plan.steps {
        // A device that is deleted takes its keys with it.
        let Some(Record::Device(device)) = &step.after else { continue };
        let (before, after) = (keys(step.before.as_ref().and_then(Device::of)), &device.lamp_keys[..]);
        if before != after {
            changed.insert(device.id, after.iter().copied().collect());
        }
    }
    link.execute_in(FORGET_KEYS, values![account], changed.keys().copied()).await?;
    let rows =
        changed.iter().flat_map(|(device, users)| users.iter().map(|user| values![account, colleague(*user), *device]));
    link.write_rows(ADD_KEYS, rows.collect()).await?;
    Ok(())
}

/// As the keys of a device say it.
pub(crate) fn colleague(user: UserId) -> String {
    user.0.to_string()
}

fn keys(device: Option<&Device>) -> &[UserId] {
    device.map_or(&[], |device| &device.lamp_keys)
}
