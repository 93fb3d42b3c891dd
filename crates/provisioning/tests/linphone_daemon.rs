//! A real Linphone fetches our file and registers with it: `cargo nextest run -p lineside-provisioning --run-ignored all`,
//! with Debian's `linphone-cli` installed.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod device;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use device::{device, line};
use lineside_model::device::DigestAlgorithm;
use lineside_provisioning::{Credential, Device, Provisioning, Secret, SipServer, Srtp, Transport, render};
use md5::{Digest as _, Md5};
use rstest::rstest;
use sha2::Sha256;

const REALM: &str = "acme.example.com";
const NONCE: &str = "dcd98b7102dd2f0e";
const NAME: &str = r#"Zoë "Q" Ñandú 🐎"#;

fn hash(algorithm: DigestAlgorithm, text: &str) -> String {
    match algorithm {
        DigestAlgorithm::Md5 => hex::encode(Md5::digest(text)),
        DigestAlgorithm::Sha256 => hex::encode(Sha256::digest(text)),
    }
}

/// Ends with the test, however that ends.
struct Phone(Child);

impl Phone {
    fn start(home: &Path, config_uri: &str) -> Self {
        // Without this folder it aborts.
        fs::create_dir_all(home.join(".local/share/linphone")).unwrap();
        let rc = home.join("linphonerc");
        fs::write(
            &rc,
            format!("[misc]\nconfig-uri={config_uri}\n[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\n"),
        )
        .unwrap();
        let mut command = Command::new("linphone-daemon");
        command.arg("--config").arg(&rc).env("HOME", home).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
        // It leaves when its input ends, so the input stays open.
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Phone(child)
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn softphone(algorithm: DigestAlgorithm, url: String, sip_port: u16) -> Device {
    let ha1 = hash(algorithm, &format!("d-8f3k2q7xab:{REALM}:kT9vXw2mQe7rLz4sBn6yPd8h"));
    let mut line = line(Credential::Ha1(Secret::new(ha1)));
    line.algorithm = algorithm;
    NAME.clone_into(&mut line.display_name);
    let sip = SipServer {
        host: "127.0.0.1".to_owned(),
        port: sip_port,
        transport: Transport::Udp,
        srtp: Srtp::Off,
        registration_seconds: 600,
    };
    let provisioning = Provisioning { url, username: None, password: None, refresh_minutes: 1440 };
    Device { lines: vec![line], sip, provisioning, ..device("linphone") }
}

/// Answers one request with the file and says what was asked.
fn serve(listener: TcpListener, body: String) -> mpsc::Receiver<String> {
    let (asked, requests) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).unwrap();
        asked.send(String::from_utf8_lossy(&buffer[..read]).into_owned()).unwrap();
    });
    requests
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

fn parameter<'a>(header: &'a str, name: &str) -> &'a str {
    let found = header.split([',', ' ']).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default().trim_matches('"')
}

fn answer(request: &str, status: &str, more: &str) -> String {
    let copied: Vec<String> =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}", header(request, name))).to_vec();
    format!("SIP/2.0 {status}\r\n{}\r\n{more}Content-Length: 0\r\n\r\n", copied.join("\r\n"))
}

#[rstest]
#[ignore = "needs linphone-daemon"]
fn linphone_fetches_its_file_and_registers(
    #[values(DigestAlgorithm::Md5, DigestAlgorithm::Sha256)] algorithm: DigestAlgorithm,
) {
    let home = tempfile::tempdir().unwrap();
    let registrar = UdpSocket::bind("127.0.0.1:0").unwrap();
    registrar.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/t0ken/linphone.xml", web.local_addr().unwrap());
    let device = softphone(algorithm, url.clone(), registrar.local_addr().unwrap().port());
    let requests = serve(web, render(&device, "2026-11-22T10:00:00Z".parse().unwrap()).unwrap().body);

    let _phone = Phone::start(home.path(), &url);
    let fetched = requests.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(fetched.starts_with("GET /t0ken/linphone.xml "), "{fetched}");

    let mut buffer = [0; 8192];
    loop {
        let (read, phone) = registrar.recv_from(&mut buffer).unwrap();
        let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
        if !request.starts_with("REGISTER ") {
            continue;
        }
        assert!(
            header(&request, "From").contains(r#""Zoë \"Q\" Ñandú 🐎" <sip:d-8f3k2q7xab@acme.example.com>"#),
            "{request}"
        );
        let authorization = header(&request, "Authorization");
        if parameter(authorization, "response").is_empty() {
            let name = if algorithm == DigestAlgorithm::Md5 { "MD5" } else { "SHA-256" };
            let challenge = format!(
                "WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{NONCE}\", algorithm={name}, qop=\"auth\"\r\n"
            );
            registrar.send_to(answer(&request, "401 Unauthorized", &challenge).as_bytes(), phone).unwrap();
            continue;
        }
        let Credential::Ha1(ha1) = &device.lines[0].credential else { unreachable!() };
        let ha2 = hash(algorithm, &format!("REGISTER:{}", parameter(authorization, "uri")));
        let (nc, cnonce) = (parameter(authorization, "nc"), parameter(authorization, "cnonce"));
        let expected = hash(algorithm, &format!("{}:{NONCE}:{nc}:{cnonce}:auth:{ha2}", ha1.reveal()));
        assert_eq!(parameter(authorization, "response"), expected, "{request}");
        return;
    }
}
