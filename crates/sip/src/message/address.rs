//! `From`, `To`, `Contact`, `Route` and the like: a URI with a display name and parameters.

use super::text::{is_space, number, quoted_len, trim, unquote};
use super::{Params, Refusal, Uri};

/// A `name-addr` or `addr-spec` with the parameters of the header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NameAddr<'a> {
    /// Quotes taken off, escapes left; any bytes.
    pub display: Option<&'a [u8]>,
    pub uri: Uri<'a>,
    /// Header parameters. In `sip:a@b;x` without angle brackets, `x` is one (RFC 3261 section 20.10).
    pub params: Params<'a>,
}

const BAD_ADDRESS: Refusal = Refusal::bad("Malformed address");

impl<'a> NameAddr<'a> {
    pub fn parse(value: &'a [u8]) -> Result<NameAddr<'a>, Refusal> {
        let value = trim(value);
        if value.first() == Some(&b'"') {
            let len = quoted_len(value).ok_or(Refusal::bad("Unbalanced quotes"))?;
            let display = unquote(&value[..len]);
            return parse_bracketed(Some(display), trim(&value[len..]));
        }
        let bracket = memchr::memchr(b'<', value);
        let semicolon = memchr::memchr(b';', value);
        match bracket {
            Some(at) if semicolon.is_none_or(|semicolon| at < semicolon) => {
                let display = trim(&value[..at]);
                if memchr::memchr(b'"', display).is_some() {
                    return Err(Refusal::bad("Unbalanced quotes"));
                }
                // A comma here is against the grammar, but `Bell, Alexander <sip:..>` is what some phones send.
                parse_bracketed((!display.is_empty()).then_some(display), &value[at..])
            }
            _ => {
                let (uri, params) = value.split_at(semicolon.unwrap_or(value.len()));
                let uri = Uri::parse(trim(uri))?;
                // RFC 3261 section 20: a URI with `?` or a comma must stand in angle brackets.
                if !uri.headers.is_empty() || memchr::memchr(b',', uri.host).is_some() {
                    return Err(Refusal::bad("URI with headers must be in angle brackets"));
                }
                Ok(NameAddr { display: None, uri, params: Params::parse(params).ok_or(BAD_ADDRESS)? })
            }
        }
    }

    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// `expires` of a Contact, in seconds; the largest number when it is too large (RFC 3261 section 20.19).
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").map(seconds)
    }

    /// `q` of a Contact in thousandths: 0 to 1000 (RFC 3261 section 20.10). Nonsense is none.
    pub fn q(&self) -> Option<u16> {
        let text = self.params.get("q")?;
        let (whole, fraction) = super::text::split_once(text, b'.').unwrap_or((text, &[]));
        if fraction.len() > 3 || !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut thousandths = number(whole)?.checked_mul(1000)?;
        for (digit, weight) in fraction.iter().zip([100, 10, 1]) {
            thousandths = thousandths.checked_add(u64::from(digit - b'0') * weight)?;
        }
        u16::try_from(thousandths).ok().filter(|q| *q <= 1000)
    }
}

/// A delta-seconds number; too large or not a number counts as the largest and 3600 (RFC 3261 sections 20.10 and 20.19).
pub(crate) fn seconds(text: &[u8]) -> u32 {
    if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
        return number(text).and_then(|value| u32::try_from(value).ok()).unwrap_or(u32::MAX);
    }
    3600
}

fn parse_bracketed<'a>(display: Option<&'a [u8]>, rest: &'a [u8]) -> Result<NameAddr<'a>, Refusal> {
    let inside = rest.strip_prefix(b"<").ok_or(BAD_ADDRESS)?;
    let end = memchr::memchr(b'>', inside).ok_or(BAD_ADDRESS)?;
    let uri = Uri::parse(trim(&inside[..end]))?;
    let params = Params::parse(&inside[end + 1..]).ok_or(BAD_ADDRESS)?;
    Ok(NameAddr { display, uri, params })
}

/// One value of a `Contact` header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`: all bindings, legal only in a REGISTER with `Expires: 0`.
    Star,
    Address(NameAddr<'a>),
}

impl<'a> Contact<'a> {
    pub fn parse(value: &'a [u8]) -> Result<Contact<'a>, Refusal> {
        if trim(value) == b"*" {
            return Ok(Contact::Star);
        }
        NameAddr::parse(value).map(Contact::Address)
    }
}

/// A display name as a quoted string, control characters left out.
pub fn quote_display(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push('"');
    for character in name.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    debug_assert!(!out.bytes().any(|byte| is_space(byte) && byte != b' '));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> NameAddr<'_> {
        NameAddr::parse(text).expect("well formed")
    }

    #[test]
    fn all_the_forms() {
        let quoted = parse(b"\"J \\\" R\" <sip:j@x;user=phone>\r\n ; tag = 98 ");
        assert_eq!(quoted.display, Some(&b"J \\\" R"[..]));
        assert_eq!(quoted.tag(), Some(&b"98"[..]));
        assert_eq!(quoted.uri.params.get("user"), Some(&b"phone"[..]));
        assert_eq!(parse(b"caller<sip:c@x>").display, Some(&b"caller"[..]));
        assert_eq!(parse(b"J\xfcrg <sip:j@x>").display, Some(&b"J\xfcrg"[..]));
        assert_eq!(parse(b"Bell, A <sip:j@x>").display, Some(&b"Bell, A"[..]));
        let bare = parse(b"sip:a@b;tag=1");
        assert!(bare.uri.params.is_empty());
        assert_eq!(bare.tag(), Some(&b"1"[..]));
        assert_eq!(parse(b"<urn:service:sos>").uri.user, Some(&b"service:sos"[..]));
    }

    #[test]
    fn refused() {
        for bad in
            [&b"\"a <sip:a@b>"[..], b"a\" <sip:a@b>", b"<sip:a@b", b"sip:a@b?x=y", b"\"\" sip:a@b", b"<sip:a@b> x", b""]
        {
            assert!(NameAddr::parse(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn contact_parameters() {
        let contact = parse(b"<sip:a@b>;q=0.75;expires=99999999999");
        assert_eq!((contact.q(), contact.expires()), (Some(750), Some(u32::MAX)));
        assert_eq!(parse(b"<sip:a@b>;q=1;expires=x").expires(), Some(3600));
        assert_eq!(parse(b"<sip:a@b>;q=2").q(), None);
        assert_eq!(Contact::parse(b" * "), Ok(Contact::Star));
    }

    #[test]
    fn display_names_are_quoted() {
        assert_eq!(quote_display("A \"B\"\r\nEvil: 1"), "\"A \\\"B\\\"Evil: 1\"");
    }
}
