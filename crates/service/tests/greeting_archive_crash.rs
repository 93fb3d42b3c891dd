//! kill -9 at any moment of an archive of greetings: everybody's greeting is that of the archive or nobody's is, and the archive
//! says which.
//!
//! The test starts itself as a second process that uploads and applies one archive after the other, kills it at a random
//! moment, and looks at what the database holds; on each engine.

use std::io::{Cursor, Write as _};

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use lineside_model::greeting_archive::{ArchiveState, GreetingArchive};
use lineside_model::id::ArchiveId;
use lineside_model::list::{JournalFilter, UserFilter};
use lineside_service::Service;
use lineside_testkit::call::wav_of;
use lineside_testkit::database::Engine;
use lineside_testkit::kill::{Moments, Orders, Said, Site, say};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const MOMENTS: Moments = Moments { kills: 60, words: 4, micros: 12_000 };
/// A worker that is not killed stops here.
const ARCHIVES_MAX: u64 = 6;
const USERNAMES: [&str; 3] = ["acme.owner", "acme.admin", "acme.user"];

#[tokio::test]
async fn a_killed_archive_is_all_or_nothing_on_sqlite() -> anyhow::Result<()> {
    survive(Engine::Sqlite).await
}

#[tokio::test]
async fn a_killed_archive_is_all_or_nothing_on_postgresql() -> anyhow::Result<()> {
    survive(Engine::Postgres).await
}

/// The second process.
#[tokio::test]
async fn worker() -> anyhow::Result<()> {
    let Some(orders) = Orders::<()>::given()? else { return Ok(()) };
    let (service, owner) = (orders.service().await?, orders.owner());
    for step in 0..ARCHIVES_MAX {
        let id = ArchiveId(service.new_change_id().0);
        service.upload_greeting_archive(&owner, id, "greetings.zip", archive(orders.round, step)?).await?;
        while service.greeting_archive(&owner, id).await?.state == ArchiveState::Reading {
            tokio::task::yield_now().await;
        }
        say("asked", id)?;
        service.apply_greeting_archive(&owner, id).await?;
        service.greeting_archive_ended(id).await;
        ensure!(service.greeting_archive(&owner, id).await?.state == ArchiveState::Done);
        say("answered", id)?;
    }
    Ok(())
}

/// The same sound for everybody, and another one in each archive.
fn archive(round: u64, step: u64) -> anyhow::Result<Vec<u8>> {
    let sound = wav_of(u32::try_from(8_000 + round * ARCHIVES_MAX + step)?);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for username in USERNAMES {
        archive.start_file(format!("{username}.wav"), SimpleFileOptions::default())?;
        archive.write_all(&sound)?;
    }
    Ok(archive.finish()?.into_inner())
}

async fn survive(engine: Engine) -> anyhow::Result<()> {
    let Some(site) = Site::on(engine).await? else { return Ok(()) };
    // On PostgreSQL another node may be at work until then.
    site.clock.turn(TimeDelta::minutes(11));
    let mut seen = Seen::default();
    site.kill_often((), MOMENTS, async |orders, said| check_round(&site.service, orders, &said, &mut seen).await)
        .await?;
    ensure!(seen.again > 0, "no archive had to be applied again");
    eprintln!("{engine:?}: {} kills, {} archives whole, {} of nothing", MOMENTS.kills, seen.whole, seen.again);
    Ok(())
}

#[derive(Default)]
struct Seen {
    whole: usize,
    /// Found as if it had never been applied, and applied by who looked.
    again: usize,
    /// What everybody's greeting is.
    sound: Option<String>,
}

/// What an archive says of itself is what happened, to everybody in it; and what did not happen can still be done.
async fn check_round(service: &Service, orders: &Orders<()>, said: &Said, seen: &mut Seen) -> anyhow::Result<()> {
    let owner = orders.owner();
    for asked in &said.asked {
        let archive = service.greeting_archive(&owner, asked.parse()?).await?;
        let done = archive.state == ArchiveState::Done;
        ensure!(done || archive.state == ArchiveState::Planned, "{:?}", archive.state);
        ensure!(done || !said.answered.contains(asked), "an archive that was done is gone");
        if done {
            (seen.whole, seen.sound) = (seen.whole + 1, Some(sound(&archive)?));
        }
    }
    check_greetings(service, orders, seen).await?;
    let Some(last) = said.asked.last() else { return Ok(()) };
    let archive = service.greeting_archive(&owner, last.parse()?).await?;
    if archive.state == ArchiveState::Planned {
        service.apply_greeting_archive(&owner, archive.id).await?;
        service.greeting_archive_ended(archive.id).await;
        ensure!(service.greeting_archive(&owner, archive.id).await?.state == ArchiveState::Done);
        (seen.again, seen.sound) = (seen.again + 1, Some(sound(&archive)?));
        check_greetings(service, orders, seen).await?;
    }
    Ok(())
}

fn sound(archive: &GreetingArchive) -> anyhow::Result<String> {
    archive.files.first().and_then(|file| file.audio.clone()).context("the archive has a sound")
}

async fn check_greetings(service: &Service, orders: &Orders<()>, seen: &Seen) -> anyhow::Result<()> {
    let owner = orders.owner();
    for row in service.users(&owner, &UserFilter::default()).await?.rows {
        let greeting = service.user(&owner, row.id).await?.greeting.map(|greeting| greeting.audio);
        ensure!(greeting == seen.sound, "{} has a greeting of another archive", row.username);
    }
    let filter = JournalFilter { action: "set_greeting".to_owned(), ..JournalFilter::default() };
    let entries = usize::try_from(service.journal(&owner, &filter).await?.total)?;
    ensure!(entries == seen.whole + seen.again, "{entries} entries in the journal");
    Ok(())
}
