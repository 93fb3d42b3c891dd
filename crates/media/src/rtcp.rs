//! RTCP: the reports about RTP streams (RFC 3550 section 6.4).

/// The common header of a packet within a compound one.
const HEADER: usize = 4;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const BLOCK: usize = 24;

/// A sender's or a receiver's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Who reports.
    pub ssrc: u32,
    pub sender: Option<Sender>,
    /// About the first stream that it receives. A telephone receives one.
    pub block: Option<Block>,
}

/// What a sender says of its own stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sender {
    /// NTP's 64 bits; seconds above, their fraction below.
    pub ntp: u64,
    pub timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

impl Sender {
    /// The middle bits of the time, by which receivers name this report.
    pub fn name(self) -> u32 {
        u32::try_from(self.ntp >> 16 & 0xffff_ffff).unwrap_or_default()
    }
}

/// What a receiver says of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block {
    pub ssrc: u32,
    /// In 256ths, since the report before.
    pub fraction_lost: u8,
    /// Of 24 bits on the wire.
    pub lost: u32,
    pub highest_sequence: u32,
    /// In timestamp ticks.
    pub jitter: u32,
    /// The name of the last sender's report that came, or zero.
    pub last_report: u32,
    /// Since then, in 65,536ths of a second.
    pub delay: u32,
}

/// The reports of a compound packet, up to where it is damaged.
pub fn reports(compound: &[u8]) -> impl Iterator<Item = Report> + '_ {
    let mut rest = compound;
    std::iter::from_fn(move || {
        let packet = split(&mut rest)?;
        Some(report(packet))
    })
    .flatten()
}

/// One packet off the front.
fn split<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let header: &[u8; HEADER] = rest.first_chunk()?;
    if header[0] >> 6 != 2 {
        return None;
    }
    let length = (usize::from(u16::from_be_bytes([header[2], header[3]])) + 1) * 4;
    let packet = rest.get(..length)?;
    *rest = &rest[length..];
    Some(packet)
}

fn report(packet: &[u8]) -> Option<Report> {
    let (count, kind) = (packet[0] & 0x1f, packet[1]);
    let ssrc = word(packet, 4)?;
    let (sender, blocks) = match kind {
        SENDER_REPORT => {
            let sender = Sender {
                ntp: u64::from(word(packet, 8)?) << 32 | u64::from(word(packet, 12)?),
                timestamp: word(packet, 16)?,
                packets: word(packet, 20)?,
                octets: word(packet, 24)?,
            };
            (Some(sender), 28)
        }
        RECEIVER_REPORT => (None, 8),
        _ => return None,
    };
    Some(Report { ssrc, sender, block: if count > 0 { block(packet.get(blocks..)?) } else { None } })
}

fn block(bytes: &[u8]) -> Option<Block> {
    let loss = word(bytes, 4)?;
    Some(Block {
        ssrc: word(bytes, 0)?,
        fraction_lost: loss.to_be_bytes()[0],
        // Negative when there were duplicates (RFC 3550 appendix A.3): nothing was lost then.
        lost: if loss & 0x0080_0000 == 0 { loss & 0x00ff_ffff } else { 0 },
        highest_sequence: word(bytes, 8)?,
        jitter: word(bytes, 12)?,
        last_report: word(bytes, 16)?,
        delay: word(bytes, 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}

impl Report {
    /// A compound packet: the report, and who makes it (RFC 3550 section 6.1).
    pub fn packet(&self, name: &str) -> Vec<u8> {
        let blocks = usize::from(self.block.is_some());
        let length = 8 + if self.sender.is_some() { 20 } else { 0 } + blocks * BLOCK;
        let mut packet = Vec::with_capacity(length + 64);
        let kind = if self.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        start(&mut packet, usize::from(self.block.is_some()), kind, length);
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        if let Some(sender) = self.sender {
            packet.extend_from_slice(&sender.ntp.to_be_bytes());
            for word in [sender.timestamp, sender.packets, sender.octets] {
                packet.extend_from_slice(&word.to_be_bytes());
            }
        }
        if let Some(block) = self.block {
            let loss = u32::from(block.fraction_lost) << 24 | block.lost.min(0x007f_ffff);
            for word in [block.ssrc, loss, block.highest_sequence, block.jitter, block.last_report, block.delay] {
                packet.extend_from_slice(&word.to_be_bytes());
            }
        }
        self.describe(name, &mut packet);
        packet
    }

    /// The canonical name (RFC 3550 section 6.5.1), closed by a zero and filled to words.
    fn describe(&self, name: &str, packet: &mut Vec<u8>) {
        let name = &name.as_bytes()[..name.len().min(255)];
        let length = (8 + 2 + name.len() + 1).next_multiple_of(4);
        let end = packet.len() + length;
        start(packet, 1, DESCRIPTION, length);
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(&[1, u8::try_from(name.len()).unwrap_or_default()]);
        packet.extend_from_slice(name);
        packet.resize(end, 0);
    }
}

/// Whether a compound packet says that a stream ends.
pub fn says_goodbye(compound: &[u8]) -> bool {
    let mut rest = compound;
    std::iter::from_fn(|| split(&mut rest)).any(|packet| packet[1] == GOODBYE)
}

fn start(packet: &mut Vec<u8>, count: usize, kind: u8, length: usize) {
    let words = u16::try_from(length / 4 - 1).unwrap_or_default();
    packet.extend_from_slice(&[2 << 6 | u8::try_from(count).unwrap_or_default(), kind]);
    packet.extend_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_reported_is_read_again() {
        let block = Block {
            ssrc: 2,
            fraction_lost: 25,
            lost: 7,
            highest_sequence: 70_000,
            jitter: 33,
            last_report: 0x1234_5678,
            delay: 65_536,
        };
        let sender = Sender { ntp: 0x0102_0304_0506_0708, timestamp: 9, packets: 10, octets: 1600 };
        for report in [
            Report { ssrc: 1, sender: Some(sender), block: Some(block) },
            Report { ssrc: 1, sender: None, block: Some(block) },
            Report { ssrc: 1, sender: Some(sender), block: None },
        ] {
            let packet = report.packet("lineside@example");
            assert_eq!(packet.len() % 4, 0);
            assert!(crate::rtp::is_rtcp(&packet));
            assert_eq!(reports(&packet).collect::<Vec<_>>(), [report]);
            assert!(!says_goodbye(&packet));
        }
        assert_eq!(sender.name(), 0x0304_0506);
    }

    #[test]
    fn a_goodbye_is_found_behind_the_report() {
        let mut packet = Report { ssrc: 1, ..Report::default() }.packet("x");
        packet.extend_from_slice(&[0x81, 203, 0, 1, 0, 0, 0, 1]);
        assert!(says_goodbye(&packet));
    }

    #[test]
    fn negative_loss_is_none() {
        let mut packet = Report { ssrc: 1, sender: None, block: Some(Block::default()) }.packet("x");
        packet[13..16].copy_from_slice(&[0xff, 0xff, 0xfe]);
        assert_eq!(reports(&packet).next().unwrap().block.unwrap().lost, 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = reports(&bytes).count();
            let _ = says_goodbye(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = 0x81;
            }
            prop_assert!(reports(&bytes).count() <= 50);
        }
    }
}
