//! The memory that something takes at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(10);

/// The process's own memory, the bench's included, looked at again and again. Pages of files do not count: the system keeps
/// those of a database that is read as long as nobody else needs the room.
pub struct MostMemory {
    is_over: Arc<AtomicBool>,
    watch: JoinHandle<u64>,
}

impl MostMemory {
    pub fn from_now_on() -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let until = is_over.clone();
        let watch = thread::spawn(move || {
            let mut most = 0;
            while !until.load(Ordering::Acquire) {
                most = most.max(own_memory());
                thread::sleep(EVERY);
            }
            most.max(own_memory())
        });
        Self { is_over, watch }
    }

    /// In kB.
    pub fn until_now(self) -> u64 {
        self.is_over.store(true, Ordering::Release);
        self.watch.join().unwrap_or_default()
    }
}

fn own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
