//! Why a file is refused as a whole, in words that say what to do.

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SheetError {
    #[error("this file is empty; choose the one with the rows in it")]
    Empty,
    #[error("this file is larger than {0} MB; split it, or leave out columns that are not imported")]
    TooLarge(usize),
    #[error("{0}")]
    NotASpreadsheet(&'static str),
    #[error(
        "this archive unpacks to more than it should, as files do that are made to exhaust memory; save it anew with a \
         spreadsheet program"
    )]
    Bomb,
    #[error("this file declares XML entities, which no spreadsheet program does; save it anew as .xlsx or .ods")]
    Entities,
    #[error("this file is protected by a password; save it without one")]
    Password,
    #[error("this file is damaged or cut off ({0}); save it anew, or send it again")]
    Damaged(String),
    #[error("there are more than {0} rows; split the file")]
    TooManyRows(usize),
    #[error(
        "row {row} goes on beyond column {columns}; delete the columns that are not needed, also the empty-looking ones"
    )]
    TooManyColumns { row: u32, columns: usize },
    #[error("the cells hold more than {0} MB of text; split the file")]
    TooMuchText(usize),
    #[error("there are no rows below the headings; fill some in")]
    NoRows,
}

impl SheetError {
    pub(crate) fn damaged(why: impl std::fmt::Display) -> Self {
        Self::Damaged(why.to_string().chars().take(200).collect())
    }
}
