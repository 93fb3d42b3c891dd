//! Who sent a request, by digest (RFC 7616), without telling anybody else who exists.
//!
//! An unknown domain, an unknown user, a wrong password: the same challenge, after the same work. Somebody who keeps
//! guessing one user's password is not even heard any more, and gets that challenge again.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use lineside_model::{
    call_report::{Alarm, AlarmKind},
    device::DigestAlgorithm,
};
use lineside_sip::{
    Flow, HeaderName, Message, Method, Response, Uri,
    digest::{Algorithm, Authenticator, Credentials, Ha1, Verdict},
};

use crate::{
    clock::Now,
    directory::{Directory, FoundLine},
    limiter::{Limiter, Rate},
};

/// A nonce is good for this long; phones renew with the `stale` one they get then.
const NONCE_SECONDS: u64 = 300;
/// Longest name of a domain (RFC 1035 section 2.3.4).
const DOMAIN: usize = 253;
const ONCE_AN_HOUR: Rate = Rate { burst: 1, per_second: 1.0 / 3_600.0 };

/// Who sent a request is not known.
pub(crate) struct Unproved {
    /// What to answer with.
    pub(crate) challenge: Response,
    /// Who has sent it before, with the right password: it is repeated, or replayed by somebody.
    pub(crate) before: Option<FoundLine>,
}

impl From<Response> for Unproved {
    fn from(challenge: Response) -> Self {
        Self { challenge, before: None }
    }
}

pub(crate) struct Authentication {
    authenticator: Authenticator,
    /// Wrong passwords by source and user name: one phone with an old password does not shut out its whole office.
    failures: Limiter<(IpAddr, u64)>,
    /// Of one source administrators are told once an hour.
    told: Limiter<IpAddr>,
    alarms: Vec<Alarm>,
    random: RandomState,
}

impl Authentication {
    pub(crate) fn new(nonce_key: [u8; 32], failures: Rate) -> Self {
        let authenticator = Authenticator::new(nonce_key, NONCE_SECONDS);
        Self {
            authenticator,
            failures: Limiter::new(failures),
            told: Limiter::new(ONCE_AN_HOUR),
            alarms: Vec::new(),
            random: RandomState::new(),
        }
    }

    /// Who guesses passwords, since the last time.
    pub(crate) fn take_alarms(&mut self) -> Vec<Alarm> {
        std::mem::take(&mut self.alarms)
    }

    /// The line that sent the request, or the challenge to answer with.
    pub(crate) fn identify(
        &mut self,
        request: &Message,
        flow: Flow,
        directory: &Directory,
        now: Now,
    ) -> Result<FoundLine, Unproved> {
        // The address of record: whom a REGISTER is for, and who makes a call.
        let record = if request.method() == Method::Register { request.to() } else { request.from() };
        let realm = realm(&record.uri);
        let Some(credentials) = Credentials::find(request, &realm) else {
            let named = directory.line(&realm, &String::from_utf8_lossy(&record.uri.user_plain()));
            return Err(self.challenge(request, &realm, named.as_ref(), false, now).into());
        };
        let username = String::from_utf8_lossy(credentials.user());
        let found = directory.line(&realm, &username);
        let source = (flow.remote.ip().to_canonical(), self.random.hash_one(username.as_ref()));
        if self.failures.is_spent(source, now.instant) {
            return Err(self.challenge(request, &realm, found.as_ref(), false, now).into());
        }
        let ha1 = found.as_ref().map(|found| ha1(found, credentials.algorithm));
        match self.authenticator.verify(request, &credentials, ha1.as_ref(), seconds(now)) {
            Verdict::Accepted if found.is_some() => found.ok_or_else(|| Response::new(request, 500).into()),
            Verdict::Stale => {
                let challenge = self.challenge(request, &realm, found.as_ref(), true, now);
                Err(Unproved { challenge, before: found })
            }
            _ => {
                self.failures.allow(source, now.instant);
                let username = username.escape_debug().take(64).collect::<String>();
                tracing::warn!(source = %flow.remote, method = %request.method(), %username, "credentials refused");
                if self.failures.is_spent(source, now.instant) && self.told.allow(source.0, now.instant) {
                    let account = found.as_ref().map(|found| found.user.account_id);
                    let kind = AlarmKind::PasswordGuessing { source: source.0.to_string(), account };
                    self.alarms.push(Alarm { at: now.utc, kind });
                }
                Err(self.challenge(request, &realm, found.as_ref(), false, now).into())
            }
        }
    }

    fn challenge(
        &mut self,
        request: &Message,
        realm: &str,
        named: Option<&FoundLine>,
        stale: bool,
        now: Now,
    ) -> Response {
        let algorithm = named.map_or(Algorithm::Md5, |found| algorithm(found.line().algorithm));
        let value = self.authenticator.challenge(realm, algorithm, stale, seconds(now));
        if request.method() == Method::Register {
            Response::new(request, 401).header(HeaderName::WwwAuthenticate, value)
        } else {
            Response::new(request, 407).header(HeaderName::ProxyAuthenticate, value)
        }
    }
}

/// The domain of an address of record is the realm of its account. It is sent back whether we serve it or not.
fn realm(uri: &Uri<'_>) -> Cow<'static, str> {
    match str::from_utf8(uri.host) {
        Ok(host) if (1..=DOMAIN).contains(&host.len()) => host.to_ascii_lowercase().into(),
        _ => "invalid".into(),
    }
}

fn algorithm(algorithm: DigestAlgorithm) -> Algorithm {
    match algorithm {
        DigestAlgorithm::Md5 => Algorithm::Md5,
        DigestAlgorithm::Sha256 => Algorithm::Sha256,
    }
}

fn ha1(found: &FoundLine, algorithm: Algorithm) -> Ha1 {
    match algorithm {
        Algorithm::Md5 => Ha1::md5(found.line().ha1_md5),
        Algorithm::Sha256 => Ha1::sha256(found.line().ha1_sha256),
    }
}

fn seconds(now: Now) -> u64 {
    u64::try_from(now.utc.timestamp()).unwrap_or_default()
}
