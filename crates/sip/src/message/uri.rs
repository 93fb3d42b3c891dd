//! URIs, borrowed from a message and never re-encoded: `sip`, `sips`, `tel`, `urn`, and any other scheme as it stands.

use std::borrow::Cow;

use super::text::{is_host_byte, is_token_byte, number, split_once, trim};
use super::{Params, Refusal};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scheme {
    #[default]
    Sip,
    Sips,
    Tel,
    Urn,
    Other,
}

/// A parsed URI. For `tel` the number, for `urn` and others all after the colon, is in `user`; `host` is empty then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uri<'a> {
    raw: &'a [u8],
    pub scheme: Scheme,
    /// Percent-escapes as they stand; `;npdi;rn=` and the like included. See [`Uri::user_decoded`].
    pub user: Option<&'a [u8]>,
    pub password: Option<&'a [u8]>,
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: &'a [u8],
    pub port: Option<u16>,
    pub params: Params<'a>,
    /// What stands after `?`, without it.
    pub headers: &'a [u8],
}

const BAD_URI: Refusal = Refusal::bad("Malformed URI");

impl<'a> Uri<'a> {
    pub fn parse(raw: &'a [u8]) -> Result<Uri<'a>, Refusal> {
        let (scheme_text, rest) = split_once(raw, b':').ok_or(BAD_URI)?;
        let uri = Uri { raw, scheme: scheme(scheme_text)?, ..Uri::default() };
        if rest.is_empty()
            || rest.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'"' | 0))
        {
            return Err(BAD_URI);
        }
        match uri.scheme {
            Scheme::Sip | Scheme::Sips => parse_sip(uri, rest),
            Scheme::Tel => {
                let (digits, params) = split_params(rest);
                Ok(Uri { user: Some(digits), params, ..uri })
            }
            Scheme::Urn | Scheme::Other => Ok(Uri { user: Some(rest), ..uri }),
        }
    }

    /// The URI byte for byte, as a registered contact must be used again.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw
    }

    /// The URI byte for byte, but without headers, which may not stand in a Request-URI (RFC 3261 section 19.1.1).
    pub fn as_request_uri(&self) -> &'a [u8] {
        if self.headers.is_empty() {
            return self.raw.strip_suffix(b"?").unwrap_or(self.raw);
        }
        &self.raw[..self.raw.len() - self.headers.len() - 1]
    }

    /// The user part with percent-escapes undone: `%2397` is `#97`.
    pub fn user_decoded(&self) -> Cow<'a, [u8]> {
        decode(self.user.unwrap_or_default())
    }

    /// The user part up to the first `;` (telephone-subscriber parameters such as `;npdi;rn=` cut off), decoded.
    pub fn user_plain(&self) -> Cow<'a, [u8]> {
        let user = self.user.unwrap_or_default();
        decode(split_once(user, b';').map_or(user, |(plain, _)| plain))
    }

    /// `;lr` in a Route or Record-Route URI: the hop routes loosely (RFC 3261 section 16.12).
    pub fn is_loose(&self) -> bool {
        self.params.has("lr")
    }

    /// Equal by the rules of RFC 3261 section 19.1.4. For `tel` (RFC 3966 section 4) visual separators do not count; other
    /// schemes are compared by bytes.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        if self.raw == other.raw {
            return true;
        }
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Sip | Scheme::Sips => {
                same_decoded(self.user, other.user)
                    && same_decoded(self.password, other.password)
                    && self.host.eq_ignore_ascii_case(other.host)
                    && self.port == other.port
                    && same_params(self.params, other.params)
                    && same_headers(self.headers, other.headers)
            }
            Scheme::Tel => {
                same_number(self.user.unwrap_or_default(), other.user.unwrap_or_default())
                    && !is_overlong(self.params)
                    && !is_overlong(other.params)
                    && all_params_in(self.params, other.params)
                    && all_params_in(other.params, self.params)
            }
            Scheme::Urn => self.raw.eq_ignore_ascii_case(other.raw),
            Scheme::Other => self.raw == other.raw,
        }
    }
}

fn scheme(text: &[u8]) -> Result<Scheme, Refusal> {
    if text.eq_ignore_ascii_case(b"sip") {
        return Ok(Scheme::Sip);
    }
    if text.eq_ignore_ascii_case(b"sips") {
        return Ok(Scheme::Sips);
    }
    if text.eq_ignore_ascii_case(b"tel") {
        return Ok(Scheme::Tel);
    }
    if text.eq_ignore_ascii_case(b"urn") {
        return Ok(Scheme::Urn);
    }
    let well_formed = text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if well_formed { Ok(Scheme::Other) } else { Err(BAD_URI) }
}

fn parse_sip<'a>(mut uri: Uri<'a>, rest: &'a [u8]) -> Result<Uri<'a>, Refusal> {
    let hostport_and_more = match split_once(rest, b'@') {
        Some((userinfo, after)) => {
            let (user, password) = match split_once(userinfo, b':') {
                Some((user, password)) => (user, Some(password)),
                None => (userinfo, None),
            };
            if user.is_empty() {
                return Err(BAD_URI);
            }
            uri.user = Some(user);
            uri.password = password;
            after
        }
        None => rest,
    };
    let (before_headers, headers) = split_once(hostport_and_more, b'?').unwrap_or((hostport_and_more, &[]));
    let (hostport, params) = split_params(before_headers);
    (uri.host, uri.port) = host_and_port(hostport).ok_or(BAD_URI)?;
    uri.params = params;
    uri.headers = headers;
    Ok(uri)
}

fn split_params(text: &[u8]) -> (&[u8], Params<'_>) {
    match memchr::memchr(b';', text) {
        Some(at) => (&text[..at], Params::unchecked(&text[at..])),
        None => (text, Params::default()),
    }
}

/// `host [":" port]` of a URI or a Via; white space around the colon is legal in a Via.
pub(crate) fn host_and_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let host_len = if text.first() == Some(&b'[') {
        let len = memchr::memchr(b']', text)? + 1;
        let inside = &text[1..len - 1];
        let is_ipv6 = inside.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        if inside.is_empty() || !is_ipv6 {
            return None;
        }
        len
    } else {
        text.iter().position(|byte| !is_host_byte(*byte)).unwrap_or(text.len())
    };
    if host_len == 0 {
        return None;
    }
    let rest = trim(&text[host_len..]);
    if rest.is_empty() {
        return Some((&text[..host_len], None));
    }
    let port = number(trim(rest.strip_prefix(b":")?))?;
    Some((&text[..host_len], Some(u16::try_from(port).ok()?)))
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(decoded(text).collect())
}

fn decoded(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let byte = *text.get(at)?;
        if byte == b'%'
            && let Some(high) = text.get(at + 1).and_then(|digit| hex_digit(*digit))
            && let Some(low) = text.get(at + 2).and_then(|digit| hex_digit(*digit))
        {
            at += 3;
            return Some(high << 4 | low);
        }
        at += 1;
        Some(byte)
    })
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// User parts are compared with case, escapes undone.
fn same_decoded(one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other || decoded(one).eq(decoded(other)),
        (None, None) => true,
        _ => false,
    }
}

fn same_text(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
        || decoded(one).map(|byte| byte.to_ascii_lowercase()).eq(decoded(other).map(|byte| byte.to_ascii_lowercase()))
}

/// A parameter in both must match; `user`, `ttl`, `method`, `maddr` and `transport` must be in both or in neither.
fn same_params(one: Params<'_>, other: Params<'_>) -> bool {
    if is_overlong(one) || is_overlong(other) {
        return false;
    }
    let agrees = |from: Params<'_>, with: Params<'_>| {
        from.iter().all(|(name, value)| match find(with, name) {
            Some(found) => same_text(value, found),
            None => !counts_when_absent(name),
        })
    };
    agrees(one, other) && agrees(other, one)
}

/// Comparing is quadratic; nobody means a URI with that many parameters but to keep us busy.
fn is_overlong(params: Params<'_>) -> bool {
    params.iter().nth(64).is_some()
}

fn counts_when_absent(name: &[u8]) -> bool {
    [&b"user"[..], b"ttl", b"method", b"maddr", b"transport"].iter().any(|listed| listed.eq_ignore_ascii_case(name))
}

fn find<'a>(params: Params<'a>, name: &[u8]) -> Option<&'a [u8]> {
    params.iter().find(|(found, _)| same_text(found, name)).map(|(_, value)| value)
}

fn all_params_in(one: Params<'_>, other: Params<'_>) -> bool {
    one.iter().all(|(name, value)| find(other, name).is_some_and(|found| same_text(value, found)))
}

/// Header components count always and in any order.
fn same_headers(one: &[u8], other: &[u8]) -> bool {
    let all_in = |from: &[u8], with: &[u8]| {
        from.split(|byte| *byte == b'&')
            .all(|header| with.split(|byte| *byte == b'&').any(|found| same_text(header, found)))
    };
    let is_overlong = |headers: &[u8]| headers.split(|byte| *byte == b'&').nth(64).is_some();
    one == other || (!is_overlong(one) && !is_overlong(other) && all_in(one, other) && all_in(other, one))
}

fn same_number(one: &[u8], other: &[u8]) -> bool {
    let digits = |text: &'_ [u8]| {
        text.iter()
            .filter(|byte| !matches!(byte, b'-' | b'.' | b'(' | b')'))
            .map(u8::to_ascii_lowercase)
            .collect::<Vec<u8>>()
    };
    digits(one) == digits(other)
}

/// Escapes `user` for a user part: everything but unreserved and user-unreserved characters (RFC 3261 section 25.1).
pub fn escape_user(user: &[u8]) -> String {
    let mut out = String::with_capacity(user.len());
    for byte in user {
        let plain = (is_token_byte(*byte) && !matches!(byte, b'%' | b'`'))
            || matches!(byte, b'(' | b')' | b'&' | b'=' | b'$' | b',' | b';' | b'?' | b'/');
        if plain {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn parts() {
        let parsed = uri("sips:+1202%23;npdi;rn=9:pw@[2001:db8::1]:5061;lr;Transport=TCP?Subject=a&b=c");
        assert_eq!(parsed.scheme, Scheme::Sips);
        assert_eq!(parsed.user, Some(&b"+1202%23;npdi;rn=9"[..]));
        assert_eq!(&*parsed.user_plain(), b"+1202#");
        assert_eq!(parsed.password, Some(&b"pw"[..]));
        assert_eq!(parsed.host, b"[2001:db8::1]");
        assert_eq!(parsed.port, Some(5061));
        assert!(parsed.is_loose());
        assert_eq!(parsed.params.get("transport"), Some(&b"TCP"[..]));
        assert_eq!(parsed.headers, b"Subject=a&b=c");
        assert_eq!(&*uri("sip:%2397@x").user_decoded(), b"#97");
        assert_eq!(uri("tel:+1-202-555-0100;phone-context=x").user, Some(&b"+1-202-555-0100"[..]));
        assert_eq!(uri("urn:service:sos").user, Some(&b"service:sos"[..]));
    }

    #[test]
    fn refused() {
        for bad in [
            "sip:",
            "sip:@host",
            "sip:a b@c",
            "<sip:a@b>",
            "sip:a@b:99999",
            "sip:a@[::1",
            "nocolon",
            "sip:a@b:",
            "sip:a@",
        ] {
            assert!(Uri::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    /// The examples of RFC 3261 section 19.1.4.
    #[test]
    fn equality_as_in_the_rfc() {
        let same = [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+1-202-5550100", "tel:+12025550100"),
            ("urn:service:sos", "URN:service:SOS"),
        ];
        for (one, other) in same {
            assert!(uri(one).equivalent(&uri(other)) && uri(other).equivalent(&uri(one)), "{one} {other}");
        }
        let different = [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on"),
            ("sip:a@b", "sips:a@b"),
        ];
        for (one, other) in different {
            assert!(!uri(one).equivalent(&uri(other)), "{one} {other}");
        }
    }

    #[test]
    fn user_parts_are_escaped() {
        assert_eq!(escape_user(b"#97"), "%2397");
        assert_eq!(escape_user(b"+1202*;x"), "+1202*;x");
    }
}
