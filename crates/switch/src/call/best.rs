//! Which of the phones' refusals the caller is told (RFC 3261 section 16.7, step 6).

/// The status for the caller, out of the final statuses of all branches; 480 when there were none.
pub(super) fn best(statuses: &[u16]) -> u16 {
    let best = statuses.iter().copied().min_by_key(|status| (rank(*status), *status));
    best.map_or(480, told)
}

/// A person's decision counts most, then what a phone says of itself; that a phone was silent says least.
fn rank(status: u16) -> u8 {
    match status {
        600.. => 0,
        486 => 1,
        408 | 487 | 503 => 4,
        400..=499 => 2,
        _ => 3,
    }
}

/// What is between us and the phone is nothing to tell a caller.
fn told(status: u16) -> u16 {
    match status {
        // Its user never sees a challenge, a redirection or a dead phone: for the caller nobody is there.
        300..=399 | 401 | 403 | 404 | 407 | 408 | 410 | 430 | 481 | 487 | 500.. if status < 600 => 480,
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn what_a_person_did_comes_before_what_a_phone_says() {
        assert_eq!(best(&[486, 603]), 603);
        assert_eq!(best(&[408, 486, 480]), 486);
        assert_eq!(best(&[488, 408]), 488);
        assert_eq!(best(&[480, 503]), 480);
    }

    #[test]
    fn silence_and_challenges_are_nobody_there() {
        for status in [302, 401, 404, 407, 408, 500, 503, 487] {
            assert_eq!(best(&[status]), 480, "{status}");
        }
        assert_eq!(best(&[]), 480);
        assert_eq!(best(&[415]), 415);
    }
}
