//! What can go wrong below the rules.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the database can't be reached or answered with an error: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database's tables can't be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("a row can't be read: {0}")]
    Row(String),
    #[error("too many changes at once to the same rows; try again")]
    Busy,
    #[error("{0:?} is neither a sqlite: path nor a postgres:// address")]
    Url(String),
}

impl StoreError {
    pub(crate) fn row(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Row(format!("{what}: {error}"))
    }

    /// Others came between; the same transaction may succeed when it is tried again.
    pub(crate) fn is_passing(&self) -> bool {
        let code = self.code();
        // PostgreSQL: serialization failure, deadlock. SQLite: busy, locked, and their extended codes.
        matches!(self, Self::Busy)
            || self.is_conflict()
            || matches!(code.as_deref(), Some("40001" | "40P01" | "5" | "6" | "261" | "262" | "517" | "518"))
    }

    /// A row with the same unique value came between: planning anew tells which.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// The database is away, shuts down, or has no room: the same succeeds once it is back.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(_)) => self.code().is_some_and(|code| is_outage(&code)),
            Self::Busy
            | Self::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::WorkerCrashed,
            ) => true,
            _ => false,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }
}

/// PostgreSQL's codes have five characters: connection exceptions, insufficient resources, a database that takes no connections,
/// a standby that only reads, operator intervention and errors of the system. SQLite's are numbers, with the kind in the lowest
/// byte: busy, locked, read-only, disk I/O error, disk full, file can't be opened.
fn is_outage(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "53", "55000", "25006", "57P", "58"].iter().any(|class| code.starts_with(class));
    }
    code.parse().is_ok_and(|code: u32| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_would_fail_again() {
        for code in ["08006", "53100", "53300", "57P01", "57P03", "58030", "5", "13", "522", "2570"] {
            assert!(is_outage(code), "{code}");
        }
        for code in ["23503", "22021", "42P01", "40001", "1", "19", "787", "2067"] {
            assert!(!is_outage(code), "{code}");
        }
        assert!(StoreError::Database(sqlx::Error::PoolTimedOut).is_outage());
        assert!(!StoreError::Database(sqlx::Error::RowNotFound).is_outage());
        assert!(!StoreError::Row("a call: damaged".to_owned()).is_outage());
    }
}
