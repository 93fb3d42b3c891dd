//! Calls for help, tests of them, and what is wrong with calls.

use axum::http::Method;
use lineside_model::call_report::{Alarm, AlarmKind, CallReport};
use lineside_model::id::TrunkId;
use lineside_model::question::{Asks, Question};
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::json;

use crate::client::Client;
use crate::house;

#[rstest]
#[tokio::test]
async fn a_call_for_help_is_read_and_seen_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    assert_eq!(client.get("/emergency-calls").await.expect(200).json, json!([]));
    let call = house.called_for_help(9, house.acme.user.id).await;
    let listed = client.get("/emergency-calls").await.expect(200).json[0].clone();
    let path = format!("/emergency-calls/{}", call.call);
    assert_eq!(client.get(&path).await.expect(200).json, listed);
    let told = [&listed["user_id"], &listed["name"], &listed["dialled"], &listed["callback"], &listed["address"]];
    assert_eq!(json!(told), json!([house.acme.user.id, "Ana <User>", "911", "+14805550143", null]));
    assert_eq!(json!([&listed["connected"], &listed["seen_at"], &listed["seen_by"]]), json!([false, null, null]));
    let seen = client.send(Method::POST, &format!("{path}/seen"), &[], None).await.expect(200).json;
    assert!(seen["seen_at"].is_string() && seen["seen_by"].is_string(), "{seen}");
    let owner = Client::of(&house, &house.acme.owner).await;
    let again = owner.send(Method::POST, &format!("{path}/seen"), &[], None).await.expect(200).json;
    assert_eq!(again, seen, "the first who saw it stays");
}

#[rstest]
#[tokio::test]
async fn the_last_933_of_a_user_is_read(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let user = house.acme.user.id;
    let path = format!("/users/{user}/emergency-test");
    assert_eq!(client.get(&path).await.expect(200).json, json!(null));
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let e911 = json!({"address": address.clone(), "callback": "+14805550143", "confirmed": true});
    client.send(Method::PUT, &format!("/users/{user}/e911"), &[], Some(e911)).await.expect(200);
    let question = Question { account: house.acme.id, user, asks: Asks::EmergencyTest };
    house.service.answer(question).await;
    let row = client.get("/emergency-readiness?search=acme.user").await.expect(200).json["items"][0].clone();
    let told = [&row["user_id"], &row["address"]["city"], &row["callback"], &row["test"]["callback"], &row["lacks"]];
    assert_eq!(json!(told), json!([user, "Phoenix", "+14805550143", "+14805550143", []]));
    assert!(row["confirmed_at"].is_string() && row["confirmed_by"].is_string(), "{row}");
    let open = client.get("/emergency-readiness?not_confirmed=true").await.expect(200).json;
    assert!(open["items"].as_array().unwrap().iter().all(|row| row["user_id"] != json!(user)), "{open}");
    assert_eq!(open["items"][0]["lacks"][0], "no address is known");
    let moved = json!({"address": address, "callback": "+14805550144", "confirmed": true});
    client.send(Method::PUT, &format!("/users/{user}/e911"), &[], Some(moved)).await.expect(200);
    let row = client.get("/emergency-readiness?search=acme.user").await.expect(200).json["items"][0].clone();
    assert_eq!(row["lacks"], json!(["changed since the last test: dial 933"]));
    let test = client.get(&path).await.expect(200).json;
    assert_eq!(json!([&test["callback"], &test["address"]["city"]]), json!(["+14805550143", "Phoenix"]));
    assert!(test["at"].is_string() && test["spoken"].is_boolean(), "{test}");
}

#[rstest]
#[tokio::test]
async fn those_who_never_tried_933_are_listed_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let listed = async |query: &str| {
        let page = client.get(&format!("/emergency-readiness{query}")).await.expect(200).json;
        let items = page["items"].as_array().unwrap().clone();
        let users: Vec<_> = items.iter().map(|row| row["user_id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(page["total"], users.len());
        users
    };
    let (all, user) = (listed("").await, house.acme.user.id.to_string());
    assert_eq!(listed("?never_tested=true").await, all, "nobody has");
    house
        .service
        .answer(Question { account: house.acme.id, user: house.acme.user.id, asks: Asks::EmergencyTest })
        .await;
    let others: Vec<_> = all.iter().filter(|id| **id != user).cloned().collect();
    assert!(others.len() + 1 == all.len());
    assert_eq!(listed("?never_tested=true").await, others);
    assert_eq!(listed("?never_tested=false").await, all);
    assert_eq!(listed("?never_tested=true&search=acme.user").await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_calls_is_read(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    assert_eq!(client.get("/incidents").await.expect(200).json, json!([]));
    let trunk = json!({"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP"});
    let trunk = client.send(Method::POST, "/trunks", &[], Some(trunk)).await.expect(201).id();
    let down = AlarmKind::TrunkDown { trunk: TrunkId(trunk.parse().unwrap()), why: "it is silent".into() };
    let alarm = Alarm { at: house.service.now(), kind: down };
    house.service.calls_reported(vec![CallReport::Alarm(alarm)]).await;
    let incident = client.get("/incidents").await.expect(200).json[0].clone();
    let told = [&incident["kind"], &incident["subject"], &incident["said"], &incident["ended_at"]];
    assert_eq!(json!(told), json!(["trunk_down", trunk, "it is silent", null]));
    let stranger = Client::of(&house, &house.globex.administrator).await;
    assert_eq!(stranger.get("/incidents").await.expect(200).json, json!([]));
}

#[rstest]
#[tokio::test]
async fn a_location_has_a_number_to_call_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let contacts = json!([{"name": "Front desk", "email": "desk@acme.example"}]);
    let site = json!({"name": "HQ", "address": address, "callback": "480 555 0100", "emergency_contacts": contacts});
    let added = client.send(Method::POST, "/locations", &[], Some(site)).await.expect(201);
    assert_eq!(added.json["callback"], "+14805550100");
    let path = format!("/locations/{}", added.id());
    let kept = client.send(Method::PATCH, &path, &[], Some(json!({"name": "Main"}))).await.expect(200).json;
    assert_eq!(
        json!([&kept["callback"], &kept["emergency_contacts"][0]["name"]]),
        json!(["+14805550100", "Front desk"])
    );
    let wrong = client.send(Method::PATCH, &path, &[], Some(json!({"callback": "12"}))).await.expect(422);
    assert_eq!(wrong.json["errors"][0]["field"], "callback");
    let cleared = client.send(Method::PATCH, &path, &[], Some(json!({"callback": null}))).await.expect(200).json;
    assert_eq!(cleared["callback"], json!(null));
}
