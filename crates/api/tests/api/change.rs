//! Changes: planned, applied once, refused.

use axum::http::Method;
use lineside_testkit::call::wav;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

const KEY: &str = "0190a1b2-0000-7000-8000-000000000001";

fn ana() -> Value {
    json!({"first_name": "Ana", "last_name": "Duarte", "username": "ana.duarte", "extension": "1203",
        "email": "ana@acme.example", "without_license": true, "send_welcome": true})
}

#[rstest]
#[tokio::test]
async fn a_user_is_planned_then_added_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let plan = client.send(Method::POST, "/users?plan=true", &[], Some(ana())).await.expect(200);
    assert_eq!(plan.json["summary"], "Add user Ana Duarte");
    assert_eq!(plan.json["blocked"], false);
    assert_eq!(client.get("/users").await.json["total"], 3, "nothing was done");

    // The key comes only now: the plan was made under another identifier, and is the same plan.
    let fingerprint = plan.json["fingerprint"].as_str().unwrap();
    let headers = [("Idempotency-Key", KEY), ("Lineside-Plan", fingerprint)];
    let added = client.send(Method::POST, "/users", &headers, Some(ana())).await.expect(201);
    assert_eq!(added.headers["location"], format!("/api/v1/users/{}", added.id()));
    assert_eq!(added.json["mails"][0]["state"], "queued");

    let again = client.send(Method::POST, "/users", &headers, Some(ana())).await.expect(201);
    assert_eq!(again.id(), added.id());
    assert_eq!(client.get("/users").await.json["total"], 4);
    assert_eq!(again.json["mails"].as_array().unwrap().len(), 1, "and one mail");
}

#[rstest]
#[tokio::test]
async fn what_was_planned_is_applied_by_its_fingerprint_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let plan = client.send(Method::POST, "/users?plan=true", &[], Some(ana())).await.expect(200);
    let headers = [("Lineside-Plan", plan.json["fingerprint"].as_str().unwrap())];
    let added = client.send(Method::POST, "/users", &headers, Some(ana())).await.expect(201);
    assert_eq!(plan.json["user_id"], added.json["id"], "the very user that was planned");
    client.send(Method::POST, "/users", &headers, Some(ana())).await.expect(201);
    assert_eq!(client.get("/users").await.json["total"], 4);
}

#[rstest]
#[tokio::test]
async fn a_plan_that_moved_is_not_applied(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let user = format!("/users/{}", house.acme.user.id);
    let body = json!({"last_name": "Lima"});
    let plan = client.send(Method::PATCH, &format!("{user}?plan=true"), &[], Some(body.clone())).await.expect(200);
    client.send(Method::PATCH, &user, &[], Some(json!({"extension": "1207"}))).await.expect(200);

    for key in [None, Some(("Idempotency-Key", KEY))] {
        let planned = ("Lineside-Plan", plan.json["fingerprint"].as_str().unwrap());
        let headers: Vec<_> = std::iter::once(planned).chain(key).collect();
        let moved = client.send(Method::PATCH, &user, &headers, Some(body.clone())).await.expect(409);
        assert_eq!(moved.json["type"], "/problems/plan-moved");
        assert_ne!(moved.json["plan"]["fingerprint"], plan.json["fingerprint"]);
        assert_eq!(client.get(&user).await.json["last_name"], "User", "nothing was done");
        let new = [("Lineside-Plan", moved.json["plan"]["fingerprint"].as_str().unwrap())];
        if key.is_some() {
            let done = client.send(Method::PATCH, &user, &new, Some(body.clone())).await.expect(200);
            assert_eq!(done.json["last_name"], "Lima");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_stale_version_is_refused_with_what_changed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let user = format!("/users/{}", house.acme.user.id);
    let version = client.get(&user).await.json["version"].clone();
    client.send(Method::PATCH, &user, &[], Some(json!({"extension": "1207"}))).await.expect(200);
    let body = json!({"version": version, "last_name": "Lima"});
    let stale = client.send(Method::PATCH, &user, &[], Some(body)).await.expect(409);
    assert_eq!(stale.json["type"], "/problems/changed-meanwhile");
    assert_eq!(stale.json["differences"][0]["field"], "extension");
    assert_eq!(stale.json["differences"][0]["by"], "Ana Admin");
}

#[rstest]
#[tokio::test]
async fn a_blocked_change_names_fields_and_repairs(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let mut body = ana();
    body["without_license"] = false.into();
    let blocked = client.send(Method::POST, "/users", &[], Some(body)).await.expect(422);
    assert_eq!(blocked.json["type"], "/problems/blocked");
    assert_eq!(blocked.json["blockers"][0]["kind"], "needs_confirmation");
    assert_eq!(blocked.json["blockers"][0]["repairs"][0]["repair"], "confirm");
    assert_eq!(blocked.json["errors"][0]["field"], "package");

    let body = json!({"user_ids": [house.acme.user.id], "license_type": "business"});
    let plan = client.send(Method::POST, "/licenses/assign?plan=true", &[], Some(body.clone())).await.expect(200);
    assert_eq!(plan.json["blocked"], true);
    let blocked = client.send(Method::POST, "/licenses/assign", &[], Some(body)).await.expect(422);
    let kinds: Vec<_> = blocked.json["blockers"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert!(kinds.contains(&json!("no_free_seat")) && kinds.contains(&json!("missing_number")), "{kinds:?}");
}

#[rstest]
#[case("/users", json!({"first_name": "Ana", "lastname": "Duarte"}), "lastname")]
#[case("/users", json!({"first_name": 5}), "first_name")]
#[case("/users", json!({"role": "king"}), "role")]
#[case("/users", json!({"username": "a_b", "first_name": "Ana", "last_name": "D"}), "username")]
#[case("/users", json!({"first_name": "A", "last_name": "D", "username": "a.d", "package": "gold"}), "package")]
#[case("/users", json!({"first_name": "A", "last_name": "D", "username": "a.d", "number": "12"}), "number")]
#[case("/numbers", json!({"numbers": ["4805550143", "abc"], "kind": "landline"}), "numbers.1")]
#[case("/numbers", json!({"numbers": [], "kind": "landline"}), "numbers")]
#[case("/devices", json!({"model": "toaster"}), "model")]
#[case("/locations", json!({"name": "HQ", "address": {"city": "Phoenix"}}), "address.street_number")]
#[case("/locations", json!({"name": "HQ", "address": {"zip": "85012"}}), "address.zip")]
#[case("/licenses/assign", json!({"user_ids": [], "license_type": "business"}), "user_ids")]
#[case("/licenses/assign", json!({"user_ids": ["0190a1b2-0000-7000-8000-000000000001"], "license_type": "basic",
    "date": "2026-02-30"}), "date")]
#[case("/licenses/assign", json!({"user_ids": ["0190a1b2-0000-7000-8000-000000000001"], "license_type": "basic",
    "repairs": {"voice_license_type": "gold"}}), "repairs.voice_license_type")]
#[case("/licenses/assign", json!({"user_ids": ["0190a1b2-0000-7000-8000-000000000001"], "license_type": "basic",
    "repairs": {"confirm_e911": [{"user_id": "0190a1b2-0000-7000-8000-000000000001", "address": {}}]}}),
    "repairs.confirm_e911.0.address.street_number")]
#[case("/tokens", json!({"name": ""}), "name")]
#[tokio::test]
async fn a_wrong_field_is_named(#[case] path: &str, #[case] body: Value, #[case] field: &str) {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let refused = client.send(Method::POST, path, &[], Some(body)).await.expect(422);
    let fields: Vec<_> = refused.json["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert!(fields.contains(&&json!(field)), "{fields:?}");
}

#[rstest]
#[tokio::test]
async fn a_key_belongs_to_one_change(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let key = [("Idempotency-Key", KEY)];
    client.send(Method::POST, "/departments", &key, Some(json!({"name": "Sales"}))).await.expect(201);
    let other = client.send(Method::POST, "/users", &key, Some(ana())).await.expect(422);
    assert_eq!(other.json["type"], "/problems/key-reused");

    let key = [("Idempotency-Key", "0190a1b2-0000-7000-8000-000000000002")];
    let of = |id| format!("/users/{id}");
    let (first, second) = (of(house.acme.user.id), of(house.acme.administrator.id));
    client.send(Method::PATCH, &first, &key, Some(json!({"extension": "1207"}))).await.expect(200);
    client.send(Method::PATCH, &second, &key, Some(json!({"extension": "1208"}))).await.expect(422);
    let wrong = [("Idempotency-Key", "my key")];
    client.send(Method::PATCH, &first, &wrong, Some(json!({}))).await.expect(400);
    let wrong = [("Lineside-Plan", "x")];
    client.send(Method::PATCH, &first, &wrong, Some(json!({}))).await.expect(400);
}

#[rstest]
#[tokio::test]
async fn a_phone_comes_alive_over_rest(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let site = json!({"name": "HQ", "address": address, "area_code": "480"});
    let location = client.send(Method::POST, "/locations", &[], Some(site)).await.expect(201);
    let numbers = json!({"numbers": ["+1 480 555 0100 - 0104"], "kind": "landline", "location_id": location.id()});
    let added = client.send(Method::POST, "/numbers", &[], Some(numbers)).await.expect(201);
    assert_eq!(added.json["steps"].as_array().unwrap().len(), 5);
    let seats = client.send(Method::PUT, "/seats/business", &[], Some(json!({"bought": 2}))).await.expect(200);
    assert_eq!(seats.json["free"], 2);

    let mut body = ana();
    body["without_license"] = false.into();
    body["package"] = "business".into();
    body["number"] = "480 555 0102".into();
    body["location_id"] = location.json["id"].clone();
    let user = client.send(Method::POST, "/users", &[], Some(body)).await.expect(201);
    assert_eq!(user.json["numbers"][0]["number"], "+14805550102");
    assert_eq!(user.json["lamps"]["license"], "ready");

    let confirmed = json!({"address": address, "confirmed": true});
    let path = format!("/users/{}/e911", user.id());
    let e911 = client.send(Method::PUT, &path, &[], Some(confirmed)).await.expect(200);
    assert_eq!(e911.json["confirmed_by"], "Ana Admin");

    let device = json!({"model": "generic", "user_id": user.json["id"]});
    let device = client.send(Method::POST, "/devices", &[], Some(device)).await.expect(201);
    let path = format!("/devices/{}/generate", device.id());
    let key = [("Idempotency-Key", KEY)];
    let shown = client.send(Method::POST, &path, &key, None).await.expect(200);
    assert_eq!(shown.headers["cache-control"], "no-store");
    assert!(shown.json["secret"].as_str().unwrap().len() >= 24);
    assert_eq!(shown.json["domain"], "acme.sip.example");
    let again = client.send(Method::POST, &path, &key, None).await.expect(200);
    assert_eq!(again.json["secret"], Value::Null, "shown once");
    assert_eq!(again.json["username"], shown.json["username"]);

    let linphone = json!({"model": "linphone", "user_id": house.acme.user.id});
    let linphone = client.send(Method::POST, "/devices", &[], Some(linphone)).await.expect(201);
    let path = format!("/devices/{}/resync", linphone.id());
    let ordered = client.send(Method::POST, &path, &[], None).await.expect(200);
    assert_eq!((&ordered.json["resync"]["state"], &ordered.json["resync"]["said"]), (&json!("queued"), &Value::Null));
    assert!(linphone.json["provisioning_url"].as_str().unwrap().ends_with("/linphone.xml"));

    let path = format!("/devices/{}/resync", device.id());
    let refused = client.send(Method::POST, &path, &[], None).await.expect(422);
    assert!(refused.json.to_string().contains("fetches nothing"), "a generic phone: {}", refused.json);

    let body = json!({"user_ids": [user.json["id"]], "track": "voice"});
    let removed = client.send(Method::POST, "/licenses/remove", &key[..0], Some(body)).await.expect(200);
    assert_eq!(removed.json["seats"][0]["delta"], -1);
    let journal = client.get("/journal?action=remove_license").await.expect(200);
    assert_eq!(journal.json["items"][0]["actor"]["via"], "api");
    client.get(&format!("/journal/{}", journal.json["items"][0]["id"].as_str().unwrap())).await.expect(200);
}

#[tokio::test]
async fn null_clears_and_absence_leaves() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let user = client.send(Method::POST, "/users", &[], Some(ana())).await.expect(201);
    let path = format!("/users/{}", user.id());
    let after = client.send(Method::PATCH, &path, &[], Some(json!({"extension": null}))).await.expect(200);
    assert_eq!((&after.json["extension"], &after.json["email"]), (&Value::Null, &json!("ana@acme.example")));
}

#[tokio::test]
async fn a_greeting_is_uploaded_heard_and_removed() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let path = format!("/users/{}/greeting", house.acme.user.id);
    let upload = format!("{path}?file_name=ana.wav");
    client.send_bytes(Method::PUT, &upload, &[], b"no audio".to_vec()).await.expect(422);
    let set = client.send_bytes(Method::PUT, &upload, &[], wav()).await.expect(200);
    assert_eq!(set.json["file_name"], "ana.wav");
    assert_eq!(client.get(&path).await.headers["content-type"], "audio/wav");
    client.send(Method::DELETE, &path, &[], None).await.expect(204);
    client.get(&path).await.expect(404);
}

#[tokio::test]
async fn what_is_too_large_or_no_json_is_refused() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let json = [("Content-Type", "application/json")];
    let large = vec![b' '; 1024 * 1024 + 1];
    client.send_bytes(Method::POST, "/users", &json, large).await.expect(413);
    for body in ["", "{", "[]", "5", "\"\u{0}\"", "{}{}", "{\"first_name\":\"\u{fffd}\"}"] {
        let answer = client.send_bytes(Method::POST, "/users", &json, body.as_bytes().to_vec()).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{body:?}: {}", answer.status);
    }
    client.send_bytes(Method::POST, "/users", &json, vec![0xff, 0xfe]).await.expect(400);
    client.send_bytes(Method::POST, "/users", &json, "[".repeat(100_000).into_bytes()).await.expect(400);
}

#[rstest]
#[tokio::test]
async fn lamp_keys_reach_the_phone_with_the_colleagues_extensions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let add = async |path: &str, body: Value| client.send(Method::POST, path, &[], Some(body)).await.expect(201);
    let user = |first: &str, extension: &str| {
        json!({"first_name": first, "last_name": "Costa", "username": format!("{first}.costa"), "without_license": true,
            "extension": extension})
    };
    let colleagues = [add("/users", user("carla", "1010")).await.id(), add("/users", user("dan", "1011")).await.id()];
    let seats = json!({"bought": 5});
    client.send(Method::PUT, "/seats/basic", &[], Some(seats)).await.expect(200);
    let own = house.acme.user.id;
    let assigned = json!({"user_ids": [own], "license_type": "basic"});
    client.send(Method::POST, "/licenses/assign", &[], Some(assigned)).await.expect(200);
    let device = json!({"model": "yealink-t33g", "mac": "80:5e:c0:00:00:01", "user_id": own});
    let device = add("/devices", device).await;
    let path = format!("/devices/{}", device.id());
    let keys = async |ids: Value, status: u16| {
        let body = Some(json!({"user_ids": ids}));
        client.send(Method::PUT, &format!("{path}/lamp-keys"), &[], body).await.expect(status).json
    };
    let refused = keys(json!([own]), 422).await;
    assert_eq!(refused["blockers"][0]["field"], "lamp_keys", "{refused}");
    let set = keys(json!([colleagues[1], colleagues[0]]), 200).await;
    assert_eq!(set["lamp_keys"], json!([colleagues[1], colleagues[0]]));
    let url = set["provisioning_url"].as_str().unwrap().to_owned();
    let secret = url.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    let file = async || {
        let file = house.service.fetch_configuration(&secret, "805ec0000001.cfg", "192.0.2.1", "Yealink").await;
        file.unwrap().body
    };
    let body = file().await;
    assert!(body.contains("linekey.2.value = 1011\n") && body.contains("linekey.3.value = 1010\n"), "{body}");
    assert!(body.contains("linekey.2.extension = **1011\n"), "{body}");
    let moved = Some(json!({"extension": "1012"}));
    client.send(Method::PATCH, &format!("/users/{}", colleagues[1]), &[], moved).await.expect(200);
    assert!(file().await.contains("linekey.2.value = 1012\n"), "a key follows who it is for");
}
