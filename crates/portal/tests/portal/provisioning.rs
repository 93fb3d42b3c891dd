//! What phones get, and what everybody else gets.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use lineside_model::change::Change;
use lineside_model::device::NewDevice;

use crate::house::Portal;

#[tokio::test]
async fn everything_that_is_not_right_is_the_same_answer() {
    let portal = Portal::new().await;
    let (house, acme) = (&portal.house, &portal.house.acme);
    let owner = &acme.owner.caller;
    let basic = house.service.catalogue().await.unwrap().license_type_by_slug("basic").unwrap().id;
    house.apply(owner, Change::SetSeats { license_type_id: basic, bought: 1, bound: None }).await.unwrap();
    let device = NewDevice { model: "linphone".to_owned(), mac: None, label: None, user_id: Some(acme.user.id) };
    let (request, _) = house.apply(owner, Change::AddDevice { device }).await.unwrap();
    let device = house.service.device(owner, request.new_device_id()).await.unwrap();
    let url = house.service.provisioning_url(&device.device).unwrap().unwrap();
    let path = url.strip_prefix("http://phones.test").unwrap().to_owned();
    let unlicensed = portal.get(&path, "").await;

    let assign = Change::AssignLicense { user_ids: vec![acme.user.id], license_type_id: basic, date: None };
    house.apply(owner, assign).await.unwrap();
    let file = portal.get(&path, "").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert!(file.body.contains("<config"), "{}", file.body);

    let secret = path.split('/').nth(2).unwrap();
    let wrong_secret = path.replace(secret, &"A".repeat(secret.len()));
    let wrong = [
        format!("/p/{secret}/805ec0aabbcc.cfg"),
        format!("/p/{secret}"),
        format!("/p/{secret}/"),
        wrong_secret,
        "/p/".to_owned(),
        "/p/x/y/z".to_owned(),
    ];
    for path in wrong {
        let page = portal.get(&path, "").await;
        assert_eq!((page.status, &page.body), (StatusCode::NOT_FOUND, &unlicensed.body), "{path}");
    }
    let posted = portal.post(&path, "", "").await;
    assert_eq!((posted.status, posted.body), (StatusCode::NOT_FOUND, unlicensed.body));
    house.apply(owner, Change::LockDevice { device_id: request.new_device_id(), locked: true }).await.unwrap();
    assert_eq!(portal.get(&path, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_guesses_is_held_up_and_phones_elsewhere_are_not() {
    let portal = Portal::new().await;
    let guess = async |from: &str| {
        let mut request = Request::get("/p/guess/linphone.xml").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(from.parse::<std::net::SocketAddr>().unwrap()));
        portal.call(request).await.status
    };
    for _ in 0..120 {
        assert_eq!(guess("192.0.2.1:4000").await, StatusCode::NOT_FOUND);
    }
    assert_eq!(guess("192.0.2.1:4001").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess("192.0.2.2:4000").await, StatusCode::NOT_FOUND);
    portal.house.clock.turn(chrono::TimeDelta::minutes(1));
    assert_eq!(guess("192.0.2.1:4001").await, StatusCode::NOT_FOUND);
}
