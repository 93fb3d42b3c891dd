//! A REGISTER from a line that proved who it is (RFC 3261 section 10.3, steps 4 to 8).

use std::{num::NonZeroU32, time::Duration};

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
        registrar.remove_all(found, request.call_id(), request.cseq().number)?;
    } else {
        let wanted = wanted(&contacts, request, flow, expiry)?;
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

fn wanted(contacts: &[Contact<'_>], request: &Message, flow: Flow, expiry: Expiry) -> Result<Vec<Wanted>, Refusal> {
    let agent = request.header(HeaderName::UserAgent).unwrap_or_default();
    let user_agent: Box<str> = String::from_utf8_lossy(agent).chars().take(USER_AGENT).collect();
    let mut wanted = Vec::with_capacity(contacts.len());
    for contact in contacts {
        let Contact::Address(address) = contact else { continue };
        let asked = address.expires().or_else(|| request.expires()).unwrap_or(DEFAULT);
        if asked > 0 && asked < expiry.min.get() {
            return Err(Refusal::status(423).with(HeaderName::MinExpires, expiry.min.to_string()));
        }
        wanted.push(Wanted {
            contact: address.uri.as_bytes().into(),
            instance: address.params.get("+sip.instance").map(Box::from),
            expires: Duration::from_secs(asked.min(expiry.max.get()).into()),
            flow,
            user_agent: user_agent.clone(),
            call_id: request.call_id().into(),
            cseq: request.cseq().number,
        });
    }
    Ok(wanted)
}
