//! The certificate that phones see over TLS: one that was configured, or one that we sign ourselves.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use thiserror::Error;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// A certificate chain and its key, as PEM.
#[derive(Clone)]
pub struct Certificate {
    chain: Vec<u8>,
    key: Vec<u8>,
}

#[derive(Debug, Error)]
pub enum CertificateError {
    #[error("{0} can not be read")]
    Read(String, #[source] io::Error),
    #[error("a certificate for {0} can not be signed; is that a host name?")]
    Sign(String, #[source] rcgen::Error),
    #[error("the certificate and its key do not fit together, or are not PEM")]
    Unusable,
}

impl Certificate {
    pub fn read(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let read =
            |path: &Path| fs::read(path).map_err(|error| CertificateError::Read(path.display().to_string(), error));
        Ok(Self { chain: read(chain)?, key: read(key)? })
    }

    /// The self-signed certificate in this folder, made for `host` at the first start. Phones trust it when it is installed
    /// on them, or when they are told not to look.
    pub fn create_or_open(folder: &Path, host: &str) -> Result<Self, CertificateError> {
        let (chain, key) = (folder.join("sip-certificate.pem"), folder.join("sip-key.pem"));
        if chain.exists() && key.exists() {
            return Self::read(&chain, &key);
        }
        let name = host.trim_matches(['[', ']']).to_owned();
        let signed =
            rcgen::generate_simple_self_signed([name.clone()]).map_err(|error| CertificateError::Sign(name, error))?;
        let made = Self { chain: signed.cert.pem().into_bytes(), key: signed.signing_key.serialize_pem().into_bytes() };
        let write = |path: &Path, text: &[u8]| {
            private(path)
                .and_then(|mut file| file.write_all(text))
                .map_err(|error| CertificateError::Read(path.display().to_string(), error))
        };
        write(&key, &made.key)?;
        write(&chain, &made.chain)?;
        Ok(made)
    }

    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| CertificateError::Unusable)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| CertificateError::Unusable)?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|_| CertificateError::Unusable)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

/// A new file that nobody else may read.
fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
