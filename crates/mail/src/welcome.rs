//! The letter to a new colleague. It holds no password, only a link to set one.

use askama::Template;

use crate::address::one_line;
use crate::message::{ComposeError, Envelope, Message, link};

#[derive(Debug, Clone)]
pub struct Welcome<'a> {
    /// The person's first name, or however they are to be greeted.
    pub name: &'a str,
    pub username: &'a str,
    /// As people in their country write it.
    pub phone_number: Option<&'a str>,
    pub extension: Option<&'a str>,
    pub company: &'a str,
    /// Where to sign in, for example `https://phones.example.com`.
    pub portal_url: &'a str,
    /// Works once.
    pub set_password_url: &'a str,
    /// How long the link works, in hours: 72.
    pub valid_hours: u32,
}

#[derive(Template)]
#[template(path = "welcome.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Html<'a> {
    letter: &'a Letter,
}

struct Letter {
    name: String,
    username: String,
    phone_number: Option<String>,
    extension: Option<String>,
    company: String,
    portal_url: String,
    set_password_url: String,
    valid_hours: u32,
}

impl Welcome<'_> {
    pub fn message(&self, envelope: &Envelope) -> Result<Message, ComposeError> {
        let letter = Letter {
            name: one_line(self.name),
            username: one_line(self.username),
            phone_number: self.phone_number.map(one_line),
            extension: self.extension.map(one_line),
            company: one_line(self.company),
            portal_url: link(self.portal_url)?.to_owned(),
            set_password_url: link(self.set_password_url)?.to_owned(),
            valid_hours: self.valid_hours,
        };
        let subject = format!("Your phone at {}: set your password", letter.company);
        let (text, html) = (Text { letter: &letter }.render()?, Html { letter: &letter }.render()?);
        Message::compose(envelope, &subject, text, html, Vec::new())
    }
}
