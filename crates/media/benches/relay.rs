//! What the relay costs: `cargo bench -p lineside-media`, or with a name of `SCENES` behind `--`.
//!
//! One thread relays; this one plays all phones and sends each of them its packet every 20 ms. What is measured is the
//! time that the relay's threads spend on a core, which other work on the machine does not change much, and what they
//! did not take in time.

#![expect(clippy::unwrap_used, reason = "what fails to be set up ends the measurement")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#![expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^52")]

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

use lineside_media::{
    codec::Codec,
    coder::{Decoder, Encoder, Rate},
    playlist::Playlist,
    relay::{Leg, LegFormat, RecordRequest, Relay, RelayConfig, Session},
    rtp,
    srtp::{Protector, SrtpKey, SrtpKeys, Suite, Unprotector},
    tone,
};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PACKET_TIME: Duration = Duration::from_millis(20);
const LEGS: [Leg; 2] = [Leg::A, Leg::B];

type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[
    ("srtp", srtp),
    ("codecs", codecs),
    ("relayed", || calls("relayed", 300, 5, Kind::Relayed)),
    ("secure", || calls("secure", 300, 5, Kind::Secure)),
    ("played", || calls("played", 300, 5, Kind::Played)),
    ("recorded", || calls("recorded", 500, 8, Kind::Recorded)),
    ("transcoded", || calls("transcoded", 30, 5, Kind::Transcoded)),
    ("relayed-1500", || calls("relayed-1500", 1500, 10, Kind::Relayed)),
    ("flood", flood),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Relayed,
    Secure,
    Played,
    Recorded,
    Transcoded,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!("load {}", fs::read_to_string("/proc/loadavg").unwrap().trim());
    for (name, scene) in SCENES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            scene();
        }
    }
}

/// A phone: its socket, and the packet that it sends over and over.
struct Phone {
    socket: UdpSocket,
    protector: Option<Protector>,
    header: rtp::Header,
    step: u32,
    payload: Vec<u8>,
}

impl Phone {
    fn new(session: &Session, leg: Leg, codec: Codec, key: Option<&SrtpKey>) -> Phone {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
        // Nobody listens: what comes is dropped there, and costs the relay what it would cost anyway.
        socket.set_recv_buffer_size(2304).unwrap();
        socket.connect(&SocketAddr::new(LOCAL, session.port(leg)).into()).unwrap();
        let mut payload = Vec::new();
        Encoder::new(codec, Rate::Narrow).encode(&tone::generate(&[440.0], 0.3, 160, 8_000), &mut payload);
        let payload_type = codec.payload_type();
        let ssrc = u32::from(session.port(leg));
        let header = rtp::Header { marker: false, payload_type, sequence: 0, timestamp: 0, ssrc };
        let step = codec.ticks(PACKET_TIME);
        Phone { socket: socket.into(), protector: key.map(Protector::new), header, step, payload }
    }

    fn send(&mut self) {
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(self.step);
        let mut packet = self.header.packet(&self.payload);
        if let Some(protector) = &mut self.protector {
            protector.rtp(&mut packet).unwrap();
        }
        let _ = self.socket.send(&packet);
    }
}

fn calls(name: &str, count: u16, seconds: u32, kind: Kind) {
    let relay = relay(count);
    let folder = tempfile::tempdir().unwrap();
    let sessions: Vec<Session> = (0..count).map(|_| relay.open().unwrap()).collect();
    let mut phones = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        for leg in LEGS {
            let codec = if kind == Kind::Transcoded && leg == Leg::A { Codec::Opus } else { Codec::Pcmu };
            let srtp = (kind == Kind::Secure).then(keys);
            let phone = Phone::new(session, leg, codec, srtp.as_ref().map(|keys| &keys.inbound));
            session.describe(leg, LegFormat { srtp, ..LegFormat::new(codec) });
            session.expect(leg, Some(phone.socket.local_addr().unwrap()));
            if kind == Kind::Played {
                session.play(leg, Playlist::new().tone(&[440.0], 0.3, Duration::from_mins(1)));
            }
            phones.push(phone);
        }
        if kind == Kind::Recorded {
            let path = folder.path().join(format!("{index}.wav"));
            session.record(RecordRequest::call(path, Duration::from_hours(1)));
        }
    }
    // The first round latches, opens files and makes decoders.
    phones.iter_mut().for_each(Phone::send);
    thread::sleep(Duration::from_millis(500));
    let packets = || sessions.iter().flat_map(|session| LEGS.map(|leg| session.stats(leg).packets)).sum::<u64>();
    let before = (packets(), cpu("media-relay"), cpu("media-disk"), Instant::now());
    let rounds = seconds * 50;
    let mut sent = 0_u64;
    // Spread over the 20 ms, as calls are.
    let portion = phones.len().div_ceil(20);
    let mut start = before.3;
    for round in 0..rounds {
        for (part, some) in (0_u32..).zip(phones.chunks_mut(portion)) {
            let (due, now) = (start + PACKET_TIME * round + PACKET_TIME / 20 * part, Instant::now());
            thread::sleep(due.saturating_duration_since(now));
            // Phones that were kept from speaking do not shout it all at once.
            if now.saturating_duration_since(due) > PACKET_TIME * 5 {
                start += now.saturating_duration_since(due);
            }
            some.iter_mut().for_each(Phone::send);
            sent += some.len() as u64;
        }
    }
    let took = before.3.elapsed();
    // What is still in the sockets is late, and not lost.
    let mut received = 0;
    while received < sent {
        thread::sleep(Duration::from_secs(1));
        let so_far = packets() - before.0;
        if so_far == received {
            break;
        }
        received = so_far;
    }
    let (relaying, writing) = (cpu("media-relay").saturating_sub(before.1), cpu("media-disk").saturating_sub(before.2));
    let each = relaying.as_secs_f64() * 1e6 / received.max(1) as f64;
    println!(
        "{name:13} {count} calls: {received} of {sent} packets in {took:.1?}, loss {:.3} %; relay {relaying:.2?} of a core, \
         {each:.2} µs a packet, {:.0} calls a core; disk {writing:.2?}",
        100.0 * (sent - received.min(sent)) as f64 / sent as f64,
        1e6 / (each * 100.0),
    );
}

/// A relay with one thread, and with ports that none before it had: those may still be closing.
fn relay(calls: u16) -> Relay {
    static NEXT_PORT: AtomicU16 = AtomicU16::new(10_000);
    let first = NEXT_PORT.fetch_add(calls * 4, Ordering::Relaxed);
    let mut config = RelayConfig::new(LOCAL, first..=first + calls * 4 - 1, usize::from(calls));
    config.threads = 1;
    Relay::start(config).unwrap()
}

fn keys() -> SrtpKeys {
    let key = SrtpKey::new(Suite::AesCm80, &[7; 30]).unwrap();
    SrtpKeys { inbound: key.clone(), outbound: key }
}

/// The time on a core of the threads of that name.
fn cpu(name: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path());
    let named = tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name));
    named.map(schedstat).sum()
}

fn schedstat(task: impl AsRef<Path>) -> Duration {
    let stat = fs::read_to_string(task.as_ref().join("schedstat")).unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0))
}

/// The time on a core of one of many.
fn each(name: &str, mut one: impl FnMut()) {
    const TIME: Duration = Duration::from_millis(500);
    let (mut count, start) = (0_u32, schedstat("/proc/thread-self"));
    let mut took = Duration::ZERO;
    while took < TIME {
        (0..50).for_each(|_| one());
        count += 50;
        took = schedstat("/proc/thread-self").saturating_sub(start);
    }
    println!("{name:13} {:.2?}", took / count);
}

fn srtp() {
    for suite in [Suite::AesCm80, Suite::AesGcm] {
        let key = SrtpKey::new(suite, &vec![7; suite.length()]).unwrap();
        let (mut protector, mut unprotector) = (Protector::new(&key), Unprotector::new(&key));
        let mut header = rtp::Header { marker: false, payload_type: 0, sequence: 0, timestamp: 0, ssrc: 1 };
        each(&format!("srtp both ways, {}", suite.name()), || {
            header.sequence = header.sequence.wrapping_add(1);
            let mut packet = header.packet(&[0x55; 160]);
            protector.rtp(&mut packet).unwrap();
            unprotector.rtp(&mut packet).unwrap();
        });
    }
}

fn codecs() {
    for (from, to) in [
        (Codec::Opus, Codec::Pcmu),
        (Codec::Pcmu, Codec::Opus),
        (Codec::G722, Codec::Pcmu),
        (Codec::Pcmu, Codec::G722),
        (Codec::G722, Codec::Opus),
        (Codec::Opus, Codec::G722),
        (Codec::Pcmu, Codec::Pcma),
    ] {
        let rate = Rate::between(from, to);
        let mut source = Encoder::new(from, rate);
        let speech = tone::generate(&[440.0, 620.0, 1330.0], 0.2, source.rate().frame(), source.rate().hertz());
        let mut packet = Vec::new();
        source.encode(&speech, &mut packet);
        let (mut decoder, mut encoder) = (Decoder::new(from, rate), Encoder::new(to, rate));
        let (mut samples, mut payload) = (Vec::new(), Vec::new());
        each(&format!("{} to {}", from.name(), to.name()), || {
            samples.clear();
            payload.clear();
            decoder.decode(&packet, &mut samples);
            encoder.encode(&samples, &mut payload);
        });
    }
}

/// A million datagrams without sense at the ports of a call that goes on.
fn flood() {
    let relay = relay(1);
    let session = relay.open().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut phones = LEGS.map(|leg| Phone::new(&session, leg, Codec::Pcmu, None));
    for (leg, phone) in LEGS.into_iter().zip(&phones) {
        session.describe(leg, LegFormat::new(if leg == Leg::A { Codec::Pcmu } else { Codec::Opus }));
        session.expect(leg, Some(phone.socket.local_addr().unwrap()));
    }
    session.record(RecordRequest::call(folder.path().join("call.wav"), Duration::from_hours(1)));
    phones.iter_mut().for_each(Phone::send);
    let (memory, before, start) = (resident(), cpu("media-relay"), Instant::now());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = [0; 400];
    for count in 0..1_000_000_usize {
        for chunk in bytes.chunks_mut(8) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            chunk.copy_from_slice(&random.to_le_bytes());
        }
        let length = bytes.len() * (count % 101) / 100;
        if count % 2 == 0 {
            // As if of the call's own stream.
            bytes[..2].copy_from_slice(&[0x80, [0, 111, 9, 101][count / 2 % 4]]);
            bytes[8..12].copy_from_slice(&phones[0].header.ssrc.to_be_bytes());
        }
        let _ = phones[count / 4 % 2].socket.send(&bytes[..length]);
        if count % 100 == 0 {
            thread::yield_now();
        }
    }
    thread::sleep(Duration::from_millis(300));
    let counted: u64 = LEGS.iter().map(|&leg| session.stats(leg).packets + session.stats(leg).refused).sum();
    println!(
        "flood         1000000 datagrams in {:.1?}, {counted} came to the relay, {:.2?} of a core; memory {} KB more",
        start.elapsed(),
        cpu("media-relay").saturating_sub(before),
        resident().saturating_sub(memory),
    );
}

/// Memory in use, in kilobytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
