//! Every address called as nobody, as a user, as an administrator of the other account, as the operator: refused as if
//! it did not exist. An address that nobody thought of fails here.

use std::collections::BTreeSet;

use crate::house::{Page, Portal, filled};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_model::import::ImportKind;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::text::Name;
use lineside_portal::{Access, endpoints};

/// Addresses whose first parameter names a record of an account, by their beginning; and those whose parameter does not.
const RECORDS: [&str; 17] = [
    "/users/{id}",
    "/users/views/{id}",
    "/locations/{id}",
    "/departments/{id}",
    "/numbers/{id}",
    "/devices/{id}",
    "/journal/{id}",
    "/schedule/{id}",
    "/imports/{id}",
    "/greetings/{id}",
    "/settings/tokens/{id}",
    "/calls/{id}",
    "/messages/{id}",
    "/recordings/{id}",
    "/test-calls/{id}",
    "/trunks/{id}",
    "/emergency-calls/{id}",
];
/// License types are the operator's: everybody has the same.
const NO_RECORDS: [&str; 7] = [
    "/me/phones/{id}",
    "/imports/files/",
    "/assets/{hash}/{name}",
    "/set-password/{token}",
    "/p/{*rest}",
    "/licensing/{type}",
    "/operator/",
];

async fn call(portal: &Portal, method: &Method, path: &str, cookie: &str) -> Page {
    let kind = if (path.ends_with("/greeting") || path == "/imports" || path == "/greetings") && *method == Method::POST
    {
        "multipart/form-data; boundary=x"
    } else {
        "application/x-www-form-urlencoded"
    };
    let change = portal.house.service.new_change_id().to_string();
    let body = match (method.is_safe(), kind.starts_with("multipart")) {
        (true, _) => String::new(),
        (_, true) => format!("--x\r\ncontent-disposition: form-data; name=\"change_id\"\r\n\r\n{change}\r\n--x--\r\n"),
        // Filled in as far as reaching the record takes.
        _ => filled(
            &[],
            &[
                ("change_id", &change),
                ("state", "active"),
                ("back", "/users"),
                ("role", "user"),
                ("track_id", "01900000-0000-7000-8000-000000000001"),
                ("number_id", "01900000-0000-7000-8000-000000000001"),
            ],
        ),
    };
    let request =
        Request::builder().method(method).uri(path).header(header::COOKIE, cookie).header(header::CONTENT_TYPE, kind);
    portal.call(request.body(Body::from(body)).unwrap()).await
}

fn path_of(pattern: &str, first: &str) -> String {
    let mut first = Some(first);
    let parts =
        pattern.split('/').map(|part| if part.starts_with('{') { first.take().unwrap_or(UNKNOWN) } else { part });
    parts.collect::<Vec<_>>().join("/")
}

const UNKNOWN: &str = "01900000-0000-7000-8000-0000000000ff";

#[tokio::test]
async fn whoever_may_not_call_an_address_is_answered_as_if_it_did_not_exist() {
    let portal = Portal::new().await;
    let (operator, acme) = (portal.sign_in("operator").await, &portal.house.acme);
    let (administrator, user) = (portal.session(&acme.administrator).await, portal.session(&acme.user).await);
    let nothing = portal.get("/there-is-no-such-page", &user).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    for endpoint in endpoints() {
        let path = path_of(endpoint.path, UNKNOWN);
        let refused: Vec<&String> = match endpoint.who {
            Access::Anyone => continue,
            Access::User => vec![&operator],
            Access::Administrator => vec![&operator, &user],
            Access::Operator => vec![&administrator, &user],
        };
        let nobody = call(&portal, &endpoint.method, &path, "").await;
        assert_eq!(nobody.status, StatusCode::SEE_OTHER, "{endpoint:?} as nobody");
        assert!(nobody.location.unwrap().starts_with("/sign-in"), "{endpoint:?} as nobody");
        for cookie in refused {
            let page = call(&portal, &endpoint.method, &path, cookie).await;
            assert_eq!((page.status, &page.body), (nothing.status, &nothing.body), "{endpoint:?}");
        }
    }
}

#[tokio::test]
async fn every_address_with_a_record_in_it_is_classified() {
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.path.contains('{')) {
        let known = RECORDS.iter().chain(&NO_RECORDS).any(|beginning| endpoint.path.starts_with(beginning));
        assert!(known, "say in RECORDS or NO_RECORDS what the parameter of {} is", endpoint.path);
    }
}

#[tokio::test]
async fn another_accounts_records_answer_as_unknown_ones_do() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let owner = &acme.owner.caller;
    let department = Change::AddDepartment { name: Name::parse("Sales").unwrap() };
    let (department, _) = house.apply(owner, department).await.unwrap();
    let device = NewDevice { model: "linphone".to_owned(), mac: None, label: None, user_id: Some(acme.user.id) };
    let (device, _) = house.apply(owner, Change::AddDevice { device }).await.unwrap();
    let numbers = vec![E164::parse("+1 480 555 0143").unwrap()];
    let add = Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: None };
    let (_, plan) = house.apply(owner, add).await.unwrap();
    let number = plan.steps[0].after.as_ref().unwrap().id().to_string();
    let license = lineside_model::license::Catalogue::default_catalogue().types[0].id;
    let date = house.service.now().date_naive().checked_add_days(chrono::Days::new(30));
    let schedule = Change::AssignLicense { user_ids: vec![acme.user.id], license_type_id: license, date };
    let (_, plan) = house.apply(owner, schedule).await.unwrap();
    let entry = plan.steps[0].after.as_ref().unwrap().id().to_string();
    let file = b"Username,First name\nacme.user,Anna\n".to_vec();
    let import = house.service.upload_import(owner, ImportKind::Users, "users.csv", file).await.unwrap().id.to_string();
    let viewed = lineside_model::user_view::Viewed::default();
    let view = house.service.save_user_view(owner, "All", true, viewed).await.unwrap().id.to_string();
    let (call_id, recording) = house.recorded_call(1, acme.user.id).await.unwrap();
    let (message, _) = house.message_left(2, acme.user.id).await.unwrap();
    let test = house.test_call_heard(3, acme.user.id).await.unwrap();
    let record = |path: &str| match path {
        path if path.starts_with("/users/views/") => view.clone(),
        path if path.starts_with("/calls/") => call_id.to_string(),
        path if path.starts_with("/recordings/") => recording.to_string(),
        path if path.starts_with("/messages/") => message.to_string(),
        path if path.starts_with("/test-calls/") => test.to_string(),
        path if path.starts_with("/users/") => acme.user.id.to_string(),
        path if path.starts_with("/departments/") => department.new_department_id().to_string(),
        path if path.starts_with("/devices/") => device.new_device_id().to_string(),
        path if path.starts_with("/numbers/") => number.clone(),
        path if path.starts_with("/schedule/") => entry.clone(),
        path if path.starts_with("/imports/") => import.clone(),
        path if path.starts_with("/journal/") => department.id.to_string(),
        _ => UNKNOWN.to_owned(),
    };
    let other = portal.session(&house.globex.administrator).await;
    let before = house.service.user(owner, acme.user.id).await.unwrap();
    let mut called = BTreeSet::new();
    for endpoint in endpoints() {
        let Some(of) = RECORDS.iter().find(|beginning| endpoint.path.starts_with(*beginning)) else { continue };
        called.insert(*of);
        let theirs = call(&portal, &endpoint.method, &path_of(endpoint.path, &record(endpoint.path)), &other).await;
        let unknown = call(&portal, &endpoint.method, &path_of(endpoint.path, UNKNOWN), &other).await;
        // Revoking a token that is gone is done already.
        if !endpoint.path.starts_with("/settings/tokens") {
            assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{endpoint:?}: {}", theirs.body);
        }
        assert_eq!((theirs.status, theirs.body), (unknown.status, unknown.body), "{endpoint:?}");
    }
    assert!(called.contains("/users/{id}"), "{called:?}");
    let after = house.service.user(owner, acme.user.id).await.unwrap();
    assert_eq!(before.user, after.user);
}

#[tokio::test]
async fn a_form_on_another_site_changes_nothing() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.method == Method::POST) {
        let request = Request::post(path_of(endpoint.path, UNKNOWN))
            .header(header::COOKIE, &cookie)
            .header("sec-fetch-site", "cross-site")
            .body(Body::empty());
        let page = portal.call(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{endpoint:?}");
    }
}

#[tokio::test]
async fn pages_tell_the_browser_to_run_nothing_of_others_and_keep_nothing() {
    let portal = Portal::new().await;
    let response = portal.raw(Request::get("/sign-in").body(Body::empty()).unwrap()).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
}
