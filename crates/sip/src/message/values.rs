//! Comma-joined header values (RFC 3261 section 7.3.1).

use super::text::{quoted_len, trim};

/// The values of one header line: split at commas outside of quotes and angle brackets, trimmed; empty ones left out.
#[derive(Debug, Clone)]
pub struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    pub fn new(line: &'a [u8]) -> Values<'a> {
        Values(line)
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            let end = value_end(self.0);
            let value = trim(&self.0[..end]);
            self.0 = self.0.get(end + 1..).unwrap_or_default();
            if !value.is_empty() {
                return Some(value);
            }
        }
        None
    }
}

fn value_end(text: &[u8]) -> usize {
    // Most lines hold one value.
    if memchr::memchr(b',', text).is_none() {
        return text.len();
    }
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b',' => return at,
            b'"' => match quoted_len(&text[at..]) {
                Some(len) => at += len,
                None => return text.len(),
            },
            b'<' => match memchr::memchr(b'>', &text[at..]) {
                Some(len) => at += len,
                None => return text.len(),
            },
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_do_not_split() {
        let line = b"\"Bell, A\" <sip:a,b@c>;x=\"1,2\" , sip:d ,, <sip:e>";
        let values: Vec<&[u8]> = Values::new(line).collect();
        assert_eq!(values, [&b"\"Bell, A\" <sip:a,b@c>;x=\"1,2\""[..], b"sip:d", b"<sip:e>"]);
    }
}
