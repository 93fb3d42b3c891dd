//! Licenses: what there is, how many seats, who holds what.

pub mod catalogue;
pub mod change;
pub mod repair;
pub mod seats;

use lineside_model::id::{LicenseTypeId, TrackId};
use lineside_model::license::{Catalogue, LicenseType, Track};
use lineside_service::Service;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::SignedIn, routes!(catalogue::show_catalogue)),
        Route::new(Access::Administrator, routes!(seats::list_seats)),
        Route::change(routes!(seats::set_seats)),
        Route::change(routes!(change::assign_license)),
        Route::change(routes!(change::remove_license)),
    ]
}

/// A license type by its slug or id.
pub(crate) async fn find_type(service: &Service, text: &str) -> Result<Result<LicenseTypeId, &'static str>, Problem> {
    let catalogue = service.catalogue().await?;
    Ok(type_called(&catalogue, text)
        .map(|license| license.id)
        .ok_or("choose a license type of GET /api/v1/catalogue by its slug or id"))
}

/// A track by its slug or id.
pub(crate) async fn find_track(service: &Service, text: &str) -> Result<Result<TrackId, &'static str>, Problem> {
    let catalogue = service.catalogue().await?;
    Ok(track_called(&catalogue, text)
        .map(|track| track.id)
        .ok_or("choose a track of GET /api/v1/catalogue by its slug or id"))
}

/// By its slug or id.
pub(crate) fn type_called<'a>(catalogue: &'a Catalogue, text: &str) -> Option<&'a LicenseType> {
    let by_id = || catalogue.license_type(LicenseTypeId(text.parse().ok()?));
    catalogue.license_type_by_slug(text).or_else(by_id)
}

/// By its slug or id.
pub(crate) fn track_called<'a>(catalogue: &'a Catalogue, text: &str) -> Option<&'a Track> {
    let by_id = || catalogue.track(TrackId(text.parse().ok()?));
    catalogue.track_by_slug(text).or_else(by_id)
}
