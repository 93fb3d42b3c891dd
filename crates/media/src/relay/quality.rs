//! How well a leg is received (RFC 3550 appendix A), and how well it receives, as its reports say.

use std::time::Duration;

use super::{FarView, LegStats};
use crate::{
    codec::Codec,
    rtcp, rtp,
    sequence::{Window, extend},
};

/// A jump of the numbers that is no loss but a stream that began anew (RFC 3550 appendix A.1).
const RESTART: u64 = 3_000;
/// Reports that may still be answered.
const REPORTS: usize = 4;

#[derive(Default)]
pub(super) struct Quality {
    stats: LegStats,
    stream: Option<Stream>,
    /// What earlier streams lost.
    lost_before: u64,
    /// Senders' reports that went to the leg: their names, and when.
    reports: [Option<(u32, Duration)>; REPORTS],
    next_report: usize,
    /// The name of the leg's own last sender's report, and when it came.
    heard_report: Option<(u32, Duration)>,
}

struct Stream {
    ssrc: u32,
    window: Window,
    first: u64,
    received: u64,
    /// Arrival less timestamp of the last packet, in ticks.
    transit: Option<i64>,
    /// In sixteenths of a tick.
    jitter: i64,
    clock: u32,
    /// Expected and received when we reported last.
    reported: (u64, u64),
}

impl Quality {
    pub(super) fn stats(&self) -> LegStats {
        self.stats
    }

    /// Something came that is not the leg's.
    pub(super) fn refused(&mut self) {
        self.stats.refused += 1;
    }

    /// A packet of the leg; `at` since the session was opened. `codec` is none for what is not speech.
    pub(super) fn rtp(&mut self, header: rtp::Header, bytes: usize, codec: Option<Codec>, at: Duration) {
        self.stats.packets += 1;
        self.stats.bytes += bytes as u64;
        self.stats.last_packet = Some(at);
        let known = self.stream.as_mut().filter(|stream| stream.ssrc == header.ssrc);
        let place = known.and_then(|stream| {
            let highest = stream.window.highest()?;
            let index = extend(highest, header.sequence).filter(|index| index.abs_diff(highest) < RESTART)?;
            Some((stream, highest, index))
        });
        match place {
            Some((stream, highest, index)) => {
                let is_new = index > highest || highest - index >= 128 || !stream.window.has(index);
                if is_new {
                    stream.window.add(index);
                    stream.received += 1;
                    stream.first = stream.first.min(index);
                    self.stats.reordered += u64::from(index < highest);
                } else {
                    self.stats.duplicates += 1;
                }
            }
            None => self.begin(header),
        }
        if let (Some(stream), Some(codec)) = (&mut self.stream, codec) {
            self.stats.codec = Some(codec);
            stream.arrived(header.timestamp, codec.clock(), at);
            self.stats.jitter = stream.jitter();
        }
        self.stats.lost = self.lost_before + self.stream.as_ref().map_or(0, Stream::lost);
    }

    fn begin(&mut self, header: rtp::Header) {
        self.lost_before = self.stats.lost;
        // With room below for packets that come late.
        let first = u64::from(header.sequence) + (1 << 16);
        let mut window = Window::default();
        window.add(first);
        self.stream = Some(Stream {
            ssrc: header.ssrc,
            window,
            first,
            received: 1,
            transit: None,
            jitter: 0,
            clock: 8_000,
            reported: (0, 0),
        });
    }

    /// Reports of the leg.
    pub(super) fn rtcp(&mut self, compound: &[u8], clock: u32, at: Duration) {
        self.stats.rtcp_packets += 1;
        for report in rtcp::reports(compound) {
            if let Some(sender) = report.sender {
                self.heard_report = Some((sender.name(), at));
            }
            let Some(block) = report.block else { continue };
            let round_trip = self.round_trip(&block, at);
            let before = self.stats.far.and_then(|far| far.round_trip);
            self.stats.far = Some(FarView {
                lost: block.lost,
                fraction_lost: block.fraction_lost,
                jitter: ticks(i64::from(block.jitter), clock),
                round_trip: round_trip.or(before),
            });
        }
    }

    /// A report goes to the leg. Its answer will tell how long the way is.
    pub(super) fn reported(&mut self, sender: rtcp::Sender, at: Duration) {
        self.reports[self.next_report % REPORTS] = Some((sender.name(), at));
        self.next_report = self.next_report.wrapping_add(1);
    }

    /// RFC 3550 section 6.4.1.
    fn round_trip(&self, block: &rtcp::Block, at: Duration) -> Option<Duration> {
        let (_, sent) = self.reports.iter().flatten().find(|(name, _)| *name == block.last_report)?;
        let delay = Duration::from_micros(u64::from(block.delay) * 1_000_000 / 65_536);
        at.checked_sub(*sent)?.checked_sub(delay)
    }

    /// What we report about the leg.
    pub(super) fn block(&mut self, at: Duration) -> Option<rtcp::Block> {
        let heard_report = self.heard_report;
        let stream = self.stream.as_mut()?;
        let (expected, received) = (stream.expected(), stream.received);
        let (expected_before, received_before) = std::mem::replace(&mut stream.reported, (expected, received));
        let interval = expected.saturating_sub(expected_before);
        let lost = interval.saturating_sub(received.saturating_sub(received_before));
        let delay = heard_report.map_or(Duration::ZERO, |(_, came)| at.saturating_sub(came));
        Some(rtcp::Block {
            ssrc: stream.ssrc,
            fraction_lost: u8::try_from((lost * 256).checked_div(interval).unwrap_or_default()).unwrap_or(u8::MAX),
            lost: u32::try_from(stream.lost()).unwrap_or(u32::MAX),
            highest_sequence: u32::try_from(stream.window.highest().unwrap_or_default() & 0xffff_ffff)
                .unwrap_or_default(),
            jitter: u32::try_from(stream.jitter >> 4).unwrap_or_default(),
            last_report: heard_report.map_or(0, |(name, _)| name),
            delay: u32::try_from(delay.as_micros() * 65_536 / 1_000_000).unwrap_or(u32::MAX),
        })
    }
}

impl Stream {
    fn expected(&self) -> u64 {
        self.window.highest().map_or(0, |highest| highest - self.first + 1)
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// RFC 3550 appendix A.8.
    fn arrived(&mut self, timestamp: u32, clock: u32, at: Duration) {
        if self.clock != clock {
            (self.clock, self.transit, self.jitter) = (clock, None, 0);
        }
        let arrival = i64::try_from(at.as_micros()).unwrap_or_default() * i64::from(clock) / 1_000_000;
        let transit = arrival - i64::from(timestamp);
        if let Some(before) = self.transit {
            // Timestamps roll over; and a phone that was on hold is not a network that was slow.
            let difference = (transit - before).abs();
            if difference < i64::from(clock) * 2 {
                self.jitter += difference - ((self.jitter + 8) >> 4);
            }
        }
        self.transit = Some(transit);
    }

    fn jitter(&self) -> Duration {
        ticks(self.jitter >> 4, self.clock)
    }
}

fn ticks(ticks: i64, clock: u32) -> Duration {
    Duration::from_micros(u64::try_from(ticks * 1_000_000 / i64::from(clock.max(1))).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(quality: &mut Quality, sequence: u16, at_ms: u64) {
        let header =
            rtp::Header { marker: false, payload_type: 0, sequence, timestamp: u32::from(sequence) * 160, ssrc: 1 };
        quality.rtp(header, 172, Some(Codec::Pcmu), Duration::from_millis(at_ms));
    }

    #[test]
    fn loss_reordering_and_duplicates_are_told_apart() {
        let mut quality = Quality::default();
        for (sequence, at) in [(10, 0), (11, 20), (14, 80), (13, 81), (13, 82), (15, 100)] {
            packet(&mut quality, sequence, at);
        }
        let stats = quality.stats();
        assert_eq!((stats.packets, stats.lost, stats.reordered, stats.duplicates), (6, 1, 1, 1));
        let block = quality.block(Duration::from_secs(1)).unwrap();
        assert_eq!((block.lost, block.fraction_lost, block.highest_sequence & 0xffff), (1, 42, 15));
        assert_eq!(quality.block(Duration::from_secs(2)).unwrap().fraction_lost, 0);
    }

    #[test]
    fn a_steady_stream_has_no_jitter_and_a_wavering_one_has() {
        let mut quality = Quality::default();
        (0..100).for_each(|n| packet(&mut quality, n, u64::from(n) * 20));
        assert_eq!(quality.stats().jitter, Duration::ZERO);
        (100..200).for_each(|n| packet(&mut quality, n, u64::from(n) * 20 + u64::from(n % 2) * 10));
        let jitter = quality.stats().jitter.as_millis();
        assert!((8..=10).contains(&jitter), "{jitter} ms");
    }

    #[test]
    fn another_stream_keeps_what_was_lost_before() {
        let mut quality = Quality::default();
        packet(&mut quality, 1, 0);
        packet(&mut quality, 4, 60);
        packet(&mut quality, 50_000, 80);
        packet(&mut quality, 50_002, 120);
        assert_eq!(quality.stats().lost, 3);
    }

    #[test]
    fn the_answer_to_a_report_tells_how_long_the_way_is() {
        let mut quality = Quality::default();
        let sender = rtcp::Sender { ntp: 7 << 16, ..rtcp::Sender::default() };
        quality.reported(sender, Duration::from_secs(10));
        let block =
            rtcp::Block { last_report: 7, delay: 65_536, fraction_lost: 12, jitter: 80, ..rtcp::Block::default() };
        let answer = rtcp::Report { ssrc: 1, sender: None, block: Some(block) }.packet("x");
        quality.rtcp(&answer, 8_000, Duration::from_millis(11_040));
        let far = quality.stats().far.unwrap();
        assert_eq!((far.round_trip, far.jitter), (Some(Duration::from_millis(40)), Duration::from_millis(10)));
        assert_eq!(far.fraction_lost, 12);
    }
}
