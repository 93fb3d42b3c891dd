//! Users who leave on a date: the day itself, what their numbers do afterwards, and that nothing is left of them in the end.

use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::extension::{Destination, Extension};
use lineside_model::forwarding::ForwardingRules;
use lineside_model::id::{CallId, NumberId, RecordingId, UserId};
use lineside_model::journal::Steps;
use lineside_model::leaving::{Leaving, LeftMailbox, LeftNumbers, LeftRecordings};
use lineside_model::list::{JournalFilter, NumberFilter, UserFilter};
use lineside_model::phone_number::{E164, NumberKind, NumberState};
use lineside_model::recording::Recording;
use lineside_model::schedule_list::ScheduleFilter;
use lineside_model::undo::Since;
use lineside_model::user::{ProfileInput, Role, UserState};
use lineside_service::{Outcome, ServiceError};
use lineside_testkit::call::wav;
use lineside_testkit::clock::TestClock;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, new_user, node, profile};
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Both engines, one after the other.
async fn houses() -> Vec<(Database, House)> {
    let mut houses = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(database) = Database::fresh(engine).await {
            let house = House::over(database.store.clone()).await.expect("a house");
            houses.push((database, house));
        }
    }
    houses
}

async fn with_extension(house: &House, user_id: UserId, extension: &str) {
    let owner = &house.acme.owner.caller;
    let profile = house.service.user(owner, user_id).await.expect("a user").user.profile;
    let profile = ProfileInput { extension: extension.to_owned(), ..ProfileInput::from(&profile) };
    let profile = Box::new(profile.parse().expect("a profile"));
    house.apply(owner, Change::EditProfile { user_id, version: None, profile }).await.expect("an extension");
}

async fn at(house: &House, instant: &str) {
    house.clock.set(instant.parse().expect("an instant"));
    house.service.keep_schedule().await.expect("the schedule is kept");
    house.service.delete_what_is_over().await.expect("what is over is deleted");
}

async fn number(house: &House) -> lineside_model::phone_number::PhoneNumber {
    let numbers = house.service.numbers(&house.acme.owner.caller, &NumberFilter::default()).await.expect("numbers");
    numbers.rows.into_iter().next().expect("a number").number
}

/// The user (1203) with a number, a greeting and a recording; the administrator (1204) sends all calls to them.
async fn furnished(house: &House) -> RecordingId {
    let (owner, user, admin) = (&house.acme.owner.caller, house.acme.user.id, house.acme.administrator.id);
    with_extension(house, user, "1203").await;
    with_extension(house, admin, "1204").await;
    let numbers = vec![E164::parse("+1 480 555 0143").expect("a number")];
    let add = Change::AddNumbers { numbers, kind: NumberKind::Landline, location_id: None };
    let (_, plan) = house.apply(owner, add).await.expect("a number");
    let number_id = NumberId(plan.steps[0].after.as_ref().expect("a row").id());
    house.apply(owner, Change::AssignNumber { number_id, user_id: Some(user) }).await.expect("assigned");
    let rules = ForwardingRules { always: Destination::parse("1203").ok(), ..ForwardingRules::default() };
    let forward = Change::SetForwarding { user_id: admin, version: None, rules, unreachable: None };
    house.apply(owner, forward).await.expect("forwarding");
    let id = house.service.new_change_id();
    let greeting = house.service.prepare_greeting(owner, id, user, "hello.wav", wav()).await.expect("a greeting");
    house.service.apply(owner, &greeting, None).await.expect("a greeting");
    let id = RecordingId(house.service.new_change_id().0);
    let recording = Recording {
        id,
        account_id: house.acme.id,
        call_id: CallId(Uuid::from_u128(7)),
        user_id: user,
        audio: None,
        bytes: 0,
        duration_ms: 1000,
        tracks: 2,
        started_at: house.service.now(),
        deleted_at: None,
    };
    house.service.keep_recording(recording, wav()).await.expect("a recording");
    id
}

fn leaving() -> Leaving {
    Leaving {
        numbers: LeftNumbers::Forward,
        forward_to: Extension::parse("1204").ok(),
        forward_days: 10,
        keep_back_days: 20,
        mailbox: LeftMailbox::Delete,
        recordings: LeftRecordings::Delete,
        ..Leaving::default()
    }
}

#[tokio::test]
async fn who_leaves_on_a_date_is_there_until_then_and_nothing_is_left_after_thirty_days() {
    for (database, house) in houses().await {
        let (owner, user, admin) = (&house.acme.owner.caller, house.acme.user.id, house.acme.administrator.id);
        let recording = furnished(&house).await;
        let change = Change::DeleteUsers { user_ids: vec![user], leaving: leaving(), date: Some(day("2026-03-10")) };
        let (_, plan) = house.apply(owner, change).await.expect("a scheduled deletion");
        assert_eq!(plan.summary, "Delete Ana User on 10 March 2026");
        let told: Vec<&str> = plan.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert!(
            told.iter().any(|told| told.contains("on 10 March 2026: change phone number +1 480 555 0143")),
            "{told:?}"
        );
        assert!(
            told.iter().any(|told| told.contains("Ana Admin's calls are forwarded to nobody any more")),
            "{told:?}"
        );
        let schedule = house.service.schedule(owner, &ScheduleFilter::default()).await.expect("the schedule");
        assert_eq!(
            schedule.rows[0].entry.lifecycle.as_ref().map(lineside_model::lifecycle::Lifecycle::as_str),
            Some("deleted")
        );

        at(&house, "2026-03-10T06:59:59Z").await;
        assert_eq!(house.service.user(owner, user).await.expect("still there").user.state, UserState::Active);
        at(&house, "2026-03-10T07:00:01Z").await;
        let left = house.service.user(owner, user).await.expect("kept for a while").user;
        assert!(left.is_deleted() && left.recordings_go);
        let forwarding = house.service.forwarding(owner, admin).await.expect("forwarding").expect("a row");
        assert_eq!(forwarding.rules.always, None);
        assert_eq!(
            (number(&house).await.state, number(&house).await.forwarded_to),
            (NumberState::Quarantined, Some(admin))
        );
        let answers = &database.store.directory_users(&[admin]).await.expect("the directory")[0].user.answers;
        assert_eq!(answers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["+14805550143"]);
        assert_eq!(house.service.schedule(owner, &ScheduleFilter::default()).await.expect("the schedule").total, 0);

        at(&house, "2026-03-20T07:00:01Z").await;
        assert_eq!((number(&house).await.state, number(&house).await.forwarded_to), (NumberState::Quarantined, None));
        assert_eq!(database.store.directory_users(&[admin]).await.expect("the directory")[0].user.answers, []);
        at(&house, "2026-04-09T06:59:59Z").await;
        assert_eq!(number(&house).await.state, NumberState::Quarantined);
        assert!(house.service.recording_sound(owner, recording, None).await.is_ok());
        assert!(house.service.greeting_audio(owner, user).await.is_ok());
        at(&house, "2026-04-09T07:00:02Z").await;
        assert_eq!((number(&house).await.state, number(&house).await.kept_until), (NumberState::Free, None));

        let left = house.service.user(owner, user).await.expect("a row without a name");
        assert_eq!(left.user.profile.full_name(), "Deleted user");
        assert!(left.user.purged_at.is_some() && left.user.profile.email.is_none() && left.mails.is_empty());
        assert!(!left.has_password && left.greeting.is_none() && left.e911.is_none());
        assert!(matches!(house.service.recording_sound(owner, recording, None).await, Err(ServiceError::NotFound)));
        let deleted = UserFilter { state: Some(UserState::Deleted), ..UserFilter::default() };
        assert_eq!(house.service.users(owner, &deleted).await.expect("a list").rows, []);

        let filter = JournalFilter { action: "purge_users".to_owned(), ..JournalFilter::default() };
        let proof = house.service.journal(owner, &filter).await.expect("the journal").rows;
        assert_eq!(proof.len(), 1, "once");
        assert!(proof[0].summary.starts_with("Erase 1 user who left by 10 March 2026"), "{}", proof[0].summary);
        let entry = house.service.journal_entry(owner, proof[0].id, Steps::All).await.expect("the proof");
        let json = serde_json::to_string(&entry.steps).expect("JSON");
        assert!(json.contains(&user.to_string()) && !json.contains("Ana"), "{json}");
        let filter = JournalFilter { action: "delete_recordings".to_owned(), ..JournalFilter::default() };
        let recordings = house.service.journal(owner, &filter).await.expect("the journal").rows;
        assert!(recordings[0].summary.contains("their user left"), "{}", recordings[0].summary);
    }
}

#[tokio::test]
async fn a_departure_is_moved_cancelled_and_stopped_when_nobody_would_answer() {
    for (_database, house) in houses().await {
        let (owner, user, admin) = (&house.acme.owner.caller, house.acme.user.id, house.acme.administrator.id);
        furnished(&house).await;
        let on = |date: &str| Change::DeleteUsers { user_ids: vec![user], leaving: leaving(), date: Some(day(date)) };
        house.apply(owner, on("2026-03-10")).await.expect("a date");
        house.apply(owner, on("2026-03-12")).await.expect("another date takes its place");
        let entries = house.service.schedule(owner, &ScheduleFilter::default()).await.expect("the schedule").rows;
        assert_eq!(entries.iter().map(|row| row.entry.date).collect::<Vec<_>>(), [day("2026-03-12")]);
        house.apply(owner, Change::RemoveScheduleEntry { entry_id: entries[0].entry.id }).await.expect("cancelled");
        at(&house, "2026-03-13T07:00:00Z").await;
        assert_eq!(house.service.user(owner, user).await.expect("stays").user.state, UserState::Active);

        // The colleague who was to answer has another extension by then.
        house.apply(owner, on("2026-03-20")).await.expect("a date");
        with_extension(&house, admin, "1299").await;
        at(&house, "2026-03-20T07:00:01Z").await;
        assert_eq!(house.service.user(owner, user).await.expect("stays").user.state, UserState::Active);
        let failed = house.service.schedule(owner, &ScheduleFilter::default()).await.expect("the schedule").rows;
        assert!(failed[0].entry.conflicts[0].message.contains("nobody has extension 1204 any more"), "{failed:?}");

        let suspend = |state, date: &str| Change::SetUserState { user_ids: vec![user], state, date: Some(day(date)) };
        house.apply(owner, Change::RemoveScheduleEntry { entry_id: failed[0].entry.id }).await.expect("removed");
        house.apply(owner, suspend(UserState::Suspended, "2026-03-22")).await.expect("a date");
        house.apply(owner, suspend(UserState::Active, "2026-03-24")).await.expect("a date");
        let mut states = Vec::new();
        for instant in ["2026-03-21T12:00:00Z", "2026-03-22T12:00:00Z", "2026-03-24T12:00:00Z"] {
            at(&house, instant).await;
            states.push(house.service.user(owner, user).await.expect("a user").user.state);
        }
        assert_eq!(states, [UserState::Active, UserState::Suspended, UserState::Active]);
    }
}

#[tokio::test]
async fn who_answers_for_others_leaves_too_and_a_number_is_freed_by_hand() {
    for (_database, house) in houses().await {
        let (owner, user, admin) = (&house.acme.owner.caller, house.acme.user.id, house.acme.administrator.id);
        furnished(&house).await;
        house
            .apply(owner, Change::DeleteUsers { user_ids: vec![user], leaving: leaving(), date: None })
            .await
            .expect("now");
        let gone = Change::DeleteUsers { user_ids: vec![admin], leaving: Leaving::default(), date: None };
        house.apply(owner, gone).await.expect("the colleague too");
        let kept = number(&house).await;
        assert_eq!((kept.state, kept.forwarded_to), (NumberState::Quarantined, None));
        let free = Change::AssignNumber { number_id: kept.id, user_id: None };
        house.apply(owner, free).await.expect("free before its time");
        assert_eq!((number(&house).await.state, number(&house).await.kept_until), (NumberState::Free, None));
    }
}

async fn deleted(house: &House, leaving: Leaving) -> ChangeRequest {
    let delete = Change::DeleteUsers { user_ids: vec![house.acme.user.id], leaving, date: None };
    house.apply(&house.acme.owner.caller, delete).await.expect("deleted").0
}

#[tokio::test]
async fn who_was_brought_back_in_time_is_not_erased_and_has_all_days_again_when_deleted_once_more() {
    for (_database, house) in houses().await {
        let (owner, user) = (&house.acme.owner.caller, house.acme.user.id);
        let recording = furnished(&house).await;
        // The machine's clock knows more of a second than the databases keep.
        house.clock.set("2026-03-01T12:00:00.123456789Z".parse().expect("an instant"));
        let leaving = Leaving { recordings: LeftRecordings::Delete, ..Leaving::default() };
        let first = deleted(&house, leaving).await;
        at(&house, "2026-03-31T11:59:58Z").await;
        let (back, _) = house.apply(owner, Change::undo(first.id, Since::Ask)).await.expect("brought back");

        at(&house, "2026-04-02T12:00:00Z").await;
        let found = house.service.user(owner, user).await.expect("still there");
        assert_eq!((found.user.state, found.numbers.len()), (UserState::Active, 1));
        assert_eq!(found.user.profile.full_name(), "Ana User");
        assert!(house.service.greeting_audio(owner, user).await.is_ok());
        assert!(house.service.recording_sound(owner, recording, None).await.is_ok());

        let (again, _) = house.apply(owner, Change::undo(back.id, Since::Ask)).await.expect("deleted once more");
        at(&house, "2026-05-02T11:59:58Z").await;
        assert_eq!(house.service.user(owner, user).await.expect("kept").user.profile.full_name(), "Ana User");
        house.apply(owner, Change::undo(again.id, Since::Ask)).await.expect("brought back once more");
        at(&house, "2026-06-10T12:00:00Z").await;
        assert_eq!(house.service.user(owner, user).await.expect("there").user.state, UserState::Active);
    }
}

#[tokio::test]
async fn who_was_erased_is_brought_back_by_no_undo() {
    for (_database, house) in houses().await {
        let (owner, user) = (&house.acme.owner.caller, house.acme.user.id);
        furnished(&house).await;
        house.clock.set("2026-03-01T12:00:00Z".parse().expect("an instant"));
        let (silenced, _) = house.apply(owner, Change::RemoveGreeting { user_id: user }).await.expect("no greeting");
        let profile = house.service.user(owner, user).await.expect("a user").user.profile;
        let email = ProfileInput { email: "ana@acme.example".to_owned(), ..ProfileInput::from(&profile) };
        let profile = Box::new(email.parse().expect("a profile"));
        let edit = Change::EditProfile { user_id: user, version: None, profile };
        let (edited, _) = house.apply(owner, edit).await.expect("an address");
        let gone = deleted(&house, Leaving::default()).await;
        at(&house, "2026-03-31T12:00:00Z").await;
        let erased = house.service.user(owner, user).await.expect("a row without a name");
        assert!(erased.user.purged_at.is_some());
        for undone in [silenced.id, edited.id, gone.id] {
            for since in [Since::Ask, Since::Keep, Since::Overwrite] {
                let request = ChangeRequest { id: house.service.new_change_id(), change: Change::undo(undone, since) };
                let outcome = house.service.apply(owner, &request, None).await.expect("an answer");
                assert!(matches!(outcome, Outcome::Blocked(_)), "{since:?}: {outcome:?}");
            }
        }
        let left = house.service.user(owner, user).await.expect("the same row");
        assert_eq!(left.user, erased.user);
        assert!(left.greeting.is_none() && left.numbers.is_empty() && left.e911.is_none());
    }
}

#[tokio::test]
async fn messages_are_handed_over_with_their_lamp_and_come_back() {
    for (database, house) in houses().await {
        let (owner, user, admin) = (&house.acme.owner.caller, house.acme.user.id, house.acme.administrator.id);
        furnished(&house).await;
        house.message_left(1, user).await.expect("a message");
        let (second, _) = house.message_left(2, user).await.expect("a message");
        let mailbox_to = Extension::parse("1204").ok();
        let leaving = Leaving { mailbox: LeftMailbox::HandOver, mailbox_to, ..Leaving::default() };
        let gone = deleted(&house, leaving).await;
        let waiting = async |of| {
            let found = database.store.directory_users(&[of]).await.expect("the directory");
            found.first().map_or(0, |user| user.user.mailbox.unheard)
        };
        assert_eq!(waiting(admin).await, 2);
        let sound = house.service.message_sound(owner, second, None).await;
        assert!(sound.is_ok(), "{:?}", sound.err());
        assert_eq!(house.service.mailbox(owner, user).await.expect("a mailbox").messages, []);
        house.apply(owner, Change::undo(gone.id, Since::Ask)).await.expect("brought back");
        assert_eq!((waiting(admin).await, waiting(user).await), (0, 2));
    }
}

/// Two programs whose clocks differ by a second, as clocks do: for one the time to bring somebody back is over.
#[tokio::test(flavor = "multi_thread")]
async fn erased_and_brought_back_at_once_is_one_of_both() {
    for (database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        house.clock.set("2026-03-01T12:00:00Z".parse().expect("an instant"));
        with_extension(&house, house.acme.administrator.id, "1204").await;
        let (mut users, mut changes) = (Vec::new(), Vec::new());
        for n in 0..6 {
            let user = new_user(&profile("Cy", "Young", &format!("cy.{n}")), Role::User).expect("a user");
            let (added, _) = house.apply(owner, Change::AddUser { user: Box::new(user) }).await.expect("added");
            let id = added.new_user_id();
            let rules = ForwardingRules { always: Destination::parse("1204").ok(), ..ForwardingRules::default() };
            let forward = Change::SetForwarding { user_id: id, version: None, rules, unreachable: None };
            house.apply(owner, forward).await.expect("forwarding");
            let delete = Change::DeleteUsers { user_ids: vec![id], leaving: Leaving::default(), date: None };
            changes.push(house.apply(owner, delete).await.expect("deleted").0.id);
            users.push(id);
        }
        let clock = TestClock::default();
        clock.set("2026-03-31T11:59:59Z".parse().expect("an instant"));
        house.clock.set("2026-03-31T12:00:00Z".parse().expect("an instant"));
        let slow = node(database.store.clone(), house.spool.parent().expect("a folder"), clock).expect("a node");
        let undo = async |undone| {
            let request = ChangeRequest { id: slow.new_change_id(), change: Change::undo(undone, Since::Ask) };
            slow.apply(owner, &request, None).await.expect("an answer")
        };
        let undoing = async {
            let mut outcomes = Vec::new();
            for change in changes.iter().rev() {
                outcomes.push(undo(*change).await);
            }
            outcomes
        };
        let (outcomes, erased) = tokio::join!(undoing, house.service.erase_leavers());
        erased.expect("erased");
        for (user, outcome) in users.iter().rev().zip(outcomes) {
            let found = house.service.user(owner, *user).await.expect("a row");
            let rules = house.service.forwarding(owner, *user).await.expect("forwarding");
            let always = rules.and_then(|forwarding| forwarding.rules.always);
            if matches!(outcome, Outcome::Done { .. }) {
                assert_eq!((found.user.state, found.user.purged_at), (UserState::Active, None));
                assert_eq!((found.user.profile.full_name().as_str(), always.is_some()), ("Cy Young", true));
            } else {
                assert!(matches!(outcome, Outcome::Blocked(_)), "{outcome:?}");
                assert_eq!((found.user.state, always), (UserState::Deleted, None));
                assert!(found.user.purged_at.is_some() && found.user.profile.full_name() == "Deleted user");
            }
        }
    }
}
