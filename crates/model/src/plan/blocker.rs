//! What makes a change impossible, and how to repair it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::field::FieldErrors;
use crate::id::{
    ChangeId, DepartmentId, DeviceId, LicenseTypeId, LocationId, NumberId, ScheduleEntryId, TrackId, UserId,
};
use crate::phone_number::NumberKind;
use crate::plan::SeatEffect;
use crate::schedule::in_words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    pub kind: BlockerKind,
    /// The form field that it belongs to, if one does.
    pub field: Option<String>,
    pub user_id: Option<UserId>,
    /// The row of a file that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    pub message: String,
    /// In the order in which a person would try them.
    pub repairs: Vec<Repair>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockerKind {
    /// It does not exist, or not for this account.
    NotFound,
    /// Somebody changed the record since it was seen.
    Stale,
    Taken,
    Invalid,
    InUse,
    /// What is to be undone was changed again since.
    ChangedSince,
    /// Possible, but the person has to say so once more.
    NeedsConfirmation,
    NoFreeSeat,
    MissingNumber,
    MissingLicense,
    MutuallyExclusive,
    DependentLicense,
    LocationNotAllowed,
    #[serde(rename = "e911_not_confirmed")]
    E911NotConfirmed,
}

impl BlockerKind {
    /// The conflict's name, as product pages write it.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Stale => "changed meanwhile",
            Self::Taken => "taken",
            Self::Invalid => "not possible",
            Self::InUse => "in use",
            Self::ChangedSince => "changed since",
            Self::NeedsConfirmation => "needs confirmation",
            Self::NoFreeSeat => "no free seat",
            Self::MissingNumber => "missing number",
            Self::MissingLicense => "missing license",
            Self::MutuallyExclusive => "mutually exclusive",
            Self::DependentLicense => "dependent license",
            Self::LocationNotAllowed => "location not allowed",
            Self::E911NotConfirmed => "E911 not confirmed",
        }
    }
}

/// One thing that would remove a blocker. Pages turn it into a link or button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "repair", rename_all = "snake_case")]
pub enum Repair {
    EditField {
        field: String,
    },
    /// Look at the record as it is now.
    Reload,
    Confirm,
    /// Undo the rest, and leave what was changed since.
    KeepChanges {
        change_id: ChangeId,
    },
    /// Undo all, also what was changed since.
    OverwriteChanges {
        change_id: ChangeId,
    },
    PickNumber {
        user_id: UserId,
        kind: NumberKind,
    },
    /// The number comes by itself: assign on that day.
    WaitForPort {
        user_id: UserId,
        number_id: NumberId,
        date: NaiveDate,
    },
    /// Say that the number has arrived, once it has.
    CompletePort {
        number_id: NumberId,
    },
    AssignLicense {
        user_id: UserId,
        track_id: TrackId,
    },
    RemoveLicense {
        user_id: UserId,
        track_id: TrackId,
    },
    ConfirmE911 {
        user_id: UserId,
    },
    SetLocation {
        user_id: UserId,
    },
    AddSeats {
        license_type_id: LicenseTypeId,
    },
    FreeSeat {
        license_type_id: LicenseTypeId,
    },
    /// Choose another date in this very plan.
    ChooseDate,
    EditScheduleEntry {
        entry_id: ScheduleEntryId,
    },
    RemoveScheduleEntry {
        entry_id: ScheduleEntryId,
    },
    AddEmail {
        user_id: UserId,
    },
    MoveUsers {
        location_id: LocationId,
    },
    MoveDepartment {
        department_id: DepartmentId,
    },
    AssignDevice {
        device_id: DeviceId,
    },
    UnassignDevice {
        device_id: DeviceId,
    },
}

impl Repair {
    pub fn label(&self) -> String {
        match self {
            Self::EditField { .. } => "Change the field".to_owned(),
            Self::Reload => "Look at it as it is now".to_owned(),
            Self::Confirm => "Save all the same".to_owned(),
            Self::KeepChanges { .. } => "Keep what was changed since".to_owned(),
            Self::OverwriteChanges { .. } => "Undo that as well".to_owned(),
            Self::PickNumber { kind, .. } => format!("Pick a {kind} number"),
            Self::WaitForPort { date, .. } => format!("Wait for the port: assign on {}", in_words(*date)),
            Self::CompletePort { .. } => "Complete the port".to_owned(),
            Self::AssignLicense { .. } => "Assign a license".to_owned(),
            Self::RemoveLicense { .. } => "Remove that license".to_owned(),
            Self::ConfirmE911 { .. } => "Confirm the E911 address".to_owned(),
            Self::SetLocation { .. } => "Set the location".to_owned(),
            Self::AddSeats { .. } => "Add seats".to_owned(),
            Self::FreeSeat { .. } => "Free a seat".to_owned(),
            Self::ChooseDate => "Choose another date".to_owned(),
            Self::EditScheduleEntry { .. } => "Move that entry to another date".to_owned(),
            Self::RemoveScheduleEntry { .. } => "Remove that entry".to_owned(),
            Self::AddEmail { .. } => "Add an email address".to_owned(),
            Self::MoveUsers { .. } => "Show who and what is there".to_owned(),
            Self::MoveDepartment { .. } => "Show who is in it".to_owned(),
            Self::AssignDevice { .. } => "Assign the device".to_owned(),
            Self::UnassignDevice { .. } => "Unassign the device".to_owned(),
        }
    }
}

/// What is possible and worth knowing first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub user_id: Option<UserId>,
    pub message: String,
}

impl Blocker {
    pub(super) fn new(kind: BlockerKind, message: impl Into<String>, repairs: Vec<Repair>) -> Self {
        Self { kind, field: None, user_id: None, row: None, message: message.into(), repairs }
    }

    pub(super) fn for_user(mut self, user_id: UserId) -> Self {
        self.user_id = Some(user_id);
        self
    }

    pub(super) fn field(kind: BlockerKind, field: &str, message: impl Into<String>) -> Self {
        let repair = Repair::EditField { field: field.to_owned() };
        Self { field: Some(field.to_owned()), ..Self::new(kind, message, vec![repair]) }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(BlockerKind::NotFound, format!("there is no such {what}"), vec![Repair::Reload])
    }

    pub(super) fn stale(what: &str) -> Self {
        let message = format!("somebody changed this {what} since you opened it; look at what changed and save again");
        Self::new(BlockerKind::Stale, message, vec![Repair::Reload])
    }

    /// `kept_from`: the day on which scheduled assignments need the seats that look free today.
    pub(super) fn no_free_seat(effect: &SeatEffect, free: i64, kept_from: Option<NaiveDate>) -> Self {
        let needed = effect.delta;
        let seats = |n: i64| if n == 1 { "1 seat".to_owned() } else { format!("{n} seats") };
        let free = if free <= 0 { "none".to_owned() } else { free.to_string() };
        let kept = kept_from
            .map(|date| format!("; the rest is kept for assignments scheduled up to {}", in_words(date)))
            .unwrap_or_default();
        let message = format!("{} of {} needed, {free} free{kept}", seats(needed), effect.name);
        let license_type_id = effect.license_type_id;
        let repairs = vec![Repair::AddSeats { license_type_id }, Repair::FreeSeat { license_type_id }];
        Self { field: Some("package".to_owned()), ..Self::new(BlockerKind::NoFreeSeat, message, repairs) }
    }
}

/// The blockers that belong to fields, as a form shows them.
pub fn field_errors(blockers: &[Blocker]) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for blocker in blockers {
        if let Some(field) = &blocker.field {
            errors.push(field, &blocker.message);
        }
    }
    errors
}
