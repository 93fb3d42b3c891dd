//! Sites.

use serde::{Deserialize, Serialize};

use crate::address::{CivicAddress, CivicAddressInput};
use crate::email::Email;
use crate::field::FieldErrors;
use crate::id::{AccountId, LocationId};
use crate::phone_number::{AreaCode, E164};
use crate::text::Name;
use crate::time_zone::TimeZone;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    pub id: LocationId,
    pub account_id: AccountId,
    pub version: i64,
    pub site: Site,
}

/// What an administrator says of a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub name: Name,
    pub address: CivicAddress,
    pub time_zone: TimeZone,
    pub area_code: Option<AreaCode>,
    /// What emergency services call back when the caller has no number.
    #[serde(default)]
    pub callback: Option<E164>,
    pub emergency_contacts: Vec<EmergencyContact>,
}

/// Somebody on site who is told when an emergency call goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyContact {
    pub name: Name,
    pub email: Option<Email>,
    pub phone: Option<E164>,
}

/// At most this many contacts a location.
pub const CONTACTS_MAX: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteInput {
    pub name: String,
    #[serde(flatten)]
    pub address: CivicAddressInput,
    /// Blank: the zone that the address suggests.
    pub time_zone: String,
    pub area_code: String,
    pub callback: String,
    pub emergency_contacts: Vec<EmergencyContactInput>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EmergencyContactInput {
    pub name: String,
    pub email: String,
    pub phone: String,
}

impl From<&Site> for SiteInput {
    fn from(site: &Site) -> Self {
        Self {
            name: site.name.to_string(),
            address: (&site.address).into(),
            time_zone: site.time_zone.to_string(),
            area_code: site.area_code.as_ref().map(ToString::to_string).unwrap_or_default(),
            callback: site.callback.as_ref().map(E164::pretty).unwrap_or_default(),
            emergency_contacts: site
                .emergency_contacts
                .iter()
                .map(|contact| EmergencyContactInput {
                    name: contact.name.to_string(),
                    email: contact.email.as_ref().map(ToString::to_string).unwrap_or_default(),
                    phone: contact.phone.as_ref().map(E164::pretty).unwrap_or_default(),
                })
                .collect(),
        }
    }
}

impl SiteInput {
    pub fn parse(&self) -> Result<Site, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", Name::parse(&self.name));
        let address = self.address.parse().map_err(|more| errors.0.extend(more.0)).ok();
        let suggested =
            address.as_ref().and_then(|address| TimeZone::suggest(address.country.as_str(), &address.region));
        let time_zone = match (self.time_zone.trim(), suggested) {
            ("", Some(zone)) => Some(zone),
            ("", None) => {
                errors.push("time_zone", "choose a time zone; the address suggests none");
                None
            }
            (text, _) => errors.take("time_zone", TimeZone::parse(text)),
        };
        let area_code = errors.take_optional("area_code", &self.area_code, AreaCode::parse);
        let callback = errors.take_optional("callback", &self.callback, E164::parse);
        let emergency_contacts = self.parse_contacts(&mut errors);
        let site = (|| {
            Some(Site {
                name: name?,
                address: address?,
                time_zone: time_zone?,
                area_code,
                callback,
                emergency_contacts,
            })
        })();
        errors.into_result(site)
    }

    fn parse_contacts(&self, errors: &mut FieldErrors) -> Vec<EmergencyContact> {
        let filled = self.emergency_contacts.iter().enumerate().filter(|(_, contact)| {
            [&contact.name, &contact.email, &contact.phone].iter().any(|text| !text.trim().is_empty())
        });
        let mut contacts = Vec::new();
        for (at, contact) in filled {
            let field = |part: &str| format!("emergency_contacts.{at}.{part}");
            let name = errors.take(&field("name"), Name::parse(&contact.name));
            let email = errors.take_optional(&field("email"), &contact.email, Email::parse);
            let phone = errors.take_optional(&field("phone"), &contact.phone, E164::parse);
            if contact.email.trim().is_empty() && contact.phone.trim().is_empty() {
                errors.push(&field("email"), "give an email address or a phone number to tell this person at");
            }
            contacts.extend(name.map(|name| EmergencyContact { name, email, phone }));
        }
        if contacts.len() > CONTACTS_MAX {
            errors.push("emergency_contacts", format!("a location has at most {CONTACTS_MAX} emergency contacts"));
        }
        contacts
    }
}
