//! A folder instead of a server.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use lineside_mail::{Envelope, Mailbox, Message, MessageId, Transport};

fn message(subject: &str) -> Message {
    let envelope = Envelope {
        id: MessageId::new("m-1", "pbx.example.com").unwrap(),
        date: "2026-11-22T10:00:00Z".parse().unwrap(),
        from: Mailbox::parse("phones@example.com").unwrap(),
        to: Mailbox::parse("ada@example.com").unwrap(),
        reply_to: None,
    };
    Message::compose(&envelope, subject, "text".into(), "<p>text</p>".into(), Vec::new()).unwrap()
}

#[tokio::test]
async fn a_message_is_a_whole_file_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Transport::spool(folder.path().join("mail"));
    let accepted = spool.send(&message("one")).await.unwrap();
    let path = folder.path().join("mail/m-1@pbx.example.com.eml");
    assert_eq!(std::fs::read(&path).unwrap(), message("one").bytes());
    assert!(accepted.server_said.contains("m-1@pbx.example.com.eml"), "{accepted:?}");
}

#[tokio::test]
async fn sending_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Transport::spool(folder.path());
    let first = spool.send(&message("one")).await.unwrap();
    assert_eq!(spool.send(&message("two")).await.unwrap(), first);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["m-1@pbx.example.com.eml"]);
    assert_eq!(std::fs::read(folder.path().join(&names[0])).unwrap(), message("one").bytes());
}

#[tokio::test]
async fn many_senders_of_one_message_leave_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Transport::spool(folder.path());
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let spool = spool.clone();
            tokio::spawn(async move { spool.send(&message("one")).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_transient_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let error = Transport::spool(&file).send(&message("one")).await.unwrap_err();
    assert!(!error.is_permanent() && error.said().contains("a-file"), "{error}");
}
