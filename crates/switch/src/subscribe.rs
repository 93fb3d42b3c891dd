//! Lamps: phones subscribe (RFC 6665) to the messages of their user (RFC 3842) and to whether a colleague is talking
//! (RFC 4235), and are notified over the flow that they subscribed by.

mod body;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_model::{
    dialled::Dialled,
    directory::DirectoryUser,
    extension::Extension,
    id::{LineId, UserId},
};
use lineside_sip::{
    Dialog, DialogId, Endpoint, Event, Flow, HeaderName, Message, Method, Refusal, Response, TransactionKey,
};

pub(crate) use self::body::{Talk, summary};
use crate::{
    call::Calls,
    clock::Now,
    config::Rules,
    directory::{Changed, Directory, FoundLine},
    registrar::may_register,
    route::dialled,
};

/// What can be subscribed to.
pub(crate) const EVENTS: &str = "message-summary, dialog";
/// RFC 3842 and RFC 4235 suggest an hour.
const LONGEST: u32 = 3_600;
const SHORTEST: u32 = 60;
/// Of one line. A lamp field has some hundred keys; more is somebody filling our memory.
const MOST: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Package {
    MessageSummary,
    Dialog,
}

#[derive(Default)]
pub(crate) struct Subscriptions {
    /// By our tag, which we made: it is unique, and nobody guesses it.
    open: HashMap<Box<[u8]>, Subscription>,
    watchers: HashMap<UserId, Vec<Box<[u8]>>>,
    lines: HashMap<LineId, usize>,
    due: BTreeSet<(Instant, Box<[u8]>)>,
    /// NOTIFYs on their way.
    sent: HashMap<TransactionKey, Box<[u8]>>,
}

struct Subscription {
    package: Package,
    dialog: Dialog,
    flow: Flow,
    line: LineId,
    watched: UserId,
    expires: Instant,
    /// Of the document (RFC 4235 section 4.1).
    version: u32,
    /// What was told last.
    told: Option<String>,
}

/// What notifications are made from and sent by.
pub(crate) struct Desk<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) directory: &'a Directory,
    pub(crate) calls: &'a Calls,
    pub(crate) rules: &'a Rules,
    pub(crate) now: Now,
}

impl Subscriptions {
    /// A SUBSCRIBE outside of a dialog, from a line that proved who it is.
    pub(crate) fn begin(
        &mut self,
        desk: &mut Desk<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        found: &FoundLine,
    ) -> Result<(), Refusal> {
        if !may_register(found) {
            return Err(Refusal::status(403));
        }
        let package = package(request)?;
        let watched = match package {
            // One's own mailbox, whatever address the phone has for it.
            Package::MessageSummary => found.user.clone(),
            Package::Dialog => colleague(desk.directory, &found.user, &dialled(&request.uri()))?,
        };
        let expires = expires(request)?;
        let line = found.line().line_id;
        if self.lines.get(&line).is_some_and(|open| *open >= MOST) {
            return Err(Refusal::status(503).with(HeaderName::RetryAfter, "600"));
        }
        let tag = desk.endpoint.local_tag(key);
        let mut dialog = Dialog::uas(request, tag)?;
        dialog.confirm();
        let tag: Box<[u8]> = tag.as_bytes().into();
        let until = desk.now.instant + Duration::from_secs(expires.into());
        let watched = watched.user_id;
        let subscription =
            Subscription { package, dialog, flow, line, watched, expires: until, version: 0, told: None };
        self.watchers.entry(watched).or_default().push(tag.clone());
        *self.lines.entry(line).or_default() += 1;
        self.due.insert((until, tag.clone()));
        self.open.insert(tag.clone(), subscription);
        desk.accept(key, flow, request, expires);
        self.tell_state(desk, &tag, expires);
        Ok(())
    }

    /// Whether a To tag is one of ours.
    pub(crate) fn knows(&self, tag: &[u8]) -> bool {
        self.open.contains_key(tag)
    }

    /// A SUBSCRIBE within its dialog: longer, or no more.
    pub(crate) fn refresh(
        &mut self,
        desk: &mut Desk<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
    ) -> Result<(), Refusal> {
        let tag: Box<[u8]> = request.to_tag().into();
        let subscription = self.open.get_mut(&tag).ok_or_else(|| Refusal::status(481))?;
        if *subscription.dialog.id() != DialogId::of_request(request) || request.method() != Method::Subscribe {
            return Err(Refusal::status(481));
        }
        let expires = expires(request)?;
        subscription.dialog.receive(request)?;
        subscription.flow = flow;
        self.due.remove(&(subscription.expires, tag.clone()));
        subscription.expires = desk.now.instant + Duration::from_secs(expires.into());
        self.due.insert((subscription.expires, tag.clone()));
        // A refresh is answered with the whole state (RFC 6665 section 4.4.1).
        subscription.told = None;
        desk.accept(key, flow, request, expires);
        self.tell_state(desk, &tag, expires);
        Ok(())
    }

    /// Takes what belongs to a NOTIFY; gives everything else back.
    pub(crate) fn event(&mut self, event: Event) -> Option<Event> {
        let (key, is_lost) = match &event {
            // RFC 6665 section 4.2.2: the phone does not know of it any more, or is gone.
            Event::Response { key, response, .. } if response.status() >= 200 => {
                (*key, matches!(response.status(), 404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604))
            }
            Event::Response { key, .. } => (*key, false),
            Event::Failed { key, .. } => (*key, true),
            _ => return Some(event),
        };
        let Some(tag) = self.sent.get(&key).cloned() else { return Some(event) };
        if !matches!(&event, Event::Response { response, .. } if response.status() < 200) {
            self.sent.remove(&key);
        }
        if is_lost {
            self.forget(&tag);
        }
        None
    }

    /// Users whose calls or messages have changed.
    pub(crate) fn changed(&mut self, desk: &mut Desk<'_>, user: UserId) {
        for tag in self.watchers.get(&user).cloned().unwrap_or_default() {
            self.notify(desk, &tag, None);
        }
    }

    /// Somebody watches this user.
    pub(crate) fn watches(&self, user: UserId) -> bool {
        self.watchers.contains_key(&user)
    }

    /// The line's lamp is lit by subscription, so it needs no other message.
    pub(crate) fn has_lamp(&self, line: LineId) -> bool {
        self.lines.contains_key(&line)
            && self.open.values().any(|open| open.line == line && open.package == Package::MessageSummary)
    }

    /// Ends the subscriptions of lines that lost the right to them.
    pub(crate) fn directory_changed(&mut self, desk: &mut Desk<'_>, changed: &Changed) {
        let user = match changed {
            Changed::User(user) => Some(*user),
            Changed::Everything => None,
            Changed::Trunks => return,
        };
        let mut lost = Vec::new();
        for (tag, open) in &self.open {
            let owner = desk.directory.owner(open.line);
            let is_allowed = owner.as_ref().is_some_and(may_register);
            let is_concerned = user.is_none_or(|user| owner.is_none_or(|owner| owner.user.user_id == user));
            if is_concerned && !is_allowed {
                lost.push(tag.clone());
            }
        }
        for tag in lost {
            self.end(desk, &tag, "rejected");
        }
        match user {
            Some(user) => self.changed(desk, user),
            None => {
                for user in self.watchers.keys().copied().collect::<Vec<_>>() {
                    self.changed(desk, user);
                }
            }
        }
    }

    pub(crate) fn flow_lost(&mut self, flow_id: u64) {
        let lost = self.open.iter().filter(|(_, open)| open.flow.id == flow_id && open.flow.transport.is_reliable());
        for tag in lost.map(|(tag, _)| tag.clone()).collect::<Vec<_>>() {
            self.forget(&tag);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(crate) fn expire(&mut self, desk: &mut Desk<'_>) {
        while let Some((due, tag)) = self.due.first().cloned()
            && due <= desk.now.instant
        {
            self.end(desk, &tag, "timeout");
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// The NOTIFY that follows each SUBSCRIBE.
    fn tell_state(&mut self, desk: &mut Desk<'_>, tag: &[u8], expires: u32) {
        if expires == 0 {
            self.end(desk, tag, "timeout");
        } else {
            self.notify(desk, tag, None);
        }
    }

    fn end(&mut self, desk: &mut Desk<'_>, tag: &[u8], reason: &str) {
        self.notify(desk, tag, Some(reason));
        self.forget(tag);
    }

    fn forget(&mut self, tag: &[u8]) {
        let Some(open) = self.open.remove(tag) else { return };
        self.due.remove(&(open.expires, tag.into()));
        if let Some(tags) = self.watchers.get_mut(&open.watched) {
            tags.retain(|other| **other != *tag);
            if tags.is_empty() {
                self.watchers.remove(&open.watched);
            }
        }
        if let Some(count) = self.lines.get_mut(&open.line) {
            *count -= 1;
            if *count == 0 {
                self.lines.remove(&open.line);
            }
        }
    }

    /// Tells the state, unless it is what was told last.
    fn notify(&mut self, desk: &mut Desk<'_>, tag: &[u8], ending: Option<&str>) {
        let Some(open) = self.open.get_mut(tag) else { return };
        let watched = desk.directory.user(open.watched);
        let state = watched.as_deref().map(|user| open.package.state(desk, user)).unwrap_or_default();
        if ending.is_none() && open.told.as_ref() == Some(&state) {
            return;
        }
        let document = open.package.document(&state, watched.as_deref(), open.version);
        open.version += 1;
        open.told = Some(state);
        let left = open.expires.saturating_duration_since(desk.now.instant).as_secs();
        let standing = match ending {
            Some(reason) => format!("terminated;reason={reason}"),
            None => format!("active;expires={left}"),
        };
        let request = open
            .dialog
            .request(Method::Notify)
            .header(HeaderName::Contact, desk.contact(open.flow))
            .header(HeaderName::Event, open.package.name())
            .header(HeaderName::SubscriptionState, standing)
            .body(open.package.media_type(), document);
        let key = desk.endpoint.request(desk.now.instant, open.flow, &request);
        self.sent.insert(key, tag.into());
    }
}

impl Package {
    fn name(self) -> &'static str {
        match self {
            Package::MessageSummary => "message-summary",
            Package::Dialog => "dialog",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Package::MessageSummary => "application/simple-message-summary",
            Package::Dialog => "application/dialog-info+xml",
        }
    }

    /// What is compared, to be silent when nothing has changed.
    fn state(self, desk: &Desk<'_>, user: &DirectoryUser) -> String {
        match self {
            Package::MessageSummary => summary(user),
            Package::Dialog => desk.calls.talks_of(user.user_id).iter().map(Talk::xml).collect(),
        }
    }

    fn document(self, state: &str, user: Option<&DirectoryUser>, version: u32) -> String {
        match self {
            Package::MessageSummary => state.to_owned(),
            Package::Dialog => body::dialog_info(state, user, version),
        }
    }
}

impl Desk<'_> {
    fn accept(&mut self, key: TransactionKey, flow: Flow, request: &Message, expires: u32) {
        let ok = Response::new(request, 200)
            .header(HeaderName::Contact, self.contact(flow))
            .header(HeaderName::Expires, expires.to_string());
        self.endpoint.respond(self.now.instant, key, ok);
    }

    fn contact(&self, flow: Flow) -> String {
        self.rules.contact(flow)
    }
}

fn package(request: &Message) -> Result<Package, Refusal> {
    let event = request.header(HeaderName::Event).unwrap_or_default();
    let name = event.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [Package::MessageSummary, Package::Dialog]
        .into_iter()
        .find(|package| package.name().as_bytes() == name)
        .ok_or_else(|| Refusal::status(489).with(HeaderName::AllowEvents, EVENTS))
}

fn expires(request: &Message) -> Result<u32, Refusal> {
    let asked = request.expires().unwrap_or(LONGEST);
    if asked > 0 && asked < SHORTEST {
        return Err(Refusal::status(423).with(HeaderName::MinExpires, SHORTEST.to_string()));
    }
    Ok(asked.min(LONGEST))
}

/// Somebody of the same account, by extension or number.
fn colleague(directory: &Directory, user: &DirectoryUser, dialled: &Dialled) -> Result<Arc<DirectoryUser>, Refusal> {
    let by_extension =
        Extension::parse(dialled.as_str()).ok().and_then(|wanted| directory.extension(user.account_id, &wanted));
    let found = by_extension.or_else(|| directory.number(&dialled.number()?));
    found.filter(|found| found.account_id == user.account_id).ok_or_else(|| Refusal::status(404))
}
