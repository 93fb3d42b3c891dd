//! Whether a stream is RTP as we speak it, and protected.

use lineside_sip::sdp::Media;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    Plain,
    /// With keys in SDP.
    Protected,
    /// What goes through us as it is, such as a browser's.
    Other,
}

pub(super) fn profile(media: &Media) -> Profile {
    let is_any = |names: [&str; 2]| names.iter().any(|name| media.proto.eq_ignore_ascii_case(name));
    if is_any(["RTP/AVP", "RTP/AVPF"]) {
        Profile::Plain
    } else if is_any(["RTP/SAVP", "RTP/SAVPF"]) {
        Profile::Protected
    } else {
        Profile::Other
    }
}

/// The stream's profile with protection or without; feedback (RFC 4585) stays as it was.
pub(super) fn profile_of(media: &Media, is_protected: bool) -> String {
    let has_feedback = media.proto.ends_with(['f', 'F']);
    match (is_protected, has_feedback) {
        (false, false) => "RTP/AVP",
        (false, true) => "RTP/AVPF",
        (true, false) => "RTP/SAVP",
        (true, true) => "RTP/SAVPF",
    }
    .to_owned()
}

pub(super) fn is_audio(media: &Media) -> bool {
    media.kind == "audio" && media.port != 0
}
