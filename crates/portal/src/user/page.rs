//! A user's page: what there is, what is wrong, and what can be done.

use askama::Template;
use chrono::Days;
use lineside_model::call::{CallFilter, CallRecord};
use lineside_model::emergency::EmergencyTest;
use lineside_model::forwarding::ForwardingRules;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::JournalEntry;
use lineside_model::license::{Assignment, Catalogue, Track};
use lineside_model::list::UserDetail;
use lineside_model::recording::RecordingMode;
use lineside_service::Service;

use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::schedule::entry::Entry;
use crate::user::checklist::Checklist;
use crate::user::test_call::TestCalls;
use crate::user::timeline::Timeline;
use crate::user::voicemail::is_new;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/users/{id}", Access::Administrator, show)]
}

/// The newest entries of the history that the page itself shows.
const HISTORY_SHOWN: i64 = 6;

/// The newest calls, likewise.
const CALLS_SHOWN: i64 = 5;

#[derive(Template)]
#[template(path = "user/page.html")]
struct UserPage {
    frame: Frame,
    user: UserDetail,
    tracks: Vec<HeldTrack>,
    history: Vec<JournalEntry>,
    forwarding: ForwardingRules,
    recording: RecordingMode,
    calls: Vec<CallRecord>,
    unheard: usize,
    test_calls: TestCalls,
    emergency_test: Option<EmergencyTest>,
    checklist: Checklist,
    timeline: Option<Timeline>,
    /// Suspension, return and deletion on a date.
    coming: Vec<Entry>,
    entries: Vec<Entry>,
    earliest: String,
    spool: bool,
    service: Service,
}

/// Who left: how to bring them back.
#[derive(Template)]
#[template(path = "user/deleted.html")]
struct DeletedPage {
    frame: Frame,
    user: UserDetail,
    /// The change that deleted the user, as long as it can be undone.
    deletion: Option<ChangeId>,
    history: Vec<JournalEntry>,
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
    if user.user.is_deleted() {
        return show_deleted(&visitor, user).await;
    }
    let catalogue = service.catalogue().await?;
    let history = service.newest_of_user(caller, id, HISTORY_SHOWN).await?;
    let frame = visitor.frame(user.user.profile.full_name()).await?;
    let today = frame.zone().date(frame.now());
    let page = UserPage {
        timeline: Timeline::of(&user, &catalogue, today),
        coming: entries_of(&user, &catalogue, true),
        entries: entries_of(&user, &catalogue, false),
        earliest: (today + Days::new(1)).to_string(),
        checklist: Checklist::new(&user, &catalogue, &frame),
        tracks: tracks(&user, &catalogue),
        forwarding: service.forwarding(caller, id).await?.map(|forwarding| forwarding.rules).unwrap_or_default(),
        recording: service.recording_mode(caller, id).await?,
        calls: service.calls(caller, &CallFilter { user_id: Some(id), ..CallFilter::default() }, CALLS_SHOWN).await?.0,
        unheard: service.mailbox(caller, id).await?.messages.iter().filter(|message| is_new(message)).count(),
        test_calls: TestCalls::of(&visitor, id, &frame).await?,
        emergency_test: service.emergency_test(caller, id).await?,
        history,
        spool: service.settings().mail_spool.is_some(),
        service: service.clone(),
        frame,
        user,
    };
    page::show(&page)
}

/// Of the user as a whole, or of licenses.
fn entries_of(user: &UserDetail, catalogue: &Catalogue, lifecycle: bool) -> Vec<Entry> {
    let of_kind = user.schedule.iter().filter(|entry| entry.lifecycle.is_some() == lifecycle);
    of_kind.map(|entry| Entry::of(entry, catalogue)).collect()
}

async fn show_deleted(visitor: &Visitor, user: UserDetail) -> Answer {
    let id = user.user.id;
    let history = visitor.service.newest_of_user(&visitor.caller, id, HISTORY_SHOWN).await?;
    let frame = visitor.frame(user.user.profile.full_name()).await?;
    let is_kept = user.user.kept_until().is_some_and(|until| until > frame.now());
    // The newest entry of a deleted user is what deleted them.
    let deletion = history.first().map(|entry| entry.id).filter(|_| is_kept);
    page::show(&DeletedPage { frame, user, deletion, history })
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
