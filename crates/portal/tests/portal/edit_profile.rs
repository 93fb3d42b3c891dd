//! Two people save the same user.

use axum::http::StatusCode;

use crate::house::{Portal, filled};

#[tokio::test]
async fn the_second_sees_what_the_first_changed_and_may_save_all_the_same() {
    let portal = Portal::new().await;
    let acme = &portal.house.acme;
    let (first, second) = (portal.session(&acme.owner).await, portal.session(&acme.administrator).await);
    let path = format!("/users/{}/edit", acme.user.id);
    let form = portal.get(&path, &first).await.form("main form");
    let of_second = portal.get(&path, &second).await.form("main form");

    let saved = portal.post(&path, &first, &filled(&form, &[("last_name", "Okafor")])).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{:?}", saved.texts(".summary li"));
    let stale = portal.post(&path, &second, &filled(&of_second, &[("first_name", "Anna")])).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stale.attribute("#first_name", "value").as_deref(), Some("Anna"), "their own value stays");
    let remark = &stale.texts("#last_name-remark")[0];
    assert!(remark.contains("Ana Owner") && remark.contains("Okafor"), "{remark}");

    let knowingly = filled(&stale.form("main form"), &[("last_name", "Okafor")]);
    let saved = portal.post(&path, &second, &knowingly).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{:?}", saved.texts(".summary li"));
    let user = portal.house.service.user(&acme.owner.caller, acme.user.id).await.unwrap();
    assert_eq!(user.user.profile.full_name(), "Anna Okafor");
}
