//! Why a use case did not happen, in words for the person who asked.

use lineside_model::field::FieldErrors;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ServiceError {
    /// It does not exist, or not for this caller: the two are not told apart.
    #[error("there is nothing here")]
    NotFound,
    /// What was sent can't be read as what it should be.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    #[error("too many tries; wait {0} seconds and try again")]
    TooMany(i64),
    #[error(transparent)]
    Store(#[from] lineside_store::StoreError),
    #[error("a stored secret can't be read: {0}")]
    Sealed(#[from] lineside_auth::OpenError),
    #[error("a password or PIN can't be checked: {0}")]
    Hash(#[from] lineside_auth::HashError),
    #[error("the file storage answered with an error: {0}")]
    Files(#[from] object_store::Error),
    #[error("a sound file can't be read or written: {0}")]
    Audio(String),
    #[error("interrupted because the program is stopping")]
    Stopped,
}

impl ServiceError {
    /// The database is away: the same succeeds once it is back.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_outage())
    }

    pub fn field(field: &str, message: impl std::fmt::Display) -> Self {
        Self::Invalid(FieldErrors::one(field, message))
    }
}

impl From<FieldErrors> for ServiceError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
