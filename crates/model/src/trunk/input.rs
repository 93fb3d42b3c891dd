//! A trunk as a form or a request carries it.

use serde::{Deserialize, Serialize};

use super::{BY_NAME, CALLS_MAX_DEFAULT, CallerIdIn, Host, NumberFormat, PRIORITY_DEFAULT, TRANSPORTS, TrunkSettings};
use crate::directory::Transport;
use crate::field::FieldErrors;
use crate::text::Name;

/// `password` is empty to keep the one there is.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TrunkInput {
    pub name: String,
    pub enabled: bool,
    pub host: String,
    pub port: String,
    pub transport: String,
    pub secure_media: bool,
    pub register: bool,
    pub username: String,
    pub password: String,
    pub number_format: String,
    pub prefix: String,
    pub caller_id: String,
    pub priority: String,
    pub emergency: bool,
    pub calls_max: String,
}

impl std::fmt::Debug for TrunkInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrunkInput").field("name", &self.name).field("host", &self.host).finish_non_exhaustive()
    }
}

impl From<&TrunkSettings> for TrunkInput {
    fn from(settings: &TrunkSettings) -> Self {
        Self {
            name: settings.name.to_string(),
            enabled: settings.enabled,
            host: settings.host.to_string(),
            port: settings.port.map(|port| port.to_string()).unwrap_or_default(),
            transport: if settings.by_name { BY_NAME } else { settings.transport.as_str() }.to_owned(),
            secure_media: settings.secure_media,
            register: settings.register,
            username: settings.username.clone().unwrap_or_default(),
            password: String::new(),
            number_format: settings.number_format.as_str().to_owned(),
            prefix: settings.prefix.clone().unwrap_or_default(),
            caller_id: settings.caller_id.as_str().to_owned(),
            priority: settings.priority.to_string(),
            emergency: settings.emergency,
            calls_max: settings.calls_max.to_string(),
        }
    }
}

impl TrunkInput {
    pub fn parse(&self) -> Result<TrunkSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", Name::parse(&self.name));
        let host = errors.take("host", Host::parse(&self.host));
        let port = errors.take_optional("port", &self.port, |text| match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err("write a port from 1 to 65535, or leave it empty"),
        });
        let by_name = self.transport == BY_NAME;
        let transport = Transport::parse(&self.transport).filter(|transport| TRANSPORTS.contains(transport));
        let transport = transport.or(by_name.then_some(Transport::Udp)).ok_or("choose how SIP travels");
        let transport = errors.take("transport", transport);
        if self.secure_media && !by_name && transport.is_some_and(|transport| transport != Transport::Tls) {
            errors.push("secure_media", "sound is protected with keys that only TLS keeps secret; choose TLS");
        }
        let prefix = errors.take_optional("prefix", &self.prefix, |text| {
            let fits = text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'+'));
            if fits { Ok(text.to_owned()) } else { Err("write up to 12 of the digits, *, # and +, or leave it empty") }
        });
        let caller_id = match self.caller_id.trim() {
            "" => Some(CallerIdIn::default()),
            text => errors.take("caller_id", CallerIdIn::parse(text).ok_or("choose where the carrier reads who calls")),
        };
        if caller_id == Some(CallerIdIn::Asserted) && self.username.trim().is_empty() {
            errors.push("username", "From shall name the trunk's user: write the user name that the carrier gave");
        }
        let username = errors.take_optional("username", &self.username, |text| {
            let fits = text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic());
            if fits { Ok(text.to_owned()) } else { Err("write the user name that the carrier gave, without blanks") }
        });
        if self.register && self.username.trim().is_empty() {
            errors.push("username", "a trunk that registers needs the user name that the carrier gave");
        }
        if self.password.len() > 256 || self.password.chars().any(crate::text::is_unprintable) {
            errors.push("password", "a password has at most 256 characters, none of them a control character");
        }
        let number_format = match self.number_format.trim() {
            "" => Some(NumberFormat::default()),
            text => {
                errors.take("number_format", NumberFormat::parse(text).ok_or("choose how the carrier writes numbers"))
            }
        };
        let priority = errors.take_optional("priority", &self.priority, |text| match text.parse::<u16>() {
            Ok(priority) if priority <= 1_000 => Ok(priority),
            _ => Err("write a number from 0 to 1000; lower ones are tried first"),
        });
        let calls_max = errors.take_optional("calls_max", &self.calls_max, |text| match text.parse::<u32>() {
            Ok(calls) if (1..=100_000).contains(&calls) => Ok(calls),
            _ => Err("write how many calls the carrier takes at once, from 1 to 100000"),
        });
        let settings = (|| {
            Some(TrunkSettings {
                name: name?,
                enabled: self.enabled,
                host: host?,
                port,
                transport: transport?,
                by_name,
                secure_media: self.secure_media,
                register: self.register,
                username,
                number_format: number_format?,
                prefix,
                caller_id: caller_id?,
                priority: priority.unwrap_or(PRIORITY_DEFAULT),
                emergency: self.emergency,
                calls_max: calls_max.unwrap_or(CALLS_MAX_DEFAULT),
            })
        })();
        errors.into_result(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_together_is_asked_for_together() {
        let input = TrunkInput {
            name: "Carrier".into(),
            host: "sip.carrier.example".into(),
            transport: "TCP".into(),
            secure_media: true,
            prefix: "9 1".into(),
            caller_id: "asserted".into(),
            ..TrunkInput::default()
        };
        let errors = input.parse().unwrap_err();
        assert!(["secure_media", "prefix", "username"].iter().all(|field| errors.of(field).is_some()));
        let input = TrunkInput {
            transport: BY_NAME.into(),
            prefix: "00#".into(),
            number_format: "digits".into(),
            username: "u".into(),
            ..input
        };
        let settings = input.parse().unwrap();
        assert!(settings.by_name && settings.called("+442079460000") == "00#442079460000");
        assert_eq!(TrunkInput::from(&settings).parse().unwrap(), settings);
    }

    #[test]
    fn trunks_that_were_kept_before_are_read() {
        let input =
            TrunkInput { name: "C".into(), host: "c.example".into(), transport: "UDP".into(), ..TrunkInput::default() };
        let mut kept = serde_json::to_value(input.parse().unwrap()).unwrap();
        for field in ["by_name", "secure_media", "prefix", "caller_id"] {
            kept.as_object_mut().unwrap().remove(field);
        }
        assert_eq!(serde_json::from_value::<TrunkSettings>(kept).unwrap(), input.parse().unwrap());
    }

    #[test]
    fn a_registering_trunk_needs_a_user_name() {
        let input = TrunkInput {
            name: "Carrier".into(),
            host: "sip.carrier.example".into(),
            transport: "UDP".into(),
            register: true,
            port: "0".into(),
            ..TrunkInput::default()
        };
        let errors = input.parse().unwrap_err();
        assert!(errors.of("username").is_some() && errors.of("port").is_some());
        let input = TrunkInput { username: "u".into(), port: String::new(), ..input };
        let settings = input.parse().unwrap();
        assert_eq!(TrunkInput::from(&settings).parse().unwrap(), settings);
        assert!(!format!("{:?}", TrunkInput { password: "hush".into(), ..input }).contains("hush"));
    }
}
