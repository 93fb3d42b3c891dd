//! Calls that are told while the database does not answer.

use lineside_model::call::CallFilter;
use lineside_model::id::CallId;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;
use rstest::rstest;
use uuid::Uuid;

use super::*;

const CALLS: usize = 40;

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
