//! What a list of users is filtered by, beside its search.

use lineside_model::list::UserFilter;
use lineside_model::readiness::LampKind;
use lineside_model::user::UserState;

use crate::condition::Condition;
use crate::value::Value;

pub(super) const AT: &str = "u.location_id = ?";
pub(super) const AT_NONE: &str = "u.location_id IS NULL";
const IN_DEPARTMENT: &str = "u.department_id = ?";
const WITH_LICENSE: &str = "u.voice_license_id = ?";
const NO_LICENSE: &str = "u.voice_license_id IS NULL";
const HOLDS: &str = "EXISTS (SELECT 1 FROM assignment a WHERE a.user_id = u.id AND a.license_type_id = ?)";
const LACKS: &str = "NOT EXISTS (SELECT 1 FROM assignment a WHERE a.user_id = u.id AND a.license_type_id = ?)";
const IN_STATE: &str = "u.state = ?";
/// Who left is found by asking for that alone.
const NOT_DELETED: &str = "u.state <> 'deleted'";
/// Of whom only a row without a name is left.
const NOT_PURGED: &str = "u.purged_at IS NULL";
const READY: &str = "u.ready = TRUE";
const NOT_READY: &str = "u.ready = FALSE";
/// As the tally counts what users lack. Each has an index of its own, over those users only.
const NO_NUMBER: &str = "u.number IS NULL";
const NO_E911: &str = "NOT u.e911_confirmed";
const NO_DEVICE: &str = "u.voice_license_id IS NOT NULL AND NOT u.device";
const NO_REGISTRATION: &str = "u.voice_license_id IS NOT NULL AND u.device AND u.registered_until IS NULL";
const UNFINISHED: &str = "u.wizard IS NOT NULL";
const UNTESTED: &str = "NOT EXISTS (SELECT 1 FROM emergency_test t WHERE t.user_id = u.id)";

#[cfg(test)]
pub(super) const CLAUSES: &[&str] = &[
    AT,
    AT_NONE,
    IN_DEPARTMENT,
    WITH_LICENSE,
    NO_LICENSE,
    HOLDS,
    LACKS,
    IN_STATE,
    NOT_DELETED,
    NOT_PURGED,
    READY,
    NOT_READY,
    NO_NUMBER,
    NO_E911,
    NO_DEVICE,
    NO_REGISTRATION,
    UNFINISHED,
    UNTESTED,
];

/// What is left of the users; `values` are the parameters of the select before it.
pub(super) fn condition(filter: &UserFilter, values: Vec<Value>) -> Condition {
    let mut condition = Condition::new(values);
    condition.and_if(AT, filter.location_id);
    condition.and_if(IN_DEPARTMENT, filter.department_id);
    condition.and_if(WITH_LICENSE, filter.license_type_id);
    condition.and_if(HOLDS, filter.holds);
    condition.and_if(LACKS, filter.lacks);
    match filter.state {
        Some(state) => {
            condition.and(IN_STATE, state.as_str());
            if state == UserState::Deleted {
                condition.and_plain(NOT_PURGED);
            }
        }
        None => condition.and_plain(NOT_DELETED),
    }
    if filter.no_license {
        condition.and_plain(NO_LICENSE);
    }
    match filter.ready {
        Some(true) => condition.and_plain(READY),
        Some(false) => condition.and_plain(NOT_READY),
        None => {}
    }
    if let Some(lamp) = filter.missing {
        condition.and_plain(lacking(lamp));
    }
    if filter.unfinished {
        condition.and_plain(UNFINISHED);
    }
    if filter.untested {
        condition.and_plain(UNTESTED);
    }
    condition
}

fn lacking(lamp: LampKind) -> &'static str {
    match lamp {
        LampKind::License => NO_LICENSE,
        LampKind::Number => NO_NUMBER,
        LampKind::E911 => NO_E911,
        LampKind::Device => NO_DEVICE,
        LampKind::Registered => NO_REGISTRATION,
    }
}
