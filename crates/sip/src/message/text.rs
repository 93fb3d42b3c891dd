//! Bytes of a header value: linear white space (folding included), quoted strings, tokens, numbers.

use crate::Method;

/// Writes a number's digits.
pub(crate) fn write_number(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The value of a `CSeq`.
pub(crate) fn cseq(number: u32, method: Method) -> Vec<u8> {
    let mut value = Vec::with_capacity(24);
    write_number(&mut value, number);
    value.push(b' ');
    value.extend_from_slice(method.as_str().as_bytes());
    value
}

/// SP, HT and the CR LF of a folded line (RFC 3261 section 25.1, LWS).
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_space(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_space(*last)
    {
        value = rest;
    }
    value
}

const TOKEN: u8 = 1;
const HOST: u8 = 2;

/// What each byte may be part of.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let is_alphanumeric = byte.is_ascii_alphanumeric();
        if is_alphanumeric || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~') {
            classes[byte as usize] |= TOKEN;
        }
        if is_alphanumeric || matches!(byte, b'-' | b'.' | b'_') {
            classes[byte as usize] |= HOST;
        }
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

/// The `token` characters of RFC 3261 section 25.1.
#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// Characters of a host name or IPv4 address; `_` is in names that are in use though RFC 3261 does not allow it.
#[inline]
pub(crate) fn is_host_byte(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & HOST != 0
}

pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

/// `text` begins with `"`: the length of the quoted string with both quotes, or nothing if it does not end.
pub(crate) fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The text inside quotes as it stands, escapes not undone; anything else unchanged.
pub(crate) fn unquote(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    }
}

/// A decimal number, digits only, that fits.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    Some(value)
}

/// Splits at the first `separator`.
pub(crate) fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Adds `;param` at the end of a value; a value may end with a `;` already.
pub(crate) fn append_param(value: &mut Vec<u8>, param: &[&[u8]]) {
    if value.last() != Some(&b';') {
        value.push(b';');
    }
    for part in param {
        value.extend_from_slice(part);
    }
}
