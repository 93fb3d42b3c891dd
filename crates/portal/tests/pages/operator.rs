//! The operator's pages.

use crate::visit::Visit;
use axum::http::StatusCode;

const HARBOR: [(&str, &str); 6] = [
    ("name", "Harbor & Vine"),
    ("billing_email", "bills@harbor.example"),
    ("time_zone", "America/Denver"),
    ("sip_domain", "harbor.sip.example"),
    ("first_name", "Ida"),
    ("last_name", "Berg"),
];

#[tokio::test]
async fn an_account_is_opened_with_its_owner_after_the_plan() {
    let visit = Visit::of("operator").await;
    let fields = [HARBOR.as_slice(), &[("email", "ida@harbor.example")]].concat();
    let plan = visit.fill("/operator/accounts/add", &fields).await;
    assert!(plan.says("for Harbor & Vine") && plan.says("user Ida Berg"), "{}", plan.html);
    assert_eq!(visit.confirm(&plan).await.location.as_deref(), Some("/operator/accounts"));
    let list = visit.get("/operator/accounts?search=harbor").await;
    assert_eq!(list.texts("tbody th"), ["Harbor & Vine"]);
    visit.house.service.send_due_mails().await.unwrap();
    assert!(visit.house.mails().unwrap().iter().any(|mail| mail.contains("ida@harbor.example")));
}

#[tokio::test]
async fn a_taken_username_and_domain_come_back_beside_their_fields() {
    let visit = Visit::of("operator").await;
    let fields = [HARBOR.as_slice(), &[("email", "ida@harbor.example"), ("username", "acme.owner")]].concat();
    let mut fields = fields;
    fields[3].1 = "acme.sip.example";
    let shown = visit.fill("/operator/accounts/add", &fields).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(shown.error("username").is_some() && shown.error("sip_domain").is_some(), "{}", shown.html);
    assert!(shown.has("input[name=first_name][value=Ida]"));
}

#[tokio::test]
async fn the_catalogue_shows_types_features_and_requirements() {
    let visit = Visit::of("operator").await;
    let shown = visit.get("/operator/catalogue").await;
    assert_eq!(shown.texts("h2"), ["Voice", "Mobile data", "Upgrades"]);
    assert!(shown.says("business-mobile") && shown.says("an active Voice license"), "{}", shown.html);
}

#[tokio::test]
async fn an_accounts_owner_is_no_operator_and_an_operator_no_owner() {
    let owner = Visit::owner().await;
    assert_eq!(owner.get("/operator/accounts").await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get("/operator/catalogue").await.status, StatusCode::NOT_FOUND);
    let operator = owner.sign_in("operator").await;
    assert_eq!(operator.get("/licensing").await.status, StatusCode::NOT_FOUND);
}
