//! A switch with a few users, to be tried with real phones:
//!
//! ```text
//! cargo run -p lineside-switch --example switch -- 127.0.0.1:5060
//! baresip: <sip:line201@pbx.example.com;transport=udp>;auth_pass=secret201;outbound="sip:127.0.0.1:5060"
//! ```
//!
//! 206 has voicemail. Extensions 201, 202 and 203 have the lines line201 … with the passwords secret201 …; 204 has no Voice license, and
//! who calls 205 while none of its phones is there reaches 202.

use std::{net::SocketAddr, sync::Arc};

use lineside_model::{
    call_report::CallReport,
    device::DigestAlgorithm,
    directory::{DirectoryLine, DirectoryMailbox, DirectoryUser, RegistrationChange, Rights},
    extension::{Destination, Extension},
    id::{AccountId, DeviceId, LineId, UserId},
    phone_number::E164,
    question::Question,
};
use lineside_switch::{CallReports, Directory, Mailboxes, Outside, Registrations, Reply, Switch, SwitchConfig};
use md5::{Digest, Md5};
use sha2::Sha256;
use uuid::Uuid;

const DOMAIN: &str = "pbx.example.com";

struct Print;

impl Registrations for Print {
    fn changed(&self, changes: Vec<RegistrationChange>) {
        for change in changes {
            match change {
                RegistrationChange::Put(binding) => {
                    println!("registered {} until {}", binding.contact.escape_ascii(), binding.expires_at);
                }
                RegistrationChange::Removed { contact, .. } => println!("gone {}", contact.escape_ascii()),
            }
        }
    }
}

impl CallReports for Print {
    fn report(&self, report: CallReport) {
        println!("{report:?}");
    }
}

impl Mailboxes for Print {
    fn ask(&self, question: Question, _reply: Reply) {
        println!("{question:?}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).init();
    let address: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:5060").parse()?;
    let directory = Directory::new();
    for n in 1..=6 {
        directory.put(user(n)?);
    }
    let config = SwitchConfig::new(address, 20_000..=20_999, [7; 32]);
    let print = Arc::new(Print);
    let outside = Outside { registrations: print.clone(), reports: print.clone(), mailboxes: print };
    let handle = Switch::start(config, directory, outside, Vec::new()).await?;
    println!("listening on {}", handle.local_addr());
    tokio::signal::ctrl_c().await?;
    handle.stop().await;
    Ok(())
}

fn user(n: u128) -> Result<DirectoryUser, Box<dyn std::error::Error>> {
    let extension = 200 + n;
    let (username, password) = (format!("line{extension}"), format!("secret{extension}"));
    let secret = format!("{username}:{DOMAIN}:{password}");
    let line = DirectoryLine {
        line_id: LineId(Uuid::from_u128(n)),
        device_id: DeviceId(Uuid::from_u128(n)),
        username,
        ha1_md5: Md5::digest(&secret).into(),
        ha1_sha256: Sha256::digest(&secret).into(),
        algorithm: DigestAlgorithm::Md5,
        enabled: true,
    };
    Ok(DirectoryUser {
        display_name: format!("User {n}"),
        extension: Some(Extension::parse(&extension.to_string())?),
        numbers: vec![E164::parse(&format!("+1480555{:04}", 140 + n))?],
        unreachable: if n == 5 { Some(Destination::parse("202")?) } else { None },
        voice: n != 4,
        rights: Rights { external_calls: true, voicemail: true, call_recording: true, web_phone: true, devices: 5 },
        mailbox: DirectoryMailbox { enabled: n == 6, unheard: u32::from(n == 6), ..DirectoryMailbox::default() },
        lines: vec![line],
        ..DirectoryUser::new(AccountId(Uuid::from_u128(1)), UserId(Uuid::from_u128(n)), DOMAIN)
    })
}
