//! Files made for tests: whole ones of every kind, and the parts to damage them with.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = SimpleFileOptions::default();
        let options = if *name == "mimetype" {
            options.compression_method(CompressionMethod::Stored)
        } else {
            options.compression_method(CompressionMethod::Deflated).compression_level(Some(1))
        };
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Users" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Style 1 is a date, style 2 five zeros.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;

/// The parts of a workbook around one sheet.
pub fn xlsx_around(sheet: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", RELATIONSHIPS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONSHIPS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    parts.extend(more);
    archive(&parts)
}

/// The sheet's own XML around `rows`, such as `<row r="1"><c r="A1"><v>1</v></c></row>`.
pub fn xlsx_sheet(rows: &str, after: &str) -> Vec<u8> {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData>{after}</worksheet>"#).into_bytes()
}

pub fn xlsx_of(rows: &str) -> Vec<u8> {
    xlsx_around(&xlsx_sheet(rows, ""), &[])
}

/// An inline text cell.
pub fn text_cell(address: &str, text: &str) -> String {
    format!(r#"<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

pub fn ods_of(table: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="Users">{table}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    let manifest = r#"<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

pub fn ods_cell(text: &str) -> String {
    format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#)
}

/// A record of an XLS.
pub fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [kind.to_le_bytes().as_slice(), length.to_le_bytes().as_slice(), data].concat()
}

/// An XLS whose one sheet has these records, and whose shared strings are these.
pub fn xls_of(strings: &[&str], cells: &[Vec<u8>]) -> Vec<u8> {
    let bof = |kind: u16| {
        let fields = [0x0600_u16, kind, 0, 0, 0, 0, 0, 0];
        record(0x0809, &fields.iter().flat_map(|field| field.to_le_bytes()).collect::<Vec<u8>>())
    };
    let format = |id: u16| [[0; 2], id.to_le_bytes()].concat().into_iter().chain([0; 16]).collect::<Vec<u8>>();
    let count = u32::try_from(strings.len()).unwrap().to_le_bytes();
    let mut shared = [count, count].concat();
    for text in strings {
        let units: Vec<u16> = text.encode_utf16().collect();
        shared.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
        shared.push(1);
        shared.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }
    // Style 0 is plain, style 1 a date.
    let globals = [bof(5), record(0x00e0, &format(0)), record(0x00e0, &format(14)), record(0x00fc, &shared)].concat();
    let name = b"Users";
    let sheet_record_length = 4 + 4 + 1 + 1 + 2 + name.len();
    let start = u32::try_from(globals.len() + sheet_record_length + 4).unwrap();
    let mut entry = start.to_le_bytes().to_vec();
    entry.extend([0, 0, u8::try_from(name.len()).unwrap(), 0]);
    entry.extend(name);
    let sheet = [bof(16), cells.concat(), record(0x000a, &[])].concat();
    compound(&[globals, record(0x0085, &entry), record(0x000a, &[]), sheet].concat())
}

/// A compound file with one stream, `Workbook`.
pub fn compound(stream: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    let mut stream = stream.to_vec();
    // Below 4,096 bytes it would lie in the small stream.
    stream.resize(stream.len().max(4096).next_multiple_of(SECTOR), 0);
    let data = stream.len() / SECTOR;
    // Tables take sectors themselves; then the directory, then the data.
    let tables = (data + 2).div_ceil(SECTOR / 4 - 1);
    let directory = tables;
    let first = directory + 1;
    let mut next = vec![0xffff_fffd_u32; tables];
    next.push(0xffff_fffe);
    next.extend((first..first + data).map(|at| u32::try_from(at + 1).unwrap()));
    *next.last_mut().unwrap() = 0xffff_fffe;
    next.resize(tables * SECTOR / 4, 0xffff_ffff);

    let mut file = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    file.resize(SECTOR, 0);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(24, &[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    put(44, &u32::try_from(tables).unwrap().to_le_bytes());
    put(48, &u32::try_from(directory).unwrap().to_le_bytes());
    put(56, &4096_u32.to_le_bytes());
    put(60, &0xffff_fffe_u32.to_le_bytes());
    put(68, &0xffff_fffe_u32.to_le_bytes());
    for at in 0..109_usize {
        let sector = if at < tables { u32::try_from(at).unwrap() } else { 0xffff_ffff };
        put(76 + at * 4, &sector.to_le_bytes());
    }
    file.extend(next.iter().flat_map(|sector| sector.to_le_bytes()));
    let entry = |name: &str, kind: u8, start: u32, size: usize| {
        let mut entry = vec![0; 128];
        for (at, unit) in name.encode_utf16().enumerate() {
            entry[at * 2..at * 2 + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64] = u8::try_from(name.len() * 2 + 2).unwrap();
        entry[66] = kind;
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
        entry
    };
    let start = u32::try_from(first).unwrap();
    file.extend(
        [entry("Root Entry", 5, 0xffff_fffe, 0), entry("Workbook", 2, start, stream.len()), vec![0; 256]].concat(),
    );
    file.extend(stream);
    file
}

/// A cell that shows a shared string.
pub fn shared_cell(row: u16, column: u16, string: u32) -> Vec<u8> {
    let place = [row.to_le_bytes(), column.to_le_bytes(), [0; 2]].concat();
    record(0x00fd, &[place, string.to_le_bytes().to_vec()].concat())
}

pub fn number_cell(row: u16, column: u16, style: u16, number: f64) -> Vec<u8> {
    let place = [row.to_le_bytes(), column.to_le_bytes(), style.to_le_bytes()].concat();
    record(0x0203, &[place, number.to_le_bytes().to_vec()].concat())
}
