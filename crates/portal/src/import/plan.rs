//! An import's page: its columns to be chosen, its plan, its progress or its end, whichever comes next.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use lineside_model::field::FieldErrors;
use lineside_model::id::ImportId;
use lineside_model::import::{ImportJob, ImportState, PlannedRow, RowEffect};
use lineside_service::ServiceError;
use lineside_service::import::ImportPlan;
use lineside_sheet::rows::CellWord;

use super::columns::ColumnsPage;
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
        Route::get("/imports/{id}", Access::Administrator, open),
        Route::post("/imports/{id}/plan", Access::Administrator, again),
        Route::post("/imports/{id}/correct", Access::Administrator, correct),
    ]
}

/// Rows and words on one page.
const SHOWN: usize = 50;
const WORDS_SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "import/plan.html")]
pub(super) struct PlanPage {
    frame: Frame,
    form: Form,
    job: ImportJob,
    plan: ImportPlan,
    effect: Option<RowEffect>,
    page: usize,
}

#[derive(Template)]
#[template(path = "import/progress.html")]
struct ProgressPage {
    frame: Frame,
    job: ImportJob,
}

impl PlanPage {
    pub(super) async fn new(visitor: &Visitor, job: ImportJob, data: &FormData, form: Form) -> Result<Self, PageError> {
        let plan = visitor.service.import_plan(&visitor.caller, job.id).await?;
        let effect = RowEffect::parse(data.text("effect"));
        let page = data.parse("page").unwrap_or(1).max(1);
        let title = if job.state == ImportState::Done { "Imported users" } else { "Plan of the import" };
        Ok(Self { frame: visitor.frame(title).await?, form, job, plan, effect, page })
    }

    fn open(&self) -> bool {
        self.job.state == ImportState::Planned
    }

    fn effects(&self) -> [(RowEffect, &'static str, usize); 4] {
        RowEffect::ALL.map(|effect| (effect, effect_class(effect), self.job.counts.get(effect)))
    }

    fn good_rows(&self) -> usize {
        self.job.counts.total() - self.job.counts.refused
    }

    fn filtered(&self) -> impl Iterator<Item = &PlannedRow> {
        self.plan.rows.iter().filter(|row| self.effect.is_none_or(|effect| effect == row.effect))
    }

    fn rows(&self) -> Vec<(&PlannedRow, &'static str)> {
        let rows = self.filtered().skip((self.page - 1).saturating_mul(SHOWN)).take(SHOWN);
        rows.map(|row| (row, effect_class(row.effect))).collect()
    }

    fn pages(&self) -> usize {
        self.filtered().count().div_ceil(SHOWN).max(1)
    }

    fn link(&self, page: usize) -> String {
        let effect = self.effect.map(|effect| format!("effect={}&", effect.as_str())).unwrap_or_default();
        format!("/imports/{}?{effect}page={page}#rows", self.job.id)
    }

    fn errors(&self) -> &[CellWord] {
        &self.plan.errors[..self.plan.errors.len().min(WORDS_SHOWN)]
    }

    fn notes(&self) -> &[CellWord] {
        &self.plan.notes[..self.plan.notes.len().min(WORDS_SHOWN)]
    }

    fn warnings(&self) -> &[String] {
        &self.plan.warnings[..self.plan.warnings.len().min(SHOWN)]
    }
}

fn effect_class(effect: RowEffect) -> &'static str {
    match effect {
        RowEffect::Create | RowEffect::Change => "ok",
        RowEffect::Unchanged => "",
        RowEffect::Refused => "bad",
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<ImportId>, query: FormData) -> Answer {
    let job = visitor.service.import(&visitor.caller, id).await?;
    match job.state {
        ImportState::Mapping => {
            let read = visitor.service.read_import(&visitor.caller, id).await?;
            page::show(&ColumnsPage::of(&visitor, read).await?)
        }
        ImportState::Applying => {
            let page = page::show(&ProgressPage { frame: visitor.frame("Importing").await?, job })?;
            Ok(looking_again(page, id))
        }
        ImportState::Planned | ImportState::Done => {
            let form = Form::empty(visitor.service.new_change_id());
            page::show(&PlanPage::new(&visitor, job, &query, form).await?)
        }
    }
}

/// Without scripts too, the page looks again by itself.
fn looking_again(mut page: Response, id: ImportId) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("1; url=/imports/{id}")) {
        page.headers_mut().insert(header::REFRESH, value);
    }
    page
}

/// What a step answers: the import's page, or that page with what is wrong.
pub(super) async fn answer(
    visitor: &Visitor,
    id: ImportId,
    data: &FormData,
    done: Result<ImportJob, ServiceError>,
) -> Answer {
    let errors: FieldErrors = match done {
        Ok(_) => return Ok(Redirect::to(&format!("/imports/{id}")).into_response()),
        Err(ServiceError::Invalid(errors)) => errors,
        Err(error) => return Err(error.into()),
    };
    let job = visitor.service.import(&visitor.caller, id).await?;
    if job.state == ImportState::Mapping {
        return Ok(Redirect::to(&format!("/imports/{id}")).into_response());
    }
    page::show_again(&PlanPage::new(visitor, job, data, Form::sent(data).with_errors(errors)).await?)
}

async fn again(visitor: Visitor, RecordPath(id): RecordPath<ImportId>, data: FormData) -> Answer {
    let planned = visitor.service.plan_import(&visitor.caller, id).await;
    answer(&visitor, id, &data, planned).await
}

async fn correct(visitor: Visitor, RecordPath(id): RecordPath<ImportId>, data: FormData) -> Answer {
    let cells = data.fields().filter_map(|(name, text)| {
        let (row, column) = name.strip_prefix("cell.")?.split_once('.')?;
        Some((row.parse().ok()?, column.parse::<u16>().ok()?.into(), text.to_owned()))
    });
    let cells: Vec<(u32, usize, String)> = cells.collect();
    let planned = visitor.service.correct_import(&visitor.caller, id, &cells).await;
    answer(&visitor, id, &data, planned).await
}
