//! The core's thread.

use std::sync::Arc;

use super::{Input, Outlets, Receiver, now};
use crate::{core::Core, registrar::Registrations};

/// Inputs taken before what they led to is sent and written: the batch of a busy moment.
const BATCH: usize = 256;

pub(crate) struct Runner {
    core: Core,
    inputs: Receiver,
    outlets: Outlets,
    registrations: Arc<dyn Registrations>,
}

impl Runner {
    pub(crate) fn new(core: Core, inputs: Receiver, outlets: Outlets, registrations: Arc<dyn Registrations>) -> Self {
        Self { core, inputs, outlets, registrations }
    }

    pub(crate) fn run(mut self) {
        self.flush();
        loop {
            let mut next = self.inputs.next(self.core.next_timeout());
            for _ in 0..BATCH {
                match next {
                    Some(Input::Stop) => {
                        self.core.hang_up_all(now());
                        self.flush();
                        return;
                    }
                    Some(input) => self.take(input),
                    None => break,
                }
                next = self.inputs.try_next();
            }
            if let Some(Input::Stop) = next {
                self.core.hang_up_all(now());
                self.flush();
                return;
            }
            if let Some(input) = next {
                self.take(input);
            }
            let now = now();
            if self.core.next_timeout().is_some_and(|due| due <= now.instant) {
                self.core.handle_timeout(now);
            }
            self.flush();
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Message(flow, bytes) => self.core.receive(now(), flow, bytes),
            Input::Last(flow, bytes) => {
                self.core.receive(now(), flow, bytes);
                self.flush();
                self.outlets.remove(flow.id);
            }
            Input::Closed(flow_id) => self.core.flow_lost(now(), flow_id),
            Input::Directory(changed) => self.core.directory_changed(&changed),
            Input::Notify(notice) => self.core.notify(now(), notice),
            Input::Stop => {}
        }
    }

    fn flush(&mut self) {
        while let Some(transmit) = self.core.poll_transmit() {
            self.outlets.send(&transmit);
        }
        let changes = self.core.take_changes();
        if !changes.is_empty() {
            self.registrations.changed(changes);
        }
    }
}
