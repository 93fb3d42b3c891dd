//! Two demo accounts: one lived in, one empty. The data is made once and kept; so are its passwords.

mod accounts;
mod calls;
mod people;
mod phones;
mod schedule;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use lineside_model::device::DigestAlgorithm;
use lineside_model::directory::DirectoryUser;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::program::{self, Program};

#[derive(Args)]
pub struct Options {
    /// Where the data is kept.
    #[arg(long, default_value = ".data")]
    data: PathBuf,
    /// Address and port of the web pages and the API; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Address and port for phones; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:5060")]
    sip: SocketAddr,
    /// Address and port for phones over TLS; beside `--sip` if that has the standard port.
    #[arg(long)]
    sip_tls: Option<SocketAddr>,
    /// Address and port for SIP over WebSocket.
    #[arg(long)]
    sip_ws: Option<SocketAddr>,
    /// Address and port for SIP over WebSocket in TLS.
    #[arg(long)]
    sip_wss: Option<SocketAddr>,
    /// A PEM file of authorities whose certificates carriers may show, beside those that the system trusts.
    #[arg(long)]
    sip_trust: Option<PathBuf>,
    /// A PostgreSQL database (empty) in place of the embedded one: `postgres://USER@HOST/NAME`.
    #[arg(long)]
    database: Option<String>,
    /// Print one line of JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Who can sign in, as it stands in `demo.json` beside the data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    operator: SignIn,
    owner: SignIn,
    user: SignIn,
    empty_owner: SignIn,
    /// The owner's.
    api_token: String,
    /// Data of an earlier version has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator_api_token: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    username: String,
    password: String,
}

#[derive(Serialize)]
struct Up<'a> {
    url: &'a str,
    #[serde(flatten)]
    credentials: &'a Credentials,
    sip: Sip,
    spool: &'a Path,
}

#[derive(Serialize)]
struct Sip {
    host: String,
    port: u16,
}

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let listener = program::listen(options.http).await?;
    let http_addr = reachable(listener.local_addr()?);
    let config = config(options, http_addr)?;
    let credentials = prepare(&config).await?;
    let service = program::service(&config).await?;
    let program = Program::start_with(&config, service, listener).await?;
    let ringing = demo_phones(&program).await?;
    tokio::spawn(phones::run(ringing, SocketAddr::new(reachable(program.sip_addr).ip(), program.sip_addr.port())));
    let sip = Sip { host: config.sip_host.clone(), port: program.sip_addr.port() };
    let up = Up { url: &config.http_url, credentials: &credentials, sip, spool: &config.spool() };
    crate::say(&if options.json { serde_json::to_string(&up)? } else { in_words(&up) });
    program.run().await
}

/// The users of the lived-in account whose desk phones are plugged in: every other one with a Yealink.
async fn demo_phones(program: &Program) -> anyhow::Result<Vec<DirectoryUser>> {
    let users = program.service.directory().await?;
    let desk = |user: &DirectoryUser| user.lines.iter().any(|line| line.algorithm == DigestAlgorithm::Md5);
    let number =
        |user: &DirectoryUser| user.extension.as_ref().and_then(|extension| extension.as_str().parse::<u32>().ok());
    // Two who sign in (201 and 202) plug in phones of their own.
    Ok(users.into_iter().filter(|user| desk(user) && number(user).is_some_and(|n| n > 202 && n % 2 == 1)).collect())
}

fn config(options: &Options, http: SocketAddr) -> anyhow::Result<Config> {
    let sip_listen = match options.sip.port() {
        0 => SocketAddr::new(options.sip.ip(), UdpSocket::bind(options.sip)?.local_addr()?.port()),
        _ => options.sip,
    };
    let sip = reachable(sip_listen);
    std::fs::create_dir_all(&options.data).with_context(|| format!("{} can't be made", options.data.display()))?;
    let data = options.data.canonicalize()?;
    Ok(Config {
        database: options.database.clone().unwrap_or_else(|| format!("sqlite:{}", data.join("lineside.db").display())),
        data,
        http_listen: options.http,
        http_url: format!("http://{http}"),
        sip_listen,
        tls_listen: options.sip_tls.or_else(|| crate::config::tls_beside(sip_listen)),
        ws_listen: options.sip_ws,
        wss_listen: options.sip_wss,
        sip_certificate: None,
        sip_host: sip.ip().to_string(),
        sip_transport: lineside_model::directory::Transport::Udp,
        media_address: sip.ip(),
        rtp_ports: 20_000..=29_999,
        ntp_server: "pool.ntp.org".to_owned(),
        dns_servers: Vec::new(),
        sip_trust: options
            .sip_trust
            .as_deref()
            .map(|path| crate::config::read_trust("--sip-trust", path))
            .transpose()?,
        mail_from: "lineside@demo.example".to_owned(),
        smtp: None,
        log_json: false,
    })
}

/// Nothing listens in a measurement; only the data has a place.
pub fn bench_config(data: &Path, database: Option<String>) -> anyhow::Result<Config> {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = Options {
        data: data.to_owned(),
        http: loopback,
        sip: loopback,
        sip_tls: None,
        sip_ws: None,
        sip_wss: None,
        sip_trust: None,
        database,
        json: false,
    };
    config(&options, loopback)
}

pub use accounts::{EmptyAccount, bench_user, empty_account};

/// "All addresses" is no address to go to: the machine's own towards the network, or loopback when it has none.
fn reachable(listen: SocketAddr) -> SocketAddr {
    if !listen.ip().is_unspecified() {
        return listen;
    }
    // Connecting a UDP socket sends nothing; it only asks which way packets would go (192.0.2.0/24 is documentation).
    let own = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).and_then(|()| socket.local_addr()));
    let ip = own.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |own| own.ip());
    SocketAddr::new(ip, listen.port())
}

/// Makes the data when the folder is new. What was begun and not finished (the machine stopped) is made anew.
async fn prepare(config: &Config) -> anyhow::Result<Credentials> {
    let (file, begun) = (config.data.join("demo.json"), config.data.join("demo.begun"));
    if let Ok(text) = std::fs::read_to_string(&file) {
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; remove the folder to begin anew", file.display()));
    }
    let database = config.data.join("lineside.db");
    if begun.exists() {
        for leftover in ["lineside.db", "lineside.db-wal", "lineside.db-shm"] {
            let _ = std::fs::remove_file(config.data.join(leftover));
        }
    } else if database.exists() {
        bail!("{} holds data that is no demo; choose another folder with --data", config.data.display());
    }
    std::fs::write(&begun, "")?;
    tracing::info!("making the demo accounts; this takes some seconds");
    let service = program::service(config).await?;
    if !service.is_empty().await? {
        bail!("the database is not empty; give --database one that is");
    }
    let credentials = accounts::make(&service).await?;
    service.close().await;
    write_private(&file, &serde_json::to_string_pretty(&credentials)?)?;
    std::fs::remove_file(&begun)?;
    Ok(credentials)
}

/// Readable by its owner only, whole or not there.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let partial = path.with_extension("partial");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(std::fs::rename(&partial, path)?)
}

fn in_words(up: &Up<'_>) -> String {
    let who = |what: &str, sign_in: &SignIn| format!("  {what:<34} {:<22} {}", sign_in.username, sign_in.password);
    let Credentials { operator, owner, user, empty_owner, api_token, operator_api_token } = up.credentials;
    let operators = operator_api_token.as_ref().map(|token| format!(", the operator's {token}")).unwrap_or_default();
    [
        String::new(),
        format!("Lineside is up at {}", up.url),
        String::new(),
        format!("  {:<34} {:<22} password", "sign in as", "username"),
        who("Account Owner of Harbor & Vine", owner),
        who("User of Harbor & Vine", user),
        who("Account Owner of Blue Mesa (empty)", empty_owner),
        who("Operator", operator),
        String::new(),
        format!("  phones register at {}:{}; the API's token is {api_token}{operators}", up.sip.host, up.sip.port),
        format!("  mail goes to files in {}", up.spool.display()),
        String::new(),
        "Ctrl-C ends it; the data is kept.".to_owned(),
    ]
    .join("\n")
}
