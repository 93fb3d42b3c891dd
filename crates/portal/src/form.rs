//! A form with its values, and what is wrong with each. A failed form comes back as it was sent.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::id::ChangeId;
use lineside_model::plan::{Plan, Repair, field_errors};
use serde::Serialize;
use serde_json::Value;

use crate::control::{Choice, Control, Kind};
use crate::form_data::FormData;
use crate::repair::{Note, notes};

/// Templates ask it for controls by field name: `{{ form.text("first_name", "First name") }}`.
#[derive(Debug, Clone, Default)]
pub struct Form {
    values: BTreeMap<String, String>,
    errors: FieldErrors,
    /// What is in the way and belongs to no field, with its repairs.
    notes: Vec<Note>,
    /// What else to say beside a field, such as what somebody changed meanwhile.
    remarks: BTreeMap<String, String>,
    change_id: String,
    prefix: String,
}

impl Form {
    /// Filled in from an `…Input` of the model.
    pub fn new(change_id: ChangeId, input: &impl Serialize) -> Self {
        let mut values = BTreeMap::new();
        flatten("", &serde_json::to_value(input).unwrap_or_default(), &mut values);
        Self { values, change_id: change_id.to_string(), ..Self::default() }
    }

    pub fn empty(change_id: ChangeId) -> Self {
        Self { change_id: change_id.to_string(), ..Self::default() }
    }

    /// As it was sent, whatever the fields. Passwords and PINs do not come back.
    pub fn sent(data: &FormData) -> Self {
        let mut form = Self { change_id: data.text("change_id").to_owned(), ..Self::default() };
        for (name, value) in data.fields().filter(|(name, _)| !matches!(*name, "password" | "again" | "pin")) {
            form.values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        form
    }

    /// Tells the identifiers of two forms on one page apart.
    #[must_use]
    pub fn prefixed(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// For a form that is another change from now on.
    #[must_use]
    pub fn with_change_id(mut self, id: ChangeId) -> Self {
        self.change_id = id.to_string();
        self
    }

    #[must_use]
    pub fn with_errors(mut self, errors: FieldErrors) -> Self {
        self.errors.0.extend(errors.0);
        self
    }

    #[must_use]
    pub fn with_remark(mut self, name: &str, remark: impl Into<String>) -> Self {
        self.remarks.insert(name.to_owned(), remark.into());
        self
    }

    /// Errors beside the fields that they belong to; everything else as notes with repairs.
    #[must_use]
    pub fn with_blockers(mut self, plan: &Plan) -> Self {
        self.errors.0.extend(field_errors(&plan.blockers).0);
        let elsewhere = |repairs: &[Repair]| repairs.iter().any(|repair| crate::repair::link(repair).is_some());
        self.notes =
            notes(plan.blockers.iter().filter(|blocker| blocker.field.is_none() || elsewhere(&blocker.repairs)));
        self
    }

    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub fn ticked(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// For a second form of a page, which is a change of its own.
    pub fn change_id(&self) -> &str {
        &self.change_id
    }

    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.of(name)
    }

    pub fn failed(&self) -> bool {
        !self.errors.is_empty() || !self.notes.is_empty()
    }

    pub fn text(&self, name: &str, label: &str) -> Control {
        self.control(name, label, Kind::Text)
    }

    pub fn password(&self, name: &str, label: &str) -> Control {
        Control { value: String::new(), ..self.control(name, label, Kind::Password) }
    }

    pub fn textarea(&self, name: &str, label: &str) -> Control {
        self.control(name, label, Kind::Textarea)
    }

    pub fn file(&self, name: &str, label: &str) -> Control {
        self.control(name, label, Kind::File)
    }

    pub fn tick(&self, name: &str, label: &str) -> Control {
        self.control(name, label, Kind::Tick)
    }

    pub fn select(&self, name: &str, label: &str, choices: impl AsRef<[Choice]>) -> Control {
        Control { choices: choices.as_ref().to_vec(), ..self.control(name, label, Kind::Select) }
    }

    /// Radio buttons, for few choices that should be seen at once.
    pub fn radios(&self, name: &str, label: &str, choices: impl AsRef<[Choice]>) -> Control {
        Control { choices: choices.as_ref().to_vec(), ..self.control(name, label, Kind::Radios) }
    }

    pub fn hidden(&self, name: &str) -> Control {
        self.control(name, "", Kind::Hidden)
    }

    /// The hidden field that makes a double click harmless. Every form that changes something has it.
    pub fn change(&self) -> Control {
        Control { value: self.change_id.clone(), ..self.control("change_id", "", Kind::Hidden) }
    }

    /// What is wrong, in one place, with links to the fields.
    pub fn summary(&self) -> Summary<'_> {
        Summary { form: self }
    }

    /// Those that no note says already, with repairs.
    fn plain_errors(&self) -> Vec<&FieldError> {
        let said = |message: &str| self.notes.iter().any(|note| note.message == message);
        self.errors.0.iter().filter(|error| !said(&error.message)).collect()
    }

    fn id(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn control(&self, name: &str, label: &str, kind: Kind) -> Control {
        Control {
            id: self.id(name),
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            value: self.value(name).to_owned(),
            error: self.error(name).map(str::to_owned),
            remark: self.remarks.get(name).cloned(),
            ..Control::default()
        }
    }
}

fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let inner = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(&inner(key), value, into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| flatten(&inner(&at.to_string()), value, into));
        }
        Value::String(text) => drop(into.insert(prefix.to_owned(), text.clone())),
        Value::Bool(true) => drop(into.insert(prefix.to_owned(), "on".to_owned())),
        Value::Number(number) => drop(into.insert(prefix.to_owned(), number.to_string())),
        Value::Bool(false) | Value::Null => {}
    }
}

#[derive(Template)]
#[template(path = "form/summary.html")]
pub struct Summary<'a> {
    form: &'a Form,
}

impl HtmlSafe for Summary<'_> {}
