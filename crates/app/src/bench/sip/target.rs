//! What is measured: a program of its own on a core of its own, seen through `/proc`.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use super::super::now;

/// For starting, with a large directory to read.
const START: Duration = Duration::from_mins(1);

/// A program that computes no more than this in a second has nothing to do.
const IDLE: Duration = Duration::from_millis(10);
/// By how much memory may differ that does not change.
const STILL_KB: u64 = 100;

pub struct Target {
    pub name: &'static str,
    pub sip: SocketAddr,
    child: Child,
}

impl Target {
    /// Starts `program`, on one core if it is to have one, and waits until it answers OPTIONS.
    pub fn start(
        name: &'static str,
        core: Option<usize>,
        program: &Path,
        arguments: &[impl AsRef<OsStr>],
        sip: SocketAddr,
    ) -> anyhow::Result<Self> {
        let log = fs::File::create(log_path(name))?;
        let mut command = match core {
            Some(core) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", &core.to_string()]).arg(program);
                pinned
            }
            None => Command::new(program),
        };
        let child =
            command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn().with_context(
                || format!("{name} can't be started; taskset (util-linux) is needed to choose its core"),
            )?;
        let mut target = Self { name, sip, child };
        target.wait()?;
        Ok(target)
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(log_path(self.name)).unwrap_or_default()
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let here = socket.local_addr()?;
        let since = now();
        for n in 0.. {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}); {} says why", self.name, log_path(self.name).display());
            }
            if since.elapsed() > START {
                bail!("{} does not answer", self.name);
            }
            let options = format!(
                "OPTIONS sip:{0} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\nFrom: <sip:a@{here}>;tag=1\r\n\
                 To: <sip:{0}>\r\nCall-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                self.sip
            );
            // Refused while nobody listens.
            let _ = socket.send_to(options.as_bytes(), self.sip);
            if socket.recv(&mut [0; 2048]).is_ok() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn processes(&self) -> Vec<PathBuf> {
        let mut known = vec![self.child.id()];
        let all: Vec<(u32, u32)> = fs::read_dir("/proc")
            .map(|entries| entries.flatten().filter_map(|entry| parentage(&entry.path())).collect())
            .unwrap_or_default();
        // Kamailio's workers are children of its first process, which are never parents of a process with a lower number.
        for (process, parent) in all {
            if known.contains(&parent) {
                known.push(process);
            }
        }
        known.iter().map(|process| PathBuf::from(format!("/proc/{process}"))).collect()
    }

    /// What it has computed so far, all its processes and threads together.
    pub fn cpu(&self) -> Duration {
        self.threads().into_iter().map(|(_, cpu)| cpu).sum()
    }

    /// Waits until it has done what it put off, and has given back what memory it does not need.
    pub fn settle(&self) {
        let mut before = (Duration::MAX, 0);
        while self.cpu().abs_diff(before.0) > IDLE || self.memory().abs_diff(before.1) > STILL_KB {
            before = (self.cpu(), self.memory());
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// The same by the threads' names.
    pub fn threads(&self) -> Vec<(String, Duration)> {
        let mut threads: Vec<(String, Duration)> = Vec::new();
        let tasks = self.processes().into_iter().filter_map(|process| fs::read_dir(process.join("task")).ok());
        for task in tasks.flatten().flatten().map(|task| task.path()) {
            let name = fs::read_to_string(task.join("comm")).unwrap_or_default().trim().to_owned();
            let stat = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            let cpu = Duration::from_nanos(stat.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0));
            match threads.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += cpu,
                None => threads.push((name, cpu)),
            }
        }
        threads
    }

    /// Memory in use, in kilobytes; what processes share is counted once. Pages of files do not count: the system keeps
    /// them as long as nobody else needs the room.
    pub fn memory(&self) -> u64 {
        let pss = |process: PathBuf| {
            let text = fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
            let own = text.lines().filter(|line| line.starts_with("Pss_Anon:") || line.starts_with("Pss_Shmem:"));
            own.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>()
        };
        self.processes().into_iter().map(pss).sum()
    }
}

fn log_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{name}-bench.log"))
}

/// A process and its parent.
fn parentage(process: &Path) -> Option<(u32, u32)> {
    let number = process.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
    Some((number, parent))
}

impl Drop for Target {
    fn drop(&mut self) {
        // By its own number; Kamailio ends its workers, Lineside its calls.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
