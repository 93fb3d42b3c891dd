//! Sign-in, sessions, links that set a password once, and tokens.

use lineside_model::change::Change;
use lineside_model::id::OperatorId;
use lineside_model::user::UserState;
use lineside_store::login::Subject;
use lineside_store::session::ApiTokenRow;
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
    house.done(&house.acme, Change::SetUserState { user_id: id, state: UserState::Suspended }).await;
    assert!(!lives(b"two", now()).await);
    house.done(&house.acme, Change::SetUserState { user_id: id, state: UserState::Active }).await;
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

#[rstest]
#[tokio::test]
async fn a_token_answers_until_it_is_revoked(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let user = house.add_user(&house.acme, new_user("Ana", "Duarte", ANA)).await;
    let store = house.store();
    let token = ApiTokenRow {
        id: Uuid::from_u128(9),
        name: "Sync".to_owned(),
        prefix: "ls_ab".to_owned(),
        created_at: now(),
        last_used_at: None,
    };
    store.add_api_token(&house.acme, user, &token, b"hash", entry(1)).await.unwrap();
    assert_eq!(store.api_tokens(&house.acme, user).await.unwrap(), std::slice::from_ref(&token));
    assert!(store.api_token_subject(b"hash", later(5)).await.unwrap().is_some());
    assert!(store.api_token_subject(b"hash", later(30)).await.unwrap().is_some());
    let used = store.api_tokens(&house.acme, user).await.unwrap()[0].last_used_at;
    assert_eq!(used, Some(later(5)), "noted at most once a minute");
    assert!(store.api_token_subject(b"hash", later(90)).await.unwrap().is_some());
    assert_eq!(store.api_tokens(&house.acme, user).await.unwrap()[0].last_used_at, Some(later(90)));
    assert!(
        !store.revoke_api_token(&house.globex, user, token.id, entry(2), now()).await.unwrap(),
        "not another account's"
    );
    assert!(store.revoke_api_token(&house.acme, user, token.id, entry(3), now()).await.unwrap());
    assert_eq!(store.api_token_subject(b"hash", now()).await.unwrap(), None);
}

fn entry(number: u128) -> lineside_model::id::ChangeId {
    lineside_model::id::ChangeId(Uuid::from_u128(number))
}
