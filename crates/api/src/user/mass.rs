//! One change of many users: their state, the same fields, the welcome mail; and many as a file.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use lineside_model::change::Change;
use lineside_model::mass_edit::{CLEAR, MassEditInput};
use lineside_model::selection::Selection;
use lineside_service::Service;
use lineside_service::import::{FileKind, FileOf};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::gate::SignedIn;
use crate::patch::{Clearable, clearable};
use crate::plan::PlanView;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::user::selection::{Matching, users};
use crate::user::view::StateName;

/// Users, and the state that they get.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsersState)]
pub struct StateBody {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
    #[schema(inline)]
    state: StateName,
    /// At 00:00 of this date in the account's time zone, from tomorrow on; without one: now.
    #[schema(example = "2027-03-01")]
    date: Option<NaiveDate>,
}

/// Users, and the fields that they get.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsersEdit)]
pub struct EditBody {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
    fields: FieldsBody,
}

/// Fields to change. What is left out stays as each user has it; `null` clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = UsersFields)]
pub struct FieldsBody {
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<Uuid>)]
    location_id: Clearable<Uuid>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<Uuid>)]
    department_id: Clearable<Uuid>,
    /// `null`: the location's.
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "America/Phoenix")]
    time_zone: Clearable<String>,
    /// Where calls go while no device is registered: an extension or a number.
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "+14805550143")]
    unreachable: Clearable<String>,
    email_voicemails: Option<bool>,
    attach_recording: Option<bool>,
    /// From 5 to 120; `null`: as it is without a choice.
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<u16>, example = 25)]
    ring_seconds: Clearable<u16>,
    /// Which calls are recorded: `off`, `all`, `inbound`, `outbound` or `on_demand`.
    #[schema(example = "off")]
    recording: Option<String>,
}

/// Users who get the welcome mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsersWelcome)]
pub struct WelcomeBody {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
}

/// Users for a file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsersExport)]
pub struct ExportBody {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
    /// `csv` or `xlsx`.
    #[schema(example = "csv")]
    kind: String,
}

/// Suspend users, or let them in again
#[utoipa::path(
    post,
    path = "/users/state",
    tag = "Users",
    request_body = StateBody,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn set_users_state(ask: Ask, Body(body): Body<StateBody>) -> Answer {
    let user_ids = users(&ask.service, &ask.caller, body.user_ids, body.matching).await?;
    ask.carry_out_many(Change::SetUserState { user_ids, state: body.state.into(), date: body.date }).await
}

/// Change the same fields of many users
///
/// All of them or, when a field is wrong for one, none.
#[utoipa::path(
    post,
    path = "/users/edit",
    tag = "Users",
    request_body = EditBody,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn edit_users(ask: Ask, Body(body): Body<EditBody>) -> Answer {
    let edit = Box::new(body.fields.input().parse()?);
    let user_ids = users(&ask.service, &ask.caller, body.user_ids, body.matching).await?;
    ask.carry_out_many(Change::EditUsers { user_ids, edit }).await
}

/// Send the welcome mail to many users
#[utoipa::path(
    post,
    path = "/users/welcome",
    tag = "Users",
    request_body = WelcomeBody,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn send_welcome_to_many(ask: Ask, Body(body): Body<WelcomeBody>) -> Answer {
    let user_ids = users(&ask.service, &ask.caller, body.user_ids, body.matching).await?;
    ask.carry_out_many(Change::SendWelcome { user_ids }).await
}

/// Download users as a file
///
/// Edited and uploaded, it changes what was edited.
#[utoipa::path(
    post,
    path = "/users/export",
    tag = "Users",
    request_body = ExportBody,
    responses((status = 200, body = Vec<u8>, content_type = "text/csv", description = "The file"))
)]
pub async fn export_users(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Params(Nothing {}): Params<Nothing>,
    Body(body): Body<ExportBody>,
) -> Result<Response, Problem> {
    let kind = FileKind::parse(&body.kind).ok_or_else(|| Problem::field("kind", "choose csv or xlsx"))?;
    let picked = users(&service, &caller, body.user_ids, body.matching).await?;
    if picked.is_empty() {
        return Err(Problem::field("user_ids", "name at least one user"));
    }
    let file = service.users_file(&caller, FileOf::Selected(Selection::Picked(picked)), kind).await?;
    let disposition = format!("attachment; filename=\"users.{}\"", kind.extension());
    Ok(([(CONTENT_TYPE, kind.content_type().to_owned()), (CONTENT_DISPOSITION, disposition)], file).into_response())
}

impl FieldsBody {
    fn input(self) -> MassEditInput {
        let switch = |on: Option<bool>| on.map_or("", |on| if on { "on" } else { "off" }).to_owned();
        MassEditInput {
            location_id: cell(self.location_id),
            department_id: cell(self.department_id),
            time_zone: cell(self.time_zone),
            unreachable: cell(self.unreachable),
            email_voicemails: switch(self.email_voicemails),
            attach_recording: switch(self.attach_recording),
            ring_seconds: cell(self.ring_seconds),
            recording: self.recording.unwrap_or_default(),
        }
    }
}

/// `null` and an empty text clear.
fn cell<T: ToString>(sent: Clearable<T>) -> String {
    match sent {
        None => String::new(),
        Some(value) => value.map(|value| value.to_string()).filter(|text| !text.is_empty()).unwrap_or(CLEAR.to_owned()),
    }
}
