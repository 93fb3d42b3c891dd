//! What it costs to plan and apply a file of new users, each with number, license, device and E911 address, beside what the
//! database can do at best: bare inserts of as many rows.

mod undo;

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use lineside_model::account::AccountSettings;
use lineside_model::address::{CivicAddress, Country};
use lineside_model::change::{Change, ChangeRequest, NUMBERS_MAX};
use lineside_model::extension::{DialPlan, Extension};
use lineside_model::import::{ImportKind, ImportState};
use lineside_model::location::Site;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::text::Name;
use lineside_model::time_zone::TimeZone;
use lineside_service::{Caller, Outcome, Service};

use super::memory::MostMemory;
use super::{Late, MEMORY_KB, Times, say_head};
use crate::demo::EmptyAccount;

#[derive(Args)]
pub struct Options {
    /// How many rows the file has.
    #[arg(long, default_value_t = 10_000)]
    rows: usize,
    /// How many of the users are edited before the import is undone; 0 undoes nothing.
    #[arg(long, default_value_t = 50)]
    edited: usize,
}

/// For 10,000 rows; larger files have this for each 10,000 of theirs.
const PLANNED: Duration = Duration::from_secs(1);
const APPLIED: Duration = Duration::from_secs(3);
/// Of the rows per second that bare inserts reach.
const SHARE: f64 = 0.2;

pub(super) async fn measure(options: &Options, service: Service, sign_in: EmptyAccount) -> anyhow::Result<Late> {
    let caller = service.sign_in(&sign_in.username, &sign_in.password, None).await?.caller;
    let bench = Bench { service, caller };
    bench.prepare(options.rows).await?;
    let file = file(options.rows)?;

    say_head(&format!("{} rows, {}", options.rows, bench.service.engine()));
    let mut late = Late::new();
    let before = bench.service.home(&bench.caller).await?;
    let memory = MostMemory::from_now_on();
    let [mut read, mut planned, mut applied, mut bare] = [(); 4].map(|()| Times::default());
    let job =
        read.of(bench.service.upload_import(&bench.caller, ImportKind::Users, "users.csv", file.into_bytes())).await?;
    let job = planned.of(Box::pin(bench.service.plan_import(&bench.caller, job.id))).await?;
    ensure!(job.counts.refused == 0, "{:?}", bench.service.import_plan(&bench.caller, job.id).await?.errors.first());
    let apply = async {
        let job = bench.service.apply_import(&bench.caller, job.id, false).await?;
        bench.service.import_ended(job.id).await;
        bench.service.import(&bench.caller, job.id).await
    };
    let job = applied.of(apply).await?;
    ensure!(job.state == ImportState::Done, "{:?}", job.trouble);
    let memory = memory.until_now();
    bare.of(bench.service.add_bare_sample(&sign_in.scope, options.rows)).await?;

    let tens_of_thousands = u32::try_from(options.rows.div_ceil(10_000))?;
    read.say("read, and guess the columns");
    if planned.say("plan") > PLANNED * tens_of_thousands {
        late.push("plan".to_owned());
    }
    let applied = applied.say("apply");
    if applied > APPLIED * tens_of_thousands {
        late.push("apply".to_owned());
    }
    let share = bare.say("bare inserts").as_secs_f64() / applied.as_secs_f64();
    crate::say(&format!("rows per second: {share:.2} of what bare inserts reach; most memory: {memory} kB"));
    if share < SHARE {
        late.push("rows per second".to_owned());
    }
    if memory > MEMORY_KB {
        late.push("memory".to_owned());
    }
    if options.edited > 0 {
        late.extend(Box::pin(bench.undo(&job, options.edited, &before)).await?);
    }
    Ok(late)
}

struct Bench {
    service: Service,
    caller: Caller,
}

impl Bench {
    /// A location, seats, and a free number for each row.
    async fn prepare(&self, rows: usize) -> anyhow::Result<()> {
        let settings = self.service.account(&self.caller).await?.settings;
        let dial_plan = DialPlan::new(3, 6, Extension::parse("201")?)?;
        let settings = AccountSettings { dial_plan, ..settings };
        self.apply(Change::EditAccount { account_id: None, version: None, settings }).await?;
        let address = CivicAddress {
            street_number: "3550".to_owned(),
            street_name: "N Central Ave".to_owned(),
            unit: String::new(),
            city: "Phoenix".to_owned(),
            region: "AZ".to_owned(),
            postal_code: "85012".to_owned(),
            country: Country::US,
        };
        let site = Site {
            name: Name::parse("Phoenix")?,
            address,
            time_zone: TimeZone::parse("America/Phoenix")?,
            area_code: None,
            callback: None,
            emergency_contacts: Vec::new(),
        };
        self.apply(Change::AddLocation { site }).await?;
        let catalogue = self.service.catalogue().await?;
        let license_type_id = catalogue.license_type_by_slug("business").context("the catalogue has Business")?.id;
        let bought = i64::try_from(rows)?;
        self.apply(Change::SetSeats { license_type_id, bought, bound: None }).await?;
        let numbers: Vec<E164> = (0..rows).map(number).collect::<anyhow::Result<_>>()?;
        for numbers in numbers.chunks(NUMBERS_MAX) {
            let (numbers, kind) = (numbers.to_vec(), NumberKind::Landline);
            self.apply(Change::AddNumbers { numbers, kind, location_id: None }).await?;
        }
        Ok(())
    }

    async fn apply(&self, change: Change) -> anyhow::Result<()> {
        let request = ChangeRequest { id: self.service.new_change_id(), change };
        let outcome = self.service.apply(&self.caller, &request, None).await?;
        ensure!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        Ok(())
    }
}

/// Exchanges from 220 on, past the service codes.
fn number(at: usize) -> anyhow::Result<E164> {
    Ok(E164::parse(&format!("+1702{}{:04}", 220 + at / 10_000, at % 10_000))?)
}

fn file(rows: usize) -> anyhow::Result<String> {
    let mut file =
        "First name,Last name,Username,Email,Extension,Phone number,Location,Voice license,Device model,Device MAC,\
        E911 street number,E911 street,E911 city,E911 state,E911 postal code,E911 country,E911 confirmed\n"
            .to_owned();
    for at in 0..rows {
        let (extension, number) = (600_000 + at, number(at)?);
        writeln!(
            file,
            "Ana,Duarte,ana.duarte.{at}x,ana.{at}@blue-mesa.example,{extension},{number},Phoenix,Business,Yealink T54W,\
            80:5E:0C:{:02X}:{:02X}:{:02X},3550,N Central Ave,Phoenix,AZ,85012,US,yes",
            at >> 16 & 0xff,
            at >> 8 & 0xff,
            at & 0xff,
        )?;
    }
    Ok(file)
}
