//! All records of an endpoint: by key, by what messages say, and by time.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Instant;

use super::{Record, TransactionKey, WireId};

#[derive(Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_wire: HashMap<u64, TransactionKey, BuildHasherDefault<AsIs>>,
    /// When to look at which record. A record has one entry, rarely two; stale ones are skipped.
    timers: BinaryHeap<Reverse<(Instant, TransactionKey)>>,
    /// Clients over connections, by `Flow::id`: they fail with it.
    by_flow: BTreeSet<(u64, TransactionKey)>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    record: Option<Record>,
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
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let place = &mut self.slots[slot as usize];
        place.generation = place.generation.wrapping_add(1);
        let key = TransactionKey { slot, generation: place.generation };
        self.by_wire.insert(record.wire.number(), key);
        if record.machine.is_client() && record.flow.transport.is_reliable() {
            self.by_flow.insert((record.flow.id, key));
        }
        place.record = Some(record);
        self.arm(key);
        key
    }

    pub fn find(&self, wire: WireId) -> Option<TransactionKey> {
        self.by_wire.get(&wire.number()).copied()
    }

    pub fn get(&mut self, key: TransactionKey) -> Option<&mut Record> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if slot.generation == key.generation { slot.record.as_mut() } else { None }
    }

    pub fn remove(&mut self, key: TransactionKey) {
        let Some(slot) = self.slots.get_mut(key.slot as usize).filter(|slot| slot.generation == key.generation) else {
            return;
        };
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
            self.timers.push(Reverse((next, key)));
            self.sweep();
        }
    }

    /// Over connections most records end long before their timers: drop what is left of those now and then.
    fn sweep(&mut self) {
        if self.timers.len() < 1024 || self.timers.len() < 2 * self.len() {
            return;
        }
        let slots = &self.slots;
        self.timers.retain(|Reverse((at, key))| {
            slots.get(key.slot as usize).is_some_and(|slot| {
                slot.generation == key.generation
                    && slot.record.as_ref().is_some_and(|record| record.armed == Some(*at))
            })
        });
    }

    /// The next record whose time has come.
    pub fn due(&mut self, now: Instant) -> Option<TransactionKey> {
        while let Some(Reverse((at, key))) = self.timers.peek().copied() {
            if at > now {
                return None;
            }
            self.timers.pop();
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
        self.timers.peek().map(|Reverse((at, _))| *at)
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
