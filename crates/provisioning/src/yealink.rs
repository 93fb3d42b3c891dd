//! Yealink's `key = value` file, firmware V86 and V87 (desk phones T3 to T5, the CP925, the W70B base).
//!
//! Phones keep the old value of a key that is missing, so every line slot of the model is written, the unused ones
//! switched off and emptied; whoever had the phone before is gone from it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::ConfigFile;
use crate::device::{Codec, Credential, Device, Line, RenderError, Secret, Srtp, Transport};
use crate::slots::slots;
use crate::time_zone::{Change, Day, ZoneRule};

/// Resets a key to the phone's default.
const NOTHING: &str = "%NULL%";

/// Dialled before an extension, it takes the call that rings there.
const PICKUP: &str = "**";
/// What a key is for.
const KEY_NONE: u8 = 0;
const KEY_LINE: u8 = 15;
const KEY_LAMP: u8 = 16;

/// As many emergency numbers are written, emptied when unused, so that one that was taken off the list leaves the phone.
const EMERGENCY_PLACES: usize = 5;

pub fn render(device: &Device, now: DateTime<Utc>) -> Result<ConfigFile, RenderError> {
    device.check()?;
    // The first line must be exactly this, or the phone ignores the file.
    let mut file = File("#!version:1.0.0.1\n".to_owned());
    for (slot, index) in (1..=slots(device.model)).zip(0..) {
        match device.lines.get(index) {
            Some(line) => file.line(slot, line, device)?,
            None => file.unused(slot),
        }
    }
    file.keys(device);
    file.time(device, now);
    file.emergency(device);
    file.provisioning(device);
    file.set("lang.gui", language(&device.language));
    file.set("lang.wui", language(&device.language));
    // Calls from anywhere but the registrar are scanners' work.
    file.set("sip.trust_ctrl", 1);
    Ok(ConfigFile { content_type: "text/plain; charset=utf-8", body: file.0 })
}

struct File(String);

impl File {
    fn set(&mut self, key: &str, value: impl std::fmt::Display) {
        // Writing to a string can't fail.
        let _ = writeln!(self.0, "{key} = {value}");
    }

    /// An empty value would leave the old one standing.
    fn text(&mut self, key: &str, value: &str) {
        let value = value.trim();
        self.set(key, if value.is_empty() { NOTHING } else { value });
    }

    fn line(&mut self, slot: u8, line: &Line, device: &Device) -> Result<(), RenderError> {
        let Credential::Secret(secret) = &line.credential else {
            return Err(RenderError::NeedsSecret(device.model.name));
        };
        let account = format!("account.{slot}");
        self.set(&format!("{account}.enable"), 1);
        self.text(&format!("{account}.label"), &line.label);
        self.text(&format!("{account}.display_name"), &line.display_name);
        self.text(&format!("{account}.user_name"), &line.username);
        self.text(&format!("{account}.auth_name"), &line.username);
        self.text(&format!("{account}.password"), secret.reveal());
        self.server(&account, line, device);
        self.set(&format!("{account}.srtp_encryption"), srtp(device.sip.srtp));
        self.set(&format!("{account}.dtmf.type"), 1);
        self.set(&format!("{account}.nat.rport"), 1);
        self.set(&format!("{account}.nat.udp_update_enable"), u8::from(device.sip.transport == Transport::Udp));
        self.set(&format!("{account}.nat.udp_update_time"), 30);
        self.set(&format!("{account}.subscribe_mwi"), 1);
        self.text(&format!("voice_mail.number.{slot}"), &line.voicemail_number);
        self.codecs(&account, &device.codecs);
        Ok(())
    }

    /// The domain is the line's; when the server has another name, it is the way there (an outbound proxy).
    fn server(&mut self, account: &str, line: &Line, device: &Device) {
        let sip = &device.sip;
        let apart = !line.realm.eq_ignore_ascii_case(&sip.host);
        self.text(&format!("{account}.sip_server.1.address"), &line.realm);
        self.set(&format!("{account}.sip_server.1.port"), sip.port);
        self.set(&format!("{account}.sip_server.1.transport_type"), transport(sip.transport));
        self.set(&format!("{account}.sip_server.1.expires"), sip.registration_seconds);
        self.set(&format!("{account}.sip_server.2.address"), NOTHING);
        self.set(&format!("{account}.outbound_proxy_enable"), u8::from(apart));
        self.text(&format!("{account}.outbound_proxy.1.address"), if apart { &sip.host } else { "" });
        self.set(&format!("{account}.outbound_proxy.1.port"), sip.port);
    }

    fn codecs(&mut self, account: &str, wanted: &[Codec]) {
        for codec in Codec::ALL {
            let key = format!("{account}.codec.{}", codec_name(codec));
            let place = wanted.iter().position(|wanted| *wanted == codec);
            self.set(&format!("{key}.enable"), u8::from(place.is_some()));
            self.set(&format!("{key}.priority"), place.map_or(0, |place| place + 1));
        }
        for other in ["g729", "ilbc"] {
            self.set(&format!("{account}.codec.{other}.enable"), 0);
        }
    }

    fn unused(&mut self, slot: u8) {
        let account = format!("account.{slot}");
        self.set(&format!("{account}.enable"), 0);
        for key in ["label", "display_name", "user_name", "auth_name", "password", "sip_server.1.address"] {
            self.set(&format!("{account}.{key}"), NOTHING);
        }
        self.set(&format!("voice_mail.number.{slot}"), NOTHING);
    }

    /// Its own lines first, then colleagues. Keys that are not used are emptied: the phone would keep what they were.
    fn keys(&mut self, device: &Device) {
        let lines = device.lines.len().max(1);
        for key in 1..=usize::from(device.model.line_keys()) {
            let name = format!("linekey.{key}");
            let colleague = key.checked_sub(lines + 1).and_then(|at| device.lamp_keys.get(at));
            let (kind, line) = match colleague {
                _ if key <= lines => (KEY_LINE, key),
                Some(_) => (KEY_LAMP, 1),
                None => (KEY_NONE, 0),
            };
            self.set(&format!("{name}.type"), kind);
            self.set(&format!("{name}.line"), line);
            self.text(&format!("{name}.value"), colleague.map_or("", |key| &key.extension));
            self.text(&format!("{name}.label"), colleague.map_or("", |key| &key.label));
            let pickup = colleague.map(|key| format!("{PICKUP}{}", key.extension)).unwrap_or_default();
            self.text(&format!("{name}.extension"), &pickup);
        }
        if device.model.line_keys() > 0 {
            self.set("features.pickup.direct_pickup_enable", 1);
            self.set("features.pickup.direct_pickup_code", PICKUP);
        }
    }

    fn time(&mut self, device: &Device, now: DateTime<Utc>) {
        let zone = ZoneRule::of(device.time_zone, now);
        self.text("local_time.ntp_server1", &device.ntp_server);
        self.set("local_time.time_zone", offset(zone.standard_minutes));
        // The name would bring the phone's own, perhaps outdated, rule with it.
        self.set("local_time.time_zone_name", NOTHING);
        self.set("local_time.summer_time", u8::from(zone.daylight.is_some()));
        if let Some(daylight) = zone.daylight {
            let by_date = matches!(daylight.start.day, Day::Date(_));
            self.set("local_time.dst_time_type", u8::from(!by_date));
            self.set("local_time.start_time", change(daylight.start));
            self.set("local_time.end_time", change(daylight.end));
            self.set("local_time.offset_time", daylight.ahead_minutes);
        }
    }

    fn emergency(&mut self, device: &Device) {
        let numbers = &device.emergency_numbers;
        self.text("phone_setting.emergency.number", &numbers.join(","));
        self.set("dialplan.emergency.enable", u8::from(!numbers.is_empty()));
        self.text("dialplan.emergency.server.1.address", &device.sip.host);
        self.set("dialplan.emergency.server.1.port", device.sip.port);
        self.set("dialplan.emergency.server.1.transport_type", transport(device.sip.transport));
        for place in 0..numbers.len().max(EMERGENCY_PLACES) {
            let (number, key) = (numbers.get(place).map_or("", String::as_str), place + 1);
            self.text(&format!("dialplan.emergency.{key}.value"), number);
            self.set(&format!("dialplan.emergency.{key}.server_priority"), 1);
            // Sent when the last digit is keyed, without waiting for more.
            self.text(&format!("dialplan.dialnow.rule.{key}"), number);
        }
        self.set("features.dnd.emergency_enable", 1);
    }

    fn provisioning(&mut self, device: &Device) {
        let provisioning = &device.provisioning;
        let secret = |secret: &Option<Secret>| secret.as_ref().map_or(String::new(), |s| s.reveal().to_owned());
        self.text("static.auto_provision.server.url", &provisioning.url);
        self.text("static.auto_provision.server.username", provisioning.username.as_deref().unwrap_or_default());
        self.text("static.auto_provision.server.password", &secret(&provisioning.password));
        self.set("static.auto_provision.power_on", 1);
        self.set("static.auto_provision.repeat.enable", 1);
        self.set("static.auto_provision.repeat.minutes", provisioning.refresh_minutes);
        // From now on the phone asks nobody else for settings.
        self.set("static.auto_provision.pnp_enable", 0);
        self.set("static.auto_provision.dhcp_option.enable", 0);
        self.set("static.zero_touch.enable", 0);
        if let Some(password) = &device.admin_password {
            self.set("static.security.user_password", format_args!("admin:{}", password.reveal()));
        }
    }
}

/// `-5`, `+5:30`, `0`.
fn offset(minutes: i32) -> String {
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let sign = match minutes {
        ..0 => "-",
        0 => "",
        1.. => "+",
    };
    if rest == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{rest:02}") }
}

/// Month/week/weekday/hour, week 5 being the last, or month/day/hour.
fn change(change: Change) -> String {
    let Change { month, day, hour } = change;
    match day {
        Day::Nth { week, weekday } => format!("{month}/{week}/{weekday}/{hour}"),
        Day::Last { weekday } => format!("{month}/5/{weekday}/{hour}"),
        Day::Date(day) => format!("{month}/{day}/{hour}"),
    }
}

const fn transport(transport: Transport) -> u8 {
    match transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::Tls => 2,
    }
}

const fn srtp(srtp: Srtp) -> u8 {
    match srtp {
        Srtp::Off => 0,
        Srtp::Optional => 1,
        Srtp::Required => 2,
    }
}

const fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "opus",
        Codec::G722 => "g722",
        Codec::Pcmu => "pcmu",
        Codec::Pcma => "pcma",
    }
}

/// The phone's names for its languages; one it does not have becomes English.
fn language(tag: &str) -> &'static str {
    match tag.split('-').next().unwrap_or_default() {
        "cs" => "Czech",
        "de" => "German",
        "es" => "Spanish",
        "fr" => "French",
        "he" => "Hebrew",
        "it" => "Italian",
        "nl" => "Dutch",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ru" => "Russian",
        "tr" => "Turkish",
        _ => "English",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_written_as_the_phone_reads_them() {
        let written = [-300, 330, 630, 345, 0, 120, -210].map(offset);
        assert_eq!(written, ["-5", "+5:30", "+10:30", "+5:45", "0", "+2", "-3:30"]);
    }
}
