//! The history of calls: found by user and number, and forgotten with all that leads to them.

use chrono::{DateTime, Utc};
use lineside_model::call::CallFilter;
use lineside_model::call_report::CallEnded;
use lineside_model::id::{AccountId, CallId, UserId};
use lineside_testkit::{call, database::Engine};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{House, later, now};

const CALLS: u128 = 6;

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn call_id(n: u128) -> CallId {
    CallId(Uuid::from_u128(n))
}

/// Calls of two users in turn, a second apart but for the last two, which began at once.
fn calls(account: AccountId) -> Vec<CallEnded> {
    (0..CALLS).map(|n| call::ended(account, n, began(n), user(n % 2))).collect()
}

fn began(n: u128) -> DateTime<Utc> {
    later(i64::try_from(n.min(CALLS - 2)).unwrap())
}

impl House {
    async fn calls_found(&self, filter: CallFilter) -> Vec<u128> {
        let calls = self.store().calls(&self.acme, &filter, 100).await.unwrap();
        calls.iter().map(|call| call.ended.began.call.0.as_u128()).collect()
    }

    async fn found_by_user(&self, n: u128) -> Vec<u128> {
        self.calls_found(CallFilter { user_id: Some(user(n)), ..CallFilter::default() }).await
    }

    async fn found_by_number(&self, of: Option<UserId>) -> Vec<u128> {
        self.calls_found(CallFilter { number: "201".into(), user_id: of, ..CallFilter::default() }).await
    }
}

#[rstest]
#[tokio::test]
async fn a_call_that_is_told_twice_is_kept_once_with_its_messages(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let calls = calls(house.acme.account_id);
    house.store().save_calls(&calls, &[]).await.unwrap();
    house.store().save_calls(&calls[2..3], &[]).await.unwrap();
    assert_eq!(house.calls_found(CallFilter::default()).await, [5, 4, 3, 2, 1, 0]);
    let found = house.store().call(&house.acme, call_id(2)).await.unwrap().unwrap();
    assert_eq!(found.ended.ladder, calls[2].ladder);
    assert!(!found.ended.ladder.is_empty());
    assert!(house.store().call(&house.globex, call_id(2)).await.unwrap().is_none(), "another account's");
}

#[rstest]
#[tokio::test]
async fn old_calls_go_a_few_at_a_time_and_nothing_leads_to_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let store = house.store();
    store.save_calls(&calls(house.acme.account_id), &[]).await.unwrap();
    store.save_calls(&calls(house.globex.account_id), &[]).await.unwrap();
    let everybodys = [house.found_by_user(0).await, house.found_by_user(1).await, house.found_by_number(None).await];
    assert_eq!(everybodys, [vec![4, 2, 0], vec![5, 3, 1], vec![5, 4, 3, 2, 1, 0]]);
    assert_eq!(house.found_by_number(Some(user(1))).await, [5, 3, 1]);

    let forget = async |before, limit| store.forget_calls(house.acme.account_id, before, limit).await.unwrap();
    assert_eq!(forget(now(), 10).await, 0, "none began before the first");
    assert_eq!(forget(later(3), 2).await, 2);
    assert_eq!(house.found_by_user(0).await, [4, 2], "the user's newer calls stay");
    assert_eq!(house.found_by_user(1).await, [5, 3]);
    assert_eq!(forget(later(3), 2).await, 1);
    assert_eq!(forget(later(3), 2).await, 0);
    assert_eq!(house.found_by_number(None).await, [5, 4, 3]);
    // Of two that began at once, one goes.
    assert_eq!(forget(later(60), 2).await, 2);
    assert_eq!((house.found_by_user(0).await, house.found_by_user(1).await), (vec![], vec![5]));
    assert_eq!(house.found_by_number(None).await, [5]);
    for n in 0..CALLS - 1 {
        assert!(store.call(&house.acme, call_id(n)).await.unwrap().is_none());
    }
    assert!(store.call(&house.globex, call_id(0)).await.unwrap().is_some(), "another account's stay");
}
