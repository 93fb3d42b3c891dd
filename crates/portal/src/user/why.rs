//! "Why does this user have this?": who gave a license, when and with which change; and what would give what is lacking.

use askama::Template;
use chrono::TimeDelta;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::journal::{JournalEntry, Steps};
use lineside_model::license::{Assignment, Feature, LicenseType};
use lineside_model::list::JournalFilter;
use lineside_model::plan::Record;
use lineside_model::schedule::ScheduleEntry;
use lineside_service::ServiceError;

use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::page_error::PageError;
use crate::record_path::TextPath;
use crate::repair::{Note, notes};
use crate::router::{Access, Route};
use crate::user::license::At;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/users/{id}/licenses/{track}/why", Access::Administrator, why)]
}

#[derive(Template)]
#[template(path = "user/why.html")]
struct WhyPage {
    frame: Frame,
    at: At,
    held: Option<Held>,
    lacking: Vec<Lacking>,
}

struct Held {
    license: LicenseType,
    assignment: Assignment,
    /// The change that gave it, as the journal has it.
    change: Option<JournalEntry>,
    /// What it waited as, when it came by the schedule.
    scheduled: Option<ScheduleEntry>,
}

/// A feature that the user has not, and what would give it.
struct Lacking {
    feature: &'static str,
    ways: Vec<Way>,
}

struct Way {
    license: LicenseType,
    track: String,
    /// What the user lacks for it now.
    notes: Vec<Note>,
}

async fn why(visitor: Visitor, TextPath((user, track)): TextPath<(String, String)>) -> Answer {
    let at = At::find(&visitor, &user, &track).await?;
    let held = held(&visitor, &at).await?;
    let lacking = lacking(&visitor, &at).await?;
    let what = held.as_ref().map_or_else(|| format!("no {} license", at.track.name), |held| held.license.name.clone());
    let title = format!("Why {} has {what}", at.user.user.profile.full_name());
    show(&WhyPage { frame: visitor.frame(title).await?, at, held, lacking })
}

async fn held(visitor: &Visitor, at: &At) -> Result<Option<Held>, PageError> {
    let assignment = at.user.assignments.iter().find(|held| held.track_id == at.track.id);
    let Some(assignment) = assignment.cloned() else { return Ok(None) };
    let Some(license) = at.catalogue.license_type(assignment.license_type_id).cloned() else { return Ok(None) };
    let change = change_of(visitor, &assignment).await?;
    let scheduled = change.as_ref().and_then(|change| waited(change, &assignment));
    Ok(Some(Held { license, assignment, change, scheduled }))
}

/// By its identifier; of a license that was given before assignments kept it, by the moment at which it began.
async fn change_of(visitor: &Visitor, assignment: &Assignment) -> Result<Option<JournalEntry>, PageError> {
    if let Some(id) = assignment.change_id {
        return match visitor.service.journal_entry(&visitor.caller, id, Steps::Of(assignment.user_id)).await {
            Ok(entry) => Ok(Some(entry)),
            Err(ServiceError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    let filter = JournalFilter {
        user_id: Some(assignment.user_id),
        from: Some(assignment.starts_at - TimeDelta::seconds(1)),
        until: Some(assignment.starts_at + TimeDelta::seconds(2)),
        page: 1,
        ..JournalFilter::default()
    };
    let entries = visitor.service.journal(&visitor.caller, &filter).await?.rows;
    let gave = |record: &Option<Record>| match record {
        Some(Record::Assignment(after)) => after.id == assignment.id,
        _ => false,
    };
    Ok(entries.into_iter().find(|entry| entry.steps.iter().any(|step| gave(&step.after))))
}

/// The entry of the schedule that the change carried out.
fn waited(change: &JournalEntry, assignment: &Assignment) -> Option<ScheduleEntry> {
    change.steps.iter().find_map(|step| match (&step.before, &step.after) {
        (Some(Record::ScheduleEntry(entry)), None)
            if entry.user_id == assignment.user_id && entry.license_type_id == Some(assignment.license_type_id) =>
        {
            Some((**entry).clone())
        }
        _ => None,
    })
}

/// Every feature of the catalogue that no license of the user gives.
async fn lacking(visitor: &Visitor, at: &At) -> Result<Vec<Lacking>, PageError> {
    let held = |license: &&LicenseType| at.user.assignments.iter().any(|held| held.license_type_id == license.id);
    let types = || at.catalogue.types.iter().filter(|license| !license.retired);
    let has: Vec<&str> =
        at.catalogue.types.iter().filter(held).flat_map(|license| &license.features).map(|of| of.label()).collect();
    let mut lacking: Vec<Lacking> = Vec::new();
    for license in types() {
        let news = license.features.iter().map(|feature: &Feature| feature.label());
        let news: Vec<&'static str> = news.filter(|feature| !has.contains(feature)).collect();
        if news.is_empty() {
            continue;
        }
        let user_ids = vec![at.user.user.id];
        let change = Change::AssignLicense { user_ids, license_type_id: license.id, date: None };
        let request = ChangeRequest { id: visitor.service.new_change_id(), change };
        let plan = visitor.service.plan(&visitor.caller, &request).await?;
        for feature in news {
            let track = at.catalogue.track(license.track_id).map(|track| track.name.clone()).unwrap_or_default();
            let way = Way { license: license.clone(), track, notes: notes(&plan.blockers) };
            match lacking.iter_mut().find(|lack| lack.feature == feature) {
                Some(lack) => lack.ways.push(way),
                None => lacking.push(Lacking { feature, ways: vec![way] }),
            }
        }
    }
    Ok(lacking)
}
