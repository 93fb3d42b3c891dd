//! A spreadsheet that somebody uploads: CSV, XLSX, XLS, ODS, or anything.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside_sheet::{Limits, read::read};

fuzz_target!(|bytes: &[u8]| {
    let _ = read(bytes, Limits::default());
});
