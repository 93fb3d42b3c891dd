//! Assign a license to users that were chosen: which type, what each of them lacks, and the repairs.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{LicenseTypeId, UserId};
use lineside_model::license::{Catalogue, Seats};
use lineside_model::list::UserRow;
use lineside_model::plan::{Plan, SeatEffect};

use super::bought_and_used;
use crate::control::{Choice, Control};
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::repair::{Note, notes};
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/licensing/assign", Access::Administrator, open),
        Route::post("/licensing/assign", Access::Administrator, assign),
    ]
}

#[derive(Template)]
#[template(path = "license/assign.html")]
pub(super) struct AssignPage {
    frame: Frame,
    form: Form,
    title: String,
    names: String,
    user_ids: Vec<UserId>,
    /// The types to choose from, a list of radio buttons a track.
    tracks: Vec<Control>,
    requirements: Option<Requirements>,
}

/// "General requirements": who lacks what, and what the account lacks.
struct Requirements {
    lacking: Vec<(UserRow, Vec<Note>)>,
    more_lacking: usize,
    ready: usize,
    account: Vec<Note>,
    seats: Vec<SeatEffect>,
}

/// Users named or listed one by one; a change for thousands says how many more there are.
const SHOWN: usize = 50;

impl AssignPage {
    /// `plan`: what was in the way.
    pub(super) async fn new(
        visitor: &Visitor,
        user_ids: Vec<UserId>,
        form: Form,
        plan: Option<&Plan>,
    ) -> Result<Self, PageError> {
        let mut rows = visitor.service.user_rows(&visitor.caller, &user_ids).await?;
        rows.sort_by_key(|row| (row.last_name.to_lowercase(), row.first_name.to_lowercase()));
        let title = match rows.as_slice() {
            [row] => format!("Assign a license to {}", row.name()),
            rows => format!("Assign a license to {} users", rows.len()),
        };
        let catalogue = visitor.service.catalogue().await?;
        let seats = visitor.service.seats(&visitor.caller).await?;
        Ok(Self {
            frame: visitor.frame(title.as_str()).await?,
            title,
            names: if rows.len() > 1 { name_some(&rows) } else { String::new() },
            tracks: type_controls(&catalogue, &seats, &form),
            requirements: plan.map(|plan| Requirements::of(plan, rows)),
            user_ids,
            form,
        })
    }
}

impl Requirements {
    fn of(plan: &Plan, rows: Vec<UserRow>) -> Self {
        let of_user = |row: UserRow| {
            let own = plan.blockers.iter().filter(|blocker| blocker.user_id == Some(row.id));
            let notes = notes(own);
            (row, notes)
        };
        let (mut lacking, ready): (Vec<_>, Vec<_>) =
            rows.into_iter().map(of_user).partition(|(_, notes)| !notes.is_empty());
        let more_lacking = lacking.len().saturating_sub(SHOWN);
        lacking.truncate(SHOWN);
        Self {
            lacking,
            more_lacking,
            ready: ready.len(),
            account: notes(plan.blockers.iter().filter(|blocker| blocker.user_id.is_none())),
            seats: plan.seats.clone(),
        }
    }
}

/// `?user_ids=…` for each user; `?track=` narrows to a track, `?license_type_id=` chooses a type.
async fn open(visitor: Visitor, query: FormData) -> Answer {
    let user_ids = user_ids(&query);
    if user_ids.is_empty() {
        return Ok(Redirect::to("/users").into_response());
    }
    let form = Form::empty(visitor.service.new_change_id())
        .with("track", query.text("track"))
        .with("license_type_id", query.text("license_type_id"));
    show(&AssignPage::new(&visitor, user_ids, form, None).await?)
}

async fn assign(visitor: Visitor, data: FormData) -> Answer {
    let user_ids = user_ids(&data);
    let Some(license_type_id) = data.parse::<LicenseTypeId>("license_type_id") else {
        let form = Form::sent(&data).with_errors(FieldErrors::one("license_type_id", "choose a license type"));
        return show_again(&AssignPage::new(&visitor, user_ids, form, None).await?);
    };
    submit(&visitor, user_ids, license_type_id, &data).await
}

/// From here or from the page that chooses users: planned, and back here when something is in the way.
pub(super) async fn submit(
    visitor: &Visitor,
    user_ids: Vec<UserId>,
    license_type_id: LicenseTypeId,
    data: &FormData,
) -> Answer {
    let change = Change::AssignLicense { user_ids: user_ids.clone(), license_type_id, date: None };
    let request = ChangeRequest { id: data.change_id()?, change };
    let only = if let [only] = user_ids.as_slice() { Some(*only) } else { None };
    let done = only.map_or_else(|| "/licensing".to_owned(), |user| format!("/users/{user}"));
    match attempt(visitor, &request, &Ways::new(done, "/licensing")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(data).with("license_type_id", license_type_id.to_string());
            show_again(&AssignPage::new(visitor, user_ids, form, Some(&plan)).await?)
        }
    }
}

/// Each once.
pub(super) fn user_ids(data: &FormData) -> Vec<UserId> {
    let mut seen = std::collections::BTreeSet::new();
    data.all("user_ids").filter_map(|id| id.parse().ok()).filter(|id| seen.insert(*id)).collect()
}

fn type_controls(catalogue: &Catalogue, seats: &[Seats], form: &Form) -> Vec<Control> {
    let only = form.value("track").parse().ok();
    let tracks = catalogue.tracks.iter().filter(|track| only.is_none_or(|only| track.id == only));
    tracks
        .map(|track| {
            let types = catalogue.types_of(track.id).filter(|license| !license.retired);
            let choices: Vec<Choice> = types
                .map(|license| {
                    let (bought, used) = bought_and_used(seats, license.id);
                    Choice::new(license.id.to_string(), license.name.as_str())
                        .note(format!("{} of {bought} seats free", bought - used))
                })
                .collect();
            Control {
                id: format!("license_type_id-{}", track.slug),
                ..form.radios("license_type_id", &format!("{}: {}", track.name, track.summary), &choices)
            }
        })
        .collect()
}

fn name_some(rows: &[UserRow]) -> String {
    let names = rows.iter().take(8).map(UserRow::name).collect::<Vec<_>>().join(", ");
    match rows.len() {
        many if many > 8 => format!("{names} and {} more", many - 8),
        _ => names,
    }
}
