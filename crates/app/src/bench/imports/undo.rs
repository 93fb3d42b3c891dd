//! The import taken back after some of its users were edited: what it costs, and that nothing is left of the others.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::ensure;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::UserId;
use lineside_model::import::ImportJob;
use lineside_model::list::Home;
use lineside_model::mass_edit::MassEdit;
use lineside_model::plan::BlockerKind;
use lineside_model::undo::Since;
use lineside_service::Outcome;

use super::{Bench, Late, Times};

/// For 10,000 rows, as the import itself.
const PLANNED: Duration = Duration::from_secs(3);
const APPLIED: Duration = Duration::from_secs(6);

impl Bench {
    /// Edits some users all over the file, looks at what an undo would do, keeps those and undoes the rest.
    pub(super) async fn undo(&self, job: &ImportJob, edited: usize, before: &Home) -> anyhow::Result<Late> {
        let rows = self.service.import_plan(&self.caller, job.id).await?.rows;
        let users: Vec<UserId> = rows.iter().filter_map(|row| row.user_id).collect();
        let some: BTreeSet<UserId> =
            users.iter().step_by((users.len() / edited).max(1)).take(edited).copied().collect();
        let edit = Box::new(MassEdit { attach_recording: Some(false), ..MassEdit::default() });
        self.apply(Change::EditUsers { user_ids: some.iter().copied().collect(), edit }).await?;

        let [mut asked, mut planned, mut applied] = [(); 3].map(|()| Times::default());
        let undone = job.change_id();
        let undo = |since| ChangeRequest { id: self.service.new_change_id(), change: Change::undo(undone, since) };
        let plan = asked.of(self.service.plan(&self.caller, &undo(Since::Ask))).await?;
        let changed = plan.blockers.iter().filter(|blocker| blocker.kind == BlockerKind::ChangedSince);
        let changed: BTreeSet<UserId> = changed.filter_map(|blocker| blocker.user_id).collect();
        ensure!(changed == some, "{} users were edited, {} are shown", some.len(), changed.len());
        let keep = undo(Since::Keep);
        let plan = planned.of(self.service.plan(&self.caller, &keep)).await?;
        ensure!(!plan.blocked(), "{:?}", plan.blockers.first());
        let outcome = Box::pin(applied.of(self.service.apply(&self.caller, &keep, Some(&plan.fingerprint())))).await?;
        ensure!(matches!(outcome, Outcome::Done { .. }), "the undo was not carried out");
        self.nothing_is_left(before, some.len()).await?;

        let tens_of_thousands = u32::try_from(job.counts.total().div_ceil(10_000))?;
        let mut late = Late::new();
        asked.say("undo, what was changed since");
        if planned.say("undo, the plan") > PLANNED * tens_of_thousands {
            late.push("plan of the undo".to_owned());
        }
        if applied.say("undo, applied") > APPLIED * tens_of_thousands {
            late.push("undo".to_owned());
        }
        Ok(late)
    }

    /// But for those who were kept, the account is as it was before the import.
    async fn nothing_is_left(&self, before: &Home, kept: usize) -> anyhow::Result<()> {
        let (home, kept) = (self.service.home(&self.caller).await?, i64::try_from(kept)?);
        let used = |home: &Home| home.seats.iter().map(|seats| seats.used).sum::<i64>();
        let counts = |home: &Home| [home.users, home.devices, home.numbers - home.numbers_free, used(home)];
        ensure!(
            counts(&home) == counts(before).map(|count| count + kept),
            "users, devices, numbers, seats: {:?}",
            counts(&home)
        );
        ensure!(home.mails_waiting == before.mails_waiting, "{} mails wait", home.mails_waiting);
        Ok(())
    }
}
