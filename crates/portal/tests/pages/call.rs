//! Forwarding, voicemail, recording, the history of calls, their settings and trunks, as people meet them.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call_report::{
    AnsweredBy, CallAnswered, CallBegan, CallDirection, CallEnded, CallOutcome, CallParty, CallRecorded, CallReport,
    EndedBy, LadderStep, LegQuality, MessageLeft,
};
use lineside_model::id::{CallId, UserId};
use uuid::Uuid;

use crate::visit::Visit;

/// A second of a loud tone, as the switch writes it.
fn wav() -> Vec<u8> {
    let samples: Vec<u8> = (0..8_000_i16).flat_map(|n| (n % 16 * 2_000 - 16_000).to_le_bytes()).collect();
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
    wav.extend(u32::try_from(samples.len()).unwrap().to_le_bytes());
    wav.extend(samples);
    wav
}

fn file(visit: &Visit, name: &str) -> std::path::PathBuf {
    let path = visit.house.spool.with_file_name(name);
    std::fs::write(&path, wav()).unwrap();
    path
}

fn caller() -> CallParty {
    CallParty { user: None, number: "+16025550199".into(), name: "Carla <b>Costa</b>".into() }
}

fn ended(visit: &Visit, n: u128, at: DateTime<Utc>, user: UserId) -> CallEnded {
    let (call, account) = (CallId(Uuid::from_u128(n)), visit.house.acme.id);
    let callee = CallParty { user: Some(user), number: "201".into(), name: "Ursula User".into() };
    let (direction, dialled) = (CallDirection::Inbound, "+14805550143".to_owned());
    let began = CallBegan { call, account, at, direction, caller: caller(), dialled, callee: Some(callee.clone()) };
    let quality = LegQuality { codec: "PCMU".into(), packets: 990, lost: 10, jitter_ms: 1.5 };
    CallEnded {
        began,
        answered: Some(CallAnswered { call, account, at: at + TimeDelta::seconds(5), by: AnsweredBy::Party(callee) }),
        ended_at: at + TimeDelta::seconds(70),
        outcome: CallOutcome::Answered,
        status: None,
        ended_by: EndedBy::Caller,
        hops: Vec::new(),
        from_caller: Some(quality),
        from_callee: None,
        trunk: None,
        ladder: vec![LadderStep { at, leg: 0, received: true, title: "INVITE".into(), text: "INVITE sip:201".into() }],
    }
}

#[tokio::test]
async fn forwarding_is_set_with_an_error_beside_each_wrong_field() {
    let visit = Visit::owner().await;
    let page = format!("/users/{}/forwarding", visit.house.acme.user.id);
    let wrong = visit.fill(&page, &[("always", "911"), ("ring_seconds", "3"), ("busy", "9999")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.error("always").is_some() && wrong.error("ring_seconds").is_some());
    let wrong = visit.fill(&page, &[("busy", "9999")]).await;
    assert_eq!(
        wrong.error("busy").as_deref(),
        Some("nobody has extension 9999; choose one that exists, or a phone number")
    );
    let done = visit.fill(&page, &[("ring_seconds", "40")]).await;
    assert_eq!(done.location.as_deref(), Some(page.as_str()), "{}", done.html);
    assert!(visit.get(&page).await.has("input[name=ring_seconds][value='40']"));
    let own = visit.sign_in("acme.user").await;
    assert!(own.get(&page).await.has("input[name=ring_seconds][value='40']"), "their own");
    let other = format!("/users/{}/forwarding", visit.house.acme.owner.id);
    assert_eq!(own.get(&other).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_message_is_listed_played_and_deleted_by_its_user_alone() {
    let visit = Visit::owner().await;
    let (house, user) = (&visit.house, visit.house.acme.user.id);
    let audio = file(&visit, "left.wav");
    let left = MessageLeft {
        call: CallId(Uuid::from_u128(7)),
        account: house.acme.id,
        user,
        caller: caller(),
        at: house.service.now(),
        duration_ms: 42_000,
        audio: audio.clone(),
    };
    house.service.calls_reported(vec![CallReport::MessageLeft(left.clone())]).await;
    assert!(!audio.exists(), "the switch's file is taken away");
    // Told again after a crash.
    std::fs::write(&audio, wav()).unwrap();
    house.service.calls_reported(vec![CallReport::MessageLeft(left)]).await;
    let own = visit.sign_in("acme.user").await;
    let page = format!("/users/{user}/voicemail");
    let shown = own.get(&page).await;
    assert_eq!(shown.texts("tbody tr").len(), 1);
    assert!(shown.says("Carla <b>Costa</b> (+1 602 555 0199)") && shown.says("0:42") && shown.says("new"));
    let link = shown
        .page()
        .select(&scraper::Selector::parse("a.person").unwrap())
        .next()
        .unwrap()
        .attr("href")
        .unwrap()
        .to_owned();
    let player = own.get(&link).await;
    assert_eq!(player.page().select(&scraper::Selector::parse(".player rect").unwrap()).count(), 120);
    assert_eq!(own.get(&format!("{link}/audio.wav")).await.status, StatusCode::OK);
    let stranger = visit.sign_in("globex.owner").await;
    assert_eq!(stranger.get(&link).await.status, StatusCode::NOT_FOUND);
    own.post(&format!("{link}/heard"), &[]).await;
    assert!(own.get(&page).await.says("heard"));
    let change = house.service.new_change_id().to_string();
    let deleted = own.post(&format!("{link}/delete"), &[("change_id".to_owned(), change)]).await;
    assert_eq!(deleted.location.as_deref(), Some(page.as_str()), "{}", deleted.html);
    assert_eq!(own.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_history_is_filtered_and_a_call_shows_its_ladder_and_recording() {
    let visit = Visit::owner().await;
    let (house, user) = (&visit.house, visit.house.acme.user.id);
    let at = house.service.now() - TimeDelta::hours(1);
    let call = ended(&visit, 1, at, user);
    let recorded = CallRecorded {
        call: call.began.call,
        account: house.acme.id,
        user,
        caller: caller(),
        callee: call.began.callee.clone().unwrap(),
        direction: CallDirection::Inbound,
        at,
        duration_ms: 65_000,
        audio: file(&visit, "recorded.wav"),
    };
    let other = ended(&visit, 2, at + TimeDelta::minutes(1), house.acme.owner.id);
    let other = CallEnded { answered: None, outcome: CallOutcome::Busy, status: Some(486), ..other };
    let reports =
        [CallReport::Recorded(recorded), CallReport::Ended(Box::new(call.clone())), CallReport::Ended(Box::new(other))];
    house.service.calls_reported(reports.to_vec()).await;
    let all = visit.get("/calls").await;
    assert_eq!(all.texts("#results tbody tr").len(), 2);
    assert_eq!(visit.get("/calls?outcome=busy").await.texts("#results tbody tr").len(), 1);
    assert_eq!(visit.get("/calls?recorded=on").await.texts("#results tbody tr").len(), 1);
    assert_eq!(visit.get("/calls?number=602+555+0199").await.texts("#results tbody tr").len(), 0, "whole numbers");
    assert_eq!(visit.get("/calls?number=%2B1+602+555+0199").await.texts("#results tbody tr").len(), 2);
    assert!(visit.get("/calls/export.csv").await.html.contains("\"the caller hung up\""));
    let link = format!("/calls/{}", call.began.call);
    let shown = visit.get(&link).await;
    assert!(shown.says("1:05") && shown.says("1.0 %") && shown.says("PCMU") && shown.has(".ladder"), "{}", shown.html);
    let own = visit.sign_in("acme.user").await;
    assert_eq!(own.get("/calls").await.texts("#results tbody tr").len(), 1, "their own");
    assert_eq!(own.get("/calls/00000000-0000-0000-0000-000000000002").await.status, StatusCode::NOT_FOUND);
    let audio = shown
        .page()
        .select(&scraper::Selector::parse("audio").unwrap())
        .next()
        .unwrap()
        .attr("src")
        .unwrap()
        .to_owned();
    assert_eq!(visit.get(&audio).await.status, StatusCode::OK);
    assert!(visit.get("/journal?action=listen_recording").await.says("Listened to a recording"));
    house.clock.turn(TimeDelta::days(91));
    house.service.delete_what_is_over().await.unwrap();
    let visit = visit.sign_in(&house.acme.owner.username).await;
    assert_eq!(visit.get(&audio).await.status, StatusCode::NOT_FOUND);
    assert!(visit.get("/journal?action=delete_recordings").await.says("Deleted 1 recording"));
}

#[tokio::test]
async fn rules_for_calls_trunks_and_recording_are_set() {
    let visit = Visit::owner().await;
    let wrong = visit.fill("/settings/calls", &[("international", "44"), ("call_minutes", "0")]).await;
    assert!(wrong.error("international").is_some() && wrong.error("call_minutes").is_some());
    let done = visit.fill("/settings/calls", &[("international", "+44 +49")]).await;
    assert_eq!(done.location.as_deref(), Some("/settings/calls"), "{}", done.html);
    let wrong = visit.fill("/trunks/add", &[("name", "Carrier"), ("host", "a b"), ("port", "0")]).await;
    assert!(wrong.error("host").is_some() && wrong.error("port").is_some());
    let fields =
        [("name", "Carrier"), ("host", "sip.carrier.example"), ("username", "acme"), ("password", "hush hush")];
    let done = visit.fill("/trunks/add", &fields).await;
    assert_eq!(done.location.as_deref(), Some("/trunks"), "{}", done.html);
    let listed = visit.get("/trunks").await;
    assert!(listed.says("sip.carrier.example") && !listed.html.contains("hush"));
    let page = format!("/users/{}/recording", visit.house.acme.user.id);
    let review = visit.fill(&page, &[("mode", "all")]).await;
    assert!(review.says("no license with call recording"), "{}", review.html);
    visit.confirm(&review).await;
    assert!(
        visit.get(&page).await.has("input[name=mode][value=all][checked]")
            || visit.get(&page).await.html.contains("value=\"all\" checked")
    );
}

#[tokio::test]
async fn the_way_of_a_call_is_explained() {
    let visit = Visit::owner().await;
    let shown = visit.get("/calls/where?dialled=%2B14805550143").await;
    assert!(shown.says("It ends with 404: nobody has this extension or number."), "{}", shown.html);
    let shown = visit.get("/calls/where?caller=nobody+at+all&dialled=201").await;
    assert!(shown.error("caller").is_some());
}
