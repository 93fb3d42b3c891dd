//! Users who leave, and changes that are undone.

use super::*;
use crate::extension::{Destination, Extension};
use crate::id::MessageId;
use crate::leaving::{Leaving, LeftDevices, LeftMailbox, LeftNumbers};
use crate::undo::{Since, Undone};
use crate::voicemail::{MessageState, VoicemailMessage};

/// The facts as the database holds them after the plan: a changed row has the next version.
fn saved(facts: Facts, plan: &Plan) -> Facts {
    assert_eq!(plan.blockers, [], "{}", plan.summary);
    let mut facts = facts.after(plan);
    for step in &plan.steps {
        let (Some(before), Some(after)) = (&step.before, &step.after) else { continue };
        let mut json = serde_json::to_value(after).unwrap();
        json["version"] = (before.version() + 1).into();
        let row = serde_json::from_value::<Record>(json).unwrap().with_secrets_of(after);
        facts.absorb(step.after.clone(), Some(row));
    }
    facts
}

fn done(facts: Facts, change: Change) -> (Facts, Plan) {
    let plan = planned(&facts, change);
    (saved(facts, &plan), plan)
}

/// What the journal keeps of a plan: JSON, without secrets.
fn undone(mut facts: Facts, plan: &Plan) -> Facts {
    let steps = serde_json::from_str(&serde_json::to_string(&plan.steps).unwrap()).unwrap();
    facts.undone = Some(Undone::new(ChangeId(id(1)), plan.summary.clone(), "test".into(), now(), steps));
    facts
}

fn undo(facts: &Facts, since: Since) -> Plan {
    plan_undo(facts, since, now())
}

fn plan_undo(facts: &Facts, since: Since, at: DateTime<Utc>) -> Plan {
    let request = ChangeRequest { id: ChangeId(id(2)), change: Change::undo(ChangeId(id(1)), since) };
    plan(facts, &request, Context { now: at, actor: "Ana Duarte", mint: &Fixed })
}

/// Ana with all that a user can hold.
fn equipped() -> Facts {
    let mut facts = facts();
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    hold(&mut facts, ANA, "business");
    hold(&mut facts, ANA, "pro-plus");
    confirm(&mut facts, ANA);
    let phone = NewDevice { model: "linphone".into(), mac: None, label: None, user_id: Some(ANA) };
    let (facts, _) = done(facts, Change::AddDevice { device: phone });
    let date =
        crate::account::AccountSettings::clone(&facts.account.settings).time_zone.date(now()) + chrono::Days::new(40);
    let basic = Change::AssignLicense { user_ids: vec![ANA], license_type_id: license("basic"), date: Some(date) };
    done(facts, basic).0
}

fn delete(leaving: Leaving) -> Change {
    Change::DeleteUsers { user_ids: vec![ANA], leaving, date: None }
}

fn state_of_number(facts: &Facts) -> (NumberState, Option<UserId>) {
    let number = facts.numbers.values().next().unwrap();
    (number.state, number.user_id)
}

#[test]
fn who_leaves_holds_nothing_any_more() {
    for (left, state) in [(LeftNumbers::Quarantine, NumberState::Quarantined), (LeftNumbers::Free, NumberState::Free)] {
        let facts = equipped();
        let used = facts.seats[&license("business")].used;
        let (facts, plan) = done(facts, delete(Leaving { numbers: left, ..Leaving::default() }));
        assert_eq!(plan.summary, "Delete Ana Duarte");
        assert_eq!(facts.seats[&license("business")].used, used - 1);
        assert_eq!(
            facts.assignments_of(ANA).count() + facts.devices_of(ANA).count() + facts.schedule.of(ANA).count(),
            0
        );
        assert_eq!((facts.lines.len(), facts.devices.len()), (0, 1));
        assert_eq!(state_of_number(&facts), (state, None));
        let ana = &facts.users[&ANA];
        assert!(ana.is_deleted() && ana.deleted_at == Some(now()));
        let again = planned(&facts, Change::SetUserState { user_ids: vec![ANA], state: UserState::Active, date: None });
        assert_eq!(kinds(&again), [BlockerKind::NotFound], "a deleted user is not there");
    }
}

#[test]
fn devices_go_with_the_user_when_that_is_wanted() {
    let (facts, _) = done(equipped(), delete(Leaving { devices: LeftDevices::Delete, ..Leaving::default() }));
    assert!(facts.devices.is_empty());
}

#[test]
fn the_owner_stays() {
    let mut facts = equipped();
    facts.users.get_mut(&ANA).unwrap().role = Role::AccountOwner;
    assert_eq!(kinds(&planned(&facts, delete(Leaving::default()))), [BlockerKind::Invalid]);
}

#[test]
fn who_sent_calls_to_them_sends_them_elsewhere() {
    let mut facts = equipped();
    facts.users.get_mut(&BEN).unwrap().profile.unreachable = Destination::parse("201").ok();
    facts.forwarders.insert(BEN);
    let (after, plan) = done(facts.clone(), delete(Leaving::default()));
    assert_eq!(after.users[&BEN].profile.unreachable, None);
    assert!(plan.warnings.iter().any(|warning| warning.user_id == Some(BEN)), "{:?}", plan.warnings);
    let to = Destination::parse("203").ok();
    let nobody = planned(&facts, delete(Leaving { forwarders: to.clone(), ..Leaving::default() }));
    assert_eq!(nobody.blockers[0].field.as_deref(), Some("forwarders"));
    facts.taken.extensions.insert(Extension::parse("203").unwrap(), UserId(id(77)));
    let (after, _) = done(facts, delete(Leaving { forwarders: to.clone(), ..Leaving::default() }));
    assert_eq!(after.users[&BEN].profile.unreachable, to);
}

#[test]
fn a_deleted_user_comes_back_with_all_they_held() {
    for leaving in [Leaving::default(), Leaving { devices: LeftDevices::Delete, ..Leaving::default() }] {
        let mut before = equipped();
        before.users.get_mut(&BEN).unwrap().profile.unreachable = Destination::parse("201").ok();
        before.forwarders.insert(BEN);
        let (facts, deleted) = done(before.clone(), delete(leaving));
        let facts = undone(facts, &deleted);
        let (facts, plan) = (saved(facts.clone(), &undo(&facts, Since::Ask)), undo(&facts, Since::Ask));
        assert!(plan.summary.starts_with("Undo “Delete Ana Duarte”"), "{}", plan.summary);
        let held = |facts: &Facts| -> Vec<_> {
            facts.assignments_of(ANA).map(|held| (held.track_id, held.license_type_id)).collect()
        };
        assert_eq!(held(&facts), held(&before));
        assert_eq!(facts.seats[&license("business")].used, before.seats[&license("business")].used);
        assert_eq!(state_of_number(&facts), (NumberState::Assigned, Some(ANA)));
        assert_eq!((facts.devices_of(ANA).count(), facts.lines.len(), facts.schedule.of(ANA).count()), (1, 1, 1));
        assert_eq!(facts.users[&ANA].profile, before.users[&ANA].profile);
        assert!(facts.users[&ANA].state == UserState::Active && facts.users[&ANA].deleted_at.is_none());
        assert_eq!(facts.users[&BEN].profile, before.users[&BEN].profile, "calls go to her again");
    }
}

#[test]
fn what_somebody_else_has_by_now_is_asked_about() {
    let (facts, deleted) = done(equipped(), delete(Leaving { numbers: LeftNumbers::Free, ..Leaving::default() }));
    let number_id = *facts.numbers.keys().next().unwrap();
    let (facts, _) = done(facts, Change::AssignNumber { number_id, user_id: Some(BEN) });
    let facts = undone(facts, &deleted);
    let asked = undo(&facts, Since::Ask);
    assert!(kinds(&asked).contains(&BlockerKind::ChangedSince), "{:?}", asked.blockers);
    // Business needs a landline number, which is Ben's now.
    assert!(kinds(&undo(&facts, Since::Keep)).contains(&BlockerKind::MissingNumber));
    let mut other = facts.clone();
    give(&mut other, number(2, "+14805550144", NumberKind::Landline, Some(ANA)));
    let kept = saved(other.clone(), &undo(&other, Since::Keep));
    assert_eq!(state_of_number(&kept).1, Some(BEN));
    assert_eq!(kept.holding(ANA).len(), 2);
}

#[test]
fn after_thirty_days_nobody_is_brought_back_and_a_name_given_away_is_not_taken_back() {
    let (facts, deleted) = done(equipped(), delete(Leaving::default()));
    let facts = undone(facts, &deleted);
    let late = plan_undo(&facts, Since::Ask, now() + chrono::TimeDelta::days(31));
    assert!(late.blockers.iter().any(|blocker| blocker.message.contains("too long ago")), "{:?}", late.blockers);
    let mut facts = facts;
    let newcomer = User { profile: profile("Ana", "201"), ..user(UserId(id(50)), "Ana", "201") };
    facts.absorb(None, Some(newcomer.into()));
    let fields: Vec<_> = undo(&facts, Since::Ask).blockers.into_iter().filter_map(|blocker| blocker.field).collect();
    assert!(fields.contains(&"username".to_owned()) && fields.contains(&"extension".to_owned()), "{fields:?}");
}

#[test]
fn an_edit_is_undone_field_by_field() {
    let edit = |facts: &Facts, change: &dyn Fn(&mut Profile)| {
        let mut profile = facts.users[&ANA].profile.clone();
        change(&mut profile);
        Change::EditProfile { user_id: ANA, version: None, profile: Box::new(profile) }
    };
    let before = facts();
    let first = edit(&before, &|profile| {
        profile.last_name = crate::text::Name::parse("Duarte-Silva").unwrap();
        profile.email = None;
    });
    let (facts, first) = done(before.clone(), first);
    let second = edit(&facts, &|profile| profile.email_voicemails = true);
    let facts = undone(done(facts, second).0, &first);
    let plan = undo(&facts, Since::Ask);
    let merged = saved(facts.clone(), &plan);
    let profile = &merged.users[&ANA].profile;
    assert_eq!((profile.last_name.as_str(), profile.email.is_some(), profile.email_voicemails), ("Duarte", true, true));

    let third = edit(&facts, &|profile| profile.last_name = crate::text::Name::parse("Silva").unwrap());
    let (facts, _) = done(facts, third);
    let asked = undo(&facts, Since::Ask);
    assert_eq!(kinds(&asked), [BlockerKind::ChangedSince]);
    assert_eq!(
        asked.blockers[0].repairs,
        [Repair::KeepChanges { change_id: ChangeId(id(1)) }, Repair::OverwriteChanges { change_id: ChangeId(id(1)) },]
    );
    assert!(asked.blockers[0].message.contains("last name"), "{}", asked.blockers[0].message);
    let all = saved(facts.clone(), &undo(&facts, Since::Overwrite));
    assert_eq!(all.users[&ANA].profile.last_name.as_str(), "Duarte");
}

#[test]
fn users_that_were_added_go_but_for_those_that_somebody_changed() {
    let mut facts = facts();
    let number_id = give(&mut facts, number(1, "+14805550143", NumberKind::Landline, None));
    let add = |first: &str, extension: &str, number_id: Option<NumberId>| {
        let package = Some(license("basic"));
        let profile = profile(first, extension);
        Change::AddUser { user: Box::new(NewUser { profile, number_id, package, welcome_wanted: false, ..new_user() }) }
    };
    let added = Change::together(vec![add("Chiara", "203", Some(number_id)), add("Dmitri", "204", None)]);
    let (facts, added) = done(facts, added);
    let named = |facts: &Facts, name: &str| {
        let users: Vec<_> = facts.users.values().filter(|user| user.profile.first_name.as_str() == name).collect();
        (users[0].id, users[0].is_deleted())
    };
    let (dmitri, _) = named(&facts, "Dmitri");
    let suspend = Change::SetUserState { user_ids: vec![dmitri], state: UserState::Suspended, date: None };
    let facts = undone(done(facts, suspend).0, &added);
    assert_eq!(kinds(&undo(&facts, Since::Ask)), [BlockerKind::ChangedSince]);

    let kept = saved(facts.clone(), &undo(&facts, Since::Keep));
    assert_eq!((named(&kept, "Chiara").1, named(&kept, "Dmitri").1), (true, false));
    assert_eq!(kept.seats[&license("basic")].used, 1);
    assert_eq!(state_of_number(&kept), (NumberState::Free, None));

    let gone = saved(facts.clone(), &undo(&facts, Since::Overwrite));
    assert_eq!((named(&gone, "Chiara").1, named(&gone, "Dmitri").1), (true, true));
    assert_eq!(gone.seats[&license("basic")].used, 0);
    let again = planned(&gone, add("Chiara", "203", Some(number_id)));
    assert_eq!(again.blockers, [], "the names are free again");
}

#[test]
fn each_user_who_was_changed_since_is_kept_or_not_as_chosen() {
    let add = |first: &str, extension: &str| {
        let user = NewUser { profile: profile(first, extension), welcome_wanted: false, ..new_user() };
        Change::AddUser { user: Box::new(NewUser { package: None, without_license: true, ..user }) }
    };
    let added = Change::together(vec![add("Chiara", "203"), add("Dmitri", "204"), add("Egon", "205")]);
    let (facts, added) = done(facts(), added);
    let named = |facts: &Facts, name: &str| {
        let user = facts.users.values().find(|user| user.profile.first_name.as_str() == name).unwrap();
        (user.id, user.is_deleted())
    };
    let (dmitri, egon) = (named(&facts, "Dmitri").0, named(&facts, "Egon").0);
    let suspend = Change::SetUserState { user_ids: vec![dmitri, egon], state: UserState::Suspended, date: None };
    let facts = undone(done(facts, suspend).0, &added);
    let chosen = |rest: Since, users: &[(UserId, Since)]| {
        let change = Change::Undo { undone: ChangeId(id(1)), since: rest, users: users.iter().copied().collect() };
        plan(&facts, &ChangeRequest { id: ChangeId(id(2)), change }, Context { now: now(), actor: "Ana", mint: &Fixed })
    };

    let asked = chosen(Since::Ask, &[(egon, Since::Overwrite)]);
    let of: Vec<_> = asked.blockers.iter().map(|blocker| (blocker.kind, blocker.user_id)).collect();
    assert_eq!(of, [(BlockerKind::ChangedSince, Some(dmitri))]);
    assert!(asked.blockers[0].message.ends_with("changed since: state suspended instead of active"), "{asked:?}");
    for users in [vec![(egon, Since::Overwrite), (dmitri, Since::Keep)], vec![(egon, Since::Overwrite)]] {
        let plan = saved(facts.clone(), &chosen(Since::Keep, &users));
        let gone = ["Chiara", "Dmitri", "Egon"].map(|name| named(&plan, name).1);
        assert_eq!(gone, [true, false, true]);
    }
}

#[test]
fn a_license_changed_since_is_not_taken_away_unasked() {
    let basic = Change::AssignLicense { user_ids: vec![ANA, BEN], license_type_id: license("basic"), date: None };
    let (mut facts, assigned) = done(facts(), basic);
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    let business = Change::AssignLicense { user_ids: vec![ANA], license_type_id: license("business"), date: None };
    let facts = undone(done(facts, business).0, &assigned);
    assert_eq!(kinds(&undo(&facts, Since::Ask)), [BlockerKind::ChangedSince]);
    let kept = saved(facts.clone(), &undo(&facts, Since::Keep));
    assert_eq!((kept.holding(ANA).len(), kept.holding(BEN).len()), (1, 0));
    assert_eq!((kept.seats[&license("business")].used, kept.seats[&license("basic")].used), (1, 0));
}

#[test]
fn a_secret_is_not_put_back_and_an_event_is_no_change() {
    let facts = equipped();
    let device_id = *facts.devices.keys().next().unwrap();
    let (facts, generated) = done(facts, Change::Generate { device_id });
    let facts = undone(facts, &generated);
    let plan = undo(&facts, Since::Ask);
    assert!(plan.blocked() || plan.steps.is_empty());
    let mut event = facts;
    event.undone.as_mut().unwrap().steps.clear();
    assert_eq!(kinds(&undo(&event, Since::Ask)), [BlockerKind::Invalid]);
}

#[test]
fn an_undo_can_be_undone() {
    let (facts, deleted) = done(equipped(), delete(Leaving::default()));
    let facts = undone(facts, &deleted);
    let back = undo(&facts, Since::Ask);
    let facts = undone(saved(facts, &back), &back);
    let again = saved(facts.clone(), &undo(&facts, Since::Ask));
    assert!(again.users[&ANA].is_deleted());
    assert_eq!(again.assignments_of(ANA).count(), 0);
}

#[test]
fn messages_go_to_a_colleague_and_come_back_with_who_left() {
    let mut facts = equipped();
    let message = VoicemailMessage {
        id: MessageId(id(70)),
        account_id: facts.account.id,
        user_id: ANA,
        version: 1,
        caller: crate::call_report::CallParty { user: None, number: "+16025550199".into(), ..Default::default() },
        received_at: now(),
        duration_ms: 9_000,
        state: MessageState::New,
        audio: "a".into(),
        bytes: 1,
        call_id: None,
        forwarded_by: None,
    };
    facts.absorb(None, Some(message.into()));
    let extension = facts.users[&BEN].profile.extension.clone();
    let leaving = Leaving { mailbox: LeftMailbox::HandOver, mailbox_to: extension, ..Leaving::default() };
    let (facts, deleted) = done(facts, delete(leaving));
    let holder = |facts: &Facts| facts.messages.values().map(|message| message.user_id).collect::<Vec<_>>();
    assert_eq!(holder(&facts), [BEN]);
    assert!(deleted.warnings.iter().any(|warning| warning.message.starts_with("1 voicemail message goes to Ben")));
    let mut facts = undone(facts, &deleted);
    facts.messages.values_mut().for_each(|message| message.state = MessageState::Saved);
    let back = saved(facts.clone(), &undo(&facts, Since::Ask));
    assert_eq!(holder(&back), [ANA]);
    assert!(
        back.messages.values().all(|message| message.state == MessageState::Saved && message.forwarded_by.is_none())
    );
    // Whoever got it may have deleted it.
    facts.messages.clear();
    let gone = undo(&facts, Since::Ask);
    assert!(!gone.blocked() && gone.warnings.iter().any(|warning| warning.message.contains("not there any more")));

    let alone =
        Leaving { mailbox: LeftMailbox::HandOver, mailbox_to: Extension::parse("201").ok(), ..Leaving::default() };
    let refused = planned(&equipped(), delete(alone));
    assert_eq!(refused.blockers[0].field.as_deref(), Some("mailbox_to"), "to whom leaves: {refused:?}");
}

#[test]
fn who_is_deleted_once_more_can_be_brought_back_for_as_long_as_at_first() {
    let (facts, deleted) = done(equipped(), delete(Leaving::default()));
    let facts = undone(facts, &deleted);
    let back = undo(&facts, Since::Ask);
    let facts = undone(saved(facts, &back), &back);
    let late = now() + chrono::TimeDelta::days(60);
    let again = saved(facts.clone(), &plan_undo(&facts, Since::Ask, late));
    assert_eq!(again.users[&ANA].deleted_at, Some(late));
    let number = again.numbers.values().next().unwrap();
    assert!(number.kept_until.is_some_and(|until| until > late), "{number:?}");
}

#[test]
fn nothing_is_made_again_of_who_was_erased() {
    let mut facts = equipped();
    let greeting = Change::SetGreeting { user_id: ANA, file_name: "a.wav".into(), duration_ms: 1, audio: "a".into() };
    facts = done(facts, greeting).0;
    let (facts, removed) = done(facts, Change::RemoveGreeting { user_id: ANA });
    let (mut facts, _) = done(facts, delete(Leaving::default()));
    let user = facts.users.get_mut(&ANA).unwrap();
    user.purged_at = Some(now());
    let facts = undone(facts, &removed);
    for since in [Since::Ask, Since::Keep, Since::Overwrite] {
        let plan = undo(&facts, since);
        assert_eq!((kinds(&plan), plan.steps.len()), (vec![BlockerKind::Invalid], 0), "{:?}", plan.blockers);
    }
}

#[test]
fn a_plan_to_delete_is_the_same_a_minute_later() {
    let facts = equipped();
    let first = planned(&facts, delete(Leaving::default())).fingerprint();
    let later = plan_at(&facts, delete(Leaving::default()), now() + chrono::TimeDelta::minutes(1)).fingerprint();
    assert_eq!(first, later, "or nobody who reads the plan could confirm it");
}

#[test]
fn rules_that_send_calls_to_who_leaves_are_sent_elsewhere_and_others_stay() {
    let mut facts = equipped();
    let rules = crate::forwarding::ForwardingRules {
        always: Destination::parse("201").ok(),
        busy: Destination::parse("+14805550143").ok(),
        no_answer: Destination::parse("+14805550199").ok(),
        ring_seconds: 20,
    };
    let forwarding = crate::forwarding::Forwarding { user_id: BEN, account_id: facts.account.id, version: 1, rules };
    facts.forwarding.insert(BEN, forwarding);
    facts.forwarders.insert(BEN);
    let (after, plan) = done(facts.clone(), delete(Leaving::default()));
    let rules = &after.forwarding[&BEN].rules;
    assert_eq!((&rules.always, &rules.busy), (&None, &None));
    assert_eq!((rules.no_answer.clone(), rules.ring_seconds), (Destination::parse("+14805550199").ok(), 20));
    let told = plan.warnings.iter().find(|warning| warning.user_id == Some(BEN)).unwrap();
    assert!(told.message.contains("forwarded to nobody any more (always, when busy)"), "{}", told.message);
    let to = Destination::parse("+14805550150").ok();
    let (after, _) = done(facts, delete(Leaving { forwarders: to.clone(), ..Leaving::default() }));
    assert_eq!(after.forwarding[&BEN].rules.always, to);
}

#[test]
fn numbers_ring_a_colleague_who_stays() {
    let forward = |to: &str| Leaving {
        numbers: LeftNumbers::Forward,
        forward_to: Extension::parse(to).ok(),
        ..Leaving::default()
    };
    let plan = planned(&equipped(), delete(forward("202")));
    let number = plan.steps.iter().find_map(|step| match &step.after {
        Some(Record::PhoneNumber(number)) => Some(number),
        _ => None,
    });
    let number = number.unwrap();
    assert_eq!((number.forwarded_to, number.user_id), (Some(BEN), None));
    assert!(number.forwarded_until < number.kept_until);
    assert!(plan.touched_users().contains(&BEN), "the switch hears of it");
    for to in ["201", "299"] {
        assert_eq!(kinds(&planned(&equipped(), delete(forward(to)))), [BlockerKind::Invalid], "{to} does not stay");
    }
}

#[test]
fn what_is_scheduled_after_a_departure_would_fail() {
    let facts = equipped();
    let today = facts.account.settings.time_zone.date(now());
    let date = Some(today + chrono::Days::new(10));
    let used = facts.seats[&license("business")].used;
    let (facts, plan) = done(facts, Change::DeleteUsers { user_ids: vec![ANA], leaving: Leaving::default(), date });
    assert!(
        plan.warnings.iter().any(|warning| warning.message.contains("would fail: Ana Duarte is deleted on")),
        "{:?}",
        plan.warnings
    );
    assert!(plan.seats.iter().all(|seats| seats.date == date && seats.delta == -1), "{:?}", plan.seats);
    assert_eq!(facts.seats[&license("business")].used, used, "until then the seat is Ana's");
    let moved = Change::MoveSchedule { user_id: ANA, date: today + chrono::Days::new(5) };
    let (facts, _) = done(facts, moved);
    let departure = facts.schedule.of(ANA).find(|entry| entry.lifecycle.is_some()).unwrap();
    assert_eq!(Some(departure.date), date, "one date for all licenses moves no departure");
}

#[test]
fn what_was_taken_from_somebody_who_left_since_is_not_given_back() {
    let facts = equipped();
    let device_id = facts.devices_of(ANA).next().unwrap().id;
    let (facts, taken) = done(facts, Change::UnassignDevice { device_id });
    let (facts, _) = done(facts, delete(Leaving::default()));
    let plan = undo(&undone(facts, &taken), Since::Ask);
    assert!(plan.warnings.iter().any(|warning| warning.message.contains("Ana Duarte, who has left since")), "{plan:?}");
    assert!(plan.blockers.iter().all(|blocker| blocker.kind != BlockerKind::NotFound), "{:?}", plan.blockers);
    assert!(plan.steps.is_empty());
}
