//! A user's phone numbers: give one from the inventory, take one back.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{NumberId, UserId};
use lineside_model::list::{FreeNumber, UserDetail};
use lineside_service::ServiceError;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways};
use crate::router::{Access, Route};
use crate::user::profile_form::NUMBERS_SHOWN;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/number", Access::Administrator, open),
        Route::post("/users/{id}/number", Access::Administrator, give),
        Route::post("/users/{id}/number/take", Access::Administrator, take),
    ]
}

#[derive(Template)]
#[template(path = "user/number.html")]
struct NumberPage {
    frame: Frame,
    user: UserDetail,
    form: Form,
    search: String,
    kind: String,
    free: Vec<FreeNumber>,
}

impl NumberPage {
    async fn new(visitor: &Visitor, user: UserDetail, form: Form, data: &FormData) -> Result<Self, PageError> {
        let (search, kind) = (data.search(), data.text("kind").to_owned());
        let digits: String = search.chars().filter(char::is_ascii_digit).take(15).collect();
        let location = user.user.profile.location_id;
        let mut free = visitor.service.free_numbers(&visitor.caller, location, &digits, NUMBERS_SHOWN).await?;
        free.retain(|number| kind.is_empty() || number.kind.as_str() == kind);
        Ok(Self { frame: visitor.frame("Pick a number").await?, user, form, search, kind, free })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::empty(visitor.service.new_change_id());
    page::show(&NumberPage::new(&visitor, user, form, &data).await?)
}

async fn give(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::sent(&data);
    let form = match data.parse::<NumberId>("number_id") {
        None => form.with_errors(FieldErrors::one("number_id", "choose a phone number from the list")),
        Some(number_id) => {
            let change = Change::AssignNumber { number_id, user_id: Some(user.user.id) };
            let request = ChangeRequest { id: data.change_id()?, change };
            match review::attempt(&visitor, &request, &Ways::back_to(&format!("/users/{id}"))).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
    };
    page::show_again(&NumberPage::new(&visitor, user, form, &data).await?)
}

async fn take(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let number_id: NumberId = data.parse("number_id").ok_or(PageError::NotFound)?;
    if !user.numbers.iter().any(|number| number.id == number_id) {
        return Err(PageError::NotFound);
    }
    let request = ChangeRequest { id: data.change_id()?, change: Change::AssignNumber { number_id, user_id: None } };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{id}"))).await
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}
