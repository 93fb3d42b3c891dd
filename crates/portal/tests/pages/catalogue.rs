//! The operator's catalogue, edited.

use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::license::{Catalogue, Feature};

use crate::visit::{Shown, Visit};

const PAGE: &str = "/operator/catalogue";

async fn catalogue(visit: &Visit) -> Catalogue {
    visit.house.service.catalogue().await.unwrap()
}

async fn confirm(visit: &Visit, review: &Shown) {
    let done = visit.confirm(review).await;
    assert_eq!(done.location.as_deref(), Some(PAGE), "{}", done.html);
}

#[tokio::test]
async fn a_type_is_edited_after_its_plan() {
    let visit = Visit::of("operator").await;
    let path = format!("{PAGE}/types/basic");
    let fields = [("name", "Starter"), ("feature.devices", "2"), ("requires.e911", "on")];
    let review = visit.fill(&path, &fields).await;
    assert!(review.says("Change license type Starter") && review.says("a confirmed E911 address"), "{}", review.html);
    assert_eq!(catalogue(&visit).await, Catalogue::default_catalogue(), "nothing has changed yet");
    confirm(&visit, &review).await;
    // A second click changes nothing more.
    confirm(&visit, &review).await;
    let basic = catalogue(&visit).await.license_type_by_slug("basic").unwrap().clone();
    assert_eq!((basic.name.as_str(), basic.features[3]), ("Starter", Feature::Devices(2)));
    let history = visit.get(&format!("{PAGE}/history")).await;
    assert_eq!(history.texts("h2"), ["Change license type Starter"]);
    assert!(history.says("Olive Operator"), "{}", history.html);
    // Opened and saved as it is.
    let same = visit.fill(&path, &[]).await;
    assert_eq!(same.location.as_deref(), Some(PAGE), "{}", same.html);
}

#[tokio::test]
async fn types_and_tracks_are_added_moved_and_deleted() {
    let visit = Visit::of("operator").await;
    let track = [("name", "Fax"), ("slug", "fax"), ("summary", "paper")];
    confirm(&visit, &visit.fill(&format!("{PAGE}/add-track"), &track).await).await;
    let fields = [
        ("name", "Fax line"),
        ("slug", "fax-line"),
        ("track", "fax"),
        ("requires.track.voice", "on"),
        ("requires.location", "us, CA"),
        ("feature.mobile-data", "7"),
    ];
    confirm(&visit, &visit.fill(&format!("{PAGE}/add-type"), &fields).await).await;
    let file = lineside_model::catalogue::file::write(&catalogue(&visit).await);
    assert!(file.contains("requires = [\"track:voice\", \"location:US,CA\"]"), "{file}");
    assert!(file.contains("features = [\"mobile-data:7\"]"), "{file}");
    confirm(&visit, &visit.get(&format!("{PAGE}/types/business/up")).await).await;
    confirm(&visit, &visit.get(&format!("{PAGE}/tracks/fax/up")).await).await;
    let now = catalogue(&visit).await;
    assert_eq!((now.types[0].slug.as_str(), now.tracks[2].slug.as_str()), ("business", "fax"));
    confirm(&visit, &visit.get(&format!("{PAGE}/types/fax-line/delete")).await).await;
    confirm(&visit, &visit.get(&format!("{PAGE}/tracks/fax/delete")).await).await;
    assert!(catalogue(&visit).await.track_by_slug("fax").is_none());
    let nothing = visit.get(&format!("{PAGE}/types/business/up")).await;
    assert_eq!(nothing.location.as_deref(), Some(PAGE));
    assert_eq!(visit.get(&format!("{PAGE}/types/business/sideways")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(visit.get(&format!("{PAGE}/types/gold")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_in_use_is_retired_and_not_deleted() {
    let visit = Visit::of("operator").await;
    let basic = Catalogue::default_catalogue().license_type_by_slug("basic").unwrap().id;
    let bought = Change::SetSeats { license_type_id: basic, bought: 5, bound: None };
    visit.house.apply(&visit.house.acme.owner.caller, bought).await.unwrap();
    let blocked = visit.get(&format!("{PAGE}/types/basic/delete")).await;
    assert!(blocked.says("5 seats are bought; retire it"), "{}", blocked.html);
    let again = visit.confirm(&blocked).await;
    assert!(again.says("This can't be done yet"), "{}", again.html);
    confirm(&visit, &visit.get(&format!("{PAGE}/types/basic/retire")).await).await;
    assert!(visit.get(PAGE).await.says("Basic retired"));
    confirm(&visit, &visit.get(&format!("{PAGE}/types/basic/bring-back")).await).await;
    assert_eq!(catalogue(&visit).await, Catalogue::default_catalogue());
}

#[tokio::test]
async fn what_is_wrong_comes_back_beside_its_field() {
    let visit = Visit::of("operator").await;
    let path = format!("{PAGE}/types/basic");
    for (field, value, words) in [
        ("name", "", "fill in a name"),
        ("feature.devices", "900", "1 to 255"),
        ("feature.devices", "many", "1 to 255"),
        ("requires.location", "USA", "two letters"),
    ] {
        let shown = visit.fill(&path, &[(field, value)]).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(shown.error(field).unwrap_or_default().contains(words), "{field}: {}", shown.html);
    }
    let taken = [("name", "Another"), ("slug", "basic"), ("track", "voice")];
    let shown = visit.fill(&format!("{PAGE}/add-type"), &taken).await;
    assert!(shown.error("slug").is_some(), "{}", shown.html);
    let shown = visit.fill(&format!("{PAGE}/add-track"), &[("name", "Another"), ("slug", "voice")]).await;
    assert!(shown.error("slug").is_some(), "{}", shown.html);
}

#[tokio::test]
async fn the_second_of_two_operators_sees_that_the_catalogue_changed() {
    let visit = Visit::of("operator").await;
    let path = format!("{PAGE}/types/basic");
    let (first, second) =
        (visit.fill(&path, &[("name", "First")]).await, visit.fill(&path, &[("name", "Second")]).await);
    let opened = visit.get(&path).await;
    confirm(&visit, &first).await;
    let moved = visit.confirm(&second).await;
    assert!(moved.says("The catalogue changed since you opened this"), "{}", moved.html);
    assert_eq!(catalogue(&visit).await.types[0].name, "First");
    let (_, fields) = opened.form(&[("name", "Third")]);
    let stale = visit.post(&path, &fields).await;
    assert!(stale.error("name").unwrap().contains("somebody changed the catalogue"), "{}", stale.html);
    confirm(&visit, &moved).await;
    assert_eq!(catalogue(&visit).await.types[0].name, "Second");
}
