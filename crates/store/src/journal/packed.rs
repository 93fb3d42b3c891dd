//! Steps as the parts of long entries keep them: JSON, packed to a fraction of its length.

use lineside_model::plan::Step;

use crate::StoreError;

/// Of one part, unpacked.
const BYTES_MAX: usize = 64 << 20;

pub(super) fn pack(steps: &[Step]) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(steps).map_err(unreadable)?;
    Ok(lz4_flex::compress_prepend_size(&json))
}

pub(super) fn unpack(packed: &[u8]) -> Result<Vec<Step>, StoreError> {
    let (size, packed) = lz4_flex::block::uncompressed_size(packed).map_err(unreadable)?;
    if size > BYTES_MAX {
        return Err(unreadable(format!("{size} bytes are too many")));
    }
    let json = lz4_flex::decompress(packed, size).map_err(unreadable)?;
    serde_json::from_slice(&json).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::row("a journal entry's steps", error)
}

#[cfg(test)]
mod tests {
    use lineside_model::plan::FieldChange;

    use super::*;

    fn steps(many: usize) -> Vec<Step> {
        let change =
            |n: usize| FieldChange { field: "number".to_owned(), before: n.to_string(), after: (n * n).to_string() };
        let step = |n| Step { before: None, after: None, title: format!("step {n}"), changes: vec![change(n)] };
        (0..many).map(step).collect()
    }

    #[test]
    fn what_was_packed_comes_out_again() {
        for many in [0, 1, 50, 5_000] {
            assert_eq!(unpack(&pack(&steps(many)).unwrap()).unwrap(), steps(many));
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error() {
        let packed = pack(&steps(50)).unwrap();
        for end in 0..packed.len() {
            assert!(unpack(&packed[..end]).is_err(), "cut at {end}");
        }
        assert!(unpack(&[0xff; 64]).is_err());
    }
}
