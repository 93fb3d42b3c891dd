//! Users from files, on both engines: from the template to users, refused rows back and forth, and the moment of a crash.

use anyhow::{Context as _, Result, ensure};
use lineside_model::change::Change;
use lineside_model::import::{ImportJob, ImportState};
use lineside_model::license::{Catalogue, VOICE};
use lineside_model::list::{JournalFilter, UserFilter};
use lineside_model::location::SiteInput;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_service::ServiceError;
use lineside_service::import::{FileKind, FileOf};
use lineside_sheet::column::Column;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;

async fn houses() -> Vec<(Database, House)> {
    let mut houses = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(database) = Database::fresh(engine).await {
            let house = House::over(database.store.clone()).await.expect("a house");
            houses.push((database, house));
        }
    }
    houses
}

/// A location, a department, numbers and seats for so many users.
async fn furnish(house: &House, users: u32) -> Result<()> {
    let owner = &house.acme.owner.caller;
    let mut site = SiteInput { name: "Phoenix".into(), area_code: "480".into(), ..SiteInput::default() };
    site.address.street_number = "3550".into();
    site.address.street_name = "N Central Ave".into();
    site.address.city = "Phoenix".into();
    site.address.region = "AZ".into();
    site.address.postal_code = "85012".into();
    let site = site.parse().map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    house.apply(owner, Change::AddLocation { site }).await?;
    house.apply(owner, Change::AddDepartment { name: "Sales".parse()? }).await?;
    let numbers = (0..users).map(|n| E164::parse(&format!("+1480555{:04}", 1000 + n))).collect::<Result<_, _>>()?;
    house.apply(owner, Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: None }).await?;
    let license_type_id = Catalogue::default_catalogue().license_type_by_slug("business").context("Business")?.id;
    house.apply(owner, Change::SetSeats { license_type_id, bought: users.into(), bound: None }).await?;
    Ok(())
}

/// The template's headings, and rows that fill all of its columns.
fn file(users: u32) -> String {
    let catalogue = Catalogue::default_catalogue();
    let columns = Column::template(&catalogue);
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let mut file = line(columns.iter().map(|column| format!("\"{}\"", column.heading(&catalogue))).collect());
    for n in 0..users {
        let cell = |column: &Column| match column {
            Column::FirstName => format!("First{n}"),
            Column::LastName => "Last".to_owned(),
            Column::Username => format!("user.{n}"),
            Column::Email => format!("user{n}@acme.example"),
            Column::PhoneNumber => format!("'+1480555{:04}", 1000 + n),
            Column::Extension => format!("{}", 2000 + n),
            Column::Location => "phoenix".to_owned(),
            Column::Department => "SALES".to_owned(),
            Column::Welcome | Column::E911Confirmed => "yes".to_owned(),
            Column::E911Unit => format!("Room {n}"),
            Column::DeviceModel => "Yealink T54W".to_owned(),
            Column::DeviceMac => format!("80:5E:C0:00:{:02X}:{:02X}", n / 256, n % 256),
            Column::License(track) if track == VOICE => "Business".to_owned(),
            _ => String::new(),
        };
        file += &line(columns.iter().map(cell).collect());
    }
    file
}

/// Uploads, takes the guessed columns, and plans.
async fn planned(house: &House, file: impl Into<Vec<u8>>) -> Result<ImportJob> {
    let owner = &house.acme.owner.caller;
    let job = house.service.upload_import(owner, "users.csv", file.into()).await?;
    let read = house.service.read_import(owner, job.id).await?;
    Ok(house.service.map_import(owner, job.id, &read.mapping()).await?)
}

/// Applies, and waits for the end.
async fn applied(house: &House, job: &ImportJob, good_rows_only: bool) -> Result<ImportJob> {
    let owner = &house.acme.owner.caller;
    house.service.apply_import(owner, job.id, good_rows_only).await?;
    house.service.import_ended(job.id).await;
    Ok(house.service.import(owner, job.id).await?)
}

#[tokio::test]
async fn forty_users_come_from_a_file_and_the_same_file_changes_nothing() -> Result<()> {
    for (_database, house) in houses().await {
        furnish(&house, 40).await?;
        let owner = &house.acme.owner.caller;
        let job = planned(&house, file(40)).await?;
        let plan = house.service.import_plan(owner, job.id).await?;
        ensure!(plan.errors.is_empty() && plan.blockers.is_empty(), "{plan:?}");
        assert_eq!((job.counts.create, job.counts.total()), (40, 40));
        assert_eq!(applied(&house, &job, false).await?.state, ImportState::Done);
        let filter = UserFilter { search: "user.7".into(), ..UserFilter::default() };
        let row = house.service.users(owner, &filter).await?.rows.remove(0);
        let user = house.service.user(owner, row.id).await?;
        assert_eq!(user.devices.len(), 1);
        assert_eq!(user.assignments.len(), 1);
        assert!(user.e911.context("an address")?.confirmed.is_some());

        let again = planned(&house, file(40)).await?;
        assert_eq!((again.counts.unchanged, again.counts.total()), (40, 40));

        // An export of all of them is a file that changes nothing either.
        for kind in [FileKind::Csv, FileKind::Xlsx] {
            let export = house.service.users_file(owner, FileOf::AllUsers, kind).await?;
            let again = planned(&house, export).await?;
            let plan = house.service.import_plan(owner, again.id).await?;
            assert_eq!(plan.errors, []);
            assert_eq!((again.counts.unchanged, again.counts.total()), (43, 43), "{:?}", plan.rows);
        }
    }
    Ok(())
}

#[tokio::test]
async fn good_rows_go_through_and_refused_ones_come_back_as_a_file() -> Result<()> {
    for (_database, house) in houses().await {
        furnish(&house, 4).await?;
        let owner = &house.acme.owner.caller;
        let broken = file(4).replace("user.1,", "acme_owner,").replace("80:5E:C0:00:00:02", "80:5E:C0");
        let job = planned(&house, broken).await?;
        assert_eq!((job.counts.create, job.counts.refused), (2, 2));
        let refused = house.service.apply_import(owner, job.id, false).await;
        assert!(matches!(refused, Err(ServiceError::Invalid(_))));
        let done = applied(&house, &job, true).await?;
        assert_eq!(done.state, ImportState::Done);

        let result = house.service.import_result(owner, job.id, FileKind::Csv).await?;
        let text = String::from_utf8(result.clone())?;
        assert!(text.contains("C3: ") && text.contains("What is wrong"), "{text}");
        let repaired = text.replace("acme_owner,", "user.1,").replace("80:5E:C0,", "80:5E:C0:00:00:02,");
        let job = planned(&house, repaired).await?;
        assert_eq!((job.counts.create, job.counts.total()), (2, 2));
        assert_eq!(applied(&house, &job, false).await?.state, ImportState::Done);
    }
    Ok(())
}

#[tokio::test]
async fn a_cell_is_corrected_and_the_plan_is_made_anew() -> Result<()> {
    for (_database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        let job = planned(&house, "Username,First name,Last name,Ext\nnew.one,New,One,911\n").await?;
        assert_eq!(job.counts.refused, 1);
        let cell = (2, 3, "2001".to_owned());
        let job = house.service.correct_import(owner, job.id, &[cell]).await?;
        assert_eq!((job.counts.create, job.counts.refused), (1, 0));
    }
    Ok(())
}

#[tokio::test]
async fn what_changed_meanwhile_is_planned_anew_and_not_applied() -> Result<()> {
    for (_database, house) in houses().await {
        let username = &house.acme.user.username;
        let job = planned(&house, format!("Username,First name\n{username},Anna\n")).await?;
        assert_eq!(job.counts.change, 1);
        let other = planned(&house, format!("Username,First name\n{username},Annette\n")).await?;
        assert_eq!(applied(&house, &other, false).await?.state, ImportState::Done);
        let stopped = applied(&house, &job, false).await?;
        assert_eq!(stopped.state, ImportState::Planned);
        assert!(stopped.trouble.context("a reason")?.contains("changed meanwhile"));
    }
    Ok(())
}

#[tokio::test]
async fn an_import_that_a_crash_stopped_says_whether_it_was_applied() -> Result<()> {
    let database = Database::fresh(Engine::Sqlite).await.context("SQLite")?;
    let house = House::over(database.store.clone()).await?;
    let owner = &house.acme.owner.caller;
    let scope = lineside_model::journal::Scope { account_id: house.acme.id, actor: owner.actor() };
    let mut job = planned(&house, "Username,First name,Last name\nnew.one,New,One\n").await?;
    // As the program left it that was killed.
    (job.state, job.started_at) = (ImportState::Applying, Some(house.service.now()));
    ensure!(database.store.save_import(&scope, &mut job).await?);
    let stopped = house.service.import(owner, job.id).await?;
    assert_eq!(stopped.state, ImportState::Planned);
    assert!(stopped.trouble.as_ref().context("a reason")?.contains("Nothing was changed"));
    let mut done = applied(&house, &stopped, false).await?;
    // Killed after the change and before its end was written down.
    (done.state, done.finished_at) = (ImportState::Applying, None);
    ensure!(database.store.save_import(&scope, &mut done).await?);
    assert_eq!(house.service.import(owner, job.id).await?.state, ImportState::Done);
    let journal = house.service.journal(owner, &JournalFilter::default()).await?;
    assert_eq!(journal.rows.iter().filter(|entry| entry.action == "import_users").count(), 1);
    Ok(())
}

#[tokio::test]
async fn columns_are_remembered_for_the_next_file() -> Result<()> {
    for (_database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        let upload = || house.service.upload_import(owner, "x.csv", b"Who,A,B\nnew.one,New,One\n".to_vec());
        let job = upload().await?;
        assert!(job.columns.is_empty());
        let mut mapping = house.service.read_import(owner, job.id).await?.mapping();
        mapping.columns = [(0, Column::Username), (1, Column::FirstName), (2, Column::LastName)].into();
        house.service.map_import(owner, job.id, &mapping).await?;
        assert_eq!(house.service.read_import(owner, upload().await?.id).await?.mapping(), mapping);
        let theirs = house.service.import(&house.globex.owner.caller, job.id).await;
        assert!(matches!(theirs, Err(ServiceError::NotFound)));
    }
    Ok(())
}
