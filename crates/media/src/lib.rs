//! Media: RTP, SRTP, codecs, tones, WAV, phrases, greetings, and the relay between the two legs of a call.
//!
//! Everything but `relay` is pure: bytes and samples in, bytes and samples out. `rtp`, `rtcp`, `srtp` and
//! `telephone_event` are what is on the wire; `codec` names what `coder` and `g711` decode and encode; `phrase` and
//! `prompt` hold what is spoken, `playlist` puts it together. `relay` is the one part with sockets and a clock: its
//! threads poll the sockets of all calls, pass packets on, decode them only to transcode or to record, and tell what
//! happens. This room knows nothing of SIP or of our other rooms.

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
