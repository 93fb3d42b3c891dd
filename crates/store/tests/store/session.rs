//! Sign-in, sessions, links that set a password once, and tokens.

use lineside_model::change::Change;
use lineside_model::id::OperatorId;
use lineside_model::journal::Actor;
use lineside_model::operator_journal::OperatorJournalFilter;
use lineside_model::user::UserState;
use lineside_store::api_token::{ApiTokenRow, TokenOwner};
use lineside_store::login::Subject;
use lineside_testkit::database::Engine;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{House, later, new_user, now, profile};

const ANA: &str = "ana.duarte";

#[rstest]
#[tokio::test]
async fn failures_are_counted_until_a_success(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "Ana.Duarte")).await;
    let store = house.store();
    let login = store.login(ANA).await.unwrap().unwrap();
    assert_eq!((login.username.as_str(), login.password_hash, login.failures), ("Ana.Duarte", None, 0));
    assert!(matches!(login.subject, Subject::User { id: found, .. } if found == id));
    assert_eq!(store.login_failed(ANA, None).await.unwrap(), 1);
    assert_eq!(store.login_failed(ANA, Some(later(60))).await.unwrap(), 2);
    assert_eq!(store.login(ANA).await.unwrap().unwrap().locked_until, Some(later(60)));
    store.login_succeeded(ANA, now()).await.unwrap();
    let login = store.login(ANA).await.unwrap().unwrap();
    assert_eq!((login.failures, login.locked_until), (0, None));
    assert_eq!(house.user(&house.acme, id).await.last_sign_in, Some(now()));
    assert_eq!(store.login_failed("nobody", None).await.unwrap(), 0);
}

#[rstest]
#[tokio::test]
async fn sessions_end_by_time_by_hand_and_by_suspension(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", ANA)).await;
    let store = house.store();
    let begin = async |hash: &[u8]| store.add_session(hash, ANA, now(), later(3_600)).await.unwrap();
    let lives = async |hash: &[u8], at| store.session(hash, at).await.unwrap().is_some();
    begin(b"one").await;
    begin(b"two").await;
    assert!(lives(b"one", now()).await && lives(b"two", now()).await && !lives(b"three", now()).await);
    assert!(!lives(b"one", later(3_600)).await);
    store.end_session(b"one").await.unwrap();
    assert!(!lives(b"one", now()).await);
    house.done(&house.acme, Change::SetUserState { user_ids: vec![id], state: UserState::Suspended, date: None }).await;
    assert!(!lives(b"two", now()).await);
    house.done(&house.acme, Change::SetUserState { user_ids: vec![id], state: UserState::Active, date: None }).await;
    assert!(!lives(b"two", now()).await, "who is resumed signs in anew");
}

#[rstest]
#[tokio::test]
async fn a_new_name_signs_in_and_keeps_the_session(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", ANA)).await;
    let store = house.store();
    store.set_password(ANA, "hash").await.unwrap();
    store.add_session(b"one", ANA, now(), later(60)).await.unwrap();
    let profile = Box::new(profile("Ana", "Silva", "ana.silva"));
    house.done(&house.acme, Change::EditProfile { user_id: id, version: None, profile }).await;
    assert_eq!(store.login(ANA).await.unwrap(), None);
    let login = store.login("ana.silva").await.unwrap().unwrap();
    assert_eq!(login.password_hash.as_deref(), Some("hash"));
    assert_eq!(store.session(b"one", now()).await.unwrap(), Some(login));
}

#[rstest]
#[tokio::test]
async fn a_link_sets_the_password_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", ANA)).await;
    let store = house.store();
    let opens = async |hash: &[u8], at| store.link(hash, at).await.unwrap().is_some();
    store.add_link(b"first", id, later(60)).await.unwrap();
    store.add_link(b"second", id, later(60)).await.unwrap();
    assert!(!opens(b"first", now()).await, "a later link spends the earlier one");
    assert!(opens(b"second", now()).await && !opens(b"second", later(60)).await);
    store.add_session(b"session", ANA, now(), later(60)).await.unwrap();
    store.set_password(ANA, "hash").await.unwrap();
    assert!(!opens(b"second", now()).await);
    assert_eq!(store.session(b"session", now()).await.unwrap(), None, "a new password ends every session");
    assert!(house.user(&house.acme, id).await.has_password);
}

#[rstest]
#[tokio::test]
async fn operators_sign_in_among_the_users(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let store = house.store();
    let id = OperatorId(Uuid::from_u128(7));
    store.add_operator(id, "Root.Operator", "Olive Operator", "hash").await.unwrap();
    let login = store.login("root.operator").await.unwrap().unwrap();
    assert_eq!(login.subject, Subject::Operator { id, name: "Olive Operator".to_owned() });
    store.add_session(b"one", "root.operator", now(), later(60)).await.unwrap();
    assert_eq!(store.session(b"one", now()).await.unwrap(), Some(login));
    assert!(store.add_operator(OperatorId(Uuid::from_u128(8)), "acme.OWNER", "X", "hash").await.is_err());
}

fn token(id: u128) -> ApiTokenRow {
    ApiTokenRow {
        id: Uuid::from_u128(id),
        name: "Sync".to_owned(),
        prefix: "ls_ab".to_owned(),
        created_at: now(),
        last_used_at: None,
    }
}

#[rstest]
#[tokio::test]
async fn a_token_answers_until_it_is_revoked(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", ANA)).await;
    let (store, token) = (house.store(), token(9));
    let owner = TokenOwner::User { scope: house.acme.clone(), id };
    store.add_api_token(&owner, &token, b"hash", entry(1)).await.unwrap();
    assert_eq!(store.api_tokens(&owner).await.unwrap(), std::slice::from_ref(&token));
    assert!(store.api_token_subject(b"hash", later(5)).await.unwrap().is_some());
    assert!(store.api_token_subject(b"hash", later(30)).await.unwrap().is_some());
    let used = store.api_tokens(&owner).await.unwrap()[0].last_used_at;
    assert_eq!(used, Some(later(5)), "noted at most once a minute");
    assert!(store.api_token_subject(b"hash", later(90)).await.unwrap().is_some());
    assert_eq!(store.api_tokens(&owner).await.unwrap()[0].last_used_at, Some(later(90)));
    let stranger = TokenOwner::User { scope: house.globex.clone(), id };
    assert!(!store.revoke_api_token(&stranger, token.id, entry(2), now()).await.unwrap(), "not another account's");
    assert!(store.revoke_api_token(&owner, token.id, entry(3), now()).await.unwrap());
    assert_eq!(store.api_token_subject(b"hash", now()).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn an_operators_token_is_theirs_alone_and_in_the_operators_journal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let (store, token) = (house.store(), token(9));
    let [olive, oscar] = [7, 8].map(|n| OperatorId(Uuid::from_u128(n)));
    let owner = |id| TokenOwner::Operator { actor: Actor::system("Olive Operator"), id };
    for (id, username) in [(olive, "olive"), (oscar, "oscar")] {
        store.add_operator(id, username, "An Operator", "hash").await.unwrap();
    }
    store.add_api_token(&owner(olive), &token, b"hash", entry(1)).await.unwrap();
    let subject = Subject::Operator { id: olive, name: "An Operator".to_owned() };
    assert_eq!(store.api_token_subject(b"hash", later(5)).await.unwrap(), Some(subject));
    assert_eq!(store.api_tokens(&owner(oscar)).await.unwrap(), []);
    assert!(!store.revoke_api_token(&owner(oscar), token.id, entry(2), now()).await.unwrap());
    assert!(store.revoke_api_token(&owner(olive), token.id, entry(3), later(9)).await.unwrap());
    assert_eq!(store.api_token_subject(b"hash", now()).await.unwrap(), None);
    let journal =
        |search: &str| OperatorJournalFilter { search: search.to_owned(), ..OperatorJournalFilter::default() };
    let told = store.operator_journal(&journal("sync")).await.unwrap();
    let summaries: Vec<_> = told.rows.iter().map(|entry| entry.summary.as_str()).collect();
    assert_eq!(summaries, ["Revoked the API token Sync", "Made the API token Sync"]);
    assert_eq!(store.operator_journal(&journal("nothing")).await.unwrap().total, 0);
}

fn entry(number: u128) -> lineside_model::id::ChangeId {
    lineside_model::id::ChangeId(Uuid::from_u128(number))
}
