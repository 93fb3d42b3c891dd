//! What is scheduled: on the user's page, in the account's list and calendar, edited, removed, moved and retried.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::id::{ScheduleEntryId, UserId};
use lineside_model::schedule_list::ScheduleFilter;

use crate::assign::{day, furnished, give, id};
use crate::license::send;
use crate::visit::Visit;

/// Schedules a type for a user so many days from today.
async fn schedule(visit: &Visit, user: UserId, slug: &str, days: u64) -> ScheduleEntryId {
    let date = Some(day(visit, days).parse().unwrap());
    let change = Change::AssignLicense { user_ids: vec![user], license_type_id: id(slug), date };
    let (_, plan) = visit.house.apply(&visit.house.acme.owner.caller, change).await.unwrap();
    ScheduleEntryId(plan.steps[0].after.as_ref().unwrap().id())
}

async fn dates(visit: &Visit) -> Vec<String> {
    let filter = ScheduleFilter { page: 1, ..ScheduleFilter::default() };
    let page = visit.house.service.schedule(&visit.house.acme.owner.caller, &filter).await.unwrap();
    page.rows.iter().map(|row| row.entry.date.to_string()).collect()
}

#[tokio::test]
async fn the_users_page_shows_the_schedule_over_time_with_reasons_and_repairs() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    give(&visit, user, "basic").await;
    let business = schedule(&visit, user, "business", 30).await;
    schedule(&visit, user, "unlimited-5g", 60).await;
    let page = visit.get(&format!("/users/{user}")).await;
    let lines = page.page();
    let selector = scraper::Selector::parse(".timeline svg.line").unwrap();
    let words: Vec<String> =
        lines.select(&selector).map(|line| line.value().attr("aria-label").unwrap().to_owned()).collect();
    assert!(words[0].starts_with("Voice: Basic now; Business from") && words[0].ends_with("will fail"), "{words:?}");
    assert!(words[1].starts_with("Mobile data: Unlimited 5G from") && !words[1].contains("fail"), "{words:?}");
    assert_eq!(words[2], "Upgrades: none");
    assert!(page.texts(".note.bad b").iter().any(|text| text.starts_with("Business on")), "{}", page.html);
    assert!(page.says("Business requires a landline number, and Ana User has none"));
    assert!(page.has(&format!("a[href='/users/{user}/number?kind=landline']")));
    assert!(page.has(&format!(".entries a[href='/schedule/{business}/edit']")));
    // The rail counts what would fail.
    let rail: Vec<String> = page.texts(".rail a").into_iter().filter(|link| link.starts_with("Schedule")).collect();
    assert_eq!(rail, ["Schedule 1"]);
}

#[tokio::test]
async fn an_entry_gets_another_date_and_is_removed() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    let entry = schedule(&visit, user, "basic", 30).await;
    let path = format!("/schedule/{entry}/edit");
    let (date, page) = (day(&visit, 40), visit.get(&path).await);
    let wrong = send(&visit, &page, &[("date", "2020-01-01")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.error("date").unwrap().contains("choose a date from"), "{}", wrong.html);
    assert!(send(&visit, &page, &[("date", "")]).await.error("date").is_some());
    let moved = send(&visit, &page, &[("date", &date)]).await;
    let moved = if moved.status == StatusCode::OK { visit.confirm(&moved).await } else { moved };
    assert_eq!(moved.location, Some(format!("/users/{user}")), "{}", moved.html);
    assert_eq!(dates(&visit).await, [date]);
    let plan = visit.get(&format!("/schedule/{entry}/remove")).await;
    assert!(plan.says("Remove Basic for Ana User"), "{}", plan.html);
    visit.confirm(&plan).await;
    assert!(dates(&visit).await.is_empty());
    assert_eq!(visit.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_date_moves_all_that_is_scheduled_for_a_user() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    schedule(&visit, user, "basic", 30).await;
    schedule(&visit, user, "unlimited-5g", 60).await;
    let page = visit.get(&format!("/users/{user}")).await;
    assert!(page.says("One date for all scheduled licenses"));
    let date = day(&visit, 45);
    let selector = scraper::Selector::parse("form[action$='/schedule/move'] [name=change_id]").unwrap();
    let change = page.page().select(&selector).next().unwrap().value().attr("value").unwrap().to_owned();
    let fields = [("change_id".to_owned(), change), ("date".to_owned(), date.clone())];
    let plan = visit.post(&format!("/users/{user}/schedule/move"), &fields).await;
    assert!(plan.says("Move everything scheduled for Ana User"), "{}", plan.html);
    visit.confirm(&plan).await;
    assert_eq!(dates(&visit).await, [date.clone(), date]);
}

#[tokio::test]
async fn carrying_out_now_shows_what_is_in_the_way_with_its_repairs() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    let open = schedule(&visit, user, "business", 30).await;
    let page = visit.get(&format!("/schedule/{open}/retry")).await;
    assert!(page.says("This can't be done yet") && page.says("missing number"), "{}", page.html);
    let met = schedule(&visit, visit.house.acme.administrator.id, "basic", 30).await;
    let plan = visit.get(&format!("/schedule/{met}/retry")).await;
    visit.confirm(&plan).await;
    let admin = visit.house.acme.administrator.id;
    let detail = visit.house.service.user(&visit.house.acme.owner.caller, admin).await.unwrap();
    assert_eq!((detail.assignments.len(), detail.schedule.len()), (1, 0));
}

#[tokio::test]
async fn the_list_is_filtered_by_its_address() {
    let visit = furnished(5).await;
    let (user, admin) = (visit.house.acme.user.id, visit.house.acme.administrator.id);
    assert!(visit.get("/schedule").await.says("Nothing is scheduled"));
    schedule(&visit, user, "business", 30).await;
    schedule(&visit, admin, "basic", 60).await;
    let names = async |query: &str| visit.get(&format!("/schedule{query}")).await.texts("tbody .person");
    assert_eq!(names("").await, ["Ana User", "Ana Admin"]);
    assert_eq!(names("?conflicts=true").await, ["Ana User"]);
    assert_eq!(names("?search=acme.ad").await, ["Ana Admin"]);
    assert_eq!(names(&format!("?license_type_id={}", id("basic"))).await, ["Ana Admin"]);
    assert_eq!(names(&format!("?from={}", day(&visit, 40))).await, ["Ana Admin"]);
    assert_eq!(names(&format!("?until={}", day(&visit, 30))).await, ["Ana User"]);
    assert!(names("?state=failed").await.is_empty());
    assert_eq!(names("?from=nonsense&page=0").await.len(), 2);
    let home = visit.get("/home").await;
    assert!(home.says("1 scheduled license will fail") && home.has("a[href='/schedule?conflicts=true']"));
}

#[tokio::test]
async fn the_calendar_counts_days_and_leads_to_their_list() {
    let visit = furnished(5).await;
    schedule(&visit, visit.house.acme.user.id, "business", 30).await;
    let date = day(&visit, 30);
    let page = visit.get(&format!("/schedule/month?month={}", &date[..7])).await;
    assert!(page.has(&format!("a[href='/schedule?from={date}&until={date}']")), "{}", page.html);
    assert!(page.has(&format!("a[href='/schedule?from={date}&until={date}&conflicts=true']")));
    assert!(page.has("a[rel=prev]") && page.has("a[rel=next]"));
    for odd in ["", "?month=nonsense", "?month=9999-12", "?month=1970-01", "?month=2999-12"] {
        assert_eq!(visit.get(&format!("/schedule/month{odd}")).await.status, StatusCode::OK, "{odd}");
    }
}

#[tokio::test]
async fn a_license_is_removed_on_a_date() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    give(&visit, user, "basic").await;
    let page = visit.get(&format!("/users/{user}/licenses/voice/remove")).await;
    assert!(page.says("Basic is held now"), "{}", page.html);
    assert!(send(&visit, &page, &[("when", "date"), ("date", "")]).await.error("date").is_some());
    let date = day(&visit, 20);
    let plan = send(&visit, &page, &[("when", "date"), ("date", &date)]).await;
    assert!(plan.says("Remove the Voice license of Ana User on"), "{}", plan.html);
    visit.confirm(&plan).await;
    assert_eq!(dates(&visit).await, [date]);
    assert!(visit.get(&format!("/users/{user}")).await.says("no Voice license"));
}

#[tokio::test]
async fn a_license_tells_who_gave_it_and_what_is_lacking_tells_what_would_give_it() {
    let visit = furnished(5).await;
    let user = visit.house.acme.user.id;
    give(&visit, user, "basic").await;
    let page = visit.get(&format!("/users/{user}/licenses/voice/why")).await;
    assert_eq!(page.texts("h1"), ["Why Ana User has Basic"]);
    assert_eq!(page.texts(".facts dd")[1..], ["Ana Owner", "Assign Basic to Ana User"]);
    assert!(page.says("Call recording Upgrades: Pro Plus gives it; nothing stands in the way."), "{}", page.html);
    assert!(page.says("Business requires a landline number, and Ana User has none"), "{}", page.html);
    let none = visit.get(&format!("/users/{user}/licenses/upgrades/why")).await;
    assert_eq!(none.texts("h1"), ["Ana User has no Upgrades license"]);
}

#[tokio::test]
async fn a_license_of_several_changes_together_and_one_of_the_schedule_tell_their_change() {
    let visit = furnished(5).await;
    let (user, admin) = (visit.house.acme.user.id, visit.house.acme.administrator.id);
    let give = |slug: &str| Change::AssignLicense { user_ids: vec![user], license_type_id: id(slug), date: None };
    let changes = vec![give("basic"), give("unlimited-5g")];
    visit.house.apply(&visit.house.acme.owner.caller, Change::Together { changes }).await.unwrap();
    let page = visit.get(&format!("/users/{user}/licenses/mobile-data/why")).await;
    assert_eq!(page.texts(".facts dd")[1], "Ana Owner", "{}", page.html);
    let entry = schedule(&visit, admin, "basic", 30).await;
    visit.confirm(&visit.get(&format!("/schedule/{entry}/retry")).await).await;
    let page = visit.get(&format!("/users/{admin}/licenses/voice/why")).await;
    assert!(page.texts(".facts dd")[3].starts_with("Ana Owner, today"), "{}", page.html);
}
