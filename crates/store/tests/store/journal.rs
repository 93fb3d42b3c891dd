//! The journal's filter.

use lineside_model::change::Change;
use lineside_model::id::ChangeId;
use lineside_model::journal::{STEPS_PAGE, Steps};
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
    let entry = house.store().journal_entry(&house.acme, request.id, Steps::All).await.unwrap().unwrap();
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
        let of_one = Change::SetUserState { user_ids: vec![ana], state, date: None };
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

#[rstest]
#[tokio::test]
async fn a_change_to_many_is_read_in_parts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (acme, store) = (&house.acme, house.store());
    let mut users = Vec::new();
    for n in 0..STEPS_PAGE + 20 {
        users.push(house.add_user(acme, new_user("Ana", &format!("Duarte {n}"), &format!("ana.{n}"))).await);
    }
    let (request, plan) = house.done(acme, Change::SendWelcome { user_ids: users.clone() }).await;
    let read = async |wanted| store.journal_entry(acme, request.id, wanted).await.unwrap().unwrap();
    let all = read(Steps::All).await;
    assert_eq!((all.step_count, &all.steps), (plan.steps.len(), &plan.steps));
    let mut pages = Vec::new();
    for page in 1..=2 {
        pages.extend(read(Steps::Page(page)).await.steps);
    }
    assert_eq!(pages, plan.steps);
    assert_eq!(read(Steps::Page(3)).await.steps, []);
    assert_eq!(store.journal_entry(&house.globex, request.id, Steps::All).await.unwrap(), None);

    for user in [users[3], users[STEPS_PAGE + 10]] {
        let about: Vec<_> = plan.steps.iter().filter(|step| step.is_about(user)).cloned().collect();
        assert!(!about.is_empty());
        assert_eq!(read(Steps::Of(user)).await.steps, about);
        let filter = JournalFilter { user_id: Some(user), ..JournalFilter::default() };
        let listed = store.journal(acme, &filter).await.unwrap().rows.remove(0);
        assert_eq!((listed.id, listed.step_count, listed.steps), (request.id, plan.steps.len(), about));
        let newest = store.newest_of_user(acme, user, 1).await.unwrap();
        assert_eq!(newest.iter().map(|entry| entry.id).collect::<Vec<_>>(), [request.id]);
    }
    let listed = store.journal(acme, &JournalFilter::default()).await.unwrap().rows.remove(0);
    assert_eq!((listed.steps.len(), listed.step_count), (STEPS_PAGE, plan.steps.len()));
}
