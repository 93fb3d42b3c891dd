//! One control of a form: label, input, hint, error, and how they are tied together.

use askama::Template;
use askama::filters::HtmlSafe;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    Text,
    Password,
    Textarea,
    Select,
    Radios,
    Tick,
    File,
    Hidden,
}

/// What can be chosen in a list.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A second line, for radio buttons.
    pub note: String,
    /// A heading within the list; choices of one group stand together.
    pub group: String,
    pub disabled: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), ..Self::default() }
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }
}

#[derive(Debug, Clone, Default, Template)]
#[template(path = "form/control.html")]
pub struct Control {
    pub id: String,
    pub name: String,
    pub label: String,
    pub kind: Kind,
    pub value: String,
    pub hint: String,
    pub error: Option<String>,
    pub remark: Option<String>,
    pub choices: Vec<Choice>,
    /// `email`, `tel`, `date`, `number`, `search`: what a telephone's keyboard shows.
    pub input: String,
    pub autocomplete: String,
    pub placeholder: String,
    pub data: String,
    pub accept: String,
    pub max: u32,
    pub required: bool,
    pub autofocus: bool,
}

impl HtmlSafe for Control {}

/// How templates say more of it: `{{ form.text("email", "Email").email().hint("…") }}`.
impl Control {
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub fn email(mut self) -> Self {
        "email".clone_into(&mut self.input);
        self
    }

    #[must_use]
    pub fn date(mut self) -> Self {
        "date".clone_into(&mut self.input);
        self
    }

    #[must_use]
    pub fn tel(mut self) -> Self {
        "tel".clone_into(&mut self.input);
        self
    }

    /// Digits only on a telephone's keyboard; still text, since leading zeros count.
    #[must_use]
    pub fn digits(mut self) -> Self {
        "numeric".clone_into(&mut self.input);
        self
    }

    #[must_use]
    pub fn autocomplete(mut self, what: &str) -> Self {
        what.clone_into(&mut self.autocomplete);
        self
    }

    #[must_use]
    pub fn placeholder(mut self, text: &str) -> Self {
        text.clone_into(&mut self.placeholder);
        self
    }

    /// A `data-…` attribute that the script looks for.
    #[must_use]
    pub fn data(mut self, name: &str) -> Self {
        name.clone_into(&mut self.data);
        self
    }

    #[must_use]
    pub fn accept(mut self, types: &str) -> Self {
        types.clone_into(&mut self.accept);
        self
    }

    #[must_use]
    pub fn max(mut self, length: u32) -> Self {
        self.max = length;
        self
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    fn type_of(&self) -> &str {
        match (self.kind, self.input.as_str()) {
            (Kind::Password, _) => "password",
            (_, "email") => "email",
            (_, "tel") => "tel",
            _ => "text",
        }
    }

    /// The identifiers of hint, remark and error, for `aria-describedby`.
    fn described_by(&self) -> String {
        let parts = [
            (!self.hint.is_empty()).then_some("hint"),
            self.remark.is_some().then_some("remark"),
            self.error.is_some().then_some("error"),
        ];
        parts.into_iter().flatten().map(|part| format!("{}-{part}", self.id)).collect::<Vec<_>>().join(" ")
    }

    /// Choices by heading, in their order.
    fn groups(&self) -> Vec<(&str, Vec<&Choice>)> {
        let mut groups: Vec<(&str, Vec<&Choice>)> = Vec::new();
        for choice in &self.choices {
            match groups.last_mut() {
                Some((name, choices)) if *name == choice.group => choices.push(choice),
                _ => groups.push((&choice.group, vec![choice])),
            }
        }
        groups
    }
}
