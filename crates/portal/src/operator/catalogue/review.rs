//! The plan of a wanted catalogue, shown before it is applied.

use askama::Template;
use lineside_model::catalogue::CataloguePlan;
use lineside_model::id::ChangeId;
use lineside_model::license::Catalogue;
use lineside_service::catalogue::Rehearsal;
use lineside_service::store::{CatalogueApplied, CatalogueRequest};

use super::HOME;
use crate::flash;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::review::own_page;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::post("/operator/catalogue/apply", Access::Operator, apply)]
}

#[derive(Template)]
#[template(path = "operator/catalogue/review.html")]
struct ReviewPage {
    frame: Frame,
    plan: CataloguePlan,
    /// Somebody changed the catalogue since the plan was read; this is the plan as it is now.
    moved: bool,
    change_id: ChangeId,
    /// The wanted catalogue.
    request: String,
    version: i64,
    back: String,
}

/// Nothing is changed yet, so that a link may ask for it.
pub async fn ask(visitor: &Visitor, wanted: &Catalogue, back: &str) -> Answer {
    let (version, plan) = visitor.service.plan_catalogue(&visitor.caller, wanted).await?;
    let id = visitor.service.new_change_id();
    show(visitor, &CatalogueRequest { id, wanted, seen: version, sent: None }, plan, back, false).await
}

async fn show(visitor: &Visitor, asked: &CatalogueRequest<'_>, plan: CataloguePlan, back: &str, moved: bool) -> Answer {
    if plan.is_empty() {
        return Ok(flash::done(HOME, "Nothing had to change."));
    }
    let request = serde_json::to_string(asked.wanted).map_err(|error| PageError::Unreadable(error.to_string()))?;
    let frame = visitor.frame("Review").await?;
    let (change_id, version) = (asked.id, asked.seen);
    page::show(&ReviewPage { frame, plan, moved, change_id, request, version, back: back.to_owned() })
}

async fn apply(visitor: Visitor, data: FormData) -> Answer {
    let wanted: Catalogue =
        serde_json::from_str(data.text("request")).map_err(|error| PageError::Unreadable(error.to_string()))?;
    let seen = data.version().ok_or_else(|| PageError::Unreadable("the form has no version".to_owned()))?;
    let back = own_page(data.text("back"));
    let (service, caller) = (&visitor.service, &visitor.caller);
    let asked = CatalogueRequest { id: data.change_id()?, wanted: &wanted, seen, sent: None };
    match service.apply_catalogue(caller, &asked, Rehearsal::Behind).await? {
        // The second of two clicks.
        CatalogueApplied::Before => Ok(flash::done(HOME, "Done.")),
        CatalogueApplied::Done(plan) => Ok(flash::done(HOME, format!("Done: {}.", plan.summary))),
        CatalogueApplied::Blocked(plan) => show(&visitor, &asked, plan, &back, true).await,
        CatalogueApplied::Stale => {
            let (version, plan) = service.plan_catalogue(caller, &wanted).await?;
            show(&visitor, &CatalogueRequest { seen: version, ..asked }, plan, &back, true).await
        }
    }
}
