//! The journal's filter.

use lineside_model::change::Change;
use lineside_model::id::ChangeId;
use lineside_model::list::JournalFilter;
use lineside_model::plan::Context;
use lineside_model::text::Name;
use lineside_model::user::UserState;
use lineside_store::Applied;
use lineside_testkit::database::Engine;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{House, later, new_user, now, profile};

#[rstest]
#[tokio::test]
async fn entries_are_filtered_by_who_what_and_when(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Zoë", "Ångström", "zoe.a")).await;
    let saved = Box::new(profile("Zoë", "Berg", "zoe.a"));
    house.done(&house.acme, Change::EditProfile { user_id: id, version: None, profile: saved }).await;
    house.done(&house.acme, Change::AddDepartment { name: Name::parse("100%").unwrap() }).await;
    let failed = ChangeId(Uuid::from_u128(77));
    let store = house.store();
    store.record_event(&house.acme, failed, later(60), "sign_in_failed", "Wrong password", Some(id)).await.unwrap();
    store.record_event(&house.acme, failed, later(60), "sign_in_failed", "Wrong password", Some(id)).await.unwrap();

    let all = JournalFilter::default;
    for (filter, actions) in [
        (all(), vec!["sign_in_failed", "add_department", "edit_profile", "add_user", "open_account"]),
        (JournalFilter { user_id: Some(id), ..all() }, vec!["sign_in_failed", "edit_profile", "add_user"]),
        (JournalFilter { action: "edit_profile".to_owned(), ..all() }, vec!["edit_profile"]),
        (JournalFilter { search: "angstrom add".to_owned(), ..all() }, vec!["add_user"]),
        (JournalFilter { search: "DUARTE".to_owned(), from: Some(later(1)), ..all() }, vec!["sign_in_failed"]),
        (JournalFilter { search: "100%".to_owned(), ..all() }, vec!["add_department"]),
        (JournalFilter { search: "1_0".to_owned(), ..all() }, vec![]),
        (JournalFilter { from: Some(later(60)), ..all() }, vec!["sign_in_failed"]),
        (JournalFilter { until: Some(now()), ..all() }, vec![]),
        (JournalFilter { page: 2, ..all() }, vec![]),
    ] {
        let page = store.journal(&house.acme, &filter).await.unwrap();
        let found: Vec<&str> = page.rows.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(found, actions, "{filter:?}");
    }
}

#[rstest]
#[tokio::test]
async fn an_entry_keeps_before_and_after_and_no_secret(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    let saved = Box::new(profile("Ana", "Silva", "ana.duarte"));
    let (request, _) =
        house.done(&house.acme, Change::EditProfile { user_id: id, version: None, profile: saved }).await;
    let entry = house.store().journal_entry(&house.acme, request.id).await.unwrap().unwrap();
    let last_name = entry.steps[0].changes.iter().find(|change| change.field == "last_name").unwrap();
    assert_eq!((last_name.before.as_str(), last_name.after.as_str()), ("Duarte", "Silva"));
    assert_eq!(entry.actor.name, "Ana Duarte");
    house.add_device(&house.acme, "80:5e:c0:00:00:01", Some(id)).await;
    let newest = house.store().journal(&house.acme, &JournalFilter::default()).await.unwrap().rows.remove(0);
    let json = serde_json::to_string(&newest.steps).unwrap();
    assert!(json.contains("(secret)") && !json.contains("token") || !json.contains("token 1"), "{json}");
}

#[rstest]
#[tokio::test]
async fn a_user_s_history_has_changes_to_many_in_its_order(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let ana = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    let ben = house.add_user(&house.acme, new_user("Ben", "Silva", "ben.silva")).await;
    for at in 1..=30 {
        let state = if at % 2 == 0 { UserState::Active } else { UserState::Suspended };
        let of_one = Change::SetUserState { user_id: ana, state };
        for (change, at) in [(Change::SendWelcome { user_ids: vec![ana, ben] }, 2 * at), (of_one, 2 * at + 1)] {
            let request = house.request(change);
            let context = Context { now: later(at), ..house.context() };
            let applied = house.store().apply(&house.acme, &request, None, context).await.unwrap();
            assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
        }
    }
    let page = async |user, page| {
        let filter = JournalFilter { user_id: Some(user), page, ..JournalFilter::default() };
        house.store().journal(&house.acme, &filter).await.unwrap()
    };
    let (first, second) = (page(ana, 1).await, page(ana, 2).await);
    assert_eq!((first.total, first.rows.len(), second.rows.len()), (61, 50, 11));
    let read: Vec<_> = first.rows.iter().chain(&second.rows).map(|entry| entry.at).collect();
    let in_order: Vec<_> = (2..=61).rev().map(later).chain([now()]).collect();
    assert_eq!(read, in_order);
    assert_eq!(page(ben, 1).await.total, 31);
    let filter = JournalFilter { user_id: Some(ben), until: Some(later(10)), ..JournalFilter::default() };
    assert_eq!(house.store().journal(&house.acme, &filter).await.unwrap().total, 5);
    assert_eq!(house.store().journal(&house.globex, &filter).await.unwrap().total, 0);
}
