//! The client's transaction of all but INVITE (RFC 3261 section 17.1.2).

use super::timing::Ring;
use super::{Clock, Context, Failure, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientOther {
    state: State,
    pub clock: Clock,
}

impl ClientOther {
    /// Sends the request; timer E repeats it, timer F ends it.
    pub fn start(cx: Context) -> (ClientOther, Step) {
        let mut clock = Clock::default();
        clock.repeat(cx, cx.timing.t1);
        clock.end_too(cx.now + cx.timing.patience());
        (ClientOther { state: State::Trying, clock }, Step::SEND)
    }

    pub fn response(&mut self, cx: Context, status: u16) -> Step {
        match self.state {
            State::Trying | State::Proceeding if status < 200 => {
                self.state = State::Proceeding;
                Step::TELL
            }
            State::Trying | State::Proceeding => self.finish(cx),
            State::Completed => Step::NOTHING,
        }
    }

    /// Timer K.
    fn finish(&mut self, cx: Context) -> Step {
        self.state = State::Completed;
        let linger = cx.linger(cx.timing.t4);
        self.clock.end(linger.map(|time| cx.now + time));
        Step { tell: true, over: linger.is_none(), ..Step::NOTHING }
    }

    pub fn timeout(&mut self, cx: Context) -> Step {
        match (self.state, self.clock.ring(cx.now)) {
            (_, None) => Step::NOTHING,
            (State::Trying, Some(Ring::Repeat)) => {
                self.clock.repeat_doubled(cx, cx.timing.t2);
                Step::SEND
            }
            (State::Proceeding, Some(Ring::Repeat)) => {
                self.clock.repeat(cx, cx.timing.t2);
                Step::SEND
            }
            (State::Trying | State::Proceeding, Some(Ring::End)) => Step::fail(Failure::Timeout),
            (State::Completed, Some(_)) => Step::OVER,
        }
    }

    /// Still waiting for a final response.
    pub fn is_open(&self) -> bool {
        self.state != State::Completed
    }
}
