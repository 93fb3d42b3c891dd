//! Codes that are dialled to do something. Forwarding's are those of `BroadWorks`' default feature access codes (`*72` to
//! `*95`, which North American carriers use too), voicemail's, the echo and pickup those of `FreePBX`,
//! `*55` `BroadWorks`' again.

use thiserror::Error;

use crate::dialled::Dialled;
use crate::extension::{Destination, Extension};
use crate::forwarding::ForwardingKind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StarCode {
    /// `*72` and a destination, `*90`, `*92`, `*94`; or `*73`, `*91`, `*93`, `*95` for nowhere.
    Forward { kind: ForwardingKind, to: Option<Destination> },
    /// `*97`: one's own mailbox.
    Voicemail,
    /// `*98`: a mailbox with its extension and PIN, from any phone; the extension may follow at once.
    OtherVoicemail(Option<Extension>),
    /// `*55` and an extension: straight to a mailbox, without ringing.
    LeaveMessage(Extension),
    /// `**` and an extension: the call that rings there.
    PickUp(Extension),
    /// `*43`: says back what it hears.
    Echo,
    /// `*44`: a short recorded call that is played back.
    TestCall,
}

/// In a call: starts and stops a recording on demand.
pub const RECORD: &str = "*1";
/// In a call: pauses a recording and goes on with it.
pub const PAUSE_RECORDING: &str = "*2";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StarCodeError {
    #[error("no such code")]
    Unknown,
    #[error("dial the code together with an extension or a phone number, such as *72203")]
    Destination,
    #[error("dial the code together with an extension, such as *55203")]
    Extension,
}

/// What phones show and docs list: the code, and what it does.
pub const LIST: [(&str, &str); 14] = [
    ("*72 and a number", "forward all calls there"),
    ("*73", "stop forwarding all calls"),
    ("*90 and a number", "forward calls there while busy"),
    ("*91", "stop forwarding while busy"),
    ("*92 and a number", "forward calls there that are not answered"),
    ("*93", "stop forwarding calls that are not answered"),
    ("*94 and a number", "forward calls there while no phone is registered"),
    ("*95", "stop forwarding while no phone is registered"),
    ("*97", "listen to voicemail"),
    ("*98", "listen to voicemail from another phone, with extension and PIN"),
    ("*55 and an extension", "leave a message without ringing"),
    ("** and an extension", "take the call that rings there"),
    ("*43", "hear yourself: the echo"),
    ("*44", "make a test call"),
];

impl StarCode {
    /// `None` when what was dialled is no code at all.
    pub fn parse(dialled: &Dialled) -> Option<Result<Self, StarCodeError>> {
        let text = dialled.as_str();
        text.starts_with('*').then(|| Self::of(text))
    }

    fn of(text: &str) -> Result<Self, StarCodeError> {
        if let Some(at) = text.strip_prefix("**") {
            return extension(at.strip_suffix('#').unwrap_or(at)).map(Self::PickUp);
        }
        let Some((code, rest)) = text.split_at_checked(3) else { return Err(StarCodeError::Unknown) };
        // Phones let a dialled string end with `#`, and some put a `*` between code and number.
        let rest = rest.strip_suffix('#').unwrap_or(rest);
        let rest = rest.strip_prefix('*').unwrap_or(rest);
        let forward = |kind| destination(rest).map(|to| Self::Forward { kind, to: Some(to) });
        let stop = |kind| Ok(Self::Forward { kind, to: None });
        match (code, rest.is_empty()) {
            ("*72", _) => forward(ForwardingKind::Always),
            ("*90", _) => forward(ForwardingKind::Busy),
            ("*92", _) => forward(ForwardingKind::NoAnswer),
            ("*94", _) => forward(ForwardingKind::Unreachable),
            ("*73", true) => stop(ForwardingKind::Always),
            ("*91", true) => stop(ForwardingKind::Busy),
            ("*93", true) => stop(ForwardingKind::NoAnswer),
            ("*95", true) => stop(ForwardingKind::Unreachable),
            ("*97", true) => Ok(Self::Voicemail),
            ("*98", true) => Ok(Self::OtherVoicemail(None)),
            ("*98", false) => extension(rest).map(|extension| Self::OtherVoicemail(Some(extension))),
            ("*55", _) => extension(rest).map(Self::LeaveMessage),
            ("*43", true) => Ok(Self::Echo),
            ("*44", true) => Ok(Self::TestCall),
            _ => Err(StarCodeError::Unknown),
        }
    }
}

fn extension(text: &str) -> Result<Extension, StarCodeError> {
    Extension::parse(text).map_err(|_| StarCodeError::Extension)
}

/// As it would be dialled: `011` before another country's number too.
fn destination(text: &str) -> Result<Destination, StarCodeError> {
    if let Ok(extension) = Extension::parse(text) {
        return Ok(Destination::Extension(extension));
    }
    let number = Dialled::new(text).number().ok_or(StarCodeError::Destination)?;
    Destination::parse(&number).map_err(|_| StarCodeError::Destination)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StarCode, StarCodeError> {
        StarCode::parse(&Dialled::new(text)).unwrap()
    }

    #[test]
    fn forwarding_is_switched_on_with_a_destination_and_off_without() {
        for (text, kind, to) in [
            ("*72203", ForwardingKind::Always, "203"),
            ("*72*203#", ForwardingKind::Always, "203"),
            ("*90 480 555 0143", ForwardingKind::Busy, "+14805550143"),
            ("*92011442079460000", ForwardingKind::NoAnswer, "+442079460000"),
            ("*94+14805550143", ForwardingKind::Unreachable, "+14805550143"),
        ] {
            assert_eq!(parse(text), Ok(StarCode::Forward { kind, to: Destination::parse(to).ok() }), "{text}");
        }
        assert_eq!(parse("*93"), Ok(StarCode::Forward { kind: ForwardingKind::NoAnswer, to: None }));
        for text in ["*72", "*72911", "*90abc", "*921"] {
            assert_eq!(parse(text), Err(StarCodeError::Destination), "{text}");
        }
    }

    #[test]
    fn the_rest_is_known_by_its_digits() {
        assert_eq!(parse("*97"), Ok(StarCode::Voicemail));
        assert_eq!(parse("*98"), Ok(StarCode::OtherVoicemail(None)));
        assert_eq!(parse("*98203"), Ok(StarCode::OtherVoicemail(Extension::parse("203").ok())));
        assert_eq!(parse("*55203"), Ok(StarCode::LeaveMessage(Extension::parse("203").unwrap())));
        assert_eq!(parse("*55"), Err(StarCodeError::Extension));
        assert_eq!(parse("**203"), Ok(StarCode::PickUp(Extension::parse("203").unwrap())));
        assert_eq!(parse("**"), Err(StarCodeError::Extension));
        for text in ["*", "*1", "*99", "*433", "*7", "*é9"] {
            assert_eq!(parse(text), Err(StarCodeError::Unknown), "{text}");
        }
        assert_eq!(StarCode::parse(&Dialled::new("203")), None);
    }
}
