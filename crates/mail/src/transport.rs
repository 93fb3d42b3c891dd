//! Where messages go, and what came back.

pub mod smtp;
mod spool;

use std::path::PathBuf;

use thiserror::Error;

use crate::message::Message;
use smtp::{Smtp, SmtpConfig, SmtpConfigError};
use spool::Spool;

/// The way out. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Transport(Way);

#[derive(Debug, Clone)]
enum Way {
    Smtp(Smtp),
    Spool(Spool),
}

/// Somebody took responsibility for the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The server's own words, for example `250 2.0.0 Ok: queued as 4XyZ`.
    pub server_said: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The message is fine; try again later.
    #[error("the mail server did not take the message yet: {said}")]
    Transient { said: String },
    /// Trying again gives the same answer.
    #[error("the mail server refused the message: {said}")]
    Permanent { said: String },
}

impl SendError {
    pub fn said(&self) -> &str {
        match self {
            SendError::Transient { said } | SendError::Permanent { said } => said,
        }
    }

    pub const fn is_permanent(&self) -> bool {
        matches!(self, SendError::Permanent { .. })
    }
}

impl Transport {
    pub fn smtp(config: SmtpConfig) -> Result<Self, SmtpConfigError> {
        Ok(Transport(Way::Smtp(Smtp::new(config)?)))
    }

    /// Writes `.eml` files into a folder: for a trial without a mail server, and for a local one that reads a folder.
    pub fn spool(folder: impl Into<PathBuf>) -> Self {
        Transport(Way::Spool(Spool::new(folder.into())))
    }

    /// Hands the message over, once. Whether to try again is the caller's to decide.
    pub async fn send(&self, message: &Message) -> Result<Accepted, SendError> {
        let outcome = match &self.0 {
            Way::Smtp(smtp) => smtp.send(message).await,
            Way::Spool(spool) => spool.send(message).await,
        };
        match &outcome {
            Ok(accepted) => tracing::info!(id = %message.id(), said = accepted.server_said, "mail accepted"),
            Err(error) => tracing::warn!(id = %message.id(), %error, "mail not accepted"),
        }
        outcome
    }
}
