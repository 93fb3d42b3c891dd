//! Test calls and hanging up, over a switch that notes what it is told.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use chrono::TimeDelta;
use lineside_model::call_report::{AnsweredBy, CallBegan, CallDirection, CallParty};
use lineside_model::call_report::{CallAnswered, CallReport, LegQuality, TestCall};
use lineside_model::id::{AccountId, CallId, UserId};
use lineside_service::test_call::Calls;
use lineside_testkit::call::ended;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::client::Client;
use crate::house;

#[derive(Default)]
struct Told {
    tests: Mutex<Vec<(AccountId, UserId)>>,
    hung_up: Mutex<Vec<CallId>>,
}

impl Calls for Told {
    fn test_call(&self, account: AccountId, user: UserId) {
        self.tests.lock().unwrap().push((account, user));
    }

    fn hang_up(&self, call: CallId) {
        self.hung_up.lock().unwrap().push(call);
    }
}

#[rstest]
#[tokio::test]
async fn a_test_call_is_followed_to_its_result(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let told = Arc::new(Told::default());
    house.service.connect_calls(told.clone());
    let (account, user, at) = (house.acme.id, house.acme.user.id, house.service.now());
    let own = Client::of_user(&house, &house.acme).await;
    let admin = Client::of(&house, &house.acme.administrator).await;
    let listed = format!("/users/{user}/test-calls");
    assert_eq!(admin.get(&listed).await.expect(200).json, json!({"going_on": null, "results": []}));
    let asked = own.send(Method::POST, "/me/test-call", &[], None).await.expect(202).json;
    assert_eq!(asked["going_on"], "asked");
    admin.send(Method::POST, &format!("/users/{user}/test-call"), &[], None).await.expect(202);
    assert_eq!(*told.tests.lock().unwrap(), [(account, user)], "one at a time");

    let call = CallId(Uuid::from_u128(1));
    let party = CallParty { user: Some(user), number: "1001".into(), name: "Ana User".into() };
    let shown = CallParty { number: "*44".into(), ..party.clone() };
    let (dialled, direction) = ("*44".to_owned(), CallDirection::Internal);
    let began = CallBegan { call, account, at, direction, caller: shown, dialled: dialled.into(), callee: Some(party) };
    let report = async |report| house.service.calls_reported(vec![report]).await;
    report(CallReport::Began(began.clone())).await;
    assert_eq!(admin.get(&listed).await.json["going_on"], "ringing");
    let by = AnsweredBy::Service("*44".into());
    report(CallReport::Answered(CallAnswered { call, account, at, by })).await;
    assert_eq!(own.get("/me/test-calls").await.json["going_on"], "talking");
    house.test_call_heard(1, user).await.unwrap();
    // Told again after a crash.
    house.test_call_heard(1, user).await.unwrap();
    report(CallReport::Ended(Box::new(lineside_model::call_report::CallEnded {
        began,
        ..ended(account, 1, at, user)
    })))
    .await;
    let done = admin.get(&listed).await.json;
    assert_eq!((&done["going_on"], done["results"].as_array().unwrap().len()), (&json!(null), 1));
    let result = &done["results"][0];
    assert_eq!((&result["finding"], &result["good"], &result["advice"]), (&json!("heard"), &json!(true), &json!(null)));
    assert_eq!((&result["round_trip_ms"], &result["quality"]["jitter_ms"]), (&json!(14), &json!(2.5)));
    let audio = own.get(&format!("/test-calls/{}/audio", result["id"].as_str().unwrap())).await.expect(200);
    assert!(audio.bytes.starts_with(b"RIFF"));

    // Nobody there: the switch has no call to name.
    let nobody = TestCall {
        call: CallId(Uuid::nil()),
        account,
        user,
        line: None,
        at: at + TimeDelta::minutes(1),
        answered: false,
        heard: false,
        quality: LegQuality::default(),
        round_trip_ms: None,
        audio: None,
    };
    for _ in 0..12 {
        report(CallReport::TestCall(nobody.clone())).await;
    }
    let results = admin.get(&listed).await.json["results"].clone();
    assert_eq!(results.as_array().unwrap().len(), 10, "the newest ten");
    assert_eq!((&results[0]["finding"], &results[0]["quality"]), (&json!("not_registered"), &json!(null)));
    assert!(results[0]["advice"].as_str().unwrap().contains("Switch a phone of this user on"));
    own.get(&format!("/test-calls/{call}/audio")).await.expect(404);
    let asked = admin.get("/journal?action=ask_test_call").await.json;
    assert_eq!((&asked["total"], &asked["items"][0]["actor"]["name"]), (&json!(1), &json!("Ana User")));

    admin
        .send(Method::PUT, &format!("/users/{user}/state"), &[], Some(json!({"state": "suspended"})))
        .await
        .expect(200);
    house.clock.turn(TimeDelta::minutes(1));
    admin.send(Method::POST, &format!("/users/{user}/test-call"), &[], None).await.expect(422);
}

#[rstest]
#[tokio::test]
async fn only_a_call_that_goes_on_is_hung_up(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let told = Arc::new(Told::default());
    house.service.connect_calls(told.clone());
    let call = house.call_begun(1, house.acme.user.id).await;
    let admin = Client::of(&house, &house.acme.administrator).await;
    let live = admin.get("/calls/live").await.expect(200).json;
    assert_eq!((&live[0]["id"], &live[0]["answered_at"]), (&json!(call), &json!(null)));
    let stranger = Client::of(&house, &house.globex.administrator).await;
    assert_eq!(stranger.get("/calls/live").await.expect(200).json, json!([]));
    let address = format!("/calls/{call}/hang-up");
    stranger.send(Method::POST, &address, &[], None).await.expect(404);
    Client::of_user(&house, &house.acme).await.send(Method::POST, &address, &[], None).await.expect(404);
    assert!(told.hung_up.lock().unwrap().is_empty());
    admin.send(Method::POST, &address, &[], None).await.expect(204);
    assert_eq!(*told.hung_up.lock().unwrap(), [call]);
    assert_eq!(admin.get("/journal?action=hang_up").await.json["items"][0]["actor"]["name"], "Ana Admin");
    let ended = ended(house.acme.id, 1, house.service.now(), house.acme.user.id);
    house.service.calls_reported(vec![CallReport::Ended(Box::new(ended))]).await;
    admin.send(Method::POST, &address, &[], None).await.expect(404);
}
