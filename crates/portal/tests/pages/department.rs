//! Departments in the portal.

use crate::visit::Visit;
use axum::http::StatusCode;

async fn with_sales() -> (Visit, String) {
    let visit = Visit::owner().await;
    let added = visit.fill("/departments/add", &[("name", "Sales")]).await;
    assert_eq!(added.location.as_deref(), Some("/departments"), "{}", added.html);
    let row = visit.house.service.departments(&visit.house.acme.owner.caller).await.unwrap().remove(0);
    (visit, format!("/departments/{}", row.id))
}

#[tokio::test]
async fn a_department_is_added_renamed_and_leads_to_its_users() {
    let (visit, page) = with_sales().await;
    let renamed = visit.fill(&page, &[("name", "Field sales")]).await;
    assert_eq!(renamed.location.as_deref(), Some("/departments"));
    let list = visit.get("/departments").await;
    let id = page.trim_start_matches("/departments/");
    assert!(list.says("Field sales") && list.has(&format!("a[href='/users?department_id={id}']")), "{}", list.html);
}

#[tokio::test]
async fn a_name_that_is_taken_comes_back_with_its_error() {
    let (visit, _) = with_sales().await;
    let shown = visit.fill("/departments/add", &[("name", "Sales")]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shown.error("name").as_deref(), Some("another department has this name; choose another"));
    assert!(shown.has("input[name=name][value=Sales][aria-invalid=true]"));
}

#[tokio::test]
async fn the_same_form_sent_twice_adds_one() {
    let visit = Visit::owner().await;
    let (_, fields) = visit.get("/departments/add").await.form(&[("name", "Sales")]);
    for _ in 0..2 {
        let answer = visit.post("/departments/add", &fields).await;
        assert_eq!(answer.location.as_deref(), Some("/departments"), "{}", answer.html);
    }
    assert_eq!(visit.house.service.departments(&visit.house.acme.owner.caller).await.unwrap().len(), 1);
}

#[tokio::test]
async fn deleting_shows_its_plan_first() {
    let (visit, page) = with_sales().await;
    let plan = visit.get(&format!("{page}/delete")).await;
    assert!(visit.get("/departments").await.says("Sales"));
    visit.confirm(&plan).await;
    assert!(visit.get("/departments").await.says("Departments group your users"));
}
