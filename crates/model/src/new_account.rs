//! What it takes to open an account: its settings, and the owner who will set up everything else.

use serde::{Deserialize, Serialize};

use crate::account::{AccountNumber, AccountSettingsInput};
use crate::change::Change;
use crate::field::FieldErrors;
use crate::text::Name;
use crate::user::{NewUser, ProfileInput, Role};
use crate::username::Username;

/// As a form or the API sends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewAccountInput {
    pub settings: AccountSettingsInput,
    pub owner: OwnerInput,
    /// The owner gets a mail with the link to set a password.
    pub welcome: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnerInput {
    pub first_name: String,
    pub last_name: String,
    /// Blank: `firstname.lastname`.
    pub username: String,
    pub email: String,
}

/// The owner's fields; none of the settings has the name of one.
pub const OWNER_FIELDS: [&str; 4] = ["first_name", "last_name", "username", "email"];

impl NewAccountInput {
    pub fn parse(&self, number: AccountNumber) -> Result<Change, FieldErrors> {
        let mut errors = FieldErrors::default();
        let settings = self.settings.parse().map_err(|more| errors.0.extend(more.0)).ok();
        if self.owner.email.trim().is_empty() {
            errors.push("email", "fill in the address that the link to set a password is sent to");
        }
        let profile = self.owner.profile().parse().map_err(|more| errors.0.extend(more.0)).ok();
        let change = settings.zip(profile).map(|(settings, profile)| Change::OpenAccount {
            number,
            settings,
            owner: Box::new(NewUser {
                profile,
                number_id: None,
                mobile_number_id: None,
                package: None,
                without_license: true,
                role: Role::AccountOwner,
                pin_hash: None,
                welcome_wanted: self.welcome,
                wizard: None,
            }),
        });
        errors.into_result(change)
    }
}

impl OwnerInput {
    /// Their time zone follows the account's.
    fn profile(&self) -> ProfileInput {
        let mut username = self.username.clone();
        if username.trim().is_empty()
            && let (Ok(first), Ok(last)) = (Name::parse(&self.first_name), Name::parse(&self.last_name))
        {
            username = Username::suggest(&first, &last, |_| false).to_string();
        }
        ProfileInput {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            username,
            email: self.email.clone(),
            ..ProfileInput::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> NewAccountInput {
        NewAccountInput {
            settings: AccountSettingsInput {
                name: "Harbor & Vine".to_owned(),
                billing_email: "bills@harbor.example".to_owned(),
                time_zone: "America/Phoenix".to_owned(),
                country: "US".to_owned(),
                sip_domain: "harbor.sip.example".to_owned(),
                extension_min: "3".to_owned(),
                extension_max: "4".to_owned(),
                first_extension: "201".to_owned(),
            },
            owner: OwnerInput {
                first_name: "Ana".to_owned(),
                last_name: "Duarte".to_owned(),
                email: "ana@harbor.example".to_owned(),
                ..OwnerInput::default()
            },
            welcome: true,
        }
    }

    fn parsed(change: impl FnOnce(&mut NewAccountInput)) -> Result<Change, FieldErrors> {
        let mut input = input();
        change(&mut input);
        input.parse(AccountNumber::parse("4820 1137").unwrap())
    }

    #[test]
    fn the_owner_gets_a_username_from_the_name() {
        let Ok(Change::OpenAccount { owner, settings, .. }) = parsed(|_| {}) else { panic!("not read") };
        assert_eq!(owner.profile.username.as_str(), "ana.duarte");
        assert_eq!(owner.profile.time_zone, None);
        assert!(owner.welcome_wanted);
        assert_eq!(settings.time_zone.name(), "America/Phoenix");
    }

    #[test]
    fn both_halves_name_what_they_lack() {
        assert!(parsed(|input| input.settings.sip_domain.clear()).unwrap_err().of("sip_domain").is_some());
        assert!(parsed(|input| input.owner.email.clear()).unwrap_err().of("email").is_some());
        assert!(parsed(|input| input.owner.last_name.clear()).unwrap_err().of("last_name").is_some());
    }

    #[test]
    fn no_field_of_the_settings_is_called_as_one_of_the_owners() {
        let settings = serde_json::to_value(AccountSettingsInput::default()).unwrap();
        assert!(OWNER_FIELDS.iter().all(|field| settings.get(field).is_none()));
    }
}
