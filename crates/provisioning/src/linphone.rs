//! Linphone's remote provisioning: XML in the schema `lpconfig.xsd`, whose sections and entries are those of its
//! `linphonerc`. It takes the HA1, so the secret itself never leaves us.

use askama::Template;
use lineside_model::device::DigestAlgorithm;

use crate::ConfigFile;
use crate::device::{Codec, Credential, Device, Line, RenderError, Srtp};

#[derive(Template)]
#[template(path = "linphone.xml")]
struct Xml<'a> {
    device: &'a Device,
    accounts: Vec<Account<'a>>,
    media_encryption: &'static str,
    encryption_mandatory: u8,
    codecs: Vec<AudioCodec>,
}

struct Account<'a> {
    line: &'a Line,
    ha1: &'a str,
    algorithm: &'static str,
    identity: String,
    server: String,
}

struct AudioCodec {
    mime: &'static str,
    rate: u32,
    channels: u8,
    enabled: u8,
}

pub fn render(device: &Device) -> Result<ConfigFile, RenderError> {
    device.check()?;
    let (media_encryption, encryption_mandatory) = match device.sip.srtp {
        Srtp::Off => ("none", 0),
        Srtp::Optional => ("srtp", 0),
        Srtp::Required => ("srtp", 1),
    };
    let accounts = device.lines.iter().map(|line| account(device, line)).collect::<Result<_, _>>()?;
    let xml = Xml { device, accounts, media_encryption, encryption_mandatory, codecs: codecs(&device.codecs) };
    let body = xml.render().map_err(|error| RenderError::Template(error.to_string()))?;
    Ok(ConfigFile { content_type: "application/xml; charset=utf-8", body })
}

fn account<'a>(device: &'a Device, line: &'a Line) -> Result<Account<'a>, RenderError> {
    let Credential::Ha1(ha1) = &line.credential else {
        return Err(RenderError::NeedsHa1(device.model.name));
    };
    let sip = &device.sip;
    Ok(Account {
        line,
        ha1: ha1.reveal(),
        algorithm: algorithm_name(line.algorithm),
        identity: format!("{} <sip:{}@{}>", quoted(&line.display_name), line.username, line.realm),
        server: format!("<sip:{}:{};transport={}>", sip.host, sip.port, sip.transport.name()),
    })
}

/// As in RFC 7616.
const fn algorithm_name(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha256 => "SHA-256",
    }
}

/// A quoted string of RFC 3261 section 25.1.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.trim().replace('\\', "\\\\").replace('"', "\\\""))
}

/// All that we name, the wanted ones first and switched on.
fn codecs(wanted: &[Codec]) -> Vec<AudioCodec> {
    let others = Codec::ALL.iter().filter(|codec| !wanted.contains(codec));
    wanted.iter().chain(others).map(|codec| audio_codec(*codec, wanted.contains(codec))).collect()
}

fn audio_codec(codec: Codec, enabled: bool) -> AudioCodec {
    // G.722 samples at 16 kHz and says 8000 (RFC 3551 section 4.5.2).
    let (mime, rate, channels) = match codec {
        Codec::Opus => ("opus", 48_000, 2),
        Codec::G722 => ("G722", 8000, 1),
        Codec::Pcmu => ("PCMU", 8000, 1),
        Codec::Pcma => ("PCMA", 8000, 1),
    };
    AudioCodec { mime, rate, channels, enabled: u8::from(enabled) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_own_quotes() {
        assert_eq!(quoted(r#"Ada" <sip:eve@evil.example>"#), r#""Ada\" <sip:eve@evil.example>""#);
        assert_eq!(quoted(r"back\"), r#""back\\""#);
    }
}
