//! Cells that a spreadsheet program would take for a formula: written behind an apostrophe, and read back without it.
//!
//! `=cmd|' /C calc'!A0` in a name does nothing here, and must do nothing on the computer of whoever opens an export.

/// A cell that begins with one of these may be taken for a formula (CSV injection, CWE-1236).
const DANGEROUS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The cell as it is written to a text file; `None` when it needs no apostrophe.
pub fn neutralise(text: &str) -> Option<String> {
    is_dangerous(text.trim_start_matches('\'')).then(|| format!("'{text}"))
}

/// The text behind the apostrophe; `None` when there is none to take away.
pub fn restore(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('\'')?;
    is_dangerous(rest.trim_start_matches('\'')).then_some(rest)
}

fn is_dangerous(text: &str) -> bool {
    text.starts_with(DANGEROUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_written_behind_an_apostrophe_and_read_back() {
        for text in ["=cmd|' /C calc'!A0", "+14805550143", "-", "@SUM(A1)", "\tx", "'=x", "''+x"] {
            let written = neutralise(text).unwrap();
            assert!(written.starts_with('\''));
            assert_eq!(restore(&written), Some(text));
        }
        for text in ["Ana", "'t Hooft", "", "'", "a=b"] {
            assert_eq!((neutralise(text), restore(text)), (None, None), "{text}");
        }
    }
}
