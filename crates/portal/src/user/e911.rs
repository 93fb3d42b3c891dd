//! Where a user is when dialling 911: saved, and confirmed by a person.

use askama::Template;
use lineside_model::address::CivicAddressInput;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::list::UserDetail;
use lineside_model::phone_number::E164;
use lineside_service::ServiceError;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways};
use crate::router::{Access, Route};
use crate::user::checklist::pretty;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/e911", Access::Administrator, open),
        Route::post("/users/{id}/e911", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "user/e911.html")]
struct E911Page {
    frame: Frame,
    user: UserDetail,
    form: Form,
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = find(&visitor, id).await?;
    let form = filled(&user, visitor.service.new_change_id());
    page::show(&E911Page { frame: visitor.frame("E911 address").await?, user, form })
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::sent(&data);
    let form = match read(&user, &data) {
        Ok(change) => {
            let request = ChangeRequest { id: data.change_id()?, change };
            let page = format!("/users/{}", user.user.id);
            match review::attempt(&visitor, &request, &Ways::back_to(&page)).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
        Err(errors) => form.with_errors(errors),
    };
    page::show_again(&E911Page { frame: visitor.frame("E911 address").await?, user, form })
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}

/// The address that there is, or else the location's.
pub(crate) fn filled(user: &UserDetail, change_id: ChangeId) -> Form {
    let input = user.address_to_confirm().map(CivicAddressInput::from).unwrap_or_default();
    let callback = user.e911.as_ref().and_then(|e911| e911.callback.as_ref()).or(user.number().map(|n| &n.number));
    let confirmed = user.e911.as_ref().is_some_and(|e911| e911.confirmed.is_some());
    let country = if input.country.is_empty() { "US".to_owned() } else { input.country.clone() };
    Form::new(change_id, &input)
        .with("country", country)
        .with("callback", pretty(callback))
        .with("confirmed", if confirmed { "on" } else { "" })
}

pub(crate) fn read(user: &UserDetail, data: &FormData) -> Result<Change, FieldErrors> {
    let mut errors = FieldErrors::default();
    let input: CivicAddressInput = data.input().map_err(|error| FieldErrors::one("street_name", error))?;
    let address = input.parse().map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let callback = errors.take_optional("callback", data.text("callback"), E164::parse);
    let address = errors.into_result(address)?;
    Ok(Change::ConfirmE911 { user_id: user.user.id, address, callback, confirmed: data.has("confirmed") })
}
