//! The core's thread.

use std::{io, net::UdpSocket, time::Duration};

use lineside_sip::Transport;
use mio::{Events, Poll};

use super::{Inbox, Input, Outlets, Receiver, datagrams::Datagrams, now, outbound::Outbound};
use crate::{
    core::Core,
    files::Files,
    outside::{Outside, Reply},
};

/// Datagrams, and other inputs, that are taken before what they led to is sent and written: the batch of a busy moment. Few
/// enough that the socket does not run over meanwhile.
const BATCH: usize = 32;
/// For recordings to reach the disk when the program is told to end.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Runner {
    core: Core,
    poll: Poll,
    datagrams: Datagrams,
    inputs: Receiver,
    /// Some were not taken yet.
    more_inputs: bool,
    /// Where answers come back.
    inbox: Inbox,
    outlets: Outlets,
    outside: Outside,
    files: Files,
    outbound: Outbound,
}

/// What the core's thread waits for.
pub(crate) struct Sources {
    pub(crate) poll: Poll,
    pub(crate) udp: UdpSocket,
    pub(crate) inputs: Receiver,
}

impl Runner {
    /// In the thread that it is to run in.
    pub(crate) fn new(
        core: Core,
        sources: Sources,
        inbox: Inbox,
        outlets: Outlets,
        outside: Outside,
        files: Files,
        outbound: Outbound,
    ) -> io::Result<Self> {
        let Sources { poll, udp, inputs } = sources;
        let datagrams = Datagrams::new(udp, &poll)?;
        Ok(Self { core, poll, datagrams, inputs, more_inputs: false, inbox, outlets, outside, files, outbound })
    }

    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(8);
        self.flush();
        loop {
            if !self.datagrams.is_waiting() && !self.more_inputs {
                self.wait(&mut events);
            }
            self.datagrams.read();
            let now = now();
            for _ in 0..BATCH {
                let Some((flow, bytes)) = self.datagrams.next() else { break };
                self.core.receive(now, flow, bytes);
            }
            self.inputs.look();
            self.more_inputs = true;
            for _ in 0..BATCH {
                match self.inputs.try_next() {
                    Some(Input::Stop) => return self.stop(),
                    Some(input) => self.take(input),
                    None => {
                        self.more_inputs = false;
                        break;
                    }
                }
            }
            if self.core.next_timeout().is_some_and(|due| due <= now.instant) {
                self.core.handle_timeout(now);
            }
            self.flush();
        }
    }

    /// Until something comes in or is due.
    fn wait(&mut self, events: &mut Events) {
        let left = self.core.next_timeout().map(|due| due.saturating_duration_since(now().instant));
        match self.poll.poll(events, left) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                tracing::error!(%error, "the switch can not wait for its sockets");
                // Not to burn the processor; what is due is done all the same.
                std::thread::sleep(Duration::from_millis(10));
            }
            _ => {}
        }
    }

    /// Ends all calls, and waits for what is recorded of them.
    fn stop(mut self) {
        self.core.hang_up_all(now());
        self.flush();
        let end = now().instant + PATIENCE;
        while self.core.is_recording() && now().instant < end {
            // Whoever calls now is not answered: nothing but the ends of recordings counts.
            if let Some(input @ Input::Media(_)) = self.inputs.next(end) {
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
            if transmit.flow.transport == Transport::Udp {
                self.datagrams.send(transmit);
            } else {
                self.outlets.send(transmit);
            }
        }
        self.datagrams.flush();
        self.core.flush_media();
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
