//! All use cases over a test database, with people in two accounts who must not see each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lineside_auth::{Cost, CryptoRng, Hasher, OsRandom, Sealer};
use lineside_model::account::{AccountSettings, AccountSettingsInput};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::directory::Transport;
use lineside_model::id::{AccountId, UserId};
use lineside_model::journal::Via;
use lineside_model::plan::Plan;
use lineside_model::user::{NewUser, ProfileInput, Role};
use lineside_service::store::Store;
use lineside_service::{Caller, Identity, Outcome, Parts, Service, Settings};
use tempfile::TempDir;

use crate::clock::TestClock;

/// The password of everybody here.
pub const PASSWORD: &str = "a long walk in the rain";

/// A service with a catalogue, an operator and two accounts.
pub struct House {
    pub service: Service,
    pub clock: TestClock,
    /// Mails land here as `.eml` files.
    pub spool: PathBuf,
    pub operator: Caller,
    pub acme: Tenant,
    pub globex: Tenant,
    _folder: TempDir,
}

/// An account and its people.
pub struct Tenant {
    pub id: AccountId,
    pub owner: Person,
    pub administrator: Person,
    /// Has the role User: sees only their own things.
    pub user: Person,
}

pub struct Person {
    pub id: UserId,
    pub username: String,
    /// As if they had signed in.
    pub caller: Caller,
}

impl House {
    pub async fn over(store: Store) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let spool = folder.path().join("spool");
        let clock = TestClock::default();
        let service = node(store, folder.path(), clock.clone())?;
        service.install_catalogue().await?;
        let id = service.add_operator("operator", "Olive Operator", PASSWORD).await?;
        let identity = Identity::Operator { id, name: "Olive Operator".to_owned() };
        let operator = Caller { identity, via: Via::Portal, from: None };
        let acme = open_account(&service, &operator, "Acme", "acme").await?;
        let globex = open_account(&service, &operator, "Globex", "globex").await?;
        Ok(Self { service, clock, spool, operator, acme, globex, _folder: folder })
    }

    /// Applies a change that has to go through.
    pub async fn apply(&self, caller: &Caller, change: Change) -> anyhow::Result<(ChangeRequest, Plan)> {
        apply(&self.service, caller, change).await
    }

    /// A token of an administrator, for the API.
    pub async fn token(&self, person: &Person) -> anyhow::Result<String> {
        Ok(self.service.add_api_token(&person.caller, "Test").await?.token)
    }

    /// A token of the operator.
    pub async fn operator_token(&self) -> anyhow::Result<String> {
        Ok(self.service.add_api_token(&self.operator, "Test").await?.token)
    }

    /// Mails on disk, sent by the mailer that a test runs with [`Service::send_due_mails`].
    pub fn mails(&self) -> anyhow::Result<Vec<String>> {
        let Ok(folder) = std::fs::read_dir(&self.spool) else { return Ok(Vec::new()) };
        let mut mails = Vec::new();
        for file in folder {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                mails.push(std::fs::read_to_string(path)?);
            }
        }
        Ok(mails)
    }
}

/// One of several programs over the same database and folder.
pub fn node(store: Store, folder: &Path, clock: TestClock) -> anyhow::Result<Service> {
    let spool = folder.join("spool");
    let files = folder.join("files");
    std::fs::create_dir_all(&files)?;
    Ok(Service::new(Parts {
        store,
        hasher: Hasher::new(Cost::CHEAP)?,
        sealer: Sealer::create_or_open(&folder.join("seal.key"), &mut OsRandom)?,
        clock: Arc::new(clock),
        random,
        files: Arc::new(object_store::local::LocalFileSystem::new_with_prefix(files)?),
        mail: lineside_mail::Transport::spool(&spool),
        settings: settings(spool),
    }))
}

/// A new user's profile with nothing but what is required; a test fills in the rest.
pub fn profile(first_name: &str, last_name: &str, username: &str) -> ProfileInput {
    let [first_name, last_name, username] = [first_name, last_name, username].map(str::to_owned);
    ProfileInput { first_name, last_name, username, ..ProfileInput::default() }
}

/// A user made at one go, without a number or a license.
pub fn new_user(profile: &ProfileInput, role: Role) -> anyhow::Result<NewUser> {
    Ok(NewUser {
        profile: profile.parse().map_err(|errors| anyhow::anyhow!("{errors:?}"))?,
        number_id: None,
        mobile_number_id: None,
        package: None,
        without_license: true,
        role,
        pin_hash: None,
        welcome_wanted: false,
        wizard: None,
    })
}

fn random() -> Box<dyn CryptoRng + Send> {
    Box::new(OsRandom)
}

fn settings(spool: PathBuf) -> Settings {
    Settings {
        portal_url: "http://phones.test".to_owned(),
        sip_host: "sip.phones.test".to_owned(),
        sip_port: 5060,
        sip_transport: Transport::Udp,
        ntp_server: "pool.ntp.org".to_owned(),
        mail_from: "phones@phones.test".to_owned(),
        audio_cache: spool.join("cache"),
        mail_spool: Some(spool),
    }
}

async fn apply(service: &Service, caller: &Caller, change: Change) -> anyhow::Result<(ChangeRequest, Plan)> {
    let request = ChangeRequest { id: service.new_change_id(), change };
    match service.apply(caller, &request, None).await? {
        Outcome::Done { plan, .. } => Ok((request, plan)),
        other => anyhow::bail!("the change did not go through: {other:?}"),
    }
}

async fn open_account(service: &Service, operator: &Caller, name: &str, slug: &str) -> anyhow::Result<Tenant> {
    let settings = account_settings(name, slug)?;
    let owner = new_user(&person(slug, "owner"), Role::AccountOwner)?;
    let number = service.new_account_number(service.new_change_id()).await?;
    let change = Change::OpenAccount { number, settings, owner: Box::new(owner) };
    let (request, plan) = apply(service, operator, change).await?;
    let opened = plan.steps.iter().find_map(lineside_model::plan::Step::account_id);
    let id = opened.ok_or_else(|| anyhow::anyhow!("the plan opens no account"))?;
    let owner = signed_in(service, id, request.new_user_id(), Role::AccountOwner, &person(slug, "owner")).await?;
    let administrator = add(service, &owner, id, Role::Administrator, &person(slug, "admin")).await?;
    let user = add(service, &owner, id, Role::User, &person(slug, "user")).await?;
    Ok(Tenant { id, owner, administrator, user })
}

fn account_settings(name: &str, slug: &str) -> anyhow::Result<AccountSettings> {
    let input = AccountSettingsInput {
        name: name.to_owned(),
        billing_email: format!("billing@{slug}.example"),
        time_zone: "America/Phoenix".to_owned(),
        country: "US".to_owned(),
        sip_domain: format!("{slug}.sip.example"),
        extension_min: "3".to_owned(),
        extension_max: "4".to_owned(),
        first_extension: "1001".to_owned(),
    };
    input.parse().map_err(|errors| anyhow::anyhow!("{errors:?}"))
}

/// `acme.owner`, with an address at `acme.example`.
fn person(slug: &str, role: &str) -> ProfileInput {
    let mut last = role.to_owned();
    last[..1].make_ascii_uppercase();
    ProfileInput {
        email: format!("{role}@{slug}.example"),
        ..profile(if slug == "acme" { "Ana" } else { "Gus" }, &last, &format!("{slug}.{role}"))
    }
}

async fn add(
    service: &Service,
    owner: &Person,
    account_id: AccountId,
    role: Role,
    profile: &ProfileInput,
) -> anyhow::Result<Person> {
    let user = Box::new(new_user(profile, role)?);
    let (request, _) = apply(service, &owner.caller, Change::AddUser { user }).await?;
    signed_in(service, account_id, request.new_user_id(), role, profile).await
}

async fn signed_in(
    service: &Service,
    account_id: AccountId,
    id: UserId,
    role: Role,
    profile: &ProfileInput,
) -> anyhow::Result<Person> {
    service.give_password(&profile.username, PASSWORD).await?;
    let name = format!("{} {}", profile.first_name, profile.last_name);
    let identity = Identity::User { id, account_id, role, name };
    Ok(Person { id, username: profile.username.clone(), caller: Caller { identity, via: Via::Portal, from: None } })
}
