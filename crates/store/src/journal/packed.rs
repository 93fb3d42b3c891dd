//! Steps as the parts of long entries keep them: JSON, packed to a fraction of its length.

use lineside_model::plan::Step;

use crate::{StoreError, packed};

/// Of one part, unpacked.
const BYTES_MAX: usize = 64 << 20;
const WHAT: &str = "a journal entry's steps";

pub(super) fn pack(steps: &[Step]) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(steps).map_err(|error| StoreError::row(WHAT, error))?;
    Ok(packed::pack(&json))
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<Step>, StoreError> {
    let json = packed::unpack(WHAT, bytes, BYTES_MAX)?;
    serde_json::from_slice(&json).map_err(|error| StoreError::row(WHAT, error))
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
