//! The program put together: database, use cases, switch, web server, workers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use lineside_auth::{Cost, CryptoRng, Hasher, OsRandom, Sealer};
use lineside_model::directory::NoticeAnswer;
use lineside_model::id::{AccountId, CallId, LineId, UserId};
use lineside_service::directory::DirectoryChange;
use lineside_service::outage::outlast;
use lineside_service::resync::Phones;
use lineside_service::test_call::Calls;
use lineside_service::{Parts, Service, ServiceError, Settings};
use lineside_store::Store;
use lineside_switch::{Certificate, Directory, Outside, Switch, SwitchConfig, SwitchHandle};
use object_store::local::LocalFileSystem;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::{outside, registrations};

/// Everything runs; [`Program::run`] serves until the process is told to end.
pub struct Program {
    pub service: Service,
    pub sip_addr: SocketAddr,
    listener: TcpListener,
    switch: Arc<SwitchHandle>,
    /// What the switch has told is written down by these, which end after it.
    writers: Vec<JoinHandle<()>>,
}

/// The use cases over the configured database, without listening anywhere.
pub async fn service(config: &Config) -> anyhow::Result<Service> {
    std::fs::create_dir_all(&config.data).with_context(|| format!("{} can't be made", config.data.display()))?;
    let sealer = Sealer::create_or_open(&config.data.join("seal.key"), &mut OsRandom)?;
    let store = Store::open(&config.database).await?;
    let files = config.data.join("files");
    std::fs::create_dir_all(&files).with_context(|| format!("{} can't be made", files.display()))?;
    let mail = match &config.smtp {
        Some(smtp) => lineside_mail::Transport::smtp(smtp.clone())?,
        None => lineside_mail::Transport::spool(config.spool()),
    };
    let service = Service::new(Parts {
        store,
        hasher: Hasher::new(Cost::PRODUCTION)?,
        sealer,
        clock: Arc::new(SystemClock),
        random: || Box::new(OsRandom) as Box<dyn CryptoRng + Send>,
        files: Arc::new(LocalFileSystem::new_with_prefix(&files)?.with_fsync(true)),
        mail,
        settings: Settings {
            portal_url: config.http_url.clone(),
            sip_host: config.sip_host.clone(),
            sip_port: config.sip_listen.port(),
            sip_transport: config.sip_transport,
            ntp_server: config.ntp_server.clone(),
            mail_from: config.mail_from.clone(),
            mail_spool: config.smtp.is_none().then(|| config.spool()),
            audio_cache: config.data.join("cache"),
        },
    });
    service.install_catalogue().await?;
    Ok(service)
}

impl Program {
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let listener = listen(config.http_listen).await?;
        let service = service(config).await?;
        Self::start_with(config, service, listener).await
    }

    pub async fn start_with(config: &Config, service: Service, listener: TcpListener) -> anyhow::Result<Self> {
        let http_addr = listener.local_addr()?;
        allow_open_files();
        let (switch, writers) = start_switch(config, &service).await?;
        let switch = Arc::new(switch);
        let sip_addr = switch.local_addr();
        service.connect_calls(Arc::new(SwitchedCalls(Arc::clone(&switch))));
        tokio::spawn({
            let service = service.clone();
            async move { service.run_mailer().await }
        });
        tokio::spawn({
            let service = service.clone();
            async move { service.run_scheduler().await }
        });
        tokio::spawn({
            let (service, phones) = (service.clone(), Arc::new(RegisteredPhones(Arc::clone(&switch))));
            async move { service.run_resyncs(phones).await }
        });
        tokio::spawn({
            let service = service.clone();
            async move { service.run_retention().await }
        });
        tokio::spawn({
            let service = service.clone();
            async move { service.run_rests().await }
        });
        tracing::info!(%http_addr, %sip_addr, engine = service.engine(), "Lineside is up");
        Ok(Self { service, sip_addr, listener, switch, writers })
    }

    pub async fn run(self) -> anyhow::Result<()> {
        let app = lineside_portal::router(self.service.clone()).merge(lineside_api::router(self.service.clone()));
        let serve = axum::serve(self.listener, app.into_make_service_with_connect_info::<SocketAddr>());
        // Open event streams would hold a graceful end up for ever, so the server is dropped when the process is told to.
        tokio::select! {
            ended = serve => ended?,
            () = told_to_end() => {}
        }
        tracing::info!("Lineside ends");
        self.switch.stop().await;
        // Calls that were just ended belong into the history, and messages that were just left into their mailboxes.
        let written = async {
            for writer in self.writers {
                let _ = writer.await;
            }
        };
        if tokio::time::timeout(WRITING, written).await.is_err() {
            tracing::warn!("the database is too slow: what is left is taken up at the next start");
        }
        Ok(())
    }
}

/// A call takes four sockets, and a connection one; most systems give a program a thousand unless it asks for what it may have.
fn allow_open_files() {
    let limits = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits }) {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
    if let Some(maximum) = limits.maximum.filter(|maximum| *maximum < ENOUGH_FILES) {
        tracing::warn!(maximum, "few open files are allowed: about {} calls at a time", maximum / 5);
    }
}

/// For a thousand calls.
const ENOUGH_FILES: u64 = 5_000;
/// For what the switch told last to be written down.
const WRITING: Duration = Duration::from_secs(10);

/// Ports are taken before anything is promised.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let taken = || format!("the web address {address} can't be taken; is another program using it?");
    TcpListener::bind(address).await.with_context(taken)
}

async fn told_to_end() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate => {}
    }
}

async fn start_switch(config: &Config, service: &Service) -> anyhow::Result<(SwitchHandle, Vec<JoinHandle<()>>)> {
    let directory = Directory::new();
    let feed = service.directory_feed();
    fill(service, &directory).await?;
    tokio::spawn(follow_feed(service.clone(), directory.clone(), feed));

    let mut nonce_key = [0; 32];
    rand::Rng::fill_bytes(&mut OsRandom, &mut nonce_key);
    let mut switch = SwitchConfig::new(config.sip_listen, config.rtp_ports.clone(), nonce_key);
    switch.media_addr = config.media_address;
    (switch.tls_addr, switch.ws_addr, switch.wss_addr) = (config.tls_listen, config.ws_listen, config.wss_listen);
    switch.certificate = Some(match &config.sip_certificate {
        Some((chain, key)) => Certificate::read(chain, key)?,
        None => Certificate::create_or_open(&config.data, &config.sip_host)?,
    });
    switch.dns.clone_from(&config.dns_servers);
    switch.trust.clone_from(&config.sip_trust);
    switch.rules.advertised_host.clone_from(&config.sip_host);
    switch.rules.spool = config.data.join("calls");
    switch.talked = service.talked_today().await?;
    let (registrations, write_behind) = registrations::write_behind(service);
    let (reports, outside) = outside::of(service);
    let outside = Outside { registrations: Arc::new(write_behind), ..outside };
    let handle = Switch::start(switch, directory, outside, service.bindings().await?).await?;
    Ok((handle, vec![registrations, reports]))
}

/// All that the switch knows, anew.
async fn fill(service: &Service, directory: &Directory) -> Result<(), ServiceError> {
    directory.replace_accounts(service.directory_accounts().await?);
    directory.replace_trunks(service.directory_trunks().await?);
    directory.replace_all(service.directory().await?);
    Ok(())
}

/// Puts each change into the switch's directory; after falling behind, or when a change could not be read, all of it anew.
async fn follow_feed(
    service: Service,
    directory: Directory,
    mut feed: tokio::sync::broadcast::Receiver<DirectoryChange>,
) {
    loop {
        match feed.recv().await {
            Ok(DirectoryChange::Put(user)) => directory.put(*user),
            Ok(DirectoryChange::Remove(user)) => directory.remove(user),
            Ok(DirectoryChange::Account(account)) => directory.put_account(*account),
            Ok(DirectoryChange::Trunks(trunks)) => directory.replace_trunks(trunks),
            Ok(DirectoryChange::Everybody) => read_anew(&service, &directory).await,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "the switch fell behind and reads the whole directory anew");
                read_anew(&service, &directory).await;
            }
            Err(RecvError::Closed) => return,
        }
    }
}

async fn read_anew(service: &Service, directory: &Directory) {
    if let Err(error) = outlast(|| fill(service, directory)).await {
        tracing::error!(%error, "the directory can't be read");
    }
}

/// Phones are asked over the flows of their registrations.
struct RegisteredPhones(Arc<SwitchHandle>);

#[async_trait]
impl Phones for RegisteredPhones {
    async fn notify(&self, line: LineId, event: &str) -> Vec<NoticeAnswer> {
        self.0.notify(line, event, None).await
    }
}

struct SwitchedCalls(Arc<SwitchHandle>);

impl Calls for SwitchedCalls {
    fn test_call(&self, account: AccountId, user: UserId) {
        self.0.test_call(account, user);
    }

    fn hang_up(&self, call: CallId) {
        self.0.hang_up(call);
    }
}
