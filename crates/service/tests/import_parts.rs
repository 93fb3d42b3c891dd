//! A file that is too large to be planned at once, on both engines: planned and applied in parts, and one change all the same.

use anyhow::{Context as _, Result, ensure};
use lineside_model::change::Change;
use lineside_model::import::{ImportJob, ImportKind, ImportState};
use lineside_model::journal::{STEPS_PAGE, Steps};
use lineside_model::list::{JournalFilter, UserFilter, UserRow};
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::undo::Since;
use lineside_model::user::Role;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, new_user, profile};
use rstest::rstest;

/// More than one part.
const ROWS: usize = 1_130;

async fn house(engine: Engine) -> Option<(Database, House)> {
    let database = Database::fresh(engine).await?;
    let house = House::over(database.store.clone()).await.expect("a house");
    Some((database, house))
}

async fn applied(house: &House, file: String) -> Result<ImportJob> {
    let job = planned(house, file).await?;
    carried_out(house, &job).await
}

async fn planned(house: &House, file: String) -> Result<ImportJob> {
    let owner = &house.acme.owner.caller;
    let job = house.service.upload_import(owner, ImportKind::Users, "users.csv", file.into_bytes()).await?;
    let job = house.service.plan_import(owner, job.id).await?;
    let plan = house.service.import_plan(owner, job.id).await?;
    ensure!(plan.errors.is_empty() && plan.blockers.is_empty(), "{:?} {:?}", plan.errors, plan.blockers);
    Ok(job)
}

async fn carried_out(house: &House, job: &ImportJob) -> Result<ImportJob> {
    let owner = &house.acme.owner.caller;
    house.service.apply_import(owner, job.id, false).await?;
    house.service.import_ended(job.id).await;
    Ok(house.service.import(owner, job.id).await?)
}

fn users(of: impl Iterator<Item = usize>) -> String {
    let rows = of.map(|n| {
        format!("user.{n},First,Last,{},Yealink T54W,80:5E:C0:00:{:02X}:{:02X}\n", 2_000 + n, n / 256, n % 256)
    });
    format!("Username,First name,Last name,Extension,Device model,Device MAC\n{}", rows.collect::<String>())
}

async fn found(house: &House, search: &str) -> Result<Vec<UserRow>> {
    let filter = UserFilter { search: search.to_owned(), ..UserFilter::default() };
    Ok(house.service.users(&house.acme.owner.caller, &filter).await?.rows)
}

#[rstest]
#[tokio::test]
async fn many_parts_are_one_entry_and_one_undo(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) -> Result<()> {
    let Some((_database, house)) = house(engine).await else { return Ok(()) };
    let owner = &house.acme.owner.caller;
    let before = house.service.home(owner).await?;
    let job = applied(&house, users(0..ROWS)).await?;
    assert_eq!((job.state, job.counts.create), (ImportState::Done, ROWS));
    let home = house.service.home(owner).await?;
    assert_eq!((home.users - before.users, home.devices - before.devices), (1_130, 1_130));
    let again = planned(&house, users(0..ROWS)).await?;
    assert_eq!((again.counts.unchanged, again.counts.total()), (ROWS, ROWS));

    // A user, a device and a line each, in pages without a gap.
    let id = job.change_id();
    let entry = house.service.journal_entry(owner, id, Steps::Page(1)).await?;
    assert_eq!((entry.summary.as_str(), entry.step_count), ("Import users: 1130 added, 0 changed", ROWS * 3));
    let mut steps = 0;
    for page in 1..=entry.step_count.div_ceil(STEPS_PAGE) {
        let page = house.service.journal_entry(owner, id, Steps::Page(page)).await?;
        ensure!(page.steps.iter().all(|step| !step.title.is_empty()), "{:?}", page.steps.first());
        steps += page.steps.len();
    }
    assert_eq!(steps, entry.step_count);
    for search in ["user.0", "user.999", "user.1000", "user.1129"] {
        let user = found(&house, search).await?.remove(0).id;
        let filter = JournalFilter { user_id: Some(user), ..JournalFilter::default() };
        let history = house.service.journal(owner, &filter).await?;
        assert_eq!((history.rows.len(), history.rows[0].steps.len()), (1, 3), "{search}");
    }

    let undo = Change::undo(id, Since::Ask);
    house.apply(owner, undo).await?;
    let home = house.service.home(owner).await?;
    assert_eq!((home.users, home.devices), (before.users, before.devices));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_number_goes_from_an_early_row_to_a_late_one_and_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) -> Result<()> {
    let Some((_database, house)) = house(engine).await else { return Ok(()) };
    let owner = &house.acme.owner.caller;
    let number = E164::parse("+14805551000")?;
    let numbers = vec![number.clone()];
    house.apply(owner, Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: None }).await?;
    applied(&house, users(0..ROWS)).await?;
    applied(&house, "Username,Phone number\nuser.0,+14805551000\n".to_owned()).await?;
    let cell = |n: usize| match n {
        0 => "-",
        n if n == ROWS - 1 => "+14805551000",
        _ => "",
    };
    let rows = (0..ROWS).map(|n| format!("user.{n},First,{}\n", cell(n)));
    let moved = format!("Username,First name,Phone number\n{}", rows.collect::<String>());
    let job = applied(&house, moved).await?;
    assert_eq!((job.state, job.counts.change), (ImportState::Done, 2));
    let holder = async || anyhow::Ok(found(&house, "4805551000").await?.remove(0).username);
    assert_eq!(holder().await?, format!("user.{}", ROWS - 1));
    house.apply(owner, Change::undo(job.change_id(), Since::Ask)).await?;
    assert_eq!(holder().await?, "user.0");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn what_the_last_part_finds_in_its_way_undoes_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) -> Result<()> {
    let Some((_database, house)) = house(engine).await else { return Ok(()) };
    let owner = &house.acme.owner.caller;
    let job = planned(&house, users(0..ROWS)).await?;
    // Somebody takes the last row's extension.
    let mut other = new_user(&profile("Bo", "Berg", "bo.berg"), Role::User)?;
    other.profile.extension = Some(format!("{}", 2_000 + ROWS - 1).parse()?);
    house.apply(owner, Change::AddUser { user: Box::new(other) }).await?;
    let before = house.service.home(owner).await?;
    let stopped = carried_out(&house, &job).await?;
    assert_eq!(stopped.state, ImportState::Planned);
    assert!(stopped.trouble.context("a reason")?.contains("changed meanwhile"));
    assert_eq!(stopped.counts.refused, 1);
    let home = house.service.home(owner).await?;
    assert_eq!((home.users, home.devices), (before.users, before.devices));
    ensure!(
        house.service.journal_entry(owner, job.change_id(), Steps::Page(1)).await.is_err(),
        "nothing is in the journal"
    );
    Ok(())
}
