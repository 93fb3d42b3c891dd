//! "These users, these fields": a change of the same fields for many.

use serde::{Deserialize, Serialize};

use crate::extension::Destination;
use crate::field::FieldErrors;
use crate::forwarding::{RING_SECONDS_DEFAULT, ring_seconds};
use crate::id::{DepartmentId, LocationId};
use crate::import::Wish;
use crate::recording::RecordingMode;
use crate::time_zone::TimeZone;
use crate::user::Profile;

/// What is left stays as each user has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MassEdit {
    pub location_id: Wish<LocationId>,
    pub department_id: Wish<DepartmentId>,
    /// Cleared: the location's.
    pub time_zone: Wish<TimeZone>,
    pub unreachable: Wish<Destination>,
    pub email_voicemails: Option<bool>,
    pub attach_recording: Option<bool>,
    pub ring_seconds: Option<u16>,
    pub recording: Option<RecordingMode>,
}

impl MassEdit {
    /// The fields that are changed, by name.
    pub fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("location", !self.location_id.is_left()),
            ("department", !self.department_id.is_left()),
            ("time zone", !self.time_zone.is_left()),
            ("primary number unreachable", !self.unreachable.is_left()),
            ("email voicemails", self.email_voicemails.is_some()),
            ("attach the recording", self.attach_recording.is_some()),
            ("ring seconds", self.ring_seconds.is_some()),
            ("call recording", self.recording.is_some()),
        ];
        fields.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect()
    }

    /// A user's profile with the fields changed.
    #[must_use]
    pub fn over(&self, profile: &Profile) -> Profile {
        Profile {
            location_id: self.location_id.over(profile.location_id),
            department_id: self.department_id.over(profile.department_id),
            time_zone: self.time_zone.over(profile.time_zone),
            unreachable: self.unreachable.over(profile.unreachable.clone()),
            email_voicemails: self.email_voicemails.unwrap_or(profile.email_voicemails),
            attach_recording: self.attach_recording.unwrap_or(profile.attach_recording),
            ..profile.clone()
        }
    }
}

/// As a form or a request carries it, in the words of a file's cells: blank leaves as it is, `-` clears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MassEditInput {
    pub location_id: String,
    pub department_id: String,
    pub time_zone: String,
    pub unreachable: String,
    pub email_voicemails: String,
    pub attach_recording: String,
    pub ring_seconds: String,
    pub recording: String,
}

/// What clears a field.
pub const CLEAR: &str = "-";

impl MassEditInput {
    pub fn parse(&self) -> Result<MassEdit, FieldErrors> {
        let mut errors = FieldErrors::default();
        let location_id = wish(&mut errors, "location_id", &self.location_id, |text| {
            text.parse().map_err(|_| "choose a location from the list")
        });
        let department_id = wish(&mut errors, "department_id", &self.department_id, |text| {
            text.parse().map_err(|_| "choose a department from the list")
        });
        let edit = MassEdit {
            location_id,
            department_id,
            time_zone: wish(&mut errors, "time_zone", &self.time_zone, TimeZone::parse),
            unreachable: wish(&mut errors, "unreachable", &self.unreachable, Destination::parse),
            email_voicemails: errors.take_optional("email_voicemails", &self.email_voicemails, on_or_off),
            attach_recording: errors.take_optional("attach_recording", &self.attach_recording, on_or_off),
            ring_seconds: match wish(&mut errors, "ring_seconds", &self.ring_seconds, ring_seconds) {
                Wish::Leave => None,
                Wish::Clear => Some(RING_SECONDS_DEFAULT),
                Wish::Set(seconds) => Some(seconds),
            },
            recording: errors.take_optional("recording", &self.recording, |text| {
                RecordingMode::parse(text).ok_or("choose which calls are recorded from the list")
            }),
        };
        errors.into_result(Some(edit))
    }
}

fn wish<T, E: std::fmt::Display>(
    errors: &mut FieldErrors,
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Wish<T> {
    match text.trim() {
        "" => Wish::Leave,
        CLEAR => Wish::Clear,
        text => errors.take(field, parse(text)).map_or(Wish::Leave, Wish::Set),
    }
}

fn on_or_off(text: &str) -> Result<bool, &'static str> {
    match text.trim() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("choose on or off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_leaves_and_a_dash_clears() {
        let input = MassEditInput {
            unreachable: "-".into(),
            email_voicemails: "off".into(),
            ring_seconds: "-".into(),
            ..MassEditInput::default()
        };
        let edit = input.parse().unwrap();
        assert_eq!(edit.unreachable, Wish::Clear);
        assert_eq!((edit.email_voicemails, edit.ring_seconds), (Some(false), Some(RING_SECONDS_DEFAULT)));
        assert!(edit.location_id.is_left() && edit.recording.is_none());
        assert_eq!(edit.fields(), ["primary number unreachable", "email voicemails", "ring seconds"]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let input = MassEditInput {
            location_id: "x".into(),
            department_id: "y".into(),
            time_zone: "Mars".into(),
            unreachable: "911".into(),
            email_voicemails: "maybe".into(),
            attach_recording: "perhaps".into(),
            ring_seconds: "3".into(),
            recording: "some".into(),
        };
        let errors = input.parse().unwrap_err();
        assert_eq!(errors.0.len(), 8, "{errors:?}");
    }
}
