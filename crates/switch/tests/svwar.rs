//! A scanner (`svwar`) looks for extensions and finds none: `cargo nextest run -p lineside-switch --run-ignored all`, with Debian's
//! `sipvicious` installed.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

use std::{net::SocketAddr, process::Command, sync::Arc};

use lineside_model::{
    device::DigestAlgorithm,
    directory::{DirectoryLine, DirectoryUser, RegistrationChange},
    extension::Extension,
    id::{AccountId, DeviceId, LineId, UserId},
};
use lineside_switch::{Directory, Outside, Registrations, Switch, SwitchConfig};
use uuid::Uuid;

struct Nowhere;

impl Registrations for Nowhere {
    fn changed(&self, _: Vec<RegistrationChange>) {}
}

/// A user whose line is named as its extension is, which no administrator should do.
fn user(n: u128) -> DirectoryUser {
    let extension = (100 + n).to_string();
    DirectoryUser {
        display_name: "Somebody".to_owned(),
        extension: Some(Extension::parse(&extension).unwrap()),
        voice: n.is_multiple_of(2),
        lines: vec![DirectoryLine {
            line_id: LineId(Uuid::from_u128(n)),
            device_id: DeviceId(Uuid::from_u128(n)),
            username: extension,
            ha1_md5: [1; 16],
            ha1_sha256: [2; 32],
            algorithm: DigestAlgorithm::Md5,
            enabled: true,
        }],
        ..DirectoryUser::new(AccountId(Uuid::from_u128(1)), UserId(Uuid::from_u128(n)), "127.0.0.1")
    }
}

#[tokio::test]
#[ignore = "needs svwar"]
async fn no_extension_is_found_by_any_method() {
    let directory = Directory::new();
    for n in [1, 2, 30, 31, 99] {
        directory.put(user(n));
    }
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let config = SwitchConfig::new(address, 45_000..=45_099, [5; 32]);
    let handle = Switch::start(config, directory, Outside::only(Arc::new(Nowhere)), Vec::new()).await.unwrap();
    let port = handle.local_addr().port().to_string();
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        let port = port.clone();
        let scan = move || {
            Command::new("svwar").args(["-e100-300", "--force", "-m", method, "127.0.0.1", "-p", &port]).output()
        };
        let output = tokio::task::spawn_blocking(scan).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("found nothing"), "{method}: {said}");
    }
}
