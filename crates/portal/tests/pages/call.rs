//! Forwarding, voicemail, recording, the history of calls, their settings and trunks, as people meet them.

use axum::http::StatusCode;
use chrono::TimeDelta;
use lineside_model::call_report::{Alarm, AlarmKind, CallEnded, CallOutcome, CallReport};
use lineside_testkit::call::{ended, wav};
use uuid::Uuid;

use crate::visit::Visit;

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
    let (_, left) = house.message_left(7, user).await.unwrap();
    let audio = left.audio.clone();
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
    let (call, _) = house.recorded_call(1, user).await.unwrap();
    let other = ended(house.acme.id, 2, at + TimeDelta::minutes(1), house.acme.owner.id);
    let other = CallEnded { answered: None, outcome: CallOutcome::Busy, status: Some(486), ..other };
    house.service.calls_reported(vec![CallReport::Ended(Box::new(other))]).await;
    let all = visit.get("/calls").await;
    assert_eq!(all.texts("#results tbody tr").len(), 2);
    assert_eq!(visit.get("/calls?outcome=busy").await.texts("#results tbody tr").len(), 1);
    assert_eq!(visit.get("/calls?recorded=on").await.texts("#results tbody tr").len(), 1);
    assert_eq!(visit.get("/calls?number=602+555+0199").await.texts("#results tbody tr").len(), 0, "whole numbers");
    assert_eq!(visit.get("/calls?number=%2B1+602+555+0199").await.texts("#results tbody tr").len(), 2);
    assert!(visit.get("/calls/export.csv").await.html.contains("\"the caller hung up\""));
    let link = format!("/calls/{call}");
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
    assert!(visit.get("/journal?action=listen_recording").await.says("Listened to the recording of"));
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
    let id = visit.house.service.trunks(&visit.house.acme.owner.caller).await.unwrap()[0].id;
    let down = AlarmKind::TrunkDown { trunk: id, why: "the carrier does not answer".into() };
    let alarm = Alarm { at: visit.house.service.now(), kind: down };
    visit.house.service.calls_reported(vec![CallReport::Alarm(alarm)]).await;
    for page in ["/trunks".to_owned(), format!("/trunks/{id}"), "/home".to_owned()] {
        assert!(visit.get(&page).await.says("the carrier does not answer"), "{page}");
    }
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
async fn a_call_for_help_stands_on_every_page_until_somebody_has_seen_it() {
    let visit = Visit::owner().await;
    assert!(!visit.get("/users").await.has("#emergency-banner"));
    let (house, user) = (&visit.house, visit.house.acme.user.id);
    house.called_for_help(9, user).await;
    assert!(visit.get("/users").await.has("#emergency-banner"));
    let own = visit.sign_in("acme.user").await;
    assert!(!own.get("/me").await.has("#emergency-banner"), "administrators are told");
    let list = visit.get("/emergency-calls").await;
    for part in ["Ana <User>", "1003", "no address is known", "not connected", "480 555 0143"] {
        assert!(list.says(part), "{part}: {}", list.html);
    }
    let board = visit.get("/emergency-readiness?search=acme.user").await;
    for part in ["Ana User", "no address is known", "not confirmed", "never"] {
        assert!(board.says(part), "{part}: {}", board.html);
    }
    assert!(visit.get("/emergency-readiness?search=nobody-at-all").await.says("Nobody fits"));
    let seen = visit.post(&format!("/emergency-calls/{}", Uuid::from_u128(9)), &[]).await;
    assert_eq!(seen.location.as_deref(), Some("/emergency-calls"));
    assert!(!visit.get("/users").await.has("#emergency-banner"));
    assert!(visit.get(&format!("/users/{user}")).await.says("dial 933"));
}

#[tokio::test]
async fn the_way_of_a_call_is_explained() {
    let visit = Visit::owner().await;
    let shown = visit.get("/calls/where?dialled=%2B14805550143").await;
    assert!(shown.says("It ends with 404: nobody has this extension or number."), "{}", shown.html);
    let shown = visit.get("/calls/where?caller=nobody+at+all&dialled=201").await;
    assert!(shown.error("caller").is_some());
}

#[tokio::test]
async fn the_whole_history_is_exported_piece_by_piece() {
    let visit = Visit::owner().await;
    let (house, at) = (&visit.house, visit.house.service.now() - TimeDelta::hours(9));
    let call = |n: u32| {
        let call = ended(house.acme.id, n.into(), at + TimeDelta::seconds(n.into()), house.acme.user.id);
        CallReport::Ended(Box::new(call))
    };
    house.service.calls_reported((1..=2_050).map(call).collect()).await;
    let file = visit.get("/calls/export.csv").await.html;
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 2_051);
    assert!(lines[0].starts_with("\u{feff}Started,") && lines[1..].iter().all(|line| line.starts_with("\"2026-")));
    let distinct: std::collections::HashSet<&str> = lines.iter().copied().collect();
    assert_eq!(distinct.len(), 2_051);
    assert_eq!(visit.get("/calls/export.csv?outcome=busy").await.html.lines().count(), 1);
}

#[tokio::test]
async fn a_call_that_goes_on_is_hung_up_by_administrators() {
    let visit = Visit::owner().await;
    let call = visit.house.call_begun(1, visit.house.acme.user.id).await;
    let button = format!("form[action='/calls/{call}/hang-up']");
    assert!(visit.get("/calls").await.has(&button));
    let own = visit.sign_in("acme.user").await;
    let shown = own.get("/calls").await;
    assert!(shown.says("ringing") && !shown.has(&button));
    assert_eq!(own.post(&format!("/calls/{call}/hang-up"), &[]).await.status, StatusCode::NOT_FOUND);
    let visit = own.sign_in(&own.house.acme.owner.username).await;
    let done = visit.post(&format!("/calls/{call}/hang-up"), &[]).await;
    assert_eq!(done.location.as_deref(), Some("/calls"));
    assert!(visit.get("/journal?action=hang_up").await.says("Hung up the call of"));
}

#[tokio::test]
async fn a_test_call_shows_where_it_is_and_what_it_found() {
    let visit = Visit::owner().await;
    let user = visit.house.acme.user.id;
    let page = format!("/users/{user}");
    let asked = visit.post(&format!("{page}/test-call"), &[]).await;
    assert_eq!(asked.location, Some(format!("{page}#test-call")));
    let shown = visit.get(&page).await;
    assert!(shown.says("The phone is being called.") && !shown.has("#test-call form"), "{}", shown.html);
    visit.house.test_call_heard(1, user).await.unwrap();
    let shown = visit.get(&page).await;
    assert!(shown.says("the phone was heard") && shown.says("0.0 % lost, jitter 2.5 ms, 14 ms there and back, PCMU"));
    let own = visit.sign_in("acme.user").await;
    let shown = own.get("/me").await;
    assert!(shown.says("the phone was heard") && shown.has("#test-call form"));
    assert!(shown.has("#test-call audio[src^='/test-calls/']"));
    let heard = own.get("/test-calls/00000000-0000-0000-0000-000000000001/audio.wav").await;
    assert_eq!(heard.status, StatusCode::OK);
    let other = format!("/users/{}/test-call", own.house.acme.owner.id);
    assert_eq!(own.post(&other, &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_message_is_sent_to_a_colleague_and_a_recording_deleted() {
    let visit = Visit::owner().await;
    let (user, owner) = (visit.house.acme.user.id, visit.house.acme.owner.id);
    let (message, _) = visit.house.message_left(1, user).await.unwrap();
    let page = format!("/messages/{message}");
    let change = visit.house.service.new_change_id().to_string();
    let to = [("change_id".to_owned(), change), ("extension".to_owned(), "1999".to_owned())];
    let wrong = visit.post(&format!("{page}/forward"), &to).await;
    assert_eq!(wrong.error("extension").as_deref(), Some("nobody has extension 1999; check it"));
    let done = visit.fill(&format!("/users/{owner}/edit"), &[("extension", "1999")]).await;
    assert!(done.status.is_redirection(), "{}", done.html);
    let sent = visit.post(&format!("{page}/forward"), &to).await;
    visit.post(&format!("{page}/forward"), &to).await;
    assert_eq!(sent.location.as_deref(), Some(page.as_str()), "{}", sent.html);
    assert_eq!(
        visit.get(&format!("/users/{owner}/voicemail")).await.texts("tbody tr").len(),
        1,
        "pressed twice, once there"
    );
    visit.post(&format!("{page}/heard"), &[]).await;
    assert!(visit.get(&page).await.has(&format!("form[action='{page}/new']")));

    let (call, recording) = visit.house.recorded_call(2, user).await.unwrap();
    let deleted = visit.post(&format!("/recordings/{recording}/delete"), &[]).await;
    assert_eq!(deleted.location, Some(format!("/calls/{call}")));
    assert!(visit.get(&format!("/calls/{call}")).await.says("The journal says why"));
}
