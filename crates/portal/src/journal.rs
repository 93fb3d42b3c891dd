//! Who did what: the audit log.

mod entry;
mod list;
mod undo;

use lineside_model::journal::{Actor, Via};

pub(crate) use self::undo::ChangedSince;

use crate::review::field_name;
use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [list::routes(), entry::routes(), undo::routes()].into_iter().flatten().collect()
}

/// Changes and events, in the order in which a person looks for them.
const ACTIONS: [&str; 69] = [
    "add_user",
    "edit_profile",
    "set_security",
    "set_user_state",
    "delete_users",
    "edit_users",
    "release_numbers",
    "purge_users",
    "change_password",
    "share_view",
    "remove_view",
    "undo",
    "set_wizard",
    "confirm_e911",
    "assign_license",
    "remove_license",
    "edit_schedule_entry",
    "remove_schedule_entry",
    "move_schedule",
    "retry_schedule_entry",
    "run_schedule",
    "warn_of_schedule",
    "rehearse",
    "together",
    "set_seats",
    "add_numbers",
    "assign_number",
    "add_device",
    "assign_device",
    "unassign_device",
    "lock_device",
    "delete_device",
    "set_lamp_keys",
    "generate",
    "fetch_configuration",
    "set_greeting",
    "remove_greeting",
    "send_welcome",
    "add_location",
    "edit_location",
    "delete_location",
    "add_department",
    "edit_department",
    "delete_department",
    "open_account",
    "edit_account",
    "add_api_token",
    "revoke_api_token",
    "set_forwarding",
    "set_voicemail",
    "set_recording",
    "delete_messages",
    "set_call_rules",
    "add_trunk",
    "edit_trunk",
    "delete_trunk",
    "listen_recording",
    "delete_recordings",
    "mailbox_pin_wrong",
    "test_call",
    "limit_reached",
    "destination_refused",
    "password_guessing",
    "trunk_down",
    "trunk_up",
    "emergency_call",
    "see_emergency_call",
    "emergency_test",
    "sign_in_failed",
];

/// `edit_profile` as people read it.
pub(crate) fn action_label(action: &str) -> String {
    match action {
        "edit_users" => "Change the same fields of users".to_owned(),
        "purge_users" => "Erase users who left".to_owned(),
        "release_numbers" => "Free numbers that were kept back".to_owned(),
        "remove_view" => "Remove a shared view".to_owned(),
        "share_view" => "Share a view".to_owned(),
        "undo" => "Undo a change".to_owned(),
        "delete_messages" => "Delete voicemail messages".to_owned(),
        "delete_recordings" => "Delete recordings whose time is over".to_owned(),
        "destination_refused" => "Refused call".to_owned(),
        "limit_reached" => "Limit of calls reached".to_owned(),
        "emergency_call" => "Emergency call".to_owned(),
        "emergency_test" => "933 test".to_owned(),
        "see_emergency_call" => "See an emergency call".to_owned(),
        "trunk_down" => "Trunk is down".to_owned(),
        "trunk_up" => "Trunk is back".to_owned(),
        "listen_recording" => "Listen to a recording".to_owned(),
        "password_guessing" => "Guessed passwords of phones".to_owned(),
        "mailbox_pin_wrong" => "Wrong PIN at a mailbox".to_owned(),
        "set_call_rules" => "Change the settings for calls".to_owned(),
        "set_recording" => "Set call recording".to_owned(),
        "generate" => "Generate SIP password".to_owned(),
        "confirm_e911" => "Confirm E911 address".to_owned(),
        "sign_in_failed" => "Refused sign-in".to_owned(),
        "add_api_token" => "Make an API token".to_owned(),
        "edit_schedule_entry" => "Change the date of a scheduled license".to_owned(),
        "move_schedule" => "Change the date of all scheduled licenses".to_owned(),
        "rehearse" => "Rehearse the schedule".to_owned(),
        "remove_schedule_entry" => "Remove a scheduled license".to_owned(),
        "retry_schedule_entry" => "Retry a scheduled license".to_owned(),
        "revoke_api_token" => "Revoke an API token".to_owned(),
        "run_schedule" => "Carry out the schedule".to_owned(),
        "together" => "Several changes together".to_owned(),
        "warn_of_schedule" => "Warn of the schedule".to_owned(),
        "set_wizard" => "Go on in Add user".to_owned(),
        action => field_name(action),
    }
}

/// Which way somebody came, and from where.
pub(crate) fn way(actor: &Actor) -> String {
    let via = match actor.via {
        Via::Portal => "on the portal",
        Via::Api => "through the API",
        Via::Phone => "by telephone",
        Via::System => "by itself",
    };
    match &actor.from {
        Some(from) => format!("{via}, from {from}"),
        None => via.to_owned(),
    }
}
