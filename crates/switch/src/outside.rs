//! What the switch tells the rest of the program, and what it asks. Nothing here may block: it is called from the thread
//! that serves all calls, and what has to wait for a database goes through a queue.

use std::{fmt, sync::Arc, time::Duration};

use lineside_model::{
    call_report::CallReport,
    question::{Answer, Question},
};

use crate::registrar::Registrations;

/// What is told within that time is best taken together: waking and writing for each would cost more than what is to be done.
pub const TOGETHER: Duration = Duration::from_millis(20);

/// Takes what happens to calls, in its order.
pub trait CallReports: Send + Sync {
    fn report(&self, report: CallReport);
}

/// Knows mailboxes, greetings, PINs and star codes.
pub trait Mailboxes: Send + Sync {
    /// The answer may be given from any thread, soon: somebody waits on the telephone.
    fn ask(&self, question: Question, reply: Reply);
}

/// Everything around the switch.
#[derive(Clone)]
pub struct Outside {
    pub registrations: Arc<dyn Registrations>,
    pub reports: Arc<dyn CallReports>,
    pub mailboxes: Arc<dyn Mailboxes>,
}

impl Outside {
    /// A switch that keeps registrations and tells nobody of its calls.
    pub fn only(registrations: Arc<dyn Registrations>) -> Self {
        Self { registrations, reports: Arc::new(Nobody), mailboxes: Arc::new(Nobody) }
    }
}

struct Nobody;

impl CallReports for Nobody {
    fn report(&self, report: CallReport) {
        tracing::debug!(?report, "nobody is told");
    }
}

impl Mailboxes for Nobody {
    fn ask(&self, _: Question, reply: Reply) {
        reply.give(Answer::Refused);
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

/// Carries an answer back into the switch. Dropped without one, it refuses.
pub struct Reply(Option<Box<dyn FnOnce(Answer) + Send>>);

impl Reply {
    pub(crate) fn new(give: impl FnOnce(Answer) + Send + 'static) -> Self {
        Self(Some(Box::new(give)))
    }

    pub fn give(mut self, answer: Answer) {
        self.send(answer);
    }

    fn send(&mut self, answer: Answer) {
        if let Some(give) = self.0.take() {
            give(answer);
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.send(Answer::Refused);
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn every_question_is_answered_once() {
        let (sender, answers) = mpsc::channel();
        let other = sender.clone();
        Reply::new(move |answer| sender.send(answer).unwrap()).give(Answer::Done);
        drop(Reply::new(move |answer| other.send(answer).unwrap()));
        assert_eq!(answers.iter().collect::<Vec<_>>(), [Answer::Done, Answer::Refused]);
    }
}
