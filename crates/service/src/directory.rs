//! What the switch knows of users, and what it reports back.

use std::collections::HashSet;

use lineside_auth::Sealed;
use lineside_model::directory::{
    Binding, DirectoryAccount, DirectoryLine, DirectoryTrunk, DirectoryUser, RegistrationChange,
};
use lineside_model::id::{AccountId, UserId};
use lineside_model::plan::{Plan, Record};
use lineside_store::binding::Saved;
use lineside_store::directory::{SealedDirectoryLine, SealedDirectoryUser};
use tokio::sync::broadcast;

use crate::live::News;
use crate::mint::bound_to;
use crate::outage::outlast;
use crate::{Service, ServiceError};

/// News for the switch.
#[derive(Debug, Clone)]
pub enum DirectoryChange {
    Put(Box<DirectoryUser>),
    Remove(UserId),
    /// Everybody's may be different: read the directory anew.
    Everybody,
    Account(Box<DirectoryAccount>),
    /// All of them anew: they are few.
    Trunks(Vec<DirectoryTrunk>),
}

/// A switch that falls this far behind reads the whole directory anew.
const BACKLOG: usize = 16_384;

pub(crate) struct Feed(broadcast::Sender<DirectoryChange>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

/// Users that are read at once.
const PAGE: u16 = 2_000;

impl Service {
    /// Subscribe before reading [`Self::directory`], so that nothing falls between.
    pub fn directory_feed(&self) -> broadcast::Receiver<DirectoryChange> {
        self.inner.feed.0.subscribe()
    }

    /// Every user, for the start.
    pub async fn directory(&self) -> Result<Vec<DirectoryUser>, ServiceError> {
        let (mut users, mut after) = (Vec::new(), None);
        loop {
            let page = self.store().directory_page(after, PAGE.into()).await?;
            let Some(last) = page.last() else { return Ok(users) };
            after = Some(last.user.user_id);
            users.extend(page.into_iter().map(|user| self.unseal(user)));
        }
    }

    /// What a license type allows changed.
    pub(crate) fn feed_everybody(&self) {
        // No switch listening is no error.
        let _ = self.inner.feed.0.send(DirectoryChange::Everybody);
    }

    /// Tells the switch of users as they are now.
    pub(crate) async fn feed_directory(&self, ids: &[UserId]) {
        if self.is_heard() {
            self.or_everybody(self.read_for_feed(ids).await);
        }
    }

    /// No switch listens in tests and tools.
    fn is_heard(&self) -> bool {
        self.inner.feed.0.receiver_count() > 0
    }

    /// What was changed is changed, though it can't be read now: the switch reads all of it once the database is back.
    fn or_everybody(&self, fed: Result<(), ServiceError>) {
        if let Err(error) = fed {
            tracing::warn!(%error, "what was changed can't be read for the switch, which reads everything anew");
            self.feed_everybody();
        }
    }

    async fn read_for_feed(&self, ids: &[UserId]) -> Result<(), ServiceError> {
        for ids in ids.chunks(PAGE.into()) {
            let found = self.store().directory_users(ids).await?;
            let there: HashSet<UserId> = found.iter().map(|found| found.user.user_id).collect();
            let put = found.into_iter().map(|user| DirectoryChange::Put(Box::new(self.unseal(user))));
            let gone = ids.iter().filter(|id| !there.contains(id)).map(|id| DirectoryChange::Remove(*id));
            for change in put.chain(gone) {
                let _ = self.inner.feed.0.send(change);
            }
        }
        Ok(())
    }

    /// Tells the switch of the account's rules and trunks, where a plan changes them.
    pub(crate) async fn feed_account(&self, id: AccountId, plan: &Plan) {
        if self.is_heard() {
            self.or_everybody(self.read_account_for_feed(id, plan).await);
        }
    }

    async fn read_account_for_feed(&self, id: AccountId, plan: &Plan) -> Result<(), ServiceError> {
        let records = || plan.steps.iter().filter_map(|step| step.after.as_ref().or(step.before.as_ref()));
        if records().any(|record| matches!(record, Record::Account(_) | Record::CallSettings(_)))
            && let Some(account) = self.store().directory_account(id).await?
        {
            let _ = self.inner.feed.0.send(DirectoryChange::Account(Box::new(account)));
        }
        let mut locations: Vec<_> = records()
            .filter_map(|record| if let Record::Location(location) = record { Some(location.id) } else { None })
            .collect();
        locations.dedup();
        for location in locations {
            self.read_for_feed(&self.store().users_of_location(id, location).await?).await?;
        }
        if records().any(|record| matches!(record, Record::Trunk(_))) {
            self.read_trunks_for_feed().await?;
        }
        Ok(())
    }

    /// Tells the switch of all trunks; there are few.
    pub(crate) async fn feed_trunks(&self) {
        if self.is_heard() {
            self.or_everybody(self.read_trunks_for_feed().await);
        }
    }

    async fn read_trunks_for_feed(&self) -> Result<(), ServiceError> {
        let _ = self.inner.feed.0.send(DirectoryChange::Trunks(self.directory_trunks().await?));
        Ok(())
    }

    /// A line whose secrets do not open is left out, loudly: its phone can't register until Generate mends it.
    fn unseal(&self, sealed: SealedDirectoryUser) -> DirectoryUser {
        let SealedDirectoryUser { mut user, lines } = sealed;
        // Nearly always one, and it stays in memory.
        user.lines.reserve_exact(lines.len());
        for line in lines {
            match self.unseal_line(&line) {
                Ok(open) => user.lines.push(open),
                Err(error) => {
                    tracing::error!(line = %line.line.id, %error, "a line's credentials can't be read; generate them anew");
                }
            }
        }
        user
    }

    fn unseal_line(&self, sealed: &SealedDirectoryLine) -> Result<DirectoryLine, ServiceError> {
        let line = &sealed.line;
        let credentials = &line.credentials;
        let open = |value: &[u8], what: &str| -> Result<Vec<u8>, ServiceError> {
            let hex = self.inner.sealer.open(&Sealed(value.to_vec()), &bound_to(&credentials.username, what))?;
            hex::decode(&*hex).map_err(|_| ServiceError::Sealed(lineside_auth::OpenError::Damaged))
        };
        let damaged = |_| ServiceError::Sealed(lineside_auth::OpenError::Damaged);
        Ok(DirectoryLine {
            line_id: line.id,
            device_id: line.device_id,
            username: credentials.username.clone(),
            ha1_md5: open(credentials.ha1_md5.bytes(), "ha1-md5")?.try_into().map_err(damaged)?,
            ha1_sha256: open(credentials.ha1_sha256.bytes(), "ha1-sha256")?.try_into().map_err(damaged)?,
            algorithm: line.algorithm,
            enabled: sealed.enabled,
        })
    }

    /// Contacts that were registered when the program stopped.
    pub async fn bindings(&self) -> Result<Vec<Binding>, ServiceError> {
        let now = self.now();
        self.store().expire_bindings(now).await?;
        Ok(self.store().bindings(now).await?)
    }

    /// A batch from the registrar: kept, once the database is there, and told to open pages.
    pub async fn registrations_changed(&self, changes: &[RegistrationChange]) -> Result<(), ServiceError> {
        let save = || async { Ok(self.store().save_bindings(changes, self.now()).await?) };
        let Saved { waiting, counted } = outlast(save).await?;
        if waiting > 0 {
            self.inner.resync_due.notify_one();
        }
        let mut accounts = std::collections::BTreeMap::<_, Vec<UserId>>::new();
        for change in changes {
            let (account_id, user_id) = match change {
                RegistrationChange::Put(binding) => (binding.account_id, binding.user_id),
                RegistrationChange::Removed { account_id, user_id, .. } => (*account_id, *user_id),
            };
            accounts.entry(account_id).or_default().push(user_id);
        }
        for (account_id, mut users) in accounts {
            users.sort();
            users.dedup();
            self.inner.live.tell(News { account_id, users, account: counted.contains(&account_id), calls: false });
        }
        Ok(())
    }
}
