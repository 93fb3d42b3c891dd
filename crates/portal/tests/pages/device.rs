//! Devices in the portal.

use crate::visit::{Shown, Visit};
use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::license::Catalogue;

/// Added for the administrator, who has a Basic license.
async fn with_device(model: &str, mac: &str) -> (Visit, String) {
    let visit = Visit::owner().await;
    let owner = &visit.house.acme.owner.caller;
    let basic = Catalogue::default_catalogue().license_type_by_slug("basic").unwrap().id;
    visit.house.apply(owner, Change::SetSeats { license_type_id: basic, bought: 5 }).await.unwrap();
    let users = vec![visit.house.acme.administrator.id];
    visit.house.apply(owner, Change::AssignLicense { user_ids: users, license_type_id: basic }).await.unwrap();
    let fields = [("model", model), ("mac", mac), ("label", "Reception"), ("user", "ana admin")];
    let added = visit.fill("/devices/add", &fields).await;
    let done = if added.location.is_some() { added } else { visit.confirm(&added).await };
    let page = done.location.unwrap_or_else(|| panic!("{}", done.html));
    (visit, page)
}

fn url(shown: &Shown) -> Option<String> {
    shown.texts("code#url").into_iter().next()
}

#[tokio::test]
async fn a_phone_is_added_for_the_only_user_who_fits() {
    let (visit, page) = with_device("yealink-t54w", "80:5E:C0:12:34:56").await;
    let shown = visit.get(&page).await;
    assert!(shown.says("Ana Admin") && shown.says("80:5e:c0:12:34:56"), "{}", shown.html);
    assert!(url(&shown).unwrap().starts_with("http://phones.test/p/"));
    assert!(shown.says("It never registered"));
    let list = visit.get("/devices?assigned=yes&model=yealink-t54w").await;
    assert_eq!(list.texts("tbody tr").len(), 1);
    assert!(visit.get("/devices?assigned=no").await.says("No device fits"));
}

#[tokio::test]
async fn several_users_who_fit_are_offered() {
    let visit = Visit::owner().await;
    let shown = visit.fill("/devices/add", &[("model", "linphone"), ("user", "ana")]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shown.error("user").as_deref(), Some("several users fit; choose one of them below"));
    assert_eq!(shown.texts("select[name=user_id] option").len(), 4, "{}", shown.html);
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    let visit = Visit::owner().await;
    let shown = visit.fill("/devices/add", &[("model", "yealink-t54w"), ("mac", "12345"), ("user", "nobody")]).await;
    assert!(shown.error("mac").unwrap().contains("12 digits") && shown.error("user").unwrap().contains("nobody fits"));
    let missing = visit.fill("/devices/add", &[("model", "yealink-t54w")]).await;
    assert!(missing.error("mac").unwrap().contains("fill in the MAC address"), "{}", missing.html);
    assert!(visit.fill("/devices/add", &[("model", "")]).await.error("model").is_some());
}

#[tokio::test]
async fn a_softphone_has_a_code_to_scan() {
    let (visit, page) = with_device("linphone", "").await;
    let shown = visit.get(&page).await;
    assert!(url(&shown).unwrap().ends_with("/linphone.xml"));
    assert_eq!(shown.texts(".qr svg title"), ["Configuration address as a QR code"]);
}

#[tokio::test]
async fn a_generic_phones_credentials_are_shown_once() {
    let (visit, page) = with_device("generic", "").await;
    let shown = visit.get(&page).await;
    assert!(url(&shown).is_none() && shown.says("no SIP credentials yet"), "{}", shown.html);
    let secret_page = visit.confirm(&visit.get(&format!("{page}/generate")).await).await;
    let secret = secret_page.texts("code.secret").remove(0);
    assert!(secret.len() >= 24, "{secret}");
    for address in [page.as_str(), "/journal", "/devices"] {
        assert!(!visit.get(address).await.html.contains(&secret), "{address}");
    }
}

#[tokio::test]
async fn another_phones_new_password_is_not_shown() {
    let (visit, page) = with_device("yealink-t54w", "80:5E:C0:12:34:56").await;
    let done = visit.confirm(&visit.get(&format!("{page}/generate")).await).await;
    assert_eq!(done.location.as_deref(), Some(page.as_str()), "{}", done.html);
}

#[tokio::test]
async fn a_device_is_locked_unlocked_unassigned_assigned_and_deleted() {
    let (visit, page) = with_device("yealink-t54w", "80:5E:C0:12:34:56").await;
    for (way, says) in [("lock", "It is locked"), ("unlock", "Reception"), ("unassign", "Nobody has it")] {
        let plan = visit.get(&format!("{page}/{way}")).await;
        assert_eq!(visit.confirm(&plan).await.location.as_deref(), Some(page.as_str()), "{way}: {}", plan.html);
        assert!(visit.get(&page).await.says(says), "{way}");
    }
    let user = visit.house.acme.administrator.id.to_string();
    let assigned = visit.fill(&format!("{page}/assign?search=admin"), &[("user_id", &user)]).await;
    let assigned = if assigned.location.is_some() { assigned } else { visit.confirm(&assigned).await };
    assert_eq!(assigned.location.as_deref(), Some(page.as_str()), "{}", assigned.html);
    let deleted = visit.confirm(&visit.get(&format!("{page}/delete")).await).await;
    assert_eq!(deleted.location.as_deref(), Some("/devices"));
    assert_eq!(visit.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_device_without_a_licensed_user_says_why_it_gets_nothing() {
    let visit = Visit::owner().await;
    let added = visit.fill("/devices/add", &[("model", "linphone"), ("user", "acme.user")]).await;
    let done = if added.location.is_some() { added } else { visit.confirm(&added).await };
    let shown = visit.get(&done.location.unwrap()).await;
    assert!(shown.says("has no active Voice license"), "{}", shown.html);
    let id = visit.house.acme.user.id;
    assert!(shown.has(&format!("a[href='/licensing/assign?user_ids={id}']")));
}

#[tokio::test]
async fn a_device_of_another_account_is_not_there() {
    let (visit, page) = with_device("linphone", "").await;
    let other = visit.sign_in("globex.owner").await;
    for way in ["", "/generate", "/assign", "/delete", "/lock"] {
        assert_eq!(other.get(&format!("{page}{way}")).await.status, StatusCode::NOT_FOUND, "{way}");
    }
}
