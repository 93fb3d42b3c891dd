//! Every endpoint, called by those who may not.

use axum::http::Method;
use lineside_api::{Access, Endpoint, endpoints};
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::json;
use std::collections::BTreeMap;

use crate::client::{Answer, Client};
use crate::house;

/// What each method would be sent, so that the way in and not the body is what refuses.
async fn call(client: &Client, endpoint: &Endpoint, ids: &BTreeMap<&str, String>) -> Answer {
    let path = filled(&endpoint.path, ids);
    let body = (endpoint.method != Method::GET && endpoint.method != Method::DELETE).then(|| json!({}));
    client.send(endpoint.method.clone(), &path, &[], body).await
}

/// `{id}` by the collection that it lies in.
fn filled(path: &str, ids: &BTreeMap<&str, String>) -> String {
    let mut filled = Vec::new();
    for part in path.split('/') {
        let value = match part {
            "{id}" => ids[*filled.last().unwrap_or(&"")].as_str(),
            "{mail_id}" => ids["mails"].as_str(),
            "{license_type}" => "business",
            part => part,
        };
        filled.push(value);
    }
    filled.join("/")
}

fn nothing() -> BTreeMap<&'static str, String> {
    let names = ["users", "devices", "numbers", "locations", "departments", "journal", "tokens", "mails"];
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
async fn a_user_finds_nothing_of_what_administrators_do() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let user = Client::of_user(&house, &house.acme).await;
    for endpoint in endpoints() {
        let answer = call(&user, &endpoint, &nothing()).await;
        let expected = if endpoint.access == Access::Administrator { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{endpoint:?}");
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
