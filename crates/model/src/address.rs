//! Civic addresses.

use serde::{Deserialize, Serialize};

use crate::field::FieldErrors;
use crate::text::is_unprintable;

/// A civic address that help can be sent to. The street line is kept apart from the place within the building, since
/// street guides match only the first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CivicAddress {
    pub street_number: String,
    pub street_name: String,
    /// Unit, floor, room: what finds the caller within the building. May be empty.
    pub unit: String,
    pub city: String,
    /// State, province or region: the code in the United States and Canada, free text elsewhere.
    pub region: String,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: Country,
}

/// ISO 3166-1 alpha-2, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    pub const US: Self = Self(*b"US");
    pub const CA: Self = Self(*b"CA");

    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err("choose a country by its two letters, such as US"),
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for Country {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.as_str().to_owned()
    }
}

/// The states, districts and territories of the United States where 911 is answered.
pub const US_REGIONS: [(&str, &str); 56] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AS", "American Samoa"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("GU", "Guam"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("MP", "Northern Mariana Islands"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("PR", "Puerto Rico"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VI", "Virgin Islands"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
];

pub const CA_REGIONS: [(&str, &str); 13] = [
    ("AB", "Alberta"),
    ("BC", "British Columbia"),
    ("MB", "Manitoba"),
    ("NB", "New Brunswick"),
    ("NL", "Newfoundland and Labrador"),
    ("NS", "Nova Scotia"),
    ("NT", "Northwest Territories"),
    ("NU", "Nunavut"),
    ("ON", "Ontario"),
    ("PE", "Prince Edward Island"),
    ("QC", "Quebec"),
    ("SK", "Saskatchewan"),
    ("YT", "Yukon"),
];

/// The address as a form or a request carries it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CivicAddressInput {
    pub street_number: String,
    pub street_name: String,
    pub unit: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub country: String,
}

impl From<&CivicAddress> for CivicAddressInput {
    fn from(address: &CivicAddress) -> Self {
        Self {
            street_number: address.street_number.clone(),
            street_name: address.street_name.clone(),
            unit: address.unit.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.as_str().to_owned(),
        }
    }
}

impl CivicAddressInput {
    pub fn parse(&self) -> Result<CivicAddress, FieldErrors> {
        let mut errors = FieldErrors::default();
        let country = if self.country.trim().is_empty() { Ok(Country::US) } else { Country::parse(&self.country) };
        let country = errors.take("country", country);
        let mut text = |field: &str, value: &str, max: usize, missing: Option<&str>| -> String {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            if value.is_empty() {
                if let Some(missing) = missing {
                    errors.push(field, missing);
                }
            } else if value.chars().count() > max {
                errors.push(field, format!("shorten this to {max} characters"));
            } else if value.chars().any(is_unprintable) {
                errors.push(field, "remove the control characters");
            }
            value
        };
        let street_number =
            text("street_number", &self.street_number, 12, Some("fill in the house number; responders need it"));
        let street_name = text("street_name", &self.street_name, 80, Some("fill in the street"));
        let unit = text("unit", &self.unit, 80, None);
        let city = text("city", &self.city, 60, Some("fill in the city"));
        let mut region = text("region", &self.region, 40, None);
        let mut postal_code = text("postal_code", &self.postal_code, 12, None);

        if is_po_box(&street_name) || is_po_box(&format!("{street_number} {street_name}")) {
            errors.push("street_name", "nobody can be found at a P.O. box; give the street address");
        }
        if !street_number.is_empty() && !street_number.chars().any(|c| c.is_ascii_digit()) {
            errors.push("street_number", "a house number has a digit in it; put the street's name in the next field");
        }
        match country {
            Some(Country::US) => {
                region = known_region(
                    &mut errors,
                    &US_REGIONS,
                    &region,
                    "choose a state; it is needed in the United States",
                );
                if !is_zip(&postal_code) {
                    errors.push("postal_code", "A ZIP code has 5 digits, or 5 + 4.");
                }
            }
            Some(Country::CA) => {
                region = known_region(&mut errors, &CA_REGIONS, &region, "choose a province or territory");
                match canadian_postal_code(&postal_code) {
                    Some(code) => postal_code = code,
                    None => errors.push("postal_code", "A Canadian postal code looks like K1A 0B1."),
                }
            }
            _ => {}
        }
        let address = country.map(|country| CivicAddress {
            street_number,
            street_name,
            unit,
            city,
            region,
            postal_code,
            country,
        });
        errors.into_result(address)
    }
}

impl CivicAddress {
    /// `3550 N Central Ave`.
    pub fn street_line(&self) -> String {
        format!("{} {}", self.street_number, self.street_name)
    }

    /// On one line, for lists and messages.
    /// The region's name where its code is known.
    pub fn region_name(&self) -> &str {
        let known: &[(&str, &str)] = match self.country {
            Country::US => &US_REGIONS,
            Country::CA => &CA_REGIONS,
            _ => &[],
        };
        known.iter().find(|(code, _)| *code == self.region).map_or(&self.region, |(_, name)| name)
    }

    pub fn one_line(&self) -> String {
        let region = format!("{} {}", self.region, self.postal_code);
        [self.street_line().as_str(), &self.unit, &self.city, region.trim(), self.country.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Accepts the code or the name, and gives the code.
fn known_region(errors: &mut FieldErrors, regions: &[(&str, &str)], text: &str, missing: &str) -> String {
    let known = regions.iter().find(|(code, name)| code.eq_ignore_ascii_case(text) || name.eq_ignore_ascii_case(text));
    if let Some((code, _)) = known {
        (*code).to_owned()
    } else {
        errors.push("region", missing);
        text.to_owned()
    }
}

fn is_zip(text: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('-') {
        Some((zip, plus)) => digits(zip, 5) && digits(plus, 4),
        None => digits(text, 5),
    }
}

/// Letter digit letter, digit letter digit; without D F I O Q U, and W and Z not first.
fn canadian_postal_code(text: &str) -> Option<String> {
    let code: Vec<char> = text.chars().filter(|c| *c != ' ' && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
    let letter = |c: char| c.is_ascii_uppercase() && !"DFIOQU".contains(c);
    let fits = code.len() == 6
        && code.iter().enumerate().all(|(at, c)| if at % 2 == 0 { letter(*c) } else { c.is_ascii_digit() })
        && !matches!(code[0], 'W' | 'Z');
    fits.then(|| format!("{} {}", code[..3].iter().collect::<String>(), code[3..].iter().collect::<String>()))
}

fn is_po_box(street: &str) -> bool {
    let plain: String =
        street.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let starts = |prefix: &[&str]| words.windows(prefix.len()).any(|window| window == prefix);
    starts(&["po", "box"])
        || starts(&["p", "o", "box"])
        || starts(&["post", "office", "box"])
        || words.contains(&"pobox")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phoenix() -> CivicAddressInput {
        CivicAddressInput {
            street_number: "3550".into(),
            street_name: "N Central Ave".into(),
            unit: "Floor 7, Suite 710".into(),
            city: "Phoenix".into(),
            region: "Arizona".into(),
            postal_code: "85012".into(),
            country: "US".into(),
        }
    }

    #[test]
    fn an_address_is_read_and_its_state_becomes_a_code() {
        let address = phoenix().parse().unwrap();
        assert_eq!(address.region, "AZ");
        assert_eq!(address.one_line(), "3550 N Central Ave, Floor 7, Suite 710, Phoenix, AZ 85012, US");
    }

    #[test]
    fn each_wrong_field_is_named_at_once() {
        let input = CivicAddressInput { postal_code: "8501".into(), street_number: String::new(), ..phoenix() };
        let errors = input.parse().unwrap_err();
        assert_eq!(errors.of("postal_code"), Some("A ZIP code has 5 digits, or 5 + 4."));
        assert!(errors.of("street_number").is_some());
    }

    #[test]
    fn what_is_not_printed_is_refused() {
        for city in ["Pho\u{0}enix", "Pho\u{202e}enix"] {
            let errors = CivicAddressInput { city: city.into(), ..phoenix() }.parse().unwrap_err();
            assert_eq!(errors.of("city"), Some("remove the control characters"));
        }
    }

    #[test]
    fn a_po_box_is_refused() {
        for street in ["P.O. Box 12", "PO BOX 9", "Post Office Box 3", "POBox 7"] {
            let errors = CivicAddressInput { street_name: street.into(), ..phoenix() }.parse().unwrap_err();
            assert!(errors.of("street_name").is_some(), "{street}");
        }
        assert!(CivicAddressInput { street_name: "Boxwood Po Street".into(), ..phoenix() }.parse().is_ok());
    }

    #[test]
    fn canadian_codes_are_checked_and_spaced() {
        let ottawa =
            CivicAddressInput { region: "ON".into(), postal_code: "k1a0b1".into(), country: "ca".into(), ..phoenix() };
        assert_eq!(ottawa.parse().unwrap().postal_code, "K1A 0B1");
        assert!(CivicAddressInput { postal_code: "K1A 0O1".into(), ..ottawa }.parse().is_err());
    }
}
