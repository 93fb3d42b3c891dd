//! The thread that writes recordings. The threads that poll sockets hand it blocks of samples and never wait for it.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use super::{
    Leg,
    event::{Ended, EventSink, Happened, Recorded},
};
use crate::{RATE, wav};

/// Samples that may wait for a disk that is slow: two minutes of a hundred calls. What comes then is a gap.
const WAITING: usize = 200_000_000;
/// After that many samples of a channel the header is told how long the file is, so that a crash leaves a playable file.
const PATCH: u64 = RATE as u64 * 3;

/// A handle to the thread, which ends with the last.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    work: mpsc::Sender<Work>,
    waiting: Arc<AtomicUsize>,
    next_file: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Work {
    Open {
        file: u64,
        channels: u16,
        session: u64,
        leg: Leg,
        recorded: Recorded,
    },
    /// Samples of all channels by turns; `position` counts those of one.
    Block {
        file: u64,
        position: u64,
        samples: Vec<i16>,
    },
    Close {
        file: u64,
        recorded: Recorded,
    },
}

impl Disk {
    pub(super) fn start(events: EventSink) -> io::Result<Self> {
        let (work, inbox) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut writer = Writer { inbox, waiting: waiting.clone(), events, files: HashMap::new() };
        thread::Builder::new().name("media-disk".into()).spawn(move || writer.run())?;
        Ok(Self { work, waiting, next_file: Arc::new(AtomicU64::new(0)) })
    }

    /// Begins a file. `recorded` is what is told if it fails.
    pub(super) fn open(&self, channels: u16, session: u64, leg: Leg, recorded: Recorded) -> u64 {
        let file = self.next_file.fetch_add(1, Ordering::Relaxed);
        let _ = self.work.send(Work::Open { file, channels, session, leg, recorded });
        file
    }

    /// Samples that find no room any more are dropped; their place in the file stays silent.
    pub(super) fn write(&self, file: u64, position: u64, samples: Vec<i16>) {
        if samples.is_empty() || self.waiting.load(Ordering::Relaxed) + samples.len() > WAITING {
            return;
        }
        self.waiting.fetch_add(samples.len(), Ordering::Relaxed);
        let _ = self.work.send(Work::Block { file, position, samples });
    }

    /// Completes a file, with `recorded.samples` in each channel, and tells of it.
    pub(super) fn close(&self, file: u64, recorded: Recorded) {
        let _ = self.work.send(Work::Close { file, recorded });
    }
}

struct Writer {
    inbox: mpsc::Receiver<Work>,
    waiting: Arc<AtomicUsize>,
    events: EventSink,
    files: HashMap<u64, Recording>,
}

struct Recording {
    file: File,
    channels: u16,
    session: u64,
    leg: Leg,
    recorded: Recorded,
    /// Samples of a channel that the header tells of.
    patched: u64,
    bytes: Vec<u8>,
}

impl Writer {
    fn run(&mut self) {
        while let Ok(work) = self.inbox.recv() {
            match work {
                Work::Open { file, channels, session, leg, recorded } => {
                    match Recording::create(channels, session, leg, recorded.clone()) {
                        Ok(recording) => {
                            self.files.insert(file, recording);
                        }
                        Err(error) => self.failed(session, leg, recorded, &error),
                    }
                }
                Work::Block { file, position, samples } => {
                    self.waiting.fetch_sub(samples.len(), Ordering::Relaxed);
                    let Some(recording) = self.files.get_mut(&file) else { continue };
                    if let Err(error) = recording.write(position, &samples) {
                        self.give_up(file, &error);
                    }
                }
                Work::Close { file, recorded } => {
                    let Some(recording) = self.files.get_mut(&file) else { continue };
                    if let Err(error) = recording.complete(recorded.samples) {
                        self.give_up(file, &error);
                        continue;
                    }
                    let (session, leg) = (recording.session, recording.leg);
                    self.files.remove(&file);
                    self.events.tell(session, leg, Happened::Recorded(recorded));
                }
            }
        }
    }

    fn give_up(&mut self, file: u64, error: &io::Error) {
        if let Some(Recording { session, leg, recorded, patched, .. }) = self.files.remove(&file) {
            self.failed(session, leg, Recorded { samples: patched, ..recorded }, error);
        }
    }

    fn failed(&self, session: u64, leg: Leg, recorded: Recorded, error: &io::Error) {
        tracing::error!(%error, path = %recorded.path.display(), "a recording can not be written; look at the disk");
        self.events.tell(session, leg, Happened::Recorded(Recorded { reason: Ended::Failed, ..recorded }));
    }
}

impl Recording {
    fn create(channels: u16, session: u64, leg: Leg, recorded: Recorded) -> io::Result<Self> {
        if let Some(folder) = recorded.path.parent().filter(|folder| *folder != Path::new("")) {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(&recorded.path)?;
        let mut recording = Self { file, channels, session, leg, recorded, patched: 0, bytes: Vec::new() };
        recording.patch(0)?;
        Ok(recording)
    }

    fn write(&mut self, position: u64, samples: &[i16]) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        let channels = u64::from(self.channels);
        self.file.write_all_at(&self.bytes, wav::HEADER + position * channels * 2)?;
        let end = position + samples.len() as u64 / channels;
        if end >= self.patched + PATCH { self.patch(end) } else { Ok(()) }
    }

    fn patch(&mut self, samples: u64) -> io::Result<()> {
        self.patched = samples;
        self.file.write_all_at(&wav::header(RATE, self.channels, samples), 0)
    }

    fn complete(&mut self, samples: u64) -> io::Result<()> {
        // What was dropped at the end is there as silence, and what is more than that goes.
        self.file.set_len(wav::HEADER + samples * u64::from(self.channels) * 2)?;
        self.patch(samples)?;
        self.file.sync_data()
    }
}
