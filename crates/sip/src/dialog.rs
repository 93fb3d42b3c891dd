//! Dialogs (RFC 3261 section 12): what both sides remember of a call or a subscription, and the requests made from it.
//!
//! A caller has one [`Dialog`] for each To tag that a fork answers with; a callee makes one from the INVITE and its own tag.

mod answer;
mod id;
mod progress;
mod repetition;
mod session_timer;

pub use answer::Answer;
pub use id::DialogId;
pub use progress::{Arrival, Arrivals, Progress};
pub use repetition::Due;
pub use session_timer::{Refresher, SessionExpires, SessionTimer, Upkeep};

use std::time::Duration;

use crate::message::NameAddr;
use crate::message::text::{self, append_param};
use crate::{HeaderName, Message, Method, Refusal, Request, Uri};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Early,
    Confirmed,
}

/// One side of a dialog.
#[derive(Debug, Clone)]
pub struct Dialog {
    id: DialogId,
    state: State,
    /// From of our requests, with our tag.
    local: Box<[u8]>,
    /// To of our requests, with the peer's tag.
    remote: Box<[u8]>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    route_set: Vec<Box<[u8]>>,
    remote_target: Box<[u8]>,
    /// `CSeq` number of an INVITE of ours that waits for its final response.
    inviting: Option<u32>,
    /// An INVITE of the peer waits for our final response.
    invited: bool,
    /// We made the dialog, and its Call-ID.
    is_caller: bool,
}

impl Dialog {
    /// The callee's side (section 12.1.1), made from an INVITE or SUBSCRIBE and the To tag put into its response. Early
    /// until [`Dialog::confirm`].
    pub fn uas(request: &Message, local_tag: impl AsRef<[u8]>) -> Result<Dialog, Refusal> {
        let target = request.contact().ok_or(Refusal::bad("Missing Contact"))?;
        let local_tag = local_tag.as_ref();
        let mut local = request.header(HeaderName::To).unwrap_or_default().to_vec();
        if request.to_tag().is_empty() {
            append_param(&mut local, &[b"tag=", local_tag]);
        }
        Ok(Dialog {
            id: DialogId::new(request.call_id(), local_tag, request.from_tag()),
            state: State::Early,
            local: local.into(),
            remote: request.header(HeaderName::From).unwrap_or_default().into(),
            // Section 8.1.1.5: any start below 2^31.
            local_cseq: 0,
            remote_cseq: Some(request.cseq().number),
            route_set: route_set(request).collect::<Result<_, _>>()?,
            remote_target: target.uri.as_request_uri().into(),
            inviting: None,
            invited: request.method() == Method::Invite,
            is_caller: false,
        })
    }

    /// The caller's side (section 12.1.2), made from a 101-199 or 2xx response. Each To tag makes a dialog of its own. A
    /// provisional response may lack a Contact; the dialog then has a target with the first that has one.
    pub fn uac(response: &Message) -> Result<Dialog, Refusal> {
        if response.to_tag().is_empty() {
            return Err(Refusal::bad("Missing To tag"));
        }
        let mut dialog = Dialog {
            id: DialogId::of_response(response),
            state: State::Early,
            local: response.header(HeaderName::From).unwrap_or_default().into(),
            remote: response.header(HeaderName::To).unwrap_or_default().into(),
            local_cseq: response.cseq().number,
            remote_cseq: None,
            route_set: Vec::new(),
            remote_target: response.to().uri.as_request_uri().into(),
            inviting: (response.method() == Method::Invite).then(|| response.cseq().number),
            invited: false,
            is_caller: true,
        };
        dialog.route_set = reversed_route_set(response)?;
        dialog.response(response);
        Ok(dialog)
    }

    pub fn id(&self) -> &DialogId {
        &self.id
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// A 2xx was sent: the callee's dialog is confirmed. Call it for the 2xx to a re-INVITE too.
    pub fn confirm(&mut self) {
        self.state = State::Confirmed;
        self.invited = false;
    }

    /// A refusal of the peer's re-INVITE was sent.
    pub fn refused(&mut self) {
        self.invited = false;
    }

    /// A response to a request of ours in this dialog was received. A 2xx confirms it; if it was early the route set is
    /// taken anew from the 2xx (section 13.2.2.4). The remote target is refreshed when the method may do so.
    pub fn response(&mut self, response: &Message) {
        let (status, method) = (response.status(), response.method());
        if status >= 200 && method == Method::Invite && self.inviting == Some(response.cseq().number) {
            self.inviting = None;
        }
        if (101..300).contains(&status) && method.refreshes_target() {
            self.refresh_target(response.contact());
        }
        if !(200..300).contains(&status) || self.state == State::Confirmed {
            return;
        }
        if method == Method::Invite || method == Method::Subscribe {
            self.state = State::Confirmed;
            if let Ok(routes) = reversed_route_set(response) {
                self.route_set = routes;
            }
        }
    }

    /// A request from the peer in this dialog (section 12.2.2): refuses a `CSeq` out of order with 500 and an INVITE that
    /// crosses ours with 491 (section 14.2); remembers the `CSeq` and refreshes the remote target. ACK and CANCEL pass.
    pub fn receive(&mut self, request: &Message) -> Result<(), Refusal> {
        let method = request.method();
        if matches!(method, Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let number = request.cseq().number;
        if self.remote_cseq.is_some_and(|last| number <= last) {
            return Err(Refusal { reason: "CSeq out of order", ..Refusal::status(500) });
        }
        self.remote_cseq = Some(number);
        if method == Method::Invite {
            if self.inviting.is_some() {
                return Err(Refusal::status(491));
            }
            if self.invited {
                // A second INVITE before the first has its final response (section 14.2).
                return Err(Refusal::status(500).with(HeaderName::RetryAfter, "5"));
            }
            self.invited = true;
        }
        if method.refreshes_target() {
            self.refresh_target(request.contact());
        }
        Ok(())
    }

    /// Whether an INVITE may be sent now: neither side waits for a final response to one (section 14.1).
    pub fn may_invite(&self) -> bool {
        self.inviting.is_none() && !self.invited
    }

    /// A request in this dialog with the next `CSeq` (section 12.2.1.1); not ACK, not CANCEL.
    pub fn request(&mut self, method: Method) -> Request {
        self.local_cseq += 1;
        if method == Method::Invite {
            self.inviting = Some(self.local_cseq);
        }
        self.build(method, self.local_cseq)
    }

    /// A request of ours in this dialog once more, after a refusal, with the next `CSeq` (section 22.2).
    pub fn again(&mut self, request: Request) -> Request {
        let method = request.method();
        self.local_cseq += 1;
        if method == Method::Invite {
            self.inviting = Some(self.local_cseq);
        }
        request.replace(HeaderName::CSeq, text::cseq(self.local_cseq, method))
    }

    /// The ACK of a 2xx to our INVITE with this `CSeq` number (section 13.2.2.4).
    pub fn ack(&self, cseq: u32) -> Request {
        self.build(Method::Ack, cseq)
    }

    /// How long to wait with another INVITE after a 491 (section 14.1): who made the Call-ID waits longer, so that the two do
    /// not cross again. `chance` is any number.
    pub fn after_glare(&self, chance: u64) -> Duration {
        let (least, steps) = if self.is_caller { (2_100, 190) } else { (0, 200) };
        Duration::from_millis(least + 10 * (chance % (steps + 1)))
    }

    /// A failed INVITE of ours (timeout, lost flow) that will get no response.
    pub fn invite_failed(&mut self) {
        self.inviting = None;
    }

    /// Contact of the peer, byte for byte but for URI headers.
    pub fn remote_target(&self) -> &[u8] {
        &self.remote_target
    }

    /// The URI of the next hop: the first route or the remote target.
    pub fn next_hop(&self) -> &[u8] {
        let route = self.route_set.first().and_then(|route| NameAddr::parse(route).ok());
        route.map_or(&*self.remote_target, |route| route.uri.as_bytes())
    }

    /// The value of From in our requests.
    pub fn local(&self) -> &[u8] {
        &self.local
    }

    /// The value of To in our requests.
    pub fn remote(&self) -> &[u8] {
        &self.remote
    }

    fn refresh_target(&mut self, contact: Option<NameAddr<'_>>) {
        if let Some(contact) = contact
            && *self.remote_target != *contact.uri.as_request_uri()
        {
            self.remote_target = contact.uri.as_request_uri().into();
        }
    }

    fn build(&self, method: Method, cseq: u32) -> Request {
        let strict = self.strict_route();
        let mut request = Request::new(method, strict.map_or(&*self.remote_target, |uri| uri.as_request_uri()))
            .header(HeaderName::From, &self.local)
            .header(HeaderName::To, &self.remote)
            .header(HeaderName::CallId, &self.id.call_id)
            .header(HeaderName::CSeq, text::cseq(cseq, method));
        for route in self.route_set.iter().skip(usize::from(strict.is_some())) {
            request = request.header(HeaderName::Route, route);
        }
        if strict.is_some() {
            request = request.header(HeaderName::Route, [b"<", &*self.remote_target, b">"].concat());
        }
        request
    }

    /// A first hop that does not route loosely: it wants to be the Request-URI, with the target as the last route.
    fn strict_route(&self) -> Option<Uri<'_>> {
        let first = NameAddr::parse(self.route_set.first()?).ok()?;
        (!first.uri.is_loose()).then_some(first.uri)
    }
}

fn route_set(message: &Message) -> impl Iterator<Item = Result<Box<[u8]>, Refusal>> {
    message.values(HeaderName::RecordRoute).map(|value| {
        NameAddr::parse(value).map_err(|refusal| Refusal { reason: "Malformed Record-Route", ..refusal })?;
        Ok(value.into())
    })
}

fn reversed_route_set(response: &Message) -> Result<Vec<Box<[u8]>>, Refusal> {
    let mut routes: Vec<_> = route_set(response).collect::<Result<_, _>>()?;
    routes.reverse();
    Ok(routes)
}
