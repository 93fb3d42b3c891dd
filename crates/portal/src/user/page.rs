//! A user's page: what there is, what is wrong, and what can be done.

use askama::Template;
use chrono::Days;
use lineside_model::id::UserId;
use lineside_model::journal::JournalEntry;
use lineside_model::license::{Assignment, Catalogue, Track};
use lineside_model::list::UserDetail;
use lineside_service::Service;

use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::schedule::entry::Entry;
use crate::user::checklist::Checklist;
use crate::user::timeline::Timeline;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/users/{id}", Access::Administrator, show)]
}

/// The newest entries of the history that the page itself shows.
const HISTORY_SHOWN: i64 = 6;

#[derive(Template)]
#[template(path = "user/page.html")]
struct UserPage {
    frame: Frame,
    user: UserDetail,
    tracks: Vec<HeldTrack>,
    history: Vec<JournalEntry>,
    checklist: Checklist,
    timeline: Option<Timeline>,
    entries: Vec<Entry>,
    earliest: String,
    spool: bool,
    service: Service,
}

impl UserPage {
    /// What would fail or failed, said at the top.
    fn failing(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.failed || !entry.notes.is_empty()).take(FAILING_SHOWN)
    }
}

/// Entries that the top of the page names; the section Licenses has them all.
const FAILING_SHOWN: usize = 3;

/// A track, and what the user holds of it.
struct HeldTrack {
    track: Track,
    /// The license's name, what it allows, and since when.
    held: Option<(String, Vec<&'static str>, Assignment)>,
}

impl UserPage {
    /// Each form on the page is a change of its own.
    fn change_id(&self) -> String {
        self.service.new_change_id().to_string()
    }
}

async fn show(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let (service, caller) = (&visitor.service, &visitor.caller);
    let user = service.user(caller, id).await?;
    let catalogue = service.catalogue().await?;
    let history = service.newest_of_user(caller, id, HISTORY_SHOWN).await?;
    let frame = visitor.frame(user.user.profile.full_name()).await?;
    let today = frame.zone().date(frame.now());
    let page = UserPage {
        timeline: Timeline::of(&user, &catalogue, today),
        entries: user.schedule.iter().map(|entry| Entry::of(entry, &catalogue)).collect(),
        earliest: (today + Days::new(1)).to_string(),
        checklist: Checklist::new(&user, &catalogue, &frame),
        tracks: tracks(&user, &catalogue),
        history,
        spool: service.settings().mail_spool.is_some(),
        service: service.clone(),
        frame,
        user,
    };
    page::show(&page)
}

fn tracks(user: &UserDetail, catalogue: &Catalogue) -> Vec<HeldTrack> {
    let held = |track: &Track| {
        let assignment = user.assignments.iter().find(|held| held.track_id == track.id)?;
        let license = catalogue.license_type(assignment.license_type_id)?;
        let features = license.features.iter().map(|feature| feature.label()).collect();
        Some((license.name.clone(), features, assignment.clone()))
    };
    catalogue.tracks.iter().map(|track| HeldTrack { held: held(track), track: track.clone() }).collect()
}
