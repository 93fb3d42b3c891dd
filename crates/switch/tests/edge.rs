//! The switch with its sockets, on the loopback: what virtual time can not show.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use lineside_model::{
    device::DigestAlgorithm,
    directory::{DirectoryLine, DirectoryUser, RegistrationChange, Transport},
    extension::Extension,
    id::{AccountId, DeviceId, LineId, UserId},
};
use lineside_sip::{
    Message, Method,
    digest::{Algorithm, Challenge, Ha1},
};
use lineside_switch::{Certificate, Directory, Outside, Registrations, Switch, SwitchConfig, SwitchHandle};
use md5::{Digest, Md5};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use uuid::Uuid;

const DOMAIN: &str = "pbx.example.com";
const LINE: LineId = LineId(Uuid::from_u128(201));

#[derive(Default)]
struct Written(Mutex<Vec<RegistrationChange>>);

impl Registrations for Written {
    fn changed(&self, changes: Vec<RegistrationChange>) {
        self.0.lock().unwrap().extend(changes);
    }
}

async fn switch(change: impl FnOnce(&mut SwitchConfig)) -> (SwitchHandle, Arc<Written>) {
    let secret = format!("line201:{DOMAIN}:secret");
    let line = DirectoryLine {
        line_id: LINE,
        device_id: DeviceId(Uuid::from_u128(1)),
        username: "line201".to_owned(),
        ha1_md5: Md5::digest(&secret).into(),
        ha1_sha256: Sha256::digest(&secret).into(),
        algorithm: DigestAlgorithm::Md5,
        enabled: true,
    };
    let directory = Directory::new();
    directory.put(DirectoryUser {
        display_name: "Ana Duarte".to_owned(),
        extension: Some(Extension::parse("201").unwrap()),
        voice: true,
        lines: vec![line],
        ..DirectoryUser::new(AccountId(Uuid::from_u128(1)), UserId(Uuid::from_u128(1)), DOMAIN)
    });
    let mut config = SwitchConfig::new(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), 40_000..=44_999, [3; 32]);
    change(&mut config);
    let written = Arc::new(Written::default());
    let handle = Switch::start(config, directory, Outside::only(written.clone()), Vec::new()).await.unwrap();
    (handle, written)
}

fn request(method: Method, transport: &str, cseq: u32, more: &str) -> String {
    format!(
        "{method} sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/{transport} 192.0.2.1:5999;branch=z9hG4bK{cseq}{transport};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:line201@{DOMAIN}>;tag=a\r\nTo: <sip:line201@{DOMAIN}>\r\nCall-ID: one\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:line201@192.0.2.1:5999;transport={transport}>\r\n{more}\
         Content-Length: 0\r\n\r\n"
    )
}

fn authorization(challenge: &Message) -> String {
    let ha1 = Ha1::new(Algorithm::Md5, "line201", DOMAIN, "secret");
    let challenge = Challenge::find(challenge).unwrap();
    let value = challenge.authorization(&ha1, "line201", "REGISTER", &format!("sip:{DOMAIN}"), "c", 1);
    format!("Authorization: {value}\r\n")
}

/// A phone's connection of either kind.
enum Line {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Line {
    async fn udp(handle: &SwitchHandle) -> Line {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(handle.local_addr()).await.unwrap();
        Line::Udp(socket)
    }

    async fn tcp(handle: &SwitchHandle) -> Line {
        Line::Tcp(TcpStream::connect(handle.local_addr()).await.unwrap())
    }

    async fn send(&mut self, bytes: &[u8]) {
        match self {
            Line::Udp(socket) => {
                socket.send(bytes).await.unwrap();
            }
            Line::Tcp(stream) => stream.write_all(bytes).await.unwrap(),
        }
    }

    /// What comes next; empty when the connection was closed.
    async fn receive(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 8192];
        let length = match self {
            Line::Udp(socket) => timeout(Duration::from_secs(10), socket.recv(&mut buffer)).await.unwrap().unwrap(),
            Line::Tcp(stream) => timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap(),
        };
        buffer.truncate(length);
        buffer
    }

    async fn ask(&mut self, request: &str) -> Message {
        self.send(request.as_bytes()).await;
        Message::parse(self.receive().await.into()).unwrap()
    }

    async fn register(&mut self, transport: &str) -> Message {
        let challenge = self.ask(&request(Method::Register, transport, 1, "")).await;
        assert_eq!(challenge.status(), 401);
        self.ask(&request(Method::Register, transport, 2, &authorization(&challenge))).await
    }
}

#[tokio::test]
async fn phones_register_over_udp_and_tcp() {
    let (handle, written) = switch(|_| {}).await;
    let mut udp = Line::udp(&handle).await;
    assert_eq!(udp.register("UDP").await.status(), 200);
    let mut tcp = Line::tcp(&handle).await;
    assert_eq!(tcp.register("TCP").await.status(), 200);
    assert!(handle.registered(LINE));
    handle.stop().await;
    let transports: Vec<Transport> = written
        .0
        .lock()
        .unwrap()
        .iter()
        .filter_map(|change| match change {
            RegistrationChange::Put(binding) => Some(binding.transport),
            RegistrationChange::Removed { .. } => None,
        })
        .collect();
    assert_eq!(transports, [Transport::Udp, Transport::Tcp]);
}

#[tokio::test]
async fn a_closed_connection_ends_its_registration() {
    let (handle, _) = switch(|_| {}).await;
    let mut tcp = Line::tcp(&handle).await;
    assert_eq!(tcp.register("TCP").await.status(), 200);
    assert!(handle.registered(LINE));
    drop(tcp);
    timeout(Duration::from_secs(10), async {
        while handle.registered(LINE) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn messages_in_pieces_and_keepalives_are_understood_on_a_stream() {
    let (handle, _) = switch(|_| {}).await;
    let mut tcp = Line::tcp(&handle).await;
    tcp.send(b"\r\n\r\n").await;
    assert_eq!(tcp.receive().await, b"\r\n");
    let options = request(Method::Options, "TCP", 1, "");
    let (head, tail) = options.split_at(77);
    tcp.send(head.as_bytes()).await;
    assert_eq!(tcp.ask(tail).await.status(), 200);
}

#[tokio::test]
async fn a_stream_without_frames_is_answered_and_closed() {
    let (handle, _) = switch(|_| {}).await;
    let mut tcp = Line::tcp(&handle).await;
    let lost = request(Method::Options, "TCP", 1, "").replace("Content-Length: 0", "Content-Length: -7");
    let answer = tcp.ask(&lost).await;
    assert_eq!(answer.status(), 400);
    assert!(tcp.receive().await.is_empty());
}

#[tokio::test]
async fn connections_over_the_limit_are_closed() {
    let (handle, _) = switch(|config| config.max_connections_per_host = 1).await;
    let mut first = Line::tcp(&handle).await;
    assert_eq!(first.ask(&request(Method::Options, "TCP", 1, "")).await.status(), 200);
    let mut second = Line::tcp(&handle).await;
    assert!(second.receive().await.is_empty());
}

#[tokio::test]
async fn the_same_options_for_everybody_and_silence_for_scanners() {
    let (handle, _) = switch(|_| {}).await;
    let mut udp = Line::udp(&handle).await;
    udp.send(request(Method::Options, "UDP", 1, "User-Agent: friendly-scanner\r\n").as_bytes()).await;
    let known = udp.ask(&request(Method::Options, "UDP", 2, "")).await;
    assert_eq!((known.status(), known.cseq().number), (200, 2), "the scanner's request has no answer");
    let unknown = udp.ask(&request(Method::Options, "UDP", 3, "").replace("line201", "nobody")).await;
    assert_eq!(unknown.status(), 200);
}

#[tokio::test]
async fn strangers_are_heard_only_so_often() {
    let (handle, _) = switch(|config| {
        config.rules.strangers.burst = 2;
        config.rules.strangers.per_second = 0.0;
    })
    .await;
    let mut udp = Line::udp(&handle).await;
    assert_eq!(udp.register("UDP").await.status(), 200);
    // The phone proved itself: now its host may say what it wants.
    for cseq in 10..20 {
        assert_eq!(udp.ask(&request(Method::Options, "UDP", cseq, "")).await.status(), 200);
    }
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let (handle, _) = switch(|_| {}).await;
    let config = SwitchConfig::new(handle.local_addr(), 40_000..=40_999, [3; 32]);
    let error = Switch::start(config, Directory::new(), Outside::only(Arc::new(Written::default())), Vec::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is another program using it?"), "{error}");
}

#[tokio::test]
async fn a_phone_behind_nat_learns_its_address_on_the_sip_port() {
    let (handle, _) = switch(|_| {}).await;
    let mut udp = Line::udp(&handle).await;
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    request.extend([9; 12]);
    udp.send(&request).await;
    let answer = udp.receive().await;
    assert_eq!((answer[0], answer[1], answer.len()), (1, 1, 32));
    assert_eq!(answer[4..20], request[4..20]);
}

fn with_doors(config: &mut SwitchConfig, folder: &std::path::Path) {
    let free = Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
    (config.tls_addr, config.ws_addr, config.wss_addr) = (free, free, free);
    config.certificate = Some(Certificate::create_or_open(folder, "localhost").unwrap());
}

/// A client that trusts what is in the folder, as a phone does once the certificate is installed on it.
async fn tls(address: SocketAddr, folder: &std::path::Path) -> tokio_rustls::client::TlsStream<TcpStream> {
    use tokio_rustls::rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("sip-certificate.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

#[tokio::test]
async fn a_phone_registers_over_tls_with_the_certificate_of_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let (handle, written) = switch(|config| with_doors(config, folder.path())).await;
    let mut stream = tls(handle.door(lineside_sip::Transport::Tls).unwrap(), folder.path()).await;
    let mut ask = async |text: String| {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut buffer = vec![0; 8192];
        let length = timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
        buffer.truncate(length);
        Message::parse(buffer.into()).unwrap()
    };
    let challenge = ask(request(Method::Register, "TLS", 1, "")).await;
    let registered = ask(request(Method::Register, "TLS", 2, &authorization(&challenge))).await;
    assert_eq!(registered.status(), 200);
    handle.stop().await;
    let transport = written.0.lock().unwrap().iter().find_map(|change| match change {
        RegistrationChange::Put(binding) => Some(binding.transport),
        RegistrationChange::Removed { .. } => None,
    });
    assert_eq!(transport, Some(Transport::Tls));
    let again = Certificate::create_or_open(folder.path(), "localhost");
    assert!(again.is_ok(), "the next start has the same certificate");
}

/// Registers over a WebSocket, frame by frame.
async fn register_over<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(stream: S, transport: &str) -> u16 {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest, http::HeaderValue};
    let mut upgrade = "ws://localhost/".into_client_request().unwrap();
    upgrade.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
    let (mut socket, agreed) = tokio_tungstenite::client_async(upgrade, stream).await.unwrap();
    assert_eq!(agreed.headers()["Sec-WebSocket-Protocol"], "sip");
    let mut ask = async |text: String| {
        socket.send(tungstenite::Message::text(text)).await.unwrap();
        let frame = timeout(Duration::from_secs(10), socket.next()).await.unwrap().unwrap().unwrap();
        Message::parse(frame.into_data()).unwrap()
    };
    let challenge = ask(request(Method::Register, transport, 1, "")).await;
    ask(request(Method::Register, transport, 2, &authorization(&challenge))).await.status()
}

#[tokio::test]
async fn browsers_register_over_websocket_in_the_clear_and_in_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (handle, _) = switch(|config| with_doors(config, folder.path())).await;
    let plain = TcpStream::connect(handle.door(lineside_sip::Transport::Ws).unwrap()).await.unwrap();
    assert_eq!(register_over(plain, "WS").await, 200);
    let secure = tls(handle.door(lineside_sip::Transport::Wss).unwrap(), folder.path()).await;
    assert_eq!(register_over(secure, "WSS").await, 200);
}

#[tokio::test]
async fn a_websocket_that_speaks_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (handle, _) = switch(|config| with_doors(config, folder.path())).await;
    let stream = TcpStream::connect(handle.door(lineside_sip::Transport::Ws).unwrap()).await.unwrap();
    let refused = tokio_tungstenite::client_async("ws://localhost/", stream).await;
    assert!(matches!(refused, Err(tokio_tungstenite::tungstenite::Error::Http(answer)) if answer.status() == 400));
}

#[tokio::test]
async fn phones_register_over_ipv6() {
    let (handle, _) = switch(|config| {
        config.sip_addr = "[::1]:0".parse().unwrap();
        config.rules.advertised_host = "[::1]".to_owned();
    })
    .await;
    let socket = UdpSocket::bind("[::1]:0").await.unwrap();
    socket.connect(handle.local_addr()).await.unwrap();
    assert_eq!(Line::Udp(socket).register("UDP").await.status(), 200);
}
