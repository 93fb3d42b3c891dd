//! News for open pages.

use lineside_model::id::{AccountId, UserId};
use tokio::sync::broadcast;

use crate::{Caller, Identity, Service, ServiceError};

/// Something about these users changed; who shows them looks again.
#[derive(Debug, Clone)]
pub struct News {
    pub account_id: AccountId,
    pub users: Vec<UserId>,
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
        if !news.users.is_empty() {
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
    /// The next users that changed; `Some(vec![])` after falling behind: look at everything again. `None`: the program stops.
    pub async fn next(&mut self) -> Option<Vec<UserId>> {
        loop {
            match self.receiver.recv().await {
                Ok(news) if news.account_id == self.account_id => return Some(news.users),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Vec::new()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Service {
    pub fn listen(&self, caller: &Caller) -> Result<Listener, ServiceError> {
        let Identity::User { account_id, .. } = caller.identity else { return Err(ServiceError::NotFound) };
        Ok(Listener { account_id, receiver: self.inner.live.0.subscribe() })
    }
}
