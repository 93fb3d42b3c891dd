//! Two people saved the same record: the second sees what stands there now, beside what they typed.

use lineside_model::plan::{BlockerKind, Plan};
use serde::Serialize;
use serde_json::Value;

use crate::form::Form;

/// The form keeps what was typed and goes on from the record as it is now, so that saving once more is a decision.
/// `current`: the `…Input` of the record.
#[must_use]
pub fn show_current(mut form: Form, plan: &Plan, version: i64, current: &impl Serialize) -> Form {
    if !plan.blockers.iter().any(|blocker| blocker.kind == BlockerKind::Stale) {
        return form;
    }
    let current = serde_json::to_value(current).unwrap_or_default();
    for (field, now) in current.as_object().into_iter().flatten() {
        if let Value::String(now) = now
            && form.value(field) != now
        {
            let now = if now.is_empty() { "nothing" } else { now.as_str() };
            form = form.with_remark(field, format!("Saved meanwhile: {now}"));
        }
    }
    form.with("version", version.to_string())
}
