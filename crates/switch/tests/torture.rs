//! The torture messages of RFC 4475 and RFC 5118, over UDP and TCP against a switch with its sockets: each is answered as the
//! RFC says, and whoever comes after them is served.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use lineside_model::{
    device::DigestAlgorithm,
    directory::{DirectoryLine, DirectoryTrunk, DirectoryUser, RegistrationChange},
    extension::Extension,
    id::{AccountId, DeviceId, LineId, TrunkId, UserId},
    trunk::TrunkInput,
};
use lineside_switch::{Directory, Outside, Registrations, Switch, SwitchConfig, SwitchHandle};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use uuid::Uuid;

/// What is sent, and what comes back. A request that the switch would serve is asked who sent it: 401 for REGISTER, 407 else.
struct Case {
    section: &'static str,
    name: &'static str,
    bytes: &'static [u8],
    udp: &'static [u16],
    tcp: &'static [u16],
}

macro_rules! cases {
    ($rfc:literal: $($section:literal $name:literal $udp:expr, $tcp:expr;)*) => {
        &[$(Case {
            section: concat!($rfc, " section ", $section),
            name: $name,
            bytes: include_bytes!(concat!("../../sip/tests/data/", $rfc, "/", $name, ".dat")),
            udp: &$udp,
            tcp: &$tcp,
        }),*]
    };
}

const RFC_4475: &[Case] = cases! { "rfc4475":
    // Valid, whatever they look like.
    // In a call that the switch does not know.
    "3.1.1.1" "wsinv" [481], [481];
    "3.1.1.2" "intmeth" [501], [501];
    "3.1.1.3" "esc01" [407], [407];
    "3.1.1.4" "escnull" [401], [401];
    "3.1.1.5" "esc02" [501], [501];
    "3.1.1.6" "lwsdisp" [200], [200];
    "3.1.1.7" "longreq" [407], [407];
    // What follows in a datagram is noise (RFC 3261 section 18.3); on a stream it is the next message.
    "3.1.1.8" "dblreq" [401], [401, 407];
    "3.1.1.9" "semiuri" [200], [200];
    "3.1.1.10" "transports" [200], [200];
    "3.1.1.11" "mpart01" [407], [407];
    // Responses to nobody.
    "3.1.1.12" "unreason" [], [];
    "3.1.1.13" "noreason" [], [];
    // Invalid.
    "3.1.2.1" "badinv01" [400], [400];
    // On a stream the rest of the body is still to come.
    "3.1.2.2" "clerr" [400], [407];
    "3.1.2.3" "ncl" [400], [400];
    "3.1.2.4" "scalar02" [400], [400];
    "3.1.2.5" "scalarlg" [], [];
    "3.1.2.6" "quotbal" [400], [400];
    "3.1.2.7" "ltgtruri" [400], [400];
    "3.1.2.8" "lwsruri" [400], [400];
    "3.1.2.9" "lwsstart" [400], [400];
    "3.1.2.10" "trws" [400], [400];
    "3.1.2.11" "escruri" [400], [400];
    // A date that nobody reads may be ignored.
    "3.1.2.12" "baddate" [407], [407];
    "3.1.2.13" "regbadct" [400], [400];
    // One may be liberal with these two.
    "3.1.2.14" "badaspec" [200], [200];
    "3.1.2.15" "baddn" [200], [200];
    "3.1.2.16" "badvers" [505], [505];
    "3.1.2.17" "mismatch01" [400], [400];
    "3.1.2.18" "mismatch02" [400], [400];
    "3.1.2.19" "bigcode" [], [];
    // Transactions.
    "3.2.1" "badbranch" [200], [200];
    // What a user agent does.
    "3.3.1" "insuf" [400], [400];
    "3.3.2" "unkscm" [416], [416];
    "3.3.3" "novelsc" [416], [416];
    "3.3.4" "unksm2" [401], [401];
    "3.3.5" "bext01" [420], [420];
    "3.3.6" "invut" [407], [407];
    "3.3.7" "regaut01" [401], [401];
    "3.3.8" "multi01" [400], [400];
    "3.3.9" "mcl01" [400], [400];
    "3.3.10" "bcast" [], [];
    "3.3.11" "zeromf" [200], [200];
    "3.3.12" "cparam01" [401], [401];
    "3.3.13" "cparam02" [401], [401];
    "3.3.14" "regescrt" [401], [401];
    "3.3.15" "sdp01" [407], [407];
    "3.4.1" "inv2543" [407], [407];
};

const RFC_5118: &[Case] = cases! { "rfc5118":
    "4.1" "ipv6-good" [401], [401];
    "4.2" "ipv6-bad" [400], [400];
    // The port is part of the address here, which is as valid as it is unwise.
    "4.3" "port-ambiguous" [401], [401];
    "4.4" "port-unambiguous" [401], [401];
    // No call of ours; read all the same, with brackets in `received` and without.
    "4.5" "via-received-param-with-delim" [481], [481];
    "4.5" "via-received-param-no-delim" [481], [481];
    "4.6" "ipv6-in-sdp" [407], [407];
    "4.7" "mult-ip-in-header" [481], [481];
    "4.8" "mult-ip-in-sdp" [407], [407];
    "4.9" "ipv4-mapped-ipv6" [407], [407];
    // One colon too many, by a mistake in the grammar of RFC 3261: one may be liberal.
    "4.10" "ipv6-bug-abnf-3-colons" [200], [200];
};

struct Nowhere;

impl Registrations for Nowhere {
    fn changed(&self, _: Vec<RegistrationChange>) {}
}

/// With the loopback as a carrier, whose calls need no credentials, or as the home of strangers.
async fn switch(is_carrier: bool) -> SwitchHandle {
    let directory = Directory::new();
    let account = AccountId(Uuid::from_u128(1));
    directory.put(DirectoryUser {
        display_name: "Ana Duarte".to_owned(),
        extension: Some(Extension::parse("201").unwrap()),
        voice: true,
        lines: vec![DirectoryLine {
            line_id: LineId(Uuid::from_u128(1)),
            device_id: DeviceId(Uuid::from_u128(1)),
            username: "line201".to_owned(),
            ha1_md5: [1; 16],
            ha1_sha256: [2; 32],
            algorithm: DigestAlgorithm::Md5,
            enabled: true,
        }],
        ..DirectoryUser::new(account, UserId(Uuid::from_u128(1)), "pbx.example.com")
    });
    if is_carrier {
        let input = TrunkInput {
            name: "Carrier".into(),
            enabled: true,
            host: "127.0.0.1".into(),
            transport: "UDP".into(),
            ..TrunkInput::default()
        };
        let trunk_id = TrunkId(Uuid::from_u128(1));
        let settings = input.parse().unwrap();
        directory.replace_trunks([DirectoryTrunk {
            trunk_id,
            account_id: None,
            serves: None,
            settings,
            password: None,
        }]);
    }
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let config = SwitchConfig::new(address, 46_000..=46_199, [5; 32]);
    Switch::start(config, directory, Outside::only(Arc::new(Nowhere)), Vec::new()).await.unwrap()
}

/// Whoever comes after.
fn options(transport: &str, n: usize) -> String {
    format!(
        "OPTIONS sip:pbx.example.com SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1;branch=z9hG4bKafter{n};rport\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:pbx.example.com>\r\nCall-ID: after{n}\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

fn is_after(answer: &[u8], n: usize) -> bool {
    answer.starts_with(b"SIP/2.0 200 ") && String::from_utf8_lossy(answer).contains(&format!("Call-ID: after{n}\r\n"))
}

/// The status of an answer; the answer may repeat header fields that are none.
fn status(answer: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(answer).into_owned();
    line.strip_prefix("SIP/2.0 ").and_then(|line| line[..3].parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

async fn over_udp(handle: &SwitchHandle, n: usize, bytes: &[u8]) -> Vec<u16> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(handle.local_addr()).await.unwrap();
    socket.send(bytes).await.unwrap();
    socket.send(options("UDP", n).as_bytes()).await.unwrap();
    let mut found = Vec::new();
    let mut buffer = vec![0; 65_535];
    loop {
        let length = timeout(Duration::from_secs(10), socket.recv(&mut buffer)).await.expect("still served").unwrap();
        if is_after(&buffer[..length], n) {
            return found;
        }
        found.push(status(&buffer[..length]));
    }
}

/// Where framing is lost the connection is closed after the answer, and whoever comes after has one of its own.
async fn over_tcp(handle: &SwitchHandle, n: usize, bytes: &[u8]) -> Vec<u16> {
    let mut heard = Vec::new();
    let mut stream = TcpStream::connect(handle.local_addr()).await.unwrap();
    stream.write_all(&completed(bytes)).await.unwrap();
    stream.write_all(options("TCP", n).as_bytes()).await.unwrap();
    let mut buffer = vec![0; 65_535];
    while !is_after(last(&heard), n) {
        let read = timeout(Duration::from_secs(10), stream.read(&mut buffer))
            .await
            .unwrap_or_else(|_| panic!("answered or closed: {}", String::from_utf8_lossy(bytes)));
        match read {
            Ok(0) | Err(_) => {
                stream = TcpStream::connect(handle.local_addr()).await.unwrap();
                stream.write_all(options("TCP", n).as_bytes()).await.unwrap();
            }
            Ok(length) => heard.extend_from_slice(&buffer[..length]),
        }
    }
    let answers = answers(&heard);
    answers[..answers.len() - 1].iter().map(|answer| status(answer)).collect()
}

/// With as long a body as its `Content-Length` says.
fn completed(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return bytes.to_vec() };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse::<usize>().ok());
    let mut whole = bytes.to_vec();
    whole.resize(bytes.len().max(head.len() + 4 + length.unwrap_or_default()), b'x');
    whole
}

/// Answers have no bodies here, so each ends with an empty line.
fn answers(heard: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(heard).into_owned();
    text.split_inclusive("\r\n\r\n").map(|answer| answer.as_bytes().to_vec()).collect()
}

fn last(heard: &[u8]) -> &[u8] {
    let mut starts = heard.windows(8).enumerate().filter(|(_, bytes)| bytes == b"SIP/2.0 ");
    let answer = starts.next_back().map_or(&[][..], |(start, _)| &heard[start..]);
    if answer.ends_with(b"\r\n\r\n") { answer } else { &[] }
}

#[tokio::test]
async fn each_is_answered_as_the_rfc_says_over_udp_and_tcp() {
    let mut wrong = Vec::new();
    for case in RFC_4475.iter().chain(RFC_5118) {
        // Some have a branch in common, which makes them one request to a switch that has seen it already.
        let [first, second] = [switch(false).await, switch(false).await];
        let (udp, tcp) = (over_udp(&first, 0, case.bytes).await, over_tcp(&second, 0, case.bytes).await);
        if (&udp[..], &tcp[..]) != (case.udp, case.tcp) {
            wrong.push(format!("{} {}: {udp:?} over UDP, {tcp:?} over TCP", case.section, case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn all_of_them_one_after_another_leave_a_switch_that_serves() {
    let handle = switch(false).await;
    let cases: Vec<&Case> = RFC_4475.iter().chain(RFC_5118).collect();
    for (n, case) in cases.iter().chain(cases.iter().rev()).enumerate() {
        over_udp(&handle, n, case.bytes).await;
        over_tcp(&handle, 1_000 + n, case.bytes).await;
    }
    handle.stop().await;
}

#[tokio::test]
async fn calls_of_a_carrier_are_taken_or_refused_by_what_they_want() {
    let mut wrong = Vec::new();
    for case in RFC_4475.iter().chain(RFC_5118) {
        let handle = switch(true).await;
        let told = over_udp(&handle, 0, case.bytes).await;
        let is_call = case.udp == [407] && case.bytes.starts_with(b"INVITE ");
        // Nobody has the numbers that they call: an announcement is begun, or there is no sound that we speak.
        let is_right = if is_call { told.len() == 1 } else { told == case.udp };
        if !is_right {
            wrong.push(format!("{} {}: {told:?}", case.section, case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
