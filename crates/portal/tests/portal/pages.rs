//! Every page is drawn, and drawn as all pages are.

use axum::http::{Method, StatusCode};
use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_model::user::WizardStep;
use lineside_portal::{Access, endpoints};
use scraper::{Html, Selector};

use crate::house::{Page, Portal};

/// What holds for every page, with a browser or without one.
fn check(path: &str, page: &Page) {
    let html = Html::parse_document(&page.body);
    let count = |selector: &str| html.select(&Selector::parse(selector).unwrap()).count();
    assert_eq!(count("h1"), 1, "{path} has one h1");
    assert_eq!(count("main"), 1, "{path} has one main");
    assert_eq!(count("[style], style, script:not([src])"), 0, "{path} has nothing inline");
    assert_eq!(count("th:not([scope])"), 0, "{path} says what its headings are of");
    let mut ids: Vec<&str> =
        html.select(&Selector::parse("[id]").unwrap()).filter_map(|found| found.value().attr("id")).collect();
    ids.sort_unstable();
    let repeated = ids.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(repeated, None, "{path} uses an id twice");
    let posting = Selector::parse("main form[method=post]").unwrap();
    for form in html.select(&posting) {
        let action = form.value().attr("action").unwrap_or(path);
        let known =
            ["/mails/", "/sign-in", "-password", "/settings/tokens", "/operator/tokens", "/test-call", "/hang-up"];
        let retry = known.iter().any(|part| action.contains(part));
        let change = form.select(&Selector::parse("[name=change_id], [name=request]").unwrap()).count();
        assert!(change == 1 || retry, "{path}: {:?} is safe to press twice", form.value().attr("action"));
    }
    for input in html.select(&Selector::parse("input:not([type=hidden]), select, textarea").unwrap()) {
        let label = input.value().attr("aria-label").is_some()
            || input.ancestors().any(|node| node.value().as_element().is_some_and(|element| element.name() == "label"))
            || input.value().attr("id").is_some_and(|id| count(&format!("label[for='{id}']")) == 1);
        assert!(label, "{path}: {:?} has a label", input.value().attr("name"));
    }
    for described in html.select(&Selector::parse("[aria-describedby]").unwrap()) {
        for id in described.value().attr("aria-describedby").unwrap().split(' ') {
            assert!(ids.binary_search(&id).is_ok(), "{path}: {id} describes and does not exist");
        }
    }
}

#[tokio::test]
async fn every_page_of_a_user_and_of_the_frame_is_drawn() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let owner = &acme.owner.caller;
    let device = NewDevice {
        model: "yealink-t54w".to_owned(),
        mac: lineside_model::device::Mac::parse("805ec0aabbcc").ok(),
        label: None,
        user_id: Some(acme.user.id),
    };
    house.apply(owner, Change::AddDevice { device }).await.unwrap();
    house.apply(owner, Change::SendWelcome { user_ids: vec![acme.user.id] }).await.unwrap();
    house.apply(owner, Change::SetWizard { user_id: acme.user.id, wizard: Some(WizardStep::E911) }).await.unwrap();
    let cookie = portal.session(&acme.owner).await;
    let id = acme.user.id.to_string();
    let mut drawn = 0;
    for endpoint in
        endpoints().iter().filter(|endpoint| endpoint.method == Method::GET && endpoint.who != Access::Operator)
    {
        let of_users = endpoint.path.starts_with("/users") || !endpoint.path.contains('{');
        let no_page = [
            "/users/{id}/greeting.wav",
            "/live",
            "/healthz",
            "/users/suggest-username",
            "/users/free-numbers",
            "/users/views/{id}",
            "/",
        ];
        if !of_users || no_page.contains(&endpoint.path) {
            continue;
        }
        let path = endpoint.path.replace("{id}", &id).replace("{track}", "voice");
        let page = portal.get(&path, &cookie).await;
        if page.status == StatusCode::SEE_OTHER {
            continue;
        }
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        if page.body.starts_with("<!doctype html>") {
            check(&path, &page);
            drawn += 1;
        }
    }
    assert!(drawn >= 15, "{drawn}");
    for path in ["/sign-in", "/forgot-password", "/nothing-here"] {
        check(path, &portal.get(path, "").await);
    }
}

#[tokio::test]
async fn an_empty_account_is_taught_its_first_steps() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.owner).await;
    let page = portal.get("/home", &cookie).await;
    let steps = page.texts(".check b");
    assert_eq!(steps[..2], ["1. Add a location", "2. Add phone numbers and seats"]);
    assert!(page.texts(".note").iter().any(|note| note.contains("No mail server is configured")));
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_filtered_by_its_address() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.owner).await;
    let names = async |path: &str| portal.get(path, &cookie).await.texts("a.person");
    assert_eq!(names("/users").await, ["Ana Admin", "Ana Owner", "Ana User"]);
    assert_eq!(names("/users?dir=desc").await, ["Ana User", "Ana Owner", "Ana Admin"]);
    assert_eq!(names("/users?search=acme.ad").await, ["Ana Admin"]);
    assert_eq!(names("/users?ready=yes").await, [] as [&str; 0]);
    assert_eq!(names("/users?license_type_id=none&page=1").await.len(), 3);
    let page = portal.get("/users?search=nobody", &cookie).await;
    assert!(page.texts(".empty b")[0].contains("No user matches"));
    let page = portal.get("/users?search=ana&sort=extension", &cookie).await;
    assert_eq!(
        page.attribute("th[aria-sort=ascending] a", "href").as_deref(),
        Some("/users?search=ana&sort=extension&dir=desc")
    );
}

#[tokio::test]
async fn home_counts_who_lacks_what_and_leads_to_exactly_those() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let numbers = vec![lineside_model::phone_number::E164::parse("+1 480 555 0143").unwrap()];
    let kind = lineside_model::phone_number::NumberKind::Landline;
    let add = Change::AddNumbers { numbers, kind, location_id: None };
    let (_, plan) = house.apply(&acme.owner.caller, add).await.unwrap();
    let number_id = lineside_model::id::NumberId(plan.steps[0].after.as_ref().unwrap().id());
    let assign = Change::AssignNumber { number_id, user_id: Some(acme.user.id) };
    house.apply(&acme.owner.caller, assign).await.unwrap();
    let cookie = portal.session(&acme.owner).await;
    let home = portal.get("/home", &cookie).await;
    let mut seen = 0;
    for (word, users) in [("license", 3), ("number", 2), ("e911", 3)] {
        let link = format!("/users?missing={word}");
        let said = home.texts(&format!(".check:has(a[href='{link}']) b"));
        assert_eq!(said, [users.to_string()], "{word}");
        let list = portal.get(&link, &cookie).await;
        assert_eq!(list.texts("a.person").len(), users, "{word}");
        assert_eq!(list.attribute("#filter-missing option[selected]", "value").as_deref(), Some(word));
        seen += 1;
    }
    assert_eq!(home.texts(".check a[href^='/users?']").len(), seen, "{}", home.body);
}

#[tokio::test]
async fn names_are_text_wherever_they_stand() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let profile = lineside_testkit::service::profile("<img src=x>", "\"><script>", "acme.evil");
    let user = lineside_testkit::service::new_user(&profile, lineside_model::user::Role::User).unwrap();
    let (request, _) = house.apply(&acme.owner.caller, Change::AddUser { user: Box::new(user) }).await.unwrap();
    let cookie = portal.session(&acme.owner).await;
    for path in [
        "/users".to_owned(),
        format!("/users/{}", request.new_user_id()),
        format!("/users/{}/edit", request.new_user_id()),
    ] {
        let page = portal.get(&path, &cookie).await;
        assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>"), "{path}");
    }
}
