//! Plans that are shown before they are carried out.

use axum::http::StatusCode;
use lineside_model::user::UserState;

use crate::house::{Portal, filled};

#[tokio::test]
async fn suspending_shows_its_plan_and_is_done_once_confirmed() {
    let portal = Portal::new().await;
    let acme = &portal.house.acme;
    let cookie = portal.session(&acme.administrator).await;
    let change = portal.house.service.new_change_id();
    let path = format!("/users/{}/state", acme.user.id);
    let shown = portal.post(&path, &cookie, &format!("change_id={change}&state=suspended")).await;
    assert_eq!((shown.status, shown.texts("h1")), (StatusCode::OK, vec!["Suspend Ana User".to_owned()]));
    let state = async || {
        let user = portal.house.service.user(&acme.owner.caller, acme.user.id).await.unwrap();
        user.user.state
    };
    assert_eq!(state().await, UserState::Active);
    let confirm = filled(&shown.form(".dialog form"), &[]);
    let done = portal.post("/review", &cookie, &confirm).await;
    assert_eq!(done.location, Some(format!("/users/{}", acme.user.id)));
    assert_eq!(state().await, UserState::Suspended);
    assert_eq!(portal.post("/review", &cookie, &confirm).await.status, StatusCode::SEE_OTHER, "a second click");
}

#[tokio::test]
async fn facts_that_moved_show_the_plan_anew() {
    let portal = Portal::new().await;
    let acme = &portal.house.acme;
    let cookie = portal.session(&acme.administrator).await;
    let change = portal.house.service.new_change_id();
    let path = format!("/users/{}/state", acme.user.id);
    let shown = portal.post(&path, &cookie, &format!("change_id={change}&state=suspended")).await;
    let edit = format!("/users/{}/edit", acme.user.id);
    let form = portal.get(&edit, &cookie).await.form("main form");
    portal.post(&edit, &cookie, &filled(&form, &[("last_name", "Moved")])).await;
    let moved = portal.post("/review", &cookie, &filled(&shown.form(".dialog form"), &[])).await;
    assert_eq!((moved.status, moved.texts("h1")), (StatusCode::OK, vec!["Suspend Ana Moved".to_owned()]));
    assert!(moved.texts("[role=alert]")[0].contains("Things changed"));
    let again = portal.post("/review", &cookie, &filled(&moved.form(".dialog form"), &[])).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_secret_is_neither_shown_in_a_review_nor_taken_from_one() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    let request = serde_json::json!({
        "id": portal.house.service.new_change_id(),
        "change": { "change": "set_security", "user_id": portal.house.acme.user.id, "version": null,
                    "role": "authorized_user", "pin_hash": "(secret)" },
    });
    let body = filled(&[], &[("request", &request.to_string()), ("fingerprint", "x"), ("done", "/"), ("back", "/")]);
    assert_eq!(portal.post("/review", &cookie, &body).await.status, StatusCode::BAD_REQUEST);
}
