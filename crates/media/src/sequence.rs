//! Sequence numbers beyond their 16 bits, and which of the last packets came.

/// Which of the last 128 packets were received.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    highest: Option<u64>,
    /// The lowest bit is the highest packet, the next the one before it.
    received: u128,
}

impl Window {
    pub(crate) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether the packet came before, or is older than can be told.
    pub(crate) fn has(&self, index: u64) -> bool {
        let Some(age) = self.highest.and_then(|highest| highest.checked_sub(index)) else { return false };
        u32::try_from(age).ok().and_then(|age| self.received.checked_shr(age)).is_none_or(|received| received & 1 == 1)
    }

    pub(crate) fn add(&mut self, index: u64) {
        let Some(highest) = self.highest else {
            *self = Self { highest: Some(index), received: 1 };
            return;
        };
        if index > highest {
            let ahead = u32::try_from(index - highest).unwrap_or(u32::MAX);
            self.received = self.received.checked_shl(ahead).unwrap_or_default() | 1;
            self.highest = Some(index);
        } else if let Some(bit) = u32::try_from(highest - index).ok().and_then(|age| 1_u128.checked_shl(age)) {
            self.received |= bit;
        }
    }
}

/// The number nearest to `near` whose lowest bits are `sequence`; `None` below zero.
pub(crate) fn extend(near: u64, sequence: u16) -> Option<u64> {
    let [.., high, low] = near.to_be_bytes();
    let ahead = sequence.wrapping_sub(u16::from_be_bytes([high, low])).cast_signed();
    near.checked_add_signed(i64::from(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_of_the_window_is_new_once() {
        let mut window = Window::default();
        for index in [1000, 1002, 1001, 1127, 1500, 1400] {
            assert!(!window.has(index), "{index}");
            window.add(index);
            assert!(window.has(index), "{index}");
        }
        assert!(window.has(1002), "older than the window");
        assert!(!window.has(1401));
    }

    #[test]
    fn numbers_go_on_past_their_bits() {
        assert_eq!(extend(65_535, 0), Some(65_536));
        assert_eq!(extend(65_536, 65_535), Some(65_535));
        assert_eq!(extend(70_000, 4_465), Some(70_001));
        assert_eq!(extend(3, 65_535), None);
    }
}
