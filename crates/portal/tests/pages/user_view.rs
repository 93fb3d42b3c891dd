//! Saved views of the list of users, and chosen columns.

use axum::http::StatusCode;

use crate::visit::Visit;

#[tokio::test]
async fn columns_are_kept_for_the_person_who_chose_them() {
    let visit = Visit::owner().await;
    let list = visit.get("/users").await;
    assert!(list.texts("th").iter().any(|heading| heading == "Voice license"));
    let form = visit.page_of_link(&list, "a[href^='/users/columns']").await;
    let (action, mut fields) = form.form(&[]);
    fields.retain(|(name, _)| name != "column");
    fields.extend(["email", "role"].map(|column| ("column".to_owned(), column.to_owned())));
    let chosen = visit.post(&action.unwrap(), &fields).await;
    assert_eq!(chosen.location.as_deref(), Some("/users"));
    let list = visit.get("/users").await;
    assert!(list.says("owner@acme.example") && list.says("Account Owner"), "{}", list.html);
    assert!(!list.texts("th").iter().any(|heading| heading == "Voice license"));
    let other = visit.sign_in("acme.admin").await.get("/users").await;
    assert!(!other.says("owner@acme.example") && other.texts("th").iter().any(|heading| heading == "Voice license"));
    let by_address = visit.get("/users?columns=state,ready").await;
    assert!(by_address.says("active") && !by_address.says("owner@acme.example"));
}

#[tokio::test]
async fn a_view_brings_back_filter_order_and_columns_and_is_shared_when_wanted() {
    let visit = Visit::owner().await;
    let list = visit.get("/users?search=ana&sort=extension&dir=desc&columns=email,state").await;
    let form = visit.page_of_link(&list, "a[href^='/users/views?']").await;
    let (action, fields) = form.form(&[("name", "")]);
    let nameless = visit.post(&action.unwrap(), &fields).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (action, fields) = nameless.form(&[("name", "All Anas"), ("shared", "")]);
    let own: Vec<_> = fields.into_iter().filter(|(name, _)| name != "shared").collect();
    let view = visit.post(&action.unwrap(), &own).await.location.unwrap();
    let to = visit.get(&view).await.location.unwrap();
    assert_eq!(to, "/users?search=ana&sort=extension&dir=desc&columns=email%2Cstate");
    assert!(visit.get("/users").await.has(&format!("a[href='{view}']")));
    let admin = visit.sign_in("acme.admin").await;
    assert_eq!(admin.get(&view).await.status, StatusCode::NOT_FOUND, "it is the owner's own");

    let (action, fields) =
        visit.page_of_link(&list, "a[href^='/users/views?']").await.form(&[("name", "all anas"), ("shared", "on")]);
    let again = visit.post(&action.unwrap(), &fields).await.location.unwrap();
    assert_eq!(again, view, "under a name that is there already, it takes its place");
    assert_eq!(admin.get(&view).await.location.as_deref(), Some(to.as_str()));
    assert!(visit.get("/journal").await.says("Share the view all anas"));
    let stranger = visit.sign_in("globex.owner").await;
    assert_eq!(stranger.get(&view).await.status, StatusCode::NOT_FOUND);
    assert!(!stranger.get("/users/views").await.says("all anas"));
    admin.post(&format!("{view}/remove"), &[]).await;
    assert_eq!(visit.get(&view).await.status, StatusCode::NOT_FOUND);
}
