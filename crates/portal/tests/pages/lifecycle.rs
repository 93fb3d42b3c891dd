//! Suspension and deletion on a date, and numbers that are kept back.

use axum::http::StatusCode;
use lineside_model::user::UserState;

use crate::visit::Visit;

#[tokio::test]
async fn a_deletion_on_a_date_stands_in_the_schedule_and_on_the_users_page() {
    let visit = Visit::owner().await;
    let id = visit.house.acme.user.id.to_string();
    let page = format!("/users/delete?user_ids={id}");
    let wrong = [("numbers", "forward"), ("date", "2020-01-01"), ("keep_back_days", "0")];
    let shown = visit.fill(&page, &wrong).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(shown.error("forward_to").is_some() && shown.error("keep_back_days").is_some(), "{}", shown.html);
    let past = visit.fill(&page, &[("date", "2020-01-01")]).await;
    assert!(past.error("date").is_some_and(|error| error.contains("choose a date from")), "{}", past.html);

    let review = visit.fill(&page, &[("date", "2026-04-01")]).await;
    assert!(review.says("Delete Ana User on 1 April 2026"), "{}", review.html);
    let done = visit.confirm(&review).await;
    assert_eq!(done.location.as_deref(), Some("/schedule"));
    let schedule = visit.get("/schedule").await;
    assert!(schedule.says("deletion") && schedule.says("1 April 2026"), "{}", schedule.html);
    let user = visit.get(&format!("/users/{id}")).await;
    assert!(user.says("deletion on 1 April 2026"), "{}", user.html);
    let edit = visit.page_of_link(&user, "a[href$='/edit'][href^='/schedule/']").await;
    assert!(edit.says("deletion"), "{}", edit.html);
    let remove = visit.page_of_link(&user, "a[href$='/remove'][href^='/schedule/']").await;
    visit.confirm(&remove).await;
    assert!(!visit.get(&format!("/users/{id}")).await.says("deletion on"));
}

#[tokio::test]
async fn somebody_is_suspended_now_and_on_a_date() {
    let visit = Visit::owner().await;
    let id = visit.house.acme.user.id.to_string();
    let page = visit.get(&format!("/users/{id}")).await;
    let form = visit.page_of_link(&page, "a[href^='/users/suspend']").await;
    let (_, fields) = form.form(&[("date", "2026-04-01")]);
    let later = visit.post("/users/suspend", &fields).await;
    assert_eq!(later.location.as_deref(), Some("/schedule"), "{}", later.html);
    let (_, fields) = visit.get(&format!("/users/suspend?user_ids={id}")).await.form(&[]);
    let review = visit.post("/users/suspend", &fields).await;
    visit.confirm(&review).await;
    let caller = &visit.house.acme.owner.caller;
    let user = visit.house.service.user(caller, visit.house.acme.user.id).await.unwrap().user;
    assert_eq!(user.state, UserState::Suspended);
    let owner = visit.house.acme.owner.id;
    let refused = visit.fill(&format!("/users/suspend?user_ids={owner}"), &[]).await;
    assert!(refused.says("can't be suspended"), "{}", refused.html);
}
