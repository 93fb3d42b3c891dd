//! The operator's pages.

use axum::http::StatusCode;
use lineside_model::call_report::{Alarm, AlarmKind, CallReport};

use crate::visit::Visit;

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

#[tokio::test]
async fn an_accounts_settings_are_corrected_by_the_operator_and_stand_in_the_journal() {
    let visit = Visit::of("operator").await;
    let path = format!("/operator/accounts/{}", visit.house.acme.id);
    assert!(visit.get("/operator/accounts").await.has(&format!("a[href='{path}']")));
    let opened = visit.get(&path).await;
    let done = visit.fill(&path, &[("name", "Acme West"), ("billing_email", "west@acme.example")]).await;
    assert_eq!(done.location.as_deref(), Some(path.as_str()), "{}", done.html);
    assert!(visit.get(&path).await.has("h1") && visit.get(&path).await.texts("h1") == ["Acme West"]);
    // The second of two who opened it before.
    let (_, fields) = opened.form(&[("name", "Acme East")]);
    let stale = visit.post(&path, &fields).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stale.says("Saved meanwhile: west@acme.example"), "{}", stale.html);
    for (field, value) in [("sip_domain", "globex.sip.example"), ("billing_email", "nobody"), ("time_zone", "")] {
        assert!(visit.fill(&path, &[(field, value)]).await.error(field).is_some(), "{field}");
    }
    let journal = visit.get("/operator/journal?action=edit_account").await;
    assert_eq!(journal.texts("tbody th"), ["Change the settings of Acme"]);
    let entry = visit.page_of_link(&journal, "tbody th a").await;
    assert!(entry.says("Acme West") && entry.says("on the portal"), "{}", entry.html);
    assert!(visit.get("/operator/journal?search=nothing").await.says("Nothing fits"));
    let unknown = format!("/operator/accounts/{}", uuid::Uuid::nil());
    assert_eq!(visit.get(&unknown).await.status, StatusCode::NOT_FOUND);
    assert_eq!(visit.sign_in("acme.owner").await.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_are_shown_page_by_page() {
    let visit = Visit::of("operator").await;
    for page in ["/operator/accounts?page=2", "/operator/journal?page=9", "/operator/catalogue/history?page=x"] {
        assert_eq!(visit.get(page).await.status, StatusCode::OK, "{page}");
    }
    assert!(visit.get("/operator/accounts").await.says("2 entries"));
}

#[tokio::test]
async fn an_operators_token_is_shown_once_and_stops_working_when_revoked() {
    let visit = Visit::of("operator").await;
    let made = visit.fill("/operator/tokens", &[("name", "Billing")]).await;
    let token = made.texts("code#token").remove(0);
    let caller = visit.house.service.api_caller(&token, None).await.unwrap().unwrap();
    assert!(caller.is_operator() && caller.name() == "Olive Operator");
    let list = visit.get("/operator/tokens").await;
    assert!(list.says("Billing") && !list.html.contains(&token));
    let page = list.page();
    let form = scraper::Selector::parse("form[action$='/revoke']").unwrap();
    let action = page.select(&form).next().unwrap().value().attr("action").unwrap().to_owned();
    // Neither the account's people nor their page of tokens.
    let owner = visit.sign_in("acme.owner").await;
    assert_eq!(owner.post(&action, &[]).await.status, StatusCode::NOT_FOUND);
    owner.post(&action.replace("/operator/", "/settings/"), &[]).await;
    assert!(visit.house.service.api_caller(&token, None).await.unwrap().is_some());
    for _ in 0..2 {
        assert_eq!(visit.post(&action, &[]).await.location.as_deref(), Some("/operator/tokens"));
    }
    assert!(visit.house.service.api_caller(&token, None).await.unwrap().is_none());
    assert!(visit.fill("/operator/tokens", &[("name", "")]).await.error("name").is_some());
    assert!(visit.get("/operator/journal").await.says("Revoked the API token Billing"));
}

#[tokio::test]
async fn the_operators_trunk_is_added_for_an_account_changed_and_deleted() {
    let visit = Visit::of("operator").await;
    let fields = [("name", "Carrier"), ("host", "sip.carrier.example"), ("accounts", "12"), ("priority", "9999")];
    let wrong = visit.fill("/operator/trunks/add", &fields).await;
    assert!(wrong.error("accounts").is_some() && wrong.error("priority").is_some(), "{}", wrong.html);
    let fields = [("name", "Carrier"), ("host", "sip.carrier.example"), ("accounts", "9999 9999")];
    assert!(visit.fill("/operator/trunks/add", &fields).await.error("accounts").is_some(), "nobody has this number");
    let added = visit.fill("/operator/trunks/add", &fields[..2]).await;
    assert_eq!(added.location.as_deref(), Some("/operator/trunks"), "{}", added.html);
    let list = visit.get("/operator/trunks").await;
    assert!(list.says("Carrier") && list.says("all accounts"), "{}", list.html);
    let trunk = visit.house.service.directory_trunks().await.unwrap().remove(0);
    let page = format!("/operator/trunks/{}", trunk.trunk_id);
    let owner = visit.sign_in("acme.owner").await;
    assert_eq!(owner.get(&page).await.status, StatusCode::NOT_FOUND);
    assert!(!owner.get("/trunks").await.says("Carrier"));
    let number = visit.house.service.settings_of(&visit.house.operator, visit.house.acme.id).await.unwrap().number;
    visit.fill(&page, &[("accounts", number.as_str()), ("priority", "3")]).await;
    let trunk = visit.house.service.directory_trunks().await.unwrap().remove(0);
    assert_eq!((trunk.serves, trunk.settings.priority), (Some([visit.house.acme.id].into()), 3));
    assert!(visit.get("/operator/trunks").await.says(&number.pretty()));
    assert!(visit.get("/operator/journal?action=edit_trunk").await.says("Change trunk Carrier"));
    let alarm = AlarmKind::TrunkDown { trunk: trunk.trunk_id, why: "the carrier is silent".into() };
    let alarm = Alarm { at: visit.house.service.now(), kind: alarm };
    visit.house.service.calls_reported(vec![CallReport::Alarm(alarm)]).await;
    for page in ["/operator/incidents", "/operator/trunks", &page] {
        assert!(visit.get(page).await.says("the carrier is silent"), "{page}");
    }
    let fits =
        async |query: &str| visit.get(&format!("/operator/incidents?{query}")).await.says("the carrier is silent");
    for query in ["state=open", "kind=trunk_down&from=2001-01-01"] {
        assert!(fits(query).await, "{query}");
    }
    for query in ["state=over", "kind=limit_reached", "search=acme", "until=2001-01-01", "page=2"] {
        assert!(!fits(query).await, "{query}");
    }
    let review = visit.get(&format!("{page}/delete")).await;
    assert!(review.says("only trunk"), "{}", review.html);
    assert_eq!(visit.confirm(&review).await.location.as_deref(), Some("/operator/trunks"));
    assert!(visit.house.service.directory_trunks().await.unwrap().is_empty());
}
