//! What a phone gets when it asks for its configuration.

use lineside_auth::{Sealed, Token};
use lineside_model::device::{ConfigurationKind, Device, DeviceModel, DigestAlgorithm, Line};
use lineside_model::directory::Transport;
use lineside_model::user::User;
use lineside_provisioning as phone;
use lineside_store::device::ProvisionedDevice;

use crate::mint::{bound_to, provisioning_bound_to};
use crate::{Service, ServiceError};

/// How often phones look again, in minutes.
const REFRESH_MINUTES: u32 = 60;
const REGISTRATION_SECONDS: u32 = 600;
const VOICEMAIL: &str = "*97";

impl Service {
    /// The device's own address: what a person types, or the QR code carries. `None` for the generic phone.
    pub fn provisioning_url(&self, device: &Device) -> Result<Option<String>, ServiceError> {
        let Some(model) = DeviceModel::find(&device.model) else { return Ok(None) };
        let folder = || -> Result<String, ServiceError> {
            let sealed = Sealed(device.provisioning_token.bytes().to_vec());
            let token = self.inner.sealer.open(&sealed, &provisioning_bound_to(device.id))?;
            Ok(format!("{}/p/{}", self.settings().portal_url, String::from_utf8_lossy(&token)))
        };
        Ok(match model.configuration {
            ConfigurationKind::Yealink => Some(format!("{}/", folder()?)),
            ConfigurationKind::Linphone => Some(format!("{}/linphone.xml", folder()?)),
            ConfigurationKind::Generic => None,
        })
    }

    /// The file that a device asks for by the secret in its address. Everything that is not right is the same `NotFound`:
    /// unknown secret, another device's file, a locked device, no user, no active Voice license.
    pub async fn fetch_configuration(
        &self,
        secret: &str,
        file: &str,
        from: &str,
        user_agent: &str,
    ) -> Result<phone::ConfigFile, ServiceError> {
        let token = Token::parse(secret).ok_or(ServiceError::NotFound)?;
        let request = phone::FileRequest::parse(file).ok_or(ServiceError::NotFound)?;
        let found = self.store().device_by_provisioning_hash(token.hash().as_bytes()).await?;
        let found = found.ok_or(ServiceError::NotFound)?;
        let file = self.configuration(&found, &request, secret)?;
        let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(200).collect();
        self.store().record_fetch(&found.device, self.new_change_id(), self.now(), from, &user_agent).await?;
        if let Some(user) = &found.user {
            self.inner.live.tell(crate::live::News {
                account_id: found.account.id,
                users: vec![user.id],
                account: false,
                calls: false,
            });
        }
        Ok(file)
    }

    fn configuration(
        &self,
        found: &ProvisionedDevice,
        request: &phone::FileRequest,
        secret: &str,
    ) -> Result<phone::ConfigFile, ServiceError> {
        let ProvisionedDevice { device, line: Some(line), user: Some(user), voice: true, account, time_zone, .. } =
            found
        else {
            return Err(ServiceError::NotFound);
        };
        let model = DeviceModel::find(&device.model).ok_or(ServiceError::NotFound)?;
        let own_file = request.answer() == Some(model.configuration)
            && (request.mac().is_none() || request.mac() == device.mac.as_ref());
        if device.locked || !own_file {
            return Err(ServiceError::NotFound);
        }
        let extension = user.profile.extension.as_ref().map(ToString::to_string).unwrap_or_default();
        let settings = self.settings();
        let neutral = phone::Device {
            model,
            provisioning: phone::Provisioning {
                url: match model.configuration {
                    ConfigurationKind::Linphone => format!("{}/p/{secret}/linphone.xml", settings.portal_url),
                    ConfigurationKind::Yealink | ConfigurationKind::Generic => {
                        format!("{}/p/{secret}/", settings.portal_url)
                    }
                },
                username: None,
                password: None,
                refresh_minutes: REFRESH_MINUTES,
            },
            admin_password: None,
            sip: phone::SipServer {
                host: settings.sip_host.clone(),
                port: settings.sip_port,
                transport: match settings.sip_transport {
                    Transport::Udp => phone::Transport::Udp,
                    // What phones are told is UDP or TCP: the configuration takes nothing else.
                    Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => phone::Transport::Tcp,
                },
                srtp: phone::Srtp::Off,
                registration_seconds: REGISTRATION_SECONDS,
            },
            lines: vec![phone::Line {
                username: line.credentials.username.clone(),
                credential: self.credential(line, model.configuration)?,
                realm: account.settings.sip_domain.to_string(),
                algorithm: line.algorithm,
                display_name: user.profile.full_name(),
                label: if extension.is_empty() { user.profile.full_name() } else { extension.clone() },
                extension,
                voicemail_number: VOICEMAIL.to_owned(),
            }],
            lamp_keys: found.colleagues.iter().filter_map(lamp_key).collect(),
            time_zone: time_zone.0,
            ntp_server: settings.ntp_server.clone(),
            language: "en".to_owned(),
            emergency_numbers: lineside_model::extension::EMERGENCY.map(str::to_owned).to_vec(),
            codecs: vec![phone::Codec::Pcmu, phone::Codec::Pcma, phone::Codec::G722, phone::Codec::Opus],
        };
        phone::render(&neutral, self.now()).map_err(|error| {
            tracing::error!(device = %device.id, %error, "a configuration file can't be made");
            ServiceError::NotFound
        })
    }

    fn credential(&self, line: &Line, kind: ConfigurationKind) -> Result<phone::Credential, ServiceError> {
        let open = |value: &[u8], what: &str| -> Result<phone::Secret, ServiceError> {
            let text = self.inner.sealer.open(&Sealed(value.to_vec()), &bound_to(&line.credentials.username, what))?;
            Ok(phone::Secret::new(String::from_utf8_lossy(&text)))
        };
        match kind {
            ConfigurationKind::Linphone => {
                let (value, what) = match line.algorithm {
                    DigestAlgorithm::Md5 => (&line.credentials.ha1_md5, "ha1-md5"),
                    DigestAlgorithm::Sha256 => (&line.credentials.ha1_sha256, "ha1-sha256"),
                };
                open(value.bytes(), what).map(phone::Credential::Ha1)
            }
            ConfigurationKind::Yealink | ConfigurationKind::Generic => {
                let secret = line.credentials.secret.as_ref().ok_or(ServiceError::NotFound)?;
                open(secret.bytes(), "secret").map(phone::Credential::Secret)
            }
        }
    }
}

fn lamp_key(colleague: &User) -> Option<phone::LampKey> {
    let (label, extension) = colleague.lamp_key()?;
    Some(phone::LampKey { label, extension: extension.to_string() })
}
