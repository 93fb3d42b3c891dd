//! What changes are called.

use super::Change;
use crate::import::ImportKind;

impl Change {
    /// The stable name: in the journal, and as `change` in JSON.
    pub fn action(&self) -> &'static str {
        match self {
            Self::OpenAccount { .. } => "open_account",
            Self::EditAccount { .. } => "edit_account",
            Self::AddLocation { .. } => "add_location",
            Self::EditLocation { .. } => "edit_location",
            Self::DeleteLocation { .. } => "delete_location",
            Self::AddDepartment { .. } => "add_department",
            Self::EditDepartment { .. } => "edit_department",
            Self::DeleteDepartment { .. } => "delete_department",
            Self::AddUser { .. } => "add_user",
            Self::EditProfile { .. } => "edit_profile",
            Self::SetWizard { .. } => "set_wizard",
            Self::SetSecurity { .. } => "set_security",
            Self::EditUsers { .. } => "edit_users",
            Self::SetUserState { .. } => "set_user_state",
            Self::DeleteUsers { .. } => "delete_users",
            Self::ReleaseNumbers => "release_numbers",
            Self::PurgeUsers => "purge_users",
            Self::Undo { .. } => "undo",
            Self::AddNumbers { .. } => "add_numbers",
            Self::PortNumbers { .. } => "port_numbers",
            Self::MovePort { .. } => "move_port",
            Self::CompletePort { .. } => "complete_port",
            Self::AssignNumber { .. } => "assign_number",
            Self::ConfirmE911 { .. } | Self::ConfirmOwnE911 { .. } => "confirm_e911",
            Self::AddDevice { .. } => "add_device",
            Self::AssignDevice { .. } => "assign_device",
            Self::UnassignDevice { .. } => "unassign_device",
            Self::LockDevice { .. } => "lock_device",
            Self::DeleteDevice { .. } => "delete_device",
            Self::SetLampKeys { .. } => "set_lamp_keys",
            Self::Generate { .. } => "generate",
            Self::Resync { .. } => "resync",
            Self::SetSeats { .. } => "set_seats",
            Self::AssignLicense { .. } => "assign_license",
            Self::RemoveLicense { .. } => "remove_license",
            Self::EditScheduleEntry { .. } => "edit_schedule_entry",
            Self::RemoveScheduleEntry { .. } => "remove_schedule_entry",
            Self::MoveSchedule { .. } => "move_schedule",
            Self::RetryScheduleEntry { .. } => "retry_schedule_entry",
            Self::RunSchedule => "run_schedule",
            Self::WarnOfSchedule => "warn_of_schedule",
            Self::Rehearse { .. } => "rehearse",
            Self::Import { import } => match import.key.kind() {
                ImportKind::Users => "import_users",
                ImportKind::Devices => "import_devices",
                ImportKind::Numbers => "import_numbers",
                ImportKind::Locations => "import_locations",
            },
            // The journal knows it by what it is for.
            Self::Together { changes } => changes.last().map_or("together", Self::action),
            Self::SetGreeting { .. } => "set_greeting",
            Self::RemoveGreeting { .. } => "remove_greeting",
            Self::SendWelcome { .. } => "send_welcome",
            Self::SetForwarding { .. } => "set_forwarding",
            Self::SetVoicemail { .. } => "set_voicemail",
            Self::SetRecording { .. } => "set_recording",
            Self::DeleteMessages { .. } => "delete_messages",
            Self::SetCallRules { .. } => "set_call_rules",
            Self::AddTrunk { .. } => "add_trunk",
            Self::EditTrunk { .. } => "edit_trunk",
            Self::DeleteTrunk { .. } => "delete_trunk",
        }
    }
}
