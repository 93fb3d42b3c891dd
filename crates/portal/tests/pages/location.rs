//! Locations in the portal.

use crate::visit::{Shown, Visit};
use axum::http::StatusCode;

const PHOENIX: [(&str, &str); 8] = [
    ("name", "Phoenix HQ"),
    ("street_number", "3550"),
    ("street_name", "N Central Ave"),
    ("unit", "Floor 7"),
    ("city", "Phoenix"),
    ("region", "AZ"),
    ("postal_code", "85012"),
    ("area_code", "480"),
];

async fn with_phoenix() -> (Visit, String) {
    let visit = Visit::owner().await;
    let added = visit.fill("/locations/add", &PHOENIX).await;
    assert_eq!(added.location.as_deref(), Some("/locations"), "{}", added.html);
    let row = visit.house.service.locations(&visit.house.acme.owner.caller).await.unwrap().remove(0);
    let page = format!("/locations/{}", row.location.id);
    (visit, page)
}

#[tokio::test]
async fn an_empty_list_teaches_what_a_location_is_for() {
    let visit = Visit::owner().await;
    let list = visit.get("/locations").await;
    assert_eq!(list.texts("h1"), ["Locations"]);
    assert!(list.has("main a[href='/locations/add']") && list.says("emergency address"));
}

#[tokio::test]
async fn a_location_is_added_and_its_time_zone_follows_the_address() {
    let (visit, _) = with_phoenix().await;
    let list = visit.get("/locations").await;
    assert!(list.says("Phoenix HQ") && list.says("America/Phoenix") && list.says("Floor 7"), "{}", list.html);
}

#[tokio::test]
async fn each_wrong_field_is_named_and_every_value_comes_back() {
    let visit = Visit::owner().await;
    let mut fields = PHOENIX.to_vec();
    fields.retain(|(name, _)| *name != "postal_code" && *name != "name");
    fields.extend([("postal_code", "8501"), ("name", ""), ("emergency_contacts.1.name", "Ben")]);
    let shown = visit.fill("/locations/add", &fields).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shown.error("postal_code").as_deref(), Some("A ZIP code has 5 digits, or 5 + 4."));
    assert!(shown.error("name").is_some() && shown.error("emergency_contacts.1.email").is_some(), "{}", shown.html);
    assert!(shown.has("input[name='street_name'][value='N Central Ave']"));
    assert!(shown.has("input[name='emergency_contacts.1.name'][value='Ben']"));
}

#[tokio::test]
async fn emergency_contacts_are_kept_and_three_empty_rows_wait_for_more() {
    let (visit, page) = with_phoenix().await;
    let contact = [("emergency_contacts.0.name", "Ben Okafor"), ("emergency_contacts.0.email", "ben@acme.example")];
    visit.fill(&page, &contact).await;
    let shown = visit.get(&page).await;
    assert!(shown.has("input[name='emergency_contacts.0.email'][value='ben@acme.example']"));
    assert!(
        shown.has("input[name='emergency_contacts.3.name']") && !shown.has("input[name='emergency_contacts.4.name']")
    );
}

#[tokio::test]
async fn the_second_of_two_who_save_sees_what_the_first_changed() {
    let (visit, page) = with_phoenix().await;
    let opened_before = visit.get(&page).await;
    visit.fill(&page, &[("name", "Phoenix Tower")]).await;
    let second = send(&visit, &page, &opened_before, &[("unit", "Floor 8")]).await;
    assert_eq!(second.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(second.says("somebody changed this location") && second.says("Phoenix Tower"), "{}", second.html);
    let again = send(&visit, &page, &second, &[("name", "Phoenix Tower")]).await;
    assert_eq!(again.location.as_deref(), Some("/locations"), "{}", again.html);
}

#[tokio::test]
async fn deleting_shows_its_plan_first() {
    let (visit, page) = with_phoenix().await;
    let plan = visit.get(&format!("{page}/delete")).await;
    assert!(plan.says("Delete location Phoenix HQ"));
    assert!(visit.get("/locations").await.says("Phoenix HQ"));
    let done = visit.confirm(&plan).await;
    assert_eq!(done.location.as_deref(), Some("/locations"));
    assert_eq!(visit.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_location_of_another_account_is_not_there() {
    let (visit, page) = with_phoenix().await;
    let other = visit.sign_in("globex.owner").await;
    assert_eq!(other.get(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get(&format!("{page}/delete")).await.status, StatusCode::NOT_FOUND);
}

async fn send(visit: &Visit, page: &str, form: &Shown, fields: &[(&str, &str)]) -> Shown {
    let (_, fields) = form.form(fields);
    visit.post(page, &fields).await
}
