//! The committed description, and the reference page made of it.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;
use scraper::{Html, Selector};
use serde_json::Value;
use tower::ServiceExt;

#[test]
fn the_committed_description_is_what_the_program_serves() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let served = lineside_api::openapi();
    let copy = concat!(env!("CARGO_TARGET_TMPDIR"), "/openapi.json");
    std::fs::write(copy, &served).unwrap();
    let renew = "crates/api/openapi.json is out of date; renew it with: cargo run -- openapi > crates/api/openapi.json";
    assert!(committed == served, "{renew} (or copy it from {copy})");
}

#[test]
fn every_endpoint_is_described() {
    let document: Value = serde_json::from_str(&lineside_api::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for endpoint in lineside_api::endpoints().iter().filter(|endpoint| endpoint.path.starts_with("/api/v1")) {
        let operation = &document["paths"][&endpoint.path][endpoint.method.as_str().to_lowercase()];
        assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{endpoint:?}");
        assert!(ids.insert(operation["operationId"].to_string()), "{endpoint:?} has another's operationId");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(&lineside_api::openapi()).unwrap();
    let mut found = Vec::new();
    collect(&document, &mut found);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn every_kind_of_problem_is_documented() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md")).unwrap();
    for kind in lineside_api::problem::ProblemKind::ALL {
        let line = format!("| `/problems/{}` | {} |", kind.slug(), kind.status().as_u16());
        assert!(text.contains(&line), "docs/api.md lacks {line}");
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_reference_page_shows_every_operation_and_its_links_lead_somewhere() {
    let database = Database::fresh(Engine::Sqlite).await.unwrap();
    let house = House::over(database.store.clone()).await.unwrap();
    let router = lineside_api::router(house.service.clone());
    let response = router.oneshot(Request::get("/api/docs").body(Body::empty()).unwrap()).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    let text = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    let page = Html::parse_document(&text);
    for endpoint in lineside_api::endpoints().iter().filter(|endpoint| endpoint.path.starts_with("/api/v1")) {
        assert!(text.contains(&format!("{}</span> <code>{}<", endpoint.method, endpoint.path)), "{endpoint:?}");
    }
    let ids: std::collections::BTreeSet<_> =
        page.select(&Selector::parse("[id]").unwrap()).filter_map(|element| element.value().id()).collect();
    for link in page.select(&Selector::parse("a[href^='#']").unwrap()) {
        let target = link.value().attr("href").unwrap().trim_start_matches('#');
        assert!(ids.contains(target), "{target}");
    }
    assert!(page.select(&Selector::parse("[style], script").unwrap()).next().is_none(), "the policy forbids these");
}
