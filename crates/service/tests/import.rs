//! Users from files, on both engines: from the template to users, refused rows back and forth, and the moment of a crash.

use anyhow::{Context as _, Result, ensure};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::import::{ImportJob, ImportKind, ImportState};
use lineside_model::license::{Catalogue, VOICE};
use lineside_model::list::{JournalFilter, UserFilter};
use lineside_model::location::SiteInput;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::plan::BlockerKind;
use lineside_model::undo::Since;
use lineside_model::user::Role;
use lineside_service::ServiceError;
use lineside_service::import::{FileKind, FileOf};
use lineside_sheet::column::Column;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, new_user, profile};

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
    let columns = Column::template(ImportKind::Users, &catalogue);
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
    let job = house.service.upload_import(owner, ImportKind::Users, "users.csv", file.into()).await?;
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
async fn an_export_that_others_overtook_is_merged_with_what_they_did() -> Result<()> {
    for (_database, house) in houses().await {
        furnish(&house, 4).await?;
        let owner = &house.acme.owner.caller;
        let done = applied(&house, &planned(&house, file(4)).await?, false).await?;
        assert_eq!(done.state, ImportState::Done, "{:?}", done.trouble);
        let export = String::from_utf8(house.service.users_file(owner, FileOf::AllUsers, FileKind::Csv).await?)?;

        // Others clear a department and an address, rename somebody, and delete two.
        let others =
            "Extension,Username,Department,Email\n2000,user.0,-,\n2001,renamed.1,,\n2002,user.2,,other@acme.example\n";
        let mut job = house.service.upload_import(owner, ImportKind::Users, "others.csv", others.into()).await?;
        let mut mapping = house.service.read_import(owner, job.id).await?.mapping();
        mapping.key = lineside_model::import::Key::Extension;
        job = house.service.map_import(owner, job.id, &mapping).await?;
        assert_eq!(applied(&house, &job, false).await?.state, ImportState::Done);
        let gone = [user_named(&house, "user.3").await?, house.acme.user.id];
        house
            .apply(
                owner,
                Change::DeleteUsers {
                    user_ids: gone.to_vec(),
                    leaving: lineside_model::leaving::Leaving::default(),
                    date: None,
                },
            )
            .await?;

        // As it was exported, it asks for nothing, and nobody comes back.
        let job = planned(&house, export.clone()).await?;
        assert_eq!((job.counts.create, job.counts.change, job.counts.refused), (0, 0, 0));

        let edited = export
            .replace("user0@acme.example", "ana@acme.example")
            .replace("user1@acme.example", "bo@acme.example")
            .replace("user2@acme.example", "cy@acme.example");
        let job = planned(&house, edited).await?;
        let plan = house.service.import_plan(owner, job.id).await?;
        assert_eq!((job.counts.change, job.counts.refused, job.counts.create), (2, 1, 0), "{plan:?}");
        assert!(plan.errors[0].message.contains("others wrote other@acme.example here"), "{:?}", plan.errors);
        let (row, column) = (plan.errors[0].row, plan.errors[0].column.context("a column")?);
        let job = house.service.correct_import(owner, job.id, &[(row, column, "cy@acme.example".to_owned())]).await?;
        assert_eq!((job.counts.change, job.counts.refused), (3, 0));
        assert_eq!(applied(&house, &job, false).await?.state, ImportState::Done);
        let user = house.service.user(owner, user_named(&house, "user.0").await?).await?.user;
        assert_eq!((user.profile.department_id, user.profile.email.unwrap().as_str()), (None, "ana@acme.example"));
        let renamed = house.service.user(owner, user_named(&house, "renamed.1").await?).await?.user;
        assert_eq!(renamed.profile.email.unwrap().as_str(), "bo@acme.example");
    }
    Ok(())
}

async fn user_named(house: &House, username: &str) -> Result<lineside_model::id::UserId> {
    let filter = UserFilter { search: username.into(), ..UserFilter::default() };
    let rows = house.service.users(&house.acme.owner.caller, &filter).await?.rows;
    Ok(rows.first().with_context(|| format!("no {username}"))?.id)
}

async fn planned_as(house: &House, kind: ImportKind, file: impl Into<Vec<u8>>) -> Result<ImportJob> {
    let owner = &house.acme.owner.caller;
    let job = house.service.upload_import(owner, kind, "file.csv", file.into()).await?;
    let read = house.service.read_import(owner, job.id).await?;
    Ok(house.service.map_import(owner, job.id, &read.mapping()).await?)
}

#[tokio::test]
async fn locations_numbers_and_devices_come_from_files_and_go_out_again() -> Result<()> {
    for (_database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        let username = &house.acme.user.username;
        let files = [
            (
                ImportKind::Locations,
                "Name,Street number,Street,City,State,Postal code,Country,Emergency contact,Emergency contact's email\n\
                 Tempe,12,Mill Ave,Tempe,AZ,85281,US,Rosa Diaz,rosa@acme.example\n\
                 Mesa,7,Main St,Mesa,AZ,85201,US,,\n"
                    .to_owned(),
            ),
            (
                ImportKind::Numbers,
                format!(
                    "Number,Type,Site,Owner\n+14805559001,,Tempe,{username}\n+14805559002,,mesa,\n+14805559003,mobile,,\n"
                ),
            ),
            (
                ImportKind::Devices,
                format!(
                    "MAC,Model,Label,Username\n805EC0AABB01,Yealink T54W,Desk,{username}\n80:5e:c0:aa:bb:02,Yealink T54W,,\n"
                ),
            ),
        ];
        for (kind, file) in files {
            let rows = file.lines().count() - 1;
            let job = planned_as(&house, kind, file.clone()).await?;
            let plan = house.service.import_plan(owner, job.id).await?;
            assert_eq!((job.counts.create, job.counts.total()), (rows, rows), "{kind:?}: {plan:?}");
            assert_eq!(applied(&house, &job, false).await?.state, ImportState::Done);
            let again = planned_as(&house, kind, file).await?;
            assert_eq!((again.counts.unchanged, again.counts.total()), (rows, rows), "{kind:?}");
            for out in [FileKind::Csv, FileKind::Xlsx] {
                let file = house.service.inventory_file(owner, kind, FileOf::AllUsers, out).await?;
                let again = planned_as(&house, kind, file).await?;
                assert_eq!((again.counts.unchanged, again.counts.total()), (rows, rows), "{kind:?}");
            }
        }
        let user = house.service.user(owner, house.acme.user.id).await?;
        assert_eq!((user.numbers.len(), user.devices.len()), (1, 1));

        // To nobody, to another name, and what can't be.
        let job = planned_as(&house, ImportKind::Devices, "MAC,Username,Label\n805EC0AABB01,-,Spare\n").await?;
        assert_eq!((job.counts.change, applied(&house, &job, false).await?.state), (1, ImportState::Done));
        assert!(house.service.user(owner, house.acme.user.id).await?.devices.is_empty());
        for (kind, file, place, said) in [
            (ImportKind::Devices, "MAC,Username\n805EC0AABB01,nobody.here\n", "B2", "there is no user nobody.here"),
            (ImportKind::Devices, "MAC,Label\n805EC0AABB09,x\n", "A2", "fill in the model"),
            (ImportKind::Numbers, "Number,Type\n+14805559001,mobile\n", "B2", "as a landline number"),
            (ImportKind::Numbers, "Number,Site\n+14805559001,Nowhere\n", "B2", "there is no location Nowhere"),
            (ImportKind::Locations, "Name,City\nYuma,Yuma\n", "", "street"),
        ] {
            let job = planned_as(&house, kind, file).await?;
            let plan = house.service.import_plan(owner, job.id).await?;
            assert_eq!(job.counts.refused, 1, "{file}");
            let found =
                plan.errors.iter().any(|error| error.message.contains(said) && error.place().starts_with(place));
            assert!(found || place.is_empty(), "{file}: {:?}", plan.errors);
        }
        let theirs = house.service.inventory_file(
            &house.globex.owner.caller,
            ImportKind::Numbers,
            FileOf::AllUsers,
            FileKind::Csv,
        );
        assert!(!String::from_utf8(theirs.await?)?.contains("480555"));
    }
    Ok(())
}

#[tokio::test]
async fn an_import_is_undone_and_what_was_edited_since_is_kept_or_goes_as_chosen() -> Result<()> {
    for (_database, house) in houses().await {
        furnish(&house, 60).await?;
        let owner = &house.acme.owner.caller;
        let before = house.service.home(owner).await?;
        let job = applied(&house, &planned(&house, file(60)).await?, false).await?;
        let edits = "Username,Department\nuser.0,-\nuser.1,-\nuser.2,-\nuser.3,-\nuser.4,-\n";
        let edits = applied(&house, &planned(&house, edits).await?, false).await?;
        assert_eq!((job.state, edits.state), (ImportState::Done, ImportState::Done));

        let undone = job.change_id();
        let ask = ChangeRequest { id: house.service.new_change_id(), change: Change::undo(undone, Since::Ask) };
        let plan = house.service.plan(owner, &ask).await?;
        assert_eq!(plan.blockers.iter().filter(|blocker| blocker.kind == BlockerKind::ChangedSince).count(), 5);
        assert!(plan.blockers.iter().all(|blocker| blocker.user_id.is_some() && !blocker.repairs.is_empty()));

        house.apply(owner, Change::undo(undone, Since::Keep)).await?;
        let kept = house.service.home(owner).await?;
        assert_eq!(kept.users, before.users + 5);
        assert_eq!((kept.devices, kept.numbers_free), (before.devices + 5, before.numbers_free - 5));
        assert_eq!(used(&house).await?, 5);
        while house.service.send_due_mails().await? > 0 {}
        let to_users = |mail: &&String| mail.lines().any(|line| line.starts_with("To: ") && line.contains("user"));
        assert_eq!(house.mails()?.iter().filter(to_users).count(), 5, "mails of those who are gone are gone too");
    }
    Ok(())
}

async fn used(house: &House) -> Result<i64> {
    let business = Catalogue::default_catalogue().license_type_by_slug("business").context("Business")?.id;
    let seats = house.service.seats(&house.acme.owner.caller).await?;
    Ok(seats.iter().find(|seats| seats.license_type_id == business).context("seats")?.used)
}

/// Two imports want the same users' places at once, and ten administrators add colleagues meanwhile. Whoever is told that
/// things changed looks at the plan and tries again, as a person does.
#[tokio::test(flavor = "multi_thread")]
async fn two_imports_and_ten_administrators_at_once_lose_nothing() -> Result<()> {
    for (_database, house) in houses().await {
        furnish(&house, 70).await?;
        let house = std::sync::Arc::new(house);
        let before = house.service.home(&house.acme.owner.caller).await?;
        let whole = file(60);
        let lines: Vec<&str> = whole.lines().collect();
        let half = |rows: std::ops::Range<usize>| [&lines[..1], &lines[rows]].concat().join("\r\n");
        let mut tasks = tokio::task::JoinSet::new();
        // Ten rows are in both files: the second finds them there.
        for rows in [half(1..36), half(26..61)] {
            let house = house.clone();
            tasks.spawn(async move {
                let mut job = planned(&house, rows).await?;
                for _ in 0..50 {
                    job = applied(&house, &job, false).await?;
                    if job.state == ImportState::Done {
                        return Ok(());
                    }
                    job = house.service.plan_import(&house.acme.owner.caller, job.id).await?;
                }
                anyhow::bail!("never applied: {:?}", job.trouble)
            });
        }
        for admin in 0..10 {
            let house = house.clone();
            tasks.spawn(async move {
                for n in 0..3 {
                    let profile = profile("Col", "League", &format!("colleague.{admin}.{n}"));
                    let user = Box::new(new_user(&profile, Role::User)?);
                    house.apply(&house.acme.owner.caller, Change::AddUser { user }).await?;
                }
                Ok(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        let after = house.service.home(&house.acme.owner.caller).await?;
        assert_eq!(after.users, before.users + 60 + 30);
        assert_eq!((after.numbers_free, after.devices), (before.numbers_free - 60, before.devices + 60));
        assert_eq!(used(&house).await?, 60);
    }
    Ok(())
}

#[tokio::test]
async fn columns_are_remembered_for_the_next_file() -> Result<()> {
    for (_database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        let upload =
            || house.service.upload_import(owner, ImportKind::Users, "x.csv", b"Who,A,B\nnew.one,New,One\n".to_vec());
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
