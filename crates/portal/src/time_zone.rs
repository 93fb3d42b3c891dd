//! Time zones to choose from, by continent.

use lineside_model::time_zone::TimeZone;

use crate::control::Choice;

/// `first`: what stands above all zones, such as "follow the address".
pub fn choices(first: Option<Choice>) -> Vec<Choice> {
    let zones = TimeZone::all().map(|name| {
        let (continent, place) = name.split_once('/').unwrap_or(("", name));
        Choice::new(name, place.replace('_', " ")).group(continent)
    });
    first.into_iter().chain(zones).collect()
}
