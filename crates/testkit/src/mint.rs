//! Secrets that a test knows beforehand.

use std::sync::atomic::{AtomicU64, Ordering};

use lineside_model::account::SipDomain;
use lineside_model::device::LineCredentials;
use lineside_model::facts::Mint;
use lineside_model::id::DeviceId;
use lineside_model::secret::Opaque;

/// Counts where the program draws lots: the first line is `d-1`, the next `d-2`, and nothing is sealed.
#[derive(Debug, Default)]
pub struct CountingMint(AtomicU64);

impl CountingMint {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Mint for CountingMint {
    fn line(&self, _device: DeviceId, realm: &SipDomain, keep_secret: bool) -> LineCredentials {
        let number = self.next();
        LineCredentials {
            username: format!("d-{number}"),
            ha1_md5: Opaque::new(format!("md5 {number} {realm}")),
            ha1_sha256: Opaque::new(format!("sha256 {number} {realm}")),
            secret: keep_secret.then(|| Opaque::new(format!("secret {number}"))),
        }
    }

    fn provisioning(&self, device: DeviceId) -> (Opaque, Opaque) {
        let number = self.next();
        (Opaque::new(format!("token {number}")), Opaque::new(format!("hash {number} {device}")))
    }
}
