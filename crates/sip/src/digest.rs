//! Digest authentication (RFC 7616, RFC 8760) from HA1 on both sides.

use crate::Message;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    #[default]
    Md5,
    Sha256,
}

/// HA1 = H(user:realm:password) as hexadecimal digits: worth as much as the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1(pub(crate) String);

/// What a client sent in `Authorization` or `Proxy-Authorization`.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// Quotes taken off.
    pub username: &'a [u8],
    pub realm: &'a [u8],
    pub nonce: &'a [u8],
    pub uri: &'a [u8],
    pub response: &'a [u8],
    pub algorithm: Algorithm,
    pub cnonce: &'a [u8],
    pub nc: &'a [u8],
    pub qop: &'a [u8],
}

/// What came of a verification. All but `Accepted` are to be answered alike: a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// Right password, but the nonce is too old or its count was used before: challenge with `stale=true`.
    Stale,
    /// Wrong, unknown, or damaged.
    Refused,
}

/// Issues nonces and verifies against them.
pub struct Authenticator {}

impl Ha1 {
    pub fn new(_algorithm: Algorithm, _username: &str, _realm: &str, _password: &str) -> Ha1 {
        unimplemented!()
    }

    /// From stored hexadecimal digits: 32 for MD5, 64 for SHA-256.
    pub fn from_hex(_digits: &str) -> Option<Ha1> {
        unimplemented!()
    }
}

impl<'a> Credentials<'a> {
    /// The Digest credentials for `realm` in a request, from either header.
    pub fn find(_request: &'a Message, _realm: &str) -> Option<Credentials<'a>> {
        unimplemented!()
    }

    /// The user name without the domain some phones append: `100@example.com` is `100`.
    pub fn user(&self) -> &'a [u8] {
        unimplemented!()
    }
}

impl Authenticator {
    /// `key` makes the nonces unforgeable; nonces live `lifetime` seconds.
    pub fn new(_key: [u8; 32], _lifetime: u64) -> Authenticator {
        unimplemented!()
    }

    /// The value of one `WWW-Authenticate` or `Proxy-Authenticate` header. One challenge a response: clients in use fail at
    /// two. `now` in seconds since any fixed moment.
    pub fn challenge(&self, _realm: &str, _algorithm: Algorithm, _stale: bool, _now: u64) -> String {
        unimplemented!()
    }

    /// Verifies credentials against HA1. For an unknown user give `None`: the same work is done against a dummy, and the
    /// verdict is `Refused`.
    pub fn verify(
        &mut self,
        _request: &Message,
        _credentials: &Credentials<'_>,
        _ha1: Option<&Ha1>,
        _now: u64,
    ) -> Verdict {
        unimplemented!()
    }
}
