//! Every form and every address with what no person types: NUL, control characters, broken UTF-8, far too much, the wrong
//! type. It is refused, or passed over; nothing breaks, on either engine.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request, header};
use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_model::license::Catalogue;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::text::Name;
use lineside_portal::endpoints;
use lineside_testkit::database::Engine;
use scraper::{ElementRef, Html, Selector};

use crate::house::Portal;

/// As they stand in a query or a form.
const ODD: [&str; 5] = ["a%00b", "%01%09%0A%7F%C2%85%E2%80%AE", "%FF%FE", "%25'%22%3C_", "9223372036854775807"];
/// Parameters that no form has a field for.
const NAMELESS: [&str; 8] = ["page", "sort", "dir", "next", "signed_out", "license", "missing", "number_search"];
/// What a form's empty fields are filled in with, so that it comes as far as it can.
const FILLED: [(&str, &str); 16] = [
    ("first_name", "Odd"),
    ("last_name", "Input"),
    ("username", "odd.input"),
    ("email", "odd@acme.example"),
    ("name", "Odd"),
    ("numbers", "+1 480 555 0177"),
    ("model", "yealink-t54w"),
    ("mac", "80:5e:c0:00:77:77"),
    ("street_number", "1"),
    ("street_name", "Odd Street"),
    ("city", "Phoenix"),
    ("region", "AZ"),
    ("postal_code", "85012"),
    ("country", "US"),
    ("bought", "5"),
    ("user", "ana user"),
];

/// A form as a page shows it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    way: Way,
    action: String,
    fields: BTreeMap<String, String>,
}

/// [`Method`] has no order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Get,
    Post,
}

#[tokio::test]
async fn odd_input_breaks_nothing_on_sqlite() {
    odd_input_breaks_nothing(Engine::Sqlite, &ODD).await;
}

#[tokio::test]
async fn odd_input_breaks_nothing_on_postgres() {
    // What this engine takes otherwise than SQLite does: NUL, and numbers out of range.
    odd_input_breaks_nothing(Engine::Postgres, &[ODD[0], ODD[4]]).await;
}

async fn odd_input_breaks_nothing(engine: Engine, odd: &[&str]) {
    let long = "x".repeat(3_000);
    let odd_values = || odd.iter().copied().chain([long.as_str(), "262142-12-31"]).map(str::to_owned);
    let Some(portal) = Portal::on(engine).await else { return };
    let records = records(&portal).await;
    let (owner, operator) = (portal.session(&portal.house.acme.owner).await, portal.sign_in("operator").await);
    let mut wrong = Vec::new();
    let mut forms = BTreeSet::new();
    for endpoint in endpoints() {
        let cookie = if endpoint.path.starts_with("/operator") { &operator } else { &owner };
        let path = filled_in(endpoint.path, &records);
        if endpoint.method == Method::GET && endpoint.path != "/live" {
            let page = portal.get(&path, cookie).await;
            forms.extend(forms_of(&page.body, &path).into_iter().map(|form| (form, cookie)));
            for odd in odd_values() {
                let fields = NAMELESS.map(|name| (name.to_owned(), odd.clone()));
                check(&portal, &path, &fields, Way::Get, cookie, &mut wrong).await;
            }
        }
        if endpoint.path.contains('{') {
            for odd in ["%00", "%FF", "a%00b", "x"] {
                let path = filled_in(endpoint.path, &|_: &str| odd.to_owned());
                let way = if endpoint.method == Method::GET { Way::Get } else { Way::Post };
                check(&portal, &path, &[], way, cookie, &mut wrong).await;
            }
        }
    }
    assert!(forms.len() > 30, "{} forms", forms.len());
    for (form, cookie) in forms {
        for name in form.fields.keys() {
            for odd in odd_values() {
                let change = portal.house.service.new_change_id().to_string();
                let fields: Vec<(String, String)> = form
                    .fields
                    .iter()
                    .map(|(field, value)| match field.as_str() {
                        field if field == name => (field.to_owned(), odd.clone()),
                        "change_id" => ("change_id".to_owned(), change.clone()),
                        field => (field.to_owned(), encoded(value)),
                    })
                    .collect();
                check(&portal, &form.action, &fields, form.way, cookie, &mut wrong).await;
            }
        }
    }
    let reviewed = r#"{"id":"CHANGE","change":{"change":"set_greeting","user_id":"USER","file_name":"a\u0000","duration_ms":1,"audio":"\u0000"}}"#;
    let reviewed = reviewed
        .replace("CHANGE", &portal.house.service.new_change_id().to_string())
        .replace("USER", &portal.house.acme.user.id.to_string());
    let fields = [("request".to_owned(), encoded(&reviewed)), ("fingerprint".to_owned(), String::new())];
    check(&portal, "/review", &fields, Way::Post, &owner, &mut wrong).await;
    assert!(wrong.is_empty(), "{} requests:\n{}", wrong.len(), wrong.join("\n"));
}

async fn check(
    portal: &Portal,
    path: &str,
    fields: &[(String, String)],
    way: Way,
    cookie: &str,
    wrong: &mut Vec<String>,
) {
    let body = fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let request = match way {
        Way::Get => Request::get(if body.is_empty() { path.to_owned() } else { format!("{path}?{body}") }),
        Way::Post => Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
    };
    let sent = if way == Way::Post { Body::from(body.clone()) } else { Body::empty() };
    let page = portal.call(request.header(header::COOKIE, cookie).body(sent).unwrap()).await;
    let status = page.status.as_u16();
    let ours = status < 400 || page.body.starts_with("<!doctype html>") || path.starts_with("/p/");
    if status >= 500 || !ours {
        let body: String = body.chars().take(300).collect();
        let said: String = page.body.chars().take(80).collect();
        wrong.push(format!("{status} {path} {body}: {said}"));
    }
}

/// One record of each kind: what stands for `{…}` in an address.
async fn records(portal: &Portal) -> impl Fn(&str) -> String + use<> {
    let (house, acme) = (&portal.house, &portal.house.acme);
    let owner = &acme.owner.caller;
    let department = Change::AddDepartment { name: Name::parse("Sales").unwrap() };
    let (department, _) = house.apply(owner, department).await.unwrap();
    let device = NewDevice { model: "generic".to_owned(), mac: None, label: None, user_id: Some(acme.user.id) };
    let (device, _) = house.apply(owner, Change::AddDevice { device }).await.unwrap();
    let numbers = vec![E164::parse("+1 480 555 0143").unwrap()];
    let add = Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: None };
    let (_, plan) = house.apply(owner, add).await.unwrap();
    let basic = Catalogue::default_catalogue().license_type_by_slug("basic").unwrap().id;
    house.apply(owner, Change::SetSeats { license_type_id: basic, bought: 5, bound: None }).await.unwrap();
    let known = [
        ("/users/", acme.user.id.to_string()),
        ("/departments/", department.new_department_id().to_string()),
        ("/devices/", device.new_device_id().to_string()),
        ("/numbers/", plan.steps[0].after.as_ref().unwrap().id().to_string()),
        ("/journal/", department.id.to_string()),
        ("/licensing/", "basic".to_owned()),
        ("/operator/accounts/", acme.id.to_string()),
        ("/operator/catalogue/types/", "basic".to_owned()),
        ("/operator/catalogue/tracks/", "upgrades".to_owned()),
    ];
    move |path: &str| {
        let found = known.iter().find(|(beginning, _)| path.starts_with(beginning));
        found.map_or_else(|| "unknown".to_owned(), |(_, id)| id.clone())
    }
}

fn filled_in(pattern: &str, record: &impl Fn(&str) -> String) -> String {
    let parts = pattern.split('/').map(|part| if part.starts_with('{') { record(pattern) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("/")
}

fn forms_of(page: &str, path: &str) -> Vec<Form> {
    let html = Html::parse_document(page);
    let forms = Selector::parse("main form").unwrap();
    let form = |form: ElementRef<'_>| {
        let action = form.value().attr("action").unwrap_or(path).to_owned();
        let post = form.value().attr("method") == Some("post");
        let upload = form.value().attr("enctype") == Some("multipart/form-data");
        let fields = fields_of(&form);
        (!upload).then_some(Form { way: if post { Way::Post } else { Way::Get }, action, fields })
    };
    html.select(&forms).filter_map(form).collect()
}

fn fields_of(form: &ElementRef<'_>) -> BTreeMap<String, String> {
    let controls = Selector::parse("input[name], select[name], textarea[name]").unwrap();
    let chosen = Selector::parse("option[selected]").unwrap();
    let mut fields = BTreeMap::new();
    for control in form.select(&controls) {
        let element = control.value();
        let name = element.attr("name").unwrap();
        let shown = match element.name() {
            "select" => control.select(&chosen).next().and_then(|option| option.value().attr("value")),
            _ => element.attr("value"),
        };
        let filled = FILLED.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| *value);
        let value = shown.filter(|value| !value.is_empty()).unwrap_or(filled);
        fields.insert(name.to_owned(), value.to_owned());
    }
    fields
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
