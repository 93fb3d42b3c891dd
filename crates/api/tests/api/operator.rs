//! An operator's accounts, tokens and journal.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

const KEY: &str = "0190a1b2-0000-7000-8000-000000000001";

fn harbor() -> Value {
    json!({"name": "Harbor Dental", "billing_email": "bills@harbor.example", "time_zone": "America/Denver",
        "country": "US", "sip_domain": "harbor.sip.example",
        "owner": {"first_name": "Ida", "last_name": "Berg", "email": "ida@harbor.example"}})
}

#[rstest]
#[tokio::test]
async fn an_account_is_planned_then_opened_once_and_its_owner_gets_a_link(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let plan = client.send(Method::POST, "/operator/accounts?plan=true", &[], Some(harbor())).await.expect(200);
    let summary = plan.json["summary"].as_str().unwrap().to_owned();
    assert!(summary.ends_with("for Harbor Dental") && plan.json["blocked"] == false, "{}", plan.json);
    assert_eq!(client.get("/operator/accounts").await.json["total"], 2, "nothing was done");

    // The key comes only now: the plan was made under another identifier, and the account has the number that was read.
    let fingerprint = plan.json["fingerprint"].as_str().unwrap();
    let headers = [("Idempotency-Key", KEY), ("Lineside-Plan", fingerprint)];
    let opened = client.send(Method::POST, "/operator/accounts", &headers, Some(harbor())).await.expect(201);
    assert_eq!(opened.headers["location"], format!("/api/v1/operator/accounts/{}", opened.id()));
    let number = opened.json["number"].as_str().unwrap();
    assert!(summary.contains(&format!("{} {}", &number[..4], &number[4..])), "{summary}: {number}");
    assert_eq!(opened.json["first_extension"], "201");
    let again = client.send(Method::POST, "/operator/accounts", &headers, Some(harbor())).await.expect(201);
    assert_eq!((again.id(), &again.json), (opened.id(), &opened.json));
    assert_eq!(client.get("/operator/accounts").await.json["total"], 3);
    let other = client.send(
        Method::POST,
        "/operator/catalogue/tracks",
        &headers[..1],
        Some(json!({"slug": "fax",
        "name": "Fax"})),
    );
    assert_eq!(other.await.expect(422).json["type"], "/problems/key-reused");

    house.service.send_due_mails().await.unwrap();
    let mails = house.mails().unwrap();
    let mail = mails.iter().find(|mail| mail.contains("ida@harbor.example")).unwrap();
    assert!(mail.contains("/set-password/"), "{mail}");
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_a_new_account_is_named_by_its_path(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let refused = async |pointer: &str, value: Value| {
        let mut body = harbor();
        *body.pointer_mut(pointer).unwrap() = value;
        let refused = client.send(Method::POST, "/operator/accounts", &[], Some(body)).await.expect(422);
        refused.json["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    for (pointer, value, field) in [
        ("/name", json!(""), "name"),
        ("/billing_email", json!("nobody"), "billing_email"),
        ("/time_zone", json!("Mars"), "time_zone"),
        ("/country", json!("USA"), "country"),
        ("/sip_domain", json!("localhost"), "sip_domain"),
        ("/sip_domain", json!("acme.sip.example"), "sip_domain"),
        ("/owner/first_name", json!("\u{7}"), "owner.first_name"),
        ("/owner/email", json!(""), "owner.email"),
        ("/owner/email", json!(5), "owner.email"),
        ("/owner", json!({"first_name": "Ida", "last_name": "Berg", "email": "a@b.example", "pin": "1"}), "owner.pin"),
    ] {
        assert_eq!(refused(pointer, value.clone()).await, field, "{pointer} {value}");
    }
    let mut taken = harbor();
    taken["owner"]["username"] = json!("acme.owner");
    let blocked = client.send(Method::POST, "/operator/accounts", &[], Some(taken.clone())).await.expect(422);
    assert_eq!(blocked.json["type"], "/problems/blocked");
    assert_eq!(blocked.json["errors"][0]["field"], "owner.username");
    let plan = client.send(Method::POST, "/operator/accounts?plan=true", &[], Some(taken)).await.expect(200);
    assert_eq!(plan.json["blockers"][0]["field"], "owner.username");
    assert_eq!(plan.json["blockers"][0]["repairs"][0]["about"]["field"], "owner.username");
    assert_eq!(client.get("/operator/accounts").await.json["total"], 2, "nothing was done");
}

#[rstest]
#[tokio::test]
async fn accounts_are_listed_found_and_leafed_through(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let list = client.get("/operator/accounts").await.expect(200);
    let names: Vec<_> = list.json["items"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!((names, &list.json["items"][0]["users"]), (vec![json!("Acme"), json!("Globex")], &json!(3)));
    let number = list.json["items"][1]["number"].as_str().unwrap();
    let spaced = format!("{}+{}", &number[..4], &number[4..6]);
    for search in ["glob", "GLOBEX.sip", number, &spaced] {
        let found = client.get(&format!("/operator/accounts?search={search}")).await.expect(200);
        assert_eq!((&found.json["total"], &found.json["items"][0]["name"]), (&json!(1), &json!("Globex")), "{search}");
    }
    assert_eq!(client.get("/operator/accounts?search=_").await.json["total"], 0, "no pattern of SQL");
    let past = client.get("/operator/accounts?page=2").await.expect(200);
    assert_eq!((past.json["items"].as_array().unwrap().len(), &past.json["total"]), (0, &json!(2)));
    for wrong in ["page=0", "search=%00", "name=a"] {
        client.get(&format!("/operator/accounts?{wrong}")).await.expect(400);
    }
}

#[rstest]
#[tokio::test]
async fn an_accounts_settings_are_corrected_and_stand_in_both_journals(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let (client, owner) = (Client::operator(&house).await, Client::of(&house, &house.acme.owner).await);
    let path = format!("/operator/accounts/{}", house.acme.id);
    let read = client.get(&path).await.expect(200);
    owner.send(Method::PATCH, "/account", &[], Some(json!({"billing_email": "b@acme.example"}))).await.expect(200);
    let body = Some(json!({"name": "Acme West"}));
    let stale = client.send(Method::PATCH, &path, &[("If-Match", &read.tag())], body.clone()).await.expect(412);
    assert_eq!(stale.json["differences"][0]["field"], "billing_email");
    let with_version = Some(json!({"name": "Acme West", "version": read.json["version"]}));
    let stale = client.send(Method::PATCH, &path, &[], with_version).await.expect(409);
    assert_eq!(stale.json["differences"][0]["after"], "b@acme.example");
    assert_eq!(stale.json["differences"][0]["by"], "Ana Owner");

    let key = [("Idempotency-Key", KEY)];
    for _ in 0..2 {
        let done = client.send(Method::PATCH, &path, &key, body.clone()).await.expect(200);
        assert_eq!((&done.json["name"], &done.json["billing_email"]), (&json!("Acme West"), &json!("b@acme.example")));
    }
    client.send(Method::PATCH, &path, &[], Some(json!({"sip_domain": "globex.sip.example"}))).await.expect(422);
    let unknown = format!("/operator/accounts/{}", uuid::Uuid::nil());
    client.send(Method::PATCH, &unknown, &[], Some(json!({}))).await.expect(404);

    let told = client.get(&format!("/operator/journal?account_id={}&action=edit_account", house.acme.id)).await;
    assert_eq!(told.json["total"], 1);
    let entry = &told.json["items"][0];
    assert_eq!((&entry["actor"]["name"], &entry["actor"]["via"]), (&json!("Olive Operator"), &json!("api")));
    assert_eq!(entry["steps"][0]["changes"][0]["after"], "Acme West");
    let shown = client.get(&format!("/operator/journal/{}", entry["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(&shown.json, entry);
    let theirs = owner.get("/journal?action=edit_account&search=olive").await;
    assert_eq!(theirs.json["items"][0]["actor"]["kind"], "operator");
}

/// The account that the address names, whatever the change says: an administrator can't name one at all.
#[tokio::test]
async fn an_administrator_names_no_account() {
    use lineside_model::change::{Change, ChangeRequest};
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let settings = house.service.account(&house.acme.owner.caller).await.unwrap().settings;
    let change = Change::EditAccount { account_id: Some(house.globex.id), version: None, settings };
    for change in [change.clone(), Change::Together { changes: vec![change] }] {
        let request = ChangeRequest { id: house.service.new_change_id(), change };
        assert!(house.service.apply(&house.acme.owner.caller, &request, None).await.is_err());
    }
}

#[rstest]
#[tokio::test]
async fn an_operators_tokens_are_theirs_alone_and_in_the_journal_without_their_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::operator(&house).await;
    let made = client.send(Method::POST, "/operator/tokens", &[], Some(json!({"name": "Billing"}))).await.expect(201);
    let secret = made.json["token"].as_str().unwrap().to_owned();
    assert_eq!(made.headers["cache-control"], "no-store");
    let bearer = format!("Bearer {secret}");
    let with_it = [("Authorization", bearer.as_str())];
    Client::nobody(&house).send(Method::GET, "/operator/accounts", &with_it, None).await.expect(200);

    let id = house.service.add_operator("oscar", "Oscar Operator", "a long walk in the rain").await.unwrap();
    let identity = lineside_service::Identity::Operator { id, name: "Oscar Operator".to_owned() };
    let oscar = lineside_service::Caller { identity, ..house.operator.clone() };
    assert!(house.service.api_tokens(&oscar).await.unwrap().is_empty());
    assert!(house.service.revoke_api_token(&oscar, made.id().parse().unwrap()).await.is_err());
    let owner = Client::of(&house, &house.acme.owner).await;
    owner.send(Method::DELETE, &format!("/tokens/{}", made.id()), &[], None).await.expect(404);

    let listed = client.get("/operator/tokens").await.expect(200);
    assert!(listed.json.as_array().unwrap().iter().any(|token| token["name"] == "Billing"), "{}", listed.json);
    assert!(!listed.json.to_string().contains(&secret));
    client.send(Method::DELETE, &format!("/operator/tokens/{}", made.id()), &[], None).await.expect(204);
    client.send(Method::DELETE, &format!("/operator/tokens/{}", made.id()), &[], None).await.expect(404);
    Client::nobody(&house).send(Method::GET, "/operator/accounts", &with_it, None).await.expect(401);
    let journal = client.get("/operator/journal?search=billing").await.expect(200);
    let summaries: Vec<_> =
        journal.json["items"].as_array().unwrap().iter().map(|entry| entry["summary"].clone()).collect();
    assert_eq!(summaries, [json!("Revoked the API token Billing"), json!("Made the API token Billing")]);
    assert!(!journal.json.to_string().contains(&secret));
    for name in ["", "\u{7}", &"x".repeat(65)] {
        client.send(Method::POST, "/operator/tokens", &[], Some(json!({"name": name}))).await.expect(422);
    }
}

#[tokio::test]
async fn a_refused_sign_in_of_an_operator_is_told() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    assert!(house.service.sign_in("operator", "wrong", Some("203.0.113.7".to_owned())).await.is_err());
    let told = Client::operator(&house).await.get("/operator/journal?action=sign_in_failed").await.expect(200);
    assert_eq!(told.json["items"][0]["summary"], "A sign-in as operator was refused");
    assert_eq!(told.json["items"][0]["actor"]["from"], "203.0.113.7");
}
