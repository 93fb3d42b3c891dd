//! Tokens: made, revoked, and both in the journal.

use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::json;

use crate::client::Client;
use crate::house;

#[rstest]
#[tokio::test]
async fn the_journal_tells_who_made_and_revoked_a_token_and_not_its_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let made = client.send(Method::POST, "/tokens", &[], Some(json!({"name": "Payroll"}))).await.expect(201);
    let path = format!("/tokens/{}", made.id());
    client.send(Method::DELETE, &path, &[], None).await.expect(204);
    client.send(Method::DELETE, &path, &[], None).await.expect(404);
    for (action, summary) in
        [("add_api_token", "Made the API token Payroll"), ("revoke_api_token", "Revoked the API token Payroll")]
    {
        let journal = client.get(&format!("/journal?search=payroll&action={action}")).await.expect(200);
        assert_eq!(journal.json["total"], 1, "{action}");
        let entry = &journal.json["items"][0];
        assert_eq!((&entry["summary"], &entry["actor"]["name"]), (&json!(summary), &json!("Ana Admin")));
        assert_eq!(entry["actor"]["via"], "api");
        assert!(!entry.to_string().contains(made.json["token"].as_str().unwrap()));
    }
}
