//! The user list: what a search finds, what filters leave, in which order.

use lineside_model::change::Change;
use lineside_model::extension::Extension;
use lineside_model::id::LocationId;
use lineside_model::list::{UserFilter, UserRow, UserSort};
use lineside_model::phone_number::NumberKind;
use lineside_model::readiness::{Lamp, LampKind};
use lineside_model::text::Name;
use lineside_model::user::{NewUser, UserState, WizardStep};
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, license, new_user, profile};

async fn add(house: &House, first: &str, last: &str, extension: &str, at: Option<LocationId>) {
    let plain: String = first.chars().filter(char::is_ascii_alphabetic).collect();
    let username = format!("{plain}.{extension}");
    let mut new = new_user(first, last, &username);
    new.profile.extension = Some(Extension::parse(extension).unwrap());
    new.profile.location_id = at;
    house.add_user(&house.acme, new).await;
}

fn names(rows: &[UserRow]) -> Vec<String> {
    rows.iter().map(UserRow::name).collect()
}

#[rstest]
#[tokio::test]
async fn every_word_of_a_search_begins_a_word_of_the_user(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    add(&house, "Ana", "Duarte", "203", None).await;
    add(&house, "Anja", "Dürr", "204", None).await;
    add(&house, "José", "O'Brien-Duarte", "3204", None).await;
    let number = house.add_numbers(&house.acme, &["480 555 0143"], NumberKind::Landline).await[0];
    let ana = house.users(&UserFilter { search: "203".to_owned(), ..UserFilter::default() }).await[0].id;
    house.done(&house.acme, Change::AssignNumber { number_id: number, user_id: Some(ana) }).await;

    for (search, found) in [
        ("an", vec!["Ana Duarte", "Anja Dürr"]),
        ("AN du", vec!["Ana Duarte", "Anja Dürr"]),
        ("duarte", vec!["Ana Duarte", "José O'Brien-Duarte"]),
        ("duarte jose", vec!["José O'Brien-Duarte"]),
        ("O'Brien", vec!["José O'Brien-Duarte"]),
        ("obrien", vec![]),
        ("20", vec!["Ana Duarte", "Anja Dürr"]),
        ("3204", vec!["José O'Brien-Duarte"]),
        ("0143", vec!["Ana Duarte"]),
        ("+1 (480) 555-0143", vec!["Ana Duarte"]),
        ("5550143", vec!["Ana Duarte"]),
        ("143", vec![]),
        ("ana.203@mail", vec!["Ana Duarte"]),
        ("na", vec![]),
        ("%", vec![]),
        ("ana 204", vec![]),
    ] {
        assert_eq!(house.found(search).await, found, "{search}");
    }
}

#[rstest]
#[tokio::test]
async fn searches_count_and_turn_pages(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    for at in 0..60 {
        let name = format!("Bo{}", char::from(b'a' + u8::try_from(at % 26).unwrap()));
        house.add_user(&house.acme, new_user(&name, "Berg", &format!("bo.{at:03}"))).await;
    }
    for (search, sort, total) in
        [("bo", UserSort::Name, 60), ("berg bo", UserSort::Extension, 60), ("", UserSort::Location, 61)]
    {
        let mut seen = Vec::new();
        for page in 1..=3 {
            let filter = UserFilter { search: search.to_owned(), sort, page, ..UserFilter::default() };
            let page = house.store().users(&house.acme, &filter, crate::support::now()).await.unwrap();
            assert_eq!((page.total, page.more_than), (total, false));
            seen.extend(page.rows.iter().map(|row| row.id));
        }
        let before = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), before), (usize::try_from(total).unwrap(), usize::try_from(total).unwrap()));
    }
}

#[rstest]
#[tokio::test]
async fn all_that_match_are_those_of_every_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let hq = house.add_location(&house.acme, "HQ").await;
    for at in 0..60 {
        let at_hq = (at % 2 == 0).then_some(hq);
        add(
            &house,
            &format!("Bo{}", char::from(b'a' + u8::try_from(at % 26).unwrap())),
            "Berg",
            &(1000 + at).to_string(),
            at_hq,
        )
        .await;
    }
    let filter =
        |search: &str, location_id| UserFilter { search: search.to_owned(), location_id, ..UserFilter::default() };
    for (filter, expected) in [
        (filter("", None), 61),
        (filter("berg", None), 60),
        (filter("berg bo", Some(hq)), 30),
        (filter("", Some(hq)), 30),
        (filter("nobody", None), 0),
    ] {
        let mut all = house.store().matching(&house.acme, &filter, 100).await.unwrap();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), expected, "{filter:?}");
        let few = house.store().matching(&house.acme, &filter, 7).await.unwrap();
        assert_eq!(few.len(), expected.min(7));
    }
}

#[rstest]
#[tokio::test]
async fn users_are_sorted_by_name_extension_and_location(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let yard = house.add_location(&house.acme, "Yard").await;
    let hq = house.add_location(&house.acme, "HQ").await;
    add(&house, "Élodie", "Brun", "1001", Some(yard)).await;
    add(&house, "Dora", "Adler", "999", Some(hq)).await;
    add(&house, "Zoe", "Adler", "1000", Some(hq)).await;
    let sorted = async |sort, descending, search: &str| {
        let filter = UserFilter { sort, descending, search: search.to_owned(), ..UserFilter::default() };
        names(&house.users(&filter).await)
    };
    let owner = "Olive Owner";
    assert_eq!(sorted(UserSort::Name, false, "").await, ["Dora Adler", "Élodie Brun", owner, "Zoe Adler"]);
    assert_eq!(sorted(UserSort::Name, true, "").await, ["Zoe Adler", owner, "Élodie Brun", "Dora Adler"]);
    assert_eq!(sorted(UserSort::Extension, false, "").await, ["Dora Adler", "Zoe Adler", "Élodie Brun", owner]);
    assert_eq!(sorted(UserSort::Location, false, "").await, ["Dora Adler", "Zoe Adler", "Élodie Brun", owner]);
    assert_eq!(sorted(UserSort::Location, true, "").await, [owner, "Élodie Brun", "Zoe Adler", "Dora Adler"]);
    let everybody = "mail.example";
    assert!(sorted(UserSort::Name, false, everybody).await.is_empty(), "words are found by their beginnings");
    assert_eq!(sorted(UserSort::Location, true, "adler").await, ["Zoe Adler", "Dora Adler"]);
}

#[rstest]
#[tokio::test]
async fn filters_leave_those_they_name(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let hq = house.add_location(&house.acme, "HQ").await;
    let department = Change::AddDepartment { name: Name::parse("Sales").unwrap() };
    let sales = house.done(&house.acme, department).await.0.new_department_id();
    house.seats(&house.acme, license("basic"), 5).await;
    let mut licensed = new_user("Ana", "Duarte", "ana.duarte");
    licensed.package = Some(license("basic"));
    licensed.profile.location_id = Some(hq);
    house.add_user(&house.acme, licensed).await;
    let mut unfinished = NewUser { wizard: Some(WizardStep::Device), ..new_user("Bo", "Berg", "bo.berg") };
    unfinished.profile.department_id = Some(sales);
    house.add_user(&house.acme, unfinished).await;
    let suspended = house.add_user(&house.acme, new_user("Cy", "Clay", "cy.clay")).await;
    house
        .done(&house.acme, Change::SetUserState { user_ids: vec![suspended], state: UserState::Suspended, date: None })
        .await;

    let all = UserFilter::default;
    let (ana, bo, cy, owner) = ("Ana Duarte", "Bo Berg", "Cy Clay", "Olive Owner");
    for (filter, left) in [
        (UserFilter { location_id: Some(hq), ..all() }, vec![ana]),
        (UserFilter { location_id: Some(hq), sort: UserSort::Location, ..all() }, vec![ana]),
        (UserFilter { department_id: Some(sales), ..all() }, vec![bo]),
        (UserFilter { license_type_id: Some(license("basic")), ..all() }, vec![ana]),
        (UserFilter { no_license: true, ..all() }, vec![bo, cy, owner]),
        (UserFilter { holds: Some(license("basic")), ..all() }, vec![ana]),
        (UserFilter { lacks: Some(license("basic")), ..all() }, vec![bo, cy, owner]),
        (UserFilter { search: "c".to_owned(), lacks: Some(license("basic")), ..all() }, vec![cy]),
        (UserFilter { state: Some(UserState::Suspended), ..all() }, vec![cy]),
        (UserFilter { ready: Some(true), ..all() }, vec![]),
        (UserFilter { ready: Some(false), ..all() }, vec![ana, bo, cy, owner]),
        (UserFilter { unfinished: true, ..all() }, vec![bo]),
        (UserFilter { unfinished: true, state: Some(UserState::Active), ..all() }, vec![bo]),
        (UserFilter { search: "c".to_owned(), state: Some(UserState::Active), ..all() }, vec![]),
        (UserFilter { search: "c".to_owned(), state: Some(UserState::Suspended), ..all() }, vec![cy]),
    ] {
        let page = house.store().users(&house.acme, &filter, crate::support::now()).await.unwrap();
        assert_eq!(names(&page.rows), left, "{filter:?}");
        assert_eq!(usize::try_from(page.total).unwrap(), left.len(), "{filter:?}");
    }
    let row = &house.users(&UserFilter { location_id: Some(hq), ..all() }).await[0];
    assert_eq!((row.license.as_deref(), row.location.as_deref()), (Some("Basic"), Some("HQ")));
    assert_eq!((row.lamps.license, row.lamps.number), (Lamp::Ready, Lamp::Missing));
}

#[rstest]
#[tokio::test]
async fn the_first_free_extension_is_suggested(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let plan = house.store().account(&house.acme).await.unwrap().unwrap().settings.dial_plan;
    let suggested = async || house.store().suggest_extension(&house.acme, &plan).await.unwrap().unwrap().to_string();
    assert_eq!(suggested().await, "201");
    for extension in ["201", "202", "204", "2030"] {
        add(&house, "Ana", "Duarte", extension, None).await;
    }
    assert_eq!(suggested().await, "203");
}

#[rstest]
#[tokio::test]
async fn a_username_is_found_by_its_beginning_over_all_accounts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    for (scope, username) in [(&house.acme, "Ana.Duarte"), (&house.globex, "ana.duarte2"), (&house.acme, "ana.d")] {
        house.add_user(scope, NewUser { profile: profile("Ana", "D", username), ..new_user("A", "D", username) }).await;
    }
    let taken = house.store().usernames_beginning("ana.duarte").await.unwrap();
    assert_eq!(taken, ["ana.duarte", "ana.duarte2"]);
}

#[rstest]
#[tokio::test]
async fn a_large_account_is_counted_searched_and_offered_as_a_small_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    store.add_sample(acme, 4_300, crate::support::now()).await.unwrap();

    let home = store.home(acme).await.unwrap().unwrap();
    assert_eq!((home.users, home.numbers, home.devices), (4_301, 4_300, 4_300 - 4_300 / 13 - 1));
    let at_locations = store.locations(acme).await.unwrap();
    assert_eq!(at_locations.iter().map(|row| (row.users, row.numbers)).collect::<Vec<_>>()[..20], [(108, 108); 20]);
    let in_departments: i64 = store.departments(acme).await.unwrap().iter().map(|row| row.users).sum();
    assert_eq!(in_departments, 4_300 - 1_434);
    let ready = UserFilter { ready: Some(true), ..UserFilter::default() };
    let total = store.users(acme, &ready, crate::support::now()).await.unwrap().total;
    assert_eq!(total, home.users - home.not_ready);

    // What Home counts is what the list has, whether the tally knows it or the list has to count.
    for (lamp, users) in LampKind::ALL.into_iter().zip(home.missing) {
        let lacking = UserFilter { missing: Some(lamp), ..UserFilter::default() };
        let listed = store.users(acme, &lacking, crate::support::now()).await.unwrap();
        assert!(users > 0 && listed.total == users, "{lamp:?}: {users} on Home, {} in the list", listed.total);
        let unmet = |row: &UserRow| matches!(row.lamps.of_kind(lamp), Lamp::Missing | Lamp::Failing);
        assert!(listed.rows.len() == usize::try_from(users.min(50)).unwrap() && listed.rows.iter().all(unmet));
        let counted = UserFilter { ready: Some(false), sort: UserSort::Extension, ..lacking.clone() };
        let counted = store.users(acme, &counted, crate::support::now()).await.unwrap().total;
        assert_eq!(counted, users, "{lamp:?}");
        let of_one_name = UserFilter { search: "ana".to_owned(), ..lacking };
        let found = store.users(acme, &of_one_name, crate::support::now()).await.unwrap();
        assert!(found.rows.iter().all(unmet) && found.total < users, "{lamp:?}");
    }

    // Every extension from 200000 on is taken.
    let first_extension = Extension::parse("200000").unwrap();
    let plan = lineside_model::extension::DialPlan::new(3, 6, first_extension).unwrap();
    let suggested = store.suggest_extension(acme, &plan).await.unwrap().unwrap();
    assert_eq!(suggested.as_str(), "204300");

    // More than are counted, read from the words alone and along the index: the same users in the same order.
    let page = async |filter: UserFilter| store.users(acme, &filter, crate::support::now()).await.unwrap();
    for (page_number, descending) in [(1, false), (3, false), (1, true)] {
        let all = page(UserFilter { page: page_number, descending, ..UserFilter::default() }).await;
        let by_extension =
            UserFilter { search: "20".to_owned(), page: page_number, descending, ..UserFilter::default() };
        let found = page(by_extension.clone()).await;
        assert_eq!((found.total, found.more_than), (2_000, true));
        let without_owner = |rows: &[UserRow]| -> Vec<_> {
            rows.iter().filter(|row| row.extension.is_some()).map(|row| row.id).collect()
        };
        assert_eq!(without_owner(&found.rows)[..40], without_owner(&all.rows)[..40]);
        let active = page(UserFilter { no_license: true, ..by_extension.clone() }).await;
        assert_eq!(active.total, 391);
        let two = page(UserFilter { search: "20 sample".to_owned(), ..by_extension }).await;
        assert_eq!(two.total, 0);
    }
}
