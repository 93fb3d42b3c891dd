//! Files as people have them: read whatever they are called, every cell at its address.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

mod files;

use files::*;
use lineside_sheet::read::read;
use lineside_sheet::table::{CellKind, Format, Table};
use lineside_sheet::{Limits, SheetError};

fn cells(table: &Table) -> Vec<(u32, usize, String, CellKind)> {
    let of_row = |row: lineside_sheet::table::Row<'_>| {
        let number = row.number;
        row.cells().map(|(column, cell)| (number, column, cell.text.to_owned(), cell.kind)).collect::<Vec<_>>()
    };
    (0..table.len()).flat_map(|at| of_row(table.row(at))).collect()
}

fn open(bytes: &[u8]) -> Table {
    read(bytes, Limits::default()).unwrap()
}

fn text(row: u32, column: usize, text: &str) -> (u32, usize, String, CellKind) {
    (row, column, text.to_owned(), CellKind::Text)
}

#[test]
fn text_files_are_read_with_any_delimiter() {
    for delimiter in [",", ";", "\t", "|"] {
        let file = ["First name,Last name,Ext", "Ana,\"Duarte\nda Silva\",0201", "", "Zoë,O'Neill,0202"]
            .join("\r\n")
            .replace(',', delimiter);
        let table = open(file.as_bytes());
        let Format::Csv { delimiter: found, .. } = table.format else { panic!() };
        assert_eq!(char::from(found).to_string(), delimiter);
        assert_eq!(table.row(1).cell(1).text, "Duarte\nda Silva");
        assert_eq!(table.row(1).cell(2).text, "0201");
        assert_eq!(table.row(2).number, 3, "an empty line is a row of its own, a line break within quotes none");
    }
}

#[test]
fn the_delimiter_that_the_file_declares_counts() {
    let table = open(b"sep=;\r\na,b;c\r\n1,2;3\r\n");
    assert_eq!(cells(&table)[..2], [text(1, 0, "a,b"), text(1, 1, "c")]);
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_named() {
    let file = format!("Name,Ext\n\"Ana,201\n{}", "Bo,202\n".repeat(2_000));
    assert_eq!(
        read(file.as_bytes(), Limits::default()).unwrap_err().to_string(),
        "this file is damaged or cut off (the quotation mark opened in row 2 is never closed); save it anew, or send it again"
    );
}

#[test]
fn an_xlsx_keeps_numbers_dates_and_zeros_apart() {
    let table = open(&xlsx_of(concat!(
        r#"<row r="2"><c r="B2" t="inlineStr"><is><t>Zo</t></is></c><c r="C2"><v>46812345678</v></c></row>"#,
        r#"<row r="5"><c r="A5" s="1"><v>46082</v></c><c r="B5" s="2"><v>501</v></c><c r="C5" t="b"><v>1</v></c><c r="D5" t="e"><v>#REF!</v></c><c r="E5" t="inlineStr"><is><r><t>A</t></r><r><t>na</t></r></is></c><c r="F5"><v>4.67E+16</v></c></row>"#
    )));
    assert_eq!(
        cells(&table),
        [
            text(1, 1, "Zo"),
            (1, 2, "46812345678".to_owned(), CellKind::Number),
            (4, 0, "2026-03-01".to_owned(), CellKind::Date),
            (4, 1, "00501".to_owned(), CellKind::Number),
            (4, 2, "yes".to_owned(), CellKind::Bool),
            (4, 3, "#REF!".to_owned(), CellKind::Error),
            text(4, 4, "Ana"),
            (4, 5, "4.67E16".to_owned(), CellKind::Number),
        ]
    );
}

#[test]
fn cells_beneath_a_merged_one_and_uncalculated_formulas_are_named() {
    let rows = [
        format!(r#"<row r="1">{}{}</row>"#, text_cell("A1", "Department"), text_cell("B1", "Ext")),
        format!(r#"<row r="2">{}<c r="B2"><f>1+1</f></c></row>"#, text_cell("A2", "Sales")),
        r#"<row r="3"><c r="A3"/><c r="B3"><v>202</v></c></row>"#.to_owned(),
    ];
    let merged = r#"<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>"#;
    let table = open(&xlsx_around(&xlsx_sheet(&rows.concat(), merged), &[]));
    assert_eq!(table.row(1).cell(1).kind, CellKind::Formula);
    assert_eq!(table.row(2).cell(0).kind, CellKind::Merged);
    assert_eq!(table.row(2).cell(1).text, "202");
}

#[test]
fn an_ods_is_read_with_its_repeats_and_spans() {
    let table = open(&ods_of(&format!(
        concat!(
            r#"<table:table-row>{}{}<table:table-cell table:number-columns-repeated="16382"/></table:table-row>"#,
            r#"<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-rows-spanned="3" office:value-type="string"><text:p>A&amp;B<text:s text:c="2"/>&#67;</text:p><text:p>x</text:p></table:table-cell><table:table-cell office:value-type="float" office:value="201"><text:p>201</text:p></table:table-cell></table:table-row>"#,
            r#"<table:table-row><table:covered-table-cell/><table:table-cell office:value-type="date" office:date-value="2026-03-01T00:00:00"><text:p>1.3.26</text:p></table:table-cell></table:table-row>"#,
            r#"<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#,
        ),
        ods_cell("Name"),
        ods_cell("Ext")
    )));
    assert_eq!(
        cells(&table),
        [
            text(0, 0, "Name"),
            text(0, 1, "Ext"),
            text(1, 0, "A&B  C\nx"),
            (1, 1, "201".to_owned(), CellKind::Number),
            text(2, 0, "A&B  C\nx"),
            (2, 1, "201".to_owned(), CellKind::Number),
            (3, 0, String::new(), CellKind::Merged),
            (3, 1, "2026-03-01".to_owned(), CellKind::Date),
        ]
    );
}

#[test]
fn an_xls_is_read_in_whatever_order_its_cells_lie() {
    let short = |row: u16, column: u16, raw: u32| {
        let place = [row.to_le_bytes(), column.to_le_bytes(), [0; 2]].concat();
        record(0x027e, &[place, raw.to_le_bytes().to_vec()].concat())
    };
    let merged = record(0x00e5, &[1, 0, 2, 0, 3, 0, 0, 0, 0, 0]);
    let table = open(&xls_of(
        &["Name", "Zoë", "Sales"],
        &[
            number_cell(1, 2, 1, 46_082.5),
            shared_cell(0, 0, 0),
            shared_cell(1, 0, 1),
            short(1, 1, (201 << 2) | 2),
            shared_cell(2, 0, 2),
            number_cell(3, 1, 0, 46_812_345_678.0),
            merged,
        ],
    ));
    assert_eq!(
        cells(&table),
        [
            text(0, 0, "Name"),
            text(1, 0, "Zoë"),
            (1, 1, "201".to_owned(), CellKind::Number),
            (1, 2, "2026-03-01T12:00:00".to_owned(), CellKind::Date),
            text(2, 0, "Sales"),
            (3, 0, String::new(), CellKind::Merged),
            (3, 1, "46812345678".to_owned(), CellKind::Number),
        ]
    );
}

#[test]
fn texts_of_an_xls_that_run_over_their_record_are_read_whole() {
    // 8,224 bytes is the longest record; the text goes on in narrow characters in the next.
    let long = "é".repeat(3_000);
    let units: Vec<u8> = long.encode_utf16().take(1_000).flat_map(u16::to_le_bytes).collect();
    let first = [&[1, 0, 0, 0, 1, 0, 0, 0], 3_000_u16.to_le_bytes().as_slice(), &[1], &units].concat();
    let rest = [&[0][..], &vec![0xe9; 2_000]].concat();
    let bof = |kind: u8| record(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let globals = [bof(5), record(0x00fc, &first), record(0x003c, &rest)].concat();
    let start = u32::try_from(globals.len() + 4 + 9 + 4).unwrap();
    let entry = [&start.to_le_bytes()[..], &[0, 0, 1, 0, b'A']].concat();
    let sheet = [bof(16), shared_cell(0, 0, 0), record(10, &[])].concat();
    let file = compound(&[globals, record(0x0085, &entry), record(10, &[]), sheet].concat());
    let table = read(&file, Limits { cell: 5_000, ..Limits::default() }).unwrap();
    assert_eq!(table.row(0).cell(0).text, long);
}

#[test]
fn the_sheet_with_the_headings_is_taken_and_macros_are_left_alone() {
    let instructions = xlsx_sheet(&format!(r#"<row r="1">{}</row>"#, text_cell("A1", "Read me first")), "");
    let data = format!(r#"<row r="1">{}{}</row>"#, text_cell("A1", "First name"), text_cell("B1", "Username"));
    let workbook = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Instructions" sheetId="1" r:id="rId1"/><sheet name="Data" sheetId="2" r:id="rId3"/><sheet name="_lineside" sheetId="3" state="hidden" r:id="rId4"/></sheets></workbook>"#;
    let relationship = |id: &str, target: &str| {
        format!(
            r#"<Relationship Id="{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/{target}"/>"#
        )
    };
    let relationships = format!(
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}{}{}</Relationships>"#,
        relationship("rId1", "sheet1.xml"),
        relationship("rId3", "sheet2.xml"),
        relationship("rId4", "sheet3.xml")
    );
    let stamp = xlsx_sheet(&format!(r#"<row r="1">{}</row>"#, text_cell("A1", "users 1")), "");
    let around = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    let file = archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", around.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relationships.as_bytes()),
        ("xl/worksheets/sheet1.xml", &instructions),
        ("xl/worksheets/sheet2.xml", &xlsx_sheet(&data, "")),
        ("xl/worksheets/sheet3.xml", &stamp),
        ("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0"),
    ]);
    let table = open(&file);
    assert_eq!((table.sheet.as_deref(), table.stamp.as_deref()), (Some("Data"), Some("users 1")));
    assert_eq!(table.notes, ["this file has macros; they were ignored"]);
}

#[test]
fn what_is_no_spreadsheet_says_what_it_is() {
    for (bytes, said) in [
        (&b"%PDF-1.7 ..."[..], "this is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"<html><table>", "a web page"),
        (b"<?xml version=\"1.0\"?><Workbook>", "an XML file"),
        (b"\x1f\x8b\x08\0", "packed archive"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "neither a spreadsheet nor a text file"),
        (b"\x09\x08\x08\0\0\x05", "older than Excel 97"),
    ] {
        let error = read(bytes, Limits::default()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    assert_eq!(read(b"", Limits::default()), Err(SheetError::Empty));
    assert_eq!(read(b" \n\n,,\n", Limits::default()), Err(SheetError::Empty));
    let word = archive(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")]);
    assert!(read(&word, Limits::default()).unwrap_err().to_string().contains("not a spreadsheet"));
}
