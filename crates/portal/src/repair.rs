//! Where each repair leads: the one place that knows.

use lineside_model::plan::{Blocker, Repair};

/// What is in the way, and the links that remove it.
#[derive(Debug, Clone)]
pub struct Note {
    /// The conflict's name, such as "no free seat".
    pub label: &'static str,
    pub message: String,
    pub repairs: Vec<Link>,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub href: String,
    pub label: String,
}

pub fn notes<'a>(blockers: impl IntoIterator<Item = &'a Blocker>) -> Vec<Note> {
    let note = |blocker: &Blocker| Note {
        label: blocker.kind.label(),
        message: blocker.message.clone(),
        repairs: blocker.repairs.iter().filter_map(link).collect(),
    };
    blockers.into_iter().map(note).collect()
}

/// `None` for what is done on the form itself: another value, saving once more, loading it anew.
pub fn link(repair: &Repair) -> Option<Link> {
    let href = match repair {
        Repair::EditField { .. } | Repair::Reload | Repair::Confirm | Repair::ChooseDate => return None,
        Repair::KeepChanges { change_id } => format!("/journal/{change_id}/undo?since=keep"),
        Repair::OverwriteChanges { change_id } => format!("/journal/{change_id}/undo?since=overwrite"),
        Repair::PickNumber { user_id, kind } => format!("/users/{user_id}/number?kind={kind}"),
        Repair::WaitForPort { user_id, date, .. } => {
            format!("/licensing/assign?user_ids={user_id}&when=date&date={date}")
        }
        Repair::CompletePort { number_id } => format!("/numbers/{number_id}/port"),
        Repair::AssignLicense { user_id, track_id } => format!("/licensing/assign?user_ids={user_id}&track={track_id}"),
        Repair::RemoveLicense { user_id, .. } => format!("/users/{user_id}#licenses"),
        Repair::ConfirmE911 { user_id } => format!("/users/{user_id}/e911"),
        Repair::SetLocation { user_id } => format!("/users/{user_id}/edit#location_id"),
        Repair::AddSeats { license_type_id } => format!("/licensing/{license_type_id}/seats"),
        Repair::FreeSeat { license_type_id } => format!("/licensing/{license_type_id}/manage"),
        Repair::EditScheduleEntry { entry_id } => format!("/schedule/{entry_id}/edit"),
        Repair::RemoveScheduleEntry { entry_id } => format!("/schedule/{entry_id}/remove"),
        Repair::AddEmail { user_id } => format!("/users/{user_id}/edit#email"),
        Repair::MoveUsers { location_id } => format!("/users?location_id={location_id}"),
        Repair::MoveDepartment { department_id } => format!("/users?department_id={department_id}"),
        Repair::AssignDevice { device_id } | Repair::UnassignDevice { device_id } => format!("/devices/{device_id}"),
    };
    Some(Link { href, label: repair.label() })
}
