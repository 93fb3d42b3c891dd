//! What the columns of a file mean.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use lineside_model::field::FieldErrors;
use lineside_model::id::ImportId;
use lineside_model::import::Key;
use lineside_service::ServiceError;
use lineside_service::import::{ReadImport, key_of};
use lineside_sheet::column::Column;
use lineside_sheet::mapping::{Heading, Mapping};
use lineside_sheet::preset::Preset;
use lineside_sheet::table::column_letters;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/imports/{id}/columns", Access::Administrator, open),
        Route::post("/imports/{id}/columns", Access::Administrator, choose),
    ]
}

#[derive(Template)]
#[template(path = "import/columns.html")]
pub(super) struct ColumnsPage {
    frame: Frame,
    form: Form,
    read: ReadImport,
    keys: Vec<Choice>,
    preset: Option<&'static Preset>,
}

impl ColumnsPage {
    pub(super) async fn new(visitor: &Visitor, read: ReadImport, form: Form) -> Result<Self, PageError> {
        let frame = visitor.frame("Columns of the file").await?;
        let label = |key| match key {
            Key::Username => "Username",
            Key::Email => "Email address",
            Key::Extension => "Extension",
            Key::Mac => "MAC address",
            Key::PhoneNumber => "Phone number",
            Key::Location => "Name",
        };
        let keys = read.job.key.kind().keys();
        let keys = keys.iter().map(|key| Choice::new(key.as_str(), label(*key))).collect();
        let preset = read.sheet.preset();
        Ok(Self { frame, form, read, keys, preset })
    }

    pub(super) async fn of(visitor: &Visitor, read: ReadImport) -> Result<Self, PageError> {
        let mapping = read.mapping();
        let mut form = Form::empty(visitor.service.new_change_id()).with("key", mapping.key.as_str());
        for (at, column) in &mapping.columns {
            form = form.with(&field(*at), column.to_string());
        }
        Self::new(visitor, read, form).await
    }

    fn key_label(&self) -> String {
        format!("Rows find their {} by", self.read.job.key.kind().as_str())
    }

    fn meanings(&self) -> Vec<Choice> {
        let catalogue = &self.read.catalogue;
        let kind = self.read.job.key.kind();
        let columns = Column::all(kind, catalogue).into_iter();
        let choice = |column: Column| Choice::new(column.to_string(), column.heading_in(kind, catalogue));
        std::iter::once(Choice::new("", "Leave out")).chain(columns.map(choice)).collect()
    }
}

/// The name of the control in which a column gets its meaning.
fn field(column: usize) -> String {
    format!("column.{column}")
}

pub(super) fn field_of(heading: &Heading) -> String {
    field(heading.column)
}

pub(super) fn letters(heading: &Heading) -> String {
    column_letters(heading.column)
}

/// The column to its left with the same heading.
pub(super) fn repeats(heading: &Heading) -> Option<String> {
    heading.repeats.map(column_letters)
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<ImportId>) -> Answer {
    let read = visitor.service.read_import(&visitor.caller, id).await?;
    page::show(&ColumnsPage::of(&visitor, read).await?)
}

async fn choose(visitor: Visitor, RecordPath(id): RecordPath<ImportId>, data: FormData) -> Answer {
    let read = visitor.service.read_import(&visitor.caller, id).await?;
    let errors = match mapping(&data) {
        Ok(mapping) => match visitor.service.map_import(&visitor.caller, id, &mapping).await {
            Ok(_) => return Ok(Redirect::to(&format!("/imports/{id}")).into_response()),
            Err(ServiceError::Invalid(errors)) => errors,
            Err(error) => return Err(error.into()),
        },
        Err(ServiceError::Invalid(errors)) => errors,
        Err(error) => return Err(error.into()),
    };
    page::show_again(&ColumnsPage::new(&visitor, read, Form::sent(&data).with_errors(errors)).await?)
}

fn mapping(data: &FormData) -> Result<Mapping, ServiceError> {
    let mut mapping = Mapping { key: key_of(data.text("key"))?, ..Mapping::default() };
    for (name, value) in data.fields().filter(|(_, value)| !value.is_empty()) {
        let Some(at) = name.strip_prefix("column.").and_then(|at| at.parse::<u16>().ok()) else { continue };
        let column = Column::parse(value);
        let column = column.ok_or_else(|| FieldErrors::one(name, "choose a meaning from the list"))?;
        mapping.columns.insert(at.into(), column);
    }
    Ok(mapping)
}
