//! Messages from templates, SMTP, and what the server said.
//!
//! - [`Mailbox`], [`MessageId`]: what stands in headers, checked on the way in
//! - [`Welcome`], [`PasswordReset`], [`ScheduleNotice`], [`Voicemail`], [`CallNotice`]: the letters, each a `.txt` and an
//!   `.html` template beside each other
//! - [`Message`]: a finished letter as bytes; the same inputs give the same bytes
//! - [`Transport`]: takes a message to an SMTP server or into a folder, and keeps the server's own words
//!
//! Data flows one way: a letter and an [`Envelope`] make a [`Message`]; [`Transport::send`] answers [`Accepted`] or a
//! [`SendError`] that says whether trying again can help. Who is told about it, and when it is tried again, is the
//! outbox's business, elsewhere.

pub mod address;
pub mod call_notice;
pub mod message;
pub mod message_id;
pub mod password_reset;
pub mod schedule_notice;
pub mod transport;
pub mod voicemail;
pub mod welcome;

pub use address::{AddressError, Mailbox};
pub use call_notice::CallNotice;
pub use message::{Attachment, ComposeError, Envelope, Message};
pub use message_id::{MessageId, MessageIdError};
pub use password_reset::PasswordReset;
pub use schedule_notice::{Occasion, ScheduleNotice};
pub use transport::smtp::{Security, SmtpConfig, SmtpConfigError};
pub use transport::{Accepted, SendError, Transport};
pub use voicemail::Voicemail;
pub use welcome::Welcome;
