//! The order of tracks, and of the types in them: that of pages, of comparisons, and of what is carried out on one date.

use lineside_model::catalogue::CatalogueBlocker;
use lineside_model::field::FieldErrors;
use lineside_model::license::Catalogue;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::{OperatorCatalogueView, shown};
use crate::apply::catalogue::CatalogueEdit;
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::change_by(Access::Operator, routes!(order_catalogue))]
}

/// What comes first, by slugs. What is not named follows in the order that it has.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CatalogueOrder)]
pub struct OrderBody {
    /// As it was read: refused when somebody changed the catalogue since.
    version: Option<i64>,
    #[schema(example = json!(["voice"]))]
    tracks: Vec<String>,
    /// Types lie in the order of their tracks; within each, in this one.
    #[schema(example = json!(["business"]))]
    types: Vec<String>,
}

/// Order the tracks and types
#[utoipa::path(
    put,
    path = "/operator/catalogue/order",
    tag = "Operator: catalogue",
    request_body = OrderBody,
    responses((status = 200, body = OperatorCatalogueView, description = "The catalogue"))
)]
async fn order_catalogue(ask: Ask, Body(body): Body<OrderBody>) -> Answer {
    let wanted = |now: &Catalogue| {
        let mut errors = FieldErrors::default();
        let mut wanted = now.clone();
        sort(&mut wanted.tracks, |track| &track.slug, &body.tracks, "tracks", &mut errors);
        sort(&mut wanted.types, |license| &license.slug, &body.types, "types", &mut errors);
        Ok(errors.into_result(Some(wanted))?)
    };
    let edit = CatalogueEdit { version: body.version, wanted, field_of: |_: &CatalogueBlocker| None };
    ask.edit_catalogue(edit, || shown(&ask.service, &ask.caller)).await
}

fn sort<T>(all: &mut [T], slug: impl Fn(&T) -> &String, first: &[String], field: &str, errors: &mut FieldErrors) {
    for (n, named) in first.iter().enumerate() {
        if !all.iter().any(|one| slug(one) == named) {
            let known = all.iter().map(|one| slug(one).as_str()).collect::<Vec<_>>().join(", ");
            errors.push(&format!("{field}.{n}"), format!("there is no `{named}`; there are {known}"));
        }
        if first[..n].contains(named) {
            errors.push(&format!("{field}.{n}"), format!("`{named}` is named twice; name it once"));
        }
    }
    // Stable: what is not named keeps its order.
    all.sort_by_key(|one| first.iter().position(|named| named == slug(one)).unwrap_or(usize::MAX));
}
