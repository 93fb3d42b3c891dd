//! A network in virtual time, for tests of this crate and of what is built on it: loss, duplicates, delay and so
//! reordering over UDP; order and arbitrary chunks over streams. The same seed gives the same network.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::tokens::KeyedHash;
use crate::{Flow, Transmit};

/// How good the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// Datagrams lost, in percent.
    pub loss: u64,
    /// Datagrams that arrive twice, in percent.
    pub twice: u64,
    /// Between sending and arriving; reordering comes from the spread.
    pub delay: (Duration, Duration),
}

/// Between any number of endpoints.
pub struct Network {
    dice: Dice,
    weather: Weather,
    on_the_way: BinaryHeap<Reverse<Packet>>,
    serial: u64,
    /// When the last chunk of a stream arrives: later ones do not overtake it.
    last: HashMap<(SocketAddr, SocketAddr), Instant>,
}

/// What arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// As the receiver sees it: `local` is the receiver.
    pub flow: Flow,
    /// A datagram, or a chunk of a stream for [`crate::stream::Framer`].
    pub bytes: Bytes,
}

#[derive(Debug, PartialEq, Eq)]
struct Packet {
    at: Instant,
    serial: u64,
    arrival: Arrival,
}

impl Ord for Packet {
    fn cmp(&self, other: &Packet) -> std::cmp::Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}

impl PartialOrd for Packet {
    fn partial_cmp(&self, other: &Packet) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Chance, repeated with its seed.
pub struct Dice {
    hash: KeyedHash,
    thrown: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice { hash: KeyedHash::new(u128::from(seed).to_le_bytes()), thrown: 0 }
    }

    /// 0 to `sides` - 1.
    pub fn throw(&mut self, sides: u64) -> u64 {
        self.thrown += 1;
        self.hash.hash(&[b"dice", &self.thrown.to_le_bytes()]) % sides.max(1)
    }

    /// Between the two, to the millisecond.
    pub fn between(&mut self, (least, most): (Duration, Duration)) -> Duration {
        let spread = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX - 1);
        least + Duration::from_millis(self.throw(spread + 1))
    }
}

impl Network {
    pub fn new(seed: u64, weather: Weather) -> Network {
        Network { dice: Dice::new(seed), weather, on_the_way: BinaryHeap::new(), serial: 0, last: HashMap::new() }
    }

    pub fn send(&mut self, now: Instant, transmit: &Transmit) {
        let flow = Flow { local: transmit.flow.remote, remote: transmit.flow.local, ..transmit.flow };
        if flow.transport.is_stream() {
            return self.send_in_chunks(now, flow, &transmit.bytes);
        }
        let copies = match () {
            () if self.dice.throw(100) < self.weather.loss => 0,
            () if self.dice.throw(100) < self.weather.twice => 2,
            () => 1,
        };
        for _ in 0..copies {
            let at = now + self.dice.between(self.weather.delay);
            self.put(at, Arrival { flow, bytes: transmit.bytes.clone() });
        }
    }

    fn send_in_chunks(&mut self, now: Instant, flow: Flow, bytes: &Bytes) {
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let len = 1 + usize::try_from(self.dice.throw(rest.len() as u64)).unwrap_or_default();
            let chunk = rest.split_to(len.min(rest.len()));
            let at = now + self.dice.between(self.weather.delay);
            let last = self.last.entry((flow.remote, flow.local)).or_insert(at);
            *last = at.max(*last);
            let at = *last;
            self.put(at, Arrival { flow, bytes: chunk });
        }
    }

    fn put(&mut self, at: Instant, arrival: Arrival) {
        self.serial += 1;
        self.on_the_way.push(Reverse(Packet { at, serial: self.serial, arrival }));
    }

    /// When something arrives next.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.on_the_way.peek().map(|Reverse(packet)| packet.at)
    }

    /// What has arrived by `now`, one after another.
    pub fn receive(&mut self, now: Instant) -> Option<Arrival> {
        self.next_arrival().filter(|at| *at <= now)?;
        self.on_the_way.pop().map(|Reverse(packet)| packet.arrival)
    }
}
