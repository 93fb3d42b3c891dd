//! A part of the core, with what it works with borrowed from the others.

use super::Core;
use crate::{
    call::{Calls, Env},
    clock::Now,
    subscribe::{Desk, Subscriptions},
    trunk::{Exchange, Trunks},
};

impl Core {
    pub(super) fn desk(&mut self, now: Now) -> (&mut Subscriptions, Desk<'_>) {
        let desk = Desk {
            endpoint: &mut self.endpoint,
            directory: &self.directory,
            calls: &self.calls,
            rules: &self.rules,
            now,
        };
        (&mut self.subscriptions, desk)
    }

    pub(super) fn exchange(&mut self, now: Now) -> (&mut Trunks, Exchange<'_>) {
        let exchange = Exchange {
            endpoint: &mut self.endpoint,
            directory: &self.directory,
            rules: &self.rules,
            told: &mut self.told,
            udp: self.udp,
            now,
        };
        (&mut self.trunks, exchange)
    }

    pub(super) fn calls(&mut self, now: Now) -> (&mut Calls, Env<'_>) {
        let env = Env {
            endpoint: &mut self.endpoint,
            registrar: &self.registrar,
            directory: &self.directory,
            relay: &self.relay,
            rules: &self.rules,
            told: &mut self.told,
            trunks: &mut self.trunks,
            keys: &self.keys,
            udp: self.udp,
            passed: Vec::new(),
            farewells: Vec::new(),
            now,
        };
        (&mut self.calls, env)
    }
}
