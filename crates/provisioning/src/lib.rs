//! Phones' configuration files from one neutral device description.
//!
//! - [`slots`], [`Vendor`]: how many lines a model holds, and what a MAC address tells
//! - [`Device`], [`Line`]: what every file is made from; no vendor's words in it
//! - [`yealink`], [`linphone`]: a device as that phone's file; [`generic`]: as credentials that a person types
//! - [`FileRequest`]: which file a phone asks for; anything else is not found
//! - [`qr`]: the address of a softphone's file, to be scanned
//!
//! Data flows one way: the portal's endpoint parses the file's name, loads a [`Device`], and [`render`]s it. Nothing here
//! knows who may fetch: that was decided before.

pub mod device;
pub mod file_request;
pub mod generic;
pub mod linphone;
pub mod qr;
pub mod slots;
pub mod time_zone;
pub mod vendor;
pub mod yealink;

use chrono::{DateTime, Utc};
use lineside_model::device::ConfigurationKind;

pub use device::{
    Codec, Credential, Device, LampKey, Line, Provisioning, RenderError, Secret, SipServer, Srtp, Transport,
};
pub use file_request::FileRequest;
pub use slots::slots;
pub use vendor::Vendor;

/// A file as it goes to the phone. It holds credentials: never cached, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigFile {
    pub content_type: &'static str,
    pub body: String,
}

impl std::fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConfigFile({}, {} bytes)", self.content_type, self.body.len())
    }
}

/// The device's file, in its model's form. `now` chooses the year whose daylight-saving dates are written.
pub fn render(device: &Device, now: DateTime<Utc>) -> Result<ConfigFile, RenderError> {
    match device.model.configuration {
        ConfigurationKind::Yealink => yealink::render(device, now),
        ConfigurationKind::Linphone => linphone::render(device),
        ConfigurationKind::Generic => Err(RenderError::NoFile(device.model.name)),
    }
}
