//! Several changes as one plan: each sees the facts as the ones before it leave them.

use crate::change::{Change, TOGETHER_MAX};
use crate::id::ChangeId;
use crate::plan::{Blocker, BlockerKind, Draft};

impl Draft<'_> {
    pub(super) fn together(&mut self, changes: &[Change]) {
        if !(1..=TOGETHER_MAX).contains(&changes.len()) {
            let message = format!("apply between 1 and {TOGETHER_MAX} changes together");
            return self.block(Blocker::field(BlockerKind::Invalid, "changes", message));
        }
        let own = self.id;
        let mut summaries = Vec::new();
        for (n, change) in changes.iter().enumerate() {
            if matches!(change, Change::Together { .. } | Change::OpenAccount { .. }) || change.is_upkeep() {
                let message = format!("{} can't be applied together with other changes", change.action());
                self.block(Blocker::field(BlockerKind::Invalid, "changes", message));
                continue;
            }
            // What two parts of one kind make gets different identifiers.
            self.id = ChangeId(own.derive("part", uuid::Uuid::from_u128(n as u128)));
            self.change(change);
            summaries.push(std::mem::take(&mut self.plan.summary));
        }
        self.id = own;
        let main = summaries.pop().unwrap_or_default();
        self.plan.summary = match summaries.as_slice() {
            [] => main,
            [one] => format!("{main}; before it: {one}"),
            [first, rest @ ..] => format!("{main}; before it: {first} and {} more", rest.len()),
        };
    }
}
