//! Customer companies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::address::Country;
use crate::email::{Email, is_label};
use crate::extension::{DialPlan, Extension};
use crate::field::FieldErrors;
use crate::id::AccountId;
use crate::text::{Name, parsed_text};
use crate::time_zone::TimeZone;

/// Eight digits that a person says on the phone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct AccountNumber(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an account number has 8 digits")]
pub struct AccountNumberError;

impl AccountNumber {
    pub fn parse(text: &str) -> Result<Self, AccountNumberError> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let fits = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if fits { Ok(Self(digits.into())) } else { Err(AccountNumberError) }
    }

    /// In two groups, `4820 1137`.
    pub fn pretty(&self) -> String {
        format!("{} {}", &self.0[..4], &self.0[4..])
    }
}

parsed_text!(AccountNumber, AccountNumberError);

/// The domain of an account's SIP addresses and the realm of its digests. Lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct SipDomain(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a SIP domain looks like acme.sip.example: labels of letters, digits and hyphens with dots between")]
pub struct SipDomainError;

impl SipDomain {
    pub fn parse(text: &str) -> Result<Self, SipDomainError> {
        let text = text.trim().to_ascii_lowercase();
        let labels: Vec<&str> = text.split('.').collect();
        let fits =
            text.len() <= 253 && text.is_ascii() && labels.len() >= 2 && labels.iter().all(|label| is_label(label));
        if fits { Ok(Self(text.into())) } else { Err(SipDomainError) }
    }
}

parsed_text!(SipDomain, SipDomainError);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub version: i64,
    pub number: AccountNumber,
    pub settings: AccountSettings,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    pub name: Name,
    pub billing_email: Email,
    pub time_zone: TimeZone,
    pub country: Country,
    pub sip_domain: SipDomain,
    pub dial_plan: DialPlan,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettingsInput {
    pub name: String,
    pub billing_email: String,
    pub time_zone: String,
    pub country: String,
    pub sip_domain: String,
    pub extension_min: String,
    pub extension_max: String,
    pub first_extension: String,
}

impl From<&AccountSettings> for AccountSettingsInput {
    fn from(settings: &AccountSettings) -> Self {
        Self {
            name: settings.name.to_string(),
            billing_email: settings.billing_email.to_string(),
            time_zone: settings.time_zone.to_string(),
            country: settings.country.into(),
            sip_domain: settings.sip_domain.to_string(),
            extension_min: settings.dial_plan.extension_min.to_string(),
            extension_max: settings.dial_plan.extension_max.to_string(),
            first_extension: settings.dial_plan.first_extension.to_string(),
        }
    }
}

impl AccountSettingsInput {
    pub fn parse(&self) -> Result<AccountSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", Name::parse(&self.name));
        let billing_email = errors.take("billing_email", Email::parse(&self.billing_email));
        let time_zone = errors.take("time_zone", TimeZone::parse(&self.time_zone));
        let country = errors.take("country", Country::parse(&self.country));
        let sip_domain = errors.take("sip_domain", SipDomain::parse(&self.sip_domain));
        let length = |text: &str| text.trim().parse::<u8>().map_err(|_| "write a number of digits from 2 to 6");
        let min = errors.take("extension_min", length(&self.extension_min));
        let max = errors.take("extension_max", length(&self.extension_max));
        let first = errors.take("first_extension", Extension::parse(&self.first_extension));
        let dial_plan = min
            .zip(max)
            .zip(first)
            .and_then(|((min, max), first)| errors.take("first_extension", DialPlan::new(min, max, first)));
        let settings = (|| {
            Some(AccountSettings {
                name: name?,
                billing_email: billing_email?,
                time_zone: time_zone?,
                country: country?,
                sip_domain: sip_domain?,
                dial_plan: dial_plan?,
            })
        })();
        errors.into_result(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_and_domains_are_checked() {
        assert_eq!(AccountNumber::parse("4820 1137").unwrap().pretty(), "4820 1137");
        assert!(AccountNumber::parse("0820 1137").is_err());
        assert_eq!(SipDomain::parse("Harbor.SIP.example").unwrap().as_str(), "harbor.sip.example");
        assert!(SipDomain::parse("localhost").is_err());
        assert!(SipDomain::parse("a b.example").is_err());
    }
}
