//! The configuration file: TOML, every key optional but the addresses that nobody can guess. Unknown keys are refused, so
//! that a typo is found before it matters.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use lineside_mail::{Security, SmtpConfig};
use lineside_model::directory::Transport;
use serde::Deserialize;
use zeroize::Zeroizing;

/// What the program runs by.
#[derive(Debug, Clone)]
pub struct Config {
    /// Keys, greetings, and the embedded database.
    pub data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    pub http_listen: SocketAddr,
    /// Where people reach the portal, without a slash at the end.
    pub http_url: String,
    pub sip_listen: SocketAddr,
    pub tls_listen: Option<SocketAddr>,
    pub ws_listen: Option<SocketAddr>,
    pub wss_listen: Option<SocketAddr>,
    /// Certificate chain and key in PEM; without them Lineside signs its own.
    pub sip_certificate: Option<(PathBuf, PathBuf)>,
    /// What phones are told to register at.
    pub sip_host: String,
    pub sip_transport: Transport,
    pub media_address: IpAddr,
    pub rtp_ports: RangeInclusive<u16>,
    pub ntp_server: String,
    /// The DNS servers that carriers are looked up with; none for the system's.
    pub dns_servers: Vec<SocketAddr>,
    /// Certificates of authorities that are trusted, beside the system's, when carriers are connected to.
    pub sip_trust: Option<Vec<u8>>,
    pub mail_from: String,
    /// `None`: mails go to the folder `spool` beside the data.
    pub smtp: Option<SmtpConfig>,
    pub log_json: bool,
}

impl Config {
    pub fn spool(&self) -> PathBuf {
        self.data.join("spool")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: PathBuf,
    database: Option<String>,
    http: HttpSection,
    sip: SipSection,
    #[serde(default)]
    mail: MailSection,
    #[serde(default)]
    log: LogSection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpSection {
    #[serde(default = "http_listen")]
    listen: SocketAddr,
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SipSection {
    #[serde(default = "sip_listen")]
    listen: SocketAddr,
    tls_listen: Option<SocketAddr>,
    ws_listen: Option<SocketAddr>,
    wss_listen: Option<SocketAddr>,
    certificate: Option<PathBuf>,
    certificate_key: Option<PathBuf>,
    host: String,
    #[serde(default = "udp")]
    transport: String,
    media_address: IpAddr,
    #[serde(default = "first_port")]
    rtp_first_port: u16,
    #[serde(default = "last_port")]
    rtp_last_port: u16,
    #[serde(default = "ntp_server")]
    ntp_server: String,
    #[serde(default)]
    dns_servers: Vec<SocketAddr>,
    trust_file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct MailSection {
    from: Option<String>,
    smtp: Option<SmtpSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmtpSection {
    host: String,
    port: Option<u16>,
    security: String,
    username: Option<String>,
    /// A file that holds the password on its first line; the configuration itself holds no secret.
    password_file: Option<PathBuf>,
    /// PEM certificates to trust beside the system's.
    trust_file: Option<PathBuf>,
    #[serde(default = "smtp_timeout")]
    timeout_seconds: u64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LogSection {
    #[serde(default)]
    json: bool,
}

/// RFC 3261 section 19.1.2.
const SIP_PORT: u16 = 5060;
const SIPS_PORT: u16 = 5061;

/// The standard port has its standard neighbour; who chose another port chooses this one too.
pub fn tls_beside(listen: SocketAddr) -> Option<SocketAddr> {
    (listen.port() == SIP_PORT).then(|| SocketAddr::new(listen.ip(), SIPS_PORT))
}

fn http_listen() -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, 8080).into()
}

fn sip_listen() -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, 5060).into()
}

fn udp() -> String {
    "udp".to_owned()
}

fn first_port() -> u16 {
    20_000
}

fn last_port() -> u16 {
    29_999
}

fn ntp_server() -> String {
    "pool.ntp.org".to_owned()
}

fn smtp_timeout() -> u64 {
    30
}

pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    parse(&text).with_context(|| format!("{} needs another look", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Config> {
    let file: File = toml::from_str(text)?;
    let url = portal_url(&file.http.url)?;
    let from = file.mail.from.clone().unwrap_or_else(|| format!("lineside@{}", file.sip.host));
    lineside_mail::Mailbox::parse(&from).with_context(|| format!("mail.from: {from:?}"))?;
    let (first, last) = (file.sip.rtp_first_port, file.sip.rtp_last_port);
    ensure!(
        first >= 1024 && last > first,
        "sip: rtp_first_port and rtp_last_port are a range above 1024, such as 20000 and 29999"
    );
    let transport = Transport::parse(&file.sip.transport.to_uppercase())
        .filter(|transport| matches!(transport, Transport::Udp | Transport::Tcp));
    let sip = &file.sip;
    let sip_certificate = match (&sip.certificate, &sip.certificate_key) {
        (Some(chain), Some(key)) => Some((chain.clone(), key.clone())),
        (None, None) => None,
        _ => bail!("sip: give both certificate and certificate_key, or neither"),
    };

    let database = file.database.unwrap_or_else(|| format!("sqlite:{}", file.data.join("lineside.db").display()));
    ensure!(
        ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme)),
        "database: write sqlite:PATH or postgres://USER@HOST/NAME"
    );
    Ok(Config {
        database,
        data: file.data,
        http_listen: file.http.listen,
        http_url: url,
        sip_listen: file.sip.listen,
        tls_listen: file.sip.tls_listen.or_else(|| tls_beside(file.sip.listen)),
        ws_listen: file.sip.ws_listen,
        wss_listen: file.sip.wss_listen,
        sip_certificate,
        sip_host: file.sip.host.clone(),
        sip_transport: transport.context("sip.transport: write \"udp\" or \"tcp\"")?,
        media_address: file.sip.media_address,
        rtp_ports: first..=last,
        ntp_server: file.sip.ntp_server,
        dns_servers: file.sip.dns_servers,
        sip_trust: file.sip.trust_file.as_deref().map(|path| read_trust("sip.trust_file", path)).transpose()?,
        smtp: file.mail.smtp.map(|smtp| smtp.read(&file.sip.host)).transpose()?,
        mail_from: from,
        log_json: file.log.json,
    })
}

/// Links in mails begin with it, so it has to be whole.
fn portal_url(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text)
        .with_context(|| format!("http.url: {text:?} is not an address such as https://phones.example.com"))?;
    ensure!(
        matches!(url.scheme(), "http" | "https") && url.host().is_some(),
        "http.url: write https://HOST or http://HOST"
    );
    ensure!(
        url.query().is_none() && url.fragment().is_none(),
        "http.url: leave out everything after the host and path"
    );
    Ok(text.trim_end_matches('/').to_owned())
}

impl SmtpSection {
    fn read(self, hello_name: &str) -> anyhow::Result<SmtpConfig> {
        let (security, port) = match self.security.as_str() {
            "starttls" => (Security::StartTls, 587),
            "tls" => (Security::Tls, 465),
            "none" => (Security::None, 25),
            other => bail!("mail.smtp.security: {other:?} is none of \"starttls\", \"tls\", \"none\""),
        };
        let password = self.password_file.as_ref().map(|path| read_secret(path)).transpose()?;
        ensure!(
            self.username.is_some() == password.is_some(),
            "mail.smtp: give both username and password_file, or neither"
        );
        let trust = self.trust_file.as_deref().map(|path| read_trust("mail.smtp.trust_file", path));
        Ok(SmtpConfig {
            host: self.host,
            port: self.port.unwrap_or(port),
            security,
            username: self.username,
            password,
            hello_name: hello_name.to_owned(),
            timeout: Duration::from_secs(self.timeout_seconds.clamp(1, 600)),
            extra_roots: trust.transpose()?,
        })
    }
}

pub fn read_trust(key: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{key}: {} can't be read", path.display()))
}

fn read_secret(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .with_context(|| format!("mail.smtp.password_file: {} can't be read", path.display()))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        data = "/var/lib/lineside"
        [http]
        url = "https://phones.example.com/"
        [sip]
        host = "sip.example.com"
        media_address = "192.0.2.10"
    "#;

    #[test]
    fn what_nobody_can_guess_is_enough() {
        let config = parse(SMALL).unwrap();
        assert_eq!(config.database, "sqlite:/var/lib/lineside/lineside.db");
        assert_eq!(config.http_url, "https://phones.example.com");
        assert_eq!(config.mail_from, "lineside@sip.example.com");
        assert_eq!(config.rtp_ports, 20_000..=29_999);
        assert_eq!(config.tls_listen, "0.0.0.0:5061".parse().ok());
        assert!(config.smtp.is_none());
    }

    #[test]
    fn a_typo_and_a_wrong_value_are_named() {
        let typo = SMALL.replace("host =", "hots =");
        assert!(format!("{:#}", parse(&typo).unwrap_err()).contains("hots"));
        let scheme = SMALL.replace("https://phones", "ftp://phones");
        assert!(format!("{:#}", parse(&scheme).unwrap_err()).contains("http.url"));
        let smtp = format!("{SMALL}\n[mail.smtp]\nhost = \"mail.example.com\"\nsecurity = \"ssl\"");
        assert!(format!("{:#}", parse(&smtp).unwrap_err()).contains("starttls"));
        let database = format!("database = \"mysql://x\"\n{SMALL}");
        assert!(format!("{:#}", parse(&database).unwrap_err()).contains("postgres://"));
    }

    #[test]
    fn how_carriers_are_found_and_trusted_can_be_set() {
        let more = format!("{SMALL}\ndns_servers = [\"192.0.2.53:53\"]\n");
        assert_eq!(parse(&more).unwrap().dns_servers, ["192.0.2.53:53".parse().unwrap()]);
        let missing = format!("{SMALL}\ntrust_file = \"/nowhere.pem\"\n");
        assert!(format!("{:#}", parse(&missing).unwrap_err()).contains("sip.trust_file"));
    }

    #[test]
    fn a_configuration_holds_no_password() {
        let smtp = format!("{SMALL}\n[mail.smtp]\nhost = \"m.example.com\"\nsecurity = \"tls\"\npassword = \"x\"");
        assert!(parse(&smtp).is_err());
    }
}
