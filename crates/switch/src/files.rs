//! Work with files for the core, on a thread of its own, and what a crash left behind.

use std::{
    fs, io,
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use lineside_media::{RATE, prompt::Prompt, wav};
use lineside_model::call_report::{CallRecorded, CallReport, MessageLeft};

use crate::{
    edge::{Inbox, Input},
    ledger::{BEAT, Ledger},
    told::Job,
};

/// The header of a WAV as the relay writes it.
const HEADER: u64 = 44;
/// Longer files are none of ours.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The way to the thread that does them.
#[derive(Debug, Clone)]
pub(crate) struct Files(mpsc::Sender<Job>);

impl Files {
    /// Makes the folder and starts the thread; it ends with its last handle.
    pub(crate) fn start(spool: &Path, inbox: Inbox) -> io::Result<Files> {
        fs::create_dir_all(spool)?;
        let mut ledger = Ledger::open(spool)?;
        let (sender, jobs) = mpsc::channel();
        thread::Builder::new().name("switch-files".into()).spawn(move || {
            loop {
                let kept = match next(&jobs, &ledger) {
                    Ok(Job::Talking(talking)) => ledger.talking(talking),
                    Ok(Job::Over(key)) => ledger.over(key),
                    Ok(job) => {
                        tell(&inbox, work(job));
                        Ok(())
                    }
                    Err(RecvTimeoutError::Timeout) => ledger.beat(),
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                if let Err(error) = kept {
                    tracing::error!(%error, "calls that go on would be lost in a crash");
                }
            }
        })?;
        Ok(Files(sender))
    }

    pub(crate) fn give(&self, job: Job) {
        let _ = self.0.send(job);
    }
}

/// The next job; a time-out when there is none, and people talk.
fn next(jobs: &mpsc::Receiver<Job>, ledger: &Ledger) -> Result<Job, RecvTimeoutError> {
    if ledger.has_open() { jobs.recv_timeout(BEAT) } else { jobs.recv().map_err(|_| RecvTimeoutError::Disconnected) }
}

fn tell(inbox: &Inbox, done: Option<Done>) {
    match done {
        Some(Done::Loaded(number, prompt)) => inbox.command(Input::Loaded(number, prompt)),
        Some(Done::LookedUp(number, found)) => inbox.command(Input::LookedUp(number, found)),
        None => {}
    }
}

/// What comes back of a job, with its number.
#[derive(Debug)]
pub(crate) enum Done {
    Loaded(u64, Option<Prompt>),
    LookedUp(u64, Vec<SocketAddr>),
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
        Job::LookUp(number, host, port) => {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
            if let Err(error) = &found {
                tracing::warn!(host, %error, "a trunk's name was not found");
            }
            return Some(Done::LookedUp(number, found.unwrap_or_default()));
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
        // The thread's own.
        Job::Talking(_) | Job::Over(_) => {}
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

/// What was being recorded when the program ended, to be reported now; notes of what was taken away since are removed.
pub(crate) fn left_behind(spool: &Path) -> Vec<CallReport> {
    let Ok(entries) = fs::read_dir(spool) else { return Vec::new() };
    let notes = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut reports = Vec::new();
    for path in notes.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let report = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        match report.and_then(measured) {
            Some(report) => reports.push(report),
            None => drop(fs::remove_file(path)),
        }
    }
    reports
}

/// The report with the length that the file came to; nothing when the file is gone or empty.
fn measured(report: CallReport) -> Option<CallReport> {
    match report {
        CallReport::MessageLeft(message) => {
            let duration_ms = length(&message.audio, 1)?;
            Some(CallReport::MessageLeft(MessageLeft { duration_ms, ..message }))
        }
        CallReport::Recorded(call) => {
            let duration_ms = length(&call.audio, 2)?;
            Some(CallReport::Recorded(CallRecorded { duration_ms, ..call }))
        }
        _ => None,
    }
}

fn length(audio: &Path, channels: u64) -> Option<u32> {
    let samples = fs::metadata(audio).ok()?.len().checked_sub(HEADER)? / (2 * channels);
    let length = Duration::from_millis(samples * 1000 / u64::from(RATE));
    u32::try_from(length.as_millis()).ok().filter(|length| *length > 0)
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
            at: chrono::DateTime::UNIX_EPOCH,
            duration_ms: 0,
            audio,
        })
    }

    #[test]
    fn what_a_crash_interrupted_is_reported_with_its_length_until_somebody_took_it() {
        let spool = tempfile::tempdir().unwrap();
        let audio = spool.path().join("a.wav");
        let wav = Wav { rate: RATE, channels: 1, samples: vec![7; 16_000] };
        fs::write(&audio, wav::write(&wav).unwrap()).unwrap();
        work(Job::Note(audio.clone(), Box::new(left(audio.clone()))));
        let [CallReport::MessageLeft(message)] = &left_behind(spool.path())[..] else { panic!() };
        assert_eq!(message.duration_ms, 2_000);
        fs::rename(&audio, spool.path().join("taken")).unwrap();
        assert!(left_behind(spool.path()).is_empty());
        assert!(!note(&audio).exists(), "the note goes once its recording is taken");
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
