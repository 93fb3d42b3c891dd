//! What the mass actions of the users page cost for as many users as one takes, in a large account: each planned, and applied as
//! the plan that was seen.

use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use lineside_model::account::AccountSettings;
use lineside_model::change::{Change, ChangeRequest, USERS_MAX};
use lineside_model::extension::{DialPlan, Extension};
use lineside_model::id::{ChangeId, LicenseTypeId, UserId};
use lineside_model::import::Wish;
use lineside_model::leaving::Leaving;
use lineside_model::mass_edit::MassEdit;
use lineside_model::recording::RecordingMode;
use lineside_model::time_zone::TimeZone;
use lineside_model::undo::Since;
use lineside_model::user::UserState;
use lineside_service::{Caller, Outcome, Service};

use super::memory::MostMemory;
use super::{Late, MEMORY_KB, Times, listen_as_the_switch, some_users};
use crate::demo::EmptyAccount;

#[derive(Args)]
pub struct Options {
    /// How many users the account has.
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// How many users an action is about.
    #[arg(long, default_value_t = USERS_MAX)]
    chosen: usize,
}

const PLANNED: Duration = Duration::from_secs(1);
const APPLIED: Duration = Duration::from_secs(4);
/// Who leaves takes numbers, licenses, devices and all the rest along, or brings them back.
const LEFT_PLANNED: Duration = Duration::from_secs(4);
const LEFT_APPLIED: Duration = Duration::from_secs(10);

pub(super) async fn measure(options: &Options, service: Service, sign_in: EmptyAccount) -> anyhow::Result<Late> {
    tracing::info!(users = options.users, engine = service.engine(), "filling an account");
    service.add_sample(&sign_in.scope, options.users).await?;
    let caller = service.sign_in(&sign_in.username, &sign_in.password, None).await?.caller;
    listen_as_the_switch(&service);
    let user_ids = some_users(&service, &caller, options.chosen).await?;
    let mut bench = Bench { service, caller, user_ids, last: None };
    bench.make_room(options.users).await?;
    let engine = bench.service.engine();
    crate::say(&format!("{} of {} users, {engine}; milliseconds, MB", bench.user_ids.len(), options.users));
    let head = ["plan", "CPU", "apply", "CPU", "memory"].map(|column| format!("{column:>8}")).join(" ");
    crate::say(&format!("{:<24} {head}", ""));
    let mut late = Late::new();
    for (what, action) in bench.actions().await? {
        late.extend(Box::pin(bench.act(what, action)).await?);
    }
    Ok(late)
}

/// What is done to all who were chosen.
enum Action {
    Edit(Box<MassEdit>),
    License(LicenseTypeId),
    Welcome,
    State(UserState),
    Delete,
    /// Of the action before.
    Undo,
}

struct Bench {
    service: Service,
    caller: Caller,
    user_ids: Vec<UserId>,
    last: Option<ChangeId>,
}

impl Bench {
    /// Extensions as long as the sample's, and a seat for everybody.
    async fn make_room(&self, users: usize) -> anyhow::Result<()> {
        let settings = self.service.account(&self.caller).await?.settings;
        let dial_plan = DialPlan::new(3, 6, Extension::parse("201")?)?;
        let settings = AccountSettings { dial_plan, ..settings };
        self.apply(Change::EditAccount { account_id: None, version: None, settings }).await?;
        let (license_type_id, bought) = (self.license().await?, i64::try_from(users)?);
        self.apply(Change::SetSeats { license_type_id, bought, bound: None }).await
    }

    async fn apply(&self, change: Change) -> anyhow::Result<()> {
        let request = ChangeRequest { id: self.service.new_change_id(), change };
        let outcome = self.service.apply(&self.caller, &request, None).await?;
        ensure!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        Ok(())
    }

    /// One that requires nothing.
    async fn license(&self) -> anyhow::Result<LicenseTypeId> {
        let catalogue = self.service.catalogue().await?;
        Ok(catalogue.license_type_by_slug("basic").context("the catalogue has Basic")?.id)
    }

    async fn actions(&self) -> anyhow::Result<Vec<(&'static str, Action)>> {
        let locations = self.service.locations(&self.caller).await?;
        let departments = self.service.departments(&self.caller).await?;
        let location = locations.first().context("the sample has locations")?.location.id;
        let department = departments.first().context("the sample has departments")?.id;
        let zone = TimeZone::parse("America/New_York")?;
        let edit = |edit| Action::Edit(Box::new(edit));
        let none = MassEdit::default;
        Ok(vec![
            ("department", edit(MassEdit { department_id: Wish::Set(department), ..none() })),
            ("location", edit(MassEdit { location_id: Wish::Set(location), ..none() })),
            ("time zone", edit(MassEdit { time_zone: Wish::Set(zone), ..none() })),
            ("email voicemails", edit(MassEdit { email_voicemails: Some(true), ..none() })),
            ("call recording", edit(MassEdit { recording: Some(RecordingMode::Inbound), ..none() })),
            ("license", Action::License(self.license().await?)),
            ("welcome mail", Action::Welcome),
            ("suspend", Action::State(UserState::Suspended)),
            ("resume", Action::State(UserState::Active)),
            ("delete", Action::Delete),
            ("the deletion undone", Action::Undo),
        ])
    }

    async fn act(&mut self, what: &str, action: Action) -> anyhow::Result<Late> {
        let leaves = matches!(action, Action::Delete | Action::Undo);
        let (most_plan, most_apply) = if leaves { (LEFT_PLANNED, LEFT_APPLIED) } else { (PLANNED, APPLIED) };
        let [mut planned, mut applied] = [(); 2].map(|()| Times::default());
        let memory = MostMemory::from_now_on();
        let plan = async {
            let request = self.request(action)?;
            let plan = self.service.plan(&self.caller, &request).await?;
            ensure!(!plan.blocked(), "{what}: {:?}", plan.blockers.first());
            ensure!(!plan.is_empty(), "{what}: nothing to do");
            anyhow::Ok((request, plan.fingerprint()))
        };
        let (request, seen) = planned.of(Box::pin(plan)).await?;
        let outcome = applied.of(Box::pin(self.service.apply(&self.caller, &request, Some(&seen)))).await?;
        ensure!(matches!(outcome, Outcome::Done { .. }), "{what} was not carried out");
        let memory = memory.until_now();
        self.last = Some(request.id);

        let [(plan, plan_cpu), (apply, apply_cpu)] = [planned, applied].map(|times| (times.wall[0], times.cpu));
        let columns = [plan, plan_cpu, apply, apply_cpu].map(|time| format!("{:>8}", time.as_millis())).join(" ");
        crate::say(&format!("{what:<24} {columns} {:>8}", memory / 1024));
        let late = [(plan > most_plan, "plan"), (apply > most_apply, "apply"), (memory > MEMORY_KB, "memory")];
        Ok(late.iter().filter(|(late, _)| *late).map(|(_, of)| format!("{of}, {what}")).collect())
    }

    fn request(&self, action: Action) -> anyhow::Result<ChangeRequest> {
        let user_ids = self.user_ids.clone();
        let change = match action {
            Action::Edit(edit) => Change::EditUsers { user_ids, edit },
            Action::License(license_type_id) => Change::AssignLicense { user_ids, license_type_id, date: None },
            Action::Welcome => Change::SendWelcome { user_ids },
            Action::State(state) => Change::SetUserState { user_ids, state, date: None },
            Action::Delete => Change::DeleteUsers { user_ids, leaving: Leaving::default(), date: None },
            Action::Undo => Change::undo(self.last.context("nothing was done")?, Since::Ask),
        };
        Ok(ChangeRequest { id: self.service.new_change_id(), change })
    }
}
