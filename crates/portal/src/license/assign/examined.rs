//! What stands in the way of an assignment, without and with the repairs that were chosen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{LicenseTypeId, TrackId, UserId};
use lineside_model::phone_number::NumberKind;
use lineside_model::plan::{Blocker, Plan, Repair};

use super::repairs::Repairs;
use super::{Chosen, assign};
use crate::page_error::PageError;
use crate::visitor::Visitor;

/// What somebody lacks, by the repair that gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    Number(NumberKind),
    License(TrackId),
    E911,
    /// A seat for everybody who is to have one.
    Seat(LicenseTypeId),
    /// Repaired on a page of its own.
    Other(&'static str),
}

impl Need {
    pub(super) fn of(blocker: &Blocker) -> Self {
        for repair in &blocker.repairs {
            match repair {
                Repair::PickNumber { kind, .. } => return Self::Number(*kind),
                Repair::AssignLicense { track_id, .. } => return Self::License(*track_id),
                Repair::ConfirmE911 { .. } => return Self::E911,
                Repair::FreeSeat { license_type_id } | Repair::AddSeats { license_type_id } => {
                    return Self::Seat(*license_type_id);
                }
                _ => {}
            }
        }
        Self::Other(blocker.kind.label())
    }
}

/// An assignment as it would go: on a date in spite of open conflicts, now only without any.
pub(super) struct Examined {
    /// Before repairs, and what is open with those that only make new requirements.
    pub(super) needed: Vec<Blocker>,
    /// With all repairs.
    pub(super) open: Vec<Blocker>,
    pub(super) plan: Plan,
    pub(super) date: Option<NaiveDate>,
    changes: Vec<Change>,
}

impl Examined {
    pub(super) async fn new(
        visitor: &Visitor,
        chosen: &Chosen,
        repairs: &Repairs,
        date: Option<NaiveDate>,
    ) -> Result<Self, PageError> {
        let main = assign(chosen, date);
        let base = plan(visitor, main.clone()).await?;
        let mut needed = problems(&base);
        let licenses = repairs.licenses(&lacking(&needed), date);
        if !licenses.is_empty() {
            // A Voice license that is added may itself require numbers.
            let with =
                plan(visitor, Change::together(licenses.iter().cloned().chain([main.clone()]).collect())).await?;
            let known: BTreeSet<(Option<UserId>, Need)> =
                needed.iter().map(|blocker| (blocker.user_id, Need::of(blocker))).collect();
            let is_new = |blocker: &Blocker| !known.contains(&(blocker.user_id, Need::of(blocker)));
            needed.extend(problems(&with).into_iter().filter(is_new));
        }
        let mut changes = repairs.changes(visitor, chosen, &needed, date).await?;
        changes.extend(licenses);
        changes.push(main);
        let plan = if changes.len() == 1 { base } else { plan(visitor, Change::together(changes.clone())).await? };
        Ok(Self { needed, open: problems(&plan), plan, date, changes })
    }

    pub(super) fn change(&self) -> Change {
        Change::together(self.changes.clone())
    }

    /// What each user needs, whether or not it is repaired already.
    pub(super) fn needs(&self) -> BTreeMap<UserId, BTreeSet<Need>> {
        let mut needs: BTreeMap<UserId, BTreeSet<Need>> = BTreeMap::new();
        for blocker in self.needed.iter().chain(&self.open) {
            let need = Need::of(blocker);
            if let (Some(user), false) = (blocker.user_id, matches!(need, Need::Seat(_))) {
                needs.entry(user).or_default().insert(need);
            }
        }
        needs
    }

    /// What of it is not repaired.
    pub(super) fn is_open(&self, user: UserId, need: &Need) -> bool {
        self.open.iter().any(|blocker| blocker.user_id == Some(user) && Need::of(blocker) == *need)
    }
}

async fn plan(visitor: &Visitor, change: Change) -> Result<Plan, PageError> {
    let request = ChangeRequest { id: visitor.service.new_change_id(), change };
    Ok(visitor.service.plan(&visitor.caller, &request).await?)
}

/// A wrong date is said beside its field.
fn problems(plan: &Plan) -> Vec<Blocker> {
    let date = |blocker: &&Blocker| blocker.field.as_deref() == Some("date");
    plan.blockers.iter().chain(&plan.conflicts).filter(|blocker| !date(blocker)).cloned().collect()
}

/// Who lacks an active license of which track.
fn lacking(blockers: &[Blocker]) -> BTreeMap<TrackId, BTreeSet<UserId>> {
    let mut lacking: BTreeMap<TrackId, BTreeSet<UserId>> = BTreeMap::new();
    for blocker in blockers {
        if let (Some(user), Need::License(track)) = (blocker.user_id, Need::of(blocker)) {
            lacking.entry(track).or_default().insert(user);
        }
    }
    lacking
}
