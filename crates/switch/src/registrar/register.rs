//! A REGISTER from a line that proved who it is (RFC 3261 section 10.3, steps 4 to 8).

use std::{borrow::Cow, num::NonZeroU32, sync::Arc, time::Duration};

use lineside_sip::{Contact, Flow, HeaderName, Message, Refusal, Response};

use super::{Registrar, Wanted, may_register};
use crate::{clock::Now, directory::FoundLine};

/// How long a registration lasts when nothing is asked for (RFC 3261 section 10.2.1.1 suggests an hour).
const DEFAULT: u32 = 3600;
/// A User-Agent is shown to people; what is longer is cut.
const USER_AGENT: usize = 128;

/// The bounds of a registration's life, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    pub min: NonZeroU32,
    pub max: NonZeroU32,
}

/// Carries out the request; the answer lists the line's contacts.
pub(crate) fn register(
    registrar: &mut Registrar,
    found: &FoundLine,
    request: &Message,
    flow: Flow,
    expiry: Expiry,
    now: Now,
) -> Result<Response, Refusal> {
    if !may_register(found) {
        return Err(Refusal::status(403));
    }
    let contacts = request.contacts().collect::<Result<Vec<_>, _>>()?;
    if contacts.contains(&Contact::Star) {
        if contacts.len() > 1 || request.expires() != Some(0) {
            return Err(Refusal::bad("Contact * stands alone and with Expires 0"));
        }
        registrar.remove_all(found, &call_id(request), request.cseq().number)?;
    } else {
        let agent = agent(registrar, request);
        let wanted = wanted(&contacts, request, flow, expiry, &agent)?;
        registrar.update(found, &wanted, now)?;
    }
    Ok(listed(registrar, found, request, now))
}

/// 200 with the line's contacts.
pub(crate) fn listed(registrar: &Registrar, found: &FoundLine, request: &Message, now: Now) -> Response {
    let mut response = Response::new(request, 200);
    for contact in registrar.contacts(found.line().line_id) {
        response = response.header(HeaderName::Contact, contact.header_value(now.instant));
    }
    response
}

/// Byte for byte, as long as it is text.
pub(crate) fn call_id(request: &Message) -> Cow<'_, str> {
    String::from_utf8_lossy(request.call_id())
}

fn agent(registrar: &mut Registrar, request: &Message) -> Arc<str> {
    let agent = String::from_utf8_lossy(request.header(HeaderName::UserAgent).unwrap_or_default());
    let end = agent.char_indices().nth(USER_AGENT).map_or(agent.len(), |(end, _)| end);
    registrar.agent(&agent[..end])
}

fn wanted<'a>(
    contacts: &[Contact<'a>],
    request: &'a Message,
    flow: Flow,
    expiry: Expiry,
    agent: &Arc<str>,
) -> Result<Vec<Wanted<'a>>, Refusal> {
    let mut wanted = Vec::with_capacity(contacts.len());
    for contact in contacts {
        let Contact::Address(address) = contact else { continue };
        let asked = address.expires().or_else(|| request.expires()).unwrap_or(DEFAULT);
        if asked > 0 && asked < expiry.min.get() {
            return Err(Refusal::status(423).with(HeaderName::MinExpires, expiry.min.to_string()));
        }
        wanted.push(Wanted {
            contact: address.uri.as_bytes(),
            instance: address.params.get("+sip.instance"),
            expires: Duration::from_secs(asked.min(expiry.max.get()).into()),
            flow,
            user_agent: agent.clone(),
            call_id: call_id(request),
            cseq: request.cseq().number,
        });
    }
    Ok(wanted)
}
