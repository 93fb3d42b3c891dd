//! Whether a trunk is there: by its registration, by what becomes of calls, and for one without registration by asking
//! (OPTIONS), which keeps the way through firewalls open too.

use std::time::{Duration, Instant};

use lineside_model::call_report::{Alarm, AlarmKind, CallReport};
use lineside_sip::{Flow, HeaderName, Method, Request, TransactionKey};

use super::{Exchange, Trunk, out::host};
use crate::{clock::Now, told::Told};

const INTERVAL: Duration = Duration::from_mins(1);
/// While it is gone.
const INTERVAL_DOWN: Duration = Duration::from_secs(30);
/// After its connection closed.
const HURRY: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) due: Option<Instant>,
    /// Not known at first.
    pub(super) is_up: Option<bool>,
    /// It has answered a question; some carriers never do, and take calls all the same.
    answers: bool,
}

impl Watch {
    pub(super) fn hurry(&mut self, now: Instant) {
        if self.is_up != Some(false) {
            self.due = self.due.map(|due| due.min(now + HURRY));
        }
    }
}

impl Trunk {
    pub(super) fn ask(&mut self, exchange: &mut Exchange<'_>, flow: Flow) -> TransactionKey {
        self.watch.due = None;
        let uri = format!("sip:{}", host(&self.known));
        let (tag, call_id) = (exchange.endpoint.token(), exchange.endpoint.token());
        let contact = exchange.rules.contact(flow);
        let from = format!("{contact};tag={tag}");
        let options = Request::initial(Method::Options, &uri, from, format!("<{uri}>"), call_id, 1)
            .header(HeaderName::Contact, contact);
        exchange.endpoint.request(exchange.now.instant, flow, &options)
    }

    /// Any answer says that somebody is there, but the one that says that nobody is.
    pub(super) fn answered(&mut self, exchange: &mut Exchange<'_>, status: Option<u16>) {
        match status {
            Some(503) => self.is_up(exchange.told, exchange.now, false, "the carrier answers 503 when it is asked"),
            Some(_) => {
                self.watch.answers = true;
                self.is_up(exchange.told, exchange.now, true, "");
            }
            None if self.watch.answers => {
                self.is_up(exchange.told, exchange.now, false, "the carrier does not answer any more");
            }
            None => {}
        }
        let pause = if self.watch.is_up == Some(false) { INTERVAL_DOWN } else { INTERVAL };
        self.watch.due = Some(exchange.now.instant + pause);
    }

    /// Tells when it changes.
    pub(super) fn is_up(&mut self, told: &mut Told, now: Now, up: bool, why: &str) {
        if self.watch.is_up.replace(up) == Some(up) {
            return;
        }
        let trunk = self.known.trunk_id;
        tracing::info!(%trunk, up, why, "trunk");
        let kind = if up { AlarmKind::TrunkUp { trunk } } else { AlarmKind::TrunkDown { trunk, why: why.to_owned() } };
        told.report(CallReport::Alarm(Alarm { at: now.utc, kind }));
    }
}
