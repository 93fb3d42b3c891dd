//! The media of one call in its thread: what comes from one leg goes to the other, to the recording, or back.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use mio::net::UdpSocket;

use super::{
    Ended, Happened, Leg, LegFormat, RecordRequest,
    beep::{self, Beep},
    disk::Disk,
    event::EventSink,
    leg::LegState,
    player::Player,
    recorder::Recorder,
    stats::SessionStats,
    transcoder::{Onward, Transcoder},
    voice::Stamp,
};
use crate::{codec::Codec, playlist::Playlist, rtcp, rtp};

/// How often an endpoint reports (RFC 3550 section 6.2).
const REPORT: Duration = Duration::from_secs(5);

pub(super) struct Call {
    id: u64,
    legs: [LegState; 2],
    recorder: Option<Recorder>,
    stats: Arc<SessionStats>,
    opened: Instant,
    next_report: Instant,
    /// When the thread will look after this call next.
    pub(super) armed: Option<Instant>,
}

/// What the thread lends to its calls.
pub(super) struct Env {
    pub(super) now: Instant,
    pub(super) events: EventSink,
    pub(super) disk: Disk,
    /// After how long a leg's silence is told.
    pub(super) silence: Duration,
    /// Who we are in our reports (RFC 3550 section 6.5.1).
    pub(super) name: String,
    /// A packet as it came, decrypted, and room for one of ours.
    pub(super) received: Vec<u8>,
    pub(super) packet: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rtp,
    Rtcp,
}

impl Call {
    pub(super) fn new(id: u64, legs: [LegState; 2], stats: Arc<SessionStats>, now: Instant) -> Self {
        Self { id, legs, recorder: None, stats, opened: now, next_report: now + REPORT, armed: None }
    }

    pub(super) fn socket(&self, leg: Leg, kind: Kind) -> &UdpSocket {
        self.legs[leg.index()].line.pair.socket(kind)
    }

    pub(super) fn into_legs(self) -> [LegState; 2] {
        self.legs
    }

    /// A datagram came, and lies in `env.received`.
    pub(super) fn receive(&mut self, leg: Leg, kind: Kind, source: SocketAddr, env: &mut Env) {
        // A phone may send both to one port (RFC 5761) whatever was agreed; what it is counts, not where it came.
        let is_taken = match (rtp::is_rtcp(&env.received), kind) {
            (true, _) => self.receive_report(leg, source, env),
            (false, Kind::Rtp) => self.receive_packet(leg, source, env),
            (false, Kind::Rtcp) => false,
        };
        if !is_taken {
            let quality = &mut self.legs[leg.index()].quality;
            quality.refused();
            self.stats.publish(leg, quality.stats());
        }
    }

    /// Whether the packet was the leg's.
    fn receive_packet(&mut self, leg: Leg, source: SocketAddr, env: &mut Env) -> bool {
        let bytes = env.received.len();
        let from = &mut self.legs[leg.index()];
        if !from.line.unprotect(&mut env.received) {
            return false;
        }
        let Ok(rtp::Packet { header, payload }) = rtp::parse(&env.received) else { return false };
        if !from.line.latch.accept(source, header.ssrc, env.now) {
            return false;
        }
        (from.heard, from.is_silent) = (env.now, false);
        let codec = from.codec(header.payload_type);
        from.quality.rtp(header, bytes, codec, env.now.saturating_duration_since(self.opened));
        // First, so that whoever sees what comes of the packet sees it counted too.
        self.stats.publish(leg, from.quality.stats());
        let digit = if from.is_press(header.payload_type) { from.presses.hear(header, payload) } else { None };
        if let Some(recorder) = &mut self.recorder {
            recorder.hear(leg, header, payload, codec, env.now);
        }
        if from.is_echo {
            let stamp = Stamp { payload_type: header.payload_type, timestamp: header.timestamp, marker: header.marker };
            from.voice.send(payload, stamp, &mut env.packet);
            if from.player.is_none() {
                from.line.send(&mut env.packet);
            }
        } else {
            self.forward(leg, env);
        }
        if let Some(digit) = digit {
            self.pressed(leg, digit, env);
        }
        true
    }

    /// Sends what came from a leg to the other one.
    fn forward(&mut self, leg: Leg, env: &mut Env) {
        let Ok((header, length)) = rtp::header(&env.received) else { return };
        let (from, to) = self.sides(leg);
        if to.player.is_some() || to.is_echo || to.line.target().is_none() {
            return;
        }
        let mut payload_type = header.payload_type;
        if let (Some(ours), Some(theirs)) = (&from.line.format, &to.line.format) {
            // A leg may change to any codec that it agreed to; the other one has agreed to its own.
            if from.codec(payload_type).unwrap_or(ours.codec) != theirs.codec {
                return transcode(from, to, env);
            }
            match mapped(payload_type, ours, theirs) {
                Some(mapped) => payload_type = mapped,
                None => return,
            }
        }
        let packet = &mut env.received;
        packet[1] = packet[1] & 0x80 | payload_type;
        if let (Some(beep), Some(law)) = (&mut to.beep, from.codec(header.payload_type).and_then(Codec::law))
            && !beep.mix(&mut packet[length..], law)
        {
            to.beep = None;
        }
        to.line.send(packet);
    }

    fn receive_report(&mut self, leg: Leg, source: SocketAddr, env: &mut Env) -> bool {
        let at = env.now.saturating_duration_since(self.opened);
        let is_endpoint = self.is_transcoding();
        let stats = self.stats.clone();
        let (from, to) = self.sides(leg);
        if !from.line.unprotect(&mut env.received) || !from.line.latch.accept_rtcp(source) {
            return false;
        }
        from.quality.rtcp(&env.received, from.coding().codec.clock(), at);
        stats.publish(leg, from.quality.stats());
        if is_endpoint || from.is_echo || to.is_echo {
            return true;
        }
        for sender in rtcp::reports(&env.received).filter_map(|report| report.sender) {
            to.quality.reported(sender, at);
        }
        to.line.send_rtcp(&mut env.received);
        true
    }

    fn pressed(&mut self, leg: Leg, digit: char, env: &mut Env) {
        env.events.tell(self.id, leg, Happened::Digit(digit));
        if self.recorder.as_ref().is_some_and(|recorder| recorder.ends_with_digit(leg)) {
            self.end_recording(Ended::Digit(digit), env.now);
        }
    }

    pub(super) fn expect(&mut self, leg: Leg, announced: Option<SocketAddr>, now: Instant) {
        self.legs[leg.index()].expect(announced, now);
    }

    pub(super) fn describe(&mut self, leg: Leg, format: LegFormat) {
        self.legs[leg.index()].line.describe(format);
        for leg in &mut self.legs {
            leg.transcoder = None;
        }
    }

    pub(super) fn play(&mut self, leg: Leg, playlist: Playlist, now: Instant) {
        let leg = &mut self.legs[leg.index()];
        leg.beep = None;
        leg.player = Some(Player::new(playlist, now));
    }

    pub(super) fn stop_playing(&mut self, leg: Leg) {
        self.legs[leg.index()].player = None;
    }

    pub(super) fn echo(&mut self, leg: Leg, on: bool) {
        self.legs[leg.index()].is_echo = on;
    }

    pub(super) fn record(&mut self, request: RecordRequest, env: &Env) {
        self.end_recording(Ended::Stopped, env.now);
        self.recorder = Some(Recorder::new(request, self.id, env.disk.clone(), env.now));
    }

    pub(super) fn pause_recording(&mut self, paused: bool, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.pause(paused, now);
        }
    }

    pub(super) fn end_recording(&mut self, reason: Ended, now: Instant) {
        if let Some(recorder) = self.recorder.take() {
            recorder.end(reason, now);
        }
    }

    /// When `tick` has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let legs = self.legs.iter().flat_map(|leg| {
            let player = leg.player.as_ref().map(Player::due);
            player.into_iter().chain(leg.transcoder.as_ref().and_then(Transcoder::due))
        });
        legs.chain(self.recorder.as_ref().map(Recorder::due)).min()
    }

    /// Goes on with what is due.
    pub(super) fn tick(&mut self, env: &mut Env) {
        for leg in [Leg::A, Leg::B] {
            let (from, to) = self.sides(leg);
            release(from, to, env);
            if from.play(env.now, &mut env.packet).is_err() {
                let player = from.player.take();
                if player.is_some_and(|player| player.is_told()) {
                    env.events.tell(self.id, leg, Happened::Played);
                }
            }
        }
        let Some(recorder) = &mut self.recorder else { return };
        let ended = recorder.tick(env.now);
        if recorder.beeps(env.now) {
            self.legs.iter_mut().for_each(|leg| beep(leg, env.now));
        }
        if let Some(reason) = ended {
            self.end_recording(reason, env.now);
        }
    }

    /// What is done every second.
    pub(super) fn look_after(&mut self, env: &mut Env) {
        for leg in [Leg::A, Leg::B] {
            let state = &mut self.legs[leg.index()];
            let lasting = env.now.saturating_duration_since(state.heard);
            if !state.is_silent && lasting >= env.silence && state.line.target().is_some() {
                state.is_silent = true;
                env.events.tell(self.id, leg, Happened::Silent { lasting });
            }
        }
        if env.now >= self.next_report {
            self.next_report = env.now + REPORT;
            self.report(env);
        }
    }

    /// Reports to each leg whose stream ends with us; others have their reports from each other.
    fn report(&mut self, env: &mut Env) {
        let (at, is_transcoding) = (env.now.saturating_duration_since(self.opened), self.is_transcoding());
        for leg in [Leg::A, Leg::B] {
            let (to, other) = self.sides(leg);
            if to.line.target().is_none() || !(is_transcoding || to.is_echo || other.line.target().is_none()) {
                continue;
            }
            let sender = to.voice.report(ntp(at), to.coding().codec, env.now);
            if let Some(sender) = sender {
                to.quality.reported(sender, at);
            }
            let report = rtcp::Report { ssrc: to.voice.ssrc(), sender, block: to.quality.block(at) };
            to.line.send_rtcp(&mut report.packet(&env.name));
        }
    }

    fn is_transcoding(&self) -> bool {
        let [a, b] = &self.legs;
        a.line.format.as_ref().zip(b.line.format.as_ref()).is_some_and(|(a, b)| a.codec != b.codec)
    }

    /// That leg, and the other one.
    fn sides(&mut self, leg: Leg) -> (&mut LegState, &mut LegState) {
        let [a, b] = &mut self.legs;
        match leg {
            Leg::A => (a, b),
            Leg::B => (b, a),
        }
    }
}

/// The payload type for the other leg; `None` if it has none for that.
fn mapped(payload_type: u8, from: &LegFormat, to: &LegFormat) -> Option<u8> {
    if from.telephone_event == Some(payload_type) {
        to.telephone_event
    } else if from.payload_type == payload_type {
        Some(to.payload_type)
    } else {
        Some(payload_type)
    }
}

/// What came from one leg, in the codec of the other.
fn transcode(from: &mut LegState, to: &mut LegState, env: &mut Env) {
    let Ok(rtp::Packet { header, payload }) = rtp::parse(&env.received) else { return };
    let (is_press, codec) = (from.is_press(header.payload_type), from.codec(header.payload_type));
    let (ours, theirs) = (from.coding().codec, to.coding().codec);
    let transcoder = from.transcoder.get_or_insert_with(|| Transcoder::new(ours, theirs));
    let event = to.line.format.as_ref().and_then(|format| format.telephone_event);
    let onward = &mut onward(to, env.now, &mut env.packet);
    if let (true, Some(event)) = (is_press, event) {
        transcoder.press(header, payload, event, onward);
    }
    transcoder.hear(header, payload, codec, onward);
}

fn release(from: &mut LegState, to: &mut LegState, env: &mut Env) {
    if let Some(transcoder) = from.transcoder.as_mut().filter(|_| to.player.is_none()) {
        transcoder.release(&mut onward(to, env.now, &mut env.packet));
    }
}

fn onward<'a>(to: &'a mut LegState, now: Instant, packet: &'a mut Vec<u8>) -> Onward<'a, impl FnMut(&mut Vec<u8>)> {
    let coding = to.coding();
    let LegState { voice, line, .. } = to;
    Onward { now, voice, coding, packet, send: |packet: &mut Vec<u8>| line.send(packet) }
}

fn beep(leg: &mut LegState, now: Instant) {
    if leg.coding().codec.law().is_some() {
        leg.beep = Some(Beep::default());
    } else if leg.player.is_none() {
        leg.player = Some(Player::untold(beep::playlist(), now));
    }
}

/// Time since the opening, as NTP counts it: we need no wall clock (RFC 3550 section 6.4.1). Not zero, which says that a
/// sender has no notion of time.
fn ntp(at: Duration) -> u64 {
    let fraction = (u64::from(at.subsec_nanos()) << 32) / 1_000_000_000;
    (at.as_secs() + 1) << 32 | fraction
}
