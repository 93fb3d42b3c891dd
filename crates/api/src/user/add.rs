//! A new user at one go: profile, numbers, license, welcome mail.

use lineside_model::change::Change;
use lineside_model::field::FieldErrors;
use lineside_model::id::NumberId;
use lineside_model::phone_number::E164;
use lineside_model::user::{NewUser, Profile, ProfileInput, Role};
use lineside_service::ServiceError;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::license::find_type;
use crate::number::find_number;
use crate::problem::Problem;
use crate::router::ROOT;
use crate::user::show::shown;
use crate::user::view::{RoleName, UserView};

/// A new user. Fields that are left out are empty.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewUser)]
pub struct NewUserBody {
    #[schema(example = "Ana", required)]
    first_name: String,
    #[schema(example = "Duarte", required)]
    last_name: String,
    /// See `GET /suggestions/username`.
    #[schema(example = "ana.duarte", required)]
    username: String,
    #[schema(example = "ana@harbor.example")]
    email: Option<String>,
    email_voicemails: bool,
    attach_recording: bool,
    /// See `GET /suggestions/extension`.
    #[schema(example = "203")]
    extension: Option<String>,
    /// Where calls go while no device is registered: an extension or a number.
    #[schema(example = "204")]
    unreachable: Option<String>,
    location_id: Option<Uuid>,
    /// Without one: the location's.
    #[schema(example = "America/Phoenix")]
    time_zone: Option<String>,
    department_id: Option<Uuid>,
    /// A free number by its id; see `GET /free-numbers`.
    number_id: Option<Uuid>,
    /// Or by its digits.
    #[schema(example = "+14805550143")]
    number: Option<String>,
    /// A second number: mobile beside landline.
    mobile_number_id: Option<Uuid>,
    /// A Voice license by its slug or id; see `GET /catalogue`.
    #[schema(example = "business")]
    package: Option<String>,
    /// Confirms that this user gets no license yet, so that their phone does not ring.
    without_license: bool,
    /// Without one: `user`.
    role: Option<RoleName>,
    /// For an authorized user: the PIN for the support desk.
    #[schema(example = "2580")]
    pin: Option<String>,
    /// Queue the welcome mail, with the link that sets the password.
    send_welcome: bool,
}

/// Add a user
#[utoipa::path(
    post,
    path = "/users",
    tag = "Users",
    request_body = NewUserBody,
    responses((status = 201, body = UserView, description = "The new user"))
)]
pub async fn add_user(ask: Ask, Body(body): Body<NewUserBody>) -> Answer {
    let user = Box::new(new_user(&ask, body).await?);
    let request = lineside_model::change::ChangeRequest { id: ask.id, change: Change::AddUser { user } };
    let id = request.new_user_id();
    ask.create(request.change, format!("{ROOT}/users/{id}"), shown(&ask.service, &ask.caller, id)).await
}

/// Every field's error at once.
async fn new_user(ask: &Ask, body: NewUserBody) -> Result<NewUser, Problem> {
    let mut errors = FieldErrors::default();
    let profile = body.profile().parse().map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let package = match &body.package {
        Some(package) => errors.take("package", find_type(&ask.service, package).await?),
        None => None,
    };
    let number_id = number(ask, &body, &mut errors).await?;
    let pin_hash = match pin(ask, &body, profile.as_ref()).await {
        Err(ServiceError::Invalid(wrong)) => {
            errors.0.extend(wrong.0);
            None
        }
        other => other?,
    };
    let profile = errors.into_result(profile)?;
    Ok(NewUser {
        profile,
        number_id,
        mobile_number_id: body.mobile_number_id.map(NumberId),
        package,
        without_license: body.without_license,
        role: body.role.map_or(Role::User, Role::from),
        pin_hash,
        welcome_wanted: body.send_welcome,
        wizard: None,
    })
}

async fn number(ask: &Ask, body: &NewUserBody, errors: &mut FieldErrors) -> Result<Option<NumberId>, Problem> {
    let Some(text) = body.number.as_deref().filter(|text| !text.trim().is_empty()) else {
        return Ok(body.number_id.map(NumberId));
    };
    if body.number_id.is_some() {
        errors.push("number", "send number or number_id, not both");
        return Ok(None);
    }
    let Some(number) = errors.take("number", E164::parse(text)) else { return Ok(None) };
    let found = find_number(ask, &number).await?;
    Ok(errors.take("number", found.ok_or("this number is not in the account's inventory; add it there first")))
}

async fn pin(
    ask: &Ask,
    body: &NewUserBody,
    profile: Option<&Profile>,
) -> Result<Option<lineside_model::secret::Opaque>, ServiceError> {
    let Some(pin) = body.pin.as_deref().filter(|pin| !pin.is_empty()) else { return Ok(None) };
    let extension = profile.and_then(|profile| profile.extension.as_ref());
    ask.service.hash_pin(pin, extension).await.map(Some)
}

impl NewUserBody {
    fn profile(&self) -> ProfileInput {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let id = |value: Option<Uuid>| value.map(|id| id.to_string()).unwrap_or_default();
        ProfileInput {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            username: self.username.clone(),
            email: text(&self.email),
            email_voicemails: self.email_voicemails,
            attach_recording: self.attach_recording,
            extension: text(&self.extension),
            unreachable: text(&self.unreachable),
            location_id: id(self.location_id),
            time_zone: text(&self.time_zone),
            department_id: id(self.department_id),
        }
    }
}
