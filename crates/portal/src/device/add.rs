//! Add a device by its model and the MAC address on its label, for a user or for later.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{Mac, NewDevice};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::list::{UserFilter, UserRow};
use lineside_model::text::Name;
use lineside_service::ServiceError;

use super::models;
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
        Route::get("/devices/add", Access::Administrator, open),
        Route::post("/devices/add", Access::Administrator, add),
    ]
}

#[derive(Template)]
#[template(path = "device/add.html")]
struct AddPage {
    frame: Frame,
    form: Form,
    models: Vec<Choice>,
    /// Users that fit what was typed, when several do.
    users: Vec<Choice>,
}

impl AddPage {
    async fn new(visitor: &Visitor, form: Form, users: Vec<Choice>) -> Result<Self, PageError> {
        let users =
            if users.is_empty() { users } else { [vec![Choice::new("", "Search by the words above")], users].concat() };
        let models = std::iter::once(Choice::new("", "Choose a model")).chain(models()).collect();
        Ok(Self { frame: visitor.frame("Add device").await?, form, models, users })
    }
}

/// `?user_id=` comes from a user's page.
async fn open(visitor: Visitor, query: FormData) -> Answer {
    let mut form = Form::empty(visitor.service.new_change_id());
    let mut users = Vec::new();
    if let Some(id) = query.parse::<UserId>("user_id") {
        let rows = visitor.service.user_rows(&visitor.caller, &[id]).await?;
        users = choices(&rows);
        form = form.with("user_id", id.to_string());
    }
    show(&AddPage::new(&visitor, form, users).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let (user, users) = find_user(&visitor, &data).await?;
    let device = match read(&data, user) {
        Ok(device) => device,
        Err(errors) => {
            return show_again(&AddPage::new(&visitor, Form::sent(&data).with_errors(errors), choices(&users)).await?);
        }
    };
    let request = ChangeRequest { id: data.change_id()?, change: Change::AddDevice { device } };
    let ways = Ways::new(format!("/devices/{}", request.new_device_id()), "/devices/add");
    match attempt(&visitor, &request, &ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&AddPage::new(&visitor, form, choices(&users)).await?)
        }
    }
}

/// The user chosen from a list, or the only one whom the typed words fit; and whom they fit otherwise.
async fn find_user(
    visitor: &Visitor,
    data: &FormData,
) -> Result<(Result<Option<UserId>, &'static str>, Vec<UserRow>), ServiceError> {
    if let Some(id) = data.parse::<UserId>("user_id") {
        let rows = visitor.service.user_rows(&visitor.caller, &[id]).await?;
        return Ok((Ok(Some(id)), rows));
    }
    let search = data.text("user").trim();
    if search.is_empty() {
        return Ok((Ok(None), Vec::new()));
    }
    let filter = UserFilter { search: search.to_owned(), page: 1, ..UserFilter::default() };
    let rows = visitor.service.users(&visitor.caller, &filter).await?.rows;
    let found = match rows.as_slice() {
        [] => Err("nobody fits; write the beginning of a name, or an extension"),
        [only] => Ok(Some(only.id)),
        _ => Err("several users fit; choose one of them below"),
    };
    Ok((found, rows))
}

fn read(data: &FormData, user: Result<Option<UserId>, &'static str>) -> Result<NewDevice, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mac = errors.take_optional("mac", data.text("mac"), Mac::parse);
    let label = errors.take_optional("label", data.text("label"), Name::parse);
    let user_id = errors.take("user", user);
    let model = data.text("model").to_owned();
    let device = user_id.map(|user_id| NewDevice { model, mac, label, user_id });
    errors.into_result(device)
}

fn choices(users: &[UserRow]) -> Vec<Choice> {
    let label = |row: &UserRow| match &row.extension {
        Some(extension) => format!("{}, ext. {extension} ({})", row.name(), row.username),
        None => format!("{} ({})", row.name(), row.username),
    };
    users.iter().map(|row| Choice::new(row.id.to_string(), label(row))).collect()
}
