//! Lists and records.

use crate::client::Client;
use crate::house;
use axum::http::Method;
use lineside_testkit::database::Engine;
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn users_are_listed_filtered_and_shown(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let users = client.get("/users").await.expect(200);
    assert_eq!(users.json["total"], 3);
    let found = client.get("/users?search=ana+owner&state=active&sort=extension&descending=true").await.expect(200);
    assert_eq!(found.json["items"][0]["username"], "acme.owner");
    let shown = client.get(&format!("/users/{}", house.acme.owner.id)).await.expect(200);
    assert_eq!(shown.json["role"], "account_owner");
    let me = client.get("/me").await.expect(200);
    assert_eq!(me.json["username"], "acme.admin");
}

#[rstest]
#[case("/users?page=0", "page")]
#[case("/users?page=-1", "page")]
#[case("/users?page=99999999999", "page")]
#[case("/users?location_id=x", "location_id")]
#[case("/users?state=gone", "state")]
#[case("/users?serach=ana", "serach")]
#[case("/numbers?state=gone", "state")]
#[case("/free-numbers?limit=0", "limit")]
#[case("/me?plan=true", "plan")]
#[case("/schedule?from=-0500-01-01", "from")]
#[case("/schedule?until=2026-02-30", "until")]
#[case("/schedule?license_type=gold", "license_type")]
#[case("/schedule?track=gold", "track")]
#[case("/schedule?conflicts=maybe", "conflicts")]
#[case("/emergency-readiness?never_tested=maybe", "never_tested")]
#[case("/users?search=%00", "search")]
#[case("/devices?model=%00", "model")]
#[case("/journal?action=%00", "action")]
#[case("/journal?from=-0500-01-01T00:00:00Z", "from")]
#[case("/journal?until=yesterday", "until")]
#[tokio::test]
async fn a_wrong_parameter_is_named(#[case] path: &str, #[case] field: &str) {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let refused = client.get(path).await.expect(400);
    assert_eq!(refused.json["errors"][0]["field"], field, "{}", refused.json);
}

#[tokio::test]
async fn what_the_router_refuses_is_a_problem_too() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    client.get("/nothing").await.expect(404);
    client.get("/api").await.expect(404);
    client.get("/api/v2/users").await.expect(404);
    client.get("/users/no-uuid").await.expect(404);
    client.get("/users/%FF").await.expect(404);
    client.send(Method::PUT, "/users", &[], None).await.expect(405);
    client.send(Method::POST, "/users", &[], None).await.expect(415);
}

/// Without a token nobody learns which addresses there are, nor which methods they take.
#[rstest]
#[case(Method::GET, "/nothing")]
#[case(Method::POST, "/api")]
#[case(Method::GET, "/api/")]
#[case(Method::GET, "/api/v2/users")]
#[case(Method::PUT, "/users")]
#[case(Method::DELETE, "/account")]
#[tokio::test]
async fn without_a_token_the_unknown_is_as_the_known(
    #[case] method: Method,
    #[case] path: &str,
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let known = Client::nobody(&house).get("/users").await.expect(401);
    let unknown = Client::nobody(&house).send(method.clone(), path, &[], None).await.expect(401);
    assert_eq!(unknown.headers["www-authenticate"], known.headers["www-authenticate"]);
    assert_eq!(unknown.json["detail"], known.json["detail"]);
    let client = Client::of(&house, &house.acme.administrator).await;
    let status = client.send(method, path, &[], None).await.status.as_u16();
    assert!(matches!(status, 404 | 405), "{status}");
}
