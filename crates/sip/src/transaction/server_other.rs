//! The server's transaction of all but INVITE (RFC 3261 section 17.2.2).

use super::{Clock, Context, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerOther {
    state: State,
    pub clock: Clock,
}

impl ServerOther {
    /// Waits for the user as long as the client waits (timer F there).
    pub fn start(cx: Context) -> ServerOther {
        let mut clock = Clock::default();
        clock.end(Some(cx.now + cx.timing.patience()));
        ServerOther { state: State::Trying, clock }
    }

    /// The request came again.
    pub fn repeated(&self) -> Step {
        match self.state {
            State::Trying => Step::NOTHING,
            State::Proceeding | State::Completed => Step::SEND,
        }
    }

    /// The user responds: whether the response is to be kept and sent.
    pub fn respond(&mut self, cx: Context, status: u16) -> Step {
        match self.state {
            State::Trying | State::Proceeding if status < 200 => {
                self.state = State::Proceeding;
                Step::SEND
            }
            State::Trying | State::Proceeding => {
                // Timer J.
                self.state = State::Completed;
                let linger = cx.linger(cx.timing.patience());
                self.clock.end(linger.map(|time| cx.now + time));
                Step { send: true, over: linger.is_none(), ..Step::NOTHING }
            }
            State::Completed => Step::NOTHING,
        }
    }

    pub fn timeout(&mut self, cx: Context) -> Step {
        match self.clock.ring(cx.now) {
            Some(_) => Step::OVER,
            None => Step::NOTHING,
        }
    }
}
