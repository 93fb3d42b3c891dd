//! Taking a change back: its plan says what changed since, and each user's may be kept or undone as well.

use std::collections::BTreeMap;

use lineside_model::change::Change;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::Steps;
use lineside_model::plan::{Blocker, BlockerKind};
use lineside_model::undo::Since;

use crate::form_data::FormData;
use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::repair::{Link, notes};
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/journal/{id}/undo", Access::Administrator, ask),
        Route::post("/journal/{id}/undo", Access::Administrator, ask),
    ]
}

/// A link asks with one word for everything, the form with one for each user.
async fn ask(visitor: Visitor, RecordPath(undone): RecordPath<ChangeId>, data: FormData) -> Answer {
    visitor.service.journal_entry(&visitor.caller, undone, Steps::Page(1)).await?;
    let since = Since::parse(data.text("since")).unwrap_or_default();
    let users = data.fields().filter_map(|(name, value)| choice(name, value)).collect();
    let ways = Ways::back_to(&format!("/journal/{undone}"));
    review::ask(&visitor, Change::Undo { undone, since, users }, &ways).await
}

fn choice(name: &str, value: &str) -> Option<(UserId, Since)> {
    Some((name.strip_prefix("user.")?.parse().ok()?, Since::parse(value)?))
}

/// Users shown with a choice of their own; the rest share one.
const USERS_SHOWN: usize = 100;
/// Words about the rest.
const REST_SHOWN: usize = 25;

/// What was changed since, and what may become of it.
pub struct ChangedSince {
    pub undone: ChangeId,
    pub users: Vec<(UserId, Vec<String>)>,
    /// What is of nobody, and of those who are not shown.
    pub rest: Vec<String>,
    pub more: usize,
    /// One word for everything.
    pub ways: Vec<Link>,
    /// What was chosen before somebody changed something else.
    pub chosen: Vec<(UserId, Since)>,
}

impl ChangedSince {
    /// `None` when nothing was, or something else than an undo asks.
    pub fn of(change: &Change, blockers: &[Blocker]) -> Option<Self> {
        let Change::Undo { undone, users: chosen, .. } = change else { return None };
        let asked = || blockers.iter().filter(|blocker| blocker.kind == BlockerKind::ChangedSince);
        let ways = notes(asked().next()).pop()?.repairs;
        let mut order = Vec::new();
        let mut users: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
        let mut rest = Vec::new();
        for blocker in asked() {
            let user = blocker.user_id.filter(|user| order.len() < USERS_SHOWN || users.contains_key(user));
            let Some(user) = user else {
                rest.push(blocker.message.clone());
                continue;
            };
            let words = users.entry(user).or_default();
            if words.is_empty() {
                order.push(user);
            }
            words.push(blocker.message.clone());
        }
        let more = rest.len().saturating_sub(REST_SHOWN);
        rest.truncate(REST_SHOWN);
        let users = order.into_iter().map(|user| (user, users.remove(&user).unwrap_or_default())).collect();
        let chosen = chosen.iter().map(|(user, since)| (*user, *since)).collect();
        Some(Self { undone: *undone, users, rest, more, ways, chosen })
    }
}
