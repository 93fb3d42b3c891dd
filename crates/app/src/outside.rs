//! What the switch tells and asks, carried to the use cases without its waiting for them.

use std::sync::Arc;
use std::time::Duration;

use lineside_model::call_report::CallReport;
use lineside_model::directory::RegistrationChange;
use lineside_model::question::Question;
use lineside_service::Service;
use lineside_switch::{CallReports, Mailboxes, Outside, Registrations, Reply};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Reports and questions to this service; registrations are somebody else's. The task ends when the switch has ended and all
/// that it told is written.
pub fn of(service: &Service) -> (JoinHandle<()>, Outside) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let writer = tokio::spawn(write_behind(service.clone(), receiver));
    let mailboxes = Answering { service: service.clone(), runtime: tokio::runtime::Handle::current() };
    let outside = Outside::only(Arc::new(Nowhere));
    (writer, Outside { reports: Arc::new(Reporting(sender)), mailboxes: Arc::new(mailboxes), ..outside })
}

struct Nowhere;

impl Registrations for Nowhere {
    fn changed(&self, _: Vec<RegistrationChange>) {}
}

struct Reporting(mpsc::UnboundedSender<CallReport>);

impl CallReports for Reporting {
    fn report(&self, report: CallReport) {
        let _ = self.0.send(report);
    }
}

/// The most reports that are written together.
const BATCH: usize = 1_000;
/// Reports within that time are taken together: waking for each would cost more than what is to be done.
const TOGETHER: Duration = Duration::from_millis(20);

/// In a crowd, calls that ended are written after so many such times, or when they are so many: a transaction costs as much as
/// tens of calls, and changes the same pages for all of them.
const ROUNDS: usize = 10;
const MOST: usize = 1_000;
/// Fewer in each time are no crowd.
const CROWD: usize = 3;

async fn write_behind(service: Service, mut receiver: mpsc::UnboundedReceiver<CallReport>) {
    while let Some(first) = receiver.recv().await {
        let (mut batch, mut ended) = (vec![first], Vec::new());
        for round in 1..=ROUNDS {
            tokio::time::sleep(TOGETHER).await;
            while batch.len() < BATCH
                && let Ok(more) = receiver.try_recv()
            {
                batch.push(more);
            }
            ended.extend(service.calls_heard_of(std::mem::take(&mut batch)).await);
            if ended.len() < CROWD * round || ended.len() >= MOST {
                break;
            }
        }
        service.calls_ended(&ended).await;
    }
}

struct Answering {
    service: Service,
    runtime: tokio::runtime::Handle,
}

impl Mailboxes for Answering {
    fn ask(&self, question: Question, reply: Reply) {
        let service = self.service.clone();
        self.runtime.spawn(async move { reply.give(service.answer(question).await) });
    }
}
