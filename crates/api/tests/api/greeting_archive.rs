//! Greetings of many users in one archive.

use std::io::Write as _;

use axum::http::Method;
use lineside_model::greeting_archive::{ArchiveState, GreetingArchive};
use lineside_model::id::ArchiveId;
use lineside_service::Caller;
use lineside_testkit::database::Engine;
use lineside_testkit::service::House;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Client;
use crate::house;

pub fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Once all of it was read.
pub async fn read(house: &House, caller: &Caller, id: ArchiveId) -> GreetingArchive {
    loop {
        let archive = house.service.greeting_archive(caller, id).await.unwrap();
        if archive.state != ArchiveState::Reading {
            return archive;
        }
        tokio::task::yield_now().await;
    }
}

async fn upload(house: &House, client: &Client, file: Vec<u8>) -> Value {
    let path = "/greeting-archives?file_name=greetings.zip";
    let uploaded =
        client.send_bytes(Method::POST, path, &[("Content-Type", "application/zip")], file).await.expect(201);
    let id = uploaded.id();
    read(house, &house.acme.administrator.caller, id.parse().unwrap()).await;
    client.get(&format!("/greeting-archives/{id}")).await.expect(200).json
}

fn effects(archive: &Value) -> Vec<(&str, &str)> {
    let files = archive["files"].as_array().unwrap().iter();
    files.map(|file| (file["name"].as_str().unwrap(), file["effect"].as_str().unwrap())).collect()
}

#[rstest]
#[tokio::test]
async fn sounds_find_their_users_and_everything_else_is_named(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let client = Client::of(&house, &house.acme.administrator).await;
    let wav = lineside_testkit::call::wav();
    let file = zip(&[
        ("Sounds/ACME.User.wav", wav.clone()),
        ("__MACOSX/._acme.user.wav", b"rubbish".to_vec()),
        ("acme.owner.wav", b"this is no sound".to_vec()),
        ("globex.user.wav", wav.clone()),
        ("nobody.wav", wav.clone()),
        ("holiday greeting.wav", wav.clone()),
        ("acme.admin.wav", wav.clone()),
        ("more/acme.admin.mp3", wav),
    ]);
    let archive = upload(&house, &client, file.clone()).await;
    assert_eq!(archive["state"], "planned");
    assert_eq!(
        effects(&archive),
        [
            ("ACME.User.wav", "set"),
            ("acme.owner.wav", "refused"),
            ("globex.user.wav", "unknown"),
            ("nobody.wav", "unknown"),
            ("holiday greeting.wav", "refused"),
            ("acme.admin.wav", "refused"),
            ("acme.admin.mp3", "refused"),
        ]
    );
    assert!(archive["files"][5]["why"].as_str().unwrap().contains("several greetings"), "{archive}");
    let user = format!("/users/{}", house.acme.user.id);
    assert_eq!(client.get(&user).await.json["greeting"], Value::Null, "the plan changes nothing");

    let apply = format!("/greeting-archives/{}/apply", archive["id"].as_str().unwrap());
    for _ in 0..2 {
        let done = client.send(Method::POST, &apply, &[], Some(json!({}))).await.expect(200);
        assert_eq!(done.json["state"], "done");
    }
    assert_eq!(client.get(&user).await.json["greeting"]["file_name"], "ACME.User.wav");
    let again = upload(&house, &client, file).await;
    assert_eq!(effects(&again)[0], ("ACME.User.wav", "unchanged"));
    assert_eq!(again["can_be_applied"], false);
    let stranger = Client::of(&house, &house.globex.administrator).await;
    assert_eq!(stranger.get("/greeting-archives").await.expect(200).json, json!([]));
    let undo = format!("/journal/{}/undo", archive["id"].as_str().unwrap());
    client.send(Method::POST, &undo, &[], Some(json!({}))).await.expect(200);
    assert_eq!(client.get(&user).await.json["greeting"], Value::Null);
}

#[tokio::test]
async fn what_is_no_archive_too_much_or_empty_is_refused() {
    let (house, _database) = house(Engine::Sqlite).await.unwrap();
    let client = Client::of(&house, &house.acme.administrator).await;
    let post = async |file: Vec<u8>| {
        let answer =
            client.send_bytes(Method::POST, "/greeting-archives", &[("Content-Type", "application/zip")], file);
        answer.await.expect(422).json["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    assert!(post(b"no archive".to_vec()).await.contains("no ZIP archive"));
    assert!(post(zip(&[("folder/.hidden", Vec::new())])).await.contains("holds no file"));
    let names: Vec<String> = (0..2_001).map(|at| format!("user.{at}.wav")).collect();
    let many: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), Vec::new())).collect();
    assert!(post(zip(&many)).await.contains("more than 2000 files"));
    // Thirty megabytes of nothing in thirty kilobytes: no more is unpacked than a greeting may have.
    let bomb = upload(&house, &client, zip(&[("acme.user.wav", vec![0; 30 << 20])])).await;
    assert_eq!(effects(&bomb), [("acme.user.wav", "refused")]);
    assert!(bomb["files"][0]["why"].as_str().unwrap().contains("MB"), "{bomb}");
}
