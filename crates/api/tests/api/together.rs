//! Two callers at once.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::house;

const ROUNDS: usize = 15;

async fn patch(client: &Client, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    client.send(Method::PATCH, path, headers, Some(body)).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fields_that_two_callers_patch_at_once_both_survive(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let address = json!({"street_number": "3550", "street_name": "N Central Ave", "city": "Phoenix", "region": "AZ",
        "postal_code": "85012"});
    let site = json!({"name": "HQ", "address": address});
    let site = client.send(Method::POST, "/locations", &[], Some(site)).await.expect(201).id();
    let (user, site) = (format!("/users/{}", house.acme.user.id), format!("/locations/{site}"));
    for round in 0..ROUNDS {
        let code = (200 + round).to_string();
        let extension = (1300 + round).to_string();
        let name = format!("Round {round}");
        for (path, one, other) in [
            (user.as_str(), json!({"last_name": name}), json!({"extension": extension})),
            (site.as_str(), json!({"name": name}), json!({"area_code": code})),
            ("/account", json!({"name": name}), json!({"billing_email": format!("round{round}@acme.example")})),
        ] {
            let (first, second) =
                tokio::join!(patch(&client, path, &[], one.clone()), patch(&client, path, &[], other.clone()));
            first.expect(200);
            second.expect(200);
            let now = client.get(path).await.expect(200).json;
            for (field, value) in one.as_object().unwrap().iter().chain(other.as_object().unwrap()) {
                assert_eq!(&now[field], value, "round {round}: {path}");
            }
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_read_the_same_version_one_changes_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let user = format!("/users/{}", house.acme.user.id);
    let device = client.send(Method::POST, "/devices", &[], Some(json!({"model": "generic"}))).await.expect(201).id();
    let device = format!("/devices/{device}");
    for round in 0..ROUNDS {
        let tag = client.get(&user).await.expect(200).tag();
        let seen = [("If-Match", tag.as_str())];
        let (one, other) =
            (json!({"last_name": format!("One {round}")}), json!({"last_name": format!("Other {round}")}));
        let (first, second) = tokio::join!(patch(&client, &user, &seen, one), patch(&client, &user, &seen, other));
        one_of(&first, &second);

        // A change that carries no version of its own.
        let tag = client.get(&device).await.expect(200).tag();
        let seen = [("If-Match", tag.as_str())];
        let lock = format!("{device}/lock");
        let locked = json!({"locked": round % 2 == 0});
        let send = || client.send(Method::PUT, &lock, &seen, Some(locked.clone()));
        let (first, second) = tokio::join!(send(), send());
        one_of(&first, &second);
    }
}

fn one_of(first: &Answer, second: &Answer) {
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", first.json, second.json);
}
