//! The catalogue read and replaced as a whole.

use lineside_model::catalogue::CatalogueBlocker;
use lineside_model::catalogue::document::{Document, TrackDocument, TypeDocument};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::{OperatorCatalogueView, TrackBody, TypeBody, shown};
use crate::apply::catalogue::CatalogueEdit;
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::Shown;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Operator, routes!(show_whole_catalogue)),
        Route::change_by(Access::Operator, routes!(replace_catalogue)),
    ]
}

/// All tracks and types that there shall be, in their order. What is left out is deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueInput)]
pub struct CatalogueBody {
    /// As it was read: refused when somebody changed the catalogue since.
    version: Option<i64>,
    #[schema(example = json!([{"slug": "voice", "name": "Voice", "summary": "calls, voicemail, devices"}]))]
    tracks: Vec<TrackBody>,
    types: Vec<TypeBody>,
}

/// Show the catalogue with its version and its use
#[utoipa::path(
    get,
    path = "/operator/catalogue",
    tag = "Operator: catalogue",
    responses((status = 200, body = OperatorCatalogueView, description = "Tracks and license types, in their order"))
)]
async fn show_whole_catalogue(
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<OperatorCatalogueView>, Problem> {
    shown(&service, &caller).await.map(Shown)
}

/// Replace the catalogue
///
/// Tracks and types are known by their slugs. The plan says what is added, changed, moved and deleted, and who loses what.
#[utoipa::path(
    put,
    path = "/operator/catalogue",
    tag = "Operator: catalogue",
    request_body = CatalogueBody,
    responses((status = 200, body = OperatorCatalogueView, description = "The catalogue"))
)]
async fn replace_catalogue(ask: Ask, Body(body): Body<CatalogueBody>) -> Answer {
    let document = Document {
        tracks: body.tracks.into_iter().map(TrackDocument::from).collect(),
        types: body.types.into_iter().map(TypeDocument::from).collect(),
    };
    let edit = CatalogueEdit {
        version: body.version,
        wanted: |now: &_| Ok(document.read(now, ask.new_catalogue_ids())?),
        field_of: |blocker: &_| field_of(&document, blocker),
    };
    ask.edit_catalogue(edit, || shown(&ask.service, &ask.caller)).await
}

/// The path of the track's or type's field in the body.
fn field_of(document: &Document, blocker: &CatalogueBlocker) -> Option<String> {
    let field = blocker.field.as_deref()?;
    if blocker.slug.is_empty() {
        return Some(field.to_owned());
    }
    let of_type = document.types.iter().position(|license| license.slug == blocker.slug);
    let of_track = document.tracks.iter().position(|track| track.slug == blocker.slug);
    let record = of_type.map(|n| format!("types.{n}")).or_else(|| of_track.map(|n| format!("tracks.{n}")))?;
    Some(format!("{record}.{field}"))
}
