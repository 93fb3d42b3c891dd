//! One track: added, changed, deleted.

use lineside_model::catalogue::document::{Document, TrackDocument};
use lineside_model::license::Catalogue;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::{OperatorTrackView, TrackBody, shown_track};
use super::{field_of_one, find_track, read};
use crate::apply::catalogue::CatalogueEdit;
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::Shown;
use crate::id::Id;
use crate::patch::overlay_trimmed;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::change_by(Access::Operator, routes!(add_track)),
        Route::new(Access::Operator, routes!(show_track)),
        Route::change_by(Access::Operator, routes!(edit_track)),
        Route::change_by(Access::Operator, routes!(delete_track)),
    ]
}

/// Fields to change. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CatalogueTrackPatch)]
pub struct TrackPatch {
    /// As it was read: refused when somebody changed the catalogue since.
    version: Option<i64>,
    #[schema(example = "Voice")]
    name: Option<String>,
    #[schema(example = "calls, voicemail, devices")]
    summary: Option<String>,
}

/// Add a track
///
/// After the others.
#[utoipa::path(
    post,
    path = "/operator/catalogue/tracks",
    tag = "Operator: catalogue",
    request_body = TrackBody,
    responses((status = 201, body = OperatorTrackView, description = "The new track"))
)]
async fn add_track(ask: Ask, Body(body): Body<TrackBody>) -> Answer {
    let track = TrackDocument::from(body);
    let wanted = |now: &Catalogue| {
        let mut document = Document::from(now);
        document.tracks.push(track.clone());
        read(&ask, &document, now, &format!("tracks.{}", document.tracks.len() - 1))
    };
    let edit = CatalogueEdit { version: None, wanted, field_of: field_of_one(&track.slug) };
    let address = format!("{ROOT}/operator/catalogue/tracks/{}", track.slug);
    ask.add_to_catalogue(edit, &address, shown_track(&ask.service, &ask.caller, &track.slug)).await
}

/// Show a track
#[utoipa::path(
    get,
    path = "/operator/catalogue/tracks/{track}",
    tag = "Operator: catalogue",
    params(("track" = String, Path, description = "The track, by its slug or id")),
    responses((status = 200, body = OperatorTrackView, description = "The track"))
)]
async fn show_track(
    Id(track): Id<String>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<OperatorTrackView>, Problem> {
    shown_track(&service, &caller, &track).await.map(Shown)
}

/// Change a track
///
/// Its slug stays.
#[utoipa::path(
    patch,
    path = "/operator/catalogue/tracks/{track}",
    tag = "Operator: catalogue",
    params(("track" = String, Path, description = "The track, by its slug or id")),
    request_body = TrackPatch,
    responses((status = 200, body = OperatorTrackView, description = "The track"))
)]
async fn edit_track(Id(track): Id<String>, ask: Ask, Body(patch): Body<TrackPatch>) -> Answer {
    let slug = find_track(&ask.service.catalogue().await?, &track)?.slug.clone();
    let wanted = |now: &Catalogue| {
        let mut document = Document::from(now);
        let at = document.tracks.iter().position(|other| other.slug == slug).ok_or_else(Problem::not_found)?;
        overlay_trimmed(&mut document.tracks[at].name, patch.name.as_ref());
        overlay_trimmed(&mut document.tracks[at].summary, patch.summary.as_ref());
        read(&ask, &document, now, &format!("tracks.{at}"))
    };
    let edit = CatalogueEdit { version: patch.version, wanted, field_of: field_of_one(&slug) };
    ask.edit_catalogue(edit, || shown_track(&ask.service, &ask.caller, &slug)).await
}

/// Delete a track with its types
///
/// One of which no type is in use.
#[utoipa::path(
    delete,
    path = "/operator/catalogue/tracks/{track}",
    tag = "Operator: catalogue",
    params(("track" = String, Path, description = "The track, by its slug or id")),
    responses((status = 204, description = "It is gone"))
)]
async fn delete_track(Id(track): Id<String>, ask: Ask) -> Answer {
    let wanted = |now: &Catalogue| {
        let id = find_track(now, &track)?.id;
        let mut wanted = now.clone();
        wanted.tracks.retain(|other| other.id != id);
        wanted.types.retain(|license| license.track_id != id);
        Ok(wanted)
    };
    ask.delete_from_catalogue(wanted).await
}
