//! All records of an endpoint: by key, by what messages say, and by time.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Instant;

use super::{Record, Timers, TransactionKey, WireId};

#[derive(Default)]
pub(crate) struct Table {
    slots: Slots,
    free: Vec<u32>,
    by_wire: HashMap<u64, TransactionKey, BuildHasherDefault<AsIs>>,
    /// When to look at which record. A record has one entry, rarely two; stale ones are skipped.
    timers: Timers,
    /// Clients over connections, by `Flow::id`: they fail with it.
    by_flow: BTreeSet<(u64, TransactionKey)>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    record: Option<Record>,
}

/// In pieces, so that more of them move none.
#[derive(Default)]
struct Slots {
    pieces: Vec<Box<[Slot]>>,
    used: u32,
}

/// Slots that come together.
const PIECE: u32 = 256;

impl Slots {
    /// A new one.
    fn add(&mut self) -> u32 {
        let slot = self.used;
        if slot.is_multiple_of(PIECE) {
            self.pieces.push((0..PIECE).map(|_| Slot::default()).collect());
        }
        self.used += 1;
        slot
    }

    fn get(&self, slot: u32) -> Option<&Slot> {
        self.pieces.get((slot / PIECE) as usize)?.get((slot % PIECE) as usize)
    }

    fn get_mut(&mut self, slot: u32) -> Option<&mut Slot> {
        self.pieces.get_mut((slot / PIECE) as usize)?.get_mut((slot % PIECE) as usize)
    }
}

/// [`WireId`]s are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Table {
    pub fn len(&self) -> usize {
        self.by_wire.len()
    }

    pub fn insert(&mut self, record: Record) -> TransactionKey {
        let slot = self.free.pop().unwrap_or_else(|| self.slots.add());
        let mut key = TransactionKey { slot, generation: 0 };
        let wire = record.wire.number();
        let flow = (record.machine.is_client() && record.flow.transport.is_reliable()).then_some(record.flow.id);
        if let Some(place) = self.slots.get_mut(slot) {
            place.generation = place.generation.wrapping_add(1);
            key.generation = place.generation;
            place.record = Some(record);
        }
        self.by_wire.insert(wire, key);
        self.by_flow.extend(flow.map(|flow| (flow, key)));
        self.arm(key);
        key
    }

    pub fn find(&self, wire: WireId) -> Option<TransactionKey> {
        self.by_wire.get(&wire.number()).copied()
    }

    pub fn get(&mut self, key: TransactionKey) -> Option<&mut Record> {
        let slot = self.slots.get_mut(key.slot)?;
        if slot.generation == key.generation { slot.record.as_mut() } else { None }
    }

    pub fn remove(&mut self, key: TransactionKey) {
        let Some(slot) = self.slots.get_mut(key.slot).filter(|slot| slot.generation == key.generation) else { return };
        if let Some(record) = slot.record.take() {
            self.free.push(key.slot);
            if self.by_wire.get(&record.wire.number()) == Some(&key) {
                self.by_wire.remove(&record.wire.number());
            }
            self.by_flow.remove(&(record.flow.id, key));
        }
    }

    /// To be called after each event of a record. Only an earlier moment needs an entry: at a later one the record is looked
    /// at when the old one comes.
    pub fn arm(&mut self, key: TransactionKey) {
        let Some(record) = self.get(key) else { return };
        let Some(next) = record.machine.next() else { return };
        if record.armed.is_none_or(|armed| next < armed) {
            record.armed = Some(next);
            self.timers.push(next, key);
            self.sweep();
        }
    }

    /// Over connections most records end long before their timers: drop what is left of those now and then.
    fn sweep(&mut self) {
        if self.timers.len() < 1024 || self.timers.len() < 2 * self.len() {
            return;
        }
        let slots = &self.slots;
        self.timers.retain(|at, key| {
            slots.get(key.slot).is_some_and(|slot| {
                slot.generation == key.generation && slot.record.as_ref().is_some_and(|record| record.armed == Some(at))
            })
        });
    }

    /// The next record whose time has come.
    pub fn due(&mut self, now: Instant) -> Option<TransactionKey> {
        while let Some((at, key)) = self.timers.pop(now) {
            let Some(record) = self.get(key).filter(|record| record.armed == Some(at)) else { continue };
            record.armed = None;
            if record.machine.next().is_some_and(|next| next <= now) {
                return Some(key);
            }
            self.arm(key);
        }
        None
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The client transactions over that connection.
    pub fn clients_of(&self, flow_id: u64) -> Vec<TransactionKey> {
        let first = TransactionKey { slot: 0, generation: 0 };
        let last = TransactionKey { slot: u32::MAX, generation: u32::MAX };
        self.by_flow.range((flow_id, first)..=(flow_id, last)).map(|(_, key)| *key).collect()
    }
}

/// A record stays small: there is one for 32 seconds after each request over UDP.
const _: () = assert!(size_of::<Slot>() <= 256);
