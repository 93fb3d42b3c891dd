//! The tracks and license types that there are.

use axum::Json;
use axum::extract::State;
use lineside_model::license::{LicenseType, Requirement, Track};
use lineside_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::query::{Nothing, Params};

/// What can be assigned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Catalogue)]
pub struct CatalogueView {
    tracks: Vec<TrackView>,
    types: Vec<LicenseTypeView>,
}

/// A user holds at most one license of each track.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Track)]
pub struct TrackView {
    id: Uuid,
    #[schema(example = "voice")]
    slug: String,
    #[schema(example = "Voice")]
    name: String,
    summary: String,
}

/// One type of license.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LicenseType)]
pub struct LicenseTypeView {
    id: Uuid,
    track_id: Uuid,
    #[schema(example = "business")]
    slug: String,
    #[schema(example = "Business")]
    name: String,
    summary: String,
    features: Vec<FeatureView>,
    requirements: Vec<RequirementView>,
    /// Stays with those who hold it, and can't be assigned anew.
    retired: bool,
}

/// What a license allows, and how much of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Feature)]
pub struct FeatureView {
    #[schema(example = "Devices")]
    feature: &'static str,
    #[schema(example = "5")]
    amount: String,
}

/// What must be in place for a license to be held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Requirement)]
pub struct RequirementView {
    /// `number`, `track`, `type`, `e911_confirmed` or `location_in`.
    #[schema(example = "number")]
    requires: &'static str,
    /// A kind of number, ids, or countries.
    of: Vec<String>,
}

/// Show the catalogue
#[utoipa::path(
    get,
    path = "/catalogue",
    tag = "Licenses",
    responses((status = 200, body = CatalogueView, description = "Tracks and license types, in their order"))
)]
pub async fn show_catalogue(
    State(service): State<Service>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<Json<CatalogueView>, Problem> {
    let catalogue = service.catalogue().await?;
    Ok(Json(CatalogueView {
        tracks: catalogue.tracks.into_iter().map(TrackView::from).collect(),
        types: catalogue.types.into_iter().map(LicenseTypeView::from).collect(),
    }))
}

impl From<Track> for TrackView {
    fn from(track: Track) -> Self {
        Self { id: track.id.0, slug: track.slug, name: track.name, summary: track.summary }
    }
}

impl From<LicenseType> for LicenseTypeView {
    fn from(license: LicenseType) -> Self {
        let features = license.features.iter();
        Self {
            id: license.id.0,
            track_id: license.track_id.0,
            slug: license.slug,
            name: license.name,
            summary: license.summary,
            features: features.map(|f| FeatureView { feature: f.label(), amount: f.amount() }).collect(),
            requirements: license.requirements.iter().map(RequirementView::from).collect(),
            retired: license.retired,
        }
    }
}

impl From<&Requirement> for RequirementView {
    fn from(requirement: &Requirement) -> Self {
        let (requires, of) = match requirement {
            Requirement::Number(kind) => ("number", vec![kind.to_string()]),
            Requirement::Track(id) => ("track", vec![id.to_string()]),
            Requirement::Type(id) => ("type", vec![id.to_string()]),
            Requirement::E911Confirmed => ("e911_confirmed", Vec::new()),
            Requirement::LocationIn(countries) => {
                ("location_in", countries.iter().map(|country| country.as_str().to_owned()).collect())
            }
        };
        Self { requires, of }
    }
}
