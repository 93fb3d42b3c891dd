//! Deleting users, and undoing changes, in the portal.

use axum::http::StatusCode;
use lineside_model::list::UserFilter;
use lineside_model::user::UserState;

use crate::visit::Visit;

async fn deleted(visit: &Visit) -> Vec<String> {
    let filter = UserFilter { state: Some(UserState::Deleted), ..UserFilter::default() };
    let caller = &visit.house.acme.owner.caller;
    visit.house.service.users(caller, &filter).await.unwrap().rows.iter().map(|row| row.id.to_string()).collect()
}

#[tokio::test]
async fn a_user_is_deleted_after_the_plan_was_read_and_brought_back_from_their_page() {
    let visit = Visit::owner().await;
    let id = visit.house.acme.user.id.to_string();
    let page = visit.get(&format!("/users/{id}")).await;
    assert!(page.has(&format!("a[href='/users/delete?user_ids={id}']")));
    let form = visit.get(&format!("/users/delete?user_ids={id}")).await;
    assert!(form.has("input[name='numbers'][value='quarantine'][checked]"), "{}", form.html);
    let (_, fields) = form.form(&[]);
    let review = visit.post("/users/delete", &fields).await;
    assert!(review.says("can be brought back") && deleted(&visit).await.is_empty(), "{}", review.html);
    let (action, fields) = review.form(&[]);
    visit.post(&action.unwrap(), &fields).await;
    assert_eq!(deleted(&visit).await, std::slice::from_ref(&id));

    let page = visit.get(&format!("/users/{id}")).await;
    let document = page.page();
    let selector = scraper::Selector::parse("a[href$='/undo']").unwrap();
    let link = document.select(&selector).next().expect("a way back").attr("href").unwrap().to_owned();
    let review = visit.get(&link).await;
    let (action, fields) = review.form(&[]);
    visit.post(&action.unwrap(), &fields).await;
    assert!(deleted(&visit).await.is_empty());
    let entry = visit.get(link.trim_end_matches("/undo")).await;
    assert!(entry.says("Undone") && entry.says("Show the undo"), "{}", entry.html);
}

#[tokio::test]
async fn nobody_ticked_and_a_wrong_destination_are_named() {
    let visit = Visit::owner().await;
    assert_eq!(visit.get("/users/delete").await.location.as_deref(), Some("/users"));
    let id = visit.house.acme.user.id.to_string();
    for (to, says) in [("nobody", "write an extension"), ("299", "nobody who stays has extension 299")] {
        let page = format!("/users/delete?user_ids={id}");
        let (_, fields) = visit.get(&page).await.form(&[("forwarders", to)]);
        let shown = visit.post("/users/delete", &fields).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(shown.error("forwarders").is_some_and(|error| error.contains(says)), "{to}: {}", shown.html);
    }
    assert!(deleted(&visit).await.is_empty());
}

#[tokio::test]
async fn messages_go_to_a_colleague_who_stays() {
    let visit = Visit::owner().await;
    let id = visit.house.acme.user.id.to_string();
    let page = format!("/users/delete?user_ids={id}");
    for (to, says) in [("", "fill in the extension"), ("x", "digits"), ("299", "nobody who stays has extension 299")] {
        let (_, fields) = visit.get(&page).await.form(&[("mailbox", "hand_over"), ("mailbox_to", to)]);
        let shown = visit.post("/users/delete", &fields).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(shown.error("mailbox_to").is_some_and(|error| error.contains(says)), "{to}: {}", shown.html);
    }
    assert!(deleted(&visit).await.is_empty());
}

#[tokio::test]
async fn the_owner_stays() {
    let visit = Visit::owner().await;
    let id = visit.house.acme.owner.id.to_string();
    let (_, fields) = visit.get(&format!("/users/delete?user_ids={id}")).await.form(&[]);
    let shown = visit.post("/users/delete", &fields).await;
    assert!(shown.says("can't be deleted"), "{}", shown.html);
}
