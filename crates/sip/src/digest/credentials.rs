//! `Authorization: Digest ...` and the lists of `name=value` in it and in challenges.

use super::Algorithm;
use crate::message::text::{is_token_byte, quoted_len, split_once, trim, unquote};
use crate::{HeaderName, Message};

/// What a client sent in `Authorization` or `Proxy-Authorization`; quotes taken off, missing parts empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Credentials<'a> {
    pub username: &'a [u8],
    pub realm: &'a [u8],
    pub nonce: &'a [u8],
    /// As the client wrote it, which is what it hashed.
    pub uri: &'a [u8],
    pub response: &'a [u8],
    pub algorithm: Algorithm,
    pub cnonce: &'a [u8],
    /// Eight hexadecimal digits.
    pub nc: &'a [u8],
    pub qop: &'a [u8],
    pub opaque: &'a [u8],
}

impl<'a> Credentials<'a> {
    /// The Digest credentials for `realm` in a request, from either header.
    pub fn find(request: &'a Message, realm: &str) -> Option<Credentials<'a>> {
        [HeaderName::Authorization, HeaderName::ProxyAuthorization]
            .into_iter()
            .flat_map(|name| request.headers(name))
            .filter_map(Credentials::parse)
            .find(|credentials| credentials.realm == realm.as_bytes())
    }

    /// One header value; nothing for other schemes, unknown algorithms and damage.
    pub fn parse(value: &'a [u8]) -> Option<Credentials<'a>> {
        let mut found = Credentials::default();
        for pair in auth_params(digest(value)?) {
            let (name, value) = pair?;
            match () {
                () if name.eq_ignore_ascii_case(b"username") => found.username = value,
                () if name.eq_ignore_ascii_case(b"realm") => found.realm = value,
                () if name.eq_ignore_ascii_case(b"nonce") => found.nonce = value,
                () if name.eq_ignore_ascii_case(b"uri") => found.uri = value,
                () if name.eq_ignore_ascii_case(b"response") => found.response = value,
                () if name.eq_ignore_ascii_case(b"algorithm") => found.algorithm = Algorithm::parse(value)?,
                () if name.eq_ignore_ascii_case(b"cnonce") => found.cnonce = value,
                () if name.eq_ignore_ascii_case(b"nc") => found.nc = value,
                () if name.eq_ignore_ascii_case(b"qop") => found.qop = value,
                () if name.eq_ignore_ascii_case(b"opaque") => found.opaque = value,
                () => {}
            }
        }
        let is_whole =
            [found.username, found.realm, found.nonce, found.uri, found.response].iter().all(|part| !part.is_empty());
        is_whole.then_some(found)
    }

    /// The user name without the domain that some phones append: `100@example.com` is `100`. The hash is over the name as
    /// it was sent, so HA1 of both forms may be needed: see [`super::Authenticator::verify`].
    pub fn user(&self) -> &'a [u8] {
        split_once(self.username, b'@').map_or(self.username, |(user, _)| user)
    }

    /// The domain after the `@`, if there is one.
    pub fn domain(&self) -> Option<&'a [u8]> {
        split_once(self.username, b'@').map(|(_, domain)| domain)
    }

    /// The nonce-count as a number.
    pub(super) fn count(&self) -> Option<u32> {
        let text = str::from_utf8(self.nc).ok().filter(|text| text.len() == 8)?;
        u32::from_str_radix(text, 16).ok()
    }
}

/// What follows the scheme `Digest`.
pub(super) fn digest(value: &[u8]) -> Option<&[u8]> {
    let value = trim(value);
    let scheme = value.get(..6)?;
    let rest = &value[6..];
    (scheme.eq_ignore_ascii_case(b"Digest") && rest.first().is_some_and(|byte| crate::message::text::is_space(*byte)))
        .then(|| trim(rest))
}

/// `name=value` joined by commas; `Some(None)` for what is neither.
pub(super) fn auth_params(text: &[u8]) -> impl Iterator<Item = Option<(&[u8], &[u8])>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let [b',', after @ ..] = rest {
            rest = trim(after);
        }
        if rest.is_empty() {
            return None;
        }
        let param = auth_param(rest);
        rest = param.map_or(&[], |(_, _, after)| after);
        Some(param.map(|(name, value, _)| (name, value)))
    })
}

fn auth_param(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name, rest) = split_once(text, b'=')?;
    let name = trim(name);
    let rest = trim(rest);
    if name.is_empty() || !name.iter().all(|byte| is_token_byte(*byte)) {
        return None;
    }
    let len = match rest.first() {
        Some(b'"') => quoted_len(rest)?,
        _ => memchr::memchr(b',', rest).unwrap_or(rest.len()),
    };
    let after = trim(&rest[len..]);
    if !matches!(after.first(), None | Some(b',')) {
        return None;
    }
    Some((name, unquote(trim(&rest[..len])), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_write_it_in_many_ways() {
        let value = b"digest username=\"10,0@x\" ,realm = \"r\",nonce=\"n\", uri=\"sip:a;b=\\\"c@x\",\r\n response=\"00\",algorithm=md5,qop=auth,nc=0000000a,cnonce=\"c\",";
        let credentials = Credentials::parse(value).expect("well formed");
        assert_eq!(credentials.username, b"10,0@x");
        assert_eq!((credentials.user(), credentials.domain()), (&b"10,0"[..], Some(&b"x"[..])));
        assert_eq!(credentials.uri, b"sip:a;b=\\\"c@x");
        assert_eq!(credentials.count(), Some(10));
        assert_eq!(credentials.qop, b"auth");
    }

    #[test]
    fn damage_is_nothing() {
        let damaged = [
            &b"Basic dXNlcg=="[..],
            b"Digest",
            b"Digest username=\"u\"",
            b"Digest username=\"u\" realm=\"r\"",
            b"Digest username=\"u, realm=\"r\", nonce=\"n\", uri=\"x\", response=\"1\"",
            b"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"x\", response=\"1\", algorithm=SHA-512",
        ];
        for value in damaged {
            assert_eq!(Credentials::parse(value), None, "{}", value.escape_ascii());
        }
    }
}
