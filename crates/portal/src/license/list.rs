//! Licensing: track by track what was bought, assigned and is free, and what each type gives.

use askama::Template;
use lineside_model::license::{Catalogue, LicenseType, Seats, Track};

use super::{Comparison, bought_and_used};
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/licensing", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "license/list.html")]
struct ListPage {
    frame: Frame,
    tracks: Vec<TrackCard>,
}

struct TrackCard {
    track: Track,
    types: Vec<TypeRow>,
    comparison: Comparison,
}

struct TypeRow {
    license: LicenseType,
    bought: i64,
    used: i64,
    form: Form,
}

impl TypeRow {
    fn free(&self) -> i64 {
        self.bought - self.used
    }
}

async fn list(visitor: Visitor) -> Answer {
    let catalogue = visitor.service.catalogue().await?;
    let seats = visitor.service.seats(&visitor.caller).await?;
    let card = |track: &Track| TrackCard {
        track: track.clone(),
        types: type_rows(&visitor, &catalogue, track, &seats),
        comparison: Comparison::of(&catalogue, track),
    };
    let tracks = catalogue.tracks.iter().map(card).collect();
    show(&ListPage { frame: visitor.frame("Licensing").await?, tracks })
}

/// A retired type is shown while somebody holds it.
fn type_rows(visitor: &Visitor, catalogue: &Catalogue, track: &Track, seats: &[Seats]) -> Vec<TypeRow> {
    let row = |license: &LicenseType| {
        let (bought, used) = bought_and_used(seats, license.id);
        let form = Form::empty(visitor.service.new_change_id())
            .prefixed(&format!("{}-", license.slug))
            .with("bought", bought.to_string());
        TypeRow { license: license.clone(), bought, used, form }
    };
    catalogue.types_of(track.id).map(row).filter(|row| !row.license.retired || row.bought > 0).collect()
}
