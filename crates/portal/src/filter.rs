//! A list to choose from in the bar above a table; what is chosen stands in the address.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::control::Choice;

#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<label class="hidden" for="filter-{{ name }}">{{ label }}</label>
<select class="filter" id="filter-{{ name }}" name="{{ name }}">
<option value="">{{ label }}: any</option>
{%- for choice in choices %}<option value="{{ choice.value }}"{% if choice.value == value.as_str() %} selected{% endif %}>{{ choice.label }}</option>{% endfor -%}
</select>"#
)]
pub struct Filter {
    name: &'static str,
    label: &'static str,
    value: String,
    choices: Vec<Choice>,
}

impl HtmlSafe for Filter {}

impl Filter {
    pub fn new(name: &'static str, label: &'static str, value: &str, choices: Vec<Choice>) -> Self {
        Self { name, label, value: value.to_owned(), choices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_address_says_is_chosen() {
        let choices = vec![Choice::new("free", "Free"), Choice::new("assigned", "Assigned")];
        let html = Filter::new("state", "State", "assigned", choices).to_string();
        assert!(html.contains(r#"<option value="assigned" selected>Assigned</option>"#), "{html}");
        assert!(html.contains(r#"<option value="">State: any</option>"#), "{html}");
    }
}
