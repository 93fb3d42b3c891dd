//! The device that the tests render.

use lineside_model::device::{DeviceModel, DigestAlgorithm};
use lineside_provisioning::{Codec, Credential, Device, Line, Provisioning, Secret, SipServer, Srtp, Transport};

pub fn device(slug: &str) -> Device {
    let model = DeviceModel::find(slug).unwrap();
    Device {
        model,
        provisioning: Provisioning {
            url: "https://prov.example.com/t0ken/".to_owned(),
            username: Some("805ec0123456".to_owned()),
            password: Some(Secret::new("pr0vSecret")),
            refresh_minutes: 1440,
        },
        admin_password: Some(Secret::new("adm1nSecret")),
        sip: SipServer {
            host: "sip.example.com".to_owned(),
            port: 5061,
            transport: Transport::Tls,
            srtp: Srtp::Required,
            registration_seconds: 600,
        },
        lines: vec![line(Credential::Secret(Secret::new("kT9vXw2mQe7rLz4sBn6yPd8h")))],
        lamp_keys: Vec::new(),
        time_zone: chrono_tz::America::New_York,
        ntp_server: "pool.ntp.org".to_owned(),
        language: "en".to_owned(),
        emergency_numbers: ["911", "112", "933"].map(str::to_owned).to_vec(),
        codecs: vec![Codec::Opus, Codec::G722, Codec::Pcmu],
    }
}

pub fn line(credential: Credential) -> Line {
    Line {
        username: "d-8f3k2q7xab".to_owned(),
        credential,
        realm: "acme.example.com".to_owned(),
        algorithm: DigestAlgorithm::Md5,
        display_name: "Ada Lovelace".to_owned(),
        label: "Ada 204".to_owned(),
        extension: "204".to_owned(),
        voicemail_number: "*97".to_owned(),
    }
}
