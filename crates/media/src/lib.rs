//! Media: RTP, G.711, tones, WAV, prompts, greetings, and the relay between the two legs of a call.
//!
//! `rtp`, `g711`, `tone`, `wav` and `greeting` are pure: bytes and samples in, bytes and samples out. `prompt` holds our
//! announcements, ready to be sent. `relay` is the one part with sockets and a clock: one thread polls the sockets of
//! all calls and passes packets on without decoding them. This room knows nothing of SIP or of our other rooms.

pub mod codec;
pub mod coder;
pub mod g711;
pub mod greeting;
pub mod phrase;
pub mod playlist;
pub mod prompt;
pub mod relay;
pub mod rtcp;
pub mod rtp;
mod sequence;
pub mod srtp;
pub mod telephone_event;
pub mod tone;
pub mod wav;

/// Samples a second on every telephone leg of ours.
pub const RATE: u32 = 8_000;

/// Samples in a packet of 20 ms, the packet time every phone accepts.
pub const FRAME: usize = 160;
