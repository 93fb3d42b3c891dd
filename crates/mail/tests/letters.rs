//! What stands in the letters, whatever stands in the names.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use lineside_mail::{Attachment, ComposeError, Envelope, Mailbox, Message, MessageId, PasswordReset, Welcome};

fn envelope(to_name: &str) -> Envelope {
    Envelope {
        id: MessageId::new("0192d4c0-7b1e", "pbx.example.com").unwrap(),
        date: "2026-11-22T10:00:00Z".parse().unwrap(),
        from: Mailbox::parse("phones@example.com").unwrap().named("Acme phones"),
        to: Mailbox::parse("ada@example.com").unwrap().named(to_name),
        reply_to: None,
    }
}

fn welcome<'a>() -> Welcome<'a> {
    Welcome {
        name: "Ada",
        username: "ada.lovelace",
        phone_number: Some("(212) 555-0123"),
        extension: Some("204"),
        company: "Acme",
        portal_url: "https://pbx.example.com",
        set_password_url: "https://pbx.example.com/set/t0ken",
        valid_hours: 72,
    }
}

fn text(message: &Message) -> String {
    String::from_utf8(message.bytes().to_vec()).unwrap()
}

fn headers(message: &Message) -> Vec<String> {
    let text = text(message);
    let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n").map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

const HEADERS: [&str; 8] =
    ["Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"];

#[test]
fn a_welcome() {
    insta::assert_snapshot!(text(&welcome().message(&envelope("Ada Lovelace")).unwrap()).replace("\r\n", "\n"));
}

#[test]
fn a_welcome_without_number_and_extension_has_no_gaps() {
    let letter = Welcome { phone_number: None, extension: None, ..welcome() };
    let text = text(&letter.message(&envelope("Ada")).unwrap());
    assert!(text.contains("Username:     ada.lovelace\r\n\r\nIf the link"), "{text}");
    assert!(!text.contains("Phone number") && !text.contains("Extension"));
}

#[test]
fn a_password_reset() {
    let letter = PasswordReset {
        name: "Ada",
        username: "ada.lovelace",
        company: "Acme",
        set_password_url: "https://pbx.example.com/set/t0ken",
        valid_hours: 72,
    };
    insta::assert_snapshot!(text(&letter.message(&envelope("Ada Lovelace")).unwrap()).replace("\r\n", "\n"));
}

#[test]
fn the_same_letter_has_the_same_bytes_each_time() {
    let (first, second) = (welcome().message(&envelope("Ada")), welcome().message(&envelope("Ada")));
    assert_eq!(first.unwrap().bytes(), second.unwrap().bytes());
}

#[test]
fn markup_in_names_is_text() {
    let letter = Welcome { name: "<b>A&B</b>\"'", company: "<script>alert(1)</script>", ..welcome() };
    let text = text(&letter.message(&envelope("Ada")).unwrap());
    let html = text.split("text/html").nth(1).unwrap().replace("=\r\n", "");
    assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
    assert!(html.contains("&#60;b&#62;A&#38;B&#60;/b&#62;&#34;&#39;"), "{html}");
}

#[test]
fn nothing_a_person_is_called_makes_a_header_or_a_line() {
    for evil in
        ["Eve\r\nBcc: x@y.z", "Eve\nBcc: x@y.z", "Eve\rBcc: x@y.z", "Eve\r\n\r\n<h1>", "Eve\u{2028}Bcc: x", "\0"]
    {
        let letter = Welcome { name: evil, username: evil, company: evil, phone_number: Some(evil), ..welcome() };
        let message = letter.message(&envelope(evil)).unwrap();
        assert_eq!(headers(&message), HEADERS, "{evil:?}");
        assert!(!text(&message).lines().any(|line| line.starts_with("Bcc:")), "{evil:?}");
    }
}

#[test]
fn other_scripts_travel_as_ascii() {
    let letter = Welcome { name: "Zoë 🐎", company: "Căsuța Ñandú", ..welcome() };
    let message = letter.message(&envelope("Zoë \"Q\" Ñandú, Inc.")).unwrap();
    assert!(message.bytes().is_ascii());
    assert_eq!(headers(&message), HEADERS);
}

#[test]
fn a_link_that_is_none_is_refused() {
    for url in ["javascript:alert(1)", "", "https://a b", "https://a\r\nb", "//pbx.example.com"] {
        let letter = Welcome { set_password_url: url, ..welcome() };
        assert!(matches!(letter.message(&envelope("Ada")), Err(ComposeError::Link(_))), "{url}");
    }
}

#[test]
fn a_recording_goes_along() {
    let wav = Attachment { file_name: "voicemail\r\n.wav".into(), mime: "audio/wav".into(), bytes: vec![0, 1, 2, 255] };
    let message =
        Message::compose(&envelope("Ada"), "Voicemail", "text".into(), "<p>text</p>".into(), vec![wav.clone()])
            .unwrap();
    let text = text(&message);
    assert!(text.contains("multipart/mixed") && text.contains("multipart/alternative"), "{text}");
    assert!(text.contains("Content-Type: audio/wav") && text.contains("AAEC/w=="), "{text}");
    let broken = Attachment { mime: "audio".into(), ..wav };
    let refused = Message::compose(&envelope("Ada"), "Voicemail", String::new(), String::new(), vec![broken]);
    assert!(matches!(refused, Err(ComposeError::Mime(_))));
}

#[test]
fn a_log_shows_no_letter() {
    assert!(!format!("{:?}", welcome().message(&envelope("Ada")).unwrap()).contains("t0ken"));
}
