//! The account's own settings.

mod account;
mod tokens;

use crate::control::Choice;
use crate::router::Route;
use crate::{address_fields, time_zone};

pub fn routes() -> Vec<Route> {
    [account::routes(), tokens::routes()].into_iter().flatten().collect()
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
