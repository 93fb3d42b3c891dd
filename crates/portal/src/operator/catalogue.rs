//! The catalogue: tracks, license types, what they give and require.

use askama::Template;
use lineside_model::license::{LicenseType, Track};

use crate::frame::Frame;
use crate::license::Comparison;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator/catalogue", Access::Operator, show_catalogue)]
}

#[derive(Template)]
#[template(path = "operator/catalogue.html")]
struct CataloguePage {
    frame: Frame,
    tracks: Vec<(Track, Vec<LicenseType>, Comparison)>,
}

async fn show_catalogue(visitor: Visitor) -> Answer {
    let catalogue = visitor.service.catalogue().await?;
    let card = |track: &Track| {
        (track.clone(), catalogue.types_of(track.id).cloned().collect(), Comparison::of(&catalogue, track))
    };
    let tracks = catalogue.tracks.iter().map(card).collect();
    show(&CataloguePage { frame: visitor.frame("Catalogue").await?, tracks })
}
