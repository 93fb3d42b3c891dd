//! Users whom a plan makes: what lists and searches repeat of them follows from the plan alone. It is written with their rows,
//! and nothing of them is read back and written once more.

use std::collections::BTreeMap;

use lineside_model::device::Device;
use lineside_model::id::{DeviceId, LicenseTypeId, UserId};
use lineside_model::license::Catalogue;
use lineside_model::phone_number::{E164, PhoneNumber};
use lineside_model::plan::{Plan, Record};
use lineside_model::user::User;

use crate::connection::Connection;
use crate::record::{Stored, save_as};
use crate::tally::UserCounts;
use crate::value::{Value, values};
use crate::{StoreError, search};

/// What a new user holds.
#[derive(Default)]
pub(crate) struct Holds<'a> {
    voice_license_id: Option<LicenseTypeId>,
    /// The primary one first.
    numbers: Vec<&'a PhoneNumber>,
    e911_confirmed: bool,
    /// One that is not locked.
    device: bool,
}

pub(crate) struct Made<'a> {
    users: BTreeMap<UserId, (&'a User, Holds<'a>)>,
}

impl<'a> Made<'a> {
    pub(crate) fn of(plan: &'a Plan, catalogue: &Catalogue) -> Self {
        let mut made = Self { users: BTreeMap::new() };
        let mut devices: BTreeMap<DeviceId, &Device> = BTreeMap::new();
        for step in &plan.steps {
            match (&step.before, &step.after) {
                (None, Some(Record::User(user))) => drop(made.users.insert(user.id, (user, Holds::default()))),
                (_, Some(Record::Device(device))) => drop(devices.insert(device.id, device)),
                _ => {}
            }
        }
        if made.is_empty() {
            return made;
        }
        for record in plan.steps.iter().filter_map(|step| step.after.as_ref()) {
            let Some((_, holds)) = record.user_id().and_then(|user| made.users.get_mut(&user)) else { continue };
            match record {
                Record::PhoneNumber(number) if number.user_id.is_some() => holds.numbers.push(number),
                Record::Assignment(held) if catalogue.is_voice(held.license_type_id) => {
                    holds.voice_license_id = Some(held.license_type_id);
                }
                Record::E911Address(e911) => holds.e911_confirmed = e911.confirmed.is_some(),
                Record::Line(line) => holds.device |= devices.get(&line.device_id).is_some_and(|held| !held.locked),
                _ => {}
            }
        }
        made.users.values_mut().for_each(|(_, holds)| holds.numbers.sort_by_key(|number| number.kind));
        made
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    pub(crate) fn contains(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// The plan's users: new ones complete, of the others what the plan changes.
    pub(crate) async fn save_users(&self, link: &mut Connection, plan: &Plan) -> Result<(), StoreError> {
        let nothing = Holds::default();
        save_as::<User>(link, plan, |user, version| {
            let mut row = user.values(version)?;
            row.extend(self.users.get(&user.id).map_or(&nothing, |(_, holds)| holds).values());
            Ok(row)
        })
        .await
    }

    /// As [`UserCounts::of`] counts them.
    pub(crate) fn counts(&self) -> UserCounts {
        let mut counts = UserCounts::default();
        for (user, holds) in self.users.values().filter(|(user, _)| !user.is_deleted()) {
            let licensed = holds.voice_license_id.is_some();
            counts.users += 1;
            counts.no_license += i64::from(!licensed);
            counts.no_number += i64::from(holds.numbers.is_empty());
            counts.no_e911 += i64::from(!holds.e911_confirmed);
            counts.no_device += i64::from(licensed && !holds.device);
            // No phone of theirs can have registered yet.
            counts.no_registration += i64::from(licensed && holds.device);
            counts.unfinished += i64::from(user.wizard.is_some());
        }
        counts
    }

    /// What searches find them by.
    pub(crate) fn word_rows(&self) -> Vec<Vec<Value>> {
        let stay = self.users.values().filter(|(user, _)| !user.is_deleted());
        let rows = stay.flat_map(|(user, holds)| {
            let numbers: Vec<E164> = holds.numbers.iter().map(|number| number.number.clone()).collect();
            search::word_rows(user.account_id, user.id, &user.profile, &numbers)
        });
        rows.collect()
    }
}

impl Holds<'_> {
    /// In the order of [`crate::user::SAVE_USERS`], behind what is the user's own.
    pub(crate) fn values(&self) -> Vec<Value> {
        let number = self.numbers.first().map(|number| number.number.as_str());
        values![self.voice_license_id, number, self.e911_confirmed, self.device]
    }
}
