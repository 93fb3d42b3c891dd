//! Trunks, and what holds for the calls of the account.

use axum::http::Method;
use lineside_model::call_report::{Alarm, AlarmKind, CallReport};
use lineside_model::id::TrunkId;
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

#[rstest]
#[tokio::test]
async fn the_operators_trunk_is_for_the_accounts_that_it_names(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let operator = Client::operator(&house).await;
    let acme = Client::of(&house, &house.acme.administrator).await;
    let number = acme.get("/account").await.expect(200).json["number"].clone();
    let trunk = json!({"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP", "enabled": true,
        "register": true, "username": "lineside", "password": "hush hush"});
    let unknown = json!({"trunk": trunk, "accounts": ["99999999"]});
    let refused = operator.send(Method::POST, "/operator/trunks", &[], Some(unknown)).await.expect(422);
    assert_eq!(refused.json["blockers"][0]["field"], "accounts", "{}", refused.json);
    let body = json!({"trunk": trunk, "accounts": [number]});
    let plan = operator.send(Method::POST, "/operator/trunks?plan=true", &[], Some(body.clone())).await.expect(200);
    assert!(!String::from_utf8_lossy(&plan.bytes).contains("hush"));
    let key = [("Idempotency-Key", "0190a1b2-0000-7000-8000-00000000000a")];
    let added = operator.send(Method::POST, "/operator/trunks", &key, Some(body.clone())).await.expect(201);
    assert_eq!(json!([&added.json["accounts"], &added.json["trunk"]["password_set"]]), json!([[number], true]));
    let again = operator.send(Method::POST, "/operator/trunks", &key, Some(body)).await.expect(201);
    assert_eq!(again.id(), added.id(), "the same request is carried out once");
    let path = format!("/operator/trunks/{}", added.id());
    let read = house.service.directory_trunks().await.unwrap();
    assert_eq!((read.len(), read[0].password.as_deref()), (1, Some("hush hush")));
    assert_eq!(read[0].serves, Some([house.acme.id].into()));
    let all = json!({"accounts": null, "trunk": {"priority": 3, "emergency": true}});
    let all = operator.send(Method::PATCH, &path, &[("If-Match", &added.tag())], Some(all)).await.expect(200);
    assert_eq!(json!([&all.json["accounts"], &all.json["trunk"]["priority"]]), json!([null, 3]));
    operator.send(Method::PATCH, &path, &[("If-Match", &added.tag())], Some(json!({}))).await.expect(412);
    for (wrong, field) in [
        (json!({"trunk": {"host": "a b"}}), "trunk.host"),
        (json!({"accounts": []}), "accounts"),
        (json!({"accounts": ["12"]}), "accounts"),
    ] {
        let refused = operator.send(Method::PATCH, &path, &[], Some(wrong)).await.expect(422);
        assert_eq!(refused.json["errors"][0]["field"], field);
    }
    assert_eq!(acme.get("/trunks").await.expect(200).json, json!([]), "nothing of the account's");
    acme.get(&format!("/trunks/{}", added.id())).await.expect(404);
    let journal = operator.get("/operator/journal?action=edit_trunk").await.expect(200).json["items"][0].clone();
    assert_eq!(journal["summary"], "Change trunk Carrier");
    operator.send(Method::DELETE, &path, &[], None).await.expect(204);
    operator.get(&path).await.expect(404);
    assert!(house.service.directory_trunks().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn the_operator_sees_what_is_wrong_in_all_accounts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let operator = Client::operator(&house).await;
    let acme = Client::of(&house, &house.acme.administrator).await;
    let trunk = json!({"name": "Carrier", "host": "sip.carrier.example", "transport": "UDP", "enabled": true});
    let own = acme.send(Method::POST, "/trunks", &[], Some(trunk.clone())).await.expect(201).id();
    let body = Some(json!({"trunk": trunk}));
    let shared = operator.send(Method::POST, "/operator/trunks", &[], body).await.expect(201).id();
    let alarm = async |kind| {
        let alarm = Alarm { at: house.service.now(), kind };
        house.service.calls_reported(vec![CallReport::Alarm(alarm)]).await;
    };
    for trunk in [&own, &shared] {
        alarm(AlarmKind::TrunkDown { trunk: TrunkId(trunk.parse().unwrap()), why: "it is silent".into() }).await;
    }
    let found = operator.get("/operator/incidents").await.expect(200).json;
    let of = |subject: &str| {
        let all = found["items"].as_array().unwrap().iter();
        all.clone().find(|row| row["incident"]["subject"] == subject).unwrap()["account_id"].clone()
    };
    assert_eq!(json!([of(&own), of(&shared)]), json!([house.acme.id, null]));
    let told = operator.get("/operator/journal?action=trunk_down").await.expect(200).json;
    assert_eq!(
        json!([&told["total"], &told["items"][0]["summary"]]),
        json!([1, "Trunk Carrier is down: it is silent"])
    );
    // Taken out of use, it is not back.
    let off = Some(json!({"trunk": {"enabled": false}}));
    operator.send(Method::PATCH, &format!("/operator/trunks/{shared}"), &[], off).await.expect(200);
    alarm(AlarmKind::TrunkUp { trunk: TrunkId(shared.parse().unwrap()) }).await;
    alarm(AlarmKind::TrunkUp { trunk: TrunkId(own.parse().unwrap()) }).await;
    let found = operator.get("/operator/incidents").await.expect(200).json;
    assert!(found["items"].as_array().unwrap().iter().all(|row| row["incident"]["ended_at"].is_string()), "{found}");
    let total = async |query: &str| {
        operator.get(&format!("/operator/incidents?{query}")).await.expect(200).json["total"].clone()
    };
    for (query, count) in [
        ("", 2),
        ("goes_on=true", 0),
        ("goes_on=false&kind=trunk_down", 2),
        ("kind=limit_reached", 0),
        ("search=acm", 1),
        ("search=glob", 0),
        (&format!("account_id={}", house.acme.id), 1),
        ("from=2001-01-01T00:00:00Z", 2),
        ("until=2001-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(total(query).await, count, "{query}");
    }
    for wrong in ["kind=noise", "page=0", "from=yesterday"] {
        operator.get(&format!("/operator/incidents?{wrong}")).await.expect(400);
    }
    assert_eq!(operator.get("/operator/journal?action=trunk_up").await.expect(200).json["total"], 0);
    assert_eq!(acme.get("/journal?action=trunk_up").await.expect(200).json["total"], 1, "which is on is back");
}
