//! Changes taken back.

use axum::http::Method;
use lineside_model::change::Change;
use lineside_model::user::{Role, UserState};
use lineside_testkit::database::Engine;
use lineside_testkit::service::{new_user, profile};
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

#[rstest]
#[tokio::test]
async fn what_others_changed_of_users_is_kept_or_undone_as_the_request_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let (client, owner) = (Client::of(&house, &house.acme.administrator).await, &house.acme.owner.caller);
    let add = |name: &str| {
        let user = new_user(&profile("Cy", name, &format!("cy.{}", name.to_lowercase())), Role::User).unwrap();
        Change::AddUser { user: Box::new(user) }
    };
    let (added, plan) = house.apply(owner, Change::together(["Berg", "Quist"].map(add).to_vec())).await.unwrap();
    let mut users: Vec<_> = plan.steps.iter().filter_map(|step| step.after.as_ref()?.user_id()).collect();
    users.sort();
    users.dedup();
    let suspend = Change::SetUserState { user_ids: users.clone(), state: UserState::Suspended, date: None };
    house.apply(owner, suspend).await.unwrap();
    let path = format!("/journal/{}/undo", added.id);
    let undo = async |body: Value| client.send(Method::POST, &path, &[], Some(body)).await;
    let (berg, quist) = (users[0].to_string(), users[1].to_string());

    let asked = undo(json!({})).await.expect(422).json;
    let of: Vec<&Value> = asked["blockers"].as_array().unwrap().iter().map(|one| &one["user_id"]).collect();
    assert_eq!(of, [&json!(berg), &json!(quist)]);
    let asked = undo(json!({ "users": { &berg: "overwrite" } })).await.expect(422).json;
    let of: Vec<&Value> = asked["blockers"].as_array().unwrap().iter().map(|one| &one["user_id"]).collect();
    assert_eq!(of, [&json!(quist)]);
    for (users, field) in [(json!({ "nobody": "keep" }), "users"), (json!({ &berg: "ask" }), "users")] {
        let refused = undo(json!({ "users": users })).await.expect(422).json;
        assert!(refused["errors"][0]["field"].as_str().unwrap().starts_with(field), "{refused}");
    }
    undo(json!({ "users": { &berg: "overwrite", &quist: "keep" } })).await.expect(200);
    let state = async |id: &str| client.get(&format!("/users/{id}")).await.expect(200).json["state"].clone();
    assert_eq!((state(&berg).await, state(&quist).await), (json!("deleted"), json!("suspended")));
}
