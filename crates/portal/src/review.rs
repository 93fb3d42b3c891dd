//! A change on its way: planned, shown when more than the record on the page changes, applied.

use askama::Template;
use axum::response::Response;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{ConfigurationKind, DeviceModel};
use lineside_model::id::DeviceId;
use lineside_model::journal::Steps;
use lineside_model::plan::{Blocker, BlockerKind, Fingerprint, Plan, SeatEffect, Step};
use lineside_model::resync::ResyncOrder;
use lineside_model::schedule::in_words;
use lineside_service::mint::LineSecret;
use lineside_service::{Outcome, ServiceError};

use crate::flash;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::journal::ChangedSince;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::repair::{Note, notes};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/review", Access::User, confirm).body_limit(PLAN_MAX),
        Route::post("/operator/review", Access::Operator, confirm),
    ]
}

/// A plan for ten thousand users with the repairs of each.
const PLAN_MAX: usize = 8 * 1024 * 1024;

/// Where a change leads.
#[derive(Debug, Clone)]
pub struct Ways {
    /// The page after it was done.
    pub done: String,
    /// The page to go back to without doing it.
    pub back: String,
}

impl Ways {
    pub fn new(done: impl Into<String>, back: impl Into<String>) -> Self {
        Self { done: done.into(), back: back.into() }
    }

    /// The same page either way.
    pub fn back_to(page: &str) -> Self {
        Self::new(page, page)
    }
}

/// What became of a form's change.
pub enum Attempt {
    /// Done, or on its way through the review page: this is the answer.
    Answer(Response),
    /// In the way stands something that the form can show beside its fields.
    Blocked(Plan),
}

/// For pages with a form of their own: a blocked change comes back to them.
pub async fn attempt(visitor: &Visitor, request: &ChangeRequest, ways: &Ways) -> Result<Attempt, PageError> {
    let plan = visitor.service.plan(&visitor.caller, request).await?;
    let wants_review = plan.wants_review() && !carries_secret(&request.change);
    if !plan.blocked() && !plan.is_empty() && !wants_review {
        return apply(visitor, request, ways).await;
    }
    if was_applied(visitor, request).await? {
        return settle(visitor, request, Outcome::Before, ways).await;
    }
    if plan.blocked() {
        return Ok(Attempt::Blocked(plan));
    }
    if plan.is_empty() {
        return Ok(Attempt::Answer(flash::done(&ways.done, "Nothing had to change.")));
    }
    Ok(Attempt::Answer(show(visitor, request, &plan, ways, false).await?))
}

/// A second click, or a page that was loaded again: what was carried out stands in the way of its own repetition, and the
/// plan as of now can't tell.
async fn was_applied(visitor: &Visitor, request: &ChangeRequest) -> Result<bool, PageError> {
    Ok(visitor.service.request_of(&visitor.caller, request.id).await?.is_some())
}

/// For forms whose page is itself the review, such as a step of Add user.
pub async fn apply(visitor: &Visitor, request: &ChangeRequest, ways: &Ways) -> Result<Attempt, PageError> {
    let outcome = visitor.service.apply(&visitor.caller, request, None).await?;
    settle(visitor, request, outcome, ways).await
}

/// For buttons: a blocked change is shown on a page of its own, with its repairs.
pub async fn submit(visitor: &Visitor, request: &ChangeRequest, ways: &Ways) -> Answer {
    match attempt(visitor, request, ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => show(visitor, request, &plan, ways, false).await,
    }
}

/// For destructive links: the plan is shown whatever it touches. Planning changes nothing, so that a link may ask for it.
pub async fn ask(visitor: &Visitor, change: Change, ways: &Ways) -> Answer {
    let request = ChangeRequest { id: visitor.service.new_change_id(), change };
    let plan = visitor.service.plan(&visitor.caller, &request).await?;
    show(visitor, &request, &plan, ways, false).await
}

async fn settle(
    visitor: &Visitor,
    request: &ChangeRequest,
    outcome: Outcome,
    ways: &Ways,
) -> Result<Attempt, PageError> {
    Ok(match outcome {
        Outcome::Done { secret: Some(secret), .. } if fetches(visitor, secret.device_id).await? => {
            Attempt::Answer(flash::done(&ways.done, FETCHED_LATER))
        }
        Outcome::Done { secret: Some(secret), .. } => {
            let frame = visitor.frame("SIP credentials").await?;
            let settings = visitor.service.settings();
            let (host, port, transport) = (&settings.sip_host, settings.sip_port, settings.sip_transport.as_str());
            let registrar = format!("{host}:{port} over {transport}");
            Attempt::Answer(page::show(&SecretPage { frame, secret, registrar, done: ways.done.clone() })?)
        }
        Outcome::Done { plan, .. } => Attempt::Answer(flash::done(&ways.done, format!("Done: {}.", plan.summary))),
        Outcome::Before => Attempt::Answer(before(visitor, request, ways).await?),
        Outcome::Blocked(plan) | Outcome::Moved(plan) => Attempt::Blocked(plan),
    })
}

const FETCHED_LATER: &str = "Generated. The phone is asked to fetch its configuration with the new password.";

/// The first click's answer once more; the browser dropped that for this one.
async fn before(visitor: &Visitor, request: &ChangeRequest, ways: &Ways) -> Answer {
    if let Change::Generate { device_id } = request.change {
        if fetches(visitor, device_id).await? {
            return Ok(flash::done(&ways.done, FETCHED_LATER));
        }
        let frame = visitor.frame("SIP credentials").await?;
        return page::show(&GeneratedPage { frame, device_id, done: ways.done.clone() });
    }
    let (service, caller) = (&visitor.service, &visitor.caller);
    let summary = if caller.is_operator() {
        service.operator_entry(caller, request.id).await.map(|entry| entry.summary)
    } else {
        service.journal_entry(caller, request.id, Steps::Page(1)).await.map(|entry| entry.summary)
    };
    let message = match summary {
        Ok(summary) => format!("Done: {summary}."),
        Err(ServiceError::NotFound) => "Done.".to_owned(),
        Err(error) => return Err(error.into()),
    };
    Ok(flash::done(&ways.done, message))
}

/// Such a device is given the password with its configuration; nobody has to see it.
async fn fetches(visitor: &Visitor, device: DeviceId) -> Result<bool, PageError> {
    let device = visitor.service.device(&visitor.caller, device).await?.device;
    Ok(DeviceModel::find(&device.model).is_some_and(|model| model.configuration != ConfigurationKind::Generic))
}

/// Credentials that a person types into a generic phone: this once.
#[derive(Template)]
#[template(path = "review/secret.html")]
struct SecretPage {
    frame: Frame,
    secret: LineSecret,
    /// The server that the phone talks to, when it does not find it by the domain.
    registrar: String,
    done: String,
}

/// Credentials that were generated by the same click and are not shown again, since nothing keeps them.
#[derive(Template)]
#[template(path = "review/generated.html")]
struct GeneratedPage {
    frame: Frame,
    device_id: DeviceId,
    done: String,
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    frame: Frame,
    summary: String,
    action: &'static str,
    steps: Vec<Step>,
    more_steps: usize,
    seats: Vec<SeatEffect>,
    e911: Vec<String>,
    more_e911: usize,
    /// Phones that are asked to fetch their configuration.
    resyncs: Vec<String>,
    more_resyncs: usize,
    warnings: Vec<String>,
    more_warnings: usize,
    notes: Vec<Note>,
    more_notes: usize,
    /// What others changed since what is to be undone, with the ways to go on from there.
    since: Option<ChangedSince>,
    /// What of the schedule would fail unless it is repaired by then.
    conflicts: Vec<Note>,
    more_conflicts: usize,
    moved: bool,
    request: String,
    fingerprint: String,
    ways: Ways,
}

/// Steps shown; a plan for thousands of users says how many more there are.
const STEPS_SHOWN: usize = 100;
/// Phones shown, likewise.
const RESYNCS_SHOWN: usize = 10;
/// Conflicts shown, likewise.
const CONFLICTS_SHOWN: usize = 25;
/// Warnings, and what is in the way.
const WORDS_SHOWN: usize = 100;

async fn show(visitor: &Visitor, request: &ChangeRequest, plan: &Plan, ways: &Ways, moved: bool) -> Answer {
    let mut warnings: Vec<String> = plan.warnings.iter().map(|warning| warning.message.clone()).collect();
    warnings.dedup();
    let more_warnings = warnings.len().saturating_sub(WORDS_SHOWN);
    warnings.truncate(WORDS_SHOWN);
    let since = ChangedSince::of(&request.change, &plan.blockers);
    let others = |blocker: &&Blocker| since.is_none() || blocker.kind != BlockerKind::ChangedSince;
    let others: Vec<&Blocker> = plan.blockers.iter().filter(others).collect();
    let page = ReviewPage {
        frame: visitor.frame("Review").await?,
        summary: plan.summary.clone(),
        action: if visitor.caller.is_operator() { "/operator/review" } else { "/review" },
        steps: plan.steps.iter().take(STEPS_SHOWN).cloned().collect(),
        more_steps: plan.steps.len().saturating_sub(STEPS_SHOWN),
        seats: plan.seats.clone(),
        e911: plan.e911.iter().take(WORDS_SHOWN).cloned().collect(),
        more_e911: plan.e911.len().saturating_sub(WORDS_SHOWN),
        resyncs: plan.resyncs.iter().take(RESYNCS_SHOWN).map(ResyncOrder::words).collect(),
        more_resyncs: plan.resyncs.len().saturating_sub(RESYNCS_SHOWN),
        warnings,
        more_warnings,
        more_notes: others.len().saturating_sub(WORDS_SHOWN),
        notes: notes(others.into_iter().take(WORDS_SHOWN)),
        since,
        conflicts: notes(plan.conflicts.iter().take(CONFLICTS_SHOWN)),
        more_conflicts: plan.conflicts.len().saturating_sub(CONFLICTS_SHOWN),
        moved,
        request: serde_json::to_string(request).map_err(|error| PageError::Unreadable(error.to_string()))?,
        fingerprint: plan.fingerprint().0,
        ways: ways.clone(),
    };
    page::show(&page)
}

/// Confirm on the review page: exactly the plan that was shown, or the new one.
async fn confirm(visitor: Visitor, data: FormData) -> Answer {
    let request: ChangeRequest =
        serde_json::from_str(data.text("request")).map_err(|error| PageError::Unreadable(error.to_string()))?;
    if carries_secret(&request.change) {
        return Err(PageError::Unreadable("a change with a secret in it can't be confirmed here".to_owned()));
    }
    let ways = Ways { done: own_page(data.text("done")), back: own_page(data.text("back")) };
    let expected = Fingerprint(data.text("fingerprint").to_owned());
    let outcome = visitor.service.apply(&visitor.caller, &request, Some(&expected)).await?;
    match settle(&visitor, &request, outcome, &ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => show(&visitor, &request, &plan, &ways, true).await,
    }
}

/// When seats move: `now`, or `1 March 2027`.
fn when(effect: &SeatEffect) -> String {
    effect.date.map_or_else(|| "now".to_owned(), in_words)
}

/// `email_voicemails` as people read it; what forms call it where that is something else.
pub fn field_name(field: &str) -> String {
    let known = match field {
        "callback" => "Callback number",
        "credentials" => "SIP password",
        "duration_ms" => "Length",
        "extension_max" => "Longest extension",
        "extension_min" => "Shortest extension",
        "mac" => "MAC address",
        "kept_until" => "Kept back until",
        "lifecycle" => "Becomes",
        "pin_hash" => "PIN",
        "recordings_go" => "Recordings go too",
        "postal_code" => "ZIP or postal code",
        "region" => "State or province",
        "sip_domain" => "SIP domain",
        "unit" => "Floor, suite, room",
        "unreachable" => "Primary number unreachable",
        "welcome_wanted" => "Welcome mail",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let words = field.trim_end_matches("_id").replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Only addresses of our own: nobody is sent elsewhere by a form that was tampered with.
pub fn own_page(path: &str) -> String {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if own { path.to_owned() } else { "/".to_owned() }
}

/// Hashed PINs are never written into a page, so a change that carries one can't be shown and confirmed.
fn carries_secret(change: &Change) -> bool {
    match change {
        Change::SetSecurity { pin_hash, .. } => pin_hash.is_some(),
        Change::AddUser { user } | Change::OpenAccount { owner: user, .. } => user.pin_hash.is_some(),
        _ => false,
    }
}
