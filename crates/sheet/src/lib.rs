//! Spreadsheets in and out: pure functions on bytes. Knows the model's words, and neither accounts nor users.
//!
//! In: [`read`](read::read) turns a file of any kind into a [`table`] of text cells with their addresses, within
//! [`limits`]; [`mapping`] says what its columns mean (guessed, by the [`preset`] of another system, or remembered);
//! [`merge`] compares a file with the export that it was made from; [`damage`] repairs or names what spreadsheet programs do to a cell. Out: [`write`] makes CSV and XLSX, with every cell
//! a text, so that what was written is read again; [`formula`] keeps cells from being taken for formulas on both ways.

pub mod column;
pub mod damage;
mod encoding;
pub mod error;
pub mod formula;
pub mod limits;
pub mod mapping;
pub mod merge;
pub mod preset;
pub mod read;
pub mod rows;
pub mod table;
pub mod users;
pub mod write;

pub use self::error::SheetError;
pub use self::limits::Limits;
