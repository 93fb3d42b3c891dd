//! Calls that are told while the database does not answer.

use std::pin::pin;
use std::time::Duration;

use lineside_model::call::CallFilter;
use lineside_model::id::{AccountId, CallId};
use lineside_model::voicemail::MessageState;
use lineside_service::directory::DirectoryChange;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;
use rstest::rstest;
use tokio::time::timeout;
use uuid::Uuid;

use super::*;

const CALLS: usize = 40;
/// Longer than a database that is away takes to say so.
const AWHILE: Duration = Duration::from_millis(500);

#[rstest]
#[tokio::test]
async fn all_calls_are_in_the_history_though_not_all_with_their_messages(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(database) = Database::fresh(engine).await else { return };
    let house = House::over(database.store.clone()).await.expect("a house");
    let (service, owner) = (&house.service, &house.acme.owner.caller);
    let call = |n: usize| lineside_testkit::call::ended(house.acme.id, n as u128, service.now(), house.acme.user.id);
    let room = 10 * call(0).ladder.as_bytes().len();
    let (writer, reports) = reporting(service, Waiting::within(room, 1_000));

    let stalled = database.stall().await.expect("a lock");
    reports.report(CallReport::Ended(Box::new(call(0))));
    while reports.0.tell(|waiting| waiting.len()) > 0 {
        tokio::task::yield_now().await;
    }
    for n in 1..CALLS {
        reports.report(CallReport::Ended(Box::new(call(n))));
        tokio::task::yield_now().await;
    }
    let waiting = reports.0.tell(|waiting| (waiting.len(), waiting.ladders()));
    assert_eq!(waiting, (CALLS - 1, room), "the writer waits for the database, and nobody for the writer");
    assert!(service.calls(owner, &CallFilter::default(), 100).await.expect("the history").0.is_empty());

    stalled.end().await.expect("an end");
    drop(reports);
    writer.await.expect("the writer ends when all is written");
    let (calls, _) = service.calls(owner, &CallFilter::default(), 100).await.expect("the history");
    assert_eq!(calls.len(), CALLS);
    let mut with_messages = 0;
    for n in 0..CALLS {
        let (call, _) = service.call(owner, CallId(Uuid::from_u128(n as u128))).await.expect("the call");
        with_messages += usize::from(!call.ended.ladder.is_empty());
    }
    assert_eq!(with_messages, 11, "the first, and those for which there was room");
}

#[rstest]
#[tokio::test]
async fn a_call_that_the_database_refuses_takes_no_other_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(database) = Database::fresh(engine).await else { return };
    let house = House::over(database.store.clone()).await.expect("a house");
    let service = &house.service;
    let call = |n: usize| {
        let account = if n == 3 { AccountId(Uuid::nil()) } else { house.acme.id };
        lineside_testkit::call::ended(account, n as u128, service.now(), house.acme.user.id)
    };
    service.calls_ended(&(0..8).map(call).collect::<Vec<_>>()).await;
    let (calls, _) = service.calls(&house.acme.owner.caller, &CallFilter::default(), 100).await.expect("the history");
    let mut kept: Vec<_> = calls.iter().map(|call| call.ended.began.call.0.as_u128()).collect();
    kept.sort_unstable();
    assert_eq!(kept, [0, 1, 2, 4, 5, 6, 7]);
}

#[tokio::test]
async fn what_is_told_while_the_database_is_away_is_written_once_it_is_back() {
    let Some(database) = Database::fresh(Engine::Postgres).await else { return };
    let house = House::over(database.store.clone()).await.expect("a house");
    let (service, user) = (&house.service, &house.acme.user);
    let away = database.go_away().await.expect("it goes").expect("a server");
    let call = lineside_testkit::call::ended(house.acme.id, 1, service.now(), user.id);
    let mut calling = pin!(service.calls_reported(vec![CallReport::Ended(Box::new(call))]));
    let mut leaving = pin!(house.message_left(2, user.id));
    assert!(timeout(AWHILE, &mut calling).await.is_err(), "who tells waits for the database");
    assert!(timeout(AWHILE, &mut leaving).await.is_err(), "so does this");
    let owner = &house.acme.owner.caller;
    let asked = service.calls(owner, &CallFilter::default(), 100).await;
    assert!(asked.is_err_and(|error| error.is_outage()), "who asks is told to come again");
    away.end().await.expect("it comes back");
    calling.await;
    let (message, _) = leaving.await.expect("a message");
    assert_eq!(service.calls(owner, &CallFilter::default(), 100).await.expect("the history").0.len(), 1);
    assert_eq!(service.message(&user.caller, message).await.expect("the message").duration_ms, 42_000);
}

#[rstest]
#[tokio::test]
async fn of_a_change_that_can_not_be_read_the_switch_is_told_to_read_everything(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(database) = Database::fresh(engine).await else { return };
    let house = House::over(database.store.clone()).await.expect("a house");
    let (service, user) = (&house.service, &house.acme.user);
    let (message, _) = house.message_left(1, user.id).await.expect("a message");
    let mut feed = service.directory_feed();
    database.meddle("ALTER TABLE forwarding RENAME TO hidden").await.expect("the directory can't be read");
    service.mark_message(&user.caller, message, MessageState::Saved).await.expect("it is saved all the same");
    assert!(matches!(feed.try_recv(), Ok(DirectoryChange::Everybody)));
}
