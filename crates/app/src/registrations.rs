//! Registrations written behind the registrar, which must not wait for the database.

use std::collections::HashMap;

use lineside_model::directory::RegistrationChange;
use lineside_model::id::LineId;
use lineside_service::Service;
use lineside_switch::Registrations;
use tokio::task::JoinHandle;

use crate::pending::{Taker, Teller, pending};

/// Lines whose changes are written in one transaction.
const BATCH: usize = 500;

/// What is to be written: of each contact the last word, so that phones which come and go while the database is slow take
/// no more memory than phones.
#[derive(Default)]
struct Changes(HashMap<LineId, Vec<RegistrationChange>>);

/// The registrar's end. The writer ends when it is dropped and all is written.
pub struct WriteBehind(Teller<Changes>);

pub fn write_behind(service: &Service) -> (JoinHandle<()>, WriteBehind) {
    let (teller, taker) = pending(Changes::default());
    let writer = tokio::spawn(write(service.clone(), taker));
    (writer, WriteBehind(teller))
}

impl Registrations for WriteBehind {
    /// Phones come back in crowds, which are written together.
    fn changed(&self, changes: Vec<RegistrationChange>) {
        self.0.tell(|pending| changes.into_iter().for_each(|change| pending.put(change)));
    }
}

impl Changes {
    fn put(&mut self, change: RegistrationChange) {
        let waiting = self.0.entry(line(&change)).or_insert_with(|| Vec::with_capacity(1));
        match waiting.iter_mut().find(|before| contact(before) == contact(&change)) {
            Some(before) => *before = change,
            None => waiting.push(change),
        }
    }

    /// Some of what is to be written.
    fn take(&mut self) -> Option<Vec<RegistrationChange>> {
        let lines: Vec<_> = self.0.keys().take(BATCH).copied().collect();
        let batch: Vec<_> = lines.iter().filter_map(|line| self.0.remove(line)).flatten().collect();
        if self.0.is_empty() {
            // Room for every phone is needed only when all come at once.
            self.0 = HashMap::new();
        }
        (!batch.is_empty()).then_some(batch)
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

async fn write(service: Service, changes: Taker<Changes>) {
    while let Some(batch) = changes.next(Changes::take).await {
        if let Err(error) = service.registrations_changed(&batch).await {
            tracing::error!(%error, changes = batch.len(), "registrations can't be written; phones are reachable all the same");
        }
    }
}
