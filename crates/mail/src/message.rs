//! A finished message: the bytes that go over the wire and the addresses beside them.

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{MultiPart, MultiPartKind, SinglePart};
use thiserror::Error;

use crate::address::{Mailbox, one_line};
use crate::message_id::MessageId;

/// Who, to whom, and which message this is. Everything that would differ between two attempts is passed in.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub id: MessageId,
    pub date: DateTime<Utc>,
    pub from: Mailbox,
    pub to: Mailbox,
    /// Where an answer goes, when not to `from`.
    pub reply_to: Option<Mailbox>,
}

/// A file in the message: a voicemail, a form.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub file_name: String,
    /// For example `audio/wav`.
    pub mime: String,
    pub bytes: Vec<u8>,
}

#[derive(Clone)]
pub struct Message {
    id: MessageId,
    envelope: lettre::address::Envelope,
    bytes: Vec<u8>,
}

#[derive(Debug, Error)]
pub enum ComposeError {
    #[error(
        "the link {0:?} does not start with https:// or http://; correct the portal's address in the configuration"
    )]
    Link(String),
    #[error("the attachment's type {0:?} is not known; it looks like audio/wav")]
    Mime(String),
    #[error("the message can't be built from its template: {0}")]
    Template(#[from] askama::Error),
    #[error("the message can't be built: {0}")]
    Format(#[from] lettre::error::Error),
}

impl Message {
    /// A letter in both forms. The text form must say everything: some read only that.
    pub fn compose(
        envelope: &Envelope,
        subject: &str,
        text: String,
        html: String,
        attachments: Vec<Attachment>,
    ) -> Result<Self, ComposeError> {
        let mut builder = lettre::Message::builder()
            .message_id(Some(envelope.id.to_string()))
            .date(envelope.date.into())
            .from(envelope.from.to_lettre())
            .to(envelope.to.to_lettre())
            .subject(one_line(subject))
            .raw_header(auto_submitted());
        if let Some(reply_to) = &envelope.reply_to {
            builder = builder.reply_to(reply_to.to_lettre());
        }
        let letter = multipart(MultiPartKind::Alternative, &envelope.id)
            .singlepart(SinglePart::plain(text))
            .singlepart(SinglePart::html(html));
        let body = if attachments.is_empty() {
            letter
        } else {
            let mut mixed = multipart(MultiPartKind::Mixed, &envelope.id).multipart(letter);
            for attachment in attachments {
                mixed = mixed.singlepart(part(attachment)?);
            }
            mixed
        };
        let message = builder.multipart(body)?;
        Ok(Message { id: envelope.id.clone(), envelope: message.envelope().clone(), bytes: message.formatted() })
    }

    pub fn id(&self) -> &MessageId {
        &self.id
    }

    /// As in an `.eml` file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn envelope(&self) -> &lettre::address::Envelope {
        &self.envelope
    }
}

impl std::fmt::Debug for Message {
    /// The letter may hold a link that sets a password; a log must not.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// A link that a letter shows must be a web address: anything else could run in the reader's mail program.
pub(crate) fn link(url: &str) -> Result<&str, ComposeError> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = !url.chars().any(|c| c.is_control() || c.is_whitespace());
    if web && plain { Ok(url) } else { Err(ComposeError::Link(url.to_owned())) }
}

/// Out-of-office answers go to nobody's mailbox (RFC 3834 section 5).
fn auto_submitted() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}

/// The boundary comes from the message's id, not from chance: the same message has the same bytes each time.
fn multipart(kind: MultiPartKind, id: &MessageId) -> lettre::message::MultiPartBuilder {
    let mark = if matches!(kind, MultiPartKind::Mixed) { "mixed" } else { "letter" };
    let unique: String = id.unique().chars().take(50).collect();
    MultiPart::builder().kind(kind).boundary(format!("=_{mark}_{unique}"))
}

fn part(attachment: Attachment) -> Result<SinglePart, ComposeError> {
    let mime = ContentType::parse(&attachment.mime).map_err(|_| ComposeError::Mime(attachment.mime))?;
    Ok(lettre::message::Attachment::new(one_line(&attachment.file_name)).body(attachment.bytes, mime))
}
