//! Short letters about calls: a mailbox that fills up, calls that were refused.

use askama::Template;

use crate::address::one_line;
use crate::message::{ComposeError, Envelope, Message, link};

#[derive(Debug, Clone)]
pub struct CallNotice<'a> {
    pub name: &'a str,
    pub company: &'a str,
    pub subject: &'a str,
    /// What happened, a sentence each.
    pub lines: &'a [String],
    /// What the link does.
    pub button: &'a str,
    pub url: &'a str,
}

#[derive(Template)]
#[template(path = "call_notice.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "call_notice.html")]
struct Html<'a> {
    letter: &'a Letter,
}

struct Letter {
    name: String,
    company: String,
    subject: String,
    lines: Vec<String>,
    button: String,
    url: String,
}

impl CallNotice<'_> {
    pub fn message(&self, envelope: &Envelope) -> Result<Message, ComposeError> {
        let letter = Letter {
            name: one_line(self.name),
            company: one_line(self.company),
            subject: one_line(self.subject),
            lines: self.lines.iter().map(|line| one_line(line)).collect(),
            button: one_line(self.button),
            url: link(self.url)?.to_owned(),
        };
        let subject = format!("{} at {}", letter.subject, letter.company);
        let (text, html) = (Text { letter: &letter }.render()?, Html { letter: &letter }.render()?);
        Message::compose(envelope, &subject, text, html, Vec::new())
    }
}
