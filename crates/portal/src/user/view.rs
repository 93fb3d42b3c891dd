//! Saved views of the list of users: opened by name, saved from the list as it is, removed; and the columns that somebody
//! chooses.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use lineside_model::id::{UserId, ViewId};
use lineside_model::user_view::{UserColumn, UserView, Viewed};
use lineside_service::ServiceError;

use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::own_page;
use crate::router::{Access, Route};
use crate::selection;
use crate::user::list::{pairs, read_filter};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/views", Access::Administrator, views),
        Route::post("/users/views", Access::Administrator, save),
        Route::get("/users/views/{id}", Access::Administrator, open),
        Route::post("/users/views/{id}/remove", Access::Administrator, remove),
        Route::get("/users/columns", Access::Administrator, columns),
        Route::post("/users/columns", Access::Administrator, choose),
    ]
}

#[derive(Template)]
#[template(path = "user/views.html")]
struct ViewsPage {
    frame: Frame,
    form: Form,
    views: Vec<UserView>,
    me: Option<UserId>,
    /// The list that was looked at, to be saved.
    fields: Vec<(String, String)>,
}

impl ViewsPage {
    async fn new(visitor: &Visitor, data: &FormData, form: Form) -> Result<Self, PageError> {
        let kept = |(name, _): &(&str, &str)| name.starts_with("filter.") || *name == COLUMNS;
        let fields = data.fields().filter(kept).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let views = visitor.service.user_views(&visitor.caller).await?;
        Ok(Self { frame: visitor.frame("Views").await?, form, views, me: visitor.caller.user_id(), fields })
    }

    fn is_own(&self, view: &UserView) -> bool {
        self.me == Some(view.user_id)
    }
}

/// `columns=extension,ready`: in the list's address, what is shown instead of one's own choice.
pub const COLUMNS: &str = "columns";

/// The columns of the list: those of its address, or the person's own.
pub async fn columns_of(visitor: &Visitor, data: &FormData) -> Result<Vec<UserColumn>, PageError> {
    let asked = data.text(COLUMNS);
    let asked = if asked.is_empty() { None } else { UserColumn::parse_all(asked.split(',')) };
    match asked {
        Some(columns) => Ok(columns),
        None => Ok(visitor.service.user_columns(&visitor.caller).await?),
    }
}

pub fn in_address(columns: &[UserColumn]) -> String {
    columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(",")
}

async fn views(visitor: Visitor, data: FormData) -> Answer {
    let form = Form::empty(visitor.service.new_change_id());
    show(&ViewsPage::new(&visitor, &data, form).await?)
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let filter = read_filter(&selection::plain(&data));
    let columns = columns_of(&visitor, &data).await?;
    let viewed = Viewed { filter, columns };
    match visitor.service.save_user_view(&visitor.caller, data.text("name"), data.has("shared"), viewed).await {
        Ok(view) => Ok(flash::done(&format!("/users/views/{}", view.id), format!("Saved the view {}.", view.name))),
        Err(ServiceError::Invalid(errors)) => {
            show_again(&ViewsPage::new(&visitor, &data, Form::sent(&data).with_errors(errors)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The list as it was saved: its address says all of it, so that it can be sent to a colleague.
async fn open(visitor: Visitor, RecordPath(id): RecordPath<ViewId>) -> Answer {
    let Viewed { filter, columns } = visitor.service.user_view(&visitor.caller, id).await?.viewed;
    let columns = (COLUMNS.to_owned(), in_address(&columns));
    let query = pairs(&filter).into_iter().chain(std::iter::once(columns));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    Ok(Redirect::to(&format!("/users?{query}")).into_response())
}

async fn remove(visitor: Visitor, RecordPath(id): RecordPath<ViewId>) -> Answer {
    visitor.service.remove_user_view(&visitor.caller, id).await?;
    Ok(flash::done("/users/views", "The view is gone."))
}

#[derive(Template)]
#[template(path = "user/columns.html")]
struct ColumnsPage {
    frame: Frame,
    form: Form,
    chosen: Vec<UserColumn>,
    back: String,
}

impl ColumnsPage {
    fn all(&self) -> [(UserColumn, bool); UserColumn::ALL.len()] {
        UserColumn::ALL.map(|column| (column, self.chosen.contains(&column)))
    }
}

async fn columns(visitor: Visitor, data: FormData) -> Answer {
    let chosen = columns_of(&visitor, &data).await?;
    let back = if data.has("back") { own_page(data.text("back")) } else { "/users".to_owned() };
    let form = Form::empty(visitor.service.new_change_id());
    show(&ColumnsPage { frame: visitor.frame("Columns").await?, form, chosen, back })
}

async fn choose(visitor: Visitor, data: FormData) -> Answer {
    let columns = UserColumn::parse_all(data.all("column"))
        .ok_or_else(|| PageError::Unreadable("choose columns from the list".to_owned()))?;
    visitor.service.choose_user_columns(&visitor.caller, &columns).await?;
    Ok(flash::done(&own_page(data.text("back")), "These are your columns from now on."))
}
