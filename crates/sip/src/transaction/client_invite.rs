//! The client's INVITE transaction (RFC 3261 section 17.1.1, RFC 6026 section 8.4).

use super::timing::Ring;
use super::{Clock, Context, Failure, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientInvite {
    state: State,
    pub clock: Clock,
    cancel_wanted: bool,
}

impl ClientInvite {
    /// Sends the INVITE; timer A repeats it, timer B ends it.
    pub fn start(cx: Context) -> (ClientInvite, Step) {
        let mut clock = Clock::default();
        clock.repeat(cx, cx.timing.t1);
        clock.end_too(cx.now + cx.timing.patience());
        (ClientInvite { state: State::Calling, clock, cancel_wanted: false }, Step::SEND)
    }

    pub fn response(&mut self, cx: Context, status: u16) -> Step {
        match self.state {
            State::Calling => self.response_in_calling(cx, status),
            State::Proceeding => self.response_in_proceeding(cx, status),
            State::Completed => Step { send: status >= 300, ..Step::NOTHING },
            State::Accepted => Step { tell: (200..300).contains(&status), ..Step::NOTHING },
        }
    }

    fn response_in_calling(&mut self, cx: Context, status: u16) -> Step {
        if status >= 200 {
            return self.finish(cx, status);
        }
        self.state = State::Proceeding;
        self.clock.end(None);
        if self.cancel_wanted {
            return Step { tell: true, ..self.cancel_now(cx) };
        }
        Step::TELL
    }

    fn response_in_proceeding(&mut self, cx: Context, status: u16) -> Step {
        if status >= 200 { self.finish(cx, status) } else { Step::TELL }
    }

    fn finish(&mut self, cx: Context, status: u16) -> Step {
        if status < 300 {
            // Timer M: further 2xx, from this branch or others, still reach the user.
            self.state = State::Accepted;
            self.clock.end(Some(cx.now + cx.timing.patience()));
            return Step::TELL;
        }
        // Timer D.
        self.state = State::Completed;
        let linger = cx.linger(cx.timing.patience());
        self.clock.end(linger.map(|time| cx.now + time));
        Step { tell: true, ack: true, over: linger.is_none(), ..Step::NOTHING }
    }

    /// The user gives up. A CANCEL may not overtake the INVITE: it waits for a provisional response (RFC 3261 section 9.1).
    pub fn cancel(&mut self, cx: Context) -> Step {
        match self.state {
            State::Proceeding if !self.cancel_wanted => self.cancel_now(cx),
            State::Calling => {
                self.cancel_wanted = true;
                Step::NOTHING
            }
            _ => Step::NOTHING,
        }
    }

    fn cancel_now(&mut self, cx: Context) -> Step {
        self.cancel_wanted = true;
        self.clock.end(Some(cx.now + cx.timing.patience()));
        Step { cancel: true, ..Step::NOTHING }
    }

    pub fn timeout(&mut self, cx: Context) -> Step {
        match (self.state, self.clock.ring(cx.now)) {
            (_, None) => Step::NOTHING,
            (State::Calling, Some(Ring::Repeat)) => {
                self.clock.repeat_doubled(cx, cx.timing.patience());
                Step::SEND
            }
            (State::Calling | State::Proceeding, Some(_)) => Step::fail(Failure::Timeout),
            (State::Completed | State::Accepted, Some(_)) => Step::OVER,
        }
    }

    /// Still waiting for a final response.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    /// The INVITE itself is not needed any more: for its ACK, its CANCEL, or itself.
    pub fn is_done_with_request(&self) -> bool {
        self.state == State::Accepted
    }
}
