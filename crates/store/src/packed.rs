//! What says much twice, as it lies in the database: a fraction of its length.

use crate::StoreError;

pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    lz4_flex::compress_prepend_size(bytes)
}

/// What was packed. `what` it is, for the error; `max`: more bytes than it ever has.
pub(crate) fn unpack(what: &str, packed: &[u8], max: usize) -> Result<Vec<u8>, StoreError> {
    let (size, packed) = lz4_flex::block::uncompressed_size(packed).map_err(|error| StoreError::row(what, error))?;
    if size > max {
        return Err(StoreError::row(what, format!("{size} bytes are too many")));
    }
    let bytes = lz4_flex::decompress(packed, size).map_err(|error| StoreError::row(what, error))?;
    if bytes.len() < size {
        return Err(StoreError::row(what, "cut off"));
    }
    Ok(bytes)
}
