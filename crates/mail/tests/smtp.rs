//! What a mail server answers becomes what the outbox needs to know.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod server;

use std::time::Duration;

use lineside_mail::{
    Envelope, Mailbox, Message, MessageId, PasswordReset, Security, SendError, SmtpConfig, SmtpConfigError, Transport,
};
use server::{Data, Encryption, Script, Server};

fn message(number: u32) -> Message {
    let envelope = Envelope {
        id: MessageId::new(&format!("m-{number}"), "pbx.example.com").unwrap(),
        date: "2026-11-22T10:00:00Z".parse().unwrap(),
        from: Mailbox::parse("phones@example.com").unwrap(),
        to: Mailbox::parse("ada@example.com").unwrap(),
        reply_to: None,
    };
    let letter = PasswordReset {
        name: "Ada",
        username: "ada",
        company: "Acme",
        set_password_url: "https://pbx.example.com/set/t0ken",
        valid_hours: 72,
    };
    letter.message(&envelope).unwrap()
}

fn config(server: &Server) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".to_owned(),
        port: server.address.port(),
        security: Security::None,
        username: None,
        password: None,
        hello_name: "pbx.example.com".to_owned(),
        timeout: Duration::from_secs(20),
        extra_roots: None,
    }
}

async fn plain(script: Script) -> (Server, Transport) {
    let server = Server::start(script).await;
    let transport = Transport::smtp(config(&server)).unwrap();
    (server, transport)
}

#[tokio::test]
async fn an_accepted_message_keeps_the_servers_words() {
    let (server, transport) = plain(Script::default()).await;
    let accepted = transport.send(&message(1)).await.unwrap();
    assert_eq!(accepted.server_said, "250 2.0.0 Ok: queued as 4XyZ");
    let inbox = server.inbox();
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].from, "MAIL FROM:<phones@example.com>");
    assert_eq!(inbox[0].to, "RCPT TO:<ada@example.com>");
    assert!(inbox[0].data.contains("Message-ID: <m-1@pbx.example.com>"), "{}", inbox[0].data);
}

#[tokio::test]
async fn several_messages_share_a_connection() {
    let (server, transport) = plain(Script::default()).await;
    for number in 1..=5 {
        transport.send(&message(number)).await.unwrap();
        // The connection goes back to the pool in a task of its own.
        tokio::task::yield_now().await;
    }
    assert_eq!(server.inbox().len(), 5);
    assert!(server.connections() < 5, "{} connections", server.connections());
}

#[tokio::test]
async fn a_550_is_permanent_and_keeps_every_line() {
    let (server, transport) =
        plain(Script { rcpt: "550-5.1.1 No such user\r\n550 5.1.1 Ask postmaster", ..Script::default() }).await;
    let error = transport.send(&message(1)).await.unwrap_err();
    assert!(error.is_permanent(), "{error}");
    assert_eq!(error.said(), "550 5.1.1 No such user Ask postmaster");
    assert!(server.inbox().is_empty());
}

#[tokio::test]
async fn a_451_is_transient() {
    let (_server, transport) = plain(Script { rcpt: "451 4.7.1 Greylisted, try again", ..Script::default() }).await;
    let error = transport.send(&message(1)).await.unwrap_err();
    assert_eq!(error, SendError::Transient { said: "451 4.7.1 Greylisted, try again".to_owned() });
}

#[tokio::test]
async fn a_refusal_after_the_message_is_a_refusal_too() {
    let data = Data::Answer("554 5.7.1 Rejected as spam");
    let (_server, transport) = plain(Script { data, ..Script::default() }).await;
    let error = transport.send(&message(1)).await.unwrap_err();
    assert_eq!(error, SendError::Permanent { said: "554 5.7.1 Rejected as spam".to_owned() });
}

#[tokio::test]
async fn a_connection_lost_inside_the_message_is_transient() {
    let (server, transport) = plain(Script { data: Data::HangUp, ..Script::default() }).await;
    let error = transport.send(&message(1)).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert!(server.inbox().is_empty());
}

#[tokio::test]
async fn after_silence_the_next_message_goes_over_a_fresh_connection() {
    let server = Server::start(Script { data: Data::SilentOnce, ..Script::default() }).await;
    let timeout = Duration::from_millis(400);
    let transport = Transport::smtp(SmtpConfig { timeout, ..config(&server) }).unwrap();
    let error = transport.send(&message(1)).await.unwrap_err();
    assert!(!error.is_permanent() && error.said().contains("no answer from localhost"), "{error}");
    transport.send(&message(2)).await.unwrap();
    let inbox = server.inbox();
    assert_eq!(inbox.len(), 1);
    assert!(inbox[0].data.contains("m-2@") && !inbox[0].data.contains("m-1@"));
}

#[tokio::test]
async fn nobody_listening_is_transient_and_says_so() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(Script::default()).await;
    let config = SmtpConfig { host: "127.0.0.1".to_owned(), port: closed.port(), ..config(&server) };
    let error = Transport::smtp(config).unwrap().send(&message(1)).await.unwrap_err();
    assert!(!error.is_permanent() && error.said().contains("refused"), "{error}");
}

/// "\0ada\0correct horse" in base64.
const AUTH: &str = "AGFkYQBjb3JyZWN0IGhvcnNl";

fn with_password(config: SmtpConfig, password: &str) -> SmtpConfig {
    SmtpConfig { username: Some("ada".to_owned()), password: Some(password.to_owned().into()), ..config }
}

#[tokio::test]
async fn it_signs_in_over_starttls() {
    let server = Server::start(Script { tls: Encryption::StartTls, auth: Some(AUTH), ..Script::default() }).await;
    let config = SmtpConfig { security: Security::StartTls, extra_roots: Some(server.root.clone()), ..config(&server) };
    Transport::smtp(with_password(config, "correct horse")).unwrap().send(&message(1)).await.unwrap();
    let inbox = server.inbox();
    assert!(inbox[0].encrypted && inbox[0].authenticated);
}

#[tokio::test]
async fn it_speaks_tls_from_the_first_byte() {
    let server = Server::start(Script { tls: Encryption::Implicit, ..Script::default() }).await;
    let config = SmtpConfig { security: Security::Tls, extra_roots: Some(server.root.clone()), ..config(&server) };
    Transport::smtp(config).unwrap().send(&message(1)).await.unwrap();
    assert!(server.inbox()[0].encrypted);
}

#[tokio::test]
async fn a_wrong_password_waits_for_the_operator_instead_of_losing_the_message() {
    let server = Server::start(Script { auth: Some(AUTH), ..Script::default() }).await;
    let transport = Transport::smtp(with_password(config(&server), "wrong")).unwrap();
    let error = transport.send(&message(1)).await.unwrap_err();
    assert_eq!(error, SendError::Transient { said: "535 5.7.8 Bad username or password".to_owned() });
}

#[tokio::test]
async fn an_unknown_certificate_or_missing_starttls_sends_nothing() {
    for (tls, security) in [
        (Encryption::StartTls, Security::StartTls),
        (Encryption::Implicit, Security::Tls),
        (Encryption::None, Security::StartTls),
    ] {
        let server = Server::start(Script { tls, auth: Some(AUTH), ..Script::default() }).await;
        let config = with_password(SmtpConfig { security, ..config(&server) }, "correct horse");
        let error = Transport::smtp(config).unwrap().send(&message(1)).await.unwrap_err();
        assert!(!error.is_permanent(), "{error}");
        assert!(server.inbox().is_empty());
    }
}

#[tokio::test]
async fn a_configuration_that_would_leak_or_fail_is_refused() {
    let server = Server::start(Script::default()).await;
    let elsewhere = SmtpConfig { host: "mail.example.com".to_owned(), ..config(&server) };
    assert!(matches!(Transport::smtp(elsewhere), Err(SmtpConfigError::Unencrypted(_))));
    let half = SmtpConfig { username: Some("ada".to_owned()), ..config(&server) };
    assert!(matches!(Transport::smtp(half), Err(SmtpConfigError::HalfCredentials)));
    let injected = SmtpConfig { hello_name: "pbx\r\nMAIL FROM:<x@y.z>".to_owned(), ..config(&server) };
    assert!(matches!(Transport::smtp(injected), Err(SmtpConfigError::HelloName(_))));
    let secret = with_password(config(&server), "correct horse");
    assert!(!format!("{secret:?} {:?}", Transport::smtp(secret.clone()).unwrap()).contains("horse"));
}
