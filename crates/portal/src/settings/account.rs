//! Name, billing address, time zone, SIP domain and dial plan.

use askama::Template;
use lineside_model::account::Account;

use super::{AccountChoices, Saved, account_form, save_account};
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/settings", Access::Administrator, open), Route::post("/settings", Access::Administrator, save)]
}

#[derive(Template)]
#[template(path = "settings/account.html")]
struct SettingsPage {
    frame: Frame,
    form: Form,
    choices: AccountChoices,
    number: String,
}

impl SettingsPage {
    async fn new(visitor: &Visitor, account: &Account, form: Form) -> Result<Self, PageError> {
        let choices = AccountChoices::new(form.value("country"));
        Ok(Self { frame: visitor.frame("Settings").await?, form, choices, number: account.number.pretty() })
    }
}

async fn open(visitor: Visitor) -> Answer {
    let account = visitor.service.account(&visitor.caller).await?;
    show(&SettingsPage::new(&visitor, &account, account_form(&visitor, &account)).await?)
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let account = visitor.service.account(&visitor.caller).await?;
    match save_account(&visitor, &account, &data, None, "/settings").await? {
        Saved::Answer(answer) => Ok(answer),
        Saved::Again(form) => show_again(&SettingsPage::new(&visitor, &account, form).await?),
    }
}
