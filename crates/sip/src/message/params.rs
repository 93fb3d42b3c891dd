//! `;name=value` parameters of header fields and URIs.

use super::text::{is_token_byte, quoted_len, split_once, trim, unquote};

/// Parameters as they stand, from the first `;` on. Names are compared without case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Params<'a>(&'a [u8]);

impl<'a> Params<'a> {
    /// Parameters of a URI or an already checked header value; `raw` is empty or begins with `;`.
    pub(crate) fn unchecked(raw: &'a [u8]) -> Params<'a> {
        Params(raw)
    }

    /// Parameters of a header field: checks every name and quoted value. A single `;` at the end is forgiven.
    pub(crate) fn parse(raw: &'a [u8]) -> Option<Params<'a>> {
        let raw = trim(raw);
        if raw.is_empty() {
            return Some(Params(raw));
        }
        let mut rest = raw;
        while let [b';', after @ ..] = rest {
            let after = trim(after);
            if after.is_empty() {
                return Some(Params(raw));
            }
            rest = check_one(after)?;
        }
        rest.is_empty().then_some(Params(raw))
    }

    /// `None` when there is no such parameter, `Some(empty)` when it has no value. Quotes are taken off.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Name and value of each parameter in order; a parameter without a value has an empty one.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            loop {
                let after = trim(rest.strip_prefix(b";")?);
                let end = param_end(after);
                rest = trim(&after[end..]);
                let param = trim(&after[..end]);
                if !param.is_empty() {
                    return Some(split_param(param));
                }
            }
        })
    }

    /// The bytes as they stand, empty or beginning with `;`.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn split_param(param: &[u8]) -> (&[u8], &[u8]) {
    match split_once(param, b'=') {
        Some((name, value)) => (trim(name), unquote(trim(value))),
        None => (param, &[]),
    }
}

/// Where the parameter at the start of `text` ends: at a `;` outside quotes.
fn param_end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b';' => return at,
            b'"' => match quoted_len(&text[at..]) {
                Some(len) => at += len,
                None => return text.len(),
            },
            _ => at += 1,
        }
    }
    text.len()
}

/// Checks `name [= value]` at the start of `text` and gives what follows.
fn check_one(text: &[u8]) -> Option<&[u8]> {
    let name_len = text.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(text.len());
    if name_len == 0 {
        return None;
    }
    let rest = trim(&text[name_len..]);
    let Some(value) = rest.strip_prefix(b"=") else { return Some(rest) };
    let value = trim(value);
    let value_len = if value.first() == Some(&b'"') {
        quoted_len(value)?
    } else {
        // gen-value is a token or a host, but phones write more than that: anything up to a separator will do.
        value
            .iter()
            .position(|byte| matches!(byte, b';' | b' ' | b'\t' | b'\r' | b'\n' | b'"' | b','))
            .unwrap_or(value.len())
    };
    Some(trim(&value[value_len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_quotes_and_missing_values() {
        let params = Params::parse(b" ; tag = x ;lr; q=\"a;\\\"b\" ; e=").expect("well formed");
        assert_eq!(params.get("TAG"), Some(&b"x"[..]));
        assert_eq!(params.get("lr"), Some(&b""[..]));
        assert_eq!(params.get("q"), Some(&b"a;\\\"b"[..]));
        assert_eq!(params.get("e"), Some(&b""[..]));
        assert_eq!(params.get("z"), None);
        assert_eq!(params.iter().count(), 4);
    }

    #[test]
    fn empty_parameters_and_open_quotes_are_refused() {
        assert!(Params::parse(b";;a").is_none());
        assert!(Params::parse(b";,;").is_none());
        assert!(Params::parse(b";a=\"x").is_none());
        assert!(Params::parse(b"a=b").is_none());
        assert!(Params::parse(b";a;").is_some());
    }
}
