//! The server's INVITE transaction (RFC 3261 section 17.2.1, RFC 6026 section 8.5).

use std::time::Duration;

use super::timing::Ring;
use super::{Clock, Context, Failure, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
}

/// A user that has not answered by then gets a 100 sent in its place (RFC 3261 section 17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerInvite {
    state: State,
    pub clock: Clock,
    answered: bool,
    cancelled: bool,
}

impl ServerInvite {
    pub fn start(cx: Context) -> ServerInvite {
        let mut clock = Clock::default();
        clock.once(cx.now + TRYING_AFTER);
        ServerInvite { state: State::Proceeding, clock, answered: false, cancelled: false }
    }

    /// The INVITE came again.
    pub fn repeated(&mut self) -> Step {
        match self.state {
            State::Proceeding if !self.answered => self.trying(),
            State::Proceeding | State::Completed => Step::SEND,
            // The user repeats a 2xx; an acknowledged refusal needs no repetition.
            State::Accepted | State::Confirmed => Step::NOTHING,
        }
    }

    fn trying(&mut self) -> Step {
        self.answered = true;
        self.clock.stop_repeating();
        Step { trying: true, ..Step::NOTHING }
    }

    /// The user responds: whether the response is to be kept and sent.
    pub fn respond(&mut self, cx: Context, status: u16) -> Step {
        match self.state {
            State::Proceeding => self.respond_in_proceeding(cx, status),
            State::Completed | State::Confirmed | State::Accepted => Step::NOTHING,
        }
    }

    fn respond_in_proceeding(&mut self, cx: Context, status: u16) -> Step {
        self.answered = true;
        match status {
            ..200 => self.clock.stop_repeating(),
            200..300 => {
                // Timer L.
                self.state = State::Accepted;
                self.clock.end(Some(cx.now + cx.timing.patience()));
            }
            300.. => {
                // Timers G and H.
                self.state = State::Completed;
                self.clock.repeat(cx, cx.timing.t1);
                self.clock.end_too(cx.now + cx.timing.patience());
            }
        }
        Step::SEND
    }

    pub fn ack(&mut self, cx: Context) -> Step {
        match self.state {
            State::Completed => {
                // Timer I.
                self.state = State::Confirmed;
                let linger = cx.linger(cx.timing.t4);
                self.clock.end(linger.map(|time| cx.now + time));
                Step { over: linger.is_none(), ..Step::NOTHING }
            }
            // An RFC 2543 peer gives the ACK of a 2xx the branch of its INVITE.
            State::Accepted => Step::TELL,
            State::Proceeding | State::Confirmed => Step::NOTHING,
        }
    }

    /// A CANCEL came: the user is told the first time, unless it has answered.
    pub fn cancel(&mut self) -> Step {
        let tell = self.state == State::Proceeding && !self.cancelled;
        self.cancelled = true;
        Step { tell, ..Step::NOTHING }
    }

    pub fn timeout(&mut self, cx: Context) -> Step {
        match (self.state, self.clock.ring(cx.now)) {
            (_, None) => Step::NOTHING,
            (State::Proceeding, Some(_)) => self.trying(),
            (State::Completed, Some(Ring::Repeat)) => {
                self.clock.repeat_doubled(cx, cx.timing.t2);
                Step::SEND
            }
            (State::Completed, Some(Ring::End)) => Step::fail(Failure::NoAck),
            (State::Confirmed | State::Accepted, Some(_)) => Step::OVER,
        }
    }

    /// Nothing will be sent any more.
    pub fn is_done_with_response(&self) -> bool {
        matches!(self.state, State::Confirmed | State::Accepted)
    }
}
