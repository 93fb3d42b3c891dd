//! The catalogue edited: guarded by its version and its use, noticed by every node.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use lineside_model::catalogue::TypeUsage;
use lineside_model::change::Change;
use lineside_model::id::ChangeId;
use lineside_model::journal::Actor;
use lineside_model::license::Catalogue;
use lineside_store::{Applied, CatalogueApplied, CatalogueRequest, Store};
use lineside_testkit::database::Engine;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{House, license, new_user, now};

fn renamed(catalogue: &Catalogue, name: &str) -> Catalogue {
    let mut wanted = catalogue.clone();
    name.clone_into(&mut wanted.types[0].name);
    wanted
}

fn without(catalogue: &Catalogue, slug: &str) -> Catalogue {
    let mut wanted = catalogue.clone();
    wanted.types.retain(|license| license.slug != slug);
    wanted
}

async fn change(store: &Store, wanted: &Catalogue, seen: i64) -> CatalogueApplied {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = ChangeId(Uuid::from_u128(COUNT.fetch_add(1, Ordering::Relaxed).into()));
    let request = CatalogueRequest { id, wanted, seen, sent: None };
    store.change_catalogue(&request, &Actor::system("Olive Operator"), now()).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn another_node_notices_a_changed_catalogue(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let other = Store::open(&house.database.url()).await.unwrap();
    let before = other.catalogue().await.unwrap();
    assert_eq!(before, Catalogue::default_catalogue());
    let wanted = renamed(&before, "Starter");
    let CatalogueApplied::Done(plan) = change(house.store(), &wanted, 1).await else { panic!("not done") };
    assert_eq!(plan.summary, "Change license type Starter");
    for store in [house.store(), &other] {
        assert_eq!(store.catalogue().await.unwrap(), wanted);
    }
    let history = other.catalogue_changes(1).await.unwrap().rows;
    assert_eq!((history.len(), history[0].version, &history[0].plan), (1, 2, &plan));
    assert_eq!((history[0].actor.name.as_str(), history[0].at), ("Olive Operator", now()));
    // A plan of the other node's speaks of the new name.
    house.seats(&house.acme, license("basic"), 1).await;
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    let request =
        house.request(Change::AssignLicense { user_ids: vec![id], license_type_id: license("basic"), date: None });
    let plan = other.plan(&house.acme, &request, house.context()).await.unwrap();
    assert_eq!(plan.summary, "Assign Starter to Ana Duarte");
    other.close().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_operators_at_once_one_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let now = house.store().catalogue_now().await.unwrap();
    let wanted = ["Starter", "First"].map(|name| renamed(&now.catalogue, name));
    let applied = join_all(wanted.iter().map(|wanted| change(house.store(), wanted, now.version))).await;
    let done = applied.iter().filter(|applied| matches!(applied, CatalogueApplied::Done(_))).count();
    assert!(done == 1 && applied.contains(&CatalogueApplied::Stale), "{applied:?}");
    assert_eq!(house.store().catalogue_now().await.unwrap().version, 2);
    // The same as there is: nothing is done, and no version is made.
    let same = house.store().catalogue().await.unwrap();
    assert!(matches!(change(house.store(), &same, 2).await, CatalogueApplied::Done(plan) if plan.is_empty()));
    assert_eq!(house.store().catalogue_changes(1).await.unwrap().total, 1);
}

#[rstest]
#[tokio::test]
async fn what_is_used_is_counted_over_all_accounts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    for scope in [&house.acme, &house.globex] {
        house.seats(scope, license("basic"), 3).await;
        let name = format!("{}.duarte", scope.actor.name.chars().next().unwrap().to_lowercase());
        let id = house.add_user(scope, new_user("Ana", "Duarte", &name)).await;
        let assign = |license_type_id, date| Change::AssignLicense { user_ids: vec![id], license_type_id, date };
        for change in [assign(license("basic"), None), assign(license("business"), "2026-12-24".parse().ok())] {
            let applied = house.apply(scope, &house.request(change)).await;
            assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
        }
    }
    let now = house.store().catalogue_now().await.unwrap();
    assert_eq!(now.usage.of(license("basic")), TypeUsage { held: 2, bought: 6, scheduled: 0 });
    assert_eq!(now.usage.of(license("business")), TypeUsage { held: 0, bought: 0, scheduled: 2 });
    for slug in ["basic", "business"] {
        let applied = change(house.store(), &without(&now.catalogue, slug), 1).await;
        assert!(matches!(applied, CatalogueApplied::Blocked(_)), "{slug}: {applied:?}");
    }
    house.seats(&house.acme, license("pro-plus"), 1).await;
    house.seats(&house.acme, license("pro-plus"), 0).await;
    let applied = change(house.store(), &without(&now.catalogue, "pro-plus"), 1).await;
    assert!(matches!(applied, CatalogueApplied::Done(_)), "{applied:?}");
    let seats = house.store().seats(&house.acme).await.unwrap();
    assert!(seats.iter().all(|seats| seats.license_type_id != license("pro-plus")), "{seats:?}");
}

/// Either the seat is bought first and the type stays, or the type is gone and can't be bought.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_buys_what_is_deleted_at_that_moment(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let now = house.store().catalogue_now().await.unwrap();
    let wanted = without(&now.catalogue, "pro-plus");
    let bought = Change::SetSeats { license_type_id: license("pro-plus"), bought: 1, bound: None };
    let request = house.request(bought);
    let (deleted, bought) = tokio::join!(change(house.store(), &wanted, 1), house.apply(&house.acme, &request));
    let (deleted, bought) = (matches!(deleted, CatalogueApplied::Done(_)), matches!(bought, Applied::Done(_)));
    assert!(deleted != bought, "deleted: {deleted}, bought: {bought}");
}
