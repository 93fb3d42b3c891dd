//! Registrations written behind the registrar, which must not wait for the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lineside_model::directory::RegistrationChange;
use lineside_model::id::LineId;
use lineside_service::Service;
use lineside_switch::Registrations;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Lines whose changes are written in one transaction.
const BATCH: usize = 500;
/// Phones come back in crowds: what comes within that time is written together.
const TOGETHER: Duration = Duration::from_millis(20);

/// What is to be written: of each contact the last word, so that phones which come and go while the database is slow take
/// no more memory than phones.
#[derive(Default)]
struct Pending {
    changes: Mutex<Changes>,
    news: Notify,
}

#[derive(Default)]
struct Changes {
    last: HashMap<LineId, Vec<RegistrationChange>>,
    is_closed: bool,
}

/// The registrar's end. The writer ends when it is dropped and all is written.
pub struct WriteBehind(Arc<Pending>);

pub fn write_behind(service: &Service) -> (JoinHandle<()>, WriteBehind) {
    let pending = Arc::new(Pending::default());
    let writer = tokio::spawn(write(service.clone(), Arc::clone(&pending)));
    (writer, WriteBehind(pending))
}

impl Registrations for WriteBehind {
    fn changed(&self, changes: Vec<RegistrationChange>) {
        let mut pending = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            let waiting = pending.last.entry(line(&change)).or_insert_with(|| Vec::with_capacity(1));
            match waiting.iter_mut().find(|before| contact(before) == contact(&change)) {
                Some(before) => *before = change,
                None => waiting.push(change),
            }
        }
        drop(pending);
        self.0.news.notify_one();
    }
}

impl Drop for WriteBehind {
    fn drop(&mut self) {
        self.0.changes.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.0.news.notify_one();
    }
}

impl Pending {
    /// Some of what is to be written, and whether that is all there will ever be.
    fn take(&self) -> (Vec<RegistrationChange>, bool) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = changes.last.keys().take(BATCH).copied().collect();
        let batch: Vec<_> = lines.iter().filter_map(|line| changes.last.remove(line)).flatten().collect();
        if changes.last.is_empty() {
            // Room for every phone is needed only when all come at once.
            changes.last = HashMap::new();
        }
        (batch, changes.is_closed)
    }
}

fn line(change: &RegistrationChange) -> LineId {
    match change {
        RegistrationChange::Put(binding) => binding.line_id,
        RegistrationChange::Removed { line_id, .. } => *line_id,
    }
}

fn contact(change: &RegistrationChange) -> &[u8] {
    match change {
        RegistrationChange::Put(binding) => &binding.contact,
        RegistrationChange::Removed { contact, .. } => contact,
    }
}

async fn write(service: Service, pending: Arc<Pending>) {
    loop {
        let (batch, is_closed) = pending.take();
        if batch.is_empty() {
            if is_closed {
                return;
            }
            pending.news.notified().await;
            tokio::time::sleep(TOGETHER).await;
            continue;
        }
        if let Err(error) = service.registrations_changed(&batch).await {
            tracing::error!(%error, changes = batch.len(), "registrations can't be written; phones are reachable all the same");
        }
    }
}
