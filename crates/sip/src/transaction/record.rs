//! What is kept of a transaction: for 32 seconds after its end over UDP, so it is small.

use std::time::Instant;

use bytes::Bytes;

use super::{ClientInvite, ClientOther, Context, ServerInvite, ServerOther, Step, WireId};
use crate::Flow;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Machine {
    ClientInvite(ClientInvite),
    ClientOther(ClientOther),
    ServerInvite(ServerInvite),
    ServerOther(ServerOther),
}

#[derive(Debug)]
pub(crate) struct Record {
    pub machine: Machine,
    pub wire: WireId,
    pub flow: Flow,
    /// Client: the request, later its ACK. Server: an INVITE not yet answered, later the last response.
    pub bytes: Bytes,
    /// A CANCEL of our own: its responses interest nobody.
    pub is_silent: bool,
    /// The moment the table will look at this record.
    pub armed: Option<Instant>,
}

impl Machine {
    pub fn next(&self) -> Option<Instant> {
        match self {
            Machine::ClientInvite(machine) => machine.clock.next(),
            Machine::ClientOther(machine) => machine.clock.next(),
            Machine::ServerInvite(machine) => machine.clock.next(),
            Machine::ServerOther(machine) => machine.clock.next(),
        }
    }

    pub fn timeout(&mut self, cx: Context) -> Step {
        match self {
            Machine::ClientInvite(machine) => machine.timeout(cx),
            Machine::ClientOther(machine) => machine.timeout(cx),
            Machine::ServerInvite(machine) => machine.timeout(cx),
            Machine::ServerOther(machine) => machine.timeout(cx),
        }
    }

    pub fn response(&mut self, cx: Context, status: u16) -> Step {
        match self {
            Machine::ClientInvite(machine) => machine.response(cx, status),
            Machine::ClientOther(machine) => machine.response(cx, status),
            Machine::ServerInvite(_) | Machine::ServerOther(_) => Step::NOTHING,
        }
    }

    pub fn repeated(&mut self) -> Step {
        match self {
            Machine::ServerInvite(machine) => machine.repeated(),
            Machine::ServerOther(machine) => machine.repeated(),
            Machine::ClientInvite(_) | Machine::ClientOther(_) => Step::NOTHING,
        }
    }

    pub fn respond(&mut self, cx: Context, status: u16) -> Step {
        match self {
            Machine::ServerInvite(machine) => machine.respond(cx, status),
            Machine::ServerOther(machine) => machine.respond(cx, status),
            Machine::ClientInvite(_) | Machine::ClientOther(_) => Step::NOTHING,
        }
    }

    pub fn is_client(&self) -> bool {
        matches!(self, Machine::ClientInvite(_) | Machine::ClientOther(_))
    }

    /// A client still waiting for a final response.
    pub fn is_open_client(&self) -> bool {
        match self {
            Machine::ClientInvite(machine) => machine.is_open(),
            Machine::ClientOther(machine) => machine.is_open(),
            Machine::ServerInvite(_) | Machine::ServerOther(_) => false,
        }
    }

    /// The record's bytes will not be sent again.
    pub fn is_done_with_bytes(&self) -> bool {
        match self {
            Machine::ClientInvite(machine) => machine.is_done_with_request(),
            Machine::ClientOther(machine) => !machine.is_open(),
            Machine::ServerInvite(machine) => machine.is_done_with_response(),
            Machine::ServerOther(_) => false,
        }
    }
}
