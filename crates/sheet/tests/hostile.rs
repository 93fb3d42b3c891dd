//! Files that are made to do harm, and files that broke on their way: each is refused, or read, with a clear sentence, in
//! seconds and within 300 MB.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

mod files;

use std::fmt::Write as _;
use std::time::Instant;

use files::*;
use lineside_sheet::read::read;
use lineside_sheet::table::Table;
use lineside_sheet::{Limits, SheetError};
use proptest::prelude::*;

/// Reads the file; fails when that takes long, or more memory than it may.
fn watched(bytes: &[u8], limits: Limits) -> Result<Table, SheetError> {
    #[expect(clippy::disallowed_methods, reason = "measures how long reading takes")]
    let start = Instant::now();
    let result = read(bytes, limits);
    let took = start.elapsed();
    assert!(took.as_secs() < if cfg!(debug_assertions) { 100 } else { 10 }, "took {took:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak =
        peak.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kilobytes| kilobytes.parse::<u64>().ok());
    let file = bytes.len() as u64 >> 10;
    assert!(peak.is_none_or(|peak| peak < (300 << 10) + 2 * file), "{peak:?} kB at the peak");
    result
}

fn refused(bytes: &[u8]) -> SheetError {
    watched(bytes, Limits::default()).unwrap_err()
}

#[test]
fn zip_bombs_are_refused_by_what_they_claim_and_by_what_they_are() {
    let sheet = xlsx_sheet(&" ".repeat(64 << 20), "");
    let limits = Limits { unpacked: 16 << 20, ..Limits::default() };
    let honest = xlsx_around(&sheet, &[]);
    assert_eq!(watched(&honest, limits), Err(SheetError::Bomb));
    // The directory lies: the part claims ten bytes.
    let mut lying = honest.clone();
    let claimed = u32::try_from(sheet.len()).unwrap().to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == claimed).collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert!(matches!(watched(&lying, limits), Err(SheetError::Bomb | SheetError::Damaged(_))));
    let many: Vec<String> = (0..3_000).map(|at| format!("xl/{at}.xml")).collect();
    let parts: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"<a/>".as_slice())).collect();
    assert_eq!(watched(&archive(&parts), limits), Err(SheetError::Bomb));
}

#[test]
fn claims_of_four_gigabytes_are_not_believed() {
    let mut huge = xlsx_of("");
    let directory = memchr::memmem::rfind(&huge, b"PK\x01\x02").unwrap();
    huge[directory + 24..directory + 28].copy_from_slice(&u32::MAX.to_le_bytes()[..]);
    huge[directory + 24] = 0xfe;
    assert!(matches!(refused(&huge), SheetError::Bomb | SheetError::Damaged(_)));
    // An XLS whose sheet claims all rows and columns, whose strings claim four billion, and whose stream claims 4 GB.
    let dimensions = record(0x0200, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    let mut claiming = xls_of(&["Name"], &[dimensions, shared_cell(0, 0, 0)]);
    assert_eq!(watched(&claiming, Limits::default()).unwrap().len(), 1);
    let workbook = memchr::memmem::find(&claiming, b"W\0o\0r\0k\0b\0o\0o\0k\0").unwrap();
    claiming[workbook + 120..workbook + 124].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(watched(&claiming, Limits::default()).unwrap().len(), 1);
    let strings = memchr::memmem::find(&claiming, &record(0x00fc, &[])[..2]).unwrap();
    claiming[strings + 4..strings + 12].fill(0xff);
    assert_eq!(watched(&claiming, Limits::default()).unwrap().len(), 1);
}

#[test]
fn sectors_that_go_in_a_circle_end() {
    let mut circle = xls_of(&["Name"], &[shared_cell(0, 0, 0)]);
    // Every sector follows itself.
    for at in 0..128_usize {
        let next = u32::try_from(at).unwrap().to_le_bytes();
        circle[512 + at * 4..512 + at * 4 + 4].copy_from_slice(&next);
    }
    assert!(matches!(refused(&circle), SheetError::Damaged(_)));
}

#[test]
fn one_long_text_that_a_million_cells_show_is_refused() {
    let long = "x".repeat(4_000);
    let cells: Vec<Vec<u8>> = (0..60_000).map(|row| shared_cell(row, 0, 0)).collect();
    assert!(matches!(refused(&xls_of(&[&long], &cells)), SheetError::TooMuchText(_)));
    let mut rows = String::new();
    for row in 1..=100_000 {
        write!(rows, r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#).unwrap();
    }
    let strings = format!(
        r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{long}</t></si></sst>"#
    );
    let file = xlsx_around(&xlsx_sheet(&rows, ""), &[("xl/sharedStrings.xml", strings.as_bytes())]);
    assert!(matches!(refused(&file), SheetError::TooMuchText(_)));
}

#[test]
fn xml_that_declares_entities_is_refused() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"#;
    assert_eq!(refused(&xlsx_around(bomb.as_bytes(), &[])), SheetError::Entities);
    let content = format!("<table:table-row>{}</table:table-row>", ods_cell("&b;"));
    assert_eq!(refused(&ods_of(&content)), SheetError::Entities);
}

#[test]
fn ten_million_empty_rows_are_passed_over() {
    let headings = format!(r#"<row r="1">{}{}</row>"#, text_cell("A1", "Name"), text_cell("B1", "Ext"));
    let many = if cfg!(debug_assertions) { 1_000_000 } else { 10_000_000 };
    let empty = r#"<row r="9"/>"#.repeat(many);
    let table = watched(&xlsx_of(&(headings + &empty)), Limits::default()).unwrap();
    assert_eq!(table.len(), 1);
    let lines = format!("Name,Ext\n{}Ana,201\n", ",\n".repeat(many));
    let table = watched(lines.as_bytes(), Limits::default()).unwrap();
    assert_eq!((table.len(), table.row(1).number), (2, u32::try_from(many).unwrap() + 1));
    let row = format!("<table:table-row>{}{}</table:table-row>", ods_cell("Name"), ods_cell("Ext"));
    let nothing = r#"<table:table-row table:number-rows-repeated="4294967295"><table:table-cell table:number-columns-repeated="4294967295"/></table:table-row>"#;
    let table = watched(&ods_of(&(row + &nothing.repeat(1_000))), Limits::default()).unwrap();
    assert_eq!(table.len(), 1);
}

#[test]
fn a_million_columns_are_refused_by_their_row() {
    let error = refused(format!("{}\n", "x,".repeat(1_000_000)).as_bytes());
    assert!(matches!(error, SheetError::TooManyColumns { row: 1, columns: 256 }), "{error}");
    let repeated = r#"<table:table-row><table:table-cell table:number-columns-repeated="1000000" office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>"#;
    assert!(matches!(refused(&ods_of(repeated)), SheetError::TooManyColumns { .. }));
    let far = format!(r#"<row r="7">{}</row>"#, text_cell("XFD7", "x"));
    assert!(matches!(refused(&xlsx_of(&far)), SheetError::TooManyColumns { row: 7, .. }));
}

#[test]
fn more_rows_than_the_limit_are_refused_however_they_are_written() {
    let repeated =
        format!(r#"<table:table-row table:number-rows-repeated="4294967295">{}</table:table-row>"#, ods_cell("x"));
    assert_eq!(refused(&ods_of(&repeated)), SheetError::TooManyRows(100_000));
    assert_eq!(refused("x,y\n".repeat(100_002).as_bytes()), SheetError::TooManyRows(100_000));
    assert!(matches!(refused(&vec![b'x'; 49 << 20]), SheetError::TooLarge(48)));
}

#[test]
fn files_cut_off_anywhere_are_refused_or_read_without_a_panic() {
    let headings = format!(r#"<row r="1">{}{}</row>"#, text_cell("A1", "Name"), text_cell("B1", "Ext"));
    let row = format!("<table:table-row>{}</table:table-row>", ods_cell("Name"));
    for whole in [xlsx_of(&headings), ods_of(&row), xls_of(&["Name"], &[shared_cell(0, 0, 0)])] {
        assert!(read(&whole, Limits::default()).is_ok());
        for end in (0..whole.len()).step_by(whole.len() / 97 + 1) {
            let _ = read(&whole[..end], Limits::default());
        }
    }
}

#[test]
fn one_cell_of_many_megabytes_is_not_held_several_times() {
    let rows = format!(r#"<row r="1">{}</row>"#, text_cell("A1", &"x".repeat(8 << 20)));
    assert!(matches!(refused(&xlsx_of(&rows)), SheetError::Damaged(_)));
    let line = format!("Name\n{}\n", "x".repeat(8 << 20));
    let table = watched(line.as_bytes(), Limits::default()).unwrap();
    assert_eq!(table.row(1).cell(0).kind, lineside_sheet::table::CellKind::TooLong);
    assert_eq!(table.row(1).cell(0).text.len(), 2_000);
}

proptest! {
    /// Whatever arrives is answered; damage anywhere in a good file too.
    #[test]
    fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..2_000), which in 0..4_usize,
                              at in any::<prop::sample::Index>(), with in any::<[u8; 3]>()) {
        let headings = format!(r#"<row r="1">{}</row>"#, text_cell("A1", "Name"));
        let mut file = match which {
            0 => noise,
            1 => xlsx_of(&headings),
            2 => ods_of(&format!("<table:table-row>{}</table:table-row>", ods_cell("Name"))),
            _ => xls_of(&["Name", "Zoë"], &[shared_cell(0, 0, 0), number_cell(1, 1, 1, 46_082.0)]),
        };
        if file.len() > 3 {
            let at = at.index(file.len() - 3);
            file[at..at + 3].copy_from_slice(&with);
        }
        let _ = read(&file, Limits::default());
    }
}
