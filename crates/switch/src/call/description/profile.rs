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
    match media.proto.to_ascii_uppercase().as_str() {
        "RTP/AVP" | "RTP/AVPF" => Profile::Plain,
        "RTP/SAVP" | "RTP/SAVPF" => Profile::Protected,
        _ => Profile::Other,
    }
}

/// The stream's profile with protection or without; feedback (RFC 4585) stays as it was.
pub(super) fn profile_of(media: &Media, is_protected: bool) -> String {
    let feedback = if media.proto.to_ascii_uppercase().ends_with('F') { "F" } else { "" };
    format!("RTP/{}{feedback}", if is_protected { "SAVP" } else { "AVP" })
}

pub(super) fn is_audio(media: &Media) -> bool {
    media.kind == "audio" && media.port != 0
}
