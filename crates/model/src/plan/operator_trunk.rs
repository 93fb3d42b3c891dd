//! The operator's trunks: nothing of an account is touched, so that they are planned by themselves.

use chrono::{DateTime, Utc};

use crate::change::{Change, ChangeRequest};
use crate::id::TrunkId;
use crate::operator_trunk::{OperatorTrunks, Served};
use crate::plan::trunk::blockers;
use crate::plan::{Blocker, BlockerKind, Plan, Record, Step, Warning};
use crate::trunk::{TRUNKS_MAX, Trunk};

/// Of the changes to trunks; everything else is an account's.
pub fn plan_operator_trunk(facts: &OperatorTrunks, request: &ChangeRequest, now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::new();
    let find = |id: TrunkId| facts.trunks.iter().find(|trunk| trunk.id == id).cloned();
    let (before, after) = match &request.change {
        Change::AddTrunk { settings, serves, password } => {
            plan.summary = format!("Add trunk {}", settings.name);
            if facts.trunks.len() >= TRUNKS_MAX {
                let message = format!("the operator has at most {TRUNKS_MAX} trunks; delete one first");
                plan.blockers.push(Blocker::new(BlockerKind::InUse, message, Vec::new()));
            }
            let (id, settings, password) = (request.id.new_trunk_id(), (**settings).clone(), password.clone());
            let serves = Some(serves.clone().unwrap_or(Served::All));
            let (account_id, version, created_at) = (None, 1, now);
            (None, Some(Trunk { id, account_id, version, settings, serves, password, created_at }))
        }
        Change::EditTrunk { trunk_id, version, settings, serves, password } => {
            let Some(trunk) = find(*trunk_id) else { return not_found(plan) };
            plan.summary = format!("Change trunk {}", trunk.settings.name);
            if version.is_some_and(|version| version != trunk.version) {
                plan.blockers.push(Blocker::stale("trunk"));
            }
            let mut after = trunk.clone();
            after.settings = (**settings).clone();
            after.serves = serves.clone().or(after.serves);
            after.password = password.clone().or(after.password);
            if trunk.settings.enabled && !after.settings.enabled {
                plan.warnings.push(Warning { user_id: None, message: OFF.to_owned() });
            }
            (Some(trunk), Some(after))
        }
        Change::DeleteTrunk { trunk_id } => {
            let Some(trunk) = find(*trunk_id) else { return not_found(plan) };
            plan.summary = format!("Delete trunk {}", trunk.settings.name);
            let others = facts.trunks.iter().any(|other| other.id != trunk.id && other.settings.enabled);
            if trunk.settings.enabled && !others {
                plan.warnings.push(Warning { user_id: None, message: LAST.to_owned() });
            }
            (Some(trunk), None)
        }
        _ => return not_found(plan),
    };
    if let Some(trunk) = &after {
        plan.blockers.extend(blockers(&facts.trunks, trunk));
        plan.blockers.extend(unknown_account(facts, trunk));
    }
    if let Some(trunk) = after.as_ref().or(before.as_ref()).filter(|_| before != after) {
        let title = format!("trunk {}", trunk.settings.name);
        plan.steps.push(Step::of_operator(title, before.map(Record::from), after.map(Record::from)));
    }
    plan
}

const OFF: &str = "no new call goes over this trunk while it is off; calls that go on are not ended";
const LAST: &str = "this is the operator's only trunk: accounts without a trunk of their own can't call outside";

fn not_found(mut plan: Plan) -> Plan {
    plan.blockers.push(Blocker::not_found("trunk"));
    plan
}

fn unknown_account(facts: &OperatorTrunks, trunk: &Trunk) -> Option<Blocker> {
    let number = trunk.serves.iter().flat_map(Served::numbers).find(|number| !facts.accounts.contains(*number))?;
    let message = format!("there is no account {}; look it up under Accounts", number.pretty());
    Some(Blocker::field(BlockerKind::Invalid, "accounts", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ChangeId;
    use crate::operator_trunk::named;
    use crate::trunk::TrunkInput;

    fn change(name: &str, serves: &str, register: bool) -> Change {
        let input = TrunkInput {
            name: name.into(),
            enabled: true,
            host: "sip.carrier.example".into(),
            transport: "UDP".into(),
            register,
            username: "lineside".into(),
            ..TrunkInput::default()
        };
        let settings = Box::new(input.parse().unwrap());
        Change::AddTrunk { settings, serves: Some(Served::parse(serves).unwrap()), password: None }
    }

    fn planned(facts: &OperatorTrunks, change: Change) -> Plan {
        plan_operator_trunk(
            facts,
            &ChangeRequest { id: ChangeId(uuid::Uuid::from_u128(7)), change },
            DateTime::UNIX_EPOCH,
        )
    }

    fn added(facts: &OperatorTrunks, change: Change) -> Trunk {
        match planned(facts, change).steps.pop().unwrap().after {
            Some(Record::Trunk(trunk)) => *trunk,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_trunk_serves_accounts_that_there_are() {
        let mut facts = OperatorTrunks::default();
        let refused = planned(&facts, change("Carrier", "48201137", false));
        assert_eq!(refused.blockers[0].field.as_deref(), Some("accounts"));
        facts.accounts = named(&change("Carrier", "48201137", false));
        let plan = planned(&facts, change("Carrier", "48201137", false));
        assert!(!plan.blocked() && plan.steps[0].title == "trunk Carrier", "{plan:?}");
        let told = plan.steps[0].changes.iter().find(|change| change.field == "serves").unwrap();
        assert_eq!(told.after, "4820 1137");
    }

    #[test]
    fn names_are_taken_once_and_registration_needs_a_password() {
        let mut facts = OperatorTrunks::default();
        facts.trunks.push(added(&facts, change("Carrier", "", false)));
        let plan = planned(&facts, change("Other", "", true));
        assert_eq!(plan.blockers[0].field.as_deref(), Some("password"));
        let id = facts.trunks[0].id;
        facts.trunks[0].id = TrunkId(uuid::Uuid::nil());
        assert_eq!(planned(&facts, change("carrier", "", false)).blockers[0].field.as_deref(), Some("name"));
        let delete = Change::DeleteTrunk { trunk_id: id };
        assert_eq!(planned(&facts, delete).blockers[0].kind, BlockerKind::NotFound);
        let delete = planned(&facts, Change::DeleteTrunk { trunk_id: facts.trunks[0].id });
        assert!(!delete.blocked() && delete.warnings.len() == 1, "{delete:?}");
    }

    #[test]
    fn an_edit_keeps_what_it_does_not_name() {
        let mut facts = OperatorTrunks::default();
        facts.trunks.push(added(&facts, change("Carrier", "", false)));
        let trunk = facts.trunks[0].clone();
        let edit = |version| Change::EditTrunk {
            trunk_id: trunk.id,
            version: Some(version),
            settings: Box::new(trunk.settings.clone()),
            serves: None,
            password: None,
        };
        assert!(planned(&facts, edit(1)).is_empty());
        assert_eq!(planned(&facts, edit(2)).blockers[0].kind, BlockerKind::Stale);
    }
}
