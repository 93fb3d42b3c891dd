//! The fields of a civic address, the same on every form: include `form/address.html` where there is a `form`.

use lineside_model::address::{CA_REGIONS, US_REGIONS};

use crate::control::Choice;

/// States and provinces; other countries write theirs.
pub fn regions() -> Vec<Choice> {
    let of = |regions: &[(&str, &str)], country: &str| -> Vec<Choice> {
        regions.iter().map(|(code, name)| Choice::new(*code, *name).group(country)).collect()
    };
    let none = Choice::new("", "Choose a state or province");
    [vec![none], of(&US_REGIONS, "United States"), of(&CA_REGIONS, "Canada")].concat()
}

pub fn countries() -> Vec<Choice> {
    vec![Choice::new("US", "United States"), Choice::new("CA", "Canada")]
}
