//! What the account bought of each license type, and who holds it.

mod assign;
mod chart;
mod comparison;
mod list;
mod pick;
mod seats;

use lineside_model::id::LicenseTypeId;
use lineside_model::license::{Catalogue, LicenseType, Requirement, Seats};
use lineside_service::ServiceError;

pub use self::comparison::Comparison;
use crate::router::Route;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    [list::routes(), seats::routes(), assign::routes(), pick::routes()].into_iter().flatten().collect()
}

/// What a type requires, in words.
pub fn requirement_label(catalogue: &Catalogue, requirement: &Requirement) -> String {
    match requirement {
        Requirement::Number(kind) => format!("a {kind} number"),
        Requirement::Track(id) => {
            let track = catalogue.track(*id).map_or("further", |track| track.name.as_str());
            format!("an active {track} license")
        }
        Requirement::Type(id) => {
            catalogue.license_type(*id).map_or("another license", |of| of.name.as_str()).to_owned()
        }
        Requirement::E911Confirmed => "a confirmed E911 address".to_owned(),
        Requirement::LocationIn(countries) => {
            let countries: Vec<&str> = countries.iter().map(lineside_model::address::Country::as_str).collect();
            format!("a location in {}", countries.join(", "))
        }
    }
}

/// What the types of a track need, in the comparison's order; `nothing` where there is none.
pub fn requirements_label(catalogue: &Catalogue, license: &LicenseType) -> String {
    let all: Vec<String> =
        license.requirements.iter().map(|requirement| requirement_label(catalogue, requirement)).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

/// Bought and used of a type; none bought yet is zero of both.
fn bought_and_used(seats: &[Seats], id: LicenseTypeId) -> (i64, i64) {
    seats.iter().find(|seats| seats.license_type_id == id).map_or((0, 0), |seats| (seats.bought, seats.used))
}

/// A type by its name in addresses, or by its identifier, as repairs know it.
async fn find(visitor: &Visitor, name: &str) -> Result<(Catalogue, LicenseType), ServiceError> {
    let catalogue = visitor.service.catalogue().await?;
    let by_id = || name.parse().ok().and_then(|id| catalogue.license_type(id));
    let license = catalogue.license_type_by_slug(name).or_else(by_id).cloned().ok_or(ServiceError::NotFound)?;
    Ok((catalogue, license))
}
