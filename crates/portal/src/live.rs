//! Lamps that follow: a stream of strips for the users that a page shows.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{StreamExt, stream};
use lineside_model::id::UserId;
use lineside_model::readiness::Lamps;
use lineside_service::ServiceError;
use lineside_service::live::Listener;

use crate::form_data::FormData;
use crate::lamps::strip;
use crate::page::Answer;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/live", Access::User, live)]
}

/// As many as a page of a list has rows.
const USERS_MAX: usize = 50;
/// Then the browser connects anew, and whether the session still holds is looked at again.
const LIFE: Duration = Duration::from_mins(10);
const HEARTBEAT: Duration = Duration::from_secs(15);

/// `?users=` takes identifiers with commas between. Those of another account say nothing, as if they did not exist.
async fn live(visitor: Visitor, data: FormData) -> Answer {
    let users: Vec<UserId> = data.text("users").split(',').filter_map(|id| id.parse().ok()).take(USERS_MAX).collect();
    let listener = visitor.service.listen(&visitor.caller)?;
    // What changed between drawing the page and listening comes first.
    let pending = VecDeque::from([users.clone()]);
    let strips = stream::unfold(Watch { visitor, users, listener, pending }, Watch::next);
    let strips = strips.take_until(tokio::time::sleep(LIFE));
    Ok(Sse::new(strips).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

struct Watch {
    visitor: Visitor,
    users: Vec<UserId>,
    listener: Listener,
    pending: VecDeque<Vec<UserId>>,
}

impl Watch {
    /// The next strips; ends with the program, or when the database fails: the browser tries again.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            let changed = match self.pending.pop_front() {
                Some(users) => users,
                None => self.listener.next().await?,
            };
            let shown: Vec<UserId> = if changed.is_empty() {
                self.users.clone()
            } else {
                self.users.iter().copied().filter(|id| changed.contains(id)).collect()
            };
            if shown.is_empty() {
                continue;
            }
            let html = self.strips(&shown).await.ok()?;
            return Some((Ok(Event::default().event("lamps").data(html)), self));
        }
    }

    async fn strips(&self, users: &[UserId]) -> Result<String, ServiceError> {
        let mut html = String::new();
        for (id, lamps) in self.lamps(users).await? {
            // Writing to a string can't fail.
            let _ = write!(html, "<span data-lamps=\"{id}\">{}</span>", strip(&lamps));
        }
        Ok(html)
    }

    /// A user without rights over the account sees their own lamps.
    async fn lamps(&self, users: &[UserId]) -> Result<Vec<(UserId, Lamps)>, ServiceError> {
        let (service, caller) = (&self.visitor.service, &self.visitor.caller);
        if caller.administers() {
            let rows = service.user_rows(caller, users).await?;
            return Ok(rows.into_iter().map(|row| (row.id, row.lamps)).collect());
        }
        let own = service.me(caller).await?;
        Ok(users.contains(&own.user.id).then_some((own.user.id, own.lamps)).into_iter().collect())
    }
}
