//! What is refused before there is a transaction (RFC 3261 section 8.2.1 to 8.2.2).

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
    Ok(())
}
