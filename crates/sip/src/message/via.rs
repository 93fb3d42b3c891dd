//! The Via header field (RFC 3261 section 20.42, RFC 3581).

use super::text::{is_token, split_once, trim};
use super::uri::host_and_port;
use super::{Params, Refusal};

/// What a branch made by an RFC 3261 element begins with.
pub const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

/// One value of a Via header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, `WS`, or any other token.
    pub transport: &'a [u8],
    /// Host of the sent-by.
    pub host: &'a [u8],
    pub port: Option<u16>,
    pub params: Params<'a>,
}

const BAD_VIA: Refusal = Refusal::bad("Malformed Via");

impl<'a> Via<'a> {
    /// Parses one value; white space around `/`, `:` and `;` is legal.
    pub fn parse(value: &'a [u8]) -> Result<Via<'a>, Refusal> {
        let (protocol, rest) = split_once(value, b'/').ok_or(BAD_VIA)?;
        let (version, rest) = split_once(rest, b'/').ok_or(BAD_VIA)?;
        if !trim(protocol).eq_ignore_ascii_case(b"SIP") || !is_token(trim(version)) {
            return Err(BAD_VIA);
        }
        let rest = trim(rest);
        let transport_len = rest.iter().position(|byte| super::text::is_space(*byte)).ok_or(BAD_VIA)?;
        let transport = &rest[..transport_len];
        let rest = trim(&rest[transport_len..]);
        let (sent_by, params) = rest.split_at(memchr::memchr(b';', rest).unwrap_or(rest.len()));
        let (host, port) = host_and_port(trim(sent_by)).ok_or(BAD_VIA)?;
        if !is_token(transport) {
            return Err(BAD_VIA);
        }
        Ok(Via { transport, host, port, params: Params::parse(params).ok_or(BAD_VIA)? })
    }

    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch, if it is one that identifies a transaction (RFC 3261 section 8.1.1.7).
    pub fn unique_branch(&self) -> Option<&'a [u8]> {
        self.branch().filter(|branch| {
            branch.len() > MAGIC_COOKIE.len() && branch[..MAGIC_COOKIE.len()].eq_ignore_ascii_case(MAGIC_COOKIE)
        })
    }

    pub fn received(&self) -> Option<&'a [u8]> {
        self.params.get("received")
    }

    /// `rport`: asked for (empty) or filled in (RFC 3581).
    pub fn rport(&self) -> Option<&'a [u8]> {
        self.params.get("rport")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_ipv6() {
        let via =
            Via::parse(b"SIP  / 2.0  / TCP     spindle.example.com : 5070   ;\r\n  branch  =   z9hG4bK9ikj8 ;rport")
                .expect("well formed");
        assert_eq!((via.transport, via.host, via.port), (&b"TCP"[..], &b"spindle.example.com"[..], Some(5070)));
        assert_eq!(via.unique_branch(), Some(&b"z9hG4bK9ikj8"[..]));
        assert_eq!(via.rport(), Some(&b""[..]));
        assert_eq!(
            Via::parse(b"SIP/2.0/UDP [::1]:5060;branch=z9hG4bK").map(|via| (via.host, via.unique_branch())),
            Ok((&b"[::1]"[..], None))
        );
    }

    #[test]
    fn refused() {
        for bad in [
            &b"SIP/2.0/UDP 192.0.2.15;;,;,,"[..],
            b"HTTP/2.0/UDP a",
            b"SIP/2.0/UDP",
            b"SIP/2.0 a",
            b"SIP/2.0/UDP ;branch=x",
        ] {
            assert!(Via::parse(bad).is_err(), "{}", bad.escape_ascii());
        }
    }
}
