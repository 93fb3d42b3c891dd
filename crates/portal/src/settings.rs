//! The account's own settings.

mod account;
mod calls;
mod tokens;

use axum::response::Response;
use lineside_model::account::{Account, AccountSettingsInput};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::AccountId;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::Route;
use crate::visitor::Visitor;
use crate::{address_fields, stale, time_zone};

pub fn routes() -> Vec<Route> {
    [account::routes(), calls::routes(), tokens::routes()].into_iter().flatten().collect()
}

/// Countries and time zones to choose from; both forms with account settings have them.
pub(crate) struct AccountChoices {
    pub countries: Vec<Choice>,
    pub time_zones: Vec<Choice>,
}

impl AccountChoices {
    /// `country`: the account's, which stays in the list whatever it is.
    pub fn new(country: &str) -> Self {
        let mut countries = address_fields::countries();
        if !country.is_empty() && !countries.iter().any(|choice| choice.value == country) {
            countries.push(Choice::new(country, country));
        }
        Self { countries, time_zones: time_zone::choices(Some(Choice::new("", "Choose a time zone"))) }
    }
}

/// The settings as they are, to be changed.
pub(crate) fn account_form(visitor: &Visitor, account: &Account) -> Form {
    Form::new(visitor.service.new_change_id(), &AccountSettingsInput::from(&account.settings))
        .with("version", account.version.to_string())
}

/// What became of a form of settings.
pub(crate) enum Saved {
    Answer(Response),
    /// The form with what is wrong.
    Again(Form),
}

/// `account_id`: as an operator names it.
pub(crate) async fn save_account(
    visitor: &Visitor,
    account: &Account,
    data: &FormData,
    account_id: Option<AccountId>,
    page: &str,
) -> Result<Saved, PageError> {
    let settings = match data.input::<AccountSettingsInput>()?.parse() {
        Ok(settings) => settings,
        Err(errors) => return Ok(Saved::Again(Form::sent(data).with_errors(errors))),
    };
    let change = Change::EditAccount { account_id, version: data.version(), settings };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(visitor, &request, &Ways::back_to(page)).await? {
        Attempt::Answer(answer) => Ok(Saved::Answer(answer)),
        Attempt::Blocked(plan) => {
            let form = Form::sent(data).with_blockers(&plan);
            let current = AccountSettingsInput::from(&account.settings);
            Ok(Saved::Again(stale::show_current(form, &plan, account.version, &current)))
        }
    }
}
