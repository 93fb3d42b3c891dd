//! One license type: added, changed, retired, brought back, deleted.

use lineside_model::catalogue::document::{Document, TypeDocument};
use lineside_model::license::Catalogue;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::{OperatorTypeView, TypeBody, shown_type};
use super::{field_of_one, find_type, read};
use crate::apply::catalogue::CatalogueEdit;
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::Shown;
use crate::id::Id;
use crate::patch::{overlay, overlay_trimmed};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::change_by(Access::Operator, routes!(add_license_type)),
        Route::new(Access::Operator, routes!(show_license_type)),
        Route::change_by(Access::Operator, routes!(edit_license_type)),
        Route::change_by(Access::Operator, routes!(delete_license_type)),
    ]
}

/// Fields to change. What is left out stays; lists are replaced as a whole.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CatalogueTypePatch)]
pub struct TypePatch {
    /// As it was read: refused when somebody changed the catalogue since.
    version: Option<i64>,
    /// The track's slug.
    #[schema(example = "voice")]
    track: Option<String>,
    #[schema(example = "Business")]
    name: Option<String>,
    #[schema(example = "A desk phone and apps on one number")]
    summary: Option<String>,
    /// Such as `voicemail` or `devices:5`.
    #[schema(example = json!(["voice", "external-calls", "devices:5"]))]
    features: Option<Vec<String>>,
    /// `number:landline`, `track:SLUG`, `type:SLUG`, `e911` or `location:US,CA`.
    #[schema(example = json!(["number:landline"]))]
    requires: Option<Vec<String>>,
    /// `true`: it stays with those who hold it, and nobody gets it anew.
    retired: Option<bool>,
}

/// Add a license type
///
/// At the end of its track.
#[utoipa::path(
    post,
    path = "/operator/catalogue/types",
    tag = "Operator: catalogue",
    request_body = TypeBody,
    responses((status = 201, body = OperatorTypeView, description = "The new type"))
)]
async fn add_license_type(ask: Ask, Body(body): Body<TypeBody>) -> Answer {
    let license = TypeDocument::from(body);
    let wanted = |now: &Catalogue| {
        let mut document = Document::from(now);
        document.types.push(license.clone());
        read(&ask, &document, now, &format!("types.{}", document.types.len() - 1))
    };
    let edit = CatalogueEdit { version: None, wanted, field_of: field_of_one(&license.slug) };
    let address = format!("{ROOT}/operator/catalogue/types/{}", license.slug);
    ask.add_to_catalogue(edit, &address, shown_type(&ask.service, &ask.caller, &license.slug)).await
}

/// Show a license type
#[utoipa::path(
    get,
    path = "/operator/catalogue/types/{license_type}",
    tag = "Operator: catalogue",
    params(("license_type" = String, Path, description = "The license type, by its slug or id")),
    responses((status = 200, body = OperatorTypeView, description = "The type"))
)]
async fn show_license_type(
    Id(license): Id<String>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<OperatorTypeView>, Problem> {
    shown_type(&service, &caller, &license).await.map(Shown)
}

/// Change a license type
///
/// Its slug stays. With `retired` it is retired or brought back.
#[utoipa::path(
    patch,
    path = "/operator/catalogue/types/{license_type}",
    tag = "Operator: catalogue",
    params(("license_type" = String, Path, description = "The license type, by its slug or id")),
    request_body = TypePatch,
    responses((status = 200, body = OperatorTypeView, description = "The type"))
)]
async fn edit_license_type(Id(license): Id<String>, ask: Ask, Body(patch): Body<TypePatch>) -> Answer {
    let slug = slug_of(&ask, &license).await?;
    let wanted = |now: &Catalogue| {
        let mut document = Document::from(now);
        let at = document.types.iter().position(|other| other.slug == slug).ok_or_else(Problem::not_found)?;
        patch.over(&mut document.types[at]);
        read(&ask, &document, now, &format!("types.{at}"))
    };
    let edit = CatalogueEdit { version: patch.version, wanted, field_of: field_of_one(&slug) };
    ask.edit_catalogue(edit, || shown_type(&ask.service, &ask.caller, &slug)).await
}

/// Delete a license type
///
/// One that nobody holds, has bought or has scheduled. Others can be retired.
#[utoipa::path(
    delete,
    path = "/operator/catalogue/types/{license_type}",
    tag = "Operator: catalogue",
    params(("license_type" = String, Path, description = "The license type, by its slug or id")),
    responses((status = 204, description = "It is gone"))
)]
async fn delete_license_type(Id(license): Id<String>, ask: Ask) -> Answer {
    let wanted = |now: &Catalogue| {
        let id = find_type(now, &license)?.id;
        let mut wanted = now.clone();
        wanted.types.retain(|other| other.id != id);
        Ok(wanted)
    };
    ask.delete_from_catalogue(wanted).await
}

/// Slugs stay, so that it is the same however often the change is tried.
async fn slug_of(ask: &Ask, license: &str) -> Result<String, Problem> {
    let catalogue = ask.service.catalogue().await?;
    Ok(find_type(&catalogue, license)?.slug.clone())
}

impl TypePatch {
    fn over(&self, license: &mut TypeDocument) {
        overlay(&mut license.track, self.track.as_ref());
        overlay_trimmed(&mut license.name, self.name.as_ref());
        overlay_trimmed(&mut license.summary, self.summary.as_ref());
        overlay(&mut license.features, self.features.as_ref());
        overlay(&mut license.requires, self.requires.as_ref());
        overlay(&mut license.retired, self.retired.as_ref());
    }
}
