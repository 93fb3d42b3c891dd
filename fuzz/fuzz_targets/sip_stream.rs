//! A stream is cut into the same messages however it arrives.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside_sip::{
    Message,
    stream::{Frame, Framer},
};

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let whole = frames(bytes, bytes.len().max(1));
    assert_eq!(whole, frames(bytes, usize::from(step).max(1)));
    for frame in whole {
        if let Frame::Message(bytes) = frame {
            let _ = Message::parse(bytes);
        }
    }
});

fn frames(bytes: &[u8], step: usize) -> Vec<Frame> {
    let mut framer = Framer::new();
    let mut frames = Vec::new();
    for chunk in bytes.chunks(step) {
        framer.push(chunk);
        while let Some(frame) = framer.next_frame() {
            let is_lost = matches!(frame, Frame::Lost(_));
            // What was lost is told as far as it had come: how much that is depends on the steps.
            frames.push(if is_lost { Frame::Lost(Default::default()) } else { frame });
            if is_lost {
                return frames;
            }
        }
    }
    frames
}
