//! Trunks, and what holds for the calls of the account.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::json;

use crate::client::Client;
use crate::house;

#[rstest]
#[tokio::test]
async fn a_trunk_is_added_changed_and_deleted_and_its_password_stays_inside(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let body = json!({"name": "Carrier One", "host": "sip.carrier.example", "transport": "TLS", "register": true,
        "username": "acme", "password": "hush hush", "port": 5061, "enabled": true});
    let plan = client.send(Method::POST, "/trunks?plan=true", &[], Some(body.clone())).await.expect(200);
    assert!(!String::from_utf8_lossy(&plan.bytes).contains("hush"));
    let read = [("Lineside-Plan", plan.json["fingerprint"].as_str().unwrap())];
    let added = client.send(Method::POST, "/trunks", &read, Some(body)).await.expect(201);
    assert_eq!((&added.json["password_set"], &added.json["number_format"]), (&json!(true), &json!("e164")));
    assert_eq!(added.headers["location"], format!("/api/v1/trunks/{}", added.id()));
    let path = format!("/trunks/{}", added.id());
    let patched =
        client.send(Method::PATCH, &path, &[], Some(json!({"port": null, "enabled": false}))).await.expect(200);
    assert_eq!((&patched.json["port"], &patched.json["enabled"]), (&json!(null), &json!(false)));
    assert_eq!((&patched.json["username"], &patched.json["password_set"]), (&json!("acme"), &json!(true)));
    let read = house.service.directory_trunks().await.unwrap();
    assert_eq!(read[0].password.as_deref(), Some("hush hush"), "what the switch gets");
    for (field, wrong) in
        [("host", json!("a b")), ("port", json!(0)), ("transport", json!("WS")), ("priority", json!(5_000))]
    {
        let refused = client.send(Method::PATCH, &path, &[], Some(json!({field: wrong}))).await.expect(422);
        assert_eq!(refused.json["errors"][0]["field"], field);
    }
    let refused = client.send(Method::PATCH, &path, &[], Some(json!({"username": null}))).await.expect(422);
    assert_eq!(refused.json["errors"][0]["field"], "username");
    client.send(Method::PATCH, &path, &[("If-Match", &added.tag())], Some(json!({"priority": 5}))).await.expect(412);
    let more = json!({"secure_media": true, "prefix": "9911#", "caller_id": "asserted"});
    let more = client.send(Method::PATCH, &path, &[], Some(more)).await.expect(200).json;
    let shown = [&more["secure_media"], &more["prefix"], &more["caller_id"], &more["by_name"], &more["transport"]];
    assert_eq!(json!(shown), json!([true, "9911#", "asserted", false, "TLS"]));
    let unsafe_sound = client.send(Method::PATCH, &path, &[], Some(json!({"transport": "UDP"}))).await.expect(422);
    assert_eq!(unsafe_sound.json["errors"][0]["field"], "secure_media");
    let by_name = json!({"by_name": true, "prefix": null});
    let by_name = client.send(Method::PATCH, &path, &[], Some(by_name)).await.expect(200).json;
    assert_eq!(
        json!([&by_name["by_name"], &by_name["prefix"], &by_name["caller_id"]]),
        json!([true, null, "asserted"])
    );
    let back = json!({"by_name": false, "transport": "TLS"});
    assert_eq!(client.send(Method::PATCH, &path, &[], Some(back)).await.expect(200).json["by_name"], false);
    assert!(!String::from_utf8_lossy(&client.get("/journal").await.bytes).contains("hush"));
    assert_eq!(client.get("/trunks").await.expect(200).json.as_array().unwrap().len(), 1);
    client.send(Method::DELETE, &path, &[], None).await.expect(204);
    client.get(&path).await.expect(404);
}

#[rstest]
#[tokio::test]
async fn what_holds_for_calls_is_set_as_a_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let before = client.get("/call-settings").await.expect(200);
    assert_eq!((&before.json["version"], &before.json["recording"]["announce"]), (&json!(0), &json!(true)));
    let mut body = before.json.clone();
    body["outbound"]["international"] = json!(["+44", "+1 876"]);
    body["recording"]["keep_days"] = json!(30);
    let plan = client.send(Method::PUT, "/call-settings?plan=true", &[], Some(body.clone())).await.expect(200);
    assert_eq!(plan.json["warnings"][0]["message"], "recordings older than 30 days are deleted");
    let set = client.send(Method::PUT, "/call-settings", &[], Some(body.clone())).await.expect(200);
    assert_eq!((&set.json["version"], &set.json["outbound"]["international"]), (&json!(1), &json!(["+1876", "+44"])));
    client.send(Method::PUT, "/call-settings", &[], Some(body.clone())).await.expect(409);
    body["version"] = json!(1);
    body["outbound"]["premium"] = json!(["900"]);
    body["recording"]["keep_days"] = json!(0);
    let wrong = client.send(Method::PUT, "/call-settings", &[], Some(body)).await.expect(422);
    let fields: Vec<_> = wrong.json["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, [json!("recording.keep_days"), json!("outbound.premium")]);
}
