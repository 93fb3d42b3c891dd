//! The clock, the network, and the ones who live by them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lineside_sip::stream::{Frame, Framer};
use lineside_sip::testing::{Network, Weather};
use lineside_sip::{Endpoint, Event};

pub trait Agent {
    fn address(&self) -> SocketAddr;
    fn endpoint(&mut self) -> &mut Endpoint;
    /// Something happened.
    fn event(&mut self, now: Instant, event: Event);
    /// When it wants to be woken.
    fn alarm(&self) -> Option<Instant>;
    fn wake(&mut self, now: Instant);
}

pub struct World {
    now: Instant,
    network: Network,
    framers: HashMap<(SocketAddr, SocketAddr), Framer>,
}

impl World {
    pub fn new(seed: u64, weather: Weather) -> World {
        #[expect(clippy::disallowed_methods, reason = "an arbitrary beginning of time")]
        World { now: Instant::now(), network: Network::new(seed, weather), framers: HashMap::new() }
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    /// Until nothing is left to happen, or that much time has passed.
    pub fn run(&mut self, agents: &mut [&mut dyn Agent], longest: Duration) {
        let end = self.now + longest;
        for _ in 0..20_000 {
            for agent in &mut *agents {
                while let Some(event) = agent.endpoint().poll_event() {
                    agent.event(self.now, event);
                }
                while let Some(transmit) = agent.endpoint().poll_transmit() {
                    self.network.send(self.now, &transmit);
                }
            }
            let moments = agents.iter_mut().flat_map(|agent| [agent.alarm(), agent.endpoint().next_timeout()]);
            let next = moments.chain([self.network.next_arrival()]).flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { return };
            self.now = self.now.max(next);
            self.deliver(agents);
            for agent in &mut *agents {
                agent.endpoint().handle_timeout(self.now);
                agent.wake(self.now);
            }
        }
        panic!("time stands still");
    }

    fn deliver(&mut self, agents: &mut [&mut dyn Agent]) {
        while let Some(arrival) = self.network.receive(self.now) {
            let flow = arrival.flow;
            let agent = agents.iter_mut().find(|agent| agent.address() == flow.local).expect("somebody lives there");
            if !flow.transport.is_stream() {
                agent.endpoint().receive(self.now, flow, arrival.bytes);
                continue;
            }
            let framer = self.framers.entry((flow.local, flow.remote)).or_default();
            framer.push(&arrival.bytes);
            while let Some(frame) = framer.next_frame() {
                let Frame::Message(bytes) = frame else { panic!("framing was lost: {frame:?}") };
                agent.endpoint().receive(self.now, flow, bytes);
            }
        }
    }
}
