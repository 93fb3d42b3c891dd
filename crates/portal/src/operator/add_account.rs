//! Open an account with its owner.

use askama::Template;
use lineside_model::account::{AccountNumber, AccountSettingsInput};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::new_account::NewAccountInput;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::settings::AccountChoices;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/operator/accounts/add", Access::Operator, open),
        Route::post("/operator/accounts/add", Access::Operator, add),
    ]
}

#[derive(Template)]
#[template(path = "operator/add_account.html")]
struct AddPage {
    frame: Frame,
    form: Form,
    choices: AccountChoices,
}

impl AddPage {
    async fn new(visitor: &Visitor, form: Form) -> Result<Self, PageError> {
        let choices = AccountChoices::new(form.value("country"));
        Ok(Self { frame: visitor.frame("Open account").await?, form, choices })
    }
}

async fn open(visitor: Visitor) -> Answer {
    let input = AccountSettingsInput {
        country: "US".to_owned(),
        extension_min: "3".to_owned(),
        extension_max: "4".to_owned(),
        first_extension: "201".to_owned(),
        ..AccountSettingsInput::default()
    };
    let form = Form::new(visitor.service.new_change_id(), &input).with("welcome", "on");
    show(&AddPage::new(&visitor, form).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let number = visitor.service.new_account_number(data.change_id()?).await?;
    let change = match read(&data, number) {
        Ok(change) => change,
        Err(errors) => return show_again(&AddPage::new(&visitor, Form::sent(&data).with_errors(errors)).await?),
    };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/operator/accounts", "/operator/accounts/add")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => show_again(&AddPage::new(&visitor, Form::sent(&data).with_blockers(&plan)).await?),
    }
}

/// The fields of both forms bear different names.
fn read(data: &FormData, number: AccountNumber) -> Result<Change, FieldErrors> {
    let settings = data.input().unwrap_or_default();
    let owner = data.input().unwrap_or_default();
    NewAccountInput { settings, owner, welcome: data.has("welcome") }.parse(number)
}
