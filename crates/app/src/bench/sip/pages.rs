//! Pages and REST as a browser and a program see them over HTTP, while nothing happens and while every phone registers at once.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::ensure;

use super::super::now;
use super::phones::{Line, Phones};

/// Requests of each kind when nothing happens.
const CALM: usize = 100;

pub struct Pages {
    http: SocketAddr,
    session: String,
    token: String,
}

impl Pages {
    pub fn new(http: SocketAddr, session: String, token: String) -> Self {
        Self { http, session, token }
    }

    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Asks for a page and for a record over REST, again and again, first in peace and then while all phones register.
    pub fn measure(&self, lines: &[Line], sip: SocketAddr) -> anyhow::Result<()> {
        let mut calm = self.ask(|count| count < CALM)?;
        let is_over = AtomicBool::new(false);
        let mut busy = thread::scope(|scope| {
            let asking = scope.spawn(|| self.ask(|_| !is_over.load(Ordering::Relaxed)));
            let registered = Phones::new(lines, sip).and_then(|mut phones| phones.register(lines.len(), 1_000));
            is_over.store(true, Ordering::Relaxed);
            registered.and(asking.join().unwrap_or_else(|_| anyhow::bail!("the browser's thread has failed")))
        })?;
        for (what, times) in [("in peace", &mut calm), ("while all register at once", &mut busy)] {
            let [page, rest] = times.each_mut().map(|times| {
                times.sort_unstable();
                let at =
                    |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0;
                format!("{:.1} / {:.1} ms ({} of them)", at(50), at(95), times.len())
            });
            crate::say(&format!("lineside  a page {page} and REST {rest}, median / 95 %, {what}"));
        }
        Ok(())
    }

    /// A page and a REST answer in turn, as long as `goes_on`, and how long each took.
    fn ask(&self, goes_on: impl Fn(usize) -> bool) -> anyhow::Result<[Vec<Duration>; 2]> {
        let mut times = [Vec::new(), Vec::new()];
        for count in 0.. {
            if count > 0 && !goes_on(count) {
                break;
            }
            times[0].push(self.get("/users?search=an", &format!("Cookie: lineside_session={}", self.session))?);
            times[1].push(self.get("/api/v1/users?search=an", &format!("Authorization: Bearer {}", self.token))?);
        }
        Ok(times)
    }

    fn get(&self, path: &str, credentials: &str) -> anyhow::Result<Duration> {
        let since = now();
        let mut stream = TcpStream::connect(self.http)?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{credentials}\r\nConnection: close\r\n\r\n", self.http);
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        ensure!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{path} answered {}",
            String::from_utf8_lossy(&answer[..answer.len().min(60)])
        );
        Ok(since.elapsed())
    }
}
