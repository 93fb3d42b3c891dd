//! Zip archives, looked through before anything believes them: what their directory claims, and what their parts really unpack
//! to, counted while unpacking into nothing.

use std::io::{Cursor, Read};

use memchr::{memchr_iter, memmem};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::SheetError;
use crate::limits::Limits;

/// What an archive holds, as far as reading it has to know.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub names: Vec<String>,
    /// Some part speaks of merged cells.
    pub merged: bool,
    /// Some sheet has formulas.
    pub formulas: bool,
    pub macros: bool,
}

/// A spreadsheet has some dozens.
const PARTS_MAX: usize = 2_000;
/// The longest stretch of an XML part without a tag: Excel's longest cell has 32,767 characters, of up to ten bytes each.
const STRETCH_MAX: usize = 512 << 10;
/// Merged cells are a heading's ornament.
const MERGED_MAX: usize = 20_000;
/// Tags of the parts that are kept whole in memory.
const STRINGS_TAGS_MAX: usize = 5_000_000;
const STYLES_TAGS_MAX: usize = 400_000;

pub(crate) fn inspect(bytes: &[u8], limits: Limits) -> Result<Contents, SheetError> {
    if memmem::find_iter(bytes, b"PK\x01\x02").take(PARTS_MAX + 1).count() > PARTS_MAX {
        return Err(SheetError::Bomb);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut contents = Contents::default();
    let (mut claimed, mut unpacked) = (0_u64, 0_u64);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(unreadable)?;
        claimed = claimed.saturating_add(part.size());
        if claimed > limits.unpacked {
            return Err(SheetError::Bomb);
        }
        let name = part.name().map_err(unreadable)?.into_owned();
        unpacked = look_through(&mut part, &name, unpacked, limits, &mut contents)?;
        contents.macros |= name.ends_with("vbaProject.bin");
        contents.names.push(name);
    }
    Ok(contents)
}

pub(crate) fn unreadable(error: ZipError) -> SheetError {
    match error {
        ZipError::UnsupportedArchive(why) if why.to_lowercase().contains("password") => SheetError::Password,
        other => SheetError::damaged(other),
    }
}

/// What was found at the end of one piece belongs to the next one's beginning.
const OVERLAP: usize = 16;

fn look_through(
    part: &mut impl Read,
    name: &str,
    mut unpacked: u64,
    limits: Limits,
    contents: &mut Contents,
) -> Result<u64, SheetError> {
    let tags_max = tags_max(name);
    let mut piece = vec![0; OVERLAP + (64 << 10)];
    let (mut kept, mut total, mut stretch, mut tags, mut merged) = (0, 0_usize, 0, 0, 0);
    let mut is_xml = false;
    loop {
        let read = part.read(&mut piece[kept..]).map_err(SheetError::damaged)?;
        if read == 0 {
            break;
        }
        unpacked += read as u64;
        if unpacked > limits.unpacked {
            return Err(SheetError::Bomb);
        }
        let fresh = &piece[kept..kept + read];
        if total == 0 {
            is_xml = looks_like_xml(fresh);
        }
        total += read;
        let filled = kept + read;
        if is_xml {
            let mut last = None;
            for at in memchr_iter(b'<', fresh) {
                let since = last.map_or(stretch + at, |last| at - last);
                if since > STRETCH_MAX {
                    return Err(SheetError::damaged("one of its cells is longer than any program writes"));
                }
                (last, tags) = (Some(at), tags + 1);
            }
            stretch = last.map_or(stretch + read, |last| read - last);
            if stretch > STRETCH_MAX {
                return Err(SheetError::damaged("one of its cells is longer than any program writes"));
            }
            let seen = &piece[..filled];
            if memmem::find(seen, b"<!DOCTYPE").is_some() || memmem::find(seen, b"<!ENTITY").is_some() {
                return Err(SheetError::Entities);
            }
            contents.formulas |= memmem::find(seen, b"<f>").is_some() || memmem::find(seen, b"<f ").is_some();
            merged += memmem::find_iter(seen, b"<mergeCell ").count();
            if tags > tags_max || merged > MERGED_MAX {
                return Err(SheetError::Bomb);
            }
        }
        let keep = filled.min(OVERLAP);
        piece.copy_within(filled - keep..filled, 0);
        kept = keep;
    }
    contents.merged |= merged > 0;
    Ok(unpacked)
}

/// Only what begins like XML is read as XML by anybody.
fn looks_like_xml(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let wide = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || head.contains(&0);
    wide || head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

fn tags_max(name: &str) -> usize {
    let name = name.to_lowercase();
    if name.contains("sharedstrings") {
        STRINGS_TAGS_MAX
    } else if name.contains("styles") || name.contains("workbook") || name.contains("_rels/") {
        STYLES_TAGS_MAX
    } else {
        usize::MAX
    }
}
