//! Phone numbers in the portal.

use crate::visit::Visit;
use axum::http::StatusCode;
use lineside_model::list::NumberFilter;

async fn with_range() -> Visit {
    let visit = Visit::owner().await;
    let added = visit.fill("/numbers/add", &[("numbers", "480 555 0100 - 0159\n602 555 0110")]).await;
    // More than one record: the plan comes first.
    assert!(added.says("Add 61 landline numbers"), "{}", added.html);
    assert_eq!(visit.confirm(&added).await.location.as_deref(), Some("/numbers"));
    visit
}

async fn number_id(visit: &Visit, digits: &str) -> String {
    let filter = NumberFilter { search: digits.to_owned(), page: 1, ..NumberFilter::default() };
    let page = visit.house.service.numbers(&visit.house.acme.owner.caller, &filter).await.unwrap();
    page.rows[0].number.id.to_string()
}

#[tokio::test]
async fn a_range_is_added_after_its_plan_and_listed_fifty_a_page() {
    let visit = with_range().await;
    let first = visit.get("/numbers").await;
    assert_eq!(first.texts("tbody tr").len(), 50);
    assert!(
        first.says("61 entries, page 1 of 2") && first.has("a[rel=next][href='/numbers?page=2']"),
        "{}",
        first.html
    );
    assert_eq!(visit.get("/numbers?page=2").await.texts("tbody tr").len(), 11);
}

#[tokio::test]
async fn a_second_submit_of_add_numbers_is_answered_as_the_first() {
    let visit = Visit::owner().await;
    for numbers in ["480 555 0100", "480 555 0101 - 0103"] {
        let (_, fields) = visit.get("/numbers/add").await.form(&[("numbers", numbers)]);
        let first = visit.post("/numbers/add", &fields).await;
        let done = if first.location.is_some() { first } else { visit.confirm(&first).await };
        assert_eq!(done.location.as_deref(), Some("/numbers"), "{}", done.html);
        let again = visit.post("/numbers/add", &fields).await;
        assert_eq!((again.status, again.location, again.done), (done.status, done.location, done.done));
    }
    assert_eq!(visit.get("/numbers").await.texts("tbody tr").len(), 4);
    let (_, another) = visit.get("/numbers/add").await.form(&[("numbers", "480 555 0100")]);
    let refused = visit.post("/numbers/add", &another).await;
    assert!(refused.error("numbers").is_some(), "another form is another change: {}", refused.html);
}

#[tokio::test]
async fn the_address_filters() {
    let visit = with_range().await;
    let found = visit.get("/numbers?search=602&state=free").await;
    assert_eq!(found.texts("tbody th"), ["+1 602 555 0110"]);
    assert!(found.has("option[value=free][selected]") && found.has("input[name=search][value='602']"));
    assert!(visit.get("/numbers?state=assigned").await.says("No number fits"));
}

#[tokio::test]
async fn every_wrong_line_of_a_list_is_named() {
    let visit = Visit::owner().await;
    let shown = visit.fill("/numbers/add", &[("numbers", "480 555 0100\n4.67E+10\n911")]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let error = shown.error("numbers").unwrap();
    assert!(error.contains("line 2") && error.contains("line 3"), "{error}");
    assert!(shown.texts("textarea")[0].starts_with("480 555 0100"));
}

#[tokio::test]
async fn a_number_is_given_to_a_user_who_is_searched_for_and_taken_back() {
    let visit = with_range().await;
    let id = number_id(&visit, "4805550100").await;
    let picker = visit.get(&format!("/numbers/{id}/assign?search=admin")).await;
    assert_eq!(picker.texts("label.pick b"), ["Ana Admin"], "{}", picker.html);
    let user = visit.house.acme.administrator.id.to_string();
    let done = visit.fill(&format!("/numbers/{id}/assign?search=admin"), &[("user_id", &user)]).await;
    assert_eq!(done.location.as_deref(), Some("/numbers"), "{}", done.html);
    assert!(visit.get("/numbers?state=assigned").await.says("Ana Admin"));

    let plan = visit.get(&format!("/numbers/{id}/take-back")).await;
    assert!(plan.says("keeps no phone number"), "{}", plan.html);
    visit.confirm(&plan).await;
    assert!(visit.get("/numbers?state=assigned").await.says("No number fits"));
}

#[tokio::test]
async fn nobody_chosen_is_said_beside_the_choice() {
    let visit = with_range().await;
    let id = number_id(&visit, "4805550100").await;
    let shown = visit.fill(&format!("/numbers/{id}/assign"), &[]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shown.error("user_id").as_deref(), Some("choose the user who gets this number"));
}

#[tokio::test]
async fn a_number_of_another_account_is_not_there() {
    let visit = with_range().await;
    let id = number_id(&visit, "4805550100").await;
    let other = visit.sign_in("globex.owner").await;
    assert_eq!(other.get(&format!("/numbers/{id}/assign")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get(&format!("/numbers/{id}/take-back")).await.status, StatusCode::NOT_FOUND);
    assert!(other.get("/numbers").await.says("The inventory of your phone numbers"));
}

/// A landline number that ports in for the user; gives its page.
async fn porting(visit: &Visit) -> String {
    let fields = [("numbers", "480 555 0177"), ("kind", "landline"), ("ports_on", "2027-03-01")];
    let added = visit.fill("/numbers/add", &fields).await;
    assert_eq!(added.location.as_deref(), Some("/numbers"), "{}", added.html);
    let list = visit.get("/numbers?state=porting_in").await;
    assert!(list.says("porting in on 1 March 2027"), "{}", list.html);
    let page = list.page();
    let link = page.select(&scraper::Selector::parse("td a[href$='/port']").unwrap()).next().unwrap();
    link.value().attr("href").unwrap().to_owned()
}

#[tokio::test]
async fn a_number_that_ports_in_is_promised_moved_and_completed() {
    let visit = Visit::owner().await;
    let port = porting(&visit).await;
    let assign = port.replace("/port", "/assign");
    let user = visit.house.acme.user.id.to_string();
    let promised = visit.fill(&format!("{assign}?search=user"), &[("user_id", &user)]).await;
    assert_eq!(promised.location.as_deref(), Some("/numbers"), "{}", promised.html);
    let shown = visit.get(&port).await;
    assert!(shown.says("for "), "{}", shown.html);
    let wrong = visit.fill(&port, &[("ports_on", "2001-01-01")]).await;
    assert!(wrong.error("ports_on").unwrap().starts_with("choose a date from"), "{}", wrong.html);
    let moved = visit.fill(&port, &[("ports_on", "2027-03-05")]).await;
    assert_eq!(moved.location.as_deref(), Some("/numbers"), "{}", moved.html);
    assert!(visit.get("/numbers").await.says("on 5 March 2027"));
    let completed = visit.confirm(&visit.get(&port.replace("/port", "/complete-port")).await).await;
    assert_eq!(completed.location.as_deref(), Some("/numbers"), "{}", completed.html);
    assert!(visit.get(&format!("/users/{user}")).await.says("+1 480 555 0177"));
    assert_eq!(visit.get(&port).await.status, StatusCode::NOT_FOUND, "it is there");
}

#[tokio::test]
async fn the_assign_dialog_offers_to_wait_for_the_port() {
    let visit = Visit::owner().await;
    let port = porting(&visit).await;
    let user = visit.house.acme.user.id.to_string();
    visit.fill(&format!("{}?search=user", port.replace("/port", "/assign")), &[("user_id", &user)]).await;
    let business = lineside_model::license::Catalogue::default_catalogue().license_type_by_slug("business").unwrap().id;
    let seats = lineside_model::change::Change::SetSeats { license_type_id: business, bought: 5, bound: None };
    visit.house.apply(&visit.house.acme.owner.caller, seats).await.unwrap();
    let dialog = format!("/licensing/assign?user_ids={user}&license_type_id={business}&step=requirements");
    let opened = visit.get(&dialog).await;
    assert!(opened.says("Wait for the port: assign on 1 March 2027"), "{}", opened.html);
    let (action, mut fields) = opened.form(&[]);
    fields.push(("to".to_owned(), "on:2027-03-01".to_owned()));
    let waiting = visit.post(&action.unwrap(), &fields).await;
    assert!(waiting.says("Requirements are met"), "{}", waiting.html);
    let (action, fields) = waiting.form(&[]);
    let review = visit.post(&action.unwrap(), &fields).await;
    let done = visit.confirm(&review).await;
    assert_eq!(done.location, Some(format!("/users/{user}")), "{}", done.html);
}
