//! Keys pressed during a call, as named events in RTP (RFC 4733).

use crate::rtp;

/// One event as a packet says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// 0 to 15 are the keys of a telephone (RFC 4733 table 3).
    pub code: u8,
    /// Whether the key was released.
    pub end: bool,
    /// In timestamp ticks since the key was pressed.
    pub duration: u16,
}

/// -10 dBm0.
const VOLUME: u8 = 0x0a;

impl Event {
    pub fn parse(payload: &[u8]) -> Option<Event> {
        let fixed = payload.first_chunk::<4>()?;
        Some(Event { code: fixed[0], end: fixed[1] & 0x80 != 0, duration: u16::from_be_bytes([fixed[2], fixed[3]]) })
    }

    pub fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, if self.end { 0x80 | VOLUME } else { VOLUME }, high, low]
    }

    /// The key, if the event is one.
    pub fn digit(self) -> Option<char> {
        const KEYS: &[u8; 16] = b"0123456789*#ABCD";
        KEYS.get(usize::from(self.code)).copied().map(char::from)
    }
}

/// Tells each press once, whichever of its packets came: all packets of a press carry the timestamp of its beginning.
#[derive(Debug, Default)]
pub struct Presses {
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    ssrc: u32,
    timestamp: u32,
    code: u8,
}

/// A packet of an earlier press is not older than this, in ticks; what seems older is a stream that began anew.
const LATE: u32 = 80_000;

/// A press that outlasts the 16 bits of its duration goes on as another segment (RFC 4733 section 2.5.1.3).
const SEGMENT: u32 = 0xffff;

impl Presses {
    /// The key of a press that was not told yet.
    pub fn hear(&mut self, header: rtp::Header, payload: &[u8]) -> Option<char> {
        let event = Event::parse(payload)?;
        if let Some(last) = self.last.as_mut().filter(|last| last.ssrc == header.ssrc) {
            if last.timestamp.wrapping_sub(header.timestamp) < LATE {
                return None;
            }
            if header.timestamp.wrapping_sub(last.timestamp) == SEGMENT && last.code == event.code {
                last.timestamp = header.timestamp;
                return None;
            }
        }
        self.last = Some(Last { ssrc: header.ssrc, timestamp: header.timestamp, code: event.code });
        event.digit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(presses: &mut Presses, timestamp: u32, code: u8, duration: u16, end: bool) -> Option<char> {
        let header = rtp::Header { marker: false, payload_type: 101, sequence: 0, timestamp, ssrc: 1 };
        presses.hear(header, &Event { code, end, duration }.to_bytes())
    }

    #[test]
    fn a_press_is_told_once_whichever_packets_come() {
        let mut presses = Presses::default();
        assert_eq!(packet(&mut presses, 1000, 5, 160, false), Some('5'));
        assert_eq!(packet(&mut presses, 1000, 5, 320, false), None);
        for _ in 0..3 {
            assert_eq!(packet(&mut presses, 1000, 5, 480, true), None);
        }
        assert_eq!(packet(&mut presses, 9000, 5, 480, true), Some('5'), "only its last packet came through");
        assert_eq!(packet(&mut presses, 1000, 5, 480, true), None, "late");
        assert_eq!(packet(&mut presses, 12_000, 11, 160, false), Some('#'));
    }

    #[test]
    fn a_key_held_for_long_is_one_press() {
        let mut presses = Presses::default();
        assert_eq!(packet(&mut presses, 0, 1, 0xffff, false), Some('1'));
        assert_eq!(packet(&mut presses, 0xffff, 1, 160, false), None);
        assert_eq!(packet(&mut presses, 0xffff, 1, 320, true), None);
        assert_eq!(packet(&mut presses, 200_000, 1, 320, true), Some('1'));
    }

    #[test]
    fn flash_and_damaged_packets_are_no_keys() {
        let mut presses = Presses::default();
        assert_eq!(packet(&mut presses, 0, 16, 160, false), None);
        let header = rtp::Header { marker: false, payload_type: 101, sequence: 0, timestamp: 5000, ssrc: 1 };
        assert_eq!(presses.hear(header, &[1, 2, 3]), None);
    }
}
