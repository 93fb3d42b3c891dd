//! News for open pages.

use std::collections::BTreeSet;

use lineside_model::id::{AccountId, UserId};
use tokio::sync::broadcast;

use crate::{Caller, Identity, Service, ServiceError};

/// Something about these users changed; who shows them looks again.
#[derive(Debug, Clone)]
pub struct News {
    pub account_id: AccountId,
    pub users: Vec<UserId>,
    /// So did what pages of the account show: its schedule, its counts. Not with each phone that registers once more.
    pub account: bool,
    /// A call began, was answered or ended.
    pub calls: bool,
}

/// A page that falls this far behind reads everything anew.
const BACKLOG: usize = 256;

pub(crate) struct Live(broadcast::Sender<News>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Live {
    pub(crate) fn tell(&self, news: News) {
        if news.account || news.calls || !news.users.is_empty() {
            // Nobody listening is no error.
            let _ = self.0.send(news);
        }
    }
}

/// The news of one account.
pub struct Listener {
    account_id: AccountId,
    receiver: broadcast::Receiver<News>,
}

impl Listener {
    /// The next news, with all that came meanwhile. `None`: the program stops.
    pub async fn next(&mut self) -> Option<Heard> {
        let mut heard = Heard::default();
        while heard.is_nothing() {
            match self.receiver.recv().await {
                Ok(news) => heard.add(self.account_id, news),
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Heard::everything()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
        loop {
            match self.receiver.try_recv() {
                Ok(news) => heard.add(self.account_id, news),
                Err(broadcast::error::TryRecvError::Lagged(_)) => return Some(Heard::everything()),
                Err(_) => return Some(heard),
            }
        }
    }
}

/// What a listener heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    pub users: BTreeSet<UserId>,
    /// After falling behind: look at everybody again.
    pub everybody: bool,
    pub account: bool,
    pub calls: bool,
}

impl Heard {
    pub fn everything() -> Self {
        Self { users: BTreeSet::new(), everybody: true, account: true, calls: true }
    }

    fn is_nothing(&self) -> bool {
        self.users.is_empty() && !self.everybody && !self.account && !self.calls
    }

    fn add(&mut self, account: AccountId, news: News) {
        if news.account_id == account {
            self.users.extend(news.users);
            self.account |= news.account;
            self.calls |= news.calls;
        }
    }
}

impl Service {
    pub fn listen(&self, caller: &Caller) -> Result<Listener, ServiceError> {
        let Identity::User { account_id, .. } = caller.identity else { return Err(ServiceError::NotFound) };
        Ok(Listener { account_id, receiver: self.inner.live.0.subscribe() })
    }
}
