//! What the profile's fields offer to choose from, in Add user and when editing.

use lineside_model::list::FreeNumber;
use lineside_model::phone_number::NumberKind;

use crate::control::Choice;
use crate::page_error::PageError;
use crate::user::list;
use crate::visitor::Visitor;

/// Lists of the profile's fields.
pub struct Lists {
    pub locations: Vec<Choice>,
    pub departments: Vec<Choice>,
    pub time_zones: Vec<Choice>,
}

impl Lists {
    pub async fn load(visitor: &Visitor) -> Result<Self, PageError> {
        let none = |label: &str| vec![Choice::new("", label)];
        Ok(Self {
            locations: [none("Choose a location"), list::locations(visitor).await?].concat(),
            departments: [none("None"), list::departments(visitor).await?].concat(),
            time_zones: crate::time_zone::choices(Some(Choice::new("", "Follows the location"))),
        })
    }

    /// The name of a location or department, for what the form knows by identifier.
    pub fn name<'a>(&'a self, field: &str, value: &'a str) -> &'a str {
        let choices = match field {
            "location_id" => &self.locations,
            "department_id" => &self.departments,
            _ => return value,
        };
        choices.iter().find(|choice| choice.value == value).map_or(value, |choice| choice.label.as_str())
    }
}

/// Free numbers of one kind: the location's area code first, under a heading of its own.
pub fn numbers(free: &[FreeNumber], kind: NumberKind, none: &str) -> Vec<Choice> {
    let of_kind = || free.iter().filter(|number| number.kind == kind);
    let heading = |local: bool| match (local, of_kind().any(|number| number.local)) {
        (true, _) => "In the location's area code",
        (false, true) => "Other area codes",
        (false, false) => "",
    };
    let choice =
        |number: &FreeNumber| Choice::new(number.id.to_string(), number.number.pretty()).group(heading(number.local));
    let mut choices = vec![Choice::new("", none)];
    choices.extend(of_kind().filter(|number| number.local).map(choice));
    choices.extend(of_kind().filter(|number| !number.local).map(choice));
    choices
}

/// As many as a person reads through before searching.
pub const NUMBERS_SHOWN: i64 = 100;
