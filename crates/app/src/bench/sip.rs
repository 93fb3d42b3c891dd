//! `lineside bench sip`: registrations and calls over UDP, memory for contacts, and pages while every phone registers at once.
//! The whole program runs by itself on one core; where Kamailio is installed, it is measured beside it on the same core by
//! the same phones.

mod kamailio;
mod pages;
pub(super) mod phones;
pub(super) mod target;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::NewDevice;
use lineside_model::extension::Extension;
use lineside_model::journal::Scope;
use lineside_service::{Outcome, Service};
use lineside_sip::digest::Ha1;

use self::pages::Pages;
use self::phones::{Line, Phones};
use self::target::Target;
use super::{Late, now};
use crate::demo;

#[derive(Args)]
pub struct Options {
    /// How many phones register; a thousand of them call each other.
    #[arg(long, default_value_t = 10_000)]
    phones: usize,
    /// Registrations, after each phone has registered once.
    #[arg(long, default_value_t = 50_000)]
    registrations: usize,
    #[arg(long, default_value_t = 40_000)]
    calls: usize,
    /// How many of them go on at once.
    #[arg(long, default_value_t = 50)]
    window: usize,
    /// The core that the measured program has for itself, by number.
    #[arg(long, default_value_t = 1)]
    core: usize,
    #[command(flatten)]
    kamailio: kamailio::Options,
    /// Where the database is made; kept, and used again by the next run as it was made.
    #[arg(long, default_value = "/tmp/lineside-bench-sip")]
    data: PathBuf,
}

/// What a unit may cost in CPU time, and what contacts may take.
const REGISTRATION: Duration = Duration::from_micros(20);
const CALL: Duration = Duration::from_micros(120);
const CONTACTS_KB: u64 = 12 * 1024;
/// Phones with an extension, which can be called.
const CALLED: usize = 1_000;

pub fn run(options: &Options, runtime: &tokio::runtime::Handle) -> anyhow::Result<Late> {
    let (lines, pages) = runtime.block_on(prepare(&options.data, options.phones))?;
    let mut late = Late::new();
    let lineside = start_lineside(&options.data, Some(options.core), pages.http())?;
    let sip = lineside.sip;
    let ours = measure(options, &lineside, &lines)?;
    if ours.registration > REGISTRATION {
        late.push("a registration".to_owned());
    }
    if ours.call > CALL {
        late.push("a call".to_owned());
    }
    if ours.contacts_kb > CONTACTS_KB {
        late.push("memory for contacts".to_owned());
    }
    pages.measure(&lines, sip)?;
    drop(lineside);
    let (peer, lines) = (&options.kamailio, lines.iter().map(Line::at_kamailio).collect::<Vec<_>>());
    if !peer.is_there() {
        crate::say("Kamailio is not there: nothing to compare with");
        return Ok(late);
    }
    let lean = measure(options, &peer.start_lean(&options.data, options.core)?, &lines)?;
    compare(&ours, &lean, "Kamailio in memory");
    match peer.start_with_database(&options.data, options.core, &lines)? {
        Some(kamailio) => {
            let theirs = measure(options, &kamailio, &lines)?;
            compare(&ours, &theirs, "Kamailio with a database");
            if ours.registration * 2 > theirs.registration {
                late.push("registrations beside Kamailio's".to_owned());
            }
            if ours.call > theirs.call {
                late.push("calls beside Kamailio's".to_owned());
            }
        }
        None => crate::say("Kamailio's SQLite module is not there: with a database it is not compared"),
    }
    Ok(late)
}

fn compare(ours: &Measured, theirs: &Measured, name: &str) {
    let times = |ours: Duration, theirs: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
    crate::say(&format!(
        "per core, Lineside does {:.2} times the registrations of {name} and {:.2} times its calls",
        times(ours.registration, theirs.registration),
        times(ours.call, theirs.call),
    ));
}

/// The CPU time of a unit, and memory.
struct Measured {
    registration: Duration,
    call: Duration,
    contacts_kb: u64,
}

fn measure(options: &Options, target: &Target, lines: &[Line]) -> anyhow::Result<Measured> {
    let name = target.name;
    let mut phones = Phones::new(lines, target.sip)?;
    target.settle();
    let empty = target.memory();
    phones.register(lines.len(), options.window)?;
    target.settle();
    let contacts_kb = target.memory().saturating_sub(empty);
    crate::say(&format!("{name:<9} {:>8} contacts   {contacts_kb} KB more than {empty} KB", lines.len()));
    let mut unit = |what: &str, count: usize, work: &mut dyn FnMut(&mut Phones<'_>) -> anyhow::Result<()>| {
        let (threads, cpu, since) = (target.threads(), target.cpu(), now());
        work(&mut phones)?;
        let count_u32 = u32::try_from(count.max(1))?;
        let (cpu, wall) = (target.cpu().saturating_sub(cpu), since.elapsed());
        crate::say(&format!(
            "{name:<9} {count:>8} {what:<13} {:>6.1} µs of CPU each, {:.0} a second ({})",
            micros(cpu / count_u32),
            f64::from(count_u32) / wall.as_secs_f64(),
            shares(&threads, &target.threads(), count_u32),
        ));
        anyhow::Ok(cpu / count_u32)
    };
    let registration = unit("registrations", options.registrations, &mut |phones| {
        phones.register(options.registrations, options.window)
    })?;
    let call = unit("calls", options.calls, &mut |phones| phones.call(options.calls, options.window))?;
    crate::say(&format!("{name:<9} {:>8} KB after all that", target.memory()));
    Ok(Measured { registration, call, contacts_kb })
}

/// What each kind of thread had of a unit.
fn shares(before: &[(String, Duration)], after: &[(String, Duration)], count: u32) -> String {
    let mut shares: Vec<(f64, &str)> = after
        .iter()
        .map(|(name, cpu)| {
            let then = before.iter().find(|(known, _)| known == name).map_or(Duration::ZERO, |(_, cpu)| *cpu);
            (micros(cpu.saturating_sub(then) / count), name.as_str())
        })
        .filter(|(share, _)| *share >= 0.1)
        .collect();
    shares.sort_by(|one, other| other.0.total_cmp(&one.0));
    shares.iter().map(|(share, name)| format!("{name} {share:.1}")).collect::<Vec<_>>().join(", ")
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A database with as many users as phones, each with one phone. Made once.
pub(super) async fn prepare(data: &Path, phones: usize) -> anyhow::Result<(Vec<Line>, Pages)> {
    let made = data.join("made");
    let is_made = std::fs::read_to_string(&made).is_ok_and(|text| text == phones.to_string());
    if !is_made && data.exists() {
        std::fs::remove_dir_all(data)?;
    }
    std::fs::create_dir_all(data)?;
    let config = demo::bench_config(data, None)?;
    if is_made {
        made_anew(data)?;
    } else {
        let service = crate::program::service(&config).await?;
        tracing::info!(phones, "making users and phones; this takes a while");
        let account = demo::empty_account(&service).await?;
        fill(&service, &account.scope, phones).await?;
        std::fs::write(data.join("owner"), format!("{}\n{}", account.username, account.password))?;
        service.close().await;
        std::fs::copy(data.join("lineside.db"), data.join("made.db"))?;
        std::fs::write(&made, phones.to_string())?;
    }
    let service = crate::program::service(&config).await?;
    let owner = std::fs::read_to_string(data.join("owner"))?;
    let (username, password) = owner.split_once('\n').context("who owns the account is not written down")?;
    let session = service.sign_in(username, password, None).await?;
    let token = service.add_api_token(&session.caller, "bench").await?.token;
    let mut lines = Vec::with_capacity(phones);
    for user in service.directory().await? {
        let Some(line) = user.lines.first() else { continue };
        let ha1 = Ha1::from_hex(&hex::encode(line.ha1_md5)).context("an HA1 has another length")?;
        let called = user.extension.map(|extension| extension.to_string());
        lines.push(Line { username: line.username.clone(), domain: user.sip_domain.clone(), ha1, called });
    }
    ensure!(lines.len() == phones, "{} phones were made; remove {}", lines.len(), data.display());
    // Some call and are called; they shall not be all of those who were made first.
    lines.sort_by(|one, other| one.username.cmp(&other.username));
    service.close().await;
    let http = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    Ok((lines, Pages::new(http, session.token.clone(), token)))
}

/// The database as it was made: history and contacts of earlier runs would slow down the next.
fn made_anew(data: &Path) -> std::io::Result<()> {
    for left in ["lineside.db-wal", "lineside.db-shm"] {
        let path = data.join(left);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    std::fs::copy(data.join("made.db"), data.join("lineside.db")).map(drop)
}

async fn fill(service: &Service, scope: &Scope, phones: usize) -> anyhow::Result<()> {
    let catalogue = service.catalogue().await?;
    let license = catalogue.license_type_by_slug("basic").context("the catalogue that ships has this type")?.id;
    let seats = Change::SetSeats { license_type_id: license, bought: u32::try_from(phones)?.into(), bound: None };
    apply(service, scope, seats).await?;
    // As the extensions of the account begin, without those that no extension may be.
    let mut extensions = (202..).map(|n: u32| n.to_string()).filter(|text| Extension::parse(text).is_ok());
    for n in 0..phones {
        let extension = if n < CALLED { extensions.next().unwrap_or_default() } else { String::new() };
        let mut user = demo::bench_user(n + 1, &extension)?;
        user.package = Some(license);
        let user_id = apply(service, scope, Change::AddUser { user: Box::new(user) }).await?.new_user_id();
        let device = NewDevice { model: "generic".to_owned(), mac: None, label: None, user_id: Some(user_id) };
        let device_id = apply(service, scope, Change::AddDevice { device }).await?.new_device_id();
        apply(service, scope, Change::Generate { device_id }).await?;
    }
    Ok(())
}

async fn apply(service: &Service, scope: &Scope, change: Change) -> anyhow::Result<ChangeRequest> {
    let request = ChangeRequest { id: service.new_change_id(), change };
    match service.apply_in(scope, &request, None).await? {
        Outcome::Done { .. } | Outcome::Before => Ok(request),
        Outcome::Blocked(plan) | Outcome::Moved(plan) => anyhow::bail!("{}: {:?}", plan.summary, plan.blockers),
    }
}

pub(super) fn start_lineside(data: &Path, core: Option<usize>, http: SocketAddr) -> anyhow::Result<Target> {
    let (path, sip) = (data.join("lineside.toml"), free_address()?);
    let text = format!(
        "data = \"{}\"\n[http]\nlisten = \"{http}\"\nurl = \"http://{http}\"\n[sip]\nlisten = \"{sip}\"\nhost = \"127.0.0.1\"\n\
         media_address = \"127.0.0.1\"\nrtp_first_port = 40000\nrtp_last_port = 59999\n",
        data.display()
    );
    std::fs::write(&path, text)?;
    let program = std::env::current_exe()?;
    Target::start("lineside", core, &program, &["serve", "--config", &path.to_string_lossy()], sip)
}
