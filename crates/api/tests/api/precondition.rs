//! `ETag`, `If-Match`, `If-None-Match`.

use axum::http::{HeaderMap, Method};
use lineside_api::{Access, endpoints};
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::access::{belongings, filled, right_body};
use crate::client::Client;
use crate::house;

fn tag(headers: &HeaderMap) -> Option<String> {
    headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned())
}

#[rstest]
#[tokio::test]
async fn a_record_is_answered_with_its_tag_and_not_sent_twice(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let ids = belongings(&house).await;
    let mut records = 0;
    let operator = Client::operator(&house).await;
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.method == Method::GET) {
        let client = if endpoint.access == Access::Operator { &operator } else { &client };
        let path = filled(&endpoint.path, &ids);
        let query = if path.contains("suggestions/username") { "?first_name=A&last_name=B" } else { "" };
        let answer = client.get(&format!("{path}{query}")).await;
        assert_eq!(tag(&answer.headers).is_some(), answer.json["version"].is_i64(), "{endpoint:?}");
        let Some(tag) = tag(&answer.headers) else { continue };
        records += 1;
        assert!(tag.starts_with(&format!("\"{}-", answer.json["version"])), "{tag}");
        for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let same = client.send(Method::GET, &path, &[("If-None-Match", &known)], None).await;
            assert_eq!((same.status.as_u16(), same.bytes.len()), (304, 0), "{endpoint:?}: {known}");
            assert_eq!(same.headers["etag"], tag);
        }
        let other = client.send(Method::GET, &path, &[("If-None-Match", "\"0-0\"")], None).await;
        assert_eq!(other.expect(200).json, answer.json);
    }
    assert!(records >= 7, "{records}");
}

/// What is shown beside the record has no version, and yet is another answer.
#[tokio::test]
async fn the_tag_moves_with_everything_that_is_shown() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let sales = client.send(Method::POST, "/departments", &[], Some(json!({"name": "Sales"}))).await.expect(201);
    let path = format!("/departments/{}", sales.id());
    let before = client.get(&path).await.expect(200);
    assert_eq!(tag(&sales.headers), tag(&before.headers), "it is answered to changes too");
    let user = format!("/users/{}", house.acme.user.id);
    client.send(Method::PATCH, &user, &[], Some(json!({"department_id": sales.id()}))).await.expect(200);
    let after = client.get(&path).await.expect(200);
    assert_eq!(before.json["version"], after.json["version"]);
    assert_ne!(tag(&before.headers), tag(&after.headers));
    let seen = before.tag();
    client.send(Method::PATCH, &path, &[("If-Match", &seen)], Some(json!({"name": "Service"}))).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn every_change_of_a_record_keeps_to_if_match(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let administrator = Client::of(&house, &house.acme.administrator).await;
    let operator = Client::operator(&house).await;
    let document: Value = serde_json::from_str(&lineside_api::openapi()).unwrap();
    let mut tried = 0;
    for endpoint in endpoints() {
        let operation = &document["paths"][&endpoint.path][endpoint.method.as_str().to_lowercase()];
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let takes = parameters.iter().any(|parameter| parameter["name"] == "If-Match");
        let changes = matches!(endpoint.method.as_str(), "PUT" | "PATCH" | "DELETE");
        // Tokens and recordings never change, a file on its way, views, columns and passwords are nobody else's, and who marks a message takes nothing away.
        let marks = endpoint.method == Method::PATCH && endpoint.path.ends_with("/messages/{id}");
        let without = ["/tokens", "/imports", "/recordings/", "/user-views", "/user-columns", "/me/password"]
            .iter()
            .any(|part| endpoint.path.contains(part));
        let versioned = !marks && !without;
        assert_eq!(takes, changes && versioned, "{endpoint:?}");
        if !takes {
            continue;
        }
        tried += 1;
        let of_operator = endpoint.access == Access::Operator;
        let client = if of_operator { &operator } else { &administrator };
        let list = if of_operator { "/operator/journal" } else { "/journal" };
        let ids = belongings_of(&house, &administrator, tried).await;
        let mut path = filled(&endpoint.path, &ids);
        if path.ends_with("/greeting") && endpoint.method == Method::PUT {
            path.push_str("?file_name=a.wav");
        }
        let now = operator.get("/operator/catalogue").await.expect(200).json;
        let seats = endpoint.path.contains("/seats/").then(|| json!({"bought": 3}));
        let catalogue = endpoint.path.ends_with("/catalogue").then(|| {
            let Value::Object(mut catalogue) = now.clone() else { panic!("no catalogue: {now}") };
            catalogue.remove("usage");
            Value::Object(catalogue)
        });
        let order = endpoint.path.ends_with("/order").then(|| json!({"types": ["business"]}));
        let body = seats.or(catalogue).or(order);
        let body = body.or_else(|| right_body(&endpoint, &house.acme.user.id.to_string()));
        let send = async |wanted: &str| {
            if path.ends_with("?file_name=a.wav") {
                let wav = lineside_testkit::call::wav();
                return client.send_bytes(endpoint.method.clone(), &path, &[("If-Match", wanted)], wav).await;
            }
            client.send(endpoint.method.clone(), &path, &[("If-Match", wanted)], body.clone()).await
        };
        if path.ends_with("/greeting") {
            client
                .send_bytes(Method::PUT, &format!("{path}?file_name=a.wav"), &[], lineside_testkit::call::wav())
                .await
                .expect(200);
        }
        let journal = client.get(list).await.json["total"].clone();
        for malformed in ["5", "\"5", "", "*, \"5\""] {
            send(malformed).await.expect(400);
        }
        for stale in ["\"999-0\"", "W/\"1-0\"", "\"x\", \"999\""] {
            let refused = send(stale).await.expect(412);
            assert_eq!(refused.json["type"], "/problems/precondition-failed", "{endpoint:?}");
        }
        assert_eq!(client.get(list).await.json["total"], journal, "{endpoint:?} did something");
        let missing = path.contains("/e911") || path.contains("?file_name");
        let answer = send("*").await;
        assert_eq!(answer.status == 412, missing, "{endpoint:?}: {}", answer.json);
        let passed = answer.status.is_success() || answer.json["type"] == "/problems/blocked";
        assert!(missing || passed, "{endpoint:?}: {}", answer.json);
    }
    assert!(tried >= 14, "{tried}");
    let wanted = [("If-Match", "*")];
    administrator.send(Method::POST, "/departments", &wanted, Some(json!({"name": "Sales"}))).await.expect(400);
}

/// New ones for each change, since some delete them.
async fn belongings_of(
    house: &lineside_testkit::service::House,
    client: &Client,
    round: usize,
) -> std::collections::BTreeMap<&'static str, String> {
    if round == 1 {
        return belongings(house).await;
    }
    let add = async |path: &str, body: Value| client.send(Method::POST, path, &[], Some(body)).await.expect(201);
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let user = json!({"first_name": "Ana", "last_name": "Duarte", "username": format!("ana.duarte{round}"),
        "without_license": true});
    let user = add("/users", user).await.id();
    let number = json!({"numbers": [format!("+1480555{:04}", 1000 + round)], "kind": "landline"});
    let number = add("/numbers", number).await.json["steps"][0]["id"].as_str().unwrap().to_owned();
    let device = add("/devices", json!({"model": "generic", "user_id": user})).await.id();
    let scheduled = json!({"user_ids": [user], "license_type": "basic", "date": "2026-04-01"});
    client.send(Method::POST, "/licenses/assign", &[], Some(scheduled)).await.expect(200);
    let schedule =
        client.get(&format!("/schedule?user_id={user}")).await.json["items"][0]["id"].as_str().unwrap().to_owned();
    client.send(Method::PUT, &format!("/numbers/{number}/user"), &[], Some(json!({"user_id": user}))).await.expect(200);
    let (message, _) = house.message_left(1_000 + u128::try_from(round).unwrap(), house.acme.user.id).await.unwrap();
    // An account has few.
    let trunk = if let Some(trunk) = client.get("/trunks").await.json[0]["id"].as_str() {
        trunk.to_owned()
    } else {
        let trunk = json!({"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP"});
        add("/trunks", trunk).await.id()
    };
    let operator = Client::operator(house).await;
    let of_operator = if let Some(trunk) = operator.get("/operator/trunks").await.json[0]["id"].as_str() {
        trunk.to_owned()
    } else {
        let trunk = Some(json!({"trunk": {"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP"}}));
        operator.send(Method::POST, "/operator/trunks", &[], trunk).await.expect(201).id()
    };
    [
        ("users", user),
        ("operator trunks", of_operator),
        ("locations", add("/locations", json!({"name": format!("HQ {round}"), "address": address})).await.id()),
        ("departments", add("/departments", json!({"name": format!("Sales {round}")})).await.id()),
        ("devices", device),
        ("numbers", number),
        ("schedule", schedule),
        ("accounts", house.acme.id.to_string()),
        ("messages", message.to_string()),
        ("trunks", trunk),
    ]
    .into()
}

#[rstest]
#[tokio::test]
async fn what_changed_since_is_told_and_the_latest_tag_goes_through(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let path = format!("/users/{}", house.acme.user.id);
    let read = client.get(&path).await.expect(200).tag();
    let changed = client.send(Method::PATCH, &path, &[], Some(json!({"extension": "1207"}))).await.expect(200);
    let body = Some(json!({"last_name": "Lima"}));
    let stale = client.send(Method::PATCH, &path, &[("If-Match", &read)], body.clone()).await.expect(412);
    assert_eq!(stale.json["differences"][0]["field"], "extension");
    assert_eq!(stale.json["differences"][0]["by"], "Ana Admin");

    // Sent again after the answer got lost: done once, though the tag is old by then.
    let latest = changed.tag();
    let headers = [("If-Match", latest.as_str()), ("Idempotency-Key", "0190a1b2-0000-7000-8000-000000000001")];
    for _ in 0..2 {
        let done = client.send(Method::PATCH, &path, &headers, body.clone()).await.expect(200);
        assert_eq!(done.json["last_name"], "Lima");
    }
    let planned = client.send(Method::PATCH, &format!("{path}?plan=true"), &[("If-Match", &read)], body).await;
    planned.expect(412);
}
