//! Work with files for the core, on threads of its own, and what a crash left behind.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, TimeDelta, Utc};

use lineside_media::{RATE, prompt::Prompt, wav};
use lineside_model::call_report::{CallRecorded, CallReport, MessageLeft};

use crate::{
    edge::{self, Inbox, Input},
    ledger::Keeper,
    told::Job,
};

/// Longer files are none of ours.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How often the spool is looked through.
const SWEEP: Duration = Duration::from_mins(10);
/// No recording is written for that long: who should have taken it could not.
const LEFT: TimeDelta = TimeDelta::hours(7);

/// The way to the thread that does them, and to the one that keeps the ledger: whoever waits for sound to be read does not wait
/// until more calls are answered.
#[derive(Debug)]
pub(crate) struct Files {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
    ledger: Keeper,
}

impl Files {
    /// Makes the folder and starts the threads; they end with their handle.
    pub(crate) fn start(spool: &Path, inbox: Inbox) -> io::Result<Files> {
        fs::create_dir_all(spool)?;
        let ledger = Keeper::start(spool)?;
        let spool = spool.to_owned();
        let (sender, jobs) = mpsc::channel();
        let thread = thread::Builder::new().name("switch-files".into()).spawn(move || run(&jobs, &spool, &inbox))?;
        Ok(Files { jobs: sender, thread, ledger })
    }

    pub(crate) fn give(&self, job: Job) {
        match job {
            Job::Ledger(entry) => self.ledger.give(entry),
            job => drop(self.jobs.send(job)),
        }
    }

    /// Does what was given, and ends.
    pub(crate) fn finish(self) {
        drop(self.jobs);
        let _ = self.thread.join();
        self.ledger.finish();
    }
}

fn run(jobs: &mpsc::Receiver<Job>, spool: &Path, inbox: &Inbox) {
    let mut sweep_at = edge::now().instant + SWEEP;
    loop {
        match jobs.recv_timeout(sweep_at.saturating_duration_since(edge::now().instant)) {
            Ok(job) => {
                if let Some(Done::Loaded(number, prompt)) = work(job) {
                    inbox.command(Input::Loaded(number, prompt));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = edge::now();
        if sweep_at <= now.instant {
            sweep_at = now.instant + SWEEP;
            let found = swept(spool, now.utc);
            if !found.is_empty() {
                inbox.command(Input::Found(found));
            }
        }
    }
}

/// What comes back of a job, with its number.
#[derive(Debug)]
pub(crate) enum Done {
    Loaded(u64, Option<Prompt>),
}

/// Does one job.
pub(crate) fn work(job: Job) -> Option<Done> {
    match job {
        Job::Load(number, path) => {
            let prompt = load(&path);
            if prompt.is_none() {
                tracing::warn!(path = %path.display(), "a recording can not be read and is left out");
            }
            return Some(Done::Loaded(number, prompt));
        }
        Job::Note(path, report) => {
            let written = serde_json::to_vec(&*report).map_err(io::Error::other);
            if let Err(error) = written.and_then(|text| fs::write(note(&path), text)) {
                tracing::error!(path = %path.display(), %error, "a recording would be lost in a crash");
            }
        }
        Job::Drop(path) => {
            let _ = fs::remove_file(note(&path));
            let _ = fs::remove_file(path);
        }
        // The ledger's, and the network's.
        Job::Ledger(_) | Job::LookUp(..) | Job::Connect(..) => {}
    }
    None
}

fn load(path: &Path) -> Option<Prompt> {
    if fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let wav = wav::read(&fs::read(path).ok()?).ok()?;
    (wav.rate == RATE && wav.channels == 1).then(|| Prompt::new(wav.samples))
}

fn note(path: &Path) -> PathBuf {
    path.with_extension("json")
}

/// What was being recorded when the program ended, to be reported now. Notes of what was taken since are removed, and what
/// nobody had said was good.
pub(crate) fn left_behind(spool: &Path) -> Vec<CallReport> {
    let Ok(entries) = fs::read_dir(spool) else { return Vec::new() };
    let mut reports = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => reports.extend(reported(&path)),
            Some("wav") if !note(&path).exists() => drop(fs::remove_file(path)),
            _ => {}
        }
    }
    reports
}

/// The same while the program runs, of what has lain there for long: the database may have been away when it was told.
fn swept(spool: &Path, now: DateTime<Utc>) -> Vec<CallReport> {
    let Ok(entries) = fs::read_dir(spool) else { return Vec::new() };
    let mut reports = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let written = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let is_left = |path: &Path| written(path).is_some_and(|at| now - DateTime::<Utc>::from(at) >= LEFT);
        let audio = path.with_extension("wav");
        match path.extension().and_then(|extension| extension.to_str()) {
            // A note is written before its recording; the next sweep is soon enough.
            Some("json") if is_left(&audio) || (!audio.exists() && is_older(written(&path), now)) => {
                reports.extend(reported(&path));
            }
            Some("wav") if !note(&path).exists() && is_left(&path) => drop(fs::remove_file(path)),
            _ => {}
        }
    }
    reports
}

fn is_older(written: Option<SystemTime>, now: DateTime<Utc>) -> bool {
    let sweep = TimeDelta::from_std(SWEEP).unwrap_or_default();
    written.is_none_or(|at| now - DateTime::<Utc>::from(at) >= sweep)
}

/// The report of a note, with the length that its recording came to; without a recording the note goes.
fn reported(path: &Path) -> Option<CallReport> {
    let report = fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let report = report.and_then(measured);
    if report.is_none() {
        let _ = fs::remove_file(path);
    }
    report
}

fn measured(report: CallReport) -> Option<CallReport> {
    match report {
        CallReport::MessageLeft(message) => {
            let duration_ms = length(&message.audio)?;
            Some(CallReport::MessageLeft(MessageLeft { duration_ms, ..message }))
        }
        CallReport::Recorded(call) => {
            let duration_ms = length(&call.audio)?;
            Some(CallReport::Recorded(CallRecorded { duration_ms, ..call }))
        }
        _ => None,
    }
}

/// Of a recording whose header is made true by the way: a crash leaves it a little behind.
fn length(audio: &Path) -> Option<u32> {
    let samples = wav::complete(audio).ok()?;
    u32::try_from(samples * 1000 / u64::from(RATE)).ok().filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use lineside_media::wav::Wav;
    use lineside_model::{
        call_report::CallParty,
        id::{CallId, UserId},
    };
    use uuid::Uuid;

    use super::*;
    use crate::fixture;

    fn left(audio: PathBuf) -> CallReport {
        CallReport::MessageLeft(MessageLeft {
            call: CallId(Uuid::nil()),
            account: fixture::account_id(),
            user: UserId(Uuid::nil()),
            caller: CallParty::default(),
            at: DateTime::UNIX_EPOCH,
            duration_ms: 0,
            audio,
        })
    }

    #[test]
    fn what_a_crash_interrupted_is_reported_with_its_length_until_somebody_took_it() {
        let spool = tempfile::tempdir().unwrap();
        let audio = spool.path().join("a.wav");
        let wav = Wav { rate: RATE, channels: 1, samples: vec![7; 16_000] };
        // As a crash leaves it: the header says that nothing was recorded yet.
        let mut bytes = wav::write(&wav).unwrap();
        bytes[4..8].copy_from_slice(&36_u32.to_le_bytes());
        bytes[40..44].fill(0);
        fs::write(&audio, bytes).unwrap();
        work(Job::Note(audio.clone(), Box::new(left(audio.clone()))));
        let [CallReport::MessageLeft(message)] = &left_behind(spool.path())[..] else { panic!() };
        assert_eq!(message.duration_ms, 2_000);
        assert_eq!(wav::read(&fs::read(&audio).unwrap()).unwrap().samples.len(), 16_000, "it plays to its end");
        fs::rename(&audio, spool.path().join("taken")).unwrap();
        assert!(left_behind(spool.path()).is_empty());
        assert!(!note(&audio).exists(), "the note goes once its recording is taken");
    }

    #[test]
    fn what_nobody_took_is_told_again_and_what_nobody_wants_goes() {
        let spool = tempfile::tempdir().unwrap();
        let of = |name: &str| spool.path().join(name);
        let wav = wav::write(&Wav { rate: RATE, channels: 1, samples: vec![7; 8_000] }).unwrap();
        for name in ["kept.wav", "draft.wav"] {
            fs::write(of(name), &wav).unwrap();
        }
        work(Job::Note(of("kept.wav"), Box::new(left(of("kept.wav")))));
        work(Job::Note(of("taken.wav"), Box::new(left(of("taken.wav")))));
        let written = DateTime::<Utc>::from(fs::metadata(of("kept.wav")).unwrap().modified().unwrap());
        assert!(swept(spool.path(), written + TimeDelta::minutes(5)).is_empty());
        assert!(of("taken.json").exists() && of("draft.wav").exists(), "a recording may still run");
        assert!(swept(spool.path(), written + TimeDelta::hours(1)).is_empty());
        assert!(!of("taken.json").exists(), "the note goes once its recording is taken");
        assert_eq!(swept(spool.path(), written + TimeDelta::hours(8)).len(), 1);
        assert!(of("kept.wav").exists() && !of("draft.wav").exists());
    }

    #[test]
    fn only_our_kind_of_file_is_played() {
        let spool = tempfile::tempdir().unwrap();
        let audio = spool.path().join("a.wav");
        fs::write(&audio, b"RIFF").unwrap();
        assert!(matches!(work(Job::Load(3, audio)), Some(Done::Loaded(3, None))));
        assert!(matches!(work(Job::Load(4, spool.path().join("none"))), Some(Done::Loaded(4, None))));
    }
}
