//! The plan of a wanted catalogue, shown before it is applied.

use askama::Template;
use lineside_model::catalogue::CataloguePlan;
use lineside_model::license::Catalogue;
use lineside_service::catalogue::Rehearsal;
use lineside_service::store::CatalogueApplied;

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
    /// The wanted catalogue.
    request: String,
    version: i64,
    back: String,
}

/// Nothing is changed yet, so that a link may ask for it.
pub async fn ask(visitor: &Visitor, wanted: &Catalogue, back: &str) -> Answer {
    let (version, plan) = visitor.service.plan_catalogue(&visitor.caller, wanted).await?;
    show(visitor, wanted, version, plan, back, false).await
}

async fn show(
    visitor: &Visitor,
    wanted: &Catalogue,
    version: i64,
    plan: CataloguePlan,
    back: &str,
    moved: bool,
) -> Answer {
    if plan.is_empty() {
        return Ok(flash::done(HOME, "Nothing had to change."));
    }
    let request = serde_json::to_string(wanted).map_err(|error| PageError::Unreadable(error.to_string()))?;
    let frame = visitor.frame("Review").await?;
    page::show(&ReviewPage { frame, plan, moved, request, version, back: back.to_owned() })
}

async fn apply(visitor: Visitor, data: FormData) -> Answer {
    let wanted: Catalogue =
        serde_json::from_str(data.text("request")).map_err(|error| PageError::Unreadable(error.to_string()))?;
    let seen = data.version().ok_or_else(|| PageError::Unreadable("the form has no version".to_owned()))?;
    let back = own_page(data.text("back"));
    let (service, caller) = (&visitor.service, &visitor.caller);
    match service.apply_catalogue(caller, &wanted, seen, Rehearsal::Behind).await? {
        CatalogueApplied::Done(plan) => Ok(flash::done(HOME, format!("Done: {}.", plan.summary))),
        CatalogueApplied::Blocked(plan) => show(&visitor, &wanted, seen, plan, &back, true).await,
        CatalogueApplied::Stale => {
            let (version, plan) = service.plan_catalogue(caller, &wanted).await?;
            // The second of two clicks: it is done.
            if plan.is_empty() {
                return Ok(flash::done(HOME, "Done."));
            }
            show(&visitor, &wanted, version, plan, &back, true).await
        }
    }
}
