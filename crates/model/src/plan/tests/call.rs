//! Forwarding, voicemail, recording, rules for calls, trunks.

use super::*;
use crate::call_settings::CallRules;
use crate::extension::Destination;
use crate::forwarding::ForwardingRules;
use crate::id::TrunkId;
use crate::outbound::Prefix;
use crate::recording::RecordingMode;
use crate::trunk::TrunkInput;
use crate::voicemail::{PinChange, VoicemailSettings};

fn forward(always: &str, unreachable: &str) -> Change {
    let rules = ForwardingRules { always: Destination::parse(always).ok(), ..ForwardingRules::default() };
    let unreachable = Destination::parse(unreachable).ok();
    Change::SetForwarding { user_id: ANA, version: Some(0), rules, unreachable }
}

fn field_of(plan: &Plan) -> Vec<&str> {
    plan.blockers.iter().filter_map(|blocker| blocker.field.as_deref()).collect()
}

#[test]
fn forwarding_and_unreachable_are_one_change() {
    let facts = facts();
    let plan = planned(&facts, forward("202", "202"));
    assert!(!plan.blocked(), "{:?}", plan.blockers);
    assert_eq!(
        plan.steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>(),
        ["forwarding of Ana Duarte", "user Ana Duarte"]
    );
    assert_eq!(plan.steps[0].changes.iter().find(|change| change.field == "always").unwrap().after, "extension 202");
    let again = planned(&facts.after(&plan), forward("202", "202"));
    assert_eq!(again.blockers[0].kind, BlockerKind::Stale);
}

#[test]
fn destinations_are_somebody_else_who_exists() {
    let facts = facts();
    assert_eq!(field_of(&planned(&facts, forward("201", "209"))), ["always", "unreachable"]);
    assert_eq!(field_of(&planned(&facts, forward("+14805550143", ""))), ["always"], "no license for calls out");
}

#[test]
fn forwarding_abroad_waits_until_the_account_opens_it() {
    let mut facts = facts();
    hold(&mut facts, ANA, "basic");
    let plan = planned(&facts, forward("+442079460000", ""));
    assert!(plan.blockers[0].message.contains("international"), "{:?}", plan.blockers);
    let mut rules = CallRules::default();
    rules.outbound.international = vec![Prefix::parse("+44").unwrap()];
    let opened = planned(&facts, Change::SetCallRules { version: Some(0), rules: Box::new(rules) });
    assert!(!opened.blocked());
    let facts = facts.after(&opened);
    let plan = planned(&facts, forward("+442079460000", ""));
    assert!(!plan.blocked(), "{:?}", plan.blockers);
}

#[test]
fn voicemail_by_mail_needs_an_address() {
    let mut facts = facts();
    let settings = VoicemailSettings { enabled: true, email: true, attach: true };
    let change = |pin| Change::SetVoicemail { user_id: ANA, version: None, settings, pin };
    let plan = planned(&facts, change(PinChange::Set(Opaque::new(*b"kept to itself"))));
    assert_eq!(plan.steps.len(), 2);
    assert!(!serde_json::to_string(&plan).unwrap().contains("kept to itself"));
    let after = facts.clone().after(&plan);
    assert!(planned(&after, change(PinChange::Keep)).is_empty());
    let other = planned(&after, change(PinChange::Set(Opaque::new(*b"other"))));
    assert_eq!(other.steps[0].changes[0].after, "a new one");
    facts.users.get_mut(&ANA).unwrap().profile.email = None;
    assert_eq!(field_of(&planned(&facts, change(PinChange::Keep))), ["email_voicemails"]);
}

#[test]
fn recording_without_the_license_is_set_and_warned_of() {
    let facts = facts();
    let set = |mode| Change::SetRecording { user_ids: vec![ANA, BEN], mode };
    let plan = planned(&facts, set(RecordingMode::All));
    assert_eq!((plan.steps.len(), plan.warnings.len(), plan.blocked()), (2, 2, false));
    assert!(planned(&facts, set(RecordingMode::Off)).is_empty());
}

#[test]
fn trunks_have_names_of_their_own_and_passwords_to_register_with() {
    let facts = facts();
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: "sip.carrier.example".into(),
        transport: "UDP".into(),
        register: true,
        username: "acme".into(),
        ..TrunkInput::default()
    };
    let settings = Box::new(input.parse().unwrap());
    let add = |password| Change::AddTrunk { settings: settings.clone(), serves: None, password };
    assert_eq!(field_of(&planned(&facts, add(None))), ["password"]);
    let added = planned(&facts, add(Some(Opaque::new(*b"sealed"))));
    assert!(!added.blocked());
    let facts = facts.after(&added);
    let trunk_id = *facts.trunks.keys().next().unwrap();
    let edit =
        Change::EditTrunk { trunk_id, version: Some(1), settings: settings.clone(), serves: None, password: None };
    assert!(planned(&facts, edit).is_empty(), "the password is kept");
    let second = ChangeRequest { id: ChangeId(id(999)), change: add(Some(Opaque::new(*b"sealed"))) };
    assert_eq!(field_of(&plan(&facts, &second, Context { now: now(), actor: "Rosa", mint: &Fixed })), ["name"]);
    assert_eq!(planned(&facts, Change::DeleteTrunk { trunk_id }).warnings.len(), 1);
    let unknown = Change::DeleteTrunk { trunk_id: TrunkId(id(1)) };
    assert_eq!(planned(&facts, unknown).blockers[0].kind, BlockerKind::NotFound);
}
