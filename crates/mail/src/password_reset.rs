//! The letter to somebody who forgot their password, or for whom an administrator asked for a new one.

use askama::Template;

use crate::address::one_line;
use crate::message::{ComposeError, Envelope, Message, link};

#[derive(Debug, Clone)]
pub struct PasswordReset<'a> {
    pub name: &'a str,
    pub username: &'a str,
    pub company: &'a str,
    /// Works once.
    pub set_password_url: &'a str,
    pub valid_hours: u32,
}

#[derive(Template)]
#[template(path = "password_reset.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "password_reset.html")]
struct Html<'a> {
    letter: &'a Letter,
}

struct Letter {
    name: String,
    username: String,
    company: String,
    set_password_url: String,
    valid_hours: u32,
}

impl PasswordReset<'_> {
    pub fn message(&self, envelope: &Envelope) -> Result<Message, ComposeError> {
        let letter = Letter {
            name: one_line(self.name),
            username: one_line(self.username),
            company: one_line(self.company),
            set_password_url: link(self.set_password_url)?.to_owned(),
            valid_hours: self.valid_hours,
        };
        let subject = format!("Set a new password for your phone at {}", letter.company);
        let (text, html) = (Text { letter: &letter }.render()?, Html { letter: &letter }.render()?);
        Message::compose(envelope, &subject, text, html, Vec::new())
    }
}
