//! A plan that is made part by part, for changes that are too large to be held at once: what a part did is handed over, to
//! be carried out or not, and only what later parts may still look at stays.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::import::Importing;
use super::undo::made_user;
use super::{Context, Draft, Plan, Record, Step, fingerprint};
use crate::change::{Change, ChangeRequest};
use crate::facts::Facts;
use crate::id::UserId;
use crate::import::{Import, ImportKind};

/// Rows of a file in one part.
const PART_ROWS: usize = 1_000;
/// Rows that are planned before others get their turn: less than a millisecond.
const TURN_ROWS: usize = 10;

pub struct Planning<'a> {
    draft: Draft<'a>,
    what: What<'a>,
    /// Whether the parts' steps are put in words, as the journal keeps them.
    in_words: bool,
    /// Of the part that is being planned, how many are.
    rows: usize,
}

/// How far planning has come after a turn.
pub enum Turn {
    GoOn,
    /// The steps of a part, of which another one follows.
    Part(Box<Plan>),
    /// What is left is for [`Planning::finish`].
    Last,
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
        Self::on(facts, None, request, context)
    }

    /// As [`Self::new`], with what was taken out of the facts by [`Facts::for_parts`].
    pub fn on(facts: &'a Facts, own: Option<Facts>, request: &'a ChangeRequest, context: Context<'a>) -> Self {
        let mut draft = Draft::new(facts, request.id, context);
        if let Some(own) = own {
            draft.facts = Cow::Owned(own);
        }
        let what = match in_parts(request) {
            Some(import) => draft.begin_import(import).map(What::Rows),
            None => Some(What::Whole(&request.change)),
        };
        // Nothing but a blocker.
        let what = what.unwrap_or(What::Whole(&request.change));
        Self { draft, what, in_words: false, rows: 0 }
    }

    /// To be carried out.
    pub fn to_carry_out(
        facts: &'a Facts,
        own: Option<Facts>,
        request: &'a ChangeRequest,
        context: Context<'a>,
    ) -> Self {
        Self { in_words: true, ..Self::on(facts, own, request, context) }
    }

    /// The steps of the next part but the last.
    pub fn next_part(&mut self) -> Option<Plan> {
        loop {
            match self.turn() {
                Turn::GoOn => {}
                Turn::Part(part) => return Some(*part),
                Turn::Last => return None,
            }
        }
    }

    /// A few rows of the next part but the last, so that others can go on in between: whoever writes down the part before.
    pub fn turn(&mut self) -> Turn {
        let What::Rows(importing) = &mut self.what else { return Turn::Last };
        if self.rows == 0 && importing.rows_left() <= PART_ROWS {
            return Turn::Last;
        }
        self.draft.import_rows(importing, TURN_ROWS);
        self.rows += TURN_ROWS;
        if self.in_words {
            self.draft.put_more_in_words();
        }
        if self.rows < PART_ROWS {
            return Turn::GoOn;
        }
        self.rows = 0;
        Turn::Part(Box::new(self.draft.hand_over()))
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

fn in_parts(request: &ChangeRequest) -> Option<&Import> {
    let Change::Import { import } = &request.change else { return None };
    (import.rows.len() > PART_ROWS && import.key.kind() != ImportKind::Locations).then_some(import)
}

impl Facts {
    /// What a change that is made part by part is planned on: it alone has the numbers, one or two for each row of a file.
    /// Nobody else looks at them, and the first that is given away makes no copy of them all.
    pub fn for_parts(&mut self, request: &ChangeRequest) -> Option<Self> {
        in_parts(request)?;
        let numbers = std::mem::take(&mut self.numbers);
        Some(Self { numbers, ..self.clone() })
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
    fn put_more_in_words(&mut self) {
        for step in self.plan.steps.iter_mut().skip(self.worded).filter(|step| !step.waits_for_rehearsal()) {
            step.put_in_words(&self.facts);
        }
        self.worded = self.plan.steps.len();
    }

    /// The steps so far, but for those that wait for rehearsal.
    fn hand_over(&mut self) -> Plan {
        let mut part = Plan { resyncs: self.resync_orders(), ..Plan::new() };
        self.worded = 0;
        for step in std::mem::take(&mut self.plan.steps) {
            let steps = if step.waits_for_rehearsal() { &mut self.plan.steps } else { &mut part.steps };
            steps.push(step);
        }
        self.steps = self.plan.steps.iter().enumerate().map(|(at, step)| (step.identity(), at)).collect();
        part.steps.retain(|step| step.before != step.after);
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
