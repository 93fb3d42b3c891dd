//! NOTIFY to a line's contacts outside of any dialog, for events that nobody subscribed to: a phone is asked to fetch its
//! configuration (`check-sync`), or told of its messages.
//!
//! It leaves over the flow of each registration (RFC 5626 section 5.3), to the contact byte for byte, and the answers of all
//! contacts are reported together.

use std::{collections::HashMap, fmt};

use bytes::Bytes;
use lineside_model::{directory::NoticeAnswer, id::LineId};
use lineside_sip::{Endpoint, Event, Failure, HeaderName, Message, Method, Request, TransactionKey};

use crate::{
    clock::Now,
    config::Rules,
    directory::{Directory, FoundLine},
    registrar::{Registered, Registrar},
};

/// A phrase is shown to people; what is longer is cut.
const REASON: usize = 80;

/// What is told to whom.
pub(crate) struct Notice {
    pub(crate) line_id: LineId,
    /// The value of Event: `check-sync;reboot=false`.
    pub(crate) event: String,
    /// Its media type and text, if there is more to say than the event.
    pub(crate) body: Option<(String, Bytes)>,
    pub(crate) report: Report,
}

/// Is told the final answer of each contact; of none when the line can't be reached. Must not block.
pub(crate) type Report = Box<dyn FnOnce(Vec<NoticeAnswer>) + Send>;

/// Those that are on their way.
#[derive(Default)]
pub(crate) struct Notices {
    sent: HashMap<TransactionKey, u64>,
    open: HashMap<u64, Open>,
    last: u64,
}

struct Open {
    /// Contacts that have not answered yet.
    left: usize,
    answers: Vec<NoticeAnswer>,
    report: Report,
}

impl Notices {
    pub(crate) fn send(
        &mut self,
        endpoint: &mut Endpoint,
        registrar: &Registrar,
        directory: &Directory,
        rules: &Rules,
        notice: Notice,
        now: Now,
    ) {
        let found = directory.owner(notice.line_id);
        let contacts = registrar.contacts(notice.line_id).iter();
        let reached = contacts.filter_map(|contact| Some((contact, contact.flow?, found.as_ref()?)));
        let id = self.last + 1;
        let mut left = 0;
        for (contact, flow, found) in reached {
            let own = format!("<sip:{}>", rules.host_port(flow.local.port()));
            let request = request(endpoint, found, contact, &notice, &own);
            let key = endpoint.request(now.instant, flow, &request);
            self.sent.insert(key, id);
            left += 1;
        }
        if left == 0 {
            return (notice.report)(Vec::new());
        }
        self.last = id;
        self.open.insert(id, Open { left, answers: Vec::with_capacity(left), report: notice.report });
    }

    /// Takes what belongs to a notice; gives everything else back.
    pub(crate) fn event(&mut self, event: Event) -> Option<Event> {
        let (key, answer) = match &event {
            Event::Response { key, response, .. } => (*key, of_response(response)),
            Event::Failed { key, failure } => (*key, Some(of_failure(*failure))),
            _ => return Some(event),
        };
        let Some(id) = self.sent.get(&key).copied() else { return Some(event) };
        if let Some(answer) = answer {
            self.sent.remove(&key);
            self.answered(id, answer);
        }
        None
    }

    fn answered(&mut self, id: u64, answer: NoticeAnswer) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.answers.push(answer);
        open.left -= 1;
        if open.left == 0
            && let Some(open) = self.open.remove(&id)
        {
            (open.report)(open.answers);
        }
    }
}

/// From and To are the line's address of record: phones look for their account by them.
fn request(
    endpoint: &mut Endpoint,
    found: &FoundLine,
    contact: &Registered,
    notice: &Notice,
    own_contact: &str,
) -> Request {
    let record = format!("<sip:{}@{}>", found.line().username, found.user.sip_domain);
    let from = format!("{record};tag={}", endpoint.token());
    let call_id = endpoint.token().to_string();
    let request = Request::initial(Method::Notify, &contact.contact, from, record, call_id, 1)
        .header(HeaderName::Contact, own_contact)
        .header(HeaderName::Event, &notice.event)
        .header(HeaderName::SubscriptionState, "terminated");
    match &notice.body {
        Some((content_type, body)) => request.body(content_type, body.clone()),
        None => request,
    }
}

/// Nothing for a provisional response.
fn of_response(response: &Message) -> Option<NoticeAnswer> {
    let status = response.status();
    let reason =
        || String::from_utf8_lossy(response.reason()).chars().filter(|c| !c.is_control()).take(REASON).collect();
    (status >= 200).then(|| NoticeAnswer::Said { status, reason: reason() })
}

fn of_failure(failure: Failure) -> NoticeAnswer {
    match failure {
        Failure::Timeout | Failure::NoAck => NoticeAnswer::Silence,
        Failure::FlowLost => NoticeAnswer::Gone,
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("line_id", &self.line_id).field("event", &self.event).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
