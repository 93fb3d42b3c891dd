//! SMTP submission (RFC 6409) over pooled connections.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Code, Response};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Accepted, SendError};
use crate::message::Message;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain first, then encrypted or not at all; usually port 587.
    StartTls,
    /// Encrypted from the first byte; usually port 465.
    Tls,
    /// Never encrypted. Only to a server on this machine.
    None,
}

#[derive(Clone)]
pub struct SmtpConfig {
    /// A name or an address. The certificate must be for it.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Both or neither.
    pub username: Option<String>,
    pub password: Option<Zeroizing<String>>,
    /// What we call ourselves in EHLO; a name that resolves to this machine.
    pub hello_name: String,
    /// For one message, from connecting to the server's last word.
    pub timeout: Duration,
    /// Certificates in PEM form to trust beside the system's: a company's own mail server has a company's own authority.
    pub extra_roots: Option<Vec<u8>>,
}

impl std::fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Error)]
pub enum SmtpConfigError {
    #[error(
        "mail to {0} must be encrypted: set security to \"starttls\" or \"tls\"; unencrypted is for a server on this machine only"
    )]
    Unencrypted(String),
    #[error("the mail server's username and password go together: give both or neither")]
    HalfCredentials,
    #[error("the hello name {0:?} is not a host name; use the name of this machine, for example pbx.example.com")]
    HelloName(String),
    #[error("encryption to the mail server can't be set up: {0}; check the host name and the extra certificates")]
    Tls(lettre::transport::smtp::Error),
}

type Pool = AsyncSmtpTransport<Tokio1Executor>;

#[derive(Debug, Clone)]
pub(super) struct Smtp {
    config: SmtpConfig,
    tls: Tls,
    pool: Arc<Mutex<Pool>>,
}

impl Smtp {
    pub(super) fn new(config: SmtpConfig) -> Result<Self, SmtpConfigError> {
        if config.security == Security::None && !is_this_machine(&config.host) {
            return Err(SmtpConfigError::Unencrypted(config.host));
        }
        if config.username.is_some() != config.password.is_some() {
            return Err(SmtpConfigError::HalfCredentials);
        }
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
        if config.hello_name.is_empty() || !config.hello_name.chars().all(named) {
            return Err(SmtpConfigError::HelloName(config.hello_name));
        }
        let tls = tls(&config).map_err(SmtpConfigError::Tls)?;
        let pool = Arc::new(Mutex::new(connect(&config, &tls)));
        Ok(Smtp { config, tls, pool })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<Accepted, SendError> {
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sending = pool.send_raw(message.envelope(), message.bytes());
        match tokio::time::timeout(self.config.timeout, sending).await {
            Ok(Ok(response)) => Ok(Accepted { server_said: words(&response) }),
            Ok(Err(error)) => Err(send_error(&error)),
            Err(_) => {
                self.start_over();
                let seconds = self.config.timeout.as_secs();
                Err(SendError::Transient {
                    said: format!("no answer from {} within {seconds} seconds", self.config.host),
                })
            }
        }
    }

    /// A connection that was left in the middle of a message goes back to its pool, where the next message would be
    /// read as the rest of this one. So the whole pool is dropped.
    fn start_over(&self) {
        *self.pool.lock().unwrap_or_else(PoisonError::into_inner) = connect(&self.config, &self.tls);
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls(config: &SmtpConfig) -> Result<Tls, lettre::transport::smtp::Error> {
    if config.security == Security::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.extra_roots {
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
    }
    let parameters = parameters.build_rustls()?;
    Ok(if config.security == Security::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

fn connect(config: &SmtpConfig, tls: &Tls) -> Pool {
    // "Dangerous" is lettre's word for a builder that does not choose port and encryption itself; both were checked.
    let mut builder = Pool::builder_dangerous(config.host.clone())
        .port(config.port)
        .tls(tls.clone())
        .hello_name(ClientId::Domain(config.hello_name.clone()))
        .timeout(Some(config.timeout));
    if let (Some(username), Some(password)) = (&config.username, &config.password) {
        builder = builder.credentials(Credentials::new(username.clone(), password.to_string()));
    }
    builder.build()
}

fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" ")).trim().to_owned()
}

fn send_error(error: &lettre::transport::smtp::Error) -> SendError {
    use std::error::Error as _;
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let said = match error.status() {
        Some(code) => format!("{code} {reason}"),
        None if error.source().is_some() => format!("{error}"),
        None => reason,
    };
    let about_us = error.status().is_some_and(is_about_authentication);
    if error.is_permanent() && !about_us { SendError::Permanent { said } } else { SendError::Transient { said } }
}

/// These 5xx answers (RFC 4954 section 6) are about our password, not about the message: once the operator has repaired
/// the configuration it goes out, so it must not be given up.
fn is_about_authentication(code: Code) -> bool {
    matches!(u16::from(code), 530 | 534 | 535 | 538)
}
