//! A greeting that somebody uploads: WAV, MP3, Ogg, M4A, or anything.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside_media::{greeting, wav};

fuzz_target!(|bytes: &[u8]| {
    let _ = greeting::normalise(bytes);
    let _ = wav::read(bytes);
});
