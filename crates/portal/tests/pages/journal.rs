//! The journal in the portal.

use axum::http::StatusCode;
use chrono::TimeDelta;
use lineside_model::change::Change;
use lineside_model::list::UserFilter;
use lineside_model::user::{Role, UserState};
use lineside_testkit::service::{new_user, profile};

use crate::visit::Visit;

async fn with_departments() -> Visit {
    let visit = Visit::owner().await;
    for name in ["Sales", "Support"] {
        visit.house.clock.turn(TimeDelta::minutes(1));
        visit.fill("/departments/add", &[("name", name)]).await;
    }
    visit
}

#[tokio::test]
async fn an_entry_says_who_when_and_what() {
    let visit = with_departments().await;
    let list = visit.get("/journal").await;
    let first = list.texts("tbody tr").remove(0);
    assert!(first.contains("Ana Owner") && first.contains("Add department Support"), "{first}");
    assert!(list.has("tbody time[datetime][title]") && list.says("Times in America/Phoenix"));
}

#[tokio::test]
async fn the_address_filters() {
    let visit = with_departments().await;
    let found = visit.get("/journal?search=support&action=add_department").await;
    assert_eq!(found.texts("tbody tr").len(), 1, "{}", found.html);
    assert!(found.has("option[value=add_department][selected]"));
    assert!(visit.get("/journal?until=2001-01-01").await.says("Nothing fits"));
    let user = visit.house.acme.user.id;
    let about = visit.get(&format!("/journal?user_id={user}")).await;
    assert!(about.says("About Ana User") && about.says("Add user Ana User"), "{}", about.html);
}

#[tokio::test]
async fn an_entry_shows_every_fields_before_and_after() {
    let visit = with_departments().await;
    let row = visit.house.service.departments(&visit.house.acme.owner.caller).await.unwrap().remove(0);
    visit.fill(&format!("/departments/{}", row.id), &[("name", "Field sales")]).await;
    let list = visit.get("/journal?action=edit_department").await;
    let page = list.page();
    let link = scraper::Selector::parse("tbody th a").unwrap();
    let entry = page.select(&link).next().unwrap().value().attr("href").unwrap().to_owned();
    let shown = visit.get(&entry).await;
    assert!(shown.texts("del").contains(&"Sales".to_owned()) && shown.texts("ins").contains(&"Field sales".to_owned()));
    let other = visit.sign_in("globex.owner").await;
    assert_eq!(other.get(&entry).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_refused_sign_in_stands_there() {
    let visit = Visit::owner().await;
    assert!(visit.house.service.sign_in("acme.user", "wrong", Some("192.0.2.7".to_owned())).await.is_err());
    let list = visit.get("/journal?action=sign_in_failed").await;
    assert!(list.says("192.0.2.7"), "{}", list.html);
}

#[tokio::test]
async fn an_undo_keeps_or_undoes_what_others_changed_user_by_user() {
    let visit = Visit::owner().await;
    let (house, owner) = (&visit.house, &visit.house.acme.owner.caller);
    let add = |name: &str| {
        let username = format!("cy.{}", name.to_lowercase());
        let user = new_user(&profile("Cy", name, &username), Role::User).unwrap();
        Change::AddUser { user: Box::new(user) }
    };
    let (added, plan) =
        house.apply(owner, Change::together(["Berg", "Quist", "Moss"].map(add).to_vec())).await.unwrap();
    let mut users: Vec<_> = plan.steps.iter().filter_map(|step| step.after.as_ref()?.user_id()).collect();
    users.dedup();
    let suspend = Change::SetUserState { user_ids: users[..2].to_vec(), state: UserState::Suspended, date: None };
    house.apply(owner, suspend).await.unwrap();
    let page = format!("/journal/{}/undo", added.id);
    let asked = visit.get(&page).await;
    assert!(asked.says("Cy Berg was changed since: state suspended instead of active"), "{}", asked.html);
    assert!(
        !asked.has(&format!("input[name='user.{}']", users[2])) && asked.has(&format!("a[href='{page}?since=keep']"))
    );
    let field = format!("user.{}", users[0]);
    let (action, fields) = asked.form(&[(&field, "overwrite")]);
    let review = visit.post(&action.unwrap(), &fields).await;
    assert!(review.says("state suspended instead of active; that goes too"), "{}", review.html);
    assert!(review.says("Cy Quist was changed since: state suspended instead of active; that stays"));
    visit.confirm(&review).await;
    let left = house.service.users(owner, &UserFilter { search: "cy".to_owned(), ..UserFilter::default() }).await;
    assert_eq!(left.unwrap().rows.iter().map(|row| row.id).collect::<Vec<_>>(), [users[1]]);
}

#[tokio::test]
async fn what_was_chosen_stays_chosen_when_more_is_asked() {
    let visit = Visit::owner().await;
    let (house, owner) = (&visit.house, &visit.house.acme.owner.caller);
    let user = new_user(&profile("Cy", "Berg", "cy.berg"), Role::User).unwrap();
    let (added, _) = house.apply(owner, Change::AddUser { user: Box::new(user) }).await.unwrap();
    let user = added.new_user_id();
    let suspend = Change::SetUserState { user_ids: vec![user], state: UserState::Suspended, date: None };
    house.apply(owner, suspend).await.unwrap();
    let page = format!("/journal/{}/undo", added.id);
    let other = ("user.01900000-0000-7000-8000-00000000000c".to_owned(), "keep".to_owned());
    let asked = visit.post(&page, &[other.clone(), ("user.nobody".to_owned(), "keep".to_owned())]).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.form(&[(&format!("user.{user}"), "keep")]).1.contains(&other), "{}", asked.html);
    assert!(!asked.html.contains("user.nobody"));
}
