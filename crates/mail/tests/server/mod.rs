//! A small SMTP server that does what a test says: takes mail, refuses it, or hangs up in the middle.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

#[derive(Clone)]
pub struct Script {
    pub tls: Encryption,
    /// The AUTH PLAIN response in base64 that is let in; without it nobody is asked.
    pub auth: Option<&'static str>,
    pub rcpt: &'static str,
    pub data: Data,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    None,
    StartTls,
    Implicit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// What is said after the final dot.
    Answer(&'static str),
    /// The connection ends when half of the message was read.
    HangUp,
    /// The first message is never answered; later ones are taken.
    SilentOnce,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            tls: Encryption::None,
            auth: None,
            rcpt: "250 2.1.5 Ok",
            data: Data::Answer("250 2.0.0 Ok: queued as 4XyZ"),
        }
    }
}

#[derive(Debug, Default, Clone)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub data: String,
    pub encrypted: bool,
    pub authenticated: bool,
}

pub struct Server {
    pub address: SocketAddr,
    /// The certificate to trust.
    pub root: Vec<u8>,
    inbox: Arc<Mutex<Vec<Received>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, root) = certificate();
        let server = Server { address, root, inbox: Arc::default(), connections: Arc::default() };
        let (inbox, connections) = (server.inbox.clone(), server.connections.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *connections.lock().unwrap() += 1;
                let first = *connections.lock().unwrap() == 1;
                // A client that goes away ends its own conversation only.
                tokio::spawn(converse(stream, script.clone(), acceptor.clone(), inbox.clone(), first));
            }
        });
        server
    }

    pub fn inbox(&self) -> Vec<Received> {
        self.inbox.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

fn certificate() -> (TlsAcceptor, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem().into_bytes())
}

type Inbox = Arc<Mutex<Vec<Received>>>;

async fn converse(stream: TcpStream, script: Script, acceptor: TlsAcceptor, inbox: Inbox, first: bool) {
    match script.tls {
        Encryption::None => drop(talk(BufReader::new(stream), &script, &inbox, first, false, true).await),
        Encryption::Implicit => {
            if let Ok(stream) = acceptor.accept(stream).await {
                drop(talk(BufReader::new(stream), &script, &inbox, first, true, true).await);
            }
        }
        Encryption::StartTls => {
            let Some(plain) = talk(BufReader::new(stream), &script, &inbox, first, false, true).await else { return };
            if let Ok(stream) = acceptor.accept(plain.into_inner()).await {
                drop(talk(BufReader::new(stream), &script, &inbox, first, true, false).await);
            }
        }
    }
}

/// Until the client leaves (`None`), or wants encryption (the stream back).
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    script: &Script,
    inbox: &Inbox,
    first: bool,
    encrypted: bool,
    greet: bool,
) -> Option<BufReader<S>> {
    let mut mail = Received { encrypted, ..Received::default() };
    if greet {
        say(&mut stream, "220 mx.test ESMTP").await?;
    }
    loop {
        let line = hear(&mut stream).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let starttls = if script.tls == Encryption::StartTls && !encrypted { "250-STARTTLS\r\n" } else { "" };
                let auth = if script.auth.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
                say(&mut stream, &format!("250-mx.test\r\n{starttls}{auth}250 8BITMIME")).await?;
            }
            "STARTTLS" => {
                say(&mut stream, "220 2.0.0 Ready to start TLS").await?;
                return Some(stream);
            }
            "AUTH" => {
                mail.authenticated = script.auth.is_some_and(|secret| line.ends_with(secret));
                let answer =
                    if mail.authenticated { "235 2.7.0 Welcome" } else { "535 5.7.8 Bad username or password" };
                say(&mut stream, answer).await?;
            }
            "MAIL" => {
                line.clone_into(&mut mail.from);
                say(&mut stream, "250 2.1.0 Ok").await?;
            }
            "RCPT" => {
                line.clone_into(&mut mail.to);
                say(&mut stream, script.rcpt).await?;
            }
            "DATA" => {
                say(&mut stream, "354 End data with <CR><LF>.<CR><LF>").await?;
                mail.data.clear();
                loop {
                    let line = hear(&mut stream).await?;
                    if script.data == Data::HangUp && line.is_empty() {
                        return None;
                    }
                    if line == "." {
                        break;
                    }
                    mail.data.push_str(&line);
                    mail.data.push('\n');
                }
                match script.data {
                    Data::SilentOnce if first => {}
                    Data::Answer(answer) => {
                        // What was not accepted is not in the inbox.
                        if answer.starts_with('2') {
                            inbox.lock().unwrap().push(mail.clone());
                        }
                        say(&mut stream, answer).await?;
                    }
                    Data::SilentOnce | Data::HangUp => {
                        inbox.lock().unwrap().push(mail.clone());
                        say(&mut stream, "250 2.0.0 Ok").await?;
                    }
                }
            }
            "QUIT" => {
                say(&mut stream, "221 2.0.0 Bye").await?;
                return None;
            }
            _ => say(&mut stream, "250 2.0.0 Ok").await?,
        }
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, text: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await.ok()
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
