//! What is bound to a statement's parameters, and how columns become the model's types again.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use lineside_model::id::{
    AccountId, ArchiveId, AssignmentId, CallId, ChangeId, DepartmentId, DeviceId, LicenseTypeId, LineId, LocationId,
    MailId, MessageId, NumberId, OperatorId, RecordingId, ScheduleEntryId, TrackId, TrunkId, UserId, ViewId,
};
use lineside_model::phone_number::E164;
use lineside_model::secret::Opaque;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::StoreError;
use crate::list::List;

/// One parameter. NULL has a type too: PostgreSQL asks for it.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Uuid(Option<Uuid>),
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(bool),
    List(List),
}

/// The parameters of a statement, in their order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

macro_rules! from_id {
    ($($id:ident),+) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Uuid(Some(id.0))
            }
        }

        impl From<Option<$id>> for Value {
            fn from(id: Option<$id>) -> Self {
                Self::Uuid(id.map(|id| id.0))
            }
        }
    )+};
}

from_id!(
    AccountId,
    ArchiveId,
    AssignmentId,
    CallId,
    ChangeId,
    DepartmentId,
    DeviceId,
    LicenseTypeId,
    LineId,
    LocationId,
    MailId,
    MessageId,
    NumberId,
    OperatorId,
    RecordingId,
    ScheduleEntryId,
    TrackId,
    TrunkId,
    UserId,
    ViewId
);

macro_rules! from {
    ($($type:ty => |$value:ident| $variant:expr),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $variant
            }
        }
    )+};
}

from!(
    Uuid => |id| Self::Uuid(Some(id)),
    Option<Uuid> => |id| Self::Uuid(id),
    i64 => |number| Self::Int(Some(number)),
    i32 => |number| Self::Int(Some(number.into())),
    u32 => |number| Self::Int(Some(number.into())),
    Option<i64> => |number| Self::Int(number),
    String => |text| Self::Text(Some(text)),
    &String => |text| Self::Text(Some(text.clone())),
    &str => |text| Self::Text(Some(text.to_owned())),
    Option<String> => |text| Self::Text(text),
    Option<&str> => |text| Self::Text(text.map(str::to_owned)),
    bool => |yes| Self::Bool(yes),
    &[u8] => |bytes| Self::Bytes(Some(bytes.to_vec())),
    Vec<u8> => |bytes| Self::Bytes(Some(bytes)),
    &Opaque => |secret| Self::Bytes(Some(secret.bytes().to_vec())),
    Option<&Opaque> => |secret| Self::Bytes(secret.map(|secret| secret.bytes().to_vec())),
    DateTime<Utc> => |at| Self::Int(Some(at.timestamp_micros())),
    Option<DateTime<Utc>> => |at| Self::Int(at.map(|at| at.timestamp_micros())),
    NaiveDate => |date| Self::Int(Some(i64::from(date.num_days_from_ce() - DAYS_BEFORE_1970))),
    Option<NaiveDate> => |date| date.map_or(Self::Int(None), Self::from),
);

/// From the first day of year 1 to that of 1970.
const DAYS_BEFORE_1970: i32 = 719_163;

/// Dates are kept as days since 1970.
pub(crate) fn date(days: i64) -> NaiveDate {
    let days = i32::try_from(days).unwrap_or_default();
    NaiveDate::from_num_days_from_ce_opt(days.saturating_add(DAYS_BEFORE_1970)).unwrap_or_default()
}

pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::row("a document", error))
}

pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::row(what, error))
}

pub(crate) fn parse<T: FromStr<Err: Display>>(what: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error| StoreError::row(what, error))
}

pub(crate) fn kept_number(text: &str) -> Result<E164, StoreError> {
    E164::kept(text).map_err(|error| StoreError::row("a phone number", error))
}

pub(crate) fn parse_optional<T: FromStr<Err: Display>>(
    what: &str,
    text: Option<&String>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| parse(what, text)).transpose()
}

/// For the words of closed sets: states, kinds, roles.
pub(crate) fn known<T>(what: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(text).ok_or_else(|| StoreError::row(what, text))
}

pub(crate) fn try_all<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}
