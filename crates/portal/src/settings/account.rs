//! Name, billing address, time zone, SIP domain and dial plan.

use askama::Template;
use lineside_model::account::{Account, AccountSettingsInput};
use lineside_model::change::{Change, ChangeRequest};

use super::AccountChoices;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::stale;
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
    let form = Form::new(visitor.service.new_change_id(), &AccountSettingsInput::from(&account.settings))
        .with("version", account.version.to_string());
    show(&SettingsPage::new(&visitor, &account, form).await?)
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let account = visitor.service.account(&visitor.caller).await?;
    let settings = match data.input::<AccountSettingsInput>()?.parse() {
        Ok(settings) => settings,
        Err(errors) => {
            return show_again(&SettingsPage::new(&visitor, &account, Form::sent(&data).with_errors(errors)).await?);
        }
    };
    let change = Change::EditAccount { version: data.version(), settings };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::back_to("/settings")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            let current = AccountSettingsInput::from(&account.settings);
            let form = stale::show_current(form, &plan, account.version, &current);
            show_again(&SettingsPage::new(&visitor, &account, form).await?)
        }
    }
}
