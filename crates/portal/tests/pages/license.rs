//! Licensing in the portal.

use crate::visit::{Shown, Visit};
use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::id::LicenseTypeId;
use lineside_model::license::Catalogue;

fn id(slug: &str) -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug(slug).unwrap().id
}

async fn with_seats(slug: &str, bought: i64) -> Visit {
    let visit = Visit::owner().await;
    let change = Change::SetSeats { license_type_id: id(slug), bought, bound: None };
    visit.house.apply(&visit.house.acme.owner.caller, change).await.unwrap();
    visit
}

fn chosen(users: &[String]) -> Vec<(String, String)> {
    users.iter().map(|user| ("user_ids".to_owned(), user.clone())).collect()
}

/// The page's own fields with these users ticked, and Assign or Remove pressed.
async fn save(visit: &Visit, page: &str, users: &[String]) -> Shown {
    let (_, mut fields) = visit.get(page).await.form(&[]);
    fields.extend(chosen(users));
    fields.push(("save".to_owned(), "yes".to_owned()));
    visit.post(page, &fields).await
}

/// The page's form once more, with these fields.
pub async fn send(visit: &Visit, shown: &Shown, fields: &[(&str, &str)]) -> Shown {
    let (action, mut filled) = shown.form(&[]);
    for (name, value) in fields {
        filled.retain(|(field, _)| field != name);
        filled.push(((*name).to_owned(), (*value).to_owned()));
    }
    visit.post(&action.expect("the dialog says where it is sent"), &filled).await
}

#[tokio::test]
async fn each_type_shows_its_seats_and_the_comparison() {
    let visit = with_seats("business", 50).await;
    let shown = visit.get("/licensing").await;
    assert_eq!(shown.texts("h2"), ["Voice", "Mobile data", "Upgrades"]);
    assert!(shown.has("#business-bought[value='50']") && shown.has("a[href='/licensing/business/assign']"));
    assert!(shown.says("Web phone") && shown.says("a landline number, a mobile number"), "{}", shown.html);
}

#[tokio::test]
async fn seats_are_set_in_the_list_and_a_wrong_number_is_named() {
    let visit = Visit::owner().await;
    let (_, fields) = visit.get("/licensing/basic/seats").await.form(&[("bought", "12")]);
    assert_eq!(visit.post("/licensing/basic/seats", &fields).await.location.as_deref(), Some("/licensing"));
    assert!(visit.get("/licensing").await.has("#basic-bought[value='12']"));
    for wrong in ["-1", "many", "1e9", "99999999"] {
        let shown = visit.fill("/licensing/basic/seats", &[("bought", wrong)]).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(shown.error("bought").is_some() && shown.has(&format!("input[value='{wrong}']")), "{wrong}");
    }
}

#[tokio::test]
async fn ticked_users_get_the_license_after_its_plan() {
    let visit = with_seats("basic", 2).await;
    let users = [visit.house.acme.administrator.id.to_string(), visit.house.acme.user.id.to_string()];
    let met = save(&visit, "/licensing/basic/assign", &users).await;
    assert!(met.says("Requirements are met"), "{}", met.html);
    let plan = send(&visit, &met, &[]).await;
    assert!(plan.says("Assign Basic to 2 users") && plan.says("2 of 2") && plan.says("0 of 2"), "{}", plan.html);
    assert_eq!(visit.confirm(&plan).await.location.as_deref(), Some("/licensing"));
    let without = visit.get("/licensing/basic/assign").await;
    assert_eq!(without.texts("tbody label"), ["Ana Owner"]);
    assert_eq!(visit.get("/licensing/basic/manage").await.texts("tbody label"), ["Ana Admin", "Ana User"]);
}

#[tokio::test]
async fn what_was_ticked_stays_while_searching_and_paging() {
    let visit = with_seats("basic", 2).await;
    let user = visit.house.acme.user.id.to_string();
    let mut fields = chosen(std::slice::from_ref(&user));
    fields.push(("search".to_owned(), "admin".to_owned()));
    let shown = visit.post("/licensing/basic/assign", &fields).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.texts("tbody tr").len(), 1);
    assert!(shown.has(&format!("input[type=hidden][name=user_ids][value='{user}']")), "{}", shown.html);
    fields[1].1 = String::new();
    let shown = visit.post("/licensing/basic/assign", &fields).await;
    assert!(shown.has(&format!("input[type=checkbox][value='{user}'][checked]")));
}

#[tokio::test]
async fn who_lacks_what_is_listed_with_its_repair() {
    let visit = with_seats("business-mobile", 1).await;
    let users = [visit.house.acme.administrator.id.to_string(), visit.house.acme.user.id.to_string()];
    let shown = save(&visit, "/licensing/business-mobile/assign", &users).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.texts("h2"), ["General requirements"]);
    assert!(shown.says("No free seat of Business Mobile"), "{}", shown.html);
    assert!(shown.says("2 users need a landline number and a mobile number"), "{}", shown.html);
    assert!(shown.has(&format!("select[name='mobile.{}']", users[0])));
    assert!(shown.has(&format!("a[href='/licensing/{}/seats']", id("business-mobile"))));
    // The users are still there, so that Check again goes on.
    assert_eq!(shown.texts("input[type=hidden][name=user_ids]").len(), 2);
}

#[tokio::test]
async fn repairs_lead_to_pages_that_exist() {
    let visit = with_seats("basic", 1).await;
    for way in ["seats", "manage"] {
        let shown = visit.get(&format!("/licensing/{}/{way}", id("basic"))).await;
        assert_eq!(shown.status, StatusCode::OK, "{way}");
    }
    let user = visit.house.acme.user.id;
    let track = Catalogue::default_catalogue().tracks[0].id;
    let shown = visit.get(&format!("/licensing/assign?user_ids={user}&track={track}")).await;
    assert_eq!(shown.texts("h1"), ["Assign a license to Ana User"]);
    assert_eq!(shown.texts("fieldset").len(), 1);
    assert_eq!(shown.texts(".tab[aria-pressed=true] b"), ["Voice"]);
}

#[tokio::test]
async fn one_chosen_user_gets_the_chosen_type() {
    let visit = with_seats("basic", 1).await;
    let user = visit.house.acme.user.id;
    let page = format!("/licensing/assign?user_ids={user}");
    assert!(visit.fill(&page, &[]).await.says("choose a license type"));
    let met = visit.fill(&page, &[("license_type_id", &id("basic").to_string())]).await;
    assert!(met.says("Requirements are met"), "{}", met.html);
    let plan = send(&visit, &met, &[]).await;
    let done = visit.confirm(&plan).await;
    assert_eq!(done.location, Some(format!("/users/{user}")), "{}", done.html);
}

#[tokio::test]
async fn taking_a_license_away_shows_its_plan_first() {
    let visit = with_seats("basic", 2).await;
    let user = visit.house.acme.user.id;
    let change = Change::AssignLicense { user_ids: vec![user], license_type_id: id("basic"), date: None };
    visit.house.apply(&visit.house.acme.owner.caller, change).await.unwrap();
    let holders = visit.get("/licensing/basic/manage").await;
    assert_eq!(holders.texts("tbody tr").len(), 1, "{}", holders.html);
    let plan = save(&visit, "/licensing/basic/manage", &[user.to_string()]).await;
    assert!(plan.says("Remove the Voice license of Ana User"), "{}", plan.html);
    visit.confirm(&plan).await;
    assert!(visit.get("/licensing/basic/manage").await.says("Nobody has this license yet"));
}

#[tokio::test]
async fn holders_of_a_type_of_any_track_are_listed() {
    let visit = with_seats("basic", 2).await;
    let (owner, user) = (&visit.house.acme.owner.caller, visit.house.acme.user.id);
    visit
        .house
        .apply(owner, Change::SetSeats { license_type_id: id("pro-plus"), bought: 2, bound: None })
        .await
        .unwrap();
    for slug in ["basic", "pro-plus"] {
        let change = Change::AssignLicense { user_ids: vec![user], license_type_id: id(slug), date: None };
        visit.house.apply(owner, change).await.unwrap();
    }
    assert_eq!(visit.get("/licensing/pro-plus/manage").await.texts("tbody label"), ["Ana User"]);
    // Pro Plus requires a Voice license, and falls with it.
    let plan = save(&visit, "/licensing/basic/manage", &[user.to_string()]).await;
    assert!(plan.says("Pro Plus falls with it"), "{}", plan.html);
}

#[tokio::test]
async fn users_of_another_account_are_not_there() {
    let visit = with_seats("basic", 2).await;
    let stranger = visit.house.globex.user.id.to_string();
    let answer = save(&visit, "/licensing/basic/assign", std::slice::from_ref(&stranger)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(visit.get("/licensing/nothing/assign").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn bindings_are_edited_on_the_seats_form() {
    let visit = with_seats("basic", 10).await;
    let until = crate::assign::day(&visit, 60);
    let page = visit.get("/licensing/basic/seats").await;
    let half = send_seats(&visit, &page, &[("bound.0.seats", "4")]).await;
    assert!(half.error("bound.0.until").is_some(), "{}", half.html);
    let more = send_seats(&visit, &page, &[("bound.0.seats", "40"), ("bound.0.until", &until)]).await;
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", more.html);
    let saved = send_seats(&visit, &page, &[("bound.0.seats", "4"), ("bound.0.until", &until)]).await;
    assert_eq!(saved.location.as_deref(), Some("/licensing"), "{}", saved.html);
    assert!(visit.get("/licensing").await.says("4 bound until"));
    // The list's own field leaves them as they are; a row that is cleared is gone.
    let (_, fields) = visit.get("/licensing").await.form(&[("bought", "12")]);
    visit.post("/licensing/basic/seats", &fields).await;
    let page = visit.get("/licensing/basic/seats").await;
    assert!(page.has("input[name='bound.0.seats'][value='4']") && page.has("#bought[value='12']"), "{}", page.html);
    let plan = send_seats(&visit, &page, &[("bound.0.seats", ""), ("bound.0.until", "")]).await;
    assert!(plan.says("no longer held as bound"), "{}", plan.html);
    visit.confirm(&plan).await;
    assert!(!visit.get("/licensing").await.says("bound until"));
}

async fn send_seats(visit: &Visit, page: &Shown, fields: &[(&str, &str)]) -> Shown {
    let (_, filled) = page.form(fields);
    visit.post("/licensing/basic/seats", &filled).await
}

#[tokio::test]
async fn what_the_schedule_takes_is_counted_and_drawn_and_the_end_of_seats_is_warned_of() {
    let visit = with_seats("basic", 2).await;
    let acme = &visit.house.acme;
    for (user, days) in [(acme.user.id, 20), (acme.administrator.id, 40)] {
        let date = Some(crate::assign::day(&visit, days).parse().unwrap());
        let change = Change::AssignLicense { user_ids: vec![user], license_type_id: id("basic"), date };
        visit.house.apply(&acme.owner.caller, change).await.unwrap();
    }
    let page = visit.get("/licensing").await;
    let on = lineside_model::schedule::in_words(crate::assign::day(&visit, 40).parse().unwrap());
    assert!(page.says(&format!("Basic runs out on {on}.")), "{}", page.html);
    assert_eq!(page.texts(&format!("a[href='/schedule?license_type_id={}']", id("basic"))), ["+2"]);
    assert_eq!(page.texts("#basic-chart").len(), 1);
    assert!(page.texts("#basic-chart-words")[0].starts_with("2 bought, 0 used today; 1 from"));
    assert_eq!(page.texts(".chart tbody tr").len(), 3);
}
