//! Two people at once.

use futures_util::future::join_all;
use lineside_model::change::Change;
use lineside_model::plan::BlockerKind;
use lineside_store::Applied;
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, license, new_user, profile};

fn how_many_done(applied: &[Applied]) -> usize {
    applied.iter().filter(|applied| matches!(applied, Applied::Done(_))).count()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn assigning_the_last_seat_twice_gives_it_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    house.seats(&house.acme, license("basic"), 1).await;
    let mut requests = Vec::new();
    for at in 0..4 {
        let id = house.add_user(&house.acme, new_user("Ana", "Duarte", &format!("user.{at}"))).await;
        let change = Change::AssignLicense { user_ids: vec![id], license_type_id: license("basic"), date: None };
        requests.push(house.request(change));
    }
    let applied = join_all(requests.iter().map(|request| house.apply(&house.acme, request))).await;
    assert_eq!(how_many_done(&applied), 1, "{applied:?}");
    for applied in applied {
        if let Applied::Blocked(plan) = applied {
            assert_eq!(plan.blockers[0].kind, BlockerKind::NoFreeSeat);
        }
    }
    let seats = house.store().seats(&house.acme).await.unwrap();
    assert_eq!((seats[0].bought, seats[0].used), (1, 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_save_the_same_user_at_once_one_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    let requests = ["Silva", "Costa"].map(|last| {
        let profile = Box::new(profile("Ana", last, "ana.duarte"));
        house.request(Change::EditProfile { user_id: id, version: Some(1), profile })
    });
    let applied = join_all(requests.iter().map(|request| house.apply(&house.acme, request))).await;
    assert_eq!(how_many_done(&applied), 1, "{applied:?}");
    let stale =
        |applied: &Applied| matches!(applied, Applied::Blocked(plan) if plan.blockers[0].kind == BlockerKind::Stale);
    assert!(applied.iter().any(stale), "{applied:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_change_sent_twice_at_once_is_applied_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let request = house.request(Change::AddUser { user: Box::new(new_user("Ana", "Duarte", "ana.duarte")) });
    let applied = join_all((0..4).map(|_| house.apply(&house.acme, &request))).await;
    assert_eq!(how_many_done(&applied), 1, "{applied:?}");
    assert_eq!(applied.iter().filter(|applied| **applied == Applied::Before).count(), 3, "{applied:?}");
    assert_eq!(house.found("duarte").await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_username_wanted_twice_at_once_is_given_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let request = || house.request(Change::AddUser { user: Box::new(new_user("Ana", "Duarte", "ana.duarte")) });
    let (first, second) = (request(), request());
    let (first, second) = tokio::join!(house.apply(&house.acme, &first), house.apply(&house.globex, &second));
    let applied = [first, second];
    assert_eq!(how_many_done(&applied), 1, "{applied:?}");
    let taken =
        |applied: &Applied| matches!(applied, Applied::Blocked(plan) if plan.blockers[0].kind == BlockerKind::Taken);
    assert!(applied.iter().any(taken), "{applied:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counts_stay_right_when_many_add_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let requests: Vec<_> = (0..8)
        .map(|at| {
            let user = new_user("Ana", "Duarte", &format!("user.{at}"));
            house.request(Change::AddUser { user: Box::new(user) })
        })
        .collect();
    let applied = join_all(requests.iter().map(|request| house.apply(&house.acme, request))).await;
    assert_eq!(how_many_done(&applied), 8, "{applied:?}");
    let home = house.store().home(&house.acme).await.unwrap().unwrap();
    assert_eq!((home.users, home.not_ready, home.missing), (9, 9, [9, 9, 9, 0, 0]));
}
