//! Everything that takes no file from us: what the person types into the phone, in words that most phones use.

use crate::device::{Credential, Device, RenderError, Secret, Transport};

#[derive(Debug, Clone)]
pub struct Credentials {
    /// "Username", "User ID", "Authentication ID": all the same.
    pub username: String,
    pub secret: Secret,
    /// "Domain", "Realm", "SIP server".
    pub domain: String,
    /// "Outbound proxy", when it is not the domain.
    pub outbound_proxy: Option<String>,
    pub port: u16,
    pub transport: Transport,
    pub display_name: String,
    pub voicemail_number: String,
}

/// One set per line.
pub fn credentials(device: &Device) -> Result<Vec<Credentials>, RenderError> {
    device.check()?;
    let sip = &device.sip;
    let each = device.lines.iter().map(|line| {
        let Credential::Secret(secret) = &line.credential else {
            return Err(RenderError::NeedsSecret(device.model.name));
        };
        Ok(Credentials {
            username: line.username.clone(),
            secret: secret.clone(),
            domain: line.realm.clone(),
            outbound_proxy: Some(sip.host.clone()).filter(|host| !host.eq_ignore_ascii_case(&line.realm)),
            port: sip.port,
            transport: sip.transport,
            display_name: line.display_name.clone(),
            voicemail_number: line.voicemail_number.clone(),
        })
    });
    each.collect()
}
