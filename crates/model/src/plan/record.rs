//! A row of one of the account's tables, whichever it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::account::Account;
use crate::call_settings::CallSettings;
use crate::department::Department;
use crate::device::{Device, Line};
use crate::e911::E911Address;
use crate::forwarding::Forwarding;
use crate::greeting::Greeting;
use crate::id::UserId;
use crate::license::{Assignment, Seats};
use crate::location::Location;
use crate::mail::Mail;
use crate::phone_number::PhoneNumber;
use crate::recording::RecordingChoice;
use crate::schedule::ScheduleEntry;
use crate::trunk::Trunk;
use crate::user::User;
use crate::voicemail::{Mailbox, VoicemailMessage};

macro_rules! records {
    ($($name:ident),+ $(,)?) => {
        /// A row of one of the account's tables.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "record", rename_all = "snake_case")]
        pub enum Record {
            $($name(Box<$name>),)+
        }

        $(impl From<$name> for Record {
            fn from(record: $name) -> Self {
                Self::$name(Box::new(record))
            }
        })+

        impl Record {
            pub(super) fn fields(&self) -> Value {
                match self {
                    $(Self::$name(record) => serde_json::to_value(record).unwrap_or_default(),)+
                }
            }
        }
    };
}

records!(
    Account,
    Location,
    Department,
    User,
    PhoneNumber,
    Device,
    Line,
    E911Address,
    Seats,
    Assignment,
    ScheduleEntry,
    Greeting,
    Mail,
    CallSettings,
    Trunk,
    Forwarding,
    Mailbox,
    RecordingChoice,
    VoicemailMessage
);

impl Record {
    /// What kind of thing it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Location(_) => "location",
            Self::Department(_) => "department",
            Self::User(_) => "user",
            Self::PhoneNumber(_) => "phone number",
            Self::Device(_) => "device",
            Self::Line(_) => "line",
            Self::E911Address(_) => "E911 address",
            Self::Seats(_) => "seats",
            Self::Assignment(_) => "license",
            Self::ScheduleEntry(_) => "scheduled license",
            Self::Greeting(_) => "greeting",
            Self::Mail(_) => "mail",
            Self::CallSettings(_) => "call settings",
            Self::Trunk(_) => "trunk",
            Self::Forwarding(_) => "forwarding",
            Self::Mailbox(_) => "voicemail",
            Self::RecordingChoice(_) => "call recording",
            Self::VoicemailMessage(_) => "voicemail message",
        }
    }

    pub fn id(&self) -> Uuid {
        match self {
            Self::Account(account) => account.id.0,
            Self::Location(location) => location.id.0,
            Self::Department(department) => department.id.0,
            Self::User(user) => user.id.0,
            Self::PhoneNumber(number) => number.id.0,
            Self::Device(device) => device.id.0,
            Self::Line(line) => line.id.0,
            Self::E911Address(e911) => e911.user_id.0,
            Self::Seats(seats) => seats.license_type_id.0,
            Self::Assignment(assignment) => assignment.id.0,
            Self::ScheduleEntry(entry) => entry.id.0,
            Self::Greeting(greeting) => greeting.user_id.0,
            Self::Mail(mail) => mail.id.0,
            Self::CallSettings(settings) => settings.account_id.0,
            Self::Trunk(trunk) => trunk.id.0,
            Self::Forwarding(forwarding) => forwarding.user_id.0,
            Self::Mailbox(mailbox) => mailbox.user_id.0,
            Self::RecordingChoice(choice) => choice.user_id.0,
            Self::VoicemailMessage(message) => message.id.0,
        }
    }

    pub fn version(&self) -> i64 {
        match self {
            Self::Account(account) => account.version,
            Self::Location(location) => location.version,
            Self::Department(department) => department.version,
            Self::User(user) => user.version,
            Self::PhoneNumber(number) => number.version,
            Self::Device(device) => device.version,
            Self::Line(line) => line.version,
            Self::E911Address(e911) => e911.version,
            Self::Seats(seats) => seats.version,
            Self::Assignment(assignment) => assignment.version,
            Self::ScheduleEntry(entry) => entry.version,
            Self::Greeting(greeting) => greeting.version,
            Self::Mail(_) => 0,
            Self::CallSettings(settings) => settings.version,
            Self::Trunk(trunk) => trunk.version,
            Self::Forwarding(forwarding) => forwarding.version,
            Self::Mailbox(mailbox) => mailbox.version,
            Self::RecordingChoice(choice) => choice.version,
            Self::VoicemailMessage(message) => message.version,
        }
    }

    /// At another version.
    #[must_use]
    pub(crate) fn at(mut self, version: i64) -> Self {
        match &mut self {
            Self::Account(account) => account.version = version,
            Self::Location(location) => location.version = version,
            Self::Department(department) => department.version = version,
            Self::User(user) => user.version = version,
            Self::PhoneNumber(number) => number.version = version,
            Self::Device(device) => device.version = version,
            Self::Line(line) => line.version = version,
            Self::E911Address(e911) => e911.version = version,
            Self::Seats(seats) => seats.version = version,
            Self::Assignment(assignment) => assignment.version = version,
            Self::ScheduleEntry(entry) => entry.version = version,
            Self::Greeting(greeting) => greeting.version = version,
            Self::CallSettings(settings) => settings.version = version,
            Self::Trunk(trunk) => trunk.version = version,
            Self::Forwarding(forwarding) => forwarding.version = version,
            Self::Mailbox(mailbox) => mailbox.version = version,
            Self::RecordingChoice(choice) => choice.version = version,
            Self::VoicemailMessage(message) => message.version = version,
            Self::Mail(_) => {}
        }
        self
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user.id),
            Self::PhoneNumber(number) => number.user_id.or(number.promised_to).or(number.forwarded_to),
            Self::Device(device) => device.user_id,
            Self::Line(line) => Some(line.user_id),
            Self::E911Address(e911) => Some(e911.user_id),
            Self::Assignment(assignment) => Some(assignment.user_id),
            Self::ScheduleEntry(entry) => Some(entry.user_id),
            Self::Greeting(greeting) => Some(greeting.user_id),
            Self::Mail(mail) => Some(mail.user_id),
            Self::Forwarding(forwarding) => Some(forwarding.user_id),
            Self::Mailbox(mailbox) => Some(mailbox.user_id),
            Self::RecordingChoice(choice) => Some(choice.user_id),
            Self::VoicemailMessage(message) => Some(message.user_id),
            Self::Account(_)
            | Self::Location(_)
            | Self::Department(_)
            | Self::Seats(_)
            | Self::CallSettings(_)
            | Self::Trunk(_) => None,
        }
    }
}

impl Record {
    /// JSON shows no secrets, so a record that was read from it gets those of the record as it is now.
    pub(crate) fn with_secrets_of(mut self, now: &Self) -> Self {
        match (&mut self, now) {
            (Self::User(user), Self::User(now)) => user.pin_hash.clone_from(&now.pin_hash),
            (Self::Line(line), Self::Line(now)) => line.credentials.clone_from(&now.credentials),
            (Self::Mailbox(mailbox), Self::Mailbox(now)) => mailbox.pin_hash.clone_from(&now.pin_hash),
            (Self::Trunk(trunk), Self::Trunk(now)) => trunk.password.clone_from(&now.password),
            (Self::Device(device), Self::Device(now)) => {
                device.provisioning_token.clone_from(&now.provisioning_token);
                device.provisioning_hash.clone_from(&now.provisioning_hash);
            }
            _ => {}
        }
        self
    }
}
