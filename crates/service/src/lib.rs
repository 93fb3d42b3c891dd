//! Use cases: who may do what. Every page, endpoint, phone and worker comes through here; this room sees neither HTTP nor
//! HTML nor SQL.
//!
//! - [`caller`]: who asks, and what they may touch
//! - [`change`]: plan and apply
//! - [`reading`]: lists and records, each scoped to the caller's account
//! - [`selection`]: whom a mass action is about
//! - [`user_view`]: saved views and chosen columns of the list of users
//! - [`history`]: what others changed since somebody looked
//! - [`sign_in`], [`password`], [`api_token`]: getting in
//! - [`operator`]: accounts; [`catalogue`]: what can be assigned in them
//! - [`provisioning`]: what a phone gets when it asks
//! - [`directory`]: what the switch knows, and what it reports back
//! - [`test_call`]: test calls, and the hand that ends a call
//! - [`call`], [`voicemail`], [`recording`]: what calls leave behind; [`question`]: what telephones ask
//! - [`call_settings`]: rules for calls, trunks, and where a call would go
//! - [`outage`]: what waits for a database that is away
//! - [`schedule`]: what waits for its day, and the worker that carries it out
//! - [`greeting_archive`]: greetings of many users in one file
//! - [`leaving`]: what becomes of those who left
//! - [`import`]: users from files, and files to fill in
//! - [`mailer`], [`resync`]: the outbox's workers, of mails and of phones that are asked to fetch anew; [`live`]: news for open pages

pub mod api_token;
mod applying;
pub mod audio;
pub mod call;
pub mod call_settings;
pub mod caller;
pub mod catalogue;
pub mod change;
pub mod clock;
pub mod directory;
pub mod emergency;
pub mod error;
pub mod greeting;
pub mod greeting_archive;
pub mod history;
pub mod import;
pub mod incident;
pub mod leaving;
pub mod live;
pub mod mailer;
pub mod mint;
pub mod operator;
pub mod outage;
pub mod password;
pub mod provisioning;
pub mod question;
pub mod reading;
pub mod recording;
pub mod resync;
pub mod schedule;
pub mod selection;
pub mod sign_in;
pub mod test_call;
pub mod user_view;
pub mod voicemail;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::SubsecRound as _;
use lineside_auth::{CryptoRng, Hasher, Sealer};
use lineside_model::directory::Transport;
use lineside_model::id::ChangeId;
use lineside_store::Store;
use object_store::ObjectStore;
use tokio::sync::Notify;
use uuid::Uuid;

pub use self::caller::{Caller, Identity};
pub use self::change::Outcome;
pub use self::clock::Clock;
pub use self::error::ServiceError;
pub use lineside_store as store;

/// Identifiers of one millisecond are told apart by so many bits in order, and by chance beyond.
const COUNTER_BITS: u32 = 12;

/// Where randomness comes from: a fresh source each time it is needed.
pub type Random = fn() -> Box<dyn CryptoRng + Send>;

/// What the configuration says that use cases need to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach the portal, without a slash at the end: `https://phones.example.com`.
    pub portal_url: String,
    /// Where phones send SIP.
    pub sip_host: String,
    pub sip_port: u16,
    pub sip_transport: Transport,
    pub ntp_server: String,
    /// Mail's From.
    pub mail_from: String,
    /// Mail goes to a folder, since no SMTP server is configured: pages say so.
    pub mail_spool: Option<std::path::PathBuf>,
    /// A folder of this machine for sound that the switch plays; all of it can be made anew from the storage.
    pub audio_cache: std::path::PathBuf,
}

/// All use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    hasher: Hasher,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    random: Random,
    files: Arc<dyn ObjectStore>,
    mail: lineside_mail::Transport,
    settings: Settings,
    live: live::Live,
    live_calls: call::LiveCalls,
    asked_tests: test_call::AskedTests,
    calls: OnceLock<Arc<dyn test_call::Calls>>,
    feed: directory::Feed,
    mail_due: Notify,
    resync_due: Notify,
    schedule_due: Notify,
    applying: applying::Applying,
    /// The millisecond and counter of the last identifier.
    last_id: AtomicU64,
}

/// What a [`Service`] is made of.
pub struct Parts {
    pub store: Store,
    pub hasher: Hasher,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub random: Random,
    /// Greetings, voicemail and recordings.
    pub files: Arc<dyn ObjectStore>,
    pub mail: lineside_mail::Transport,
    pub settings: Settings,
}

impl Service {
    pub fn new(parts: Parts) -> Self {
        let Parts { store, hasher, sealer, clock, random, files, mail, settings } = parts;
        let inner = Inner {
            store,
            hasher,
            sealer,
            clock,
            random,
            files,
            mail,
            settings,
            live: live::Live::default(),
            live_calls: call::LiveCalls::default(),
            asked_tests: test_call::AskedTests::default(),
            calls: OnceLock::new(),
            feed: directory::Feed::default(),
            mail_due: Notify::new(),
            resync_due: Notify::new(),
            schedule_due: Notify::new(),
            applying: applying::Applying::default(),
            last_id: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// In whole microseconds, as the databases keep it: what is read again equals what was written and stands in the journal.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.inner.clock.now().trunc_subsecs(6)
    }

    /// A new identifier for a change: for a form when it is opened, for a request when it arrives.
    pub fn new_change_id(&self) -> ChangeId {
        ChangeId(self.new_uuid())
    }

    /// The engine below, for the health page.
    pub fn engine(&self) -> &'static str {
        self.store().engine()
    }

    /// No account exists yet.
    pub async fn is_empty(&self) -> Result<bool, ServiceError> {
        Ok(self.store().is_empty().await?)
    }

    /// Gives the database's memory back when there is little to do. Runs until the task is dropped.
    pub async fn run_rests(&self) {
        self.store().run_rests().await;
    }

    /// Gives the database back in good order.
    pub async fn close(&self) {
        self.store().close().await;
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn rng(&self) -> Box<dyn CryptoRng + Send> {
        (self.inner.random)()
    }

    /// In the order of their making, within a millisecond too (RFC 9562 section 6.2, method 1): the journal is read so.
    pub(crate) fn new_uuid(&self) -> Uuid {
        let mut random = [0; 10];
        self.rng().fill_bytes(&mut random);
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        let now = millis << COUNTER_BITS;
        let next = |last: u64| if last >> COUNTER_BITS == millis { last + 1 } else { now };
        let last = self
            .inner
            .last_id
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)))
            .unwrap_or_default();
        let id = next(last);
        let counter = u16::try_from(id & ((1 << COUNTER_BITS) - 1)).unwrap_or_default();
        random[..2].copy_from_slice(&counter.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(id >> COUNTER_BITS, &random).into_uuid()
    }
}
