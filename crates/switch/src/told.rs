//! What the core has to tell and to ask, until the edge takes it.

use lineside_model::{call_report::CallReport, question::Question};

#[derive(Debug, Default)]
pub(crate) struct Told {
    reports: Vec<CallReport>,
    questions: Vec<(u64, Question)>,
    last_question: u64,
}

impl Told {
    pub(crate) fn report(&mut self, report: CallReport) {
        self.reports.push(report);
    }

    #[expect(dead_code, reason = "scripts ask")]
    /// The number that its answer comes back with.
    pub(crate) fn ask(&mut self, question: Question) -> u64 {
        self.last_question += 1;
        self.questions.push((self.last_question, question));
        self.last_question
    }

    pub(crate) fn take_reports(&mut self) -> Vec<CallReport> {
        std::mem::take(&mut self.reports)
    }

    pub(crate) fn take_questions(&mut self) -> Vec<(u64, Question)> {
        std::mem::take(&mut self.questions)
    }
}
