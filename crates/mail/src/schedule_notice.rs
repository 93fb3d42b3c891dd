//! The letter to administrators about license changes on the schedule: what would fail, what failed, what healed.

use askama::Template;

use crate::address::one_line;
use crate::message::{ComposeError, Envelope, Message, link};

/// What the letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    WouldFail,
    Failed,
    Healed,
}

#[derive(Debug, Clone)]
pub struct ScheduleNotice<'a> {
    pub name: &'a str,
    pub company: &'a str,
    pub occasion: Occasion,
    /// One line for each scheduled change, with its reason.
    pub entries: &'a [String],
    /// The account's Schedule page.
    pub schedule_url: &'a str,
}

/// A letter names this many changes; the page shows all.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "schedule_notice.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "schedule_notice.html")]
struct Html<'a> {
    letter: &'a Letter,
}

struct Letter {
    name: String,
    company: String,
    what: &'static str,
    then: &'static str,
    entries: Vec<String>,
    more: usize,
    schedule_url: String,
}

impl ScheduleNotice<'_> {
    pub fn message(&self, envelope: &Envelope) -> Result<Message, ComposeError> {
        let company = one_line(self.company);
        let (subject, what, then) = match self.occasion {
            Occasion::WouldFail => (
                format!("Scheduled license changes would fail at {company}"),
                "these scheduled license changes would fail on their date, as things stand now:",
                "Repair them before that day, or move them to another date. What would fail stays on the schedule.",
            ),
            Occasion::Failed => (
                format!("Scheduled license changes failed at {company}"),
                "the day came for these license changes, and they could not be carried out:",
                "Nothing changed for these users. Repair the reason and retry, or remove them from the schedule.",
            ),
            Occasion::Healed => (
                format!("Scheduled license changes are in order again at {company}"),
                "these scheduled license changes, of which we warned you, are in order again:",
                "They will be carried out on their date. There is nothing to do.",
            ),
        };
        let letter = Letter {
            name: one_line(self.name),
            company,
            what,
            then,
            entries: self.entries.iter().take(SHOWN).map(|entry| one_line(entry)).collect(),
            more: self.entries.len().saturating_sub(SHOWN),
            schedule_url: link(self.schedule_url)?.to_owned(),
        };
        let (text, html) = (Text { letter: &letter }.render()?, Html { letter: &letter }.render()?);
        Message::compose(envelope, &subject, text, html, Vec::new())
    }
}
