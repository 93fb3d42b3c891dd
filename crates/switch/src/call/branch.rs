//! One phone, or trunk, that is being called: its INVITE, and the INVITE again where something in it was not to its taste.

use lineside_model::directory::DirectoryUser;
use lineside_sip::{
    Flow, HeaderName, Message, Method, Request, Token, TransactionKey,
    message::{escape_user, quote_display},
};

use super::{
    Call, Calls, Env, Stage, description::OurEnd, early::EarlyDialog, place::reason, ring::Callee, session,
    story::party,
};
use crate::core::ALLOW;

/// A phone, or a trunk, that is being called.
pub(super) struct Branch {
    pub(super) key: TransactionKey,
    pub(super) tag: Token,
    pub(super) flow: Flow,
    /// The INVITE, should it have to be sent again with something else in it.
    request: Request,
    /// It has said something.
    pub(super) is_alive: bool,
    /// Its final status, when it refused or failed.
    pub(super) status: Option<u16>,
    /// The contact that was asked to protect sound, to be asked once more without.
    pub(super) again: Option<Box<[u8]>>,
    pub(super) early: Vec<EarlyDialog>,
}

impl Branch {
    pub(super) fn new(key: TransactionKey, tag: Token, flow: Flow, request: Request) -> Self {
        Self { key, tag, flow, request, is_alive: false, status: None, again: None, early: Vec::new() }
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }
}

impl Call {
    /// The phone, or the way to a carrier, that was asked with this request, while it rings.
    pub(super) fn branch(&mut self, key: TransactionKey) -> Option<&mut Branch> {
        let Stage::Ringing(rings) = &mut self.stage else { return None };
        rings.branches.iter_mut().find(|branch| branch.key == key)
    }
}

impl Calls {
    /// A phone wants a longer session interval, and is asked again; false when it was asked again before.
    pub(super) fn ask_longer(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        key: TransactionKey,
        response: &Message,
    ) -> bool {
        let Some(branch) = call.branch(key) else { return false };
        let Some(longer) = session::longer(&branch.request, response) else { return false };
        branch.key = env.request(branch.flow, &longer);
        branch.request = longer;
        self.outgoing.insert(branch.key, call.id);
        true
    }

    /// Calls a phone once more, without asking it to protect its sound; false when that was not what it was asked.
    pub(super) fn ask_in_the_clear(&mut self, env: &mut Env<'_>, call: &mut Call, key: TransactionKey) -> bool {
        let Stage::Ringing(rings) = &mut call.stage else { return false };
        let Callee::User(callee) = &rings.callee else { return self.try_way_in_the_clear(env, call) };
        let Some(position) = rings.branches.iter().position(|branch| branch.key == key) else { return false };
        let (callee, flow) = (callee.clone(), rings.branches[position].flow);
        let Some(contact) = rings.branches[position].again.take() else { return false };
        let Ok(max_forwards) = call.invite.request.next_max_forwards() else { return false };
        let mut again = self.invite(env, call, &callee, (&contact, flow), max_forwards, true);
        again.is_alive = true;
        if let Stage::Ringing(rings) = &mut call.stage {
            let refused = std::mem::replace(&mut rings.branches[position], again);
            self.remember(refused.tag, env.now.instant);
        }
        true
    }

    pub(super) fn invite(
        &mut self,
        env: &mut Env<'_>,
        call: &Call,
        callee: &DirectoryUser,
        (contact, flow): (&[u8], Flow),
        max_forwards: u8,
        is_clear: bool,
    ) -> Branch {
        let tag = env.endpoint.token();
        let request = invite(env, call, callee, contact, flow, tag, max_forwards, is_clear);
        let key = env.request(flow, &request);
        self.outgoing.insert(key, call.id);
        Branch::new(key, tag, flow, request)
    }
}

impl Call {
    /// Our end of the leg of a branch.
    pub(super) fn end_at<'a>(&self, env: &Env<'a>, tag: Token, flow: Flow) -> Option<OurEnd<'a>> {
        Some(OurEnd::new(env, self.media.as_ref()?, self.near.other(), tag, flow))
    }
}

#[expect(clippy::too_many_arguments, reason = "all that an INVITE says")]
fn invite(
    env: &Env<'_>,
    call: &Call,
    callee: &DirectoryUser,
    contact: &[u8],
    flow: Flow,
    tag: Token,
    max_forwards: u8,
    is_clear: bool,
) -> Request {
    let shown = call.shown_to(callee);
    let user = if shown.number.is_empty() { "anonymous".to_owned() } else { escape_user(shown.number.as_bytes()) };
    let from = [&quote_display(&shown.name), " <sip:", &user, "@", &callee.sip_domain, ">;tag=", &tag].concat();
    let to = ["<", &address(callee), ">"].concat();
    let request = Request::initial(Method::Invite, contact, from, to, call_id(call, tag), 1)
        .header(HeaderName::Contact, env.contact(flow))
        .header(HeaderName::MaxForwards, max_forwards.to_string())
        .header(HeaderName::Allow, ALLOW);
    let request = call.hops.iter().filter(|hop| hop.passed_over.is_none()).rev().fold(request, |request, hop| {
        // Newest first, as the field reads it (RFC 5806 section 4).
        request.header(HeaderName::Diversion, format!("<{}>;reason={}", address(&hop.by), reason(hop.kind)))
    });
    session::wish(request, call.offer_to_callee(env, tag, flow, is_clear))
}

/// Unguessable, and nothing of the caller's own Call-ID, which may name its host.
pub(super) fn call_id(call: &Call, tag: Token) -> String {
    [&tag, "-", itoa::Buffer::new().format(call.id)].concat()
}

/// Who somebody is to a colleague: extension, or number.
fn address(user: &DirectoryUser) -> String {
    let number = party(user).number;
    let name = if number.is_empty() { "anonymous" } else { &number };
    ["sip:", name, "@", &user.sip_domain].concat()
}
