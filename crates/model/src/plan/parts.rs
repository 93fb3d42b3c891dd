//! A plan that is made part by part, for changes that are too large to be held at once: what a part did is handed over, to
//! be carried out or not, and only what later parts may still look at stays.

use std::collections::BTreeSet;

use super::import::Importing;
use super::undo::made_user;
use super::{Context, Draft, Plan, Record, Step, fingerprint};
use crate::change::{Change, ChangeRequest};
use crate::facts::Facts;
use crate::id::UserId;
use crate::import::ImportKind;

/// Rows of a file in one part.
const PART_ROWS: usize = 1_000;

pub struct Planning<'a> {
    draft: Draft<'a>,
    what: What<'a>,
    /// Whether the parts' steps are put in words, as the journal keeps them.
    in_words: bool,
}

enum What<'a> {
    Whole(&'a Change),
    Rows(Importing<'a>),
}

/// What stays of the parts that were handed over.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Earlier {
    digest: Option<[u8; 32]>,
    users: BTreeSet<UserId>,
    users_now: BTreeSet<UserId>,
    resyncs: bool,
    mails: bool,
}

impl<'a> Planning<'a> {
    /// To be looked at. Steps that are handed over are in no words.
    pub fn new(facts: &'a Facts, request: &'a ChangeRequest, context: Context<'a>) -> Self {
        let mut draft = Draft::new(facts, request.id, context);
        let what = match &request.change {
            Change::Import { import }
                if import.rows.len() > PART_ROWS && import.key.kind() != ImportKind::Locations =>
            {
                draft.begin_import(import).map(What::Rows)
            }
            change => Some(What::Whole(change)),
        };
        // Nothing but a blocker.
        let what = what.unwrap_or(What::Whole(&request.change));
        Self { draft, what, in_words: false }
    }

    /// To be carried out.
    pub fn to_carry_out(facts: &'a Facts, request: &'a ChangeRequest, context: Context<'a>) -> Self {
        Self { in_words: true, ..Self::new(facts, request, context) }
    }

    /// The steps of the next part but the last.
    pub fn next_part(&mut self) -> Option<Plan> {
        let What::Rows(importing) = &mut self.what else { return None };
        if importing.rows_left() <= PART_ROWS {
            return None;
        }
        self.draft.import_rows(importing, PART_ROWS);
        Some(self.draft.hand_over(self.in_words))
    }

    /// So far.
    pub fn blocked(&self) -> bool {
        self.draft.plan.blocked()
    }

    /// The last part, with what is to be said of all of them.
    pub fn finish(self) -> Plan {
        let Self { mut draft, what, .. } = self;
        match what {
            What::Whole(change) => draft.change(change),
            What::Rows(mut importing) => {
                draft.import_rows(&mut importing, usize::MAX);
                draft.end_import(&importing);
                draft.put_in_words();
            }
        }
        draft.finish()
    }
}

impl Plan {
    /// Users whose page, readiness or calls this plan touches, with those of parts that were handed over.
    pub fn all_touched_users(&self) -> BTreeSet<UserId> {
        self.earlier.users.union(&self.touched_users()).copied().collect()
    }

    /// As [`Self::users_touched_now`], with those of parts that were handed over.
    pub fn all_users_touched_now(&self) -> BTreeSet<UserId> {
        self.earlier.users_now.union(&self.users_touched_now()).copied().collect()
    }

    pub fn sends_mail(&self) -> bool {
        self.earlier.mails || mails(&self.steps)
    }

    pub fn asks_phones(&self) -> bool {
        self.earlier.resyncs || !self.resyncs.is_empty()
    }
}

impl Earlier {
    pub(super) fn digest(&self) -> &[u8] {
        self.digest.as_ref().map_or(&[], <[u8; 32]>::as_slice)
    }

    pub(super) fn is_none(&self) -> bool {
        self.digest.is_none()
    }

    fn add(&mut self, part: &Plan) {
        self.digest = Some(fingerprint::digest(self.digest(), &part.steps));
        self.users.extend(part.touched_users());
        self.users_now.extend(part.users_touched_now());
        self.resyncs |= !part.resyncs.is_empty();
        self.mails |= mails(&part.steps);
    }
}

fn mails(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step.after, Some(Record::Mail(_))))
}

impl Draft<'_> {
    /// The steps so far, but for those that wait for rehearsal.
    fn hand_over(&mut self, in_words: bool) -> Plan {
        let mut part = Plan { resyncs: self.resync_orders(), ..Plan::new() };
        for step in std::mem::take(&mut self.plan.steps) {
            let steps = if step.waits_for_rehearsal() { &mut self.plan.steps } else { &mut part.steps };
            steps.push(step);
        }
        self.steps = self.plan.steps.iter().enumerate().map(|(at, step)| (step.identity(), at)).collect();
        part.steps.retain(|step| step.before != step.after);
        if in_words {
            part.steps.iter_mut().for_each(|step| step.put_in_words(&self.facts));
        }
        // Of thousands of addresses nobody reads what becomes of each.
        self.plan.e911.clear();
        self.plan.earlier.add(&part);
        self.let_go(&part.steps);
        part
    }

    /// No later row finds a user that an earlier one made: their names stay taken, and that is all. Other records are as
    /// they will be read once the part is carried out.
    fn let_go(&mut self, steps: &[Step]) {
        let is_over = |user: &UserId| self.facts.schedule.of(*user).next().is_none();
        let made: BTreeSet<UserId> = steps.iter().filter_map(made_user).filter(is_over).collect();
        let facts = self.facts.to_mut();
        for step in steps {
            match (&step.before, &step.after) {
                (None, Some(after)) if after.user_id().is_some_and(|user| made.contains(&user)) => {
                    facts.absorb(Some(after.clone()), None);
                }
                (Some(before), Some(after)) => facts.absorb(None, Some(after.clone().at(before.version() + 1))),
                _ => {}
            }
        }
    }
}
