//! Taking a license of a track from one user, now or on a date; and one date for all that is scheduled for the user.
//! Assigning is under Licensing.

use askama::Template;
use chrono::{Days, NaiveDate};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::license::{Catalogue, Track};
use lineside_model::list::UserDetail;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::{RecordPath, TextPath};
use crate::review::{Attempt, Ways, attempt, submit};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/licenses/{track}/remove", Access::Administrator, open),
        Route::post("/users/{id}/licenses/{track}/remove", Access::Administrator, remove),
        Route::post("/users/{id}/schedule/move", Access::Administrator, move_all),
    ]
}

#[derive(Template)]
#[template(path = "user/remove_license.html")]
struct RemovePage {
    frame: Frame,
    form: Form,
    user: UserDetail,
    track: Track,
    held: Option<String>,
    earliest: String,
}

impl RemovePage {
    async fn new(visitor: &Visitor, at: At, form: Form) -> Result<Self, PageError> {
        let held = at.user.assignments.iter().find(|held| held.track_id == at.track.id);
        let held = held.and_then(|held| at.catalogue.license_type(held.license_type_id));
        let held = held.map(|license| license.name.clone());
        let frame = visitor.frame(format!("Remove the {} license", at.track.name)).await?;
        let today = frame.zone().date(frame.now());
        Ok(Self { earliest: (today + Days::new(1)).to_string(), frame, form, held, user: at.user, track: at.track })
    }
}

/// A user and a track.
pub(crate) struct At {
    pub user: UserDetail,
    pub track: Track,
    pub catalogue: Catalogue,
}

impl At {
    /// The track by its name in addresses, or by its identifier.
    pub async fn find(visitor: &Visitor, user: &str, track: &str) -> Result<Self, PageError> {
        let user: UserId = user.parse().map_err(|_| PageError::NotFound)?;
        let user = visitor.service.user(&visitor.caller, user).await?;
        let catalogue = visitor.service.catalogue().await?;
        let by_id = || track.parse().ok().and_then(|id| catalogue.track(id));
        let track = catalogue.track_by_slug(track).or_else(by_id).cloned().ok_or(PageError::NotFound)?;
        Ok(Self { user, track, catalogue })
    }
}

async fn open(visitor: Visitor, TextPath((user, track)): TextPath<(String, String)>) -> Answer {
    let at = At::find(&visitor, &user, &track).await?;
    let form = Form::empty(visitor.service.new_change_id()).with("when", "now");
    show(&RemovePage::new(&visitor, at, form).await?)
}

async fn remove(visitor: Visitor, TextPath((user, track)): TextPath<(String, String)>, data: FormData) -> Answer {
    let at = At::find(&visitor, &user, &track).await?;
    let on = match (data.text("when"), data.parse::<NaiveDate>("date")) {
        ("date", None) => {
            let errors = FieldErrors::one("date", "choose the date on which the license ends, such as 2027-03-01");
            return show_again(&RemovePage::new(&visitor, at, Form::sent(&data).with_errors(errors)).await?);
        }
        ("date", day) => day,
        _ => None,
    };
    let id = at.user.user.id;
    let change = Change::RemoveLicense { user_ids: vec![id], track_id: at.track.id, date: on };
    let request = ChangeRequest { id: data.change_id()?, change };
    let ways = Ways::new(format!("/users/{id}"), format!("/users/{id}/licenses/{}/remove", at.track.slug));
    match attempt(&visitor, &request, &ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&RemovePage::new(&visitor, at, form).await?)
        }
    }
}

/// The field at the top of the user's schedule.
async fn move_all(visitor: Visitor, RecordPath(user_id): RecordPath<UserId>, data: FormData) -> Answer {
    visitor.service.user(&visitor.caller, user_id).await?;
    let to: NaiveDate = data
        .parse("date")
        .ok_or_else(|| PageError::Unreadable("choose the date for all scheduled licenses first".to_owned()))?;
    let request = ChangeRequest { id: data.change_id()?, change: Change::MoveSchedule { user_id, date: to } };
    submit(&visitor, &request, &Ways::back_to(&format!("/users/{user_id}"))).await
}
