//! A carrier on the loopback, reached by name over TLS: found, checked, and connected to again.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use lineside_model::{
    call_report::{AlarmKind, CallReport},
    directory::{DirectoryTrunk, RegistrationChange},
    id::TrunkId,
    trunk::TrunkInput,
};
use lineside_sip::{Message, Method, Response};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
    server::TlsStream,
};

use super::super::resolve::tests::{Dns, host, server};
use super::*;
use crate::{CallReports, Directory, Outside, Registrations, Switch, SwitchHandle};

struct Carrier {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    certificate: String,
}

impl Carrier {
    /// With a certificate for that name, which it signed itself.
    async fn of(name: &str) -> Self {
        Self::with(CertificateParams::new([name.to_owned()]).unwrap()).await
    }

    async fn with(params: CertificateParams) -> Self {
        let signing_key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&signing_key).unwrap();
        let key = PrivateKeyDer::from_pem_slice(signing_key.serialize_pem().as_bytes()).unwrap();
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config.unwrap())),
            certificate: certificate.pem(),
        }
    }

    /// The next connection, and the REGISTER in it, which is answered.
    async fn registered(&self) -> (TlsStream<TcpStream>, Message) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut stream = self.acceptor.accept(stream).await.unwrap();
        let mut buffer = vec![0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        buffer.truncate(length);
        let register = Message::parse(buffer.into()).unwrap();
        let ok = Response::new(&register, 200).to_tag("carrier").into_bytes();
        stream.write_all(&ok).await.unwrap();
        (stream, register)
    }
}

#[derive(Default)]
struct Nowhere(Mutex<Option<mpsc::UnboundedSender<AlarmKind>>>);

impl Registrations for Nowhere {
    fn changed(&self, _: Vec<RegistrationChange>) {}
}

impl CallReports for Nowhere {
    fn report(&self, report: CallReport) {
        if let (CallReport::Alarm(alarm), Some(sender)) = (report, &*self.0.lock().unwrap()) {
            let _ = sender.send(alarm.kind);
        }
    }
}

async fn house(dns: &Dns, trust: &str) -> (SwitchHandle, mpsc::UnboundedReceiver<AlarmKind>) {
    let directory = Directory::new();
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: "carrier.test".into(),
        transport: "TLS".into(),
        register: true,
        username: "lineside".into(),
        ..TrunkInput::default()
    };
    let trunk_id = TrunkId(uuid::Uuid::from_u128(1));
    directory.replace_trunks([DirectoryTrunk {
        trunk_id,
        account_id: None,
        serves: None,
        settings: input.parse().unwrap(),
        password: None,
    }]);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = SwitchConfig::new(listen, 45_000..=45_099, [1; 32]);
    config.dns = vec![dns.address];
    config.trust = Some(trust.as_bytes().to_vec());
    let (sender, alarms) = mpsc::unbounded_channel();
    let told = Arc::new(Nowhere(Mutex::new(Some(sender))));
    let outside = Outside { reports: told.clone(), ..Outside::only(told) };
    (Switch::start(config, directory, outside, Vec::new()).await.unwrap(), alarms)
}

async fn dns(carrier: &Carrier) -> Dns {
    let port = carrier.listener.local_addr().unwrap().port();
    Dns::start(vec![
        server("_sips._tcp.carrier.test.", (1, 1, port), "edge.carrier.test."),
        host("edge.carrier.test.", 1, 300),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_is_found_by_name_and_connected_to_again_when_the_connection_closes() {
    let carrier = Carrier::of("carrier.test").await;
    let dns = dns(&carrier).await;
    let (switch, mut alarms) = house(&dns, &carrier.certificate).await;
    let (stream, register) = carrier.registered().await;
    assert_eq!(register.method(), Method::Register);
    let text = String::from_utf8_lossy(register.as_bytes()).into_owned();
    assert!(text.contains("Via: SIP/2.0/TLS") && text.contains("transport=tls"), "{text}");
    assert!(matches!(alarms.recv().await, Some(AlarmKind::TrunkUp { .. })));
    drop(stream);
    let (_stream, again) = carrier.registered().await;
    assert_eq!(again.method(), Method::Register);
    assert!(again.cseq().number > register.cseq().number);
    switch.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_believed_says_what_would_mend_it() {
    let of = |name: &str| CertificateParams::new([name.to_owned()]).unwrap();
    let mut authority = of("carrier.test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut old = of("carrier.test");
    (old.not_before, old.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let cases = [
        (of("edge.carrier.test"), "the host in the trunk's settings is not whom its certificate is for"),
        (authority, "needs the basic constraint CA:FALSE"),
        (old, "the carrier has to renew it"),
    ];
    for (params, says) in cases {
        let carrier = Carrier::with(params).await;
        let why = refused(&carrier, &carrier.certificate).await;
        assert!(why.contains("TLS with it fails") && why.contains(says), "{why}");
    }
    let mut stranger = of("carrier.test");
    stranger.distinguished_name.push(DnType::CommonName, "stranger");
    let carrier = Carrier::of("carrier.test").await;
    for another in [of("carrier.test"), stranger] {
        let why = refused(&carrier, &Carrier::with(another).await.certificate).await;
        assert!(why.contains("sip.trust_file"), "{why}");
    }
}

/// Why the trunk of a house that trusts `trust` is down.
async fn refused(carrier: &Carrier, trust: &str) -> String {
    let dns = dns(carrier).await;
    let (switch, mut alarms) = house(&dns, trust).await;
    let (stream, _) = carrier.listener.accept().await.unwrap();
    assert!(carrier.acceptor.accept(stream).await.is_err(), "nothing is said to it");
    let Some(AlarmKind::TrunkDown { why, .. }) = alarms.recv().await else { panic!() };
    switch.stop().await;
    why
}
