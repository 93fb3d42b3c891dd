//! The inventory.

use axum::Json;
use chrono::{DateTime, NaiveDate, Utc};
use lineside_model::id::{LocationId, NumberId};
use lineside_model::list::{NumberFilter, NumberRow};
use lineside_model::phone_number::{NumberKind, NumberState};
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::device::view::UserNameView;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::reading::Reading;

/// What a number is for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NumberKind)]
pub enum KindName {
    Landline,
    Mobile,
}

impl From<KindName> for NumberKind {
    fn from(kind: KindName) -> Self {
        match kind {
            KindName::Landline => Self::Landline,
            KindName::Mobile => Self::Mobile,
        }
    }
}

impl From<NumberKind> for KindName {
    fn from(kind: NumberKind) -> Self {
        match kind {
            NumberKind::Landline => Self::Landline,
            NumberKind::Mobile => Self::Mobile,
        }
    }
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct NumberQuery {
    /// The digits that the number, its national part or its last seven or four begin with.
    search: Option<String>,
    /// `free`, `assigned`, `reserved`, `porting_in` or `quarantined`.
    state: Option<String>,
    #[param(inline)]
    kind: Option<KindName>,
    location_id: Option<Uuid>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// A phone number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Number)]
pub struct NumberView {
    id: Uuid,
    version: i64,
    /// As ITU-T E.164 writes it.
    #[schema(example = "+14805550143")]
    number: String,
    #[schema(inline)]
    kind: KindName,
    /// `free`, `assigned`, `reserved`, `porting_in` or `quarantined` (released a short while ago).
    #[schema(example = "free")]
    state: &'static str,
    location_id: Option<Uuid>,
    #[schema(example = "Phoenix HQ")]
    location: Option<String>,
    /// Who has it, gets it when it ports in, or answers it for who left.
    user: Option<UserNameView>,
    /// While it is porting in: the day on which it is expected.
    #[schema(example = "2027-03-01")]
    ports_on: Option<NaiveDate>,
    /// While it is quarantined: until when `user` answers it for who left.
    forwarded_until: Option<DateTime<Utc>>,
    /// While it is quarantined: when it becomes free by itself.
    kept_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Versioned for NumberView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// List numbers
#[utoipa::path(
    get,
    path = "/numbers",
    tag = "Numbers",
    params(NumberQuery),
    responses((status = 200, body = PageView<NumberView>, description = "One page of the numbers that match"))
)]
pub async fn list_numbers(
    Reading { service, caller, query }: Reading<NumberQuery>,
) -> Result<Json<PageView<NumberView>>, Problem> {
    let filter = NumberFilter {
        search: page::search(query.search)?,
        state: query.state.as_deref().map(state).transpose()?,
        kind: query.kind.map(NumberKind::from),
        location_id: query.location_id.map(LocationId),
        page: page::page(query.page)?,
    };
    Ok(Json(PageView::of(service.numbers(&caller, &filter).await?)))
}

/// Show a number
#[utoipa::path(
    get,
    path = "/numbers/{id}",
    tag = "Numbers",
    params(("id" = uuid::Uuid, Path, description = "The number")),
    responses((status = 200, body = NumberView, description = "The number"))
)]
pub async fn show_number(
    Id(id): Id<NumberId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<NumberView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: NumberId) -> Result<NumberView, Problem> {
    Ok(service.number(caller, id).await?.into())
}

fn state(text: &str) -> Result<NumberState, Problem> {
    let all = NumberState::ALL.map(NumberState::as_str).join(", ");
    NumberState::parse(text).ok_or_else(|| Problem::malformed("state", format!("choose one of {all}")))
}

impl From<NumberRow> for NumberView {
    fn from(NumberRow { number, user, location }: NumberRow) -> Self {
        Self {
            id: number.id.0,
            version: number.version,
            number: number.number.to_string(),
            kind: number.kind.into(),
            state: number.state.as_str(),
            location_id: number.location_id.map(Uuid::from),
            location,
            user: user.map(UserNameView::from),
            ports_on: number.ports_on,
            forwarded_until: number.forwarded_until,
            kept_until: number.kept_until,
            created_at: number.created_at,
        }
    }
}
