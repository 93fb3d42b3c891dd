//! What a User sets themselves, and that an administrator sees the same.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_testkit::service::PASSWORD;

use crate::visit::Visit;

#[tokio::test]
async fn a_user_changes_the_password_and_stays_signed_in() {
    let visit = Visit::of("acme.user").await;
    let page = "/me/password";
    let new = "another walk in the snow";
    let wrong = visit.fill(page, &[("current", "no idea at all"), ("password", new), ("again", new)]).await;
    assert!(wrong.error("current").is_some_and(|error| error.contains("not your password")), "{}", wrong.html);
    let unlike = visit.fill(page, &[("current", PASSWORD), ("password", new), ("again", "something else")]).await;
    assert!(unlike.error("again").is_some());
    let short = visit.fill(page, &[("current", PASSWORD), ("password", "short"), ("again", "short")]).await;
    assert!(short.error("password").is_some());
    let done = visit.fill(page, &[("current", PASSWORD), ("password", new), ("again", new)]).await;
    assert_eq!(done.location.as_deref(), Some("/me"), "{}", done.html);
    assert!(visit.house.service.sign_in("acme.user", new, None).await.is_ok());
    assert!(visit.house.service.sign_in("acme.user", PASSWORD, None).await.is_err());
    assert_eq!(visit.get("/me").await.status, StatusCode::SEE_OTHER, "the old session has ended");
}

#[tokio::test]
async fn a_user_confirms_their_own_address_and_no_other() {
    let visit = Visit::of("acme.user").await;
    let address = [
        ("street_number", "3550"),
        ("street_name", "N Central Ave"),
        ("city", "Phoenix"),
        ("region", "AZ"),
        ("postal_code", "85012"),
    ];
    let incomplete = visit.fill("/me/e911", &[("street_name", "")]).await;
    assert_eq!(incomplete.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut fields = visit.get("/me/e911").await.form(&address).1;
    fields.push(("callback".to_owned(), "+14805550199".to_owned()));
    let blocked = visit.post("/me/e911", &fields).await;
    assert!(blocked.says("give a callback number"), "there is no number and no extension yet: {}", blocked.html);
    let owner = &visit.house.acme.owner.caller;
    let user = visit.house.acme.user.id;
    let profile = visit.house.service.user(owner, user).await.unwrap().user.profile;
    let input = lineside_model::user::ProfileInput::from(&profile);
    let input = lineside_model::user::ProfileInput { extension: "1003".to_owned(), ..input };
    let edit = Change::EditProfile { user_id: user, version: None, profile: Box::new(input.parse().unwrap()) };
    visit.house.apply(owner, edit).await.unwrap();
    let done = visit.post("/me/e911", &fields).await;
    assert_eq!(done.location.as_deref(), Some("/me"), "{}", done.html);
    let e911 = visit.house.service.user(owner, user).await.unwrap().e911.unwrap();
    assert_eq!(e911.confirmed.map(|confirmed| confirmed.by).as_deref(), Some("Ana User"));
    assert_eq!(e911.callback, None, "what a user sends as callback is not taken");
    let other = visit.house.acme.owner.id;
    assert_eq!(visit.get(&format!("/users/{other}/e911")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_user_sees_the_configuration_of_a_softphone_and_the_administrator_the_page_without_it() {
    let visit = Visit::of("acme.user").await;
    let (owner, user) = (&visit.house.acme.owner.caller, visit.house.acme.user.id);
    let add = |model: &str| NewDevice { model: model.to_owned(), mac: None, label: None, user_id: Some(user) };
    let (linphone, _) = visit.house.apply(owner, Change::AddDevice { device: add("linphone") }).await.unwrap();
    let (generic, _) = visit.house.apply(owner, Change::AddDevice { device: add("generic") }).await.unwrap();
    let phone = format!("/me/phones/{}", linphone.new_device_id());
    assert!(visit.get("/me").await.has(&format!("a[href='{phone}']")));
    let page = visit.get(&phone).await;
    assert!(page.has("a[download='linphone.xml']") && page.has("svg"), "{}", page.html);
    let typed = visit.get(&format!("/me/phones/{}", generic.new_device_id())).await;
    assert_eq!(typed.status, StatusCode::NOT_FOUND);
    let stranger = visit.sign_in("acme.admin").await;
    assert_eq!(stranger.get(&phone).await.status, StatusCode::NOT_FOUND);
    let seen = stranger.get(&format!("/users/{user}/me")).await;
    assert!(seen.says("What Ana sees") && !seen.has(&format!("a[href='{phone}']")), "{}", seen.html);
    assert_eq!(visit.get(&format!("/users/{user}/me")).await.status, StatusCode::NOT_FOUND, "that is administrators'");
}

#[tokio::test]
async fn a_user_reaches_their_own_greeting_and_no_other() {
    let visit = Visit::of("acme.user").await;
    let (own, other) = (visit.house.acme.user.id, visit.house.acme.owner.id);
    let page = visit.get(&format!("/users/{own}/greeting")).await;
    assert!(page.has("input[type=file]"), "{}", page.html);
    for path in ["greeting", "greeting.wav", "voicemail", "forwarding"] {
        assert_eq!(visit.get(&format!("/users/{other}/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
