//! Session timers (RFC 4028): one side of a dialog refreshes the session every now and then, and the other hangs up when it
//! does not. So a call of which an end has vanished does not last for ever.

use std::time::{Duration, Instant};

use crate::message::Params;
use crate::{HeaderName, Message, Refusal};

/// What we ask for (section 4).
const PREFERRED: u32 = 1_800;
/// Less nobody may ask of us (section 5).
const SHORTEST: u32 = 90;
/// Whoever waits for a refresh hangs up that long before the end (section 10).
const MARGIN: Duration = Duration::from_secs(32);

/// Who refreshes, seen from the request that the header field stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    Uac,
    Uas,
}

/// The value of `Session-Expires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    pub seconds: u32,
    pub refresher: Option<Refresher>,
}

/// The timer that both sides of a dialog agreed on.
#[derive(Debug, Clone)]
pub struct SessionTimer {
    seconds: u32,
    is_ours: bool,
    refresh_at: Option<Instant>,
    expires_at: Instant,
}

/// What [`SessionTimer::poll`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upkeep {
    Nothing,
    /// Send UPDATE or re-INVITE with [`SessionTimer::wish`]; told once for each time that it is due.
    Refresh,
    /// Nobody refreshed the session: say BYE.
    Expired,
}

impl SessionExpires {
    /// For a request outside of a dialog: the callee chooses who refreshes.
    pub const WISH: SessionExpires = SessionExpires { seconds: PREFERRED, refresher: None };

    /// None when there is none that can be read.
    pub fn of(message: &Message) -> Option<SessionExpires> {
        let (seconds, params) = numbered(message.header(HeaderName::SessionExpires)?)?;
        let refresher = params.get("refresher").and_then(|who| match who {
            who if who.eq_ignore_ascii_case(b"uac") => Some(Refresher::Uac),
            who if who.eq_ignore_ascii_case(b"uas") => Some(Refresher::Uas),
            _ => None,
        });
        Some(SessionExpires { seconds, refresher })
    }

    /// The least that who answered 422 takes.
    pub fn least(refused: &Message) -> Option<u32> {
        refused.header(HeaderName::MinSe).and_then(numbered).map(|(seconds, _)| seconds)
    }

    pub fn to_value(self) -> String {
        let seconds = self.seconds;
        match self.refresher {
            None => seconds.to_string(),
            Some(Refresher::Uac) => format!("{seconds};refresher=uac"),
            Some(Refresher::Uas) => format!("{seconds};refresher=uas"),
        }
    }
}

impl SessionTimer {
    /// Whether a request may be answered with a 2xx as far as its session interval goes (section 9). Who does not know
    /// timers would not know what to do about a 422.
    pub fn admit(request: &Message) -> Result<(), Refusal> {
        let is_short = SessionExpires::of(request).is_some_and(|wish| wish.seconds < SHORTEST);
        if is_short && knows_timers(request) {
            return Err(Refusal::status(422).with(HeaderName::MinSe, SHORTEST.to_string()));
        }
        Ok(())
    }

    /// What our 2xx to a request agrees to, and how it says so; none when the peer and all before it know no timers.
    pub fn agree(request: &Message, now: Instant) -> Option<(SessionTimer, SessionExpires)> {
        let (wish, knows_timers) = (SessionExpires::of(request), knows_timers(request));
        if wish.is_none() && !knows_timers {
            return None;
        }
        // Table 2 of section 9. Who left it to us is spared the work: so we learn soonest that it has gone.
        let refresher = wish.and_then(|wish| wish.refresher).filter(|_| knows_timers).unwrap_or(Refresher::Uas);
        let least = request.header(HeaderName::MinSe).and_then(numbered).map_or(SHORTEST, |(seconds, _)| seconds);
        let seconds = wish.map_or(PREFERRED.max(least), |wish| wish.seconds).max(SHORTEST);
        let agreed = SessionExpires { seconds, refresher: Some(refresher) };
        Some((SessionTimer::new(seconds, refresher == Refresher::Uas, now), agreed))
    }

    /// What a 2xx to our request agreed to (section 7.2).
    pub fn agreed(response: &Message, now: Instant) -> Option<SessionTimer> {
        let agreed = SessionExpires::of(response)?;
        Some(SessionTimer::new(agreed.seconds.max(SHORTEST), agreed.refresher != Some(Refresher::Uas), now))
    }

    fn new(seconds: u32, is_ours: bool, now: Instant) -> SessionTimer {
        let interval = Duration::from_secs(seconds.into());
        SessionTimer {
            seconds,
            is_ours,
            refresh_at: is_ours.then(|| now + interval / 2),
            expires_at: now + interval.saturating_sub(MARGIN.min(interval / 3)),
        }
    }

    /// We are to refresh the session.
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// What a request of ours in the dialog says: nothing changes but the time.
    pub fn wish(&self) -> SessionExpires {
        let refresher = if self.is_ours { Refresher::Uac } else { Refresher::Uas };
        SessionExpires { seconds: self.seconds, refresher: Some(refresher) }
    }

    /// The peer takes no less; the next request asks for that much.
    pub fn at_least(&mut self, seconds: u32) {
        self.seconds = self.seconds.max(seconds);
    }

    /// Refreshes again then, because it could not be done, or came to nothing.
    pub fn refresh_at(&mut self, at: Instant) {
        self.refresh_at = Some(at);
    }

    pub fn poll(&mut self, now: Instant) -> Upkeep {
        if now >= self.expires_at {
            return Upkeep::Expired;
        }
        match self.refresh_at.take_if(|at| *at <= now) {
            Some(_) => Upkeep::Refresh,
            None => Upkeep::Nothing,
        }
    }

    pub fn next_timeout(&self) -> Instant {
        self.refresh_at.map_or(self.expires_at, |at| at.min(self.expires_at))
    }
}

fn knows_timers(message: &Message) -> bool {
    message.lists(HeaderName::Supported, "timer") || message.lists(HeaderName::Require, "timer")
}

fn numbered(value: &[u8]) -> Option<(u32, Params<'_>)> {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let seconds = str::from_utf8(&value[..end]).ok()?.trim().parse().ok()?;
    Some((seconds, Params::parse(&value[end..])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn now() -> Instant {
        Instant::now()
    }

    fn message(first: &str, lines: &str) -> Message {
        let text = format!(
            "{first}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
             Call-ID: x\r\nCSeq: 1 INVITE\r\n{lines}\r\n"
        );
        Message::parse(text.into()).expect("well formed")
    }

    fn request(lines: &str) -> Message {
        message("INVITE sip:c@d SIP/2.0", lines)
    }

    #[test]
    fn the_callee_chooses_as_table_2_of_the_rfc_says() {
        let told = |lines: &str| SessionTimer::agree(&request(lines), now()).map(|(_, agreed)| agreed.to_value());
        assert_eq!(told(""), None);
        assert_eq!(told("Supported: timer\r\n").as_deref(), Some("1800;refresher=uas"));
        assert_eq!(told("Supported: timer\r\nMin-SE: 3600\r\n").as_deref(), Some("3600;refresher=uas"));
        assert_eq!(told("k: 100rel, timer\r\nx: 600\r\n").as_deref(), Some("600;refresher=uas"));
        for refresher in ["uac", "uas"] {
            let lines = format!("Supported: timer\r\nSession-Expires: 600 ; refresher={refresher}\r\n");
            assert_eq!(told(&lines), Some(format!("600;refresher={refresher}")));
        }
        // A proxy put it in; the phone can not refresh what it does not know.
        assert_eq!(told("Session-Expires: 600;refresher=uac\r\n").as_deref(), Some("600;refresher=uas"));
        assert_eq!(told("Session-Expires: 5\r\n").as_deref(), Some("90;refresher=uas"));
        assert_eq!(told("Session-Expires: soon\r\n"), None);
    }

    #[test]
    fn too_short_an_interval_is_refused_to_who_knows_timers() {
        let refused = SessionTimer::admit(&request("Supported: timer\r\nSession-Expires: 60\r\n"));
        assert_eq!(refused, Err(Refusal::status(422).with(HeaderName::MinSe, "90")));
        assert_eq!(SessionTimer::admit(&request("Session-Expires: 60\r\n")), Ok(()));
        assert_eq!(SessionTimer::admit(&request("Supported: timer\r\nSession-Expires: 90\r\n")), Ok(()));
    }

    #[test]
    fn who_refreshes_does_so_at_half_time_and_who_waits_hangs_up_before_the_end() {
        let begin = now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let ok = |value: &str| message("SIP/2.0 200 OK", &format!("Session-Expires: {value}\r\n"));
        let mut ours = SessionTimer::agreed(&ok("600;refresher=uac"), begin).expect("a timer");
        assert_eq!((ours.next_timeout(), ours.wish().to_value().as_str()), (at(300), "600;refresher=uac"));
        assert_eq!(ours.poll(at(299)), Upkeep::Nothing);
        assert_eq!(ours.poll(at(300)), Upkeep::Refresh);
        assert_eq!(ours.poll(at(301)), Upkeep::Nothing);
        ours.refresh_at(at(330));
        assert_eq!(ours.poll(at(330)), Upkeep::Refresh);
        assert_eq!(ours.next_timeout(), at(568));
        assert_eq!(ours.poll(at(568)), Upkeep::Expired);

        let mut theirs = SessionTimer::agreed(&ok("90;refresher=uas"), begin).expect("a timer");
        assert_eq!((theirs.next_timeout(), theirs.wish().to_value().as_str()), (at(60), "90;refresher=uas"));
        assert_eq!(theirs.poll(at(60)), Upkeep::Expired);
        assert!(SessionTimer::agreed(&message("SIP/2.0 200 OK", ""), begin).is_none());
    }
}
