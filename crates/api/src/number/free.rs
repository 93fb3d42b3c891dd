//! Numbers that a new user can have.

use axum::Json;
use lineside_model::id::LocationId;
use lineside_model::list::FreeNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::number::list::KindName;
use crate::page;
use crate::problem::Problem;
use crate::reading::Reading;

const LIMIT_MAX: u32 = 200;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct FreeQuery {
    /// Numbers of this location's area code come first.
    location_id: Option<Uuid>,
    /// Digits that the number contains.
    search: Option<String>,
    /// At most this many; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A number that nobody has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FreeNumber)]
pub struct FreeNumberView {
    id: Uuid,
    #[schema(example = "+14805550143")]
    number: String,
    #[schema(inline)]
    kind: KindName,
    /// In the location's own area code.
    local: bool,
}

/// List free numbers
#[utoipa::path(
    get,
    path = "/free-numbers",
    tag = "Numbers",
    params(FreeQuery),
    responses((status = 200, body = Vec<FreeNumberView>, description = "The best first"))
)]
pub async fn list_free_numbers(
    Reading { service, caller, query }: Reading<FreeQuery>,
) -> Result<Json<Vec<FreeNumberView>>, Problem> {
    let limit = match query.limit {
        None => 50,
        Some(limit @ 1..=LIMIT_MAX) => i64::from(limit),
        Some(_) => return Err(Problem::malformed("limit", format!("ask for 1 to {LIMIT_MAX} numbers"))),
    };
    let search: String = page::search(query.search)?.chars().filter(char::is_ascii_digit).take(15).collect();
    let free = service.free_numbers(&caller, query.location_id.map(LocationId), &search, limit).await?;
    Ok(Json(free.into_iter().map(FreeNumberView::from).collect()))
}

impl From<FreeNumber> for FreeNumberView {
    fn from(free: FreeNumber) -> Self {
        Self { id: free.id.0, number: free.number.to_string(), kind: free.kind.into(), local: free.local }
    }
}
