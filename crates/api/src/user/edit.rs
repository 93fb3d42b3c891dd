//! A user's profile changed, field by field.

use lineside_model::change::Change;
use lineside_model::id::UserId;
use lineside_model::user::ProfileInput;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::patch::{Clearable, clearable, overlay, overlay_clearable};
use crate::user::show::shown;
use crate::user::view::UserView;

/// Fields to change. What is left out stays; `null` clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserPatch {
    /// As it was read: refused when somebody changed the user since.
    version: Option<i64>,
    #[schema(example = "Ana")]
    first_name: Option<String>,
    #[schema(example = "Duarte")]
    last_name: Option<String>,
    #[schema(example = "ana.duarte")]
    username: Option<String>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "ana@harbor.example")]
    email: Clearable<String>,
    email_voicemails: Option<bool>,
    attach_recording: Option<bool>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "203")]
    extension: Clearable<String>,
    /// Where calls go while no device is registered: an extension or a number.
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "204")]
    unreachable: Clearable<String>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<Uuid>)]
    location_id: Clearable<Uuid>,
    /// `null`: the location's.
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "America/Phoenix")]
    time_zone: Clearable<String>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<Uuid>)]
    department_id: Clearable<Uuid>,
}

/// Change a user's profile
#[utoipa::path(
    patch,
    path = "/users/{id}",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = UserPatch,
    responses((status = 200, body = UserView, description = "The user"))
)]
pub async fn edit_user(Id(user_id): Id<UserId>, ask: Ask, Body(patch): Body<UserPatch>) -> Answer {
    let merged = async || {
        let user = ask.service.user(&ask.caller, user_id).await?.user;
        let profile = Box::new(patch.over((&user.profile).into()).parse()?);
        Ok(Change::EditProfile { user_id, version: patch.version.or(Some(user.version)), profile })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller, user_id)).await
}

impl UserPatch {
    fn over(&self, mut input: ProfileInput) -> ProfileInput {
        let text = |id: &Option<Uuid>| id.map(|id| id.to_string());
        overlay(&mut input.first_name, self.first_name.as_ref());
        overlay(&mut input.last_name, self.last_name.as_ref());
        overlay(&mut input.username, self.username.as_ref());
        overlay_clearable(&mut input.email, self.email.as_ref());
        overlay(&mut input.email_voicemails, self.email_voicemails.as_ref());
        overlay(&mut input.attach_recording, self.attach_recording.as_ref());
        overlay_clearable(&mut input.extension, self.extension.as_ref());
        overlay_clearable(&mut input.unreachable, self.unreachable.as_ref());
        overlay_clearable(&mut input.location_id, self.location_id.as_ref().map(text).as_ref());
        overlay_clearable(&mut input.time_zone, self.time_zone.as_ref());
        overlay_clearable(&mut input.department_id, self.department_id.as_ref().map(text).as_ref());
        input
    }
}
