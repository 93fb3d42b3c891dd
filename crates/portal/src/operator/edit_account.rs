//! An account's settings, as the operator corrects them.

use askama::Template;
use lineside_model::account::Account;
use lineside_model::id::AccountId;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::settings::{AccountChoices, Saved, account_form, save_account};
use crate::visitor::Visitor;

const PAGE: &str = "/operator/accounts/{id}";

pub fn routes() -> Vec<Route> {
    vec![Route::get(PAGE, Access::Operator, open), Route::post(PAGE, Access::Operator, save)]
}

#[derive(Template)]
#[template(path = "operator/edit_account.html")]
struct EditPage {
    frame: Frame,
    form: Form,
    choices: AccountChoices,
    account: Account,
}

impl EditPage {
    async fn new(visitor: &Visitor, account: Account, form: Form) -> Result<Self, PageError> {
        let choices = AccountChoices::new(form.value("country"));
        Ok(Self { frame: visitor.frame(account.settings.name.to_string()).await?, form, choices, account })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<AccountId>) -> Answer {
    let account = visitor.service.settings_of(&visitor.caller, id).await?;
    let form = account_form(&visitor, &account);
    show(&EditPage::new(&visitor, account, form).await?)
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<AccountId>, data: FormData) -> Answer {
    let account = visitor.service.settings_of(&visitor.caller, id).await?;
    match save_account(&visitor, &account, &data, Some(id), &format!("/operator/accounts/{id}")).await? {
        Saved::Answer(answer) => Ok(answer),
        Saved::Again(form) => show_again(&EditPage::new(&visitor, account, form).await?),
    }
}
