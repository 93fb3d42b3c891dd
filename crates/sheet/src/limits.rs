//! How much of a file is read before it is refused.

/// Sizes that are checked while a file is read, never after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of the file itself, in bytes.
    pub bytes: usize,
    /// With something in them.
    pub rows: usize,
    pub columns: usize,
    /// In characters; what is longer is kept cut and named.
    pub cell: usize,
    /// All cells' text, in bytes.
    pub text: usize,
    /// What the parts of a zip archive (XLSX, ODS) unpack to, in bytes.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 48 << 20, rows: 100_000, columns: 256, cell: 2_000, text: 96 << 20, unpacked: 400 << 20 }
    }
}
