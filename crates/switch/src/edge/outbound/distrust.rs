//! Why TLS with a carrier failed, and what would mend it.

use std::io;

use tokio_rustls::rustls::{CertificateError, Error};

pub(super) fn why(error: &io::Error) -> String {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match rustls {
        Some(Error::InvalidCertificate(certificate)) => of_certificate(certificate),
        _ => error.to_string(),
    }
}

fn of_certificate(error: &CertificateError) -> String {
    let advice = match error {
        // The latter: one of the same name is trusted, such as that before a renewal.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "nobody who is trusted signed its certificate; add the authority's certificate, or one that the carrier signed \
             itself, to sip.trust_file"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; the carrier has to renew it"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            return format!("the host in the trunk's settings is not whom its certificate is for ({error})");
        }
        // Has no name of its own among these errors.
        CertificateError::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => {
            "its certificate is that of an authority; one that the carrier signs itself needs the basic constraint CA:FALSE"
        }
        other => return other.to_string(),
    };
    advice.to_owned()
}
