//! What it costs to plan and apply licenses for many users on a date, and to rehearse a long schedule after one change.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chrono::{Days, NaiveDate};
use clap::Args;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::UserId;
use lineside_model::schedule_list::ScheduleFilter;
use lineside_service::{Caller, Outcome, Service};

use super::{Late, Times, listen_as_the_switch, say_head, some_users};
use crate::demo::EmptyAccount;

#[derive(Args)]
pub struct Options {
    /// How many users the account has.
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// How many entries its schedule has.
    #[arg(long, default_value_t = 20_000)]
    entries: usize,
    /// How many users get a license at once.
    #[arg(long, default_value_t = 10_000)]
    assigned: usize,
}

const PLANNED: Duration = Duration::from_secs(1);
const APPLIED: Duration = Duration::from_secs(2);
/// 95 of 100 rehearsals.
const REHEARSED: Duration = Duration::from_millis(50);
const ROUNDS: usize = 5;
const REHEARSALS: usize = 200;

pub(super) async fn measure(options: &Options, service: Service, sign_in: EmptyAccount) -> anyhow::Result<Late> {
    tracing::info!(users = options.users, entries = options.entries, engine = service.engine(), "filling an account");
    service.add_sample(&sign_in.scope, options.users).await?;
    service.add_sample_schedule(&sign_in.scope, options.entries).await?;
    let session = service.sign_in(&sign_in.username, &sign_in.password, None).await?;
    listen_as_the_switch(&service);
    let bench = Bench { service, caller: session.caller };
    let engine = bench.service.engine();
    say_head(&format!("{} users, {} scheduled entries, {engine}", options.users, options.entries));
    let mut late = Late::new();
    Box::pin(bench.many(options, &mut late)).await?;
    bench.one(&mut late).await?;
    Ok(late)
}

struct Bench {
    service: Service,
    caller: Caller,
}

impl Bench {
    /// Licenses for many users, each round on another date.
    async fn many(&self, options: &Options, late: &mut Late) -> anyhow::Result<()> {
        let catalogue = self.service.catalogue().await?;
        let license = catalogue.license_type_by_slug("basic").context("the catalogue has Basic")?.id;
        let bought = i64::try_from(2 * options.users)?;
        self.apply(Change::SetSeats { license_type_id: license, bought, bound: None }).await?;
        let user_ids = some_users(&self.service, &self.caller, options.assigned).await?;
        let (mut planned, mut applied) = (Times::default(), Times::default());
        let today = self.service.account(&self.caller).await?.settings.time_zone.date(self.service.now());
        for round in 0..ROUNDS {
            let date: NaiveDate = today + Days::new(200 + round as u64);
            let change =
                Change::AssignLicense { user_ids: user_ids.clone(), license_type_id: license, date: Some(date) };
            let request = ChangeRequest { id: self.service.new_change_id(), change };
            let plan = planned.of(self.service.plan(&self.caller, &request)).await?;
            ensure!(plan.steps.len() == user_ids.len(), "{} steps: {:?}", plan.steps.len(), plan.blockers);
            let seen = plan.fingerprint();
            let outcome = Box::pin(applied.of(self.service.apply(&self.caller, &request, Some(&seen)))).await?;
            ensure!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        }
        if planned.say(&format!("plan for {} users on a date", user_ids.len())) > PLANNED {
            late.push("plan".to_owned());
        }
        if applied.say("the same applied") > APPLIED {
            late.push("apply".to_owned());
        }
        Ok(())
    }

    /// One user's license goes, and all of their entries are rehearsed.
    async fn one(&self, late: &mut Late) -> anyhow::Result<()> {
        let mut users: Vec<UserId> = Vec::new();
        for page in 1..=5 {
            let filter = ScheduleFilter { page, ..ScheduleFilter::default() };
            let rows = self.service.schedule(&self.caller, &filter).await?.rows;
            users.extend(rows.iter().map(|row| row.entry.user_id));
        }
        ensure!(!users.is_empty(), "nothing is scheduled");
        let catalogue = self.service.catalogue().await?;
        let voice = catalogue.track_by_slug("voice").context("the catalogue has Voice")?.id;
        let mut rehearsed = Times::default();
        for n in 0..REHEARSALS {
            let change = Change::RemoveLicense { user_ids: vec![users[n % users.len()]], track_id: voice, date: None };
            let request = ChangeRequest { id: self.service.new_change_id(), change };
            rehearsed.of(self.service.plan(&self.caller, &request)).await?;
        }
        if rehearsed.say("rehearsal after one change") > REHEARSED {
            late.push("rehearsal".to_owned());
        }
        Ok(())
    }

    async fn apply(&self, change: Change) -> anyhow::Result<()> {
        let request = ChangeRequest { id: self.service.new_change_id(), change };
        match self.service.apply(&self.caller, &request, None).await? {
            Outcome::Done { .. } => Ok(()),
            other => bail!("{other:?}"),
        }
    }
}
