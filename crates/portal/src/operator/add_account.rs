//! Open an account with its owner.

use askama::Template;
use lineside_model::account::{AccountNumber, AccountSettingsInput};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::text::Name;
use lineside_model::user::{NewUser, ProfileInput, Role};
use lineside_model::username::Username;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::settings::AccountChoices;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/operator/accounts/add", Access::Operator, open),
        Route::post("/operator/accounts/add", Access::Operator, add),
    ]
}

#[derive(Template)]
#[template(path = "operator/add_account.html")]
struct AddPage {
    frame: Frame,
    form: Form,
    choices: AccountChoices,
}

impl AddPage {
    async fn new(visitor: &Visitor, form: Form) -> Result<Self, PageError> {
        let choices = AccountChoices::new(form.value("country"));
        Ok(Self { frame: visitor.frame("Open account").await?, form, choices })
    }
}

async fn open(visitor: Visitor) -> Answer {
    let input = AccountSettingsInput {
        country: "US".to_owned(),
        extension_min: "3".to_owned(),
        extension_max: "4".to_owned(),
        first_extension: "201".to_owned(),
        ..AccountSettingsInput::default()
    };
    let form = Form::new(visitor.service.new_change_id(), &input).with("welcome", "on");
    show(&AddPage::new(&visitor, form).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let number = visitor.service.new_account_number().await?;
    let change = match read(&data, number) {
        Ok(change) => change,
        Err(errors) => return show_again(&AddPage::new(&visitor, Form::sent(&data).with_errors(errors)).await?),
    };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/operator/accounts", "/operator/accounts/add")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => show_again(&AddPage::new(&visitor, Form::sent(&data).with_blockers(&plan)).await?),
    }
}

/// The fields of both forms bear different names, but for the time zone: the owner follows the account's.
fn read(data: &FormData, number: AccountNumber) -> Result<Change, FieldErrors> {
    let mut errors = FieldErrors::default();
    let settings = data.input::<AccountSettingsInput>().unwrap_or_default().parse();
    let settings = settings.map_err(|more| errors.0.extend(more.0)).ok();
    let mut owner = ProfileInput {
        first_name: data.text("first_name").to_owned(),
        last_name: data.text("last_name").to_owned(),
        username: data.text("username").to_owned(),
        email: data.text("email").to_owned(),
        ..ProfileInput::default()
    };
    if owner.username.trim().is_empty()
        && let (Ok(first), Ok(last)) = (Name::parse(&owner.first_name), Name::parse(&owner.last_name))
    {
        owner.username = Username::suggest(&first, &last, |_| false).to_string();
    }
    if owner.email.trim().is_empty() {
        errors.push("email", "fill in the address that the link to set a password is sent to");
    }
    let profile = owner.parse().map_err(|more| errors.0.extend(more.0)).ok();
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
            welcome_wanted: data.has("welcome"),
            wizard: None,
        }),
    });
    errors.into_result(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, &str); 12] = [
        ("name", "Harbor & Vine"),
        ("billing_email", "bills@harbor.example"),
        ("time_zone", "America/Phoenix"),
        ("country", "US"),
        ("sip_domain", "harbor.sip.example"),
        ("extension_min", "3"),
        ("extension_max", "4"),
        ("first_extension", "201"),
        ("first_name", "Ana"),
        ("last_name", "Duarte"),
        ("email", "ana@harbor.example"),
        ("welcome", "on"),
    ];

    fn read_without(field: &str) -> Result<Change, FieldErrors> {
        let fields = FIELDS.iter().filter(|(name, _)| *name != field);
        let data = FormData::new(fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        read(&data, AccountNumber::parse("4820 1137").unwrap())
    }

    #[test]
    fn the_owner_gets_a_username_from_the_name() {
        let Ok(Change::OpenAccount { owner, settings, .. }) = read_without("nothing") else { panic!("not read") };
        assert_eq!(owner.profile.username.as_str(), "ana.duarte");
        assert_eq!(owner.profile.time_zone, None);
        assert!(owner.welcome_wanted);
        assert_eq!(settings.time_zone.name(), "America/Phoenix");
    }

    #[test]
    fn both_halves_name_what_they_lack() {
        assert!(read_without("sip_domain").unwrap_err().of("sip_domain").is_some());
        assert!(read_without("email").unwrap_err().of("email").is_some());
        assert!(read_without("last_name").unwrap_err().of("last_name").is_some());
    }
}
