//! What is refused before there is a transaction (RFC 3261 section 8.2.1 to 8.2.3).

use super::Config;
use crate::message::Scheme;
use crate::{HeaderName, Message, Method, Refusal};

/// The first thing a new request, not ACK or CANCEL, fails at.
pub(super) fn admit(config: &Config, request: &Message) -> Result<(), Refusal> {
    if !config.methods.contains(&request.method()) {
        let status = if request.method() == Method::Other { 501 } else { 405 };
        return Err(Refusal::status(status).with(HeaderName::Allow, config.allow()));
    }
    if request.uri().scheme == Scheme::Other {
        return Err(Refusal::status(416));
    }
    // A B2BUA is no proxy, but Proxy-Require asks no less of the element that routes the request.
    let mut unsupported = [HeaderName::Require, HeaderName::ProxyRequire]
        .into_iter()
        .flat_map(|name| request.values(name))
        .filter(|tag| !config.supported.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(tag)))
        .peekable();
    if unsupported.peek().is_some() {
        let tags: Vec<String> = unsupported.take(16).map(|tag| String::from_utf8_lossy(tag).into_owned()).collect();
        return Err(Refusal::status(420).with(HeaderName::Unsupported, tags.join(", ")));
    }
    if !request.body().is_empty() && !is_accepted(config, request) {
        return Err(Refusal::status(415).with(HeaderName::Accept, config.accepted.join(", ")));
    }
    Ok(())
}

fn is_accepted(config: &Config, request: &Message) -> bool {
    let Some(kind) = request.content_type().filter(|_| !config.accepted.is_empty()) else { return true };
    let is_optional = request
        .header(HeaderName::ContentDisposition)
        .is_some_and(|value| value.to_ascii_lowercase().ends_with(b"handling=optional"));
    is_optional || config.accepted.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(kind))
}
