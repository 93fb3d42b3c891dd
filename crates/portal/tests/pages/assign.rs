//! The assign dialog in seed 5's order: track and type, General requirements, Assignment date, Confirm.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::id::{LicenseTypeId, UserId};
use lineside_model::license::Catalogue;
use lineside_model::phone_number::{E164, NumberKind};

use crate::license::send;
use crate::visit::Visit;

pub fn id(slug: &str) -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug(slug).unwrap().id
}

/// Seats of everything, and two free numbers of each kind.
pub async fn furnished(seats: i64) -> Visit {
    let visit = Visit::owner().await;
    let owner = &visit.house.acme.owner.caller;
    for slug in ["basic", "business", "business-mobile", "unlimited-5g", "pro-plus"] {
        let change = Change::SetSeats { license_type_id: id(slug), bought: seats, bound: None };
        visit.house.apply(owner, change).await.unwrap();
    }
    for (kind, numbers) in [
        (NumberKind::Landline, ["+1 480 555 0141", "+1 480 555 0142"]),
        (NumberKind::Mobile, ["+1 602 555 0191", "+1 602 555 0192"]),
    ] {
        let numbers = numbers.iter().map(|number| E164::parse(number).unwrap()).collect();
        visit.house.apply(owner, Change::AddNumbers { numbers, kind, location_id: None }).await.unwrap();
    }
    visit
}

pub async fn give(visit: &Visit, user: UserId, slug: &str) {
    let change = Change::AssignLicense { user_ids: vec![user], license_type_id: id(slug), date: None };
    visit.house.apply(&visit.house.acme.owner.caller, change).await.unwrap();
}

/// A day so many days from the visit's today.
pub fn day(visit: &Visit, days: u64) -> String {
    (visit.house.service.now().date_naive() + chrono::Days::new(days)).to_string()
}

fn dialog(users: &[UserId], slug: &str) -> String {
    let users: Vec<String> = users.iter().map(|user| format!("user_ids={user}")).collect();
    format!("/licensing/assign?step=requirements&license_type_id={}&{}", id(slug), users.join("&"))
}

#[tokio::test]
async fn the_track_is_a_tab_and_the_comparison_stands_beside_the_types() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    let page = visit.get(&format!("/licensing/assign?user_ids={user}")).await;
    assert_eq!(page.texts(".tab b"), ["Voice", "Mobile data", "Upgrades"]);
    assert_eq!(page.texts(".choice b"), ["Basic", "Business", "Business Mobile"]);
    assert!(page.says("Show comparison") && page.says("Change license"));
    let tracks = Catalogue::default_catalogue().tracks;
    let mobile = send(&visit, &page, &[("to", &format!("track:{}", tracks[1].id))]).await;
    assert_eq!(mobile.texts(".choice b"), ["5 GB", "Unlimited 5G"], "{}", mobile.html);
}

#[tokio::test]
async fn numbers_that_are_picked_are_part_of_the_same_plan() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    let page = visit.get(&dialog(&[user], "business-mobile")).await;
    assert!(page.says("Requirements are not met"), "{}", page.html);
    assert!(page.says("Ana User needs a landline number and a mobile number"));
    let refused = send(&visit, &page, &[("when", "now")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.error("when").unwrap().contains("can't be assigned now"));
    let option = |kind: &str| {
        let page = page.page();
        let selector = scraper::Selector::parse(&format!("[name='{kind}.{user}'] option:nth-child(2)")).unwrap();
        page.select(&selector).next().unwrap().value().attr("value").unwrap().to_owned()
    };
    let (landline, mobile) = (format!("landline.{user}"), format!("mobile.{user}"));
    let picked = [(landline.as_str(), option("landline")), (mobile.as_str(), option("mobile"))];
    let picked: Vec<(&str, &str)> = picked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let checked = send(&visit, &page, &[picked.clone(), vec![("to", "check")]].concat()).await;
    assert!(checked.says("Requirements are met"), "{}", checked.html);
    let plan = send(&visit, &checked, &[("when", "now")]).await;
    assert!(plan.says("Assign Business Mobile to Ana User") && plan.says("4 of 5"), "{}", plan.html);
    let done = visit.confirm(&plan).await;
    assert_eq!(done.location, Some(format!("/users/{user}")));
    let detail = visit.house.service.user(&visit.house.acme.owner.caller, user).await.unwrap();
    assert_eq!((detail.numbers.len(), detail.assignments.len()), (2, 1));
}

#[tokio::test]
async fn a_custom_date_is_allowed_in_spite_of_conflicts_and_says_what_will_fail() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    let page = visit.get(&dialog(&[user], "unlimited-5g")).await;
    assert!(page.says("Ana User needs an active Voice license"), "{}", page.html);
    assert!(page.says("00:00, America/Phoenix"), "{}", page.html);
    let date = day(&visit, 30);
    let blank = send(&visit, &page, &[("when", "date"), ("date", "")]).await;
    assert!(blank.error("date").is_some(), "{}", blank.html);
    let past = send(&visit, &page, &[("when", "date"), ("date", "2020-01-01")]).await;
    assert!(past.error("date").is_some(), "{}", past.html);
    let plan = send(&visit, &page, &[("when", "date"), ("date", &date)]).await;
    assert!(plan.says("It will fail on its day unless this is repaired by then"), "{}", plan.html);
    visit.confirm(&plan).await;
    let detail = visit.house.service.user(&visit.house.acme.owner.caller, user).await.unwrap();
    assert_eq!(detail.schedule.len(), 1);
    assert!(detail.schedule[0].has_conflicts() && detail.assignments.is_empty());
}

#[tokio::test]
async fn the_missing_voice_license_is_added_with_it() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    let voice = Catalogue::default_catalogue().tracks[0].id;
    let page = visit.get(&dialog(&[user], "unlimited-5g")).await;
    let (add, basic) = (format!("add.{voice}"), id("basic").to_string());
    let plan = send(&visit, &page, &[(&add, &basic), ("when", "now")]).await;
    assert!(plan.says("Assign Unlimited 5G to Ana User; before it: Assign Basic to Ana User"), "{}", plan.html);
    visit.confirm(&plan).await;
    let detail = visit.house.service.user(&visit.house.acme.owner.caller, user).await.unwrap();
    assert_eq!(detail.assignments.len(), 2);
    // One that itself requires something asks for that too.
    let other = visit.house.acme.administrator.id;
    let page = visit.get(&dialog(&[other], "unlimited-5g")).await;
    let business = id("business").to_string();
    let checked = send(&visit, &page, &[(&add, &business), ("to", "check")]).await;
    assert!(checked.has(&format!("select[name='landline.{other}']")), "{}", checked.html);
}

#[tokio::test]
async fn many_get_a_free_number_each_by_one_button() {
    let visit = furnished(5).await;
    let users = [visit.house.acme.user.id, visit.house.acme.administrator.id];
    let page = visit.get(&dialog(&users, "business-mobile")).await;
    assert!(page.says("2 users need a landline number and a mobile number"), "{}", page.html);
    let filled = send(&visit, &page, &[("to", "fill")]).await;
    assert!(filled.says("Requirements are met"), "{}", filled.html);
    let plan = send(&visit, &filled, &[("when", "now")]).await;
    assert!(plan.says("Assign Business Mobile to 2 users"), "{}", plan.html);
    assert_eq!(visit.confirm(&plan).await.location.as_deref(), Some("/licensing"));
}

#[tokio::test]
async fn one_number_for_two_is_refused_beside_the_field() {
    let visit = furnished(5).await;
    let users = [visit.house.acme.user.id, visit.house.acme.administrator.id];
    let page = visit.get(&dialog(&users, "business")).await;
    let filled = send(&visit, &page, &[("to", "fill")]).await;
    let (_, fields) = filled.form(&[]);
    let picked: Vec<&(String, String)> = fields.iter().filter(|(name, _)| name.starts_with("landline.")).collect();
    let twice = send(&visit, &filled, &[(&picked[0].0, &picked[1].1), ("when", "now")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.says("picked for somebody else too"), "{}", twice.html);
}

#[tokio::test]
async fn a_seat_is_freed_by_taking_it_from_somebody_named() {
    let visit = furnished(1).await;
    let (holder, user) = (visit.house.acme.administrator.id, visit.house.acme.user.id);
    give(&visit, holder, "basic").await;
    let page = visit.get(&dialog(&[user], "basic")).await;
    assert!(page.says("No free seat of Basic") && page.says("Remove from Ana Admin"), "{}", page.html);
    assert!(page.says("never registered"), "{}", page.html);
    let free = format!("free.{}", id("basic"));
    let plan = send(&visit, &page, &[(&free, &holder.to_string()), ("when", "now")]).await;
    assert!(plan.says("before it: Remove the Voice license of Ana Admin"), "{}", plan.html);
    visit.confirm(&plan).await;
    let detail = visit.house.service.user(&visit.house.acme.owner.caller, user).await.unwrap();
    assert_eq!(detail.assignments.len(), 1);
}
