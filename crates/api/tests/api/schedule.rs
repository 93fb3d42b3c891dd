//! Licenses that wait for their day, and assignments with their repairs.

use axum::http::Method;
use chrono::TimeDelta;
use lineside_testkit::database::Engine;
use lineside_testkit::service::House;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::house;

async fn post(client: &Client, path: &str, body: Value) -> Answer {
    client.send(Method::POST, path, &[], Some(body)).await
}

async fn seats(client: &Client, license: &str, bought: i64) {
    client.send(Method::PUT, &format!("/seats/{license}"), &[], Some(json!({"bought": bought}))).await.expect(200);
}

async fn schedule_basic(house: &House, client: &Client) -> Value {
    let body = json!({"user_ids": [house.acme.user.id], "license_type": "basic", "date": "2026-04-01"});
    post(client, "/licenses/assign", body).await.expect(200);
    client.get(&format!("/schedule?user_id={}", house.acme.user.id)).await.expect(200).json["items"][0].clone()
}

#[rstest]
#[tokio::test]
async fn a_license_is_scheduled_shown_moved_and_removed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let user = format!("/users/{}", house.acme.user.id);
    let body = json!({"user_ids": [house.acme.user.id], "license_type": "basic", "date": "2026-04-01"});
    let plan = post(&client, "/licenses/assign?plan=true", body.clone()).await.expect(200).json;
    assert_eq!((&plan["blocked"], &plan["conflicts"][0]["kind"]), (&json!(false), &json!("no_free_seat")));
    assert_eq!(client.get("/schedule").await.json["total"], 0, "nothing was done");

    seats(&client, "basic", 1).await;
    let plan = post(&client, "/licenses/assign?plan=true", body.clone()).await.expect(200).json;
    assert_eq!(plan["conflicts"], json!([]));
    assert_eq!((&plan["seats"][0]["date"], &plan["seats"][0]["free_after"]), (&json!("2026-04-01"), &json!(0)));
    let headers = [("Lineside-Plan", plan["fingerprint"].as_str().unwrap())];
    client.send(Method::POST, "/licenses/assign", &headers, Some(body)).await.expect(200);

    let basic = client.get("/seats").await.json[0].clone();
    assert_eq!((&basic["used"], &basic["scheduled"], &basic["free"]), (&json!(0), &json!(1), &json!(0)));
    assert_eq!(basic["timeline"], json!([{"date": "2026-04-01", "used": 1}]));
    let shown = client.get(&user).await.json["schedule"][0].clone();
    assert_eq!((&shown["state"], &shown["reserved"]), (&json!("scheduled"), &json!(true)));
    let path = format!("/schedule/{}", shown["id"].as_str().unwrap());
    let entry = client.get(&path).await.expect(200);
    assert_eq!(entry.json, shown);
    assert_eq!(entry.json["due_at"], "2026-04-01T07:00:00Z");

    let date = |date: &str| Some(json!({"date": date}));
    let past = client.send(Method::PATCH, &path, &[], date("2026-03-02")).await.expect(422);
    assert_eq!(past.json["errors"][0]["field"], "date");
    let tag = entry.tag();
    let moved = client.send(Method::PATCH, &path, &[("If-Match", &tag)], date("2026-04-15")).await.expect(200);
    assert_eq!(moved.json["date"], "2026-04-15");
    client.send(Method::PATCH, &path, &[("If-Match", &tag)], date("2026-04-16")).await.expect(412);
    let stale = Some(json!({"date": "2026-04-16", "version": shown["version"]}));
    client.send(Method::PATCH, &path, &[], stale).await.expect(409);
    let all = client.send(Method::PUT, &format!("{user}/schedule"), &[], date("2026-05-01")).await.expect(200);
    assert_eq!(all.json["schedule"][0]["date"], "2026-05-01");

    client.send(Method::DELETE, &format!("{path}?plan=true"), &[], None).await.expect(200);
    client.send(Method::DELETE, &path, &[], None).await.expect(204);
    client.get(&path).await.expect(404);
    assert_eq!(client.get("/seats").await.json[0]["free"], 1);
}

#[rstest]
#[case("", 1)]
#[case("search=ana", 1)]
#[case("search=nobody", 0)]
#[case("state=scheduled", 1)]
#[case("state=failed", 0)]
#[case("track=voice", 1)]
#[case("track=upgrades", 0)]
#[case("license_type=basic", 1)]
#[case("license_type=business", 0)]
#[case("conflicts=true", 1)]
#[case("from=2026-04-01&until=2026-04-01", 1)]
#[case("from=2026-04-02", 0)]
#[case("until=2026-03-31", 0)]
#[tokio::test]
async fn the_schedule_is_filtered(
    #[case] filter: &str,
    #[case] found: i64,
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let entry = schedule_basic(&house, &client).await;
    assert_eq!(entry["conflicts"][0]["kind"], "no_free_seat");
    let answer = client.get(&format!("/schedule?{filter}")).await.expect(200);
    assert_eq!(answer.json["total"], found, "{filter}");
    let stranger = Client::of(&house, &house.globex.administrator).await;
    assert_eq!(stranger.get(&format!("/schedule?{filter}")).await.expect(200).json["total"], 0);
}

#[rstest]
#[tokio::test]
async fn what_failed_is_tried_again_once_it_can_be(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let entry = schedule_basic(&house, &client).await;
    house.clock.turn(TimeDelta::days(31));
    house.service.keep_schedule().await.unwrap();
    let failed = client.get("/schedule?state=failed").await.expect(200);
    assert_eq!(failed.json["items"][0]["id"], entry["id"]);
    let retry = format!("/schedule/{}/retry", entry["id"].as_str().unwrap());
    let blocked = client.send(Method::POST, &retry, &[], None).await.expect(422);
    assert_eq!(blocked.json["blockers"][0]["kind"], "no_free_seat");
    seats(&client, "basic", 1).await;
    let done = client.send(Method::POST, &retry, &[], None).await.expect(200);
    assert!(done.json["steps"].as_array().unwrap().iter().any(|step| step["record"] == "license"), "{}", done.json);
    assert_eq!(client.get("/schedule").await.json["total"], 0);
    let user = client.get(&format!("/users/{}", house.acme.user.id)).await.json;
    assert_eq!(user["licenses"].as_array().unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_removal_is_scheduled_and_its_seat_is_free_from_that_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    seats(&client, "basic", 1).await;
    let users = [house.acme.user.id];
    post(&client, "/licenses/assign", json!({"user_ids": users, "license_type": "basic"})).await.expect(200);
    let body = json!({"user_ids": users, "track": "voice", "date": "2026-04-01"});
    post(&client, "/licenses/remove", body).await.expect(200);
    let basic = client.get("/seats").await.json[0].clone();
    assert_eq!((&basic["used"], &basic["scheduled"], &basic["free"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(basic["timeline"], json!([{"date": "2026-04-01", "used": 0}]));
    assert_eq!(client.get("/schedule").await.json["items"][0]["license_type_id"], Value::Null);
}

#[rstest]
#[tokio::test]
async fn seats_are_bound_until_a_date(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let put = |body: Value| client.send(Method::PUT, "/seats/basic", &[], Some(body));
    let bound = json!([{"until": "2026-12-31", "seats": 3}]);
    let held = put(json!({"bought": 5, "bound": bound})).await.expect(200);
    assert_eq!(held.json["bound"], bound);
    let kept = put(json!({"bought": 4})).await.expect(200);
    assert_eq!(kept.json["bound"], bound, "left out, they stay");
    let fewer = put(json!({"bought": 2})).await.expect(422);
    assert!(fewer.json["detail"].as_str().unwrap().contains("31 December 2026"), "{}", fewer.json);
    let far = put(json!({"bought": 5, "bound": [{"until": "+12026-12-31", "seats": 3}]})).await.expect(422);
    assert_eq!(far.json["errors"][0]["field"], "bound.0.until");
    let free = put(json!({"bought": 2, "bound": []})).await.expect(200);
    assert_eq!(free.json["bound"], json!([]));
}

#[rstest]
#[tokio::test]
async fn an_assignment_and_its_repairs_are_one_change(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let (user, other) = (house.acme.user.id, house.acme.owner.id);
    let added = json!({"numbers": ["+14805550143", "+14805550144"], "kind": "landline"});
    let added = post(&client, "/numbers", added).await.expect(201).json;
    let number = |n: usize| added["steps"][n]["id"].clone();
    seats(&client, "business", 1).await;
    seats(&client, "pro-plus", 1).await;
    let first = json!({"user_ids": [other], "license_type": "business",
        "repairs": {"numbers": [{"user_id": other, "number_id": number(0)}]}});
    post(&client, "/licenses/assign", first).await.expect(200);

    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let repairs = json!({"remove_from": [other], "numbers": [{"user_id": user, "number_id": number(1)}],
        "confirm_e911": [{"user_id": user, "address": address}]});
    let body = json!({"user_ids": [user], "license_type": "business", "repairs": repairs});
    let plan = post(&client, "/licenses/assign?plan=true", body.clone()).await.expect(200).json;
    assert_eq!(plan["blocked"], false, "{plan}");
    let without = json!({"user_ids": [user], "license_type": "business"});
    post(&client, "/licenses/assign", without).await.expect(422);
    let journal = client.get("/journal").await.json["total"].as_i64().unwrap();
    post(&client, "/licenses/assign", body).await.expect(200);
    assert_eq!(client.get("/journal").await.json["total"], journal + 1);
    let shown = client.get(&format!("/users/{user}")).await.json;
    assert_eq!(shown["lamps"]["license"], "ready");
    assert_eq!(shown["e911"]["confirmed_by"], "Ana Admin");
    assert_eq!(client.get(&format!("/users/{other}")).await.json["licenses"], json!([]));

    seats(&client, "basic", 1).await;
    let upgrade = json!({"user_ids": [other], "license_type": "pro-plus", "repairs": {"voice_license_type": "basic"}});
    post(&client, "/licenses/assign", upgrade).await.expect(200);
    let held = client.get(&format!("/users/{other}")).await.json;
    assert_eq!(held["licenses"].as_array().unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn repairs_of_another_accounts_things_are_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let theirs = Client::of(&house, &house.globex.administrator).await;
    let added = json!({"numbers": ["+14805550143"], "kind": "landline"});
    let number = post(&theirs, "/numbers", added).await.expect(201).json["steps"][0]["id"].clone();
    seats(&client, "basic", 5).await;
    let (user, stranger) = (house.acme.user.id, house.globex.user.id);
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    for repairs in [
        json!({"numbers": [{"user_id": user, "number_id": number}]}),
        json!({"confirm_e911": [{"user_id": stranger, "address": address}]}),
        json!({"remove_from": [stranger]}),
        json!({"voice_license_type": "basic", "voice_user_ids": [stranger]}),
    ] {
        let body = json!({"user_ids": [user], "license_type": "basic", "repairs": repairs});
        post(&client, "/licenses/assign", body).await.expect(404);
    }
    assert_eq!(client.get(&format!("/users/{user}")).await.json["licenses"], json!([]));
}
