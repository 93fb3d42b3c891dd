//! `lineside bench mutate`: millions of damaged messages and senseless packets at a running program in which two phones
//! talk. They must not notice, nothing may panic, and memory must not grow.

mod damage;
mod talk;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;

use self::damage::Damage;
use self::talk::Sound;
use super::now;
use super::sip::phones::{Line, Phones, Talk};
use super::sip::target::Target;
use super::sip::{prepare, start_lineside};

#[derive(Args)]
pub struct Options {
    /// Damaged messages, nine of ten over UDP and the others over TCP.
    #[arg(long, default_value_t = 10_000_000)]
    messages: u64,
    /// Packets without sense at the ports of the call.
    #[arg(long, default_value_t = 1_000_000)]
    packets: u64,
    /// Where the randomness begins: the same seed sends the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A folder of messages to damage, beside those of the phones themselves.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../sip/tests/data/rfc4475"))]
    corpus: PathBuf,
    /// Where the database is made; kept, and used again by the next run.
    #[arg(long, default_value = "/tmp/lineside-bench-mutate")]
    data: PathBuf,
}

/// Lines that talk, and as many whose messages are damaged.
const LINES: usize = 4;
/// Messages that are sent before the program is asked whether it has dealt with them: no more than answers fit into a socket.
const BATCH: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(10);
/// What memory may grow by: buffers that have found their size, and tables of what is remembered for half a minute.
const GROWTH_KB: u64 = 48 * 1024;
/// The same in the second half of so many messages, when all of them have.
const LATE_GROWTH_KB: u64 = 2 * 1024;
const MANY: u64 = 5_000_000;
/// Of each phone's packets, so many of a thousand may be lost while the ports are flooded.
const LOST: u64 = 10;

pub fn run(options: &Options, runtime: &tokio::runtime::Handle) -> anyhow::Result<()> {
    let (lines, pages) = runtime.block_on(prepare(&options.data, 2 * LINES))?;
    // Damaged credentials are guesses at a password, for which a line is not heard for a while: not the one of the call.
    let (damaged, lines) = lines.split_at(LINES);
    let lineside = start_lineside(&options.data, None, pages.http())?;
    let corpus = corpus(options, damaged, lineside.sip)?;
    crate::say(&format!("{} messages to damage, seed {}", corpus.len(), options.seed));

    let sounds = [Sound::new(0)?, Sound::new(1)?];
    let mut phones = Phones::new(lines, lineside.sip)?;
    phones.ports = [sounds[0].port()?, sounds[1].port()?];
    phones.register(lines.len(), 1)?;
    let talk = phones.begin()?;
    let is_over = AtomicBool::new(false);
    let goes_on = || !is_over.load(Ordering::Relaxed);
    let mut damage = Damage::new(options.seed, corpus);
    // What the program needs for working at all is not what it grows by.
    flood(&lineside, &mut damage, options.messages.min(20_000))?;
    let before = lineside.memory();
    let [stands, heard, half] = thread::scope(|scope| {
        let kept = scope.spawn(|| phones.keep(&talk, goes_on));
        let talked = scope.spawn(|| talk::talk(&sounds, talk.ports, goes_on));
        let mut all = || {
            flood(&lineside, &mut damage, options.messages / 2)?;
            let half = lineside.memory();
            flood(&lineside, &mut damage, options.messages.div_ceil(2))?;
            packets(&talk, &mut damage, options.packets)?;
            anyhow::Ok(half)
        };
        let half = all();
        is_over.store(true, Ordering::Relaxed);
        let kept = kept.join().unwrap_or_else(|_| bail!("a phone failed"));
        let talked = talked.join().map_err(|_| anyhow::anyhow!("the sound failed"));
        [kept.map(u64::from), talked, half]
    });
    let half = half?;
    ensure!(stands? == 1, "the call was ended");
    phones.end(&talk)?;
    let next = phones.begin()?;
    phones.end(&next)?;
    let (after, log) = (lineside.memory(), lineside.log());
    let lost = heard?;
    crate::say(&format!(
        "memory: {before} KB before, {half} KB after half of the messages, {after} KB at the end; of 1000 packets {lost} were \
         lost to the phones"
    ));
    ensure!(lost <= LOST, "the call was disturbed");
    ensure!(!log.contains("panicked"), "something panicked; the log says where");
    ensure!(after <= before + GROWTH_KB, "memory has grown by {} KB", after - before);
    let is_settled = options.messages < MANY || after <= half + LATE_GROWTH_KB;
    ensure!(is_settled, "memory goes on growing, by {} KB", after - half);
    Ok(())
}

/// The messages of a registration and of a call, and those of the folder.
fn corpus(options: &Options, lines: &[Line], sip: SocketAddr) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut phones = Phones::new(lines, sip)?;
    phones.sent = Some(Mutex::default());
    phones.register(lines.len(), 1)?;
    phones.call(2, 1)?;
    let mut corpus = phones.sent.take().and_then(|sent| sent.into_inner().ok()).unwrap_or_default();
    let folder =
        std::fs::read_dir(&options.corpus).with_context(|| format!("{} can't be read", options.corpus.display()))?;
    for entry in folder {
        corpus.push(std::fs::read(entry?.path())?);
    }
    Ok(corpus)
}

/// Sends damaged messages as fast as the program deals with them.
fn flood(target: &Target, damage: &mut Damage, count: u64) -> anyhow::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(target.sip)?;
    let since = now();
    let mut stream = None;
    for n in 0..count {
        let message = damage.message();
        if n % 10 == 9 {
            send_over(&mut stream, target.sip, &message)?;
        } else {
            // Longer than a datagram can be, and what the system refuses, is no loss.
            let _ = socket.send(&message);
        }
        if n % BATCH == BATCH - 1 {
            wait(&socket, n).with_context(|| format!("after {n} messages"))?;
        }
    }
    crate::say(&format!("{count} damaged messages in {:.1?}", since.elapsed()));
    Ok(())
}

/// Over a connection, and over another when that one was closed: what was damaged may have been a length.
fn send_over(stream: &mut Option<TcpStream>, to: SocketAddr, message: &[u8]) -> anyhow::Result<()> {
    if let Some(open) = stream {
        let mut answers = [0; 4_096];
        let is_open = loop {
            match open.read(&mut answers) {
                Ok(0) => break false,
                Ok(_) => {}
                Err(error) => break error.kind() == std::io::ErrorKind::WouldBlock,
            }
        };
        if is_open && open.write_all(message).is_ok() {
            return Ok(());
        }
    }
    let mut open = TcpStream::connect(to).context("no connection is taken any more")?;
    let _ = open.write_all(message);
    open.set_nonblocking(true)?;
    *stream = Some(open);
    Ok(())
}

/// Asks with OPTIONS until it is answered: all that came before was dealt with by then.
fn wait(socket: &UdpSocket, n: u64) -> anyhow::Result<()> {
    let here = socket.local_addr()?;
    let mark = format!("z9hG4bKmark{n}");
    let options = format!(
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch={mark}\r\nMax-Forwards: 70\r\nFrom: <sip:a@{here}>;tag=1\r\n\
         To: <sip:127.0.0.1>\r\nCall-ID: mark{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let (since, mut answer) = (now(), vec![0; 65_535]);
    while since.elapsed() < PATIENCE {
        socket.send(options.as_bytes())?;
        while let Ok(length) = socket.recv(&mut answer) {
            if answer[..length].windows(mark.len()).any(|part| part == mark.as_bytes()) {
                return Ok(());
            }
        }
    }
    bail!("the program answers no more")
}

/// At the ports of the call, with as much sense as chance gives them, and often from where the phones might send.
fn packets(talk: &Talk, damage: &mut Damage, count: u64) -> anyhow::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let since = now();
    for n in 0..count {
        let port = talk.ports[usize::from(n % 2 == 1)] + u16::from(n % 8 > 5);
        let _ = socket.send_to(&damage.packet(), (Ipv4Addr::LOCALHOST, port));
        // Some 30,000 a second, three hundred times the call's own: faster, the sockets' buffers drop what they can't hold.
        if n % 64 == 63 {
            thread::sleep(Duration::from_millis(2));
        }
    }
    crate::say(&format!("{count} packets at the ports of the call in {:.1?}", since.elapsed()));
    Ok(())
}
