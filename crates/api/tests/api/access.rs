//! Every endpoint, called by those who may not.

use axum::http::Method;
use lineside_api::{Access, Endpoint, endpoints};
use lineside_testkit::database::Engine;
use lineside_testkit::service::House;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::client::{Answer, Client};
use crate::house;

/// What each method would be sent, so that the way in and not the body is what refuses.
async fn call(client: &Client, endpoint: &Endpoint, ids: &BTreeMap<&str, String>) -> Answer {
    let path = filled(&endpoint.path, ids);
    let body = (endpoint.method != Method::GET && endpoint.method != Method::DELETE).then(|| json!({}));
    client.send(endpoint.method.clone(), &path, &[], body).await
}

/// Of what only operators see, which collection is which.
fn of_operators(collection: &str) -> &'static str {
    match collection {
        "accounts" => "accounts",
        "tokens" => "operator tokens",
        "journal" => "operator journal",
        "trunks" => "operator trunks",
        other => panic!("say here what {other} of the operator's is"),
    }
}

/// `{id}` by the collection that it lies in.
pub fn filled(path: &str, ids: &BTreeMap<&str, String>) -> String {
    let mut filled: Vec<&str> = Vec::new();
    for part in path.split('/') {
        let value = match part {
            "{id}" if path.contains("/operator/") => {
                ids[of_operators(filled.last().copied().unwrap_or_default())].as_str()
            }
            "{id}" => ids[*filled.last().unwrap_or(&"")].as_str(),
            "{mail_id}" => ids["mails"].as_str(),
            "{license_type}" => "business",
            "{track}" => "upgrades",
            part => part,
        };
        filled.push(value);
    }
    filled.join("/")
}

fn nothing() -> BTreeMap<&'static str, String> {
    let names = [
        "users",
        "devices",
        "numbers",
        "locations",
        "departments",
        "journal",
        "tokens",
        "mails",
        "schedule",
        "accounts",
        "operator tokens",
        "operator journal",
        "operator trunks",
        "imports",
        "calls",
        "recordings",
        "messages",
        "trunks",
        "test-calls",
        "user-views",
        "greeting-archives",
        "emergency-calls",
    ];
    names.into_iter().map(|name| (name, uuid::Uuid::nil().to_string())).collect()
}

#[tokio::test]
async fn nobody_is_asked_for_a_token() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let nobody = Client::nobody(&house);
    for endpoint in endpoints() {
        let answer = call(&nobody, &endpoint, &nothing()).await;
        if endpoint.access == Access::Anyone {
            assert_eq!(answer.status, 200, "{endpoint:?}");
        } else {
            let answer = answer.expect(401);
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{endpoint:?}: {challenge}");
        }
    }
}

#[tokio::test]
async fn a_user_finds_what_is_theirs_and_nothing_of_what_administrators_do() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let ids = belongings(&house).await;
    let user = Client::of_user(&house, &house.acme).await;
    let wav = lineside_testkit::call::wav();
    user.send_bytes(Method::PUT, "/me/greeting?file_name=me.wav", &[], wav).await.expect(200);
    let mut endpoints = endpoints();
    // What is deleted is not found afterwards.
    endpoints.sort_by_key(|endpoint| endpoint.method == Method::DELETE);
    for endpoint in endpoints {
        let answer = call(&user, &endpoint, &ids).await;
        let theirs = !matches!(endpoint.access, Access::Administrator | Access::Operator);
        // The token here is an administrator's own.
        if !theirs || endpoint.path.ends_with("/tokens/{id}") {
            assert_eq!(answer.status, 404, "{endpoint:?}");
        } else if endpoint.method == Method::GET {
            assert_eq!(answer.status, 200, "{endpoint:?}");
        } else {
            assert!(answer.status.is_success() || answer.status == 422, "{endpoint:?}: {}", answer.status);
        }
    }
}

#[rstest]
#[case("")]
#[case("ls_0000")]
#[case("\u{e9}")]
#[tokio::test]
async fn a_wrong_token_is_as_good_as_none(#[case] token: &str) {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let header = format!("Bearer {token}");
    let nobody = Client::nobody(&house);
    nobody.send(Method::GET, "/users", &[("Authorization", &header)], None).await.expect(401);
}

/// Everything that has an identifier: one of each in Acme, made by its own administrator.
pub async fn belongings(house: &House) -> BTreeMap<&'static str, String> {
    let client = Client::of(house, &house.acme.administrator).await;
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let user = json!({"first_name": "Ana", "last_name": "Duarte", "username": "ana.duarte", "without_license": true,
        "email": "ana@acme.example", "extension": "1001", "send_welcome": true});
    let add = async |path: &str, body: Value| client.send(Method::POST, path, &[], Some(body)).await.expect(201);
    let user = add("/users", user).await;
    let mail = user.json["mails"][0]["id"].as_str().unwrap().to_owned();
    let location = add("/locations", json!({"name": "HQ", "address": address})).await.id();
    let department = add("/departments", json!({"name": "Sales"})).await.id();
    let device = add("/devices", json!({"model": "generic", "user_id": user.json["id"]})).await.id();
    let numbers = add("/numbers", json!({"numbers": ["+14805550143"], "kind": "landline"})).await;
    let number = numbers.json["steps"][0]["id"].as_str().unwrap().to_owned();
    let token = add("/tokens", json!({"name": "Import"})).await.id();
    let scheduled = json!({"user_ids": [user.id()], "license_type": "basic", "date": "2026-04-01"});
    client.send(Method::POST, "/licenses/assign", &[], Some(scheduled)).await.expect(200);
    let schedule = client.get("/schedule").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    let caller = &house.acme.administrator.caller;
    let file = b"Username,First name\nacme.user,Anna\n".to_vec();
    let import = house
        .service
        .upload_import(caller, lineside_model::import::ImportKind::Users, "users.csv", file)
        .await
        .unwrap();
    house.service.plan_import(caller, import.id).await.unwrap();
    let journal = client.get("/journal").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    let trunk = json!({"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP"});
    let trunk = add("/trunks", trunk).await.id();
    let (call, recording) = house.recorded_call(1, house.acme.user.id).await.unwrap();
    let (message, _) = house.message_left(2, house.acme.user.id).await.unwrap();
    let test = house.test_call_heard(3, house.acme.user.id).await.unwrap();
    house.call_begun(4, house.acme.user.id).await;
    let sounds = crate::greeting_archive::zip(&[("ana.duarte.wav", lineside_testkit::call::wav())]);
    let archive = lineside_model::id::ArchiveId(house.service.new_change_id().0);
    let archive = house.service.upload_greeting_archive(caller, archive, "greetings.zip", sounds).await.unwrap();
    let archive = crate::greeting_archive::read(house, caller, archive.id).await.id.to_string();
    let emergency = house.called_for_help(5, house.acme.user.id).await.call;
    let view = add("/user-views", json!({"name": "Not ready", "filter": {"ready": false}})).await.id();
    let operator = Client::operator(house).await;
    let named = Some(json!({"name": "Billing"}));
    let operator_token = operator.send(Method::POST, "/operator/tokens", &[], named).await.expect(201).id();
    let carrier = json!({"trunk": {"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP"}});
    let operator_trunk = operator.send(Method::POST, "/operator/trunks", &[], Some(carrier)).await.expect(201).id();
    let operator_journal = operator.get("/operator/journal").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    [
        ("users", user.id()),
        ("mails", mail),
        ("locations", location),
        ("departments", department),
        ("devices", device),
        ("numbers", number),
        ("tokens", token),
        ("journal", journal),
        ("schedule", schedule),
        ("accounts", house.acme.id.to_string()),
        ("operator tokens", operator_token),
        ("operator journal", operator_journal),
        ("operator trunks", operator_trunk),
        ("imports", import.id.to_string()),
        ("calls", call.to_string()),
        ("recordings", recording.to_string()),
        ("messages", message.to_string()),
        ("trunks", trunk),
        ("test-calls", test.to_string()),
        ("user-views", view),
        ("greeting-archives", archive),
        ("emergency-calls", emergency.to_string()),
    ]
    .into()
}

/// A body that is right in itself, so that nothing but the account is in the way.
pub fn right_body(endpoint: &Endpoint, own_user: &str) -> Option<Value> {
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let last = endpoint.path.trim_end_matches("/{id}").rsplit('/').next().unwrap_or_default();
    Some(match (endpoint.method.as_str(), last) {
        ("PATCH", _) | ("POST", "apply" | "undo") => json!({}),
        ("PUT", "user") => json!({"user_id": own_user}),
        ("PUT", "state") => json!({"state": "suspended"}),
        ("PUT", "security") => json!({"role": "administrator"}),
        ("PUT", "e911") if endpoint.path.ends_with("/me/e911") => json!({"address": address}),
        ("PUT", "e911") => json!({"address": address, "confirmed": true}),
        ("PUT", "schedule") => json!({"date": "2026-05-01"}),
        ("PUT", "port") => json!({"ports_on": "2026-05-01"}),
        ("PUT", "lock") => json!({"locked": true}),
        ("PUT", "lamp-keys") => json!({"user_ids": []}),
        ("PUT", "greeting") => json!("not even read"),
        ("PUT", "columns") => json!({"key": "username", "columns": {"0": "username"}}),
        ("PUT", "call-settings") => json!({
            "recording": {"announce": true, "beep": false, "emergency": false, "keep_days": 90},
            "outbound": {"international": ["+44"], "premium": [], "user_calls": 4, "account_calls": 50,
                "user_minutes": 600, "account_minutes": 10_000, "call_minutes": 240},
            "voicemail_storage_mb": 100, "keep_calls_days": 400}),
        ("PUT", "voicemail") => json!({"enabled": true, "email_voicemails": false, "attach_recording": false}),
        ("PUT", "forwarding") => json!({"busy": "1001"}),
        ("PUT", "recording") => json!({"mode": "all"}),
        ("POST", "forward") => json!({"extension": "1001"}),
        ("POST", "cells") => json!({"cells": []}),
        (
            "POST",
            "complete" | "generate" | "resync" | "welcome" | "retry" | "plan" | "hang-up" | "test-call" | "seen",
        )
        | ("GET" | "DELETE", _) => {
            return None;
        }
        other => panic!("give {other:?} a body here, so that it is tried as the administrator of another account"),
    })
}

#[rstest]
#[tokio::test]
async fn another_accounts_identifiers_are_unknown(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let ids = belongings(&house).await;
    let stranger = Client::of(&house, &house.globex.administrator).await;
    let own = Client::of(&house, &house.acme.administrator).await;
    let before = own.get("/journal").await.json["total"].clone();
    let their_user = house.globex.user.id.to_string();
    for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.path.contains("{id}")) {
        if endpoint.access == Access::Operator {
            continue;
        }
        let path = filled(&endpoint.path, &ids);
        let body = right_body(&endpoint, &their_user);
        let answer = stranger.send(endpoint.method.clone(), &path, &[], body.clone()).await;
        assert_eq!(answer.status, 404, "{endpoint:?}: {}", answer.json);
        let answer = answer.expect(404);
        assert_eq!(answer.json["type"], "/problems/not-found");
        // Who listens stands in the journal.
        let heard = path.ends_with("greeting") || path.contains("/recordings/");
        if endpoint.method == Method::GET && !heard {
            own.get(&path).await.expect(if path.contains("/tokens/") { 405 } else { 200 });
        }
    }
    // Named in a body: never taken, whatever the words.
    let device = json!({"user_id": ids["users"]});
    let mine = json!({"model": "generic", "user_id": house.globex.user.id});
    let mine = stranger.send(Method::POST, "/devices", &[], Some(mine)).await.expect(201).id();
    stranger.send(Method::PUT, &format!("/devices/{mine}/user"), &[], Some(device)).await.expect(404);
    let users = json!({"user_ids": [ids["users"]], "license_type": "basic"});
    stranger.send(Method::POST, "/licenses/assign", &[], Some(users)).await.expect(404);
    for (field, of) in [("location_id", "locations"), ("department_id", "departments")] {
        let path = format!("/users/{their_user}");
        stranger.send(Method::PATCH, &path, &[], Some(json!({field: ids[of]}))).await.expect(422);
    }
    for filter in [format!("location_id={}", ids["locations"]), format!("department_id={}", ids["departments"])] {
        assert_eq!(stranger.get(&format!("/users?{filter}")).await.expect(200).json["total"], 0);
    }
    assert_eq!(own.get("/journal").await.json["total"], before, "nothing was done to Acme");
}

/// The operator's, with a body that is right in itself.
fn right_body_of_operator(endpoint: &Endpoint) -> Option<Value> {
    match endpoint.method.as_str() {
        "GET" | "DELETE" => None,
        _ if endpoint.path.ends_with("/order") => Some(json!({"tracks": ["voice"]})),
        _ if endpoint.path.ends_with("/tracks") => Some(json!({"slug": "fax", "name": "Fax"})),
        "POST" if endpoint.path.ends_with("/trunks") => {
            Some(json!({"trunk": {"name": "Other", "host": "sip.other.example", "transport": "UDP"}}))
        }
        _ if endpoint.path.ends_with("/tokens") => Some(json!({"name": "Import"})),
        _ => Some(json!({})),
    }
}

#[rstest]
#[tokio::test]
async fn nobody_of_an_account_reaches_what_is_the_operators(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let ids = belongings(&house).await;
    let operator = Client::operator(&house).await;
    let before = [operator.get("/operator/catalogue").await.json, operator.get("/operator/journal").await.json];
    let user = Client::of_user(&house, &house.acme).await;
    let mut called = 0;
    for person in [&house.acme.owner, &house.acme.administrator, &house.globex.administrator] {
        let client = Client::of(&house, person).await;
        let unknown = client.get("/no-such-thing").await.expect(404);
        for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.access == Access::Operator) {
            let path = filled(&endpoint.path, &ids);
            for client in [&client, &user] {
                let body = right_body_of_operator(&endpoint);
                let refused = client.send(endpoint.method.clone(), &path, &[], body).await.expect(404);
                assert_eq!(refused.json["detail"], unknown.json["detail"], "{endpoint:?}");
                called += 1;
            }
        }
    }
    assert!(called > 100, "{called}");
    let after = [operator.get("/operator/catalogue").await.json, operator.get("/operator/journal").await.json];
    assert_eq!(before, after, "nothing was done");
}

#[tokio::test]
async fn an_operator_reaches_what_is_theirs_and_nothing_of_an_account() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let ids = belongings(&house).await;
    let operator = Client::operator(&house).await;
    let journal = Client::of(&house, &house.acme.administrator).await.get("/journal").await.json["total"].clone();
    for endpoint in endpoints() {
        let path = filled(&endpoint.path, &ids);
        let own = matches!(endpoint.access, Access::Anyone | Access::SignedIn | Access::Operator);
        if !own {
            let answer = call(&operator, &endpoint, &ids).await;
            assert_eq!(answer.status, 404, "{endpoint:?}: {}", answer.json);
        } else if endpoint.method == Method::GET {
            let answer = operator.get(&path).await;
            assert_eq!(answer.status, 200, "{endpoint:?}: {}", answer.json);
        }
    }
    let now = Client::of(&house, &house.acme.administrator).await.get("/journal").await.json["total"].clone();
    assert_eq!(now.as_i64().unwrap(), journal.as_i64().unwrap() + 1, "but for the token of this very test");
}
