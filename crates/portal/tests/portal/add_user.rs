//! Add user, as somebody without scripts walks through it.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::list::UserFilter;
use lineside_model::location::SiteInput;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::readiness::Lamp;
use lineside_model::user::WizardStep;

use crate::house::{Portal, filled};

/// A location, numbers and seats, as an account has them by then.
async fn furnish(portal: &Portal) {
    let (house, owner) = (&portal.house, &portal.house.acme.owner.caller);
    let mut site = SiteInput { name: "Phoenix HQ".into(), area_code: "480".into(), ..SiteInput::default() };
    site.address.street_number = "3550".into();
    site.address.street_name = "N Central Ave".into();
    site.address.city = "Phoenix".into();
    site.address.region = "AZ".into();
    site.address.postal_code = "85012".into();
    house.apply(owner, Change::AddLocation { site: site.parse().unwrap() }).await.unwrap();
    let numbers = ["+1 303 555 0119", "+1 480 555 0143"].map(|number| E164::parse(number).unwrap()).to_vec();
    let add = Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: None };
    house.apply(owner, add).await.unwrap();
    let business = house.service.catalogue().await.unwrap().license_type_by_slug("business").unwrap().id;
    house.apply(owner, Change::SetSeats { license_type_id: business, bought: 2, bound: None }).await.unwrap();
}

#[tokio::test]
async fn a_colleague_goes_from_a_name_to_a_device_by_forms_alone() {
    let portal = Portal::new().await;
    furnish(&portal).await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    let business = portal.house.service.catalogue().await.unwrap().license_type_by_slug("business").unwrap().id;

    let page = portal.get("/users/add", &cookie).await;
    assert_eq!(page.attribute("#extension", "value").as_deref(), Some("1001"));
    assert_eq!(page.texts("#number_id optgroup[label^=In] option"), ["+1 480 555 0143"]);
    let number = page.attribute("#number_id optgroup[label^=In] option", "value").unwrap();
    let (form, business) = (page.form("main form"), business.to_string());
    let body = filled(
        &form,
        &[
            ("first_name", "Chiara"),
            ("last_name", "Rossi"),
            ("email", "chiara@acme.example"),
            ("number_id", &number),
            ("package", &business),
        ],
    );
    let saved = portal.post("/users/add", &cookie, &body).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{:?}", saved.texts(".summary li"));
    // The same form once more: a second click.
    assert_eq!(portal.post("/users/add", &cookie, &body).await.location, saved.location);
    let e911 = saved.location.unwrap();
    assert!(e911.ends_with("/add/e911"), "{e911}");

    let page = portal.get(&e911, &cookie).await;
    assert_eq!(page.attribute("#street_name", "value").as_deref(), Some("N Central Ave"));
    assert_eq!(page.attribute("#callback", "value").as_deref(), Some("+1 480 555 0143"));
    let form = page.form("main form");
    let wrong = portal.post(&e911, &cookie, &filled(&form, &[("postal_code", "8501")])).await;
    assert_eq!(wrong.texts("#postal_code-error"), ["A ZIP code has 5 digits, or 5 + 4."]);
    assert_eq!(wrong.attribute("#postal_code", "value").as_deref(), Some("8501"));
    let saved = portal.post(&e911, &cookie, &filled(&form, &[("confirmed", "on"), ("unit", "Floor 7")])).await;
    let device = saved.location.unwrap();
    assert!(device.ends_with("/add/device"), "{device}");

    let form = portal.get(&device, &cookie).await.form("main form");
    let saved = portal.post(&device, &cookie, &filled(&form, &[("model", "linphone")])).await;
    assert_eq!(saved.location.as_deref(), Some(device.as_str()));
    let page = portal.get(&device, &cookie).await;
    assert!(page.texts("code.secret")[0].ends_with("/linphone.xml"));
    assert_eq!(page.texts(".qr svg title").len(), 1);

    let id = e911.split('/').nth(2).unwrap();
    let left = portal.get(&format!("/users/{id}"), &cookie).await;
    assert_eq!(left.attribute(".note a", "href"), Some(device.clone()), "resumed where it was left");
    let body = filled(&page.form("main form"), &[("action", "continue")]);
    let greeting = portal.post(&device, &cookie, &body).await.location.unwrap();
    assert!(greeting.ends_with("/add/greeting"), "{greeting}");

    let review = format!("/users/{id}/add/review");
    let form = portal.get(&review, &cookie).await.form("main form");
    portal.post(&review, &cookie, &filled(&form, &[])).await;
    portal.post(&review, &cookie, &filled(&form, &[])).await;

    let owner = &portal.house.acme.owner.caller;
    let user = portal.house.service.user(owner, id.parse().unwrap()).await.unwrap();
    assert_eq!(user.user.wizard, None);
    assert_eq!(user.user.profile.username.as_str(), "chiara.rossi");
    assert_eq!(user.mails.len(), 1, "one welcome mail, however often Finish is pressed");
    let lamps = user.lamps.each().map(|(_, lamp)| lamp);
    assert_eq!(lamps, [Lamp::Ready, Lamp::Ready, Lamp::Ready, Lamp::Ready, Lamp::Missing]);
    let all = portal.house.service.users(owner, &UserFilter { page: 1, ..UserFilter::default() }).await.unwrap();
    assert_eq!(all.rows.iter().filter(|row| row.last_name == "Rossi").count(), 1);
}

#[tokio::test]
async fn saving_without_a_package_asks_first() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    let form = portal.get("/users/add", &cookie).await.form("main form");
    let typed = [("first_name", "Ana"), ("last_name", "Duarte"), ("email", "ana@acme.example")];
    let asked = portal.post("/users/add", &cookie, &filled(&form, &typed)).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(asked.texts("#package-error")[0].contains("will not ring"));
    assert_eq!(asked.texts(".summary li").len(), 1);
    let again = filled(&asked.form("main form"), &[("without_license", "on")]);
    assert_eq!(portal.post("/users/add", &cookie, &again).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once_and_a_pin_does_not_come_back() {
    let portal = Portal::new().await;
    let cookie = portal.session(&portal.house.acme.administrator).await;
    let form = portal.get("/users/add", &cookie).await.form("main form");
    let typed = [
        ("first_name", ""),
        ("last_name", "Duarte"),
        ("email", "ana@"),
        ("extension", "911"),
        ("authorized_user", "on"),
        ("pin", "7777"),
    ];
    let page = portal.post("/users/add", &cookie, &filled(&form, &typed)).await;
    for field in ["first_name", "email", "extension", "pin"] {
        assert_eq!(page.texts(&format!("#{field}-error")).len(), 1, "{field}");
        assert!(page.texts(&format!(".summary a[href='#{field}']")).len() == 1, "{field}");
    }
    assert_eq!(page.attribute("#last_name", "value").as_deref(), Some("Duarte"));
    assert!(!page.body.contains("7777"));
}

#[tokio::test]
async fn a_user_left_half_way_is_found_and_resumed() {
    let portal = Portal::new().await;
    let (house, owner) = (&portal.house, &portal.house.acme.owner.caller);
    let change = Change::SetWizard { user_id: house.acme.user.id, wizard: Some(WizardStep::Device) };
    house.apply(owner, change).await.unwrap();
    let cookie = portal.session(&house.acme.administrator).await;
    let page = portal.get("/users?unfinished=on", &cookie).await;
    assert_eq!(page.texts("tbody tr").len(), 1);
    let resume = format!("/users/{}/add/device", house.acme.user.id);
    assert_eq!(page.attribute("tbody a.tag", "href"), Some(resume));
}
