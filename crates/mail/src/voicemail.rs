//! The letter about a message that a caller left, with the recording if it is wanted.

use askama::Template;

use crate::address::one_line;
use crate::message::{Attachment, ComposeError, Envelope, Message, link};

pub struct Voicemail<'a> {
    pub name: &'a str,
    pub company: &'a str,
    /// Name and number, as callers say them: never trusted.
    pub caller: &'a str,
    /// In the user's own time zone, in words.
    pub received: &'a str,
    /// `0:42`.
    pub length: &'a str,
    pub file_name: &'a str,
    /// WAV.
    pub recording: Option<Vec<u8>>,
    /// The user's voicemail in the portal.
    pub url: &'a str,
}

#[derive(Template)]
#[template(path = "voicemail.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "voicemail.html")]
struct Html<'a> {
    letter: &'a Letter,
}

struct Letter {
    name: String,
    company: String,
    caller: String,
    received: String,
    length: String,
    attached: bool,
    url: String,
}

impl Voicemail<'_> {
    pub fn message(self, envelope: &Envelope) -> Result<Message, ComposeError> {
        let letter = Letter {
            name: one_line(self.name),
            company: one_line(self.company),
            caller: one_line(self.caller),
            received: one_line(self.received),
            length: one_line(self.length),
            attached: self.recording.is_some(),
            url: link(self.url)?.to_owned(),
        };
        let subject = format!("Voicemail from {}, {}", letter.caller, letter.length);
        let (text, html) = (Text { letter: &letter }.render()?, Html { letter: &letter }.render()?);
        let file_name = self.file_name.to_owned();
        let attach = |bytes| Attachment { file_name, mime: "audio/wav".to_owned(), bytes };
        Message::compose(envelope, &subject, text, html, self.recording.map(attach).into_iter().collect())
    }
}
