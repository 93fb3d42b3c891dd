//! The demo's accounts, made through the same changes that pages and the API use.

use anyhow::{Context, bail};
use lineside_auth::OsRandom;
use lineside_model::account::AccountSettingsInput;
use lineside_model::address::CivicAddressInput;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{DeviceModel, Mac, NewDevice};
use lineside_model::extension::Extension;
use lineside_model::field::FieldErrors;
use lineside_model::id::{AccountId, DepartmentId, DeviceId, LocationId, NumberId, UserId};
use lineside_model::journal::{Actor, Scope, Via};
use lineside_model::license::Catalogue;
use lineside_model::list::{UserFilter, UserSort};
use lineside_model::location::{EmergencyContactInput, SiteInput};
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::text::Name;
use lineside_model::user::{NewUser, ProfileInput, Role, UserState, WizardStep};
use lineside_model::user_view::{UserColumn, Viewed};
use lineside_model::username::Username;
use lineside_service::{Caller, Identity, Outcome, Service};

use super::people;
use super::{Credentials, SignIn};

const USERS: usize = 150;

pub async fn make(service: &Service) -> anyhow::Result<Credentials> {
    let operator = SignIn { username: "operator".to_owned(), password: password() };
    let id = service.add_operator(&operator.username, "Lineside operator", &operator.password).await?;
    let identity = Identity::Operator { id, name: "Lineside operator".to_owned() };
    let caller = Caller { identity, via: Via::System, from: None };
    let operator_api_token = Some(service.add_api_token(&caller, "Demo").await?.token);
    let harbor = open(service, "48201137", "Harbor & Vine Ltd", "harbor-vine.example", 0).await?;
    let user = harbor.fill().await?;
    let owner = harbor.sign_in(0).await?;
    let api_token = harbor.api_token().await?;
    let mesa = open(service, "51730946", "Blue Mesa Books", "blue-mesa.example", 1_999).await?;
    let empty_owner = mesa.sign_in(1_999).await?;
    super::calls::emergency::operator_trunk(service, &caller, "51730946").await?;
    service.send_due_mails().await?;
    Ok(Credentials { operator, owner, user, empty_owner, api_token, operator_api_token })
}

/// An account with nobody but its owner, to be filled by a measurement.
pub struct EmptyAccount {
    pub scope: Scope,
    pub username: String,
    pub password: String,
}

pub async fn empty_account(service: &Service) -> anyhow::Result<EmptyAccount> {
    let account = open(service, "51730946", "Blue Mesa Books", "blue-mesa.example", 1_999).await?;
    let SignIn { username, password } = account.sign_in(1_999).await?;
    Ok(EmptyAccount { scope: account.scope, username, password })
}

/// One of many for a measurement, with nothing assigned.
pub fn bench_user(n: usize, extension: &str) -> anyhow::Result<NewUser> {
    let mut user = new_user(n, "blue-mesa.example", extension, None, None)?;
    user.profile.username = Username::parse(&format!("phone{n}"))?;
    Ok(user)
}

/// Fourteen characters that can be read aloud: on the screen of whoever runs the demo, and random all the same.
fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 14];
    rand::Rng::fill_bytes(&mut OsRandom, &mut bytes);
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

pub(super) struct Demo<'a> {
    pub(super) service: &'a Service,
    scope: Scope,
    pub(super) catalogue: Catalogue,
    owner: UserId,
}

async fn open<'a>(
    service: &'a Service,
    number: &str,
    name: &str,
    domain: &str,
    owner: usize,
) -> anyhow::Result<Demo<'a>> {
    let settings = AccountSettingsInput {
        name: name.to_owned(),
        billing_email: format!("billing@{domain}"),
        time_zone: "America/Phoenix".to_owned(),
        country: "US".to_owned(),
        sip_domain: domain.to_owned(),
        extension_min: "3".to_owned(),
        extension_max: "4".to_owned(),
        first_extension: "201".to_owned(),
    };
    let mut owner = new_user(owner, domain, "201", None, None)?;
    owner.role = Role::AccountOwner;
    let change = Change::OpenAccount {
        number: lineside_model::account::AccountNumber::parse(number)?,
        settings: settings.parse().map_err(in_words)?,
        owner: Box::new(owner),
    };
    let request = ChangeRequest { id: service.new_change_id(), change };
    let scope = Scope { account_id: request.new_account_id(), actor: Actor::system("Demo") };
    let demo = Demo { service, scope, catalogue: service.catalogue().await?, owner: request.new_user_id() };
    demo.done(request).await?;
    Ok(demo)
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
pub(super) fn in_words(errors: FieldErrors) -> anyhow::Error {
    anyhow::anyhow!("{errors:?}")
}

/// From 201 on, without those that no extension may be.
fn extension(n: usize) -> String {
    let mut allowed = (201..).map(|n: u32| n.to_string()).filter(|text| Extension::parse(text).is_ok());
    allowed.nth(n).unwrap_or_default()
}

fn new_user(
    n: usize,
    domain: &str,
    extension: &str,
    location: Option<LocationId>,
    department: Option<DepartmentId>,
) -> anyhow::Result<NewUser> {
    let (first, last) = people::name(n);
    let username = Username::suggest(&Name::parse(first)?, &Name::parse(last)?, |_| false);
    let input = ProfileInput {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: format!("{username}@{domain}"),
        username: username.to_string(),
        email_voicemails: n.is_multiple_of(3),
        attach_recording: n.is_multiple_of(3),
        extension: extension.to_owned(),
        location_id: location.map(|id| id.to_string()).unwrap_or_default(),
        department_id: department.map(|id| id.to_string()).unwrap_or_default(),
        ..ProfileInput::default()
    };
    Ok(NewUser {
        profile: input.parse().map_err(in_words)?,
        number_id: None,
        mobile_number_id: None,
        package: None,
        without_license: true,
        role: Role::User,
        pin_hash: None,
        welcome_wanted: false,
        wizard: None,
    })
}

/// A site of the lived-in account with its numbers, handed out in turn.
struct Site {
    location: LocationId,
    address: CivicAddressInput,
    landline: std::vec::IntoIter<NumberId>,
    mobile: std::vec::IntoIter<NumberId>,
}

impl Demo<'_> {
    pub(super) fn account_id(&self) -> AccountId {
        self.scope.account_id
    }

    pub(super) async fn apply(&self, change: Change) -> anyhow::Result<ChangeRequest> {
        let request = ChangeRequest { id: self.service.new_change_id(), change };
        self.done(request.clone()).await?;
        Ok(request)
    }

    async fn done(&self, request: ChangeRequest) -> anyhow::Result<()> {
        match self.service.apply_in(&self.scope, &request, None).await? {
            Outcome::Done { .. } | Outcome::Before => Ok(()),
            Outcome::Blocked(plan) | Outcome::Moved(plan) => bail!("{}: {:?}", plan.summary, plan.blockers),
        }
    }

    pub(super) fn license(&self, slug: &str) -> anyhow::Result<lineside_model::id::LicenseTypeId> {
        self.catalogue
            .license_type_by_slug(slug)
            .map(|license| license.id)
            .context("the catalogue that ships has this type")
    }

    async fn sign_in(&self, n: usize) -> anyhow::Result<SignIn> {
        let (first, last) = people::name(n);
        let username = Username::suggest(&Name::parse(first)?, &Name::parse(last)?, |_| false).to_string();
        let password = password();
        self.service.give_password(&username, &password).await?;
        Ok(SignIn { username, password })
    }

    pub(super) fn as_owner(&self) -> Caller {
        let identity = Identity::User {
            id: self.owner,
            account_id: self.scope.account_id,
            role: Role::AccountOwner,
            name: "Demo".to_owned(),
        };
        Caller { identity, via: Via::System, from: None }
    }

    async fn api_token(&self) -> anyhow::Result<String> {
        Ok(self.service.add_api_token(&self.as_owner(), "Demo").await?.token)
    }

    /// A list that everybody who administers the account looks at in the morning.
    pub(super) async fn shared_view(&self) -> anyhow::Result<()> {
        let filter = UserFilter { ready: Some(false), sort: UserSort::Location, ..UserFilter::default() };
        let columns = vec![UserColumn::Location, UserColumn::Department, UserColumn::Email, UserColumn::Ready];
        self.service
            .save_user_view(&self.as_owner(), "Not ready, by location", true, Viewed { filter, columns })
            .await?;
        Ok(())
    }

    /// Everything of Harbor & Vine; returns a plain user who can sign in.
    async fn fill(&self) -> anyhow::Result<SignIn> {
        for (slug, bought) in [
            ("basic", 60),
            ("business", 100),
            ("business-mobile", 20),
            ("mobile-5gb", 4),
            ("unlimited-5g", 10),
            ("pro-plus", 40),
        ] {
            self.apply(Change::SetSeats { license_type_id: self.license(slug)?, bought, bound: None }).await?;
        }
        let mut sites = [
            self.site("Phoenix HQ", "3550", "N Central Ave", "Phoenix", "AZ", "85012", "480", "602").await?,
            self.site("Tucson", "33", "N Stone Ave", "Tucson", "AZ", "85701", "520", "928").await?,
            self.site("Denver", "1600", "Broadway", "Denver", "CO", "80202", "303", "720").await?,
        ];
        let mut departments = Vec::new();
        for name in ["Sales", "Field service", "Support", "Accounting", "Warehouse"] {
            let request = self.apply(Change::AddDepartment { name: Name::parse(name)? }).await?;
            departments.push(request.new_department_id());
        }
        let mut colleagues = vec![self.owner];
        for n in 1..USERS {
            let site = [0, 0, 1, 2, 2][n % 5];
            colleagues.push(self.colleague(n, &mut sites[site], departments[n % departments.len()]).await?);
        }
        self.owners_desk(&mut sites[0], &colleagues[1..6]).await?;
        super::schedule::fill(self, &colleagues).await?;
        super::calls::fill(self, &colleagues).await?;
        for n in 0..6_u32 {
            let mac = Some(Mac::parse(&format!("805ec0fe00{n:02x}"))?);
            self.apply(Change::AddDevice {
                device: NewDevice { model: "yealink-t53".to_owned(), mac, label: None, user_id: None },
            })
            .await?;
        }
        self.sign_in(1).await
    }

    #[expect(clippy::too_many_arguments, reason = "one line a site reads better than a struct a site")]
    async fn site(
        &self,
        name: &str,
        street_number: &str,
        street_name: &str,
        city: &str,
        region: &str,
        postal_code: &str,
        area_code: &str,
        mobile_code: &str,
    ) -> anyhow::Result<Site> {
        let address = CivicAddressInput {
            street_number: street_number.to_owned(),
            street_name: street_name.to_owned(),
            city: city.to_owned(),
            region: region.to_owned(),
            postal_code: postal_code.to_owned(),
            ..CivicAddressInput::default()
        };
        let contact = EmergencyContactInput {
            name: format!("{city} front desk"),
            email: format!("frontdesk.{}@harbor-vine.example", city.to_lowercase()),
            phone: String::new(),
        };
        let site = SiteInput {
            name: name.to_owned(),
            address: address.clone(),
            area_code: area_code.to_owned(),
            emergency_contacts: vec![contact],
            ..SiteInput::default()
        };
        let request = self.apply(Change::AddLocation { site: site.parse().map_err(in_words)? }).await?;
        let location = request.new_location_id();
        let landline = self.numbers(area_code, 90, NumberKind::Landline, location).await?;
        let mobile = self.numbers(mobile_code, 20, NumberKind::Mobile, location).await?;
        Ok(Site { location, address, landline: landline.into_iter(), mobile: mobile.into_iter() })
    }

    /// Numbers that are set aside for fiction: 555-0100 to 555-0199 of each area code.
    async fn numbers(
        &self,
        code: &str,
        count: u32,
        kind: NumberKind,
        location: LocationId,
    ) -> anyhow::Result<Vec<NumberId>> {
        let numbers: Result<Vec<E164>, _> =
            (100..100 + count).map(|n| E164::parse(&format!("+1{code}5550{n}"))).collect();
        let numbers = numbers?;
        let request =
            self.apply(Change::AddNumbers { numbers: numbers.clone(), kind, location_id: Some(location) }).await?;
        Ok(numbers.iter().map(|number| NumberId(request.id.derive(number.as_str(), uuid::Uuid::nil()))).collect())
    }

    /// One of every state that readiness can have, in turn.
    async fn colleague(&self, n: usize, site: &mut Site, department: DepartmentId) -> anyhow::Result<UserId> {
        let (number, mobile) = (n % 10 < 8, n % 12 == 5);
        let license = match n % 10 {
            9 => None,
            8 => Some("basic"),
            _ if mobile => Some("business-mobile"),
            0 | 3 => Some("basic"),
            _ => Some("business"),
        };
        let mut user = new_user(n, "harbor-vine.example", &extension(n), Some(site.location), Some(department))?;
        user.number_id = site.landline.next().filter(|_| number);
        user.mobile_number_id = if mobile && number { site.mobile.next() } else { None };
        user.package =
            license.filter(|license| number || *license == "basic").map(|slug| self.license(slug)).transpose()?;
        user.wizard = (n % 37 == 36).then_some(WizardStep::Device);
        user.welcome_wanted = n % 50 == 7;
        if n == 2 {
            user.role = Role::Administrator;
        }
        let user_id = self.apply(Change::AddUser { user: Box::new(user) }).await?.new_user_id();
        if n % 10 != 7 && number {
            self.confirm(user_id, site, n).await?;
        }
        if n % 10 < 6 {
            self.device(n, user_id).await?;
        }
        if license.is_some() && number && n.is_multiple_of(7) {
            self.apply(Change::AssignLicense {
                user_ids: vec![user_id],
                license_type_id: self.license("pro-plus")?,
                date: None,
            })
            .await?;
        }
        if n % 41 == 40 {
            self.apply(Change::SetUserState { user_ids: vec![user_id], state: UserState::Suspended, date: None })
                .await?;
        }
        Ok(user_id)
    }

    async fn confirm(&self, user_id: UserId, site: &Site, n: usize) -> anyhow::Result<()> {
        let unit = format!("Floor {}, desk {}", n % 8 + 1, n);
        let address = CivicAddressInput { unit, ..site.address.clone() }.parse().map_err(in_words)?;
        self.apply(Change::ConfirmE911 { user_id, address, callback: None, confirmed: true }).await?;
        Ok(())
    }

    async fn device(&self, n: usize, user_id: UserId) -> anyhow::Result<DeviceId> {
        let model = &DeviceModel::ALL[[6, 4, 11, 3, 12][n % 5]];
        let mac = model.has_mac.then(|| Mac::parse(&format!("805ec0a1{n:04x}"))).transpose()?;
        let device = NewDevice { model: model.slug.to_owned(), mac, label: None, user_id: Some(user_id) };
        let request = self.apply(Change::AddDevice { device }).await?;
        if model.slug == "generic" {
            self.apply(Change::Generate { device_id: request.new_device_id() }).await?;
        }
        Ok(request.new_device_id())
    }

    /// The owner has a desk in Phoenix like everybody else, and sees there who talks.
    async fn owners_desk(&self, site: &mut Site, colleagues: &[UserId]) -> anyhow::Result<()> {
        let mut profile = new_user(0, "harbor-vine.example", "201", Some(site.location), None)?.profile;
        profile.time_zone = None;
        self.apply(Change::EditProfile { user_id: self.owner, version: None, profile: Box::new(profile) }).await?;
        if let Some(number_id) = site.landline.next() {
            self.apply(Change::AssignNumber { number_id, user_id: Some(self.owner) }).await?;
        }
        self.apply(Change::AssignLicense {
            user_ids: vec![self.owner],
            license_type_id: self.license("business")?,
            date: None,
        })
        .await?;
        self.confirm(self.owner, site, 0).await?;
        let device_id = self.device(0, self.owner).await?;
        self.apply(Change::Resync { device_id }).await?;
        self.apply(Change::SetLampKeys { device_id, version: None, colleagues: colleagues.to_vec() }).await?;
        Ok(())
    }
}
