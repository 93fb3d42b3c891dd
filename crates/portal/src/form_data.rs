//! What a form sent, as text.

use axum::extract::{FromRequest, RawForm, Request};
use lineside_model::id::{ChangeId, UserId};
use lineside_model::text::search_text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::page_error::PageError;

/// A form's fields in their order. Works for GET (the query) and POST.
#[derive(Debug, Clone, Default)]
pub struct FormData(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for FormData {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let RawForm(bytes) =
            RawForm::from_request(request, state).await.map_err(|error| PageError::Unreadable(error.body_text()))?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

impl FormData {
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// Blank when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
    }

    /// What the list is searched for.
    pub fn search(&self) -> String {
        search_text(self.text("search"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As a [`Pager`](crate::pager::Pager) keeps them.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(field, _)| field != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// About these users instead of a selection.
    #[must_use]
    pub fn of_users(self, users: &[UserId]) -> Self {
        let selects =
            |name: &str| matches!(name, "user_ids" | "select" | "except" | "shown") || name.starts_with("filter.");
        let others = self.0.into_iter().filter(|(name, _)| !selects(name));
        Self(others.chain(users.iter().map(|user| ("user_ids".to_owned(), user.to_string()))).collect())
    }

    /// Parses a field that a list of ours filled in; `None` when blank or tampered with.
    pub fn parse<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).trim().parse().ok()
    }

    /// Minted when the form was opened: the same form sent twice is applied once.
    pub fn change_id(&self) -> Result<ChangeId, PageError> {
        self.parse("change_id")
            .ok_or_else(|| PageError::Unreadable("the form has no change_id; open it again".to_owned()))
    }

    /// The version of the record that the person saw.
    pub fn version(&self) -> Option<i64> {
        self.parse("version")
    }

    /// An `…Input` of the model: its text fields and tick boxes by their names, lists as `contacts.0.name`.
    pub fn input<T: Default + Serialize + DeserializeOwned>(&self) -> Result<T, PageError> {
        let shape = serde_json::to_value(T::default()).unwrap_or_default();
        let mut fields = Map::new();
        for (name, of) in shape.as_object().into_iter().flatten() {
            let value = match of {
                Value::Bool(_) => Value::Bool(self.has(name)),
                Value::Array(_) => self.list(name),
                _ => Value::String(self.text(name).to_owned()),
            };
            fields.insert(name.clone(), value);
        }
        serde_json::from_value(Value::Object(fields)).map_err(|error| PageError::Unreadable(error.to_string()))
    }

    fn list(&self, name: &str) -> Value {
        let mut items: Vec<Map<String, Value>> = Vec::new();
        for (field, value) in &self.0 {
            let Some((at, part)) =
                field.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.split_once('.'))
            else {
                continue;
            };
            let Some(at) = at.parse::<usize>().ok().filter(|at| *at < 1000) else { continue };
            items.resize_with(items.len().max(at + 1), Map::new);
            items[at].insert(part.to_owned(), Value::String(value.clone()));
        }
        Value::Array(items.into_iter().map(Value::Object).collect())
    }
}

#[cfg(test)]
mod tests {
    use lineside_model::location::SiteInput;
    use lineside_model::user::ProfileInput;

    use super::*;

    fn data(fields: &[(&str, &str)]) -> FormData {
        FormData(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn text_and_tick_boxes_become_an_input() {
        let input: ProfileInput = data(&[("first_name", "Ana"), ("attach_recording", "on")]).input().unwrap();
        assert_eq!(input, ProfileInput { first_name: "Ana".into(), attach_recording: true, ..ProfileInput::default() });
    }

    #[test]
    fn lists_keep_their_order() {
        let input: SiteInput =
            data(&[("name", "HQ"), ("emergency_contacts.1.name", "B"), ("emergency_contacts.0.name", "A")])
                .input()
                .unwrap();
        let names: Vec<&str> = input.emergency_contacts.iter().map(|contact| contact.name.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
    }
}
