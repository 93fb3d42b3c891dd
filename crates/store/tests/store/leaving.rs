//! Users who leave, and changes that are undone, as the database has them.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::extension::{Destination, Extension};
use lineside_model::id::{ChangeId, UserId};
use lineside_model::leaving::Leaving;
use lineside_model::list::UserFilter;
use lineside_model::phone_number::{NumberKind, NumberState};
use lineside_model::plan::BlockerKind;
use lineside_model::undo::Since;
use lineside_model::user::{NewUser, Profile, UserState};
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, blockers, license, new_user, now, profile};

/// Ana (203) with a number, a license and a phone; Ben's calls go to her when he is unreachable.
async fn furnished(house: &House) -> (UserId, UserId) {
    let acme = &house.acme;
    let numbers = house.add_numbers(acme, &["480 555 0143"], NumberKind::Landline).await;
    house.seats(acme, license("business"), 2).await;
    let with = |profile: Profile, extension: &str, unreachable: Option<&str>| Profile {
        extension: Some(Extension::parse(extension).unwrap()),
        unreachable: unreachable.map(|to| Destination::parse(to).unwrap()),
        ..profile
    };
    let profile_of_ana = with(profile("Ana", "Duarte", "ana.duarte"), "203", None);
    let new = new_user("Ana", "Duarte", "ana.duarte");
    let ana = NewUser {
        profile: profile_of_ana,
        number_id: Some(numbers[0]),
        package: Some(license("business")),
        without_license: false,
        ..new.clone()
    };
    let ana = house.add_user(acme, ana).await;
    house.add_device(acme, "80:5e:c0:00:00:01", Some(ana)).await;
    let ben = NewUser { profile: with(profile("Ben", "Okafor", "ben.okafor"), "204", Some("203")), ..new };
    (ana, house.add_user(acme, ben).await)
}

async fn delete(house: &House, user: UserId) -> ChangeRequest {
    house
        .done(&house.acme, Change::DeleteUsers { user_ids: vec![user], leaving: Leaving::default(), date: None })
        .await
        .0
}

fn undo(change: ChangeId, since: Since) -> Change {
    Change::undo(change, since)
}

#[rstest]
#[tokio::test]
async fn who_left_is_in_no_list_and_no_count_and_their_names_are_free(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    let (ana, ben) = furnished(&house).await;
    assert_eq!(house.found("ana").await, ["Ana Duarte"]);
    delete(&house, ana).await;

    assert_eq!(house.found("ana").await, Vec::<String>::new());
    let all = store.users(acme, &UserFilter::default(), now()).await.unwrap();
    assert_eq!((all.total, all.rows.len()), (2, 2));
    let left = house.users(&UserFilter { state: Some(UserState::Deleted), ..UserFilter::default() }).await;
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [ana]);
    assert_eq!(store.home(acme).await.unwrap().unwrap().users, 2);
    assert!(store.login("ana.duarte").await.unwrap().is_none(), "nobody signs in with it");
    assert_eq!(house.user(acme, ben).await.user.profile.unreachable, None);
    let number = house.number_id(acme, "4805550143").await;
    let blocked = house.request(Change::AssignNumber { number_id: number, user_id: Some(ben) });
    assert_eq!(blockers(house.apply(acme, &blocked).await), [BlockerKind::Invalid], "it is kept back");

    let again = NewUser { profile: profile("Ana", "Duarte", "ana.duarte"), ..new_user("Ana", "Duarte", "ana.duarte") };
    house.add_user(acme, again).await;
    assert_eq!(house.found("ana").await, ["Ana Duarte"]);
}

#[rstest]
#[tokio::test]
async fn who_is_brought_back_has_their_password_licenses_number_phone_and_friends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    let (ana, ben) = furnished(&house).await;
    store.set_password("ana.duarte", "hash").await.unwrap();
    let before = house.user(acme, ana).await;
    let deleted = delete(&house, ana).await;
    let (request, plan) = house.done(acme, undo(deleted.id, Since::Ask)).await;
    assert!(plan.summary.starts_with("Undo “Delete Ana Duarte”"), "{}", plan.summary);

    let after = house.user(acme, ana).await;
    assert_eq!(after.user.profile, before.user.profile);
    assert_eq!((after.user.state, after.user.deleted_at), (UserState::Active, None));
    assert_eq!(after.numbers[0].state, NumberState::Assigned);
    assert_eq!((after.assignments.len(), after.devices.len()), (1, 1));
    assert_eq!(after.lamps, before.lamps);
    assert_eq!(house.user(acme, ben).await.user.profile.unreachable, Destination::parse("203").ok());
    assert_eq!(store.login("ana.duarte").await.unwrap().unwrap().password_hash.as_deref(), Some("hash"));
    assert_eq!(house.found("0143").await, ["Ana Duarte"]);
    assert_eq!(store.home(acme).await.unwrap().unwrap().users, 3);
    let by = store.undone_by(acme, deleted.id).await.unwrap().unwrap();
    assert_eq!((by.id, by.action.as_str()), (request.id, "undo"));
    assert_eq!(store.undone_by(&house.globex, deleted.id).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn another_accounts_change_is_not_undone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (ana, _) = furnished(&house).await;
    let deleted = delete(&house, ana).await;
    let request = house.request(undo(deleted.id, Since::Overwrite));
    assert_eq!(blockers(house.apply(&house.globex, &request).await), [BlockerKind::NotFound]);
}

#[rstest]
#[tokio::test]
async fn everything_that_a_user_was_added_with_goes_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    house.seats(acme, license("basic"), 1).await;
    let user =
        NewUser { package: Some(license("basic")), without_license: false, ..new_user("Cy", "Young", "cy.young") };
    let (added, _) = house.done(acme, Change::AddUser { user: Box::new(user.clone()) }).await;
    house.done(acme, undo(added.id, Since::Ask)).await;
    assert_eq!(store.home(acme).await.unwrap().unwrap().users, 1);
    // The seat and the names are there for the next.
    house.add_user(acme, user).await;

    let (numbers, _) = house
        .done(
            acme,
            Change::AddNumbers {
                numbers: vec![lineside_model::phone_number::E164::parse("480 555 0150").unwrap()],
                kind: NumberKind::Landline,
                location_id: None,
            },
        )
        .await;
    house.done(acme, undo(numbers.id, Since::Ask)).await;
    assert_eq!(store.home(acme).await.unwrap().unwrap().numbers, 0);
}
