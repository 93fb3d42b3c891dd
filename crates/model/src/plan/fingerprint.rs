//! What two plans of one change are compared by.

use std::cell::Cell;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use sha2::{Digest, Sha256};

use super::step::HIDDEN;
use super::{Plan, Record, Step};

/// What two plans of one change are compared by: steps with the versions that they read, blockers, seat deltas; without
/// minted secrets and the counts that others move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Plan {
    pub fn fingerprint(&self) -> Fingerprint {
        let deltas: Vec<_> = self.seats.iter().map(|seats| (seats.license_type_id, seats.date, seats.delta)).collect();
        let blockers: Vec<_> = self.blockers.iter().map(|blocker| (blocker.kind, &blocker.message)).collect();
        let mut hash = Sha256::new();
        hash.update(self.earlier.digest());
        feed(&mut hash, &self.steps);
        hash.update(serde_json::to_vec(&(deltas, blockers)).unwrap_or_default());
        Fingerprint(hex::encode(hash.finalize()))
    }
}

/// Steps of an earlier part, after those that came before it.
pub(super) fn digest(before: &[u8], steps: &[Step]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    feed(&mut hash, steps);
    hash.finalize().into()
}

/// Each record by its version before and what it is afterwards, without what a person does not read: instants are part of
/// what is written (`created_at`, `confirmed.at`) and differ between two plans.
fn feed(hash: &mut Sha256, steps: &[Step]) {
    for step in steps.iter().filter(|step| !step.is_rehearsal()) {
        let (kind, id) = step.identity();
        hash.update(kind);
        hash.update(id.as_bytes());
        hash.update(step.version_before().unwrap_or_default().to_be_bytes());
        if let Some(record) = &step.after {
            feed_record(hash, record);
        }
        // A new secret looks as the old one does.
        hash.update([u8::from(step.replaces_secret())]);
    }
}

fn feed_record(hash: &mut Sha256, record: &Record) {
    let muted = Cell::new(false);
    let formatter = Seen { muted: &muted, key: String::new(), in_key: false, depth: 0, muted_at: None };
    let mut serializer = Serializer::with_formatter(Hashing { hash, muted: &muted }, formatter);
    // Records are plain data, and a hash takes whatever it is given.
    let _ = record.serialize(&mut serializer);
}

/// Takes what is not muted.
struct Hashing<'a> {
    hash: &'a mut Sha256,
    muted: &'a Cell<bool>,
}

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.muted.get() {
            self.hash.update(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Mutes the values of hidden fields.
struct Seen<'a> {
    muted: &'a Cell<bool>,
    key: String,
    in_key: bool,
    depth: usize,
    muted_at: Option<usize>,
}

impl Formatter for Seen<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.in_key = true;
        self.key.clear();
        CompactFormatter.begin_object_key(writer, first)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if self.in_key {
            self.key.push_str(fragment);
        }
        writer.write_all(fragment.as_bytes())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_key = false;
        CompactFormatter.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.muted_at.is_none() && (self.key == "at" || HIDDEN.contains(&self.key.as_str())) {
            self.muted_at = Some(self.depth);
            self.muted.set(true);
        }
        CompactFormatter.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        if self.muted_at == Some(self.depth) {
            self.muted_at = None;
            self.muted.set(false);
        }
        Ok(())
    }
}
