//! Mass actions on the list of users: those ticked, and all that match.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::id::UserId;
use lineside_model::list::{UserFilter, UserRow};
use lineside_model::user::{Role, UserState};
use lineside_testkit::service::{new_user, profile};

use crate::visit::{Shown, Visit};

/// More than a page holds.
const BERGS: usize = 53;

/// Bo Berg, many times over.
async fn with_bergs() -> (Visit, Vec<UserId>) {
    let visit = Visit::owner().await;
    let caller = &visit.house.acme.owner.caller;
    let add = |at: usize| {
        let user = new_user(&profile(&format!("Bo{at:02}"), "Berg", &format!("bo.{at:02}")), Role::User).unwrap();
        Change::AddUser { user: Box::new(user) }
    };
    let (_, plan) = visit.house.apply(caller, Change::together((0..BERGS).map(add).collect())).await.unwrap();
    let ids = plan.steps.iter().filter_map(|step| Some(UserId(step.after.as_ref()?.id()))).collect();
    (visit, ids)
}

async fn rows(visit: &Visit, state: UserState) -> Vec<UserRow> {
    let mut rows = Vec::new();
    for page in 1..=3 {
        let filter = UserFilter { state: Some(state), page, ..UserFilter::default() };
        rows.extend(visit.house.service.users(&visit.house.acme.owner.caller, &filter).await.unwrap().rows);
    }
    rows
}

/// The table's form as a browser without scripts sends it, with one box changed.
fn sent(list: &Shown, without: Option<UserId>) -> Vec<(String, String)> {
    let (_, mut fields) = list.form(&[("change_id", &uuid::Uuid::now_v7().to_string())]);
    if let Some(without) = without {
        fields.retain(|(name, value)| name != "user_ids" || *value != without.to_string());
    }
    fields
}

fn query(path: &str, fields: &[(String, String)]) -> String {
    format!("{path}?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

#[tokio::test]
async fn all_that_match_are_suspended_but_those_unticked_on_two_pages() {
    let (visit, ids) = with_bergs().await;
    let list = visit.get("/users?search=berg").await;
    assert!(list.says(&format!("Select all {BERGS} that match")), "{}", list.html);
    let first = visit.page_of_link(&list, "p.whole a").await;
    assert!(first.says(&format!("{BERGS} selected")) && first.has("input[name='user_ids'][checked]"));
    // Unticked on the first page, then on the second.
    let mut fields = sent(&first, Some(ids[0]));
    fields.push(("page".to_owned(), "2".to_owned()));
    let to = visit.get(&query("/users/select", &fields)).await.location.unwrap();
    assert!(to.len() < 200, "the filter stands for all: {to}");
    let second = visit.get(&to).await;
    assert!(second.says(&format!("{} selected", BERGS - 1)), "{}", second.html);
    let final_one = ids[BERGS - 1];
    let review = visit.post("/users/suspend", &sent(&second, Some(final_one))).await;
    assert!(review.says(&format!("Suspend {} users", BERGS - 2)), "{}", review.html);
    assert!(rows(&visit, UserState::Suspended).await.is_empty(), "the plan changes nothing");
    visit.confirm(&review).await;
    let suspended: Vec<UserId> = rows(&visit, UserState::Suspended).await.iter().map(|row| row.id).collect();
    assert_eq!(suspended.len(), BERGS - 2);
    assert!(!suspended.contains(&ids[0]) && !suspended.contains(&final_one));

    let all = visit.get("/users?search=berg&state=suspended&select=all").await;
    let review = visit.post("/users/resume", &sent(&all, None)).await;
    visit.confirm(&review).await;
    assert!(rows(&visit, UserState::Suspended).await.is_empty());
}

#[tokio::test]
async fn the_same_fields_of_many_are_changed_after_one_plan() {
    let (visit, _) = with_bergs().await;
    let list = visit.get("/users?search=berg&select=all").await;
    let form = visit.get(&query("/users/mass-edit", &sent(&list, None))).await;
    assert!(form.says(&format!("Edit {BERGS} users")) && form.says("and 33 more"), "{}", form.html);
    let (_, fields) = form.form(&[("unreachable", "299"), ("ring_seconds", "40")]);
    let wrong = visit.post("/users/mass-edit", &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.error("unreachable").is_some_and(|error| error.contains("nobody has extension 299")));
    let (_, fields) = wrong.form(&[("unreachable", "+1 480 555 0143")]);
    let review = visit.post("/users/mass-edit", &fields).await;
    assert!(review.says("Change primary number unreachable, ring seconds of 53 users"), "{}", review.html);
    let done = visit.confirm(&review).await;
    assert_eq!(done.location.as_deref(), Some("/users"));

    let only = visit.get("/users/mass-edit?field=department&select=all&filter.search=berg").await;
    assert!(only.has("select[name='department_id']") && !only.has("input[name='ring_seconds']"));
    let (_, fields) = only.form(&[]);
    let nothing = visit.post("/users/mass-edit", &fields).await;
    assert!(nothing.says("choose at least one field to change"), "{}", nothing.html);
}

#[tokio::test]
async fn those_picked_are_exported_and_nobody_is_an_answer() {
    let (visit, ids) = with_bergs().await;
    let file = visit.get(&format!("/users/export.csv?user_ids={}&user_ids={}", ids[1], ids[3])).await;
    let names: Vec<bool> =
        ["bo.01", "bo.03", "bo.02", "acme.owner"].iter().map(|name| file.html.contains(name)).collect();
    assert_eq!(names, [true, true, false, false], "{}", file.html);
    let all = visit.get("/users/export.csv?select=all&filter.search=berg").await;
    assert_eq!(all.html.matches("Berg").count(), BERGS);
    for path in ["/users/mass-edit", "/users/export.xlsx", "/users/delete", "/licensing/assign"] {
        assert_eq!(
            visit.get(path).await.location.as_deref(),
            Some(if path.contains("export") { "/" } else { "/users" })
        );
    }
    let deleted = visit.get("/users?state=deleted").await;
    assert!(!deleted.has("[data-needs-selection]"), "who left can only be looked at");
}

#[tokio::test]
async fn all_that_match_are_given_a_license_and_deleted() {
    let (visit, _) = with_bergs().await;
    let dialog = visit.get("/licensing/assign?select=all&filter.search=berg").await;
    assert!(dialog.says(&format!("Assign a license to {BERGS} users")), "{}", dialog.html);
    let form = visit.get("/users/delete?select=all&filter.search=bo0").await;
    assert!(form.says("Delete 10 users"), "{}", form.html);
    let (_, fields) = form.form(&[]);
    let review = visit.post("/users/delete", &fields).await;
    visit.confirm(&review).await;
    assert_eq!(rows(&visit, UserState::Deleted).await.len(), 10);
}
