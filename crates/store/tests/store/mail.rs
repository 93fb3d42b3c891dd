//! The outbox: each mail is claimed by one worker, and by another one if that dies.

use std::collections::BTreeSet;

use lineside_model::change::Change;
use lineside_model::mail::MailState;
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, later, new_user, now};

async fn with_welcome_mails(house: &House, count: usize) {
    for at in 0..count {
        let user = house.add_user(&house.acme, new_user("Ana", "Duarte", &format!("ana.{at}"))).await;
        house.done(&house.acme, Change::SendWelcome { user_ids: vec![user] }).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_mail_is_claimed_once_and_again_after_its_lease(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    with_welcome_mails(&house, 1).await;
    let store = house.store();
    assert_eq!(store.next_mail_at().await.unwrap(), Some(now()));
    let claimed = store.claim_mails(now(), later(60), 10).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].mail.attempts), (1, 1));
    assert_eq!(claimed[0].account_name, "acme");
    assert_eq!(claimed[0].mail.to.as_str(), "ana.0@mail.example");
    assert!(store.claim_mails(later(59), later(120), 10).await.unwrap().is_empty());
    let again = store.claim_mails(later(60), later(120), 10).await.unwrap();
    assert_eq!((again.len(), again[0].mail.attempts), (1, 2), "its claimer died");
    let id = again[0].mail.id;
    store.settle_mail(id, MailState::Accepted, "250 2.0.0 taken", later(61), None).await.unwrap();
    assert_eq!(store.next_mail_at().await.unwrap(), None);
    assert!(store.claim_mails(later(9_999), later(99_999), 10).await.unwrap().is_empty());
    let user = again[0].user.id;
    let seen = &house.user(&house.acme, user).await.mails[0];
    assert_eq!((seen.state, seen.said.as_deref()), (MailState::Accepted, Some("250 2.0.0 taken")));
    assert_eq!(seen.done_at, Some(later(61)));
}

#[rstest]
#[tokio::test]
async fn a_delayed_mail_waits_and_a_failed_one_is_retried_by_hand(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    with_welcome_mails(&house, 1).await;
    let store = house.store();
    let job = store.claim_mails(now(), later(60), 1).await.unwrap().remove(0);
    let (id, user) = (job.mail.id, job.user.id);
    store.settle_mail(id, MailState::Delayed, "421 come back", now(), Some(later(600))).await.unwrap();
    assert!(store.claim_mails(later(599), later(700), 1).await.unwrap().is_empty());
    let home = store.home(&house.acme).await.unwrap().unwrap();
    assert_eq!((home.mails_waiting, home.mails_failed), (1, 0));
    store.settle_mail(id, MailState::Failed, "550 no such user", later(600), None).await.unwrap();
    let home = store.home(&house.acme).await.unwrap().unwrap();
    assert_eq!((home.mails_waiting, home.mails_failed), (0, 1));
    assert!(!store.retry_mail(&house.globex, user, id, later(601)).await.unwrap(), "not another account's");
    assert!(store.retry_mail(&house.acme, user, id, later(601)).await.unwrap());
    assert_eq!(store.claim_mails(later(601), later(700), 1).await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_at_once_share_the_mails(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    with_welcome_mails(&house, 9).await;
    let claim = || house.store().claim_mails(now(), later(60), 3);
    let (a, b, c) = tokio::join!(claim(), claim(), claim());
    let mut claimed: Vec<_> = [a, b, c].into_iter().flat_map(|jobs| jobs.unwrap()).map(|job| job.mail.id).collect();
    claimed.extend(claim().await.unwrap().into_iter().map(|job| job.mail.id));
    let different: BTreeSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), different.len()), (9, 9));
}
