//! Single fields that a PATCH sends: absent leaves as is, `null` (or an empty text) clears.

use serde::{Deserialize, Deserializer};

/// A field that can be cleared.
pub type Clearable<T> = Option<Option<T>>;

/// For `#[serde(default, deserialize_with = "…")]`: tells `null` from absent.
pub fn clearable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Clearable<T>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Lays what was sent over what there is.
pub fn overlay<T: Clone>(field: &mut T, sent: Option<&T>) {
    if let Some(sent) = sent {
        field.clone_from(sent);
    }
}

/// As [`overlay`], where `null` clears.
pub fn overlay_clearable<T: Clone + Default>(field: &mut T, sent: Option<&Option<T>>) {
    if let Some(sent) = sent {
        *field = sent.clone().unwrap_or_default();
    }
}

/// As [`overlay`], for names: blanks around one are nobody's intention.
pub fn overlay_trimmed(field: &mut String, sent: Option<&String>) {
    if let Some(sent) = sent {
        sent.trim().clone_into(field);
    }
}
