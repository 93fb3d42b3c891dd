//! The catalogue: tracks, license types, what they give and require, and in which order. Whatever is changed is shown as a
//! plan first.

mod edit_track;
mod edit_type;
mod history;
mod order;
mod review;

use askama::Template;
use lineside_model::catalogue::{CatalogueNow, TypeUsage};
use lineside_model::license::{LicenseType, Track};

use crate::frame::Frame;
use crate::license::Comparison;
use crate::page::{Answer, show};
use crate::page_error::PageError;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

const HOME: &str = "/operator/catalogue";

pub fn routes() -> Vec<Route> {
    let list = vec![Route::get(HOME, Access::Operator, show_catalogue)];
    [list, edit_type::routes(), edit_track::routes(), order::routes(), review::routes(), history::routes()]
        .into_iter()
        .flatten()
        .collect()
}

#[derive(Template)]
#[template(path = "operator/catalogue/list.html")]
struct CataloguePage {
    frame: Frame,
    tracks: Vec<Card>,
}

/// A track with its types.
struct Card {
    track: Track,
    first: bool,
    last: bool,
    types: Vec<Row>,
    comparison: Comparison,
}

struct Row {
    license: LicenseType,
    usage: TypeUsage,
    first: bool,
    last: bool,
}

async fn show_catalogue(visitor: Visitor) -> Answer {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let last = now.catalogue.tracks.len().saturating_sub(1);
    let card = |(at, track): (usize, &Track)| Card {
        track: track.clone(),
        first: at == 0,
        last: at == last,
        types: rows(&now, track),
        comparison: Comparison::of(&now.catalogue, track),
    };
    let tracks = now.catalogue.tracks.iter().enumerate().map(card).collect();
    show(&CataloguePage { frame: visitor.frame("Catalogue").await?, tracks })
}

fn rows(now: &CatalogueNow, track: &Track) -> Vec<Row> {
    let types: Vec<&LicenseType> = now.catalogue.types_of(track.id).collect();
    let last = types.len().saturating_sub(1);
    let row = |(at, license): (usize, &LicenseType)| Row {
        usage: now.usage.of(license.id),
        license: license.clone(),
        first: at == 0,
        last: at == last,
    };
    types.into_iter().enumerate().map(row).collect()
}

/// The catalogue, and where the type stands in it.
async fn find_type(visitor: &Visitor, slug: &str) -> Result<(CatalogueNow, usize), PageError> {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let at = now.catalogue.types.iter().position(|license| license.slug == slug).ok_or(PageError::NotFound)?;
    Ok((now, at))
}

async fn find_track(visitor: &Visitor, slug: &str) -> Result<(CatalogueNow, usize), PageError> {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let at = now.catalogue.tracks.iter().position(|track| track.slug == slug).ok_or(PageError::NotFound)?;
    Ok((now, at))
}

const STALE: &str = "somebody changed the catalogue since you opened this; look at what you wrote and save again";
