//! What the switch tells and asks, carried to the use cases without its waiting for them.

#[cfg(test)]
mod tests;
mod waiting;

use std::sync::Arc;

use lineside_model::call_report::CallReport;
use lineside_model::directory::RegistrationChange;
use lineside_model::question::Question;
use lineside_service::Service;
use lineside_switch::{CallReports, Mailboxes, Outside, Registrations, Reply};
use tokio::task::JoinHandle;

use self::waiting::Waiting;
use crate::pending::{Taker, Teller, pending};

/// Reports and questions to this service; registrations are somebody else's. The task ends when the switch has ended and all
/// that it told is written.
pub fn of(service: &Service) -> (JoinHandle<()>, Outside) {
    let (writer, reports) = reporting(service, Waiting::default());
    let mailboxes = Answering { service: service.clone(), runtime: tokio::runtime::Handle::current() };
    let outside = Outside::only(Arc::new(Nowhere));
    (writer, Outside { reports: Arc::new(reports), mailboxes: Arc::new(mailboxes), ..outside })
}

fn reporting(service: &Service, nothing: Waiting) -> (JoinHandle<()>, Reporting) {
    let (teller, taker) = pending(nothing);
    (tokio::spawn(write_behind(service.clone(), taker)), Reporting(teller))
}

struct Nowhere;

impl Registrations for Nowhere {
    fn changed(&self, _: Vec<RegistrationChange>) {}
}

struct Reporting(Teller<Waiting>);

impl CallReports for Reporting {
    fn report(&self, report: CallReport) {
        self.0.tell(|waiting| waiting.put(report));
    }
}

/// In a crowd, calls that ended are written after so many moments, or when they are so many: a transaction costs as much as
/// tens of calls, and changes the same pages for all of them.
const ROUNDS: usize = 20;
const MOST: usize = 4_000;
/// Fewer in each moment are no crowd.
const CROWD: usize = 3;

async fn write_behind(service: Service, reports: Taker<Waiting>) {
    while let Some(first) = reports.next(Waiting::take).await {
        let mut ended = service.calls_heard_of(first).await;
        for round in 1..ROUNDS {
            if ended.len() < CROWD * round || ended.len() >= MOST {
                break;
            }
            let more = reports.more(Waiting::take).await;
            ended.extend(service.calls_heard_of(more.unwrap_or_default()).await);
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
