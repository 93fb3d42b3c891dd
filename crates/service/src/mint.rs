//! Secrets for devices, minted while planning and sealed before anybody sees them.

use std::sync::Mutex;

use lineside_auth::{Algorithm, LineUsername, SipSecret, Token};
use lineside_model::account::SipDomain;
use lineside_model::device::LineCredentials;
use lineside_model::facts::Mint;
use lineside_model::id::DeviceId;
use lineside_model::secret::Opaque;

use crate::Service;

/// For plans that are looked at: a new secret differs from any other, and that is all that a plan tells of it.
pub(crate) struct BlankMint;

impl Mint for BlankMint {
    fn line(&self, _: DeviceId, _: &SipDomain, _: bool) -> LineCredentials {
        LineCredentials::default()
    }

    fn provisioning(&self, _: DeviceId) -> (Opaque, Opaque) {
        Default::default()
    }
}

/// Mints, seals, and keeps the clear text of one change, so that it can be shown once.
pub(crate) struct SealingMint<'a> {
    service: &'a Service,
    /// `None`: nobody is shown what is minted.
    shown: Option<Mutex<Vec<LineSecret>>>,
}

/// A line's credentials as a person types them into a generic phone.
#[derive(Clone)]
pub struct LineSecret {
    pub device_id: DeviceId,
    pub username: String,
    pub secret: String,
    /// The registrar's domain, which is the realm too.
    pub domain: String,
}

impl std::fmt::Debug for LineSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineSecret").field("username", &self.username).finish_non_exhaustive()
    }
}

impl<'a> SealingMint<'a> {
    pub(crate) fn new(service: &'a Service, is_shown: bool) -> Self {
        Self { service, shown: is_shown.then(Mutex::default) }
    }

    /// The secret minted last for this username: planning may mint several times before one is applied.
    pub(crate) fn secret_of(self, username: &str) -> Option<LineSecret> {
        let shown = self.shown?.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        shown.into_iter().find(|secret| secret.username == username)
    }
}

/// What a line's sealed values are bound to: a value moved to another row or column does not open.
pub(crate) fn bound_to(username: &str, what: &str) -> String {
    format!("line/{username}/{what}")
}

pub(crate) fn provisioning_bound_to(device: DeviceId) -> String {
    format!("device/{device}/provisioning")
}

impl Mint for SealingMint<'_> {
    fn line(&self, device: DeviceId, realm: &SipDomain, keep_secret: bool) -> LineCredentials {
        let mut rng = self.service.rng();
        let username = LineUsername::mint(&mut *rng).as_str().to_owned();
        let secret = SipSecret::mint(&mut *rng);
        let sealer = &self.service.inner.sealer;
        let mut seal =
            |bytes: &[u8], what: &str| Opaque::new(sealer.seal(bytes, &bound_to(&username, what), &mut *rng).0);
        let md5 = secret.ha1(Algorithm::Md5, &username, realm.as_str());
        let sha256 = secret.ha1(Algorithm::Sha256, &username, realm.as_str());
        let credentials = LineCredentials {
            ha1_md5: seal(md5.reveal().as_bytes(), "ha1-md5"),
            ha1_sha256: seal(sha256.reveal().as_bytes(), "ha1-sha256"),
            secret: keep_secret.then(|| seal(secret.reveal().as_bytes(), "secret")),
            username: username.clone(),
        };
        if let Some(all) = &self.shown {
            let secret = secret.reveal().to_owned();
            let shown = LineSecret { device_id: device, username, secret, domain: realm.to_string() };
            all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(shown);
        }
        credentials
    }

    fn provisioning(&self, device: DeviceId) -> (Opaque, Opaque) {
        let mut rng = self.service.rng();
        let token = Token::mint(&mut *rng);
        let sealed =
            self.service.inner.sealer.seal(token.reveal().as_bytes(), &provisioning_bound_to(device), &mut *rng);
        (Opaque::new(sealed.0), Opaque::new(token.hash().as_bytes().to_vec()))
    }
}
