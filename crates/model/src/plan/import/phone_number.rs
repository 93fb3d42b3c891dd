//! A row of a file of numbers: into the inventory, to a location, to a user.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Index;
use crate::id::{NumberId, UserId};
use crate::import::{ImportRow, RowEffect};
use crate::phone_number::{NumberKind, PhoneNumber};
use crate::plan::{Blocker, BlockerKind, Draft};

impl Draft<'_> {
    pub(super) fn number_row(
        &mut self,
        row: &ImportRow,
        index: &Index,
        usernames: &BTreeMap<SmolStr, UserId>,
    ) -> (String, RowEffect) {
        let Some(number) = row.phone_number.get() else {
            let message = "fill in the phone number: rows find their numbers by it";
            self.block(Blocker::field(BlockerKind::Invalid, "number_id", message));
            return (String::new(), RowEffect::Refused);
        };
        let holder = self.holder_named(row, usernames);
        let known = index.numbers.get(number).and_then(|id| self.facts.numbers.get(id)).cloned();
        let current = known.as_ref().and_then(|known| known.location_id);
        let location_id = self.place(&row.location, current, "location_id", &index.locations);
        let (id, effect) = if let Some(known) = known {
            if row.number_kind.get().is_some_and(|kind| *kind != known.kind) {
                let message = format!("{} is in the inventory as a {} number", number.pretty(), known.kind);
                self.block(Blocker::field(BlockerKind::Invalid, "number_kind", message));
            }
            let id = known.id;
            if location_id != known.location_id {
                let after = PhoneNumber { location_id, ..known.clone() };
                self.update(known, after);
            }
            (id, RowEffect::Change)
        } else {
            let kind = row.number_kind.get().copied().unwrap_or(NumberKind::Landline);
            let blockers = self.plan.blockers.len();
            self.new_numbers(std::slice::from_ref(number), kind, location_id, None);
            for blocker in &mut self.plan.blockers[blockers..] {
                blocker.field = Some("number_id".to_owned());
            }
            (NumberId(self.id.derive(number.as_str(), uuid::Uuid::nil())), RowEffect::Create)
        };
        let held = self.facts.numbers.get(&id).and_then(|number| number.user_id);
        let wanted = holder.over(held);
        if wanted != held {
            self.assign_number(id, wanted);
        }
        (number.pretty(), effect)
    }
}
