//! A call's ladder as it lies in the database: most of what a call takes there, and much of it said twice, so packed.

use lineside_model::ladder::{LADDER_BYTES_MAX, Ladder};

use crate::{StoreError, packed};

pub(super) fn pack(ladder: &Ladder) -> Vec<u8> {
    packed::pack(ladder.as_bytes())
}

pub(super) fn unpack(packed: &[u8]) -> Result<Ladder, StoreError> {
    const WHAT: &str = "a ladder";
    let bytes = packed::unpack(WHAT, packed, LADDER_BYTES_MAX)?;
    Ladder::parse(bytes).map_err(|error| StoreError::row(WHAT, error))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn ladder() -> Ladder {
        let mut ladder = Ladder::default();
        for n in 0..20 {
            let text = format!("SIP/2.0 180 Ringing\nTo: <sip:201@harbor.example>\nCSeq: {n} INVITE\n");
            ladder.push(DateTime::UNIX_EPOCH, n % 2, n % 3 == 0, "180 Ringing", &text);
        }
        ladder
    }

    #[test]
    fn a_ladder_comes_back_as_it_was_and_is_small() {
        let packed = pack(&ladder());
        assert_eq!(unpack(&packed).unwrap(), ladder());
        assert!(packed.len() < 500, "{}", packed.len());
        assert_eq!(unpack(&pack(&Ladder::default())).unwrap(), Ladder::default());
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error() {
        let packed = pack(&ladder());
        for end in 0..packed.len() {
            assert!(unpack(&packed[..end]).is_err(), "cut at {end}");
        }
        assert!(unpack(&[0xff; 64]).is_err());
    }
}
