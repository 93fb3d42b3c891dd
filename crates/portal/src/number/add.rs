//! Add numbers to the inventory: one, a range, or a pasted list.

use askama::Template;
use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::LocationId;
use lineside_model::number_list;
use lineside_model::phone_number::NumberKind;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/numbers/add", Access::Administrator, open),
        Route::post("/numbers/add", Access::Administrator, add),
    ]
}

#[derive(Template)]
#[template(path = "number/add.html")]
struct AddPage {
    frame: Frame,
    form: Form,
    kinds: Vec<Choice>,
    locations: Vec<Choice>,
}

impl AddPage {
    async fn new(visitor: &Visitor, form: Form) -> Result<Self, PageError> {
        let rows = visitor.service.locations(&visitor.caller).await?;
        let locations =
            rows.iter().map(|row| Choice::new(row.location.id.to_string(), row.location.site.name.as_str()));
        Ok(Self {
            frame: visitor.frame("Add numbers").await?,
            form,
            kinds: vec![
                Choice::new(NumberKind::Landline.as_str(), "Landline").note("rings desk phones and apps"),
                Choice::new(NumberKind::Mobile.as_str(), "Mobile").note("belongs to a SIM"),
            ],
            locations: std::iter::once(Choice::new("", "No location")).chain(locations).collect(),
        })
    }
}

async fn open(visitor: Visitor, query: FormData) -> Answer {
    let form = Form::empty(visitor.service.new_change_id())
        .with("kind", NumberKind::Landline.as_str())
        .with("location_id", query.text("location_id"));
    show(&AddPage::new(&visitor, form).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let change = match read(&data) {
        Ok(change) => change,
        Err(errors) => return show_again(&AddPage::new(&visitor, Form::sent(&data).with_errors(errors)).await?),
    };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/numbers", "/numbers/add")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => show_again(&AddPage::new(&visitor, Form::sent(&data).with_blockers(&plan)).await?),
    }
}

/// Errors shown of a list; somebody who pasted the wrong file needs no thousand of them.
const ERRORS_SHOWN: usize = 20;

fn read(data: &FormData) -> Result<Change, FieldErrors> {
    let mut errors = FieldErrors::default();
    let numbers = number_list::parse(data.text("numbers")).unwrap_or_else(|wrong| {
        let said = wrong.iter().take(ERRORS_SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let more = wrong.len().saturating_sub(ERRORS_SHOWN);
        errors.push("numbers", if more > 0 { format!("{said}\nand {more} more") } else { said });
        Vec::new()
    });
    if numbers.is_empty() && errors.is_empty() {
        errors.push("numbers", "write at least one number, such as +1 480 555 0143");
    }
    let kind = errors.take("kind", NumberKind::parse(data.text("kind")).ok_or("choose landline or mobile"));
    let location_id = errors.take_optional("location_id", data.text("location_id"), |text| {
        text.parse::<LocationId>().map_err(|_| "choose a location from the list")
    });
    let ports_on = errors.take_optional("ports_on", data.text("ports_on"), |text| {
        text.parse::<NaiveDate>().map_err(|_| "choose a date, such as 2027-03-01")
    });
    let change = kind.map(|kind| match ports_on {
        Some(expected) => Change::PortNumbers { numbers, kind, location_id, date: expected },
        None => Change::AddNumbers { numbers, kind, location_id },
    });
    errors.into_result(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_list(numbers: &str) -> Result<Change, FieldErrors> {
        let fields = [("numbers", numbers), ("kind", "landline")];
        read(&FormData::new(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()))
    }

    #[test]
    fn a_pasted_list_becomes_one_change() {
        let Ok(Change::AddNumbers { numbers, kind, location_id }) = read_list("480 555 0100 - 0104\n480 555 0110")
        else {
            panic!("not read")
        };
        assert_eq!((numbers.len(), kind, location_id), (6, NumberKind::Landline, None));
    }

    #[test]
    fn wrong_lines_are_all_said_at_once() {
        let errors = read_list("480 555 0100\nabc\n555").unwrap_err();
        let said = errors.of("numbers").unwrap();
        assert!(said.contains("line 2") && said.contains("line 3"), "{said}");
        assert!(read_list("  ").unwrap_err().of("numbers").is_some());
    }
}
