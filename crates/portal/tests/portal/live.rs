//! Lamps follow without the page being loaded anew.

use axum::body::Body;
use axum::http::{Request, header};
use futures_util::StreamExt;
use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_model::phone_number::{E164, NumberKind};

use crate::house::Portal;

async fn stream(portal: &Portal, users: &str, cookie: &str) -> axum::body::BodyDataStream {
    let request = Request::get(format!("/live?users={users}")).header(header::COOKIE, cookie).body(Body::empty());
    let response = portal.raw(request.unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    response.into_body().into_data_stream()
}

async fn next(stream: &mut axum::body::BodyDataStream) -> String {
    String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_change_lights_the_lamp_on_the_open_page() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let cookie = portal.session(&acme.administrator).await;
    let id = acme.user.id.to_string();
    let mut stream = stream(&portal, &id, &cookie).await;
    let first = next(&mut stream).await;
    assert!(first.contains("event: lamps") && first.contains("Number: missing"), "{first}");
    let add = Change::AddNumbers {
        numbers: vec![E164::parse("+1 480 555 0143").unwrap()],
        kind: NumberKind::Landline,
        location_id: None,
    };
    let (_, plan) = house.apply(&acme.owner.caller, add).await.unwrap();
    let number_id = lineside_model::id::NumberId(plan.steps[0].after.as_ref().unwrap().id());
    let give = Change::AssignNumber { number_id, user_id: Some(acme.user.id) };
    house.apply(&acme.owner.caller, give).await.unwrap();
    let second = next(&mut stream).await;
    assert!(second.contains("Number: ready") && second.contains(&format!("data-lamps=\"{id}\"")), "{second}");
}

#[tokio::test]
async fn nobody_hears_of_another_account_or_of_others() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let both = format!("{},{}", acme.user.id, acme.owner.id);
    let other = portal.session(&house.globex.administrator).await;
    assert!(!next(&mut stream(&portal, &both, &other).await).await.contains("data-lamps"));
    let user = portal.session(&acme.user).await;
    let mut own = stream(&portal, &both, &user).await;
    let device = NewDevice { model: "linphone".to_owned(), mac: None, label: None, user_id: Some(acme.owner.id) };
    house.apply(&acme.owner.caller, Change::AddDevice { device }).await.unwrap();
    for strips in [next(&mut own).await, next(&mut own).await] {
        assert!(!strips.contains(&acme.owner.id.to_string()), "{strips}");
    }
}

#[tokio::test]
async fn counts_of_the_account_follow_a_change_and_not_a_registration() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let cookie = portal.session(&acme.administrator).await;
    let mut stream = stream(&portal, "&account=1", &cookie).await;
    let first = next(&mut stream).await;
    assert!(first.contains("event: account") && first.contains("<span data-count=\"/schedule\"></span>"), "{first}");
    let business = lineside_model::license::Catalogue::default_catalogue().license_type_by_slug("business").unwrap().id;
    let seats = Change::SetSeats { license_type_id: business, bought: 5, bound: None };
    house.apply(&acme.owner.caller, seats).await.unwrap();
    let date = Some(house.service.now().date_naive() + chrono::Days::new(9));
    let schedule = Change::AssignLicense { user_ids: vec![acme.user.id], license_type_id: business, date };
    house.apply(&acme.owner.caller, schedule).await.unwrap();
    let mut heard = String::new();
    while !heard.contains("<span data-count=\"/schedule\">1</span>") {
        heard = next(&mut stream).await;
    }
}

#[tokio::test]
async fn nobody_without_rights_hears_of_the_account() {
    let portal = Portal::new().await;
    let acme = &portal.house.acme;
    let user = portal.session(&acme.user).await;
    let mut own = stream(&portal, &format!("{}&account=1", acme.user.id), &user).await;
    let department = lineside_model::text::Name::parse("Sales").unwrap();
    portal.house.apply(&acme.owner.caller, Change::AddDepartment { name: department }).await.unwrap();
    let give = Change::SetUserState {
        user_ids: vec![acme.user.id],
        state: lineside_model::user::UserState::Active,
        date: None,
    };
    portal.house.apply(&acme.owner.caller, give).await.unwrap();
    assert!(next(&mut own).await.contains("event: lamps"));
}
