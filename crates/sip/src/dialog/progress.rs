//! Provisional responses that arrive for certain (RFC 3262): numbered, repeated until their PRACK, and taken in order.

use std::time::Instant;

use bytes::Bytes;

use super::repetition::{Due, Repetition};
use crate::{Config, Flow, HeaderName, Message, Method};

/// A reliable 18x on its way, repeated until its PRACK. Given up, the INVITE is refused with 504 (section 3).
#[derive(Debug, Clone)]
pub struct Progress {
    repetition: Repetition,
    rseq: u32,
    cseq: u32,
}

impl Progress {
    /// `bytes` is what [`crate::Endpoint::respond`] gave back for a response with this `RSeq` to the INVITE with this `CSeq`
    /// number.
    pub fn new(now: Instant, config: &Config, flow: Flow, bytes: Bytes, rseq: u32, cseq: u32) -> Progress {
        // Section 3 caps the time, not the interval.
        Progress { repetition: Repetition::new(now, config, flow, bytes, config.t1 * 64), rseq, cseq }
    }

    /// Whether a PRACK is for this response.
    pub fn prack(&mut self, prack: &Message) -> bool {
        let is_this = !self.repetition.is_over() && rack(prack) == Some((self.rseq, self.cseq, Method::Invite));
        if is_this {
            self.repetition.end();
        }
        is_this
    }

    pub fn poll(&mut self, now: Instant) -> Due {
        self.repetition.poll(now)
    }

    /// When to poll again; `None` when it is over.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.repetition.next_timeout()
    }
}

/// What has arrived of the peer's reliable responses in one early dialog.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrivals {
    last: Option<u32>,
}

/// What a provisional response is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// It needs no PRACK.
    Plain,
    /// The next one: send PRACK with this `RAck`.
    Next(String),
    /// Repeated, or before its turn: to be ignored (section 4).
    Ignored,
}

impl Arrivals {
    pub fn take(&mut self, response: &Message) -> Arrival {
        let is_reliable = response.lists(HeaderName::Require, "100rel");
        let Some(rseq) = response.header(HeaderName::RSeq).and_then(number).filter(|_| is_reliable) else {
            return Arrival::Plain;
        };
        if self.last.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return Arrival::Ignored;
        }
        self.last = Some(rseq);
        let cseq = response.cseq();
        Arrival::Next(format!("{rseq} {} {}", cseq.number, cseq.method))
    }
}

fn rack(prack: &Message) -> Option<(u32, u32, Method)> {
    let value = prack.header(HeaderName::RAck)?;
    let mut parts = value.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
    let found = (number(parts.next()?)?, number(parts.next()?)?, Method::parse(parts.next()?));
    parts.next().is_none().then_some(found)
}

fn number(text: &[u8]) -> Option<u32> {
    str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::*;
    use crate::Transport;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn now() -> Instant {
        Instant::now()
    }

    fn message(first: &str, lines: &str) -> Message {
        let method = if first.starts_with("PRACK") { "2 PRACK" } else { "1 INVITE" };
        let text = format!(
            "{first}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
             Call-ID: x\r\nCSeq: {method}\r\n{lines}\r\n"
        );
        Message::parse(text.into()).expect("well formed")
    }

    #[test]
    fn a_response_is_repeated_until_its_own_prack() {
        let begin = now();
        let address: SocketAddr = ([127, 0, 0, 1], 5060).into();
        let flow = Flow { transport: Transport::Udp, local: address, remote: address, id: 0 };
        let mut progress = Progress::new(begin, &Config::default(), flow, "183".into(), 7, 1);
        let repeated = (0..64u32)
            .filter(|half| matches!(progress.poll(begin + Duration::from_millis(500) * *half), Due::Repeat(_)));
        assert_eq!(repeated.collect::<Vec<_>>(), [1, 3, 7, 15, 31, 63]);
        for wrong in ["6 1 INVITE", "7 2 INVITE", "7 1 UPDATE", "7 1", "", "7 1 INVITE INVITE"] {
            assert!(!progress.prack(&message("PRACK sip:c@d SIP/2.0", &format!("RAck: {wrong}\r\n"))), "{wrong}");
        }
        let prack = message("PRACK sip:c@d SIP/2.0", "RAck: 7  1 INVITE\r\n");
        assert!(progress.prack(&prack) && !progress.prack(&prack));
        assert_eq!(progress.next_timeout(), None);

        let mut lost = Progress::new(begin, &Config::default(), flow, "183".into(), 7, 1);
        assert_eq!(lost.poll(begin + Duration::from_secs(32)), Due::GiveUp);
    }

    #[test]
    fn reliable_responses_are_taken_in_their_order() {
        let mut arrivals = Arrivals::default();
        let mut take = |rseq: &str| arrivals.take(&message("SIP/2.0 183 Progress", rseq));
        let reliable = |rseq: u32| format!("Require: 100rel\r\nRSeq: {rseq}\r\n");
        assert_eq!(take(""), Arrival::Plain);
        assert_eq!(take(&reliable(9)), Arrival::Next("9 1 INVITE".to_owned()));
        assert_eq!(take(&reliable(9)), Arrival::Ignored);
        assert_eq!(take(&reliable(11)), Arrival::Ignored);
        assert_eq!(take("RSeq: 10\r\n"), Arrival::Plain);
        assert_eq!(take(&reliable(10)), Arrival::Next("10 1 INVITE".to_owned()));
    }
}
