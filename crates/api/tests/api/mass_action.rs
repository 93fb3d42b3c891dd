//! One change of many users.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

async fn add(client: &Client, at: usize) -> String {
    let user = json!({"first_name": format!("Bo{at}"), "last_name": "Berg", "username": format!("bo.{at}"),
        "email": format!("bo{at}@acme.example"), "without_license": true});
    client.send(Method::POST, "/users", &[], Some(user)).await.expect(201).id()
}

fn states(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|user| user["state"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn those_named_and_those_that_match_are_one_plan(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let mut ids = Vec::new();
    for at in 0..4 {
        ids.push(add(&client, at).await);
    }
    let post = async |path: &str, body: Value| client.send(Method::POST, path, &[], Some(body)).await;

    let body =
        json!({"matching": {"search": "berg", "except": [ids[0], ids[1]]}, "user_ids": [ids[1]], "state": "suspended"});
    let plan = post("/users/state?plan=true", body.clone()).await.expect(200);
    assert_eq!(plan.json["summary"], "Suspend 3 users");
    let done = post("/users/state", body).await.expect(200);
    assert_eq!(done.json["steps"].as_array().unwrap().len(), 3);
    let berg = client.get("/users?search=berg").await.expect(200);
    assert_eq!(states(&berg.json), ["active", "suspended", "suspended", "suspended"]);

    let department = json!({"name": "Sales"});
    let department = client.send(Method::POST, "/departments", &[], Some(department)).await.expect(201).id();
    let fields = json!({"department_id": department, "ring_seconds": 40, "email_voicemails": true});
    post("/users/edit", json!({"matching": {"search": "berg"}, "fields": fields})).await.expect(200);
    let user = client.get(&format!("/users/{}", ids[2])).await.expect(200);
    assert_eq!(user.json["department_id"], json!(department));
    let cleared = json!({"user_ids": ids, "fields": {"department_id": null}});
    post("/users/edit", cleared).await.expect(200);
    assert_eq!(client.get(&format!("/users/{}", ids[2])).await.json["department_id"], Value::Null);

    let mails = post("/users/welcome", json!({"matching": {"search": "berg"}})).await.expect(200);
    assert_eq!(mails.json["steps"].as_array().unwrap().len(), 4);
    let file = post("/users/export", json!({"matching": {"search": "berg"}, "kind": "csv"})).await.expect(200);
    assert_eq!(String::from_utf8_lossy(&file.bytes).matches("Berg").count(), 4);

    post("/users/delete", json!({"matching": {"search": "berg", "except": [ids[3]]}})).await.expect(200);
    assert_eq!(client.get("/users?search=berg").await.json["total"], 1);
}

#[rstest]
#[tokio::test]
async fn licenses_go_to_all_that_match_and_come_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let mut ids = Vec::new();
    for at in 0..3 {
        ids.push(add(&client, at).await);
    }
    let post = async |path: &str, body: Value| client.send(Method::POST, path, &[], Some(body)).await;
    client.send(Method::PUT, "/seats/basic", &[], Some(json!({"bought": 9}))).await.expect(200);
    let matching = json!({"search": "berg", "except": [ids[2]]});
    let done = post("/licenses/assign", json!({"matching": matching, "license_type": "basic"})).await.expect(200);
    assert_eq!(done.json["summary"], "Assign Basic to 2 users");
    let removed = post("/licenses/remove", json!({"matching": matching, "user_ids": [ids[0]], "track": "voice"})).await;
    assert_eq!(removed.expect(200).json["steps"].as_array().unwrap().len(), 2);
    let nobody = post("/licenses/assign", json!({"matching": {"search": "nobody"}, "license_type": "basic"})).await;
    assert_eq!(nobody.expect(422).json["errors"][0]["field"], "user_ids");
}

#[tokio::test]
async fn nobody_strangers_and_too_many_exceptions_are_refused() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let post = async |path: &str, body: Value| client.send(Method::POST, path, &[], Some(body)).await;
    let nobody =
        post("/users/state", json!({"matching": {"search": "nobody"}, "state": "suspended"})).await.expect(422);
    assert_eq!(nobody.json["errors"][0]["field"], "user_ids");
    let stranger = house.globex.user.id.to_string();
    for (path, more) in [
        ("state", json!({"state": "active"})),
        ("edit", json!({"fields": {"ring_seconds": 9}})),
        ("welcome", json!({})),
    ] {
        let mut body = more;
        body["user_ids"] = json!([stranger]);
        post(&format!("/users/{path}"), body).await.expect(404);
    }
    let file = post("/users/export", json!({"user_ids": [stranger], "kind": "csv"})).await.expect(200);
    assert!(!String::from_utf8_lossy(&file.bytes).contains("globex"));
    let except: Vec<String> = (0..101).map(|at| format!("01900000-0000-7000-8000-{at:012}")).collect();
    let refused = post("/users/welcome", json!({"matching": {"except": except}})).await.expect(422);
    assert_eq!(refused.json["errors"][0]["field"], "except");
    let wrong =
        post("/users/edit", json!({"user_ids": [stranger], "fields": {"ring_seconds": 3, "recording": "some"}})).await;
    let wrong = wrong.expect(422);
    assert_eq!(wrong.json["errors"].as_array().unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn views_and_columns_are_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let columns = client.get("/user-columns").await.expect(200);
    assert_eq!(columns.json["columns"], json!(["extension", "number", "location", "license", "ready"]));
    let chosen = json!({"columns": ["ready", "email"]});
    let chosen = client.send(Method::PUT, "/user-columns", &[], Some(chosen)).await.expect(200);
    assert_eq!(chosen.json["columns"], json!(["email", "ready"]));
    let wrong = client.send(Method::PUT, "/user-columns", &[], Some(json!({"columns": ["shoe"]}))).await.expect(422);
    assert_eq!(wrong.json["errors"][0]["field"], "columns");

    let view = json!({"name": "Suspended", "shared": true, "filter": {"state": "suspended"}, "descending": true});
    let view = client.send(Method::POST, "/user-views", &[], Some(view)).await.expect(201);
    assert_eq!(view.json["columns"], json!(["email", "ready"]));
    let owner = Client::of(&house, &house.acme.owner).await;
    let seen = owner.get("/user-views").await.expect(200);
    assert_eq!((&seen.json[0]["filter"]["state"], &seen.json[0]["descending"]), (&json!("suspended"), &json!(true)));
    let stranger = Client::of(&house, &house.globex.administrator).await;
    assert_eq!(stranger.get("/user-views").await.expect(200).json, json!([]));
    owner.send(Method::DELETE, &format!("/user-views/{}", view.id()), &[], None).await.expect(204);
    assert_eq!(client.get("/user-views").await.json, json!([]));
}
