//! The catalogue as the operator edits it: as a whole, or one track or type at a time. All of it has one version.

pub mod edit_track;
pub mod edit_type;
pub mod history;
pub mod order;
pub mod replace;
pub mod view;

use lineside_model::catalogue::CatalogueBlocker;
use lineside_model::catalogue::document::Document;
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::license::{Catalogue, LicenseType, Track};

use crate::apply::Ask;
use crate::license::{track_called, type_called};
use crate::problem::Problem;
use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [replace::routes(), edit_type::routes(), edit_track::routes(), order::routes(), history::routes()]
        .into_iter()
        .flatten()
        .collect()
}

fn find_type<'a>(catalogue: &'a Catalogue, text: &str) -> Result<&'a LicenseType, Problem> {
    type_called(catalogue, text).ok_or_else(Problem::not_found)
}

fn find_track<'a>(catalogue: &'a Catalogue, text: &str) -> Result<&'a Track, Problem> {
    track_called(catalogue, text).ok_or_else(Problem::not_found)
}

/// A document in which one record was written, as a catalogue. Errors of that record bear the body's names.
fn read(ask: &Ask, document: &Document, now: &Catalogue, record: &str) -> Result<Catalogue, Problem> {
    let placed = |FieldError { field, message }: FieldError| {
        let field = field.strip_prefix(record).and_then(|field| field.strip_prefix('.')).unwrap_or(&field).to_owned();
        FieldError { field, message }
    };
    let read = document.read(now, ask.new_catalogue_ids());
    Ok(read.map_err(|errors| FieldErrors(errors.0.into_iter().map(placed).collect()))?)
}

/// Where blockers of the only record that was sent belong.
fn field_of_one(slug: &str) -> impl Fn(&CatalogueBlocker) -> Option<String> {
    move |blocker| if blocker.slug == slug { blocker.field.clone() } else { None }
}
