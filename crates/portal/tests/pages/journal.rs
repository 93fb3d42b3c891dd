//! The journal in the portal.

use crate::visit::Visit;
use axum::http::StatusCode;
use chrono::TimeDelta;

async fn with_departments() -> Visit {
    let visit = Visit::owner().await;
    for name in ["Sales", "Support"] {
        visit.house.clock.turn(TimeDelta::minutes(1));
        visit.fill("/departments/add", &[("name", name)]).await;
    }
    visit
}

#[tokio::test]
async fn an_entry_says_who_when_and_what() {
    let visit = with_departments().await;
    let list = visit.get("/journal").await;
    let first = list.texts("tbody tr").remove(0);
    assert!(first.contains("Ana Owner") && first.contains("Add department Support"), "{first}");
    assert!(list.has("tbody time[datetime][title]") && list.says("Times in America/Phoenix"));
}

#[tokio::test]
async fn the_address_filters() {
    let visit = with_departments().await;
    let found = visit.get("/journal?search=support&action=add_department").await;
    assert_eq!(found.texts("tbody tr").len(), 1, "{}", found.html);
    assert!(found.has("option[value=add_department][selected]"));
    assert!(visit.get("/journal?until=2001-01-01").await.says("Nothing fits"));
    let user = visit.house.acme.user.id;
    let about = visit.get(&format!("/journal?user_id={user}")).await;
    assert!(about.says("About Ana User") && about.says("Add user Ana User"), "{}", about.html);
}

#[tokio::test]
async fn an_entry_shows_every_fields_before_and_after() {
    let visit = with_departments().await;
    let row = visit.house.service.departments(&visit.house.acme.owner.caller).await.unwrap().remove(0);
    visit.fill(&format!("/departments/{}", row.id), &[("name", "Field sales")]).await;
    let list = visit.get("/journal?action=edit_department").await;
    let page = list.page();
    let link = scraper::Selector::parse("tbody th a").unwrap();
    let entry = page.select(&link).next().unwrap().value().attr("href").unwrap().to_owned();
    let shown = visit.get(&entry).await;
    assert!(shown.texts("del").contains(&"Sales".to_owned()) && shown.texts("ins").contains(&"Field sales".to_owned()));
    let other = visit.sign_in("globex.owner").await;
    assert_eq!(other.get(&entry).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_refused_sign_in_stands_there() {
    let visit = Visit::owner().await;
    assert!(visit.house.service.sign_in("acme.user", "wrong", Some("192.0.2.7".to_owned())).await.is_err());
    let list = visit.get("/journal?action=sign_in_failed").await;
    assert!(list.says("192.0.2.7"), "{}", list.html);
}
