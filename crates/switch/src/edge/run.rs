//! The core's thread.

use std::time::Duration;

use super::{Inbox, Input, Outlets, Receiver, now, outbound::Outbound};
use crate::{
    core::Core,
    files::Files,
    outside::{Outside, Reply},
};

/// Inputs taken before what they led to is sent and written: the batch of a busy moment.
const BATCH: usize = 256;
/// For recordings to reach the disk when the program is told to end.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Runner {
    core: Core,
    inputs: Receiver,
    /// Where answers come back.
    inbox: Inbox,
    outlets: Outlets,
    outside: Outside,
    files: Files,
    outbound: Outbound,
}

impl Runner {
    pub(crate) fn new(
        core: Core,
        inputs: Receiver,
        inbox: Inbox,
        outlets: Outlets,
        outside: Outside,
        files: Files,
        outbound: Outbound,
    ) -> Self {
        Self { core, inputs, inbox, outlets, outside, files, outbound }
    }

    pub(crate) fn run(mut self) {
        self.flush();
        loop {
            let mut next = self.inputs.next(self.core.next_timeout());
            for _ in 0..BATCH {
                match next {
                    Some(Input::Stop) => return self.stop(),
                    Some(input) => self.take(input),
                    None => break,
                }
                next = self.inputs.try_next();
            }
            if let Some(Input::Stop) = next {
                return self.stop();
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

    /// Ends all calls, and waits for what is recorded of them.
    fn stop(mut self) {
        self.core.hang_up_all(now());
        self.flush();
        let end = now().instant + PATIENCE;
        while self.core.is_recording() && now().instant < end {
            // Whoever calls now is not answered: nothing but the ends of recordings counts.
            if let Some(input @ Input::Media(_)) = self.inputs.next(Some(end)) {
                self.take(input);
                self.flush();
            }
        }
        self.files.finish();
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
            Input::Directory(changed) => self.core.directory_changed(now(), &changed),
            Input::Notify(notice) => self.core.notify(now(), notice),
            Input::HangUp(call) => self.core.hang_up(now(), call),
            Input::TestCall(account, user) => self.core.test_call(now(), account, user),
            Input::Answer(number, answer) => self.core.answer(now(), number, answer),
            Input::Loaded(number, prompt) => self.core.loaded(now(), number, prompt),
            Input::LookedUp(number, found) => self.core.looked_up(now(), number, found),
            Input::NotConnected(flow_id, why) => self.core.not_connected(now(), flow_id, &why),
            Input::Media(event) => self.core.media(now(), event),
            Input::Found(reports) => reports.into_iter().for_each(|report| self.outside.reports.report(report)),
            Input::Stop => {}
        }
    }

    fn flush(&mut self) {
        // First, so that there is a connection for what goes over it.
        for job in self.core.take_jobs() {
            if let Some(job) = self.outbound.begin(job) {
                self.files.give(job);
            }
        }
        while let Some(transmit) = self.core.poll_transmit() {
            self.outlets.send(&transmit);
        }
        let changes = self.core.take_changes();
        if !changes.is_empty() {
            self.outside.registrations.changed(changes);
        }
        for report in self.core.take_reports() {
            self.outside.reports.report(report);
        }
        for (number, question) in self.core.take_questions() {
            let inbox = self.inbox.clone();
            let reply = Reply::new(move |answer| inbox.command(Input::Answer(number, answer)));
            self.outside.mailboxes.ask(question, reply);
        }
    }
}
