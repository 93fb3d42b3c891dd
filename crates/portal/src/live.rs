//! Pages that follow: a stream of lamps for the users that a page shows, and of the account's counts, with which a page knows
//! that there is something new to draw.

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
use lineside_service::live::{Heard, Listener};

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
/// `?account=1` asks for the account's counts too, `?calls=1` to be told when a call begins, is answered, or ends.
async fn live(visitor: Visitor, data: FormData) -> Answer {
    let users: Vec<UserId> = data.text("users").split(',').filter_map(|id| id.parse().ok()).take(USERS_MAX).collect();
    let listener = visitor.service.listen(&visitor.caller)?;
    let account = !data.text("account").is_empty() && visitor.caller.administers();
    let calls = !data.text("calls").is_empty();
    // What changed between drawing the page and listening comes first.
    let first = Some(Heard::everything());
    let watch = Watch { visitor, users, account, calls, listener, first, events: VecDeque::new() };
    let events = stream::unfold(watch, Watch::next).take_until(tokio::time::sleep(LIFE));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

struct Watch {
    visitor: Visitor,
    users: Vec<UserId>,
    account: bool,
    calls: bool,
    listener: Listener,
    first: Option<Heard>,
    events: VecDeque<Event>,
}

impl Watch {
    /// The next event; ends with the program, or when the database fails: the browser tries again.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some((Ok(event), self));
            }
            let heard = match self.first.take() {
                Some(heard) => heard,
                None => self.listener.next().await?,
            };
            self.tell(&heard).await.ok()?;
        }
    }

    async fn tell(&mut self, heard: &Heard) -> Result<(), ServiceError> {
        let is_shown = |id: &UserId| heard.everybody || heard.users.contains(id);
        let shown: Vec<UserId> = self.users.iter().copied().filter(is_shown).collect();
        if !shown.is_empty() {
            self.events.push_back(Event::default().event("lamps").data(self.strips(&shown).await?));
        }
        if self.account && heard.account {
            self.events.push_back(Event::default().event("account").data(self.counts().await?));
        }
        if self.calls && heard.calls && self.is_concerned(heard) {
            self.events.push_back(Event::default().event("calls").data("changed"));
        }
        Ok(())
    }

    /// When others telephone is no user's business.
    fn is_concerned(&self, heard: &Heard) -> bool {
        let caller = &self.visitor.caller;
        let own = caller.user_id().is_some_and(|own| heard.users.contains(&own));
        caller.administers() || heard.everybody || own
    }

    async fn strips(&self, users: &[UserId]) -> Result<String, ServiceError> {
        let mut html = String::new();
        for (id, lamps) in self.lamps(users).await? {
            // Writing to a string can't fail.
            let _ = write!(html, "<span data-lamps=\"{id}\">{}</span>", strip(&lamps));
        }
        Ok(html)
    }

    /// As they stand in the rail; a count that is not shown there is empty.
    async fn counts(&self) -> Result<String, ServiceError> {
        let mut html = String::new();
        for (href, count) in self.visitor.rail_counts().await? {
            let count = count.map(|count| count.to_string()).unwrap_or_default();
            let _ = write!(html, "<span data-count=\"{href}\">{count}</span>");
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
