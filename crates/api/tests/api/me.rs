//! What a person without any role does over REST: their own things, and nobody else's.

use axum::http::Method;
use lineside_service::sign_in::FAILURES_MAX;
use lineside_testkit::database::Engine;
use lineside_testkit::service::PASSWORD;
use rstest::rstest;
use serde_json::json;

use crate::client::Client;
use crate::house;

#[rstest]
#[tokio::test]
async fn a_user_confirms_where_they_are(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let (own, admin) =
        (Client::of_user(&house, &house.acme).await, Client::of(&house, &house.acme.administrator).await);
    // Emergency services need somebody to call back.
    let user = format!("/users/{}", house.acme.user.id);
    admin.send(Method::PATCH, &user, &[], Some(json!({"extension": "245"}))).await.expect(200);
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012", "country": "US"});
    let put = async |address| own.send(Method::PUT, "/me/e911", &[], Some(json!({"address": address}))).await;
    let mut wrong = address.clone();
    wrong["postal_code"] = json!("8501");
    assert_eq!(put(wrong).await.expect(422).json["errors"][0]["field"], "address.postal_code");
    assert_eq!(put(address).await.expect(200).json["address"]["city"], "Phoenix");
    let shown = own.get("/me/e911").await.expect(200);
    assert!(shown.json["confirmed_at"].is_string() && shown.json["confirmed_by"].is_string());
}

#[rstest]
#[tokio::test]
async fn a_user_has_a_greeting_and_phones_of_their_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let (own, admin) =
        (Client::of_user(&house, &house.acme).await, Client::of(&house, &house.acme.administrator).await);
    let set = own.send_bytes(Method::PUT, "/me/greeting?file_name=me.wav", &[], lineside_testkit::call::wav()).await;
    assert_eq!(set.expect(200).json["file_name"], "me.wav");
    assert!(!own.get("/me/greeting").await.expect(200).bytes.is_empty());
    own.send(Method::DELETE, "/me/greeting", &[], None).await.expect(204);
    own.get("/me/greeting").await.expect(404);

    let user = house.acme.user.id.to_string();
    for (model, mac) in [("linphone", None), ("yealink-t54w", Some("80:5e:c0:00:00:01"))] {
        let device = json!({"model": model, "mac": mac, "user_id": user});
        admin.send(Method::POST, "/devices", &[], Some(device)).await.expect(201);
    }
    let listed = own.get("/me/devices").await.expect(200).json;
    let urls: Vec<bool> =
        listed.as_array().unwrap().iter().map(|phone| phone["configuration_url"].is_string()).collect();
    assert_eq!(urls, [true, false], "a desk phone's address is its administrator's: {listed}");
    assert_eq!(admin.get("/me/devices").await.expect(200).json, json!([]));
}

#[rstest]
#[tokio::test]
async fn a_users_token_is_theirs_and_opens_nothing_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let own = Client::of_user(&house, &house.acme).await;
    let made = own.send(Method::POST, "/tokens", &[], Some(json!({"name": "My phone"}))).await.expect(201);
    assert_eq!(own.get("/tokens").await.expect(200).json.as_array().unwrap().len(), 2);
    let admin = Client::of(&house, &house.acme.administrator).await;
    let path = format!("/tokens/{}", made.id());
    admin.send(Method::DELETE, &path, &[], None).await.expect(404);
    own.get("/users").await.expect(404);
    own.send(Method::DELETE, &path, &[], None).await.expect(204);
}

#[rstest]
#[tokio::test]
async fn a_user_changes_their_password_by_the_one_that_holds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let own = Client::of_user(&house, &house.acme).await;
    let session = house.service.sign_in("acme.user", PASSWORD, None).await.unwrap().token;
    let new = "another walk in the snow";
    let put = async |current: &str, password: &str| {
        own.send(Method::PUT, "/me/password", &[], Some(json!({"current": current, "password": password}))).await
    };
    for (current, password, field) in [("no idea at all", new, "current"), (PASSWORD, "short", "password")] {
        let wrong = put(current, password).await.expect(422);
        assert_eq!(wrong.json["errors"][0]["field"], field);
    }
    put(PASSWORD, new).await.expect(204);
    assert!(house.service.sign_in("acme.user", PASSWORD, None).await.is_err());
    assert!(house.service.sign_in("acme.user", new, None).await.is_ok());
    assert!(house.service.session(&session, None).await.unwrap().is_none(), "the old session has ended");
    let admin = Client::of(&house, &house.acme.administrator).await;
    let entry = admin.get("/journal?action=change_password").await.expect(200);
    assert_eq!(entry.json["items"][0]["actor"]["via"], "api");
}

#[tokio::test]
async fn who_guesses_a_password_is_locked_out_as_at_sign_in() {
    let Some((house, _database)) = house(Engine::Sqlite).await else { return };
    let own = Client::of_user(&house, &house.acme).await;
    let put = async |current: &str| {
        let body = json!({"current": current, "password": "another walk in the snow"});
        own.send(Method::PUT, "/me/password", &[], Some(body)).await
    };
    for _ in 0..FAILURES_MAX {
        put("no idea at all").await.expect(422);
    }
    put(PASSWORD).await.expect(422);
    assert!(house.service.sign_in("acme.user", PASSWORD, None).await.is_err(), "sign-in is locked with it");
    let admin = Client::of(&house, &house.acme.administrator).await;
    let told = admin.get("/journal?action=sign_in_failed").await.expect(200);
    assert_eq!(told.json["total"], json!(FAILURES_MAX + 2));
}
