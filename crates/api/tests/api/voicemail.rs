//! Mailboxes, messages and forwarding, by administrators and by whose they are.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

#[rstest]
#[tokio::test]
async fn a_message_is_heard_sent_on_and_deleted_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let (id, _) = house.message_left(1, house.acme.user.id).await.unwrap();
    let admin = Client::of(&house, &house.acme.administrator).await;
    let own = Client::of_user(&house, &house.acme).await;
    let message = format!("/messages/{id}");
    let listed = own.get("/me/messages").await.expect(200).json;
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&json!(id), &json!("new")));
    assert_eq!(admin.get(&format!("/users/{}/messages", house.acme.user.id)).await.expect(200).json, listed);
    let part = own.send(Method::GET, &format!("{message}/audio"), &[("Range", "bytes=0-3")], None).await.expect(206);
    assert_eq!(part.bytes, b"RIFF");
    let mark =
        async |state| own.send(Method::PATCH, &message, &[], Some(json!({"state": state}))).await.expect(200).json;
    assert_eq!(mark("saved").await["state"], "saved");
    assert_eq!(own.get("/me/voicemail").await.json["saved_messages"], 1);
    assert_eq!(mark("new").await["state"], "new");
    assert_eq!(own.get("/me/voicemail").await.json["new_messages"], 1);

    let forward =
        async |to| own.send(Method::POST, &format!("{message}/forward"), &[], Some(json!({"extension": to}))).await;
    assert_eq!(forward("1999").await.expect(422).json["errors"][0]["message"], "nobody has extension 1999; check it");
    let path = format!("/users/{}", house.acme.owner.id);
    admin.send(Method::PATCH, &path, &[], Some(json!({"extension": "1999"}))).await.expect(200);
    forward("1999").await.expect(204);
    let copies = admin.get(&format!("{path}/messages")).await.expect(200).json;
    assert_eq!((&copies[0]["forwarded_by"], &copies[0]["state"]), (&json!(house.acme.user.id), &json!("new")));
    own.get(&format!("/messages/{}", copies[0]["id"].as_str().unwrap())).await.expect(404);

    let key = [("Idempotency-Key", "0190a1b2-0000-7000-8000-000000000001")];
    let plan = own.send(Method::DELETE, &format!("{message}?plan=true"), &[], None).await.expect(200).json;
    assert_eq!(plan["summary"], "Delete a voicemail message of Ana User");
    own.send(Method::DELETE, &message, &key, None).await.expect(204);
    own.send(Method::DELETE, &message, &key, None).await.expect(204);
    own.send(Method::DELETE, &message, &[], None).await.expect(404);
    let copy = format!("/messages/{}/audio", copies[0]["id"].as_str().unwrap());
    admin.get(&copy).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_mailbox_is_set_as_a_whole_and_its_pin_is_never_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let own = Client::of_user(&house, &house.acme).await;
    let before = own.get("/me/voicemail").await.expect(200);
    assert_eq!(
        (&before.json["enabled"], &before.json["pin_set"], &before.json["version"]),
        (&json!(true), &json!(false), &json!(0))
    );
    let body = |more: Value| {
        let mut body = json!({"enabled": true, "email_voicemails": true, "attach_recording": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let set =
        async |headers: &[(&str, &str)], more| own.send(Method::PUT, "/me/voicemail", headers, Some(body(more))).await;
    assert_eq!(set(&[], json!({"pin": "1111"})).await.expect(422).json["errors"][0]["field"], "pin");
    let done = set(&[("If-Match", &before.tag())], json!({"pin": "2580"})).await.expect(200);
    assert_eq!((&done.json["pin_set"], &done.json["email_voicemails"]), (&json!(true), &json!(true)));
    assert!(!String::from_utf8_lossy(&done.bytes).contains("2580"));
    assert_eq!(set(&[], json!({})).await.expect(200).json["pin_set"], true, "left out, it stays");
    set(&[], json!({"version": 0, "enabled": false})).await.expect(409);
    set(&[("If-Match", &before.tag())], json!({})).await.expect(412);
    assert_eq!(set(&[], json!({"pin": null})).await.expect(200).json["pin_set"], false);
    own.send(Method::PUT, "/me/voicemail", &[], Some(json!({"enabled": true}))).await.expect(422);
    let admin = Client::of(&house, &house.acme.administrator).await;
    let other = format!("/users/{}/voicemail", house.acme.user.id);
    assert_eq!(admin.get(&other).await.expect(200).json["attach_recording"], true);
    own.get(&other).await.expect(404);
}

#[rstest]
#[tokio::test]
async fn forwarding_is_set_as_a_whole_within_the_users_own_rights(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let admin = Client::of(&house, &house.acme.administrator).await;
    let own = Client::of_user(&house, &house.acme).await;
    let path = format!("/users/{}", house.acme.owner.id);
    admin.send(Method::PATCH, &path, &[], Some(json!({"extension": "1999"}))).await.expect(200);
    let set = async |address: &str, body| own.send(Method::PUT, address, &[], Some(body)).await;
    let body = json!({"always": "911", "busy": "1998", "ring_seconds": 3});
    let wrong = set("/me/forwarding", body).await.expect(422).json;
    let fields: Vec<_> = wrong["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert!(fields.contains(&json!("always")) && fields.contains(&json!("ring_seconds")), "{wrong}");
    let blocked = set("/me/forwarding", json!({"busy": "+14805550143"})).await.expect(422).json;
    assert_eq!(blocked["blockers"][0]["kind"], "missing_license", "{blocked}");
    let body = json!({"busy": "1999", "unreachable": "1999"});
    let plan = set("/me/forwarding?plan=true", body.clone()).await.expect(200).json;
    assert_eq!((&plan["summary"], &plan["blocked"]), (&json!("Change Ana User's forwarding"), &json!(false)));
    let done = set("/me/forwarding", body).await.expect(200).json;
    assert_eq!(
        done,
        json!({"version": 1, "always": null, "unreachable": "1999", "busy": "1999", "no_answer": null, "ring_seconds": 25})
    );
    let admins = format!("/users/{}/forwarding", house.acme.user.id);
    assert_eq!(admin.get(&admins).await.expect(200).json, done);
    own.get(&admins).await.expect(404);
    let stale = admin.send(Method::PUT, &admins, &[], Some(json!({"version": 0}))).await.expect(409).json;
    assert!(stale["differences"].as_array().unwrap().iter().any(|one| one["by"] == "Ana User"), "{stale}");
    let cleared = set("/me/forwarding", json!({"version": 1})).await.expect(200).json;
    assert_eq!((&cleared["busy"], &cleared["unreachable"]), (&Value::Null, &Value::Null));
}
