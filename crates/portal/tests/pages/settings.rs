//! The account's settings and API tokens in the portal.

use crate::visit::Visit;
use axum::http::StatusCode;

#[tokio::test]
async fn settings_are_saved() {
    let visit = Visit::owner().await;
    let done = visit.fill("/settings", &[("name", "Acme West"), ("time_zone", "America/Denver")]).await;
    assert_eq!(done.location.as_deref(), Some("/settings"), "{}", done.html);
    let shown = visit.get("/settings").await;
    assert!(shown.has("input[name=name][value='Acme West']") && shown.has("option[value='America/Denver'][selected]"));
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    let visit = Visit::owner().await;
    let fields =
        [("billing_email", "nobody"), ("sip_domain", "localhost"), ("extension_min", "9"), ("first_extension", "911")];
    let shown = visit.fill("/settings", &fields).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["billing_email", "sip_domain", "first_extension"] {
        assert!(shown.error(field).is_some(), "{field}");
    }
    assert!(shown.has("input[name=billing_email][value=nobody]"));
}

#[tokio::test]
async fn another_accounts_sip_domain_is_taken() {
    let visit = Visit::owner().await;
    let shown = visit.fill("/settings", &[("sip_domain", "globex.sip.example")]).await;
    assert_eq!(shown.error("sip_domain").as_deref(), Some("another account has this SIP domain; choose another"));
}

#[tokio::test]
async fn a_token_is_shown_once_and_stops_working_when_revoked() {
    let visit = Visit::owner().await;
    let made = visit.fill("/settings/tokens", &[("name", "Payroll sync")]).await;
    let token = made.texts("code#token").remove(0);
    assert!(visit.house.service.api_caller(&token, None).await.unwrap().is_some());
    let list = visit.get("/settings/tokens").await;
    assert!(list.says("Payroll sync") && !list.html.contains(&token));
    let revoke = list.page();
    let form = scraper::Selector::parse("form[action$='/revoke']").unwrap();
    let action = revoke.select(&form).next().unwrap().value().attr("action").unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(visit.post(&action, &[]).await.location.as_deref(), Some("/settings/tokens"));
    }
    assert!(visit.house.service.api_caller(&token, None).await.unwrap().is_none());
    assert!(visit.fill("/settings/tokens", &[("name", "")]).await.error("name").is_some());
}

#[tokio::test]
async fn a_user_without_the_right_finds_nothing() {
    let visit = Visit::of("acme.user").await;
    for page in ["/settings", "/licensing", "/journal", "/devices", "/numbers", "/operator"] {
        assert_eq!(visit.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
    }
}
