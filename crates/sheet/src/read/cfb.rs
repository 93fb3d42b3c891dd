//! The compound file that an XLS lies in ([MS-CFB]): its one stream, with every chain bounded by the file's size.

use crate::error::SheetError;

const END_OF_CHAIN: u32 = 0xffff_fffe;
/// Beyond these lie marks, not sectors.
const LAST_SECTOR: u32 = 0xffff_fffa;
const HEADER: usize = 512;
const ENTRY: usize = 128;
const MINI_SECTOR: usize = 64;

pub(super) struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    mini_table: Vec<u32>,
    mini_stream: Vec<u8>,
    mini_below: usize,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    size: usize,
}

fn damaged(why: &str) -> SheetError {
    SheetError::damaged(why)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl<'a> Compound<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, SheetError> {
        let short = || damaged("its header is cut off");
        let header = bytes.get(..HEADER).ok_or_else(short)?;
        let sector = match u16_at(header, 30) {
            Some(9) => 512,
            Some(12) => 4096,
            _ => return Err(damaged("its header is not that of an Excel file")),
        };
        let field = |at| u32_at(header, at).ok_or_else(short);
        let (directory, mini_below, mini_start, more) = (field(48)?, field(56)?, field(60)?, field(68)?);
        let mut compound = Self {
            bytes,
            sector,
            table: Vec::new(),
            mini_table: Vec::new(),
            mini_stream: Vec::new(),
            mini_below: mini_below as usize,
            entries: Vec::new(),
        };
        compound.read_table(header, more)?;
        for entry in compound.chain(directory, usize::MAX)?.chunks_exact(ENTRY) {
            compound.entries.extend(read_entry(entry));
        }
        if mini_start < LAST_SECTOR
            && let Some(root) = compound.entries.first()
        {
            let (start, size) = (root.start, root.size);
            compound.mini_stream = compound.chain(start, size)?;
            compound.mini_table = numbers(&compound.chain(mini_start, usize::MAX)?);
        }
        Ok(compound)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, SheetError> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        if entry.size >= self.mini_below {
            return self.chain(entry.start, entry.size).map(Some);
        }
        let mut stream = Vec::new();
        let mut at = entry.start;
        while at < LAST_SECTOR && stream.len() < entry.size {
            let start = at as usize * MINI_SECTOR;
            let piece =
                self.mini_stream.get(start..start + MINI_SECTOR).ok_or_else(|| damaged("a stream leads nowhere"))?;
            stream.extend_from_slice(piece);
            at = *self.mini_table.get(at as usize).ok_or_else(|| damaged("a stream leads nowhere"))?;
        }
        stream.truncate(entry.size);
        Ok(Some(stream))
    }

    /// The table of which sector follows which: its own sectors stand in the header, and in a chain when those don't suffice.
    fn read_table(&mut self, header: &[u8], mut more: u32) -> Result<(), SheetError> {
        let mut sectors = numbers(&header[76..HEADER]);
        let most = self.bytes.len() / self.sector + 1;
        let mut hops = 0;
        while more < LAST_SECTOR {
            hops += 1;
            let mut listed = numbers(self.sector_bytes(more)?);
            more = listed.pop().unwrap_or(END_OF_CHAIN);
            sectors.extend(listed);
            if hops > most {
                return Err(damaged("its table of sectors goes in a circle"));
            }
        }
        let used: Vec<u32> = sectors.into_iter().filter(|sector| *sector < LAST_SECTOR).take(most).collect();
        for sector in used {
            let listed = numbers(self.sector_bytes(sector)?);
            self.table.extend(listed);
        }
        Ok(())
    }

    fn sector_bytes(&self, sector: u32) -> Result<&'a [u8], SheetError> {
        let start = (sector as usize + 1) * self.sector;
        // The last one may be cut short by a program that saves bytes.
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty());
        rest.map(|rest| &rest[..rest.len().min(self.sector)]).ok_or_else(|| damaged("it ends too early"))
    }

    fn chain(&self, start: u32, size: usize) -> Result<Vec<u8>, SheetError> {
        let mut chain = Vec::new();
        let mut at = start;
        while at < LAST_SECTOR && chain.len() < size {
            chain.extend_from_slice(self.sector_bytes(at)?);
            if chain.len() > self.bytes.len() {
                return Err(damaged("its sectors go in a circle"));
            }
            at = *self.table.get(at as usize).ok_or_else(|| damaged("a sector leads nowhere"))?;
        }
        chain.truncate(size);
        Ok(chain)
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|four| u32_at(four, 0)).collect()
}

fn read_entry(entry: &[u8]) -> Option<Entry> {
    let length = usize::from(u16_at(entry, 64)?).clamp(2, 64) - 2;
    let units: Vec<u16> = entry[..length].chunks_exact(2).filter_map(|two| u16_at(two, 0)).collect();
    let (start, size) = (u32_at(entry, 116)?, u32_at(entry, 120)? as usize);
    Some(Entry { name: String::from_utf16_lossy(&units), start, size })
}
