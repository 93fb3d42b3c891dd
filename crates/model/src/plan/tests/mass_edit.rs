//! The same fields of many users.

use super::*;
use crate::extension::Destination;
use crate::import::Wish;
use crate::mass_edit::MassEdit;
use crate::recording::RecordingMode;

fn edit(edit: MassEdit) -> Change {
    Change::EditUsers { user_ids: vec![ANA, BEN], edit: Box::new(edit) }
}

#[test]
fn fields_that_are_left_stay_as_each_user_has_them() {
    let mut facts = facts();
    facts.users.get_mut(&ANA).unwrap().profile.unreachable = Destination::parse("202").ok();
    confirm(&mut facts, ANA);
    let wanted = MassEdit {
        location_id: Wish::Set(DENVER),
        email_voicemails: Some(true),
        ring_seconds: Some(40),
        ..MassEdit::default()
    };
    let plan = planned(&facts, edit(wanted));
    assert_eq!(plan.blockers, []);
    assert_eq!(plan.summary, "Change location, email voicemails, ring seconds of 2 users");
    let after = facts.after(&plan);
    for user in [ANA, BEN] {
        let profile = &after.users[&user].profile;
        assert!(profile.location_id == Some(DENVER) && profile.email_voicemails);
        assert_eq!(after.forwarding[&user].rules.ring_seconds, 40);
        assert!(after.e911[&user].confirmed.is_none(), "who moves confirms the address anew");
    }
    assert_eq!(after.users[&ANA].profile.unreachable, Destination::parse("202").ok());
    assert_eq!(after.users[&BEN].profile.unreachable, None);
}

#[test]
fn what_is_wrong_for_one_is_told_with_the_name_and_for_all_once() {
    let facts = facts();
    let to = |extension: &str| {
        edit(MassEdit { unreachable: Wish::Set(Destination::parse(extension).unwrap()), ..MassEdit::default() })
    };
    let own = planned(&facts, to("202"));
    assert_eq!(own.blockers.len(), 1);
    assert!(own.blockers[0].message.starts_with("Ben Duarte: this is the user's own extension"), "{:?}", own.blockers);
    let nobody = planned(&facts, to("299"));
    assert_eq!(nobody.blockers.len(), 1);
    assert!(nobody.blockers[0].message.starts_with("nobody has extension 299"));
    assert!(planned(&facts, edit(MassEdit::default())).blocked(), "nothing was chosen");
}

#[test]
fn voicemails_go_nowhere_without_an_address() {
    let mut facts = facts();
    facts.users.get_mut(&BEN).unwrap().profile.email = None;
    let plan = planned(&facts, edit(MassEdit { email_voicemails: Some(true), ..MassEdit::default() }));
    assert_eq!(plan.blockers.iter().map(|blocker| blocker.user_id).collect::<Vec<_>>(), [Some(BEN)]);
}

#[test]
fn recording_without_a_license_is_warned_of_once() {
    let plan = planned(&facts(), edit(MassEdit { recording: Some(RecordingMode::All), ..MassEdit::default() }));
    assert_eq!(plan.blockers, []);
    assert_eq!((plan.steps.len(), plan.warnings.len()), (2, 1));
}

#[test]
fn many_are_suspended_in_one_plan_and_those_who_are_already_stay() {
    let mut facts = facts();
    facts.users.get_mut(&BEN).unwrap().state = UserState::Suspended;
    let plan =
        planned(&facts, Change::SetUserState { user_ids: vec![ANA, BEN], state: UserState::Suspended, date: None });
    assert_eq!((plan.summary.as_str(), plan.steps.len()), ("Suspend 2 users", 1));
    assert!(plan.warnings[0].message.starts_with("1 user can neither"), "{:?}", plan.warnings);
}
