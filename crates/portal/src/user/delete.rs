//! Users who leave: what becomes of what they hold, then the plan.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::extension::Destination;
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::leaving::{Leaving, LeftDevices, LeftNumbers};

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
        Route::get("/users/delete", Access::Administrator, open),
        Route::post("/users/delete", Access::Administrator, delete),
    ]
}

/// Names that the page shows; past that it says how many more.
const NAMES_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "user/delete.html")]
struct DeletePage {
    frame: Frame,
    form: Form,
    user_ids: Vec<UserId>,
    names: Vec<String>,
    more: usize,
}

impl DeletePage {
    async fn new(visitor: &Visitor, user_ids: Vec<UserId>, form: Form) -> Result<Self, PageError> {
        let rows = visitor.service.user_rows(&visitor.caller, &user_ids).await?;
        if rows.is_empty() {
            return Err(PageError::NotFound);
        }
        let names: Vec<String> = rows.iter().take(NAMES_SHOWN).map(lineside_model::list::UserRow::name).collect();
        let title = if rows.len() == 1 { "Delete the user" } else { "Delete users" };
        let frame = visitor.frame(title).await?;
        Ok(Self { frame, form, more: rows.len() - names.len(), names, user_ids })
    }

    fn is(&self, field: &str, value: &str) -> bool {
        self.form.value(field) == value
    }
}

fn chosen(data: &FormData) -> Vec<UserId> {
    data.all("user_ids").filter_map(|id| id.parse().ok()).collect()
}

async fn open(visitor: Visitor, data: FormData) -> Answer {
    let user_ids = chosen(&data);
    if user_ids.is_empty() {
        return Ok(crate::flash::done("/users", "Pick users first: tick the boxes before their names."));
    }
    let leaving = Leaving::default();
    let form = Form::empty(visitor.service.new_change_id())
        .with("numbers", leaving.numbers.as_str())
        .with("devices", leaving.devices.as_str());
    show(&DeletePage::new(&visitor, user_ids, form).await?)
}

async fn delete(visitor: Visitor, data: FormData) -> Answer {
    let user_ids = chosen(&data);
    let leaving = match read(&data) {
        Ok(leaving) => leaving,
        Err(errors) => {
            let form = Form::sent(&data).with_errors(errors);
            return show_again(&DeletePage::new(&visitor, user_ids, form).await?);
        }
    };
    let change = Change::DeleteUsers { user_ids: user_ids.clone(), leaving };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::back_to("/users")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&DeletePage::new(&visitor, user_ids, form).await?)
        }
    }
}

fn read(data: &FormData) -> Result<Leaving, FieldErrors> {
    let forwarders = match data.text("forwarders") {
        "" => None,
        to => Some(Destination::parse(to).map_err(|error| FieldErrors::one("forwarders", error.to_string()))?),
    };
    Ok(Leaving {
        numbers: LeftNumbers::parse(data.text("numbers")).unwrap_or_default(),
        devices: LeftDevices::parse(data.text("devices")).unwrap_or_default(),
        forwarders,
    })
}
