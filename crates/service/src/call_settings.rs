//! An account's rules for calls, its trunks, its users' forwarding; and where a call would go.

use std::collections::BTreeSet;
use std::sync::Arc;

use lineside_auth::Sealed;
use lineside_model::call_settings::CallSettings;
use lineside_model::dialled::Dialled;
use lineside_model::directory::{DirectoryAccount, DirectoryTrunk, DirectoryUser, trunks_of};
use lineside_model::extension::{Destination, Extension};
use lineside_model::forwarding::{Forwarding, ForwardingKind};
use lineside_model::id::{AccountId, TrunkId, UserId};
use lineside_model::route::{self, Explanation, Lookup};
use lineside_model::secret::Opaque;
use lineside_model::trunk::Trunk;
use lineside_store::trunk::SealedTrunk;

use crate::{Caller, Service, ServiceError};

fn trunk_bound_to(trunk: TrunkId) -> String {
    format!("trunk/{trunk}/password")
}

impl Service {
    pub async fn call_settings(&self, caller: &Caller) -> Result<Option<CallSettings>, ServiceError> {
        Ok(self.store().call_settings(&caller.scope()?).await?)
    }

    /// The account's own; for an operator, the operator's.
    pub async fn trunks(&self, caller: &Caller) -> Result<Vec<Trunk>, ServiceError> {
        if caller.is_operator() {
            return Ok(self.store().operator_trunks().await?);
        }
        Ok(self.store().trunks(&caller.scope()?).await?)
    }

    pub async fn trunk(&self, caller: &Caller, id: TrunkId) -> Result<Trunk, ServiceError> {
        self.trunks(caller).await?.into_iter().find(|trunk| trunk.id == id).ok_or(ServiceError::NotFound)
    }

    /// `None`: no password was typed.
    pub fn seal_trunk_password(&self, trunk: TrunkId, password: &str) -> Option<Opaque> {
        let seal = || self.inner.sealer.seal(password.as_bytes(), &trunk_bound_to(trunk), &mut *self.rng());
        (!password.is_empty()).then(|| Opaque::new(seal().0))
    }

    pub async fn forwarding(&self, caller: &Caller, user: UserId) -> Result<Option<Forwarding>, ServiceError> {
        let scope = caller.scope_of_user(user)?;
        Ok(self.store().forwarding(&scope, user).await?)
    }

    pub async fn directory_accounts(&self) -> Result<Vec<DirectoryAccount>, ServiceError> {
        Ok(self.store().directory_accounts().await?)
    }

    /// All trunks, with their passwords open. One that does not open is left out, loudly.
    pub async fn directory_trunks(&self) -> Result<Vec<DirectoryTrunk>, ServiceError> {
        let mut trunks = Vec::new();
        for SealedTrunk { trunk, serves } in self.store().all_trunks().await? {
            let open = |sealed: &Opaque| {
                let open = self.inner.sealer.open(&Sealed(sealed.bytes().to_vec()), &trunk_bound_to(trunk.id))?;
                Ok::<_, ServiceError>(String::from_utf8_lossy(&open).into_owned())
            };
            match trunk.password.as_ref().map(open).transpose() {
                Ok(password) => trunks.push(DirectoryTrunk {
                    trunk_id: trunk.id,
                    account_id: trunk.account_id,
                    serves,
                    settings: trunk.settings,
                    password,
                }),
                Err(error) => {
                    tracing::error!(trunk = %trunk.id, %error, "a trunk's password can't be read; set it anew");
                }
            }
        }
        Ok(trunks)
    }

    /// "Where would this call go?" as things stand now. `from`: a user of the account, or nobody for a call from outside.
    pub async fn explain_route(
        &self,
        caller: &Caller,
        from: Option<UserId>,
        dialled: &str,
    ) -> Result<Explanation, ServiceError> {
        let scope = caller.scope()?;
        let dialled = Dialled::new(dialled);
        let mut known = Known::new(self, scope.account_id).await?;
        known.look_up(self, from.into_iter().collect(), &dialled).await?;
        let from = match from {
            Some(user) => {
                let user =
                    known.users.iter().find(|known| known.user_id == user && known.account_id == scope.account_id);
                route::Caller::User(user.cloned().ok_or(ServiceError::NotFound)?)
            }
            // Another account's numbers are nobody's business here.
            None => route::Caller::Trunk(Some(scope.account_id)),
        };
        Ok(route::explain(&known, &from, &dialled))
    }
}

/// What one route looks up, read beforehand.
struct Known {
    account: Option<Arc<DirectoryAccount>>,
    has_trunk: bool,
    users: Vec<Arc<DirectoryUser>>,
    registered: BTreeSet<UserId>,
    own: AccountId,
}

/// The most users that one explanation reads.
const USERS_MAX: usize = 40;

impl Known {
    async fn new(service: &Service, own: AccountId) -> Result<Self, ServiceError> {
        let account = service.store().directory_account(own).await?.map(Arc::new);
        let trunks = service.directory_trunks().await?;
        let has_trunk = !trunks_of(&trunks, own, false).is_empty();
        Ok(Self { account, has_trunk, users: Vec::new(), registered: BTreeSet::new(), own })
    }

    /// The users named, whoever was dialled, and whomever they forward to, and those, and so on.
    async fn look_up(&mut self, service: &Service, ids: Vec<UserId>, dialled: &Dialled) -> Result<(), ServiceError> {
        let mut ids: BTreeSet<UserId> = ids.into_iter().collect();
        let mut extensions: BTreeSet<Extension> = Extension::parse(dialled.as_str()).into_iter().collect();
        // `*55` and an extension.
        extensions.extend(dialled.as_str().strip_prefix("*55").and_then(|rest| Extension::parse(rest).ok()));
        let mut numbers: BTreeSet<String> = dialled.number().into_iter().collect();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        while self.users.len() < USERS_MAX {
            let holders = service.store().destinations(self.own, &extensions, &numbers).await?;
            ids.extend(holders);
            ids.retain(|id| !self.users.iter().any(|user| user.user_id == *id));
            if ids.is_empty() {
                return Ok(());
            }
            let found: Vec<UserId> = std::mem::take(&mut ids).into_iter().collect();
            self.registered.extend(service.store().registered(&found, service.now()).await?);
            (extensions, numbers) = (BTreeSet::new(), BTreeSet::new());
            for sealed in service.store().directory_users(&found).await? {
                for to in ForwardingKind::ALL.into_iter().filter_map(|kind| sealed.user.forwards(kind)) {
                    if !asked.insert(to.as_str().to_owned()) {
                        continue;
                    }
                    match to {
                        Destination::Extension(extension) => drop(extensions.insert(extension.clone())),
                        Destination::Number(number) => drop(numbers.insert(number.as_str().to_owned())),
                    }
                }
                self.users.push(Arc::new(sealed.user));
            }
        }
        Ok(())
    }
}

impl Lookup for Known {
    fn extension(&self, account: AccountId, extension: &Extension) -> Option<Arc<DirectoryUser>> {
        let has = |user: &&Arc<DirectoryUser>| user.account_id == account && user.extension.as_ref() == Some(extension);
        self.users.iter().find(has).cloned()
    }

    fn number(&self, number: &str) -> Option<Arc<DirectoryUser>> {
        self.users.iter().find(|user| user.numbers.iter().any(|held| held.as_str() == number)).cloned()
    }

    fn account(&self, account: AccountId) -> Option<Arc<DirectoryAccount>> {
        self.account.clone().filter(|known| known.account_id == account)
    }

    fn registered(&self, user: &DirectoryUser) -> bool {
        self.registered.contains(&user.user_id)
    }

    fn has_trunk(&self, account: AccountId) -> bool {
        self.has_trunk && account == self.own
    }
}
