//! Counts that pages show of a whole account, kept with every change to what they count.

use std::collections::BTreeMap;

use lineside_model::device::Device;
use lineside_model::id::{AccountId, DepartmentId, LocationId, UserId};
use lineside_model::phone_number::{NumberState, PhoneNumber};
use lineside_model::plan::{Plan, Record};
use lineside_model::readiness::LampKind;
use lineside_model::schedule::ScheduleEntry;
use lineside_model::user::User;
use sqlx::FromRow;

use crate::StoreError;
use crate::connection::Connection;
use crate::record::Stored;
use crate::value::values;

/// Lacking as the lamp strip says it: who has no license needs no device, who has no device no registration.
const COUNT_USERS: &str = "
    SELECT count(*) AS users,
        count(*) FILTER (WHERE ready) AS ready,
        count(*) FILTER (WHERE voice_license_id IS NULL) AS no_license,
        count(*) FILTER (WHERE number IS NULL) AS no_number,
        count(*) FILTER (WHERE NOT e911_confirmed) AS no_e911,
        count(*) FILTER (WHERE voice_license_id IS NOT NULL AND NOT device) AS no_device,
        count(*) FILTER (WHERE voice_license_id IS NOT NULL AND device AND registered_until IS NULL) AS no_registration,
        count(*) FILTER (WHERE wizard IS NOT NULL) AS unfinished
    FROM account_user WHERE account_id = $1 AND state <> 'deleted' AND id IN (...)";
const OPEN_TALLY: &str = "INSERT INTO tally (account_id) VALUES ($1) ON CONFLICT (account_id) DO NOTHING";
const ADD_TO_TALLY: &str = "
    UPDATE tally SET users = users + $2, ready = ready + $3, no_license = no_license + $4, no_number = no_number + $5,
        no_e911 = no_e911 + $6, no_device = no_device + $7, no_registration = no_registration + $8,
        unfinished = unfinished + $9, numbers = numbers + $10, numbers_free = numbers_free + $11,
        devices = devices + $12, scheduled = scheduled + $13, schedule_conflicts = schedule_conflicts + $14,
        schedule_failed = schedule_failed + $15
    WHERE account_id = $1";
const ADD_TO_LOCATION: &str =
    "UPDATE location SET users = users + $3, numbers = numbers + $4 WHERE account_id = $1 AND id = $2";
const ADD_TO_DEPARTMENT: &str = "UPDATE department SET users = users + $3 WHERE account_id = $1 AND id = $2";
pub(crate) const TALLY: &str = "
    SELECT users, ready, no_license, no_number, no_e911, no_device, no_registration, unfinished, numbers, numbers_free,
        devices, scheduled, schedule_conflicts, schedule_failed
    FROM tally WHERE account_id = $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[COUNT_USERS, OPEN_TALLY, ADD_TO_TALLY, ADD_TO_LOCATION, ADD_TO_DEPARTMENT, TALLY];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow)]
pub(crate) struct UserCounts {
    pub users: i64,
    pub ready: i64,
    pub no_license: i64,
    pub no_number: i64,
    pub no_e911: i64,
    pub no_device: i64,
    pub no_registration: i64,
    pub unfinished: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow)]
pub(crate) struct Tally {
    #[sqlx(flatten)]
    pub of_users: UserCounts,
    pub numbers: i64,
    pub numbers_free: i64,
    pub devices: i64,
    pub scheduled: i64,
    pub schedule_conflicts: i64,
    pub schedule_failed: i64,
}

impl UserCounts {
    /// Of these users, as they are at this point of the transaction.
    pub(crate) async fn of(link: &mut Connection, account: AccountId, users: &[UserId]) -> Result<Self, StoreError> {
        let mut sum = Self::default();
        // Once each: the list is filled up by repeating, which IN takes no notice of.
        for counts in link.rows_in::<Self>(COUNT_USERS, values![account], users.iter().copied()).await? {
            sum = sum.plus(&counts, 1);
        }
        Ok(sum)
    }

    /// How many users lack this lamp.
    pub(crate) fn lacking(&self, lamp: LampKind) -> i64 {
        match lamp {
            LampKind::License => self.no_license,
            LampKind::Number => self.no_number,
            LampKind::E911 => self.no_e911,
            LampKind::Device => self.no_device,
            LampKind::Registered => self.no_registration,
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        self.plus(other, 1)
    }

    fn plus(&self, other: &Self, sign: i64) -> Self {
        Self {
            users: self.users + sign * other.users,
            ready: self.ready + sign * other.ready,
            no_license: self.no_license + sign * other.no_license,
            no_number: self.no_number + sign * other.no_number,
            no_e911: self.no_e911 + sign * other.no_e911,
            no_device: self.no_device + sign * other.no_device,
            no_registration: self.no_registration + sign * other.no_registration,
            unfinished: self.unfinished + sign * other.unfinished,
        }
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        self.plus(before, -1)
    }
}

impl Tally {
    /// What the plan does to the counts of numbers, devices and scheduled entries.
    pub(crate) fn of_plan(plan: &Plan) -> Self {
        let mut tally = Self::default();
        for step in &plan.steps {
            for (record, sign) in [(&step.before, -1), (&step.after, 1)] {
                let Some(record) = record else { continue };
                tally.count(record, sign);
            }
        }
        tally
    }

    fn count(&mut self, record: &Record, sign: i64) {
        if let Some(number) = PhoneNumber::of(record) {
            self.numbers += sign;
            self.numbers_free += if number.state == NumberState::Free { sign } else { 0 };
        } else if Device::of(record).is_some() {
            self.devices += sign;
        } else if let Some(entry) = ScheduleEntry::of(record) {
            let (scheduled, conflicts) = (entry.is_scheduled(), entry.has_conflicts());
            self.scheduled += if scheduled { sign } else { 0 };
            self.schedule_conflicts += if scheduled && conflicts { sign } else { 0 };
            self.schedule_failed += if scheduled { 0 } else { sign };
        }
    }

    /// Adds to the account's counts. Nothing to add touches no row that others wait for.
    pub(crate) async fn add(&self, link: &mut Connection, account: AccountId) -> Result<(), StoreError> {
        if *self == Self::default() {
            return Ok(());
        }
        let users = &self.of_users;
        let values = values![
            account,
            users.users,
            users.ready,
            users.no_license,
            users.no_number,
            users.no_e911,
            users.no_device,
            users.no_registration,
            users.unfinished,
            self.numbers,
            self.numbers_free,
            self.devices,
            self.scheduled,
            self.schedule_conflicts,
            self.schedule_failed,
        ];
        link.execute(ADD_TO_TALLY, values).await?;
        Ok(())
    }
}

/// How many more users and numbers are at each location, and users in each department.
#[derive(Default)]
pub(crate) struct Places {
    locations: BTreeMap<LocationId, (i64, i64)>,
    departments: BTreeMap<DepartmentId, i64>,
}

impl Places {
    pub(crate) fn of_plan(plan: &Plan) -> Self {
        let mut places = Self::default();
        for step in &plan.steps {
            for (record, sign) in [(&step.before, -1), (&step.after, 1)] {
                match record {
                    Some(Record::User(user)) => places.user(user, sign),
                    Some(Record::PhoneNumber(number)) => places.number(number, sign),
                    _ => {}
                }
            }
        }
        places
    }

    /// Who left is at no place.
    pub(crate) fn user(&mut self, user: &User, sign: i64) {
        if user.is_deleted() {
            return;
        }
        if let Some(location) = user.profile.location_id {
            self.locations.entry(location).or_default().0 += sign;
        }
        if let Some(department) = user.profile.department_id {
            *self.departments.entry(department).or_default() += sign;
        }
    }

    pub(crate) fn number(&mut self, number: &PhoneNumber, sign: i64) {
        if let Some(location) = number.location_id {
            self.locations.entry(location).or_default().1 += sign;
        }
    }

    pub(crate) async fn add(&self, link: &mut Connection, account: AccountId) -> Result<(), StoreError> {
        for (location, (users, numbers)) in &self.locations {
            if (*users, *numbers) != (0, 0) {
                link.execute(ADD_TO_LOCATION, values![account, *location, *users, *numbers]).await?;
            }
        }
        for (department, users) in &self.departments {
            if *users != 0 {
                link.execute(ADD_TO_DEPARTMENT, values![account, *department, *users]).await?;
            }
        }
        Ok(())
    }
}

pub(crate) async fn open(link: &mut Connection, account: AccountId) -> Result<(), StoreError> {
    link.execute(OPEN_TALLY, values![account]).await?;
    Ok(())
}
