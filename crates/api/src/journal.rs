//! Who did what.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::{Actor, JournalEntry, Steps};
use lineside_model::list::JournalFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::id::Id;
use crate::page::{self, PageView};
use crate::plan::StepView;
use crate::problem::Problem;
use crate::query::instant;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_journal)),
        Route::new(Access::Administrator, routes!(show_journal_entry)),
    ]
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct JournalQuery {
    /// The user that it is mainly about.
    user_id: Option<Uuid>,
    /// Such as `edit_profile`.
    action: Option<String>,
    /// Words of the summary or the actor's name.
    search: Option<String>,
    /// From this instant on (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Before this instant (RFC 3339).
    until: Option<DateTime<Utc>>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct EntryQuery {
    /// Which 50 of its steps, from 1.
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Only the steps about this user.
    user_id: Option<Uuid>,
}

/// One applied change, or one event worth keeping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JournalEntry)]
pub struct JournalEntryView {
    /// The change's identifier.
    id: Uuid,
    at: DateTime<Utc>,
    actor: ActorView,
    #[schema(example = "edit_profile")]
    action: String,
    #[schema(example = "Changed Ana Duarte's profile")]
    summary: String,
    user_id: Option<Uuid>,
    /// In lists the first 50, or those about the user of `user_id`; of one entry, a page of 50.
    steps: Vec<StepView>,
    /// How many steps there are in all.
    step_count: usize,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// `operator`, `user` or `system`.
    #[schema(example = "user")]
    kind: &'static str,
    id: Option<Uuid>,
    /// The name as it stood then.
    #[schema(example = "Marcus Ohl")]
    name: String,
    /// `portal`, `api` or `system`.
    #[schema(example = "api")]
    via: &'static str,
    /// The address that the request came from.
    #[schema(example = "203.0.113.7")]
    from: Option<String>,
}

/// List the journal
#[utoipa::path(
    get,
    path = "/journal",
    tag = "Journal",
    params(JournalQuery),
    responses((status = 200, body = PageView<JournalEntryView>, description = "The newest first"))
)]
async fn list_journal(
    Reading { service, caller, query }: Reading<JournalQuery>,
) -> Result<Json<PageView<JournalEntryView>>, Problem> {
    let filter = JournalFilter {
        user_id: query.user_id.map(UserId),
        action: page::words("action", query.action)?,
        search: page::search(query.search)?,
        from: instant("from", query.from)?,
        until: instant("until", query.until)?,
        page: page::page(query.page)?,
    };
    Ok(Json(PageView::of(service.journal(&caller, &filter).await?)))
}

/// Show a journal entry
#[utoipa::path(
    get,
    path = "/journal/{id}",
    tag = "Journal",
    params(("id" = uuid::Uuid, Path, description = "The entry"), EntryQuery),
    responses((status = 200, body = JournalEntryView, description = "The entry"))
)]
async fn show_journal_entry(
    Id(id): Id<ChangeId>,
    Reading { service, caller, query }: Reading<EntryQuery>,
) -> Result<Json<JournalEntryView>, Problem> {
    let page = usize::try_from(page::page(query.page)?).unwrap_or(usize::MAX);
    let steps = query.user_id.map_or(Steps::Page(page), |user| Steps::Of(UserId(user)));
    Ok(Json(service.journal_entry(&caller, id, steps).await?.into()))
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let Actor { kind, id, name, via, from } = actor;
        Self { kind: kind.as_str(), id, name, via: via.as_str(), from }
    }
}

impl From<JournalEntry> for JournalEntryView {
    fn from(entry: JournalEntry) -> Self {
        Self {
            id: entry.id.0,
            at: entry.at,
            actor: entry.actor.into(),
            action: entry.action,
            summary: entry.summary,
            user_id: entry.user_id.map(Uuid::from),
            step_count: entry.step_count,
            steps: entry.steps.iter().map(StepView::from).collect(),
        }
    }
}
