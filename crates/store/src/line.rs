//! Lines: the SIP credentials that tie a device to its user.

use lineside_model::device::{DigestAlgorithm, Line, LineCredentials};
use lineside_model::id::{AccountId, DeviceId, LineId, UserId};
use lineside_model::plan::Record;
use lineside_model::secret::Opaque;
use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;
use crate::record::Stored;
use crate::value::{Value, instant, values};

macro_rules! line_columns {
    () => {
        "id, account_id, version, device_id, user_id, algorithm, username, ha1_md5, ha1_sha256, secret, generated_at"
    };
}

pub(crate) const LINES_OF_USERS: &str =
    concat!("SELECT ", line_columns!(), " FROM line WHERE account_id = $1 AND user_id IN (...)");
pub(crate) const LINE_OF_DEVICE: &str =
    concat!("SELECT ", line_columns!(), " FROM line WHERE account_id = $1 AND device_id = $2");
/// Over all accounts: for the line directory.
pub(crate) const LINES_BY_USER: &str = concat!("SELECT ", line_columns!(), " FROM line WHERE user_id IN (...)");
pub(crate) const LINE_COUNT: &str = "SELECT count(*) FROM line WHERE account_id = $1";
const SAVE_LINES: &str = "
    INSERT INTO line (
        id, account_id, version, device_id, user_id, algorithm, username, ha1_md5, ha1_sha256, secret, generated_at
    ) VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, user_id = excluded.user_id,
        algorithm = excluded.algorithm, username = excluded.username, ha1_md5 = excluded.ha1_md5,
        ha1_sha256 = excluded.ha1_sha256, secret = excluded.secret, generated_at = excluded.generated_at
    WHERE line.account_id = excluded.account_id AND line.version = excluded.version - 1";
const DELETE_LINES: &str = "DELETE FROM line WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[LINES_OF_USERS, LINE_OF_DEVICE, LINES_BY_USER, LINE_COUNT, SAVE_LINES, DELETE_LINES];

#[derive(FromRow)]
pub(crate) struct LineColumns {
    id: Uuid,
    account_id: Uuid,
    version: i64,
    device_id: Uuid,
    user_id: Uuid,
    algorithm: String,
    username: String,
    ha1_md5: Vec<u8>,
    ha1_sha256: Vec<u8>,
    secret: Option<Vec<u8>>,
    generated_at: i64,
}

fn algorithm_name(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha256 => "SHA-256",
    }
}

impl TryFrom<LineColumns> for Line {
    type Error = StoreError;

    fn try_from(row: LineColumns) -> Result<Self, StoreError> {
        let algorithm = match row.algorithm.as_str() {
            "MD5" => DigestAlgorithm::Md5,
            "SHA-256" => DigestAlgorithm::Sha256,
            other => return Err(StoreError::row("a line's digest", other)),
        };
        Ok(Self {
            id: LineId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            device_id: DeviceId(row.device_id),
            user_id: UserId(row.user_id),
            algorithm,
            credentials: LineCredentials {
                username: row.username,
                ha1_md5: Opaque::new(row.ha1_md5),
                ha1_sha256: Opaque::new(row.ha1_sha256),
                secret: row.secret.map(Opaque::new),
            },
            generated_at: instant(row.generated_at),
        })
    }
}

impl Stored for Line {
    const SAVE: &'static str = SAVE_LINES;
    const DELETE: &'static str = DELETE_LINES;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Line(line) = record { Some(line) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        let credentials = &self.credentials;
        Ok(values![
            self.id,
            self.account_id,
            version,
            self.device_id,
            self.user_id,
            algorithm_name(self.algorithm),
            credentials.username.as_str(),
            &credentials.ha1_md5,
            &credentials.ha1_sha256,
            credentials.secret.as_ref(),
            self.generated_at,
        ])
    }
}
