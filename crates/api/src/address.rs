//! Street addresses.

use lineside_model::address::{CivicAddress, CivicAddressInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A street address that responders can find.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    #[schema(example = "3550")]
    street_number: String,
    #[schema(example = "N Central Ave")]
    street_name: String,
    /// Floor, suite, room. May be empty.
    #[schema(example = "Floor 7, Suite 710")]
    unit: String,
    #[schema(example = "Phoenix")]
    city: String,
    #[schema(example = "AZ")]
    region: String,
    #[schema(example = "85012")]
    postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "US")]
    country: String,
}

impl From<&CivicAddress> for AddressView {
    fn from(address: &CivicAddress) -> Self {
        let CivicAddressInput { street_number, street_name, unit, city, region, postal_code, country } = address.into();
        Self { street_number, street_name, unit, city, region, postal_code, country }
    }
}

/// A street address as it is sent; a region by its code or name.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = AddressInput)]
pub struct AddressBody {
    #[schema(example = "3550")]
    street_number: String,
    #[schema(example = "N Central Ave")]
    street_name: String,
    #[schema(example = "Floor 7, Suite 710")]
    unit: Option<String>,
    #[schema(example = "Phoenix")]
    city: String,
    #[schema(example = "AZ")]
    region: Option<String>,
    #[schema(example = "85012")]
    postal_code: Option<String>,
    /// Without one: US.
    #[schema(example = "US")]
    country: Option<String>,
}

impl From<AddressBody> for CivicAddressInput {
    fn from(body: AddressBody) -> Self {
        Self {
            street_number: body.street_number,
            street_name: body.street_name,
            unit: body.unit.unwrap_or_default(),
            city: body.city,
            region: body.region.unwrap_or_default(),
            postal_code: body.postal_code.unwrap_or_default(),
            country: body.country.unwrap_or_default(),
        }
    }
}
