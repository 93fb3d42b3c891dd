//! The history of calls, one call, its messages and recordings, as programs ask for them.

use axum::http::Method;
use chrono::TimeDelta;
use lineside_model::call_report::{CallEnded, CallOutcome, CallReport};
use lineside_model::ladder::LADDER_MAX;
use lineside_testkit::call::ended;
use lineside_testkit::database::Engine;
use lineside_testkit::service::House;
use rstest::rstest;
use serde_json::json;

use crate::client::Client;
use crate::house;

/// Calls of two users by turns, one a minute, the last a minute ago.
async fn history(house: &House, count: u128) {
    let at = |n: u128| house.service.now() - TimeDelta::minutes(i64::try_from(count - n + 1).unwrap());
    let users = [house.acme.user.id, house.acme.administrator.id];
    let call = |n: u128| {
        let call = ended(house.acme.id, n, at(n), users[usize::from(n.is_multiple_of(2))]);
        if n.is_multiple_of(10) {
            CallEnded { answered: None, outcome: CallOutcome::Busy, status: Some(486), ..call }
        } else {
            call
        }
    };
    house.service.calls_reported((1..=count).map(|n| CallReport::Ended(Box::new(call(n)))).collect()).await;
}

#[rstest]
#[tokio::test]
async fn the_history_is_paged_by_place_and_filtered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    history(&house, 120).await;
    let client = Client::of(&house, &house.acme.administrator).await;
    let mut seen = Vec::new();
    let mut address = "/calls".to_owned();
    loop {
        let page = client.get(&address).await.expect(200).json;
        seen.extend(page["items"].as_array().unwrap().iter().map(|call| call["id"].clone()));
        // What is told meanwhile moves no page.
        house
            .service
            .calls_reported(vec![CallReport::Ended(Box::new(ended(
                house.acme.id,
                900 + u128::try_from(seen.len()).unwrap(),
                house.service.now(),
                house.acme.user.id,
            )))])
            .await;
        let Some(older) = page["older"].as_str() else { break };
        address = format!("/calls?before={older}");
    }
    assert_eq!(seen.len(), 120);
    assert_eq!(seen.iter().collect::<std::collections::HashSet<_>>().len(), 120);
    let count = async |address: &str| client.get(address).await.expect(200).json["items"].as_array().unwrap().len();
    assert_eq!(count("/calls?outcome=busy").await, 12);
    assert_eq!(count("/calls?outcome=busy&number=%2B1%20602%20555%200199").await, 12);
    assert_eq!(count("/calls?number=602").await, 0, "whole numbers");
    assert_eq!(count("/calls?direction=outbound").await, 0);
    assert_eq!(count("/calls?recorded=true").await, 0);
    let user = format!("/users/{}/calls", house.acme.administrator.id);
    assert_eq!(count(&format!("{user}?outcome=busy")).await, 12, "even numbers are theirs");
    assert_eq!(count("/me/calls?outcome=busy").await, 12);
    let from = (house.service.now() - TimeDelta::minutes(5)).to_rfc3339().replace('+', "%2B");
    assert_eq!(count(&format!("{user}?from={from}")).await, 3);
    for wrong in ["before=x", "direction=sideways", "outcome=", "from=2026", "recorded=perhaps", "user=5"] {
        client.get(&format!("/calls?{wrong}")).await.expect(400);
    }
}

#[rstest]
#[tokio::test]
async fn a_call_says_how_it_went_and_only_administrators_see_its_messages(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let (call, recording) = house.recorded_call(1, house.acme.user.id).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let shown = client.get(&format!("/calls/{call}")).await.expect(200).json;
    assert_eq!((&shown["talked_seconds"], &shown["outcome"]), (&json!(65), &json!("answered")));
    assert_eq!(
        shown["from_caller"],
        json!({"codec": "PCMU", "packets": 990, "lost": 10, "loss_percent": 1.0, "jitter_ms": 1.5})
    );
    assert_eq!((&shown["forwards"][0]["reason"], &shown["recorded"]), (&json!("no_answer"), &json!(true)));
    assert_eq!(shown["answered_by"]["user_id"], json!(house.acme.user.id));
    let messages = client.get(&format!("/calls/{call}/messages")).await.expect(200).json;
    assert_eq!(messages[0]["title"], "INVITE");
    assert!(messages.as_array().unwrap().len() <= LADDER_MAX);
    let recordings = client.get(&format!("/calls/{call}/recordings")).await.expect(200).json;
    assert_eq!((&recordings[0]["id"], recordings.as_array().unwrap().len()), (&json!(recording), 1));
    assert_eq!(client.get("/calls/live").await.expect(200).json, json!([]));

    let user = Client::of_user(&house, &house.acme).await;
    user.get(&format!("/calls/{call}")).await.expect(200);
    user.get(&format!("/calls/{call}/messages")).await.expect(404);
    let (other, _) = house.recorded_call(2, house.acme.owner.id).await.unwrap();
    user.get(&format!("/calls/{other}")).await.expect(404);
    user.get(&format!("/calls/{other}/recordings")).await.expect(404);
}

#[rstest]
#[tokio::test]
async fn a_recording_is_heard_in_parts_and_its_deletion_is_proven(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let (call, recording) = house.recorded_call(1, house.acme.user.id).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let address = format!("/recordings/{recording}/audio");
    let whole = client.get(&address).await.expect(200);
    assert_eq!((&whole.headers["content-type"], whole.bytes.len()), (&"audio/wav".parse().unwrap(), 32_044));
    assert_eq!(
        (&whole.headers["accept-ranges"], &whole.headers["content-length"]),
        (&"bytes".parse().unwrap(), &"32044".parse().unwrap())
    );
    for (range, status, bytes, said) in [
        ("bytes=0-3", 206, &whole.bytes[..4], "bytes 0-3/32044"),
        ("bytes=32040-", 206, &whole.bytes[32_040..], "bytes 32040-32043/32044"),
        ("bytes=-4", 206, &whole.bytes[32_040..], "bytes 32040-32043/32044"),
    ] {
        let part = client.send(Method::GET, &address, &[("Range", range)], None).await.expect(status);
        assert_eq!((part.bytes.as_slice(), part.headers["content-range"].to_str().unwrap()), (bytes, said));
    }
    let beyond = client.send(Method::GET, &address, &[("Range", "bytes=32044-")], None).await;
    assert_eq!((beyond.status.as_u16(), &beyond.headers["content-range"]), (416, &"bytes */32044".parse().unwrap()));
    let listened = async || client.get("/journal?action=listen_recording").await.expect(200).json["total"].clone();
    assert_eq!(listened().await, 1, "once, however many parts a player asks for");
    house.clock.turn(TimeDelta::hours(2));
    client.get(&address).await.expect(200);
    assert_eq!(listened().await, 2);

    let user = Client::of_user(&house, &house.acme).await;
    user.get(&address).await.expect(200);
    user.send(Method::DELETE, &format!("/recordings/{recording}"), &[], None).await.expect(404);
    client.send(Method::DELETE, &format!("/recordings/{recording}?plan=true"), &[], None).await.expect(400);
    client.send(Method::DELETE, &format!("/recordings/{recording}"), &[], None).await.expect(204);
    client.send(Method::DELETE, &format!("/recordings/{recording}"), &[], None).await.expect(404);
    client.get(&address).await.expect(404);
    let kept = client.get(&format!("/calls/{call}/recordings")).await.expect(200).json;
    assert!(kept[0]["deleted_at"].is_string(), "{kept}");
    let proof = client.get("/journal?action=delete_recordings").await.expect(200).json;
    assert_eq!(proof["items"][0]["actor"]["name"], "Ana Admin");
    assert_eq!(proof["items"][0]["user_id"], json!(house.acme.user.id));
}

#[rstest]
#[tokio::test]
async fn which_calls_are_recorded_is_planned_and_set(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let address = format!("/users/{}/recording", house.acme.user.id);
    assert_eq!(client.get(&address).await.expect(200).json, json!({"version": 0, "mode": "off"}));
    let body = Some(json!({"mode": "on_demand"}));
    let plan = client.send(Method::PUT, &format!("{address}?plan=true"), &[], body.clone()).await.expect(200).json;
    assert!(plan["warnings"][0]["message"].as_str().unwrap().contains("no license with call recording"), "{plan}");
    let set = client.send(Method::PUT, &address, &[], body).await.expect(200);
    assert_eq!(set.json, json!({"version": 1, "mode": "on_demand"}));
    let refused = client.send(Method::PUT, &address, &[("If-Match", "\"7\"")], Some(json!({"mode": "off"}))).await;
    refused.expect(412);
    client.send(Method::PUT, &address, &[("If-Match", &set.tag())], Some(json!({"mode": "off"}))).await.expect(200);
    client.send(Method::PUT, &address, &[], Some(json!({"mode": "sometimes"}))).await.expect(422);
}

#[rstest]
#[tokio::test]
async fn the_way_of_a_call_is_explained(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let ask = async |body| client.send(Method::POST, "/route", &[], Some(body)).await;
    let from = json!({"user_id": house.acme.user.id, "dialled": "911"});
    let way = ask(from).await.expect(200).json;
    assert_eq!(way["steps"][0], "911 goes to the emergency trunk, before every other rule.");
    let way = ask(json!({"dialled": "+14805550143"})).await.expect(200).json;
    assert_eq!(
        (&way["steps"][0], &way["then"]),
        (&json!("It ends with 404: nobody has this extension or number."), &json!([]))
    );
    ask(json!({"user_id": house.globex.user.id, "dialled": "911"})).await.expect(404);
    for dialled in ["", " ", "1\u{0}", &"1".repeat(65)] {
        assert_eq!(ask(json!({"dialled": dialled})).await.expect(422).json["errors"][0]["field"], "dialled");
    }
}
