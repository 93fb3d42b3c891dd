//! The worker that asks phones to fetch their configuration: claims what is due, asks through the switch, and keeps what
//! the phones answered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use lineside_model::device::DeviceModel;
use lineside_model::directory::NoticeAnswer;
use lineside_model::id::LineId;
use lineside_model::resync::{Asked, ResyncState};
use lineside_store::resync::ResyncJob;
use tokio::task::JoinSet;

use crate::live::News;
use crate::{Service, ServiceError};

/// The way to the phones: the switch.
#[async_trait]
pub trait Phones: Send + Sync + 'static {
    /// Sends a NOTIFY to each contact of the line; no answers: it is not registered.
    async fn notify(&self, line: LineId, event: &str) -> Vec<NoticeAnswer>;
}

/// An order whose worker died is tried again after this long: longer than a phone may take to answer.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Phones asked at once. They fetch their configuration within the second, so this also bounds what the web server gets
/// to do when a whole site is asked.
const BATCH: i64 = 50;
/// Phones that have not answered yet; a dead one takes 32 seconds to be known for dead.
const ASKING_MAX: usize = 1_000;
/// The longest sleep, so that a clock that was turned does not hold anybody back.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
const SHORTEST_SLEEP: Duration = Duration::from_millis(200);

impl Service {
    /// Runs until the task is dropped.
    pub async fn run_resyncs(&self, phones: Arc<dyn Phones>) {
        let mut asking = JoinSet::new();
        loop {
            while asking.try_join_next().is_some() {}
            let claimed = if asking.len() < ASKING_MAX { self.claim_resyncs().await } else { Ok(Vec::new()) };
            let was_full = match claimed {
                Ok(jobs) => {
                    let was_full = i64::try_from(jobs.len()) == Ok(BATCH);
                    for job in jobs {
                        let (service, phones) = (self.clone(), Arc::clone(&phones));
                        asking.spawn(async move { service.ask_or_log(&job, &*phones).await });
                    }
                    was_full || asking.len() >= ASKING_MAX
                }
                Err(error) => {
                    tracing::error!(%error, "phones can't be asked to fetch their configuration for now");
                    false
                }
            };
            if was_full {
                tokio::time::sleep(SHORTEST_SLEEP).await;
            } else {
                let sleep = self.until_next_resync().await;
                let _ = tokio::time::timeout(sleep, self.inner.resync_due.notified()).await;
            }
        }
    }

    /// Asks whom to ask is due, and waits for the answers; returns how many were asked.
    pub async fn ask_due_phones(&self, phones: &dyn Phones) -> Result<usize, ServiceError> {
        let jobs = self.claim_resyncs().await?;
        for job in &jobs {
            self.ask(job, phones).await?;
        }
        Ok(jobs.len())
    }

    async fn claim_resyncs(&self) -> Result<Vec<ResyncJob>, ServiceError> {
        let now = self.now();
        Ok(self.store().claim_resyncs(now, now + LEASE, BATCH).await?)
    }

    async fn until_next_resync(&self) -> Duration {
        let next = self.store().next_resync_at().await.ok().flatten();
        let wait = next.and_then(|next| (next - self.now()).to_std().ok());
        wait.unwrap_or(LONGEST_SLEEP).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    async fn ask_or_log(&self, job: &ResyncJob, phones: &dyn Phones) {
        if let Err(error) = self.ask(job, phones).await {
            tracing::error!(device = %job.resync.device_id, %error, "what a phone answered can't be kept; it is asked again");
        }
    }

    async fn ask(&self, job: &ResyncJob, phones: &dyn Phones) -> Result<(), ServiceError> {
        let event = DeviceModel::find(&job.model).and_then(DeviceModel::resync_event);
        let asked = if let (Some(line), Some(event)) = (job.line_id, event) {
            let answers = phones.notify(line, event).await;
            job.resync.asked(&answers, self.now())
        } else {
            let said = Some("nobody has the device any more".to_owned());
            Asked { state: ResyncState::GivenUp, said, next_at: None }
        };
        self.store().settle_resync(&job.resync, &asked, self.now()).await?;
        self.inner.live.tell(News {
            account_id: job.account_id,
            users: job.user_id.into_iter().collect(),
            account: false,
            calls: false,
        });
        Ok(())
    }
}
