//! The catalogue changed by an operator: as a whole and piece by piece, planned first, under one version.

use axum::http::Method;
use lineside_model::change::Change;
use lineside_model::license::Catalogue;
use lineside_testkit::database::Engine;
use lineside_testkit::service::House;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::house;

const PATH: &str = "/operator/catalogue";
const KEY: &str = "0190a1b2-0000-7000-8000-000000000001";

/// As it was read, without what is only shown.
async fn whole(client: &Client) -> Value {
    let mut read = client.get(PATH).await.expect(200).json;
    read.as_object_mut().unwrap().remove("usage");
    read
}

async fn patch(client: &Client, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    client.send(Method::PATCH, &format!("{PATH}{path}"), headers, Some(body)).await
}

async fn buy_basic(house: &House) {
    let license_type_id = Catalogue::default_catalogue().license_type_by_slug("basic").unwrap().id;
    let bought = Change::SetSeats { license_type_id, bought: 5, bound: None };
    house.apply(&house.acme.owner.caller, bought).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn what_is_read_can_be_put_back_and_changes_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let read = client.get(PATH).await.expect(200);
    let put =
        client.send(Method::PUT, PATH, &[("If-Match", &read.tag())], Some(whole(&client).await)).await.expect(200);
    assert_eq!(put.json, read.json);
    assert_eq!(house.service.catalogue().await.unwrap(), Catalogue::default_catalogue());
    assert_eq!(client.get(&format!("{PATH}/history")).await.json["total"], 0);
}

#[rstest]
#[tokio::test]
async fn it_is_planned_replaced_under_its_version_and_refused_under_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    buy_basic(&house).await;
    let read = client.get(PATH).await.expect(200);
    let mut wanted = whole(&client).await;
    wanted["tracks"].as_array_mut().unwrap().push(json!({"slug": "fax", "name": "Fax"}));
    let line = json!({"track": "fax", "slug": "fax-line", "name": "Fax line", "requires": ["track:voice"]});
    wanted["types"].as_array_mut().unwrap().push(line);
    wanted["types"][0]["retired"] = json!(true);
    let plan = client.send(Method::PUT, &format!("{PATH}?plan=true"), &[], Some(wanted.clone())).await.expect(200);
    let steps: Vec<_> = plan.json["steps"].as_array().unwrap().iter().map(|step| step["action"].clone()).collect();
    assert_eq!(steps, [json!("add"), json!("retire"), json!("add")], "{}", plan.json);
    assert_eq!(plan.json["warnings"][0]["message"], "5 free seats of Basic can't be given to anybody any more");
    assert_eq!(client.get(PATH).await.json, read.json, "nothing was done");

    let fingerprint = plan.json["fingerprint"].as_str().unwrap().to_owned();
    let headers = [("Lineside-Plan", fingerprint.as_str()), ("Idempotency-Key", KEY), ("If-Match", &read.tag())];
    for _ in 0..2 {
        let done = client.send(Method::PUT, PATH, &headers, Some(wanted.clone())).await.expect(200);
        assert_eq!((&done.json["version"], &done.json["tracks"][3]["slug"]), (&json!(2), &json!("fax")));
    }
    let history = client.get(&format!("{PATH}/history")).await.expect(200);
    let change = &history.json["items"][0];
    assert_eq!((&history.json["total"], &change["made_version"]), (&json!(1), &json!(2)));
    assert_eq!((&change["actor"]["name"], &change["actor"]["via"]), (&json!("Olive Operator"), &json!("api")));
    let told = |steps: &Value| steps.as_array().unwrap().iter().map(|step| step["changes"].clone()).collect::<Vec<_>>();
    assert_eq!(told(&change["steps"]), told(&plan.json["steps"]));

    // Everything under the version that was read before.
    wanted["types"][1]["name"] = json!("Business line");
    let stale = client.send(Method::PUT, PATH, &[], Some(wanted.clone())).await.expect(409);
    assert_eq!(stale.json["type"], "/problems/changed-meanwhile");
    assert_eq!(stale.json["differences"][0]["by"], "Olive Operator");
    let unread = [("If-Match", read.tag())].map(|(name, tag)| (name, tag.clone()));
    let headers: Vec<_> = unread.iter().map(|(name, tag)| (*name, tag.as_str())).collect();
    let stale = client.send(Method::PUT, PATH, &headers, Some(wanted.clone())).await.expect(412);
    let retired = stale.json["differences"].as_array().unwrap().iter();
    assert!(retired.map(|one| &one["field"]).any(|field| field == "license type Basic: retired"), "{}", stale.json);
    // The version that it has now, and none at all.
    wanted["version"] = json!(2);
    client.send(Method::PUT, PATH, &[], Some(wanted.clone())).await.expect(200);
    wanted.as_object_mut().unwrap().remove("version");
    assert_eq!(client.send(Method::PUT, PATH, &[], Some(wanted)).await.expect(200).json["version"], 3);
}

#[rstest]
#[tokio::test]
async fn a_plan_that_moved_is_not_applied(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let body = json!({"name": "Starter", "summary": "for those who only listen"});
    let plan = patch(&client, "/types/basic?plan=true", &[], body.clone()).await.expect(200);
    let read = [("Lineside-Plan", plan.json["fingerprint"].as_str().unwrap())];
    // Something else changes: the plan is the same.
    patch(&client, "/tracks/voice", &[], json!({"name": "Telephony"})).await.expect(200);
    let again = patch(&client, "/types/basic?plan=true", &[], body.clone()).await.expect(200);
    assert_eq!(again.json["steps"], plan.json["steps"]);
    // The same field changes: it is another.
    patch(&client, "/types/basic", &[], json!({"name": "Simple"})).await.expect(200);
    let moved = patch(&client, "/types/basic", &read, body.clone()).await.expect(409);
    assert_eq!(moved.json["type"], "/problems/plan-moved");
    assert_eq!(moved.json["plan"]["steps"][0]["changes"][0]["before"], "Simple");
    let new = [("Lineside-Plan", moved.json["plan"]["fingerprint"].as_str().unwrap())];
    for _ in 0..2 {
        assert_eq!(patch(&client, "/types/basic", &new, body.clone()).await.expect(200).json["name"], "Starter");
    }
}

#[rstest]
#[tokio::test]
async fn types_and_tracks_are_added_changed_ordered_retired_and_deleted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let post = async |path: &str, body: Value| {
        client.send(Method::POST, &format!("{PATH}{path}"), &[("Idempotency-Key", KEY)], Some(body)).await
    };
    let tracks = format!("{PATH}/tracks");
    let track = json!({"slug": "fax", "name": " Fax "});
    let track = client.send(Method::POST, &tracks, &[], Some(track)).await.expect(201);
    assert_eq!(track.headers["location"], "/api/v1/operator/catalogue/tracks/fax");
    assert_eq!((&track.json["name"], &track.json["types"]), (&json!("Fax"), &json!([])));
    let line = json!({"track": "fax", "slug": "fax-line", "name": "Fax line", "requires": ["track:voice"],
        "features": ["mobile-data:7"]});
    let added = post("/types", line.clone()).await.expect(201);
    assert_eq!(post("/types", line).await.expect(201).id(), added.id(), "sent again, added once");
    assert_eq!(added.headers["location"], "/api/v1/operator/catalogue/types/fax-line");
    for name in ["fax-line".to_owned(), added.id()] {
        let shown = client.get(&format!("{PATH}/types/{name}")).await.expect(200);
        assert_eq!(shown.json["features"], json!(["mobile-data:7"]));
        assert_eq!(shown.json["usage"], json!({"license_type": "fax-line", "held": 0, "bought": 0, "scheduled": 0}));
    }
    let changed = json!({"requires": ["type:business", "location:US,CA", "e911"], "features": [], "retired": true});
    let changed = patch(&client, "/types/fax-line", &[], changed).await.expect(200);
    assert_eq!(changed.json["requires"], json!(["type:business", "location:US,CA", "e911"]));
    assert_eq!((&changed.json["retired"], &changed.json["name"]), (&json!(true), &json!("Fax line")));

    let order = json!({"tracks": ["fax"], "types": ["business-mobile"]});
    let put = async |body: Value| client.send(Method::PUT, &format!("{PATH}/order"), &[], Some(body)).await;
    let ordered = put(order.clone()).await.expect(200);
    let slugs = |list: &str| -> Vec<String> {
        let list = ordered.json[list].as_array().unwrap();
        list.iter().map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(slugs("tracks"), ["fax", "voice", "mobile-data", "upgrades"]);
    assert_eq!(slugs("types")[..4], ["fax-line", "business-mobile", "basic", "business"]);
    assert_eq!(put(order).await.expect(200).json["version"], ordered.json["version"], "nothing had to change");
    let wrong = put(json!({"tracks": ["voice", "voice", "gold"]})).await.expect(422);
    let fields: Vec<_> = wrong.json["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, [json!("tracks.1"), json!("tracks.2")]);

    let delete = async |path: &str| client.send(Method::DELETE, &format!("{PATH}{path}"), &[], None).await;
    let needed = delete("/types/business").await.expect(422);
    assert_eq!(needed.json["type"], "/problems/blocked");
    assert!(needed.json["detail"].as_str().unwrap().contains("`fax-line` requires a type that is not there"));
    delete("/types/fax-line").await.expect(204);
    delete("/types/fax-line").await.expect(404);
    delete("/tracks/fax").await.expect(204);
    delete("/tracks/fax").await.expect(404);
    let voice = delete("/tracks/voice").await.expect(422);
    assert!(voice.json["detail"].as_str().unwrap().contains("keep it"), "{}", voice.json);
    patch(&client, "/types/gold", &[], json!({})).await.expect(404);
    patch(&client, "/tracks/gold", &[], json!({})).await.expect(404);
}

#[rstest]
#[tokio::test]
async fn what_is_in_use_is_retired_and_not_deleted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    buy_basic(&house).await;
    let path = format!("{PATH}/types/basic");
    let plan = client.send(Method::DELETE, &format!("{path}?plan=true"), &[], None).await.expect(200);
    assert_eq!((&plan.json["blocked"], &plan.json["blockers"][0]["kind"]), (&json!(true), &json!("in_use")));
    let blocked = client.send(Method::DELETE, &path, &[], None).await.expect(422);
    assert!(blocked.json["detail"].as_str().unwrap().contains("5 seats are bought; retire it"), "{}", blocked.json);
    assert_eq!(patch(&client, "/types/basic", &[], json!({"retired": true})).await.expect(200).json["retired"], true);
    let owner = Client::of(&house, &house.acme.owner).await;
    assert_eq!(owner.get("/catalogue").await.json["types"][0]["retired"], true);
    let assign = json!({"user_ids": [house.acme.user.id], "license_type": "basic"});
    owner.send(Method::POST, "/licenses/assign", &[], Some(assign)).await.expect(422);
    assert_eq!(patch(&client, "/types/basic", &[], json!({"retired": false})).await.expect(200).json["retired"], false);
    assert_eq!(house.service.catalogue().await.unwrap(), Catalogue::default_catalogue());
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_field() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::operator(&house).await;
    let invalid = |answer: Answer| {
        let answer = answer.expect(422);
        assert_eq!(answer.json["type"], "/problems/invalid", "{}", answer.json);
        answer.json["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"summary": "x".repeat(201)}), "summary"),
        (json!({"track": "gold"}), "track"),
        (json!({"features": ["voice", "devices:900"]}), "features.1"),
        (json!({"features": ["voice", "voice"]}), "features"),
        (json!({"requires": ["type:gold"]}), "requires.0"),
        (json!({"requires": ["type:basic"]}), "requires"),
        (json!({"requires": ["track:upgrades", "luck"]}), "requires.1"),
        (json!({"slug": "starter"}), "slug"),
        (json!({"retired": "yes"}), "retired"),
    ] {
        assert_eq!(invalid(patch(&client, "/types/basic", &[], body.clone()).await), field, "{body}");
    }
    assert_eq!(invalid(patch(&client, "/tracks/voice", &[], json!({"name": "\u{7}"})).await), "name");
    let add =
        async |list: &str, body: Value| client.send(Method::POST, &format!("{PATH}/{list}"), &[], Some(body)).await;
    assert_eq!(invalid(add("types", json!({"track": "voice", "slug": "basic", "name": "B"})).await), "slug");
    assert_eq!(invalid(add("types", json!({"track": "voice", "slug": "No way", "name": "B"})).await), "slug");
    assert_eq!(invalid(add("types", json!({"slug": "b", "name": "B"})).await), "track");
    assert_eq!(invalid(add("tracks", json!({"slug": "voice", "name": "V"})).await), "slug");
    let mut wanted = whole(&client).await;
    wanted["types"][2]["features"][0] = json!("voicemial");
    wanted["types"][4]["requires"] = json!(["track:none"]);
    wanted["tracks"][1]["name"] = json!("");
    let refused = client.send(Method::PUT, PATH, &[], Some(wanted.clone())).await.expect(422);
    let fields: Vec<_> = refused.json["errors"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, [json!("types.2.features.0"), json!("types.4.requires.0")]);
    wanted["types"][2]["features"][0] = json!("voice");
    wanted["types"][4]["requires"] = json!([]);
    assert_eq!(invalid(client.send(Method::PUT, PATH, &[], Some(wanted)).await), "tracks.1.name");
    let many: Vec<_> = (0..201).map(|n| json!({"track": "voice", "slug": format!("t{n}"), "name": "T"})).collect();
    let body = json!({"tracks": [{"slug": "voice", "name": "Voice"}], "types": many});
    assert_eq!(invalid(client.send(Method::PUT, PATH, &[], Some(body)).await), "types");
    assert_eq!(house.service.catalogue().await.unwrap(), Catalogue::default_catalogue());
}

/// Each changes a field of its own; none is told that another was quicker.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_several_at_once_all_stay(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let change = |body| patch(&client, "/types/basic", &[], body);
    let (name, summary) = (change(json!({"name": "A"})), change(json!({"summary": "B"})));
    let (name, summary, retired) = tokio::join!(name, summary, change(json!({"retired": true})));
    for answer in [name, summary, retired] {
        answer.expect(200);
    }
    let basic = client.get(&format!("{PATH}/types/basic")).await.json;
    assert_eq!((&basic["name"], &basic["summary"], &basic["retired"]), (&json!("A"), &json!("B"), &json!(true)));
    assert_eq!(basic["version"], 4);
}
