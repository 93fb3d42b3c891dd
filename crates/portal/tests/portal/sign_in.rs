//! Getting in and out, and setting a password by link.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_testkit::service::PASSWORD;

use crate::house::{Portal, filled};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_words() {
    let portal = Portal::new().await;
    let wrong = portal.post("/sign-in", "", "username=acme.owner&password=nope").await;
    let unknown = portal.post("/sign-in", "", "username=acme.nobody&password=nope").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.texts("[role=alert]"), unknown.texts("[role=alert]"));
    assert_eq!(wrong.attribute("[name=username]", "value").as_deref(), Some("acme.owner"));
    assert_eq!(wrong.attribute("[name=password]", "value").as_deref(), Some(""));
}

#[tokio::test]
async fn what_is_missing_stands_beside_its_field() {
    let portal = Portal::new().await;
    let page = portal.post("/sign-in", "", "username=&password=").await;
    assert_eq!(page.texts("#username-error"), ["fill in your username"]);
    assert_eq!(page.attribute("#password", "aria-describedby").as_deref(), Some("password-error"));
    assert_eq!(page.attribute("#password", "aria-invalid").as_deref(), Some("true"));
}

#[tokio::test]
async fn signing_in_opens_the_page_that_was_asked_for_and_no_other_site() {
    let portal = Portal::new().await;
    let asked = portal.get("/users?search=ana", "").await;
    let form = portal.get(&asked.location.unwrap(), "").await.form("form");
    let body = filled(&form, &[("username", "acme.owner"), ("password", PASSWORD)]);
    assert_eq!(portal.post("/sign-in", "", &body).await.location.as_deref(), Some("/users?search=ana"));
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let body = filled(&form, &[("username", "acme.owner"), ("password", PASSWORD), ("next", elsewhere)]);
        assert_eq!(portal.post("/sign-in", "", &body).await.location.as_deref(), Some("/home"), "{elsewhere}");
    }
}

#[tokio::test]
async fn each_lands_on_their_own_first_page() {
    let portal = Portal::new().await;
    for (username, page) in [("operator", "/operator/accounts"), ("acme.admin", "/home"), ("acme.user", "/me")] {
        let cookie = portal.sign_in(username).await;
        assert_eq!(portal.get("/", &cookie).await.location.as_deref(), Some(page));
    }
    assert_eq!(portal.get("/", "").await.location.as_deref(), Some("/sign-in"));
}

#[tokio::test]
async fn a_session_ends_with_signing_out() {
    let portal = Portal::new().await;
    let cookie = portal.sign_in("acme.owner").await;
    assert_eq!(portal.get("/home", &cookie).await.status, StatusCode::OK);
    portal.post("/sign-out", &cookie, "").await;
    assert_eq!(portal.get("/home", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_link_sets_the_password_once_and_then_says_what_to_do() {
    let portal = Portal::new().await;
    let acme = &portal.house.acme;
    let change = Change::SendWelcome { user_ids: vec![acme.user.id] };
    portal.house.apply(&acme.owner.caller, change).await.unwrap();
    portal.house.service.send_due_mails().await.unwrap();
    let link = portal.link_of_the_mail();

    let page = portal.get(&link, "").await;
    assert!(page.body.contains("acme.user"), "{}", page.body);
    let differ = portal.post(&link, "", "password=three+green+herons&again=three+green+heron").await;
    assert_eq!(differ.texts("#again-error").len(), 1);
    let weak = portal.post(&link, "", "password=short&again=short").await;
    assert!(weak.texts("#password-error")[0].contains("too short"));
    let set = portal.post(&link, "", "password=three+green+herons&again=three+green+herons").await;
    assert_eq!(set.texts("h1"), ["Your password is set"]);

    let spent = portal.get(&link, "").await;
    assert_eq!((spent.status, spent.texts("h1")), (StatusCode::GONE, vec!["This link no longer works".to_owned()]));
    assert_eq!(spent.attribute("a.primary", "href").as_deref(), Some("/forgot-password"));
    let body = "username=acme.user&password=three+green+herons";
    assert_eq!(portal.post("/sign-in", "", body).await.location.as_deref(), Some("/me"));
}

#[tokio::test]
async fn asking_for_a_link_answers_alike_for_everybody() {
    let portal = Portal::new().await;
    let known = portal.post("/forgot-password", "", "username=acme.user").await;
    let unknown = portal.post("/forgot-password", "", "username=acme.none").await;
    assert_eq!(known.body.replace("acme.user", "?"), unknown.body.replace("acme.none", "?"));
}
