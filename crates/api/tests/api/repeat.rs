//! `Idempotency-Key`: the same request again, and another one with the same key.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

const KEY: [(&str, &str); 1] = [("Idempotency-Key", "0190a1b2-0000-7000-8000-000000000001")];

fn sales() -> Value {
    json!({"name": "Sales"})
}

#[rstest]
#[tokio::test]
async fn a_key_is_its_callers_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let mine = Client::of(&house, &house.acme.administrator).await;
    let colleague = Client::of(&house, &house.acme.owner).await;
    let stranger = Client::of(&house, &house.globex.administrator).await;
    let first = mine.send(Method::POST, "/departments", &KEY, Some(sales())).await.expect(201);
    // Another account learns nothing of it, and neither does a colleague: to both the key is new.
    let theirs = stranger.send(Method::POST, "/departments", &KEY, Some(sales())).await.expect(201);
    let other = colleague.send(Method::POST, "/departments", &KEY, Some(json!({"name": "Support"}))).await.expect(201);
    assert!(first.id() != theirs.id() && first.id() != other.id());
    assert_eq!(mine.get("/departments").await.json.as_array().unwrap().len(), 2);
    // The same person with another token is the same caller.
    let again = Client::of(&house, &house.acme.administrator).await;
    assert_eq!(again.send(Method::POST, "/departments", &KEY, Some(sales())).await.expect(201).id(), first.id());
}

#[rstest]
#[tokio::test]
async fn the_same_key_with_another_request_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let added = client.send(Method::POST, "/departments", &KEY, Some(sales())).await.expect(201);
    let journal = client.get("/journal").await.json["total"].clone();
    let department = format!("/departments/{}", added.id());
    for (method, path, body) in [
        (Method::POST, "/departments", Some(json!({"name": "Support"}))),
        (Method::POST, "/departments", Some(json!({"name": ""}))),
        (Method::POST, "/users", Some(sales())),
        (Method::PATCH, department.as_str(), Some(sales())),
        (Method::DELETE, department.as_str(), None),
    ] {
        let refused = client.send(method.clone(), path, &KEY, body).await.expect(422);
        assert_eq!(refused.json["type"], "/problems/key-reused", "{method} {path}");
    }
    let again = client.send(Method::POST, "/departments", &KEY, Some(sales())).await.expect(201);
    assert_eq!((again.id(), &again.json), (added.id(), &added.json));
    assert_eq!(client.get("/journal").await.json["total"], journal, "nothing was done by any of them");
}

/// A field of a patch, the members of a list: what a journal entry alone would not tell apart.
#[rstest]
#[tokio::test]
async fn a_repeated_patch_leaves_what_others_did_since(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let path = format!("/users/{}", house.acme.user.id);
    let patch =
        async |headers: &[(&str, &str)], body: Value| client.send(Method::PATCH, &path, headers, Some(body)).await;
    patch(&KEY, json!({"last_name": "Lima"})).await.expect(200);
    patch(&[], json!({"last_name": "Costa"})).await.expect(200);
    let again = patch(&KEY, json!({"last_name": "Lima"})).await.expect(200);
    assert_eq!(again.json["last_name"], "Costa", "done once, before");
    let other = patch(&KEY, json!({"last_name": "Reis"})).await.expect(422);
    assert_eq!(other.json["type"], "/problems/key-reused");
}

/// A plan's own name serves as a key, and is as private.
#[rstest]
#[tokio::test]
async fn a_plans_fingerprint_is_its_readers_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let mine = Client::of(&house, &house.acme.administrator).await;
    let stranger = Client::of(&house, &house.globex.administrator).await;
    let plan = mine.send(Method::POST, "/departments?plan=true", &[], Some(sales())).await.expect(200);
    let planned = [("Lineside-Plan", plan.json["fingerprint"].as_str().unwrap())];
    let added = mine.send(Method::POST, "/departments", &planned, Some(sales())).await.expect(201);
    assert_eq!(mine.send(Method::POST, "/departments", &planned, Some(sales())).await.expect(201).id(), added.id());
    let other = mine.send(Method::POST, "/departments", &planned, Some(json!({"name": "Support"}))).await.expect(422);
    assert_eq!(other.json["type"], "/problems/key-reused");
    // The stranger's would make another department: another plan.
    let theirs = stranger.send(Method::POST, "/departments", &planned, Some(sales())).await.expect(409);
    assert_eq!(theirs.json["type"], "/problems/plan-moved");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_requests_at_once_with_one_key_are_one_change_or_one_refusal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    for round in 0..10 {
        let key = format!("0190a1b2-0000-7000-8000-{round:012}");
        let key = [("Idempotency-Key", key.as_str())];
        let add = |name: String| client.send(Method::POST, "/departments", &key, Some(json!({"name": name})));
        let (one, other) = tokio::join!(add(format!("A{round}")), add(format!("B{round}")));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422], "{} {}", one.json, other.json);
    }
}
