//! What somebody changed since a change left its records.

use std::collections::{BTreeMap, BTreeSet};

use super::made_user;
use crate::facts::Facts;
use crate::id::UserId;
use crate::plan::{FieldChange, Record, Step};

/// Users whom the change made and whom somebody changed since, with what was changed.
pub(super) struct Touched {
    pub(super) users: BTreeMap<UserId, BTreeSet<String>>,
}

impl Touched {
    pub(super) fn of(facts: &Facts, steps: &[Step]) -> Self {
        let made: BTreeSet<UserId> = steps.iter().filter_map(made_user).collect();
        let mut users: BTreeMap<UserId, BTreeSet<String>> = BTreeMap::new();
        let mut left = BTreeSet::new();
        for step in steps {
            let Some(after) = &step.after else { continue };
            left.insert((after.kind(), after.id()));
            let Some(user_id) = after.user_id().filter(|user| made.contains(user)) else { continue };
            if was_touched(facts, step, after) {
                users.entry(user_id).or_default().extend(differences(facts, step, after));
            }
        }
        for user in made {
            let others = facts
                .devices_of(user)
                .map(|device| ("device", device.id.0))
                .chain(facts.numbers_of(user).map(|number| ("phone number", number.id.0)))
                .chain(facts.assignments_of(user).map(|held| ("license", held.id.0)))
                .chain(facts.schedule.of(user).map(|entry| ("scheduled license", entry.id.0)));
            for (kind, _) in others.filter(|held| !left.contains(held)) {
                users.entry(user).or_default().insert(format!("another {kind}"));
            }
        }
        users.retain(|user, _| facts.users.get(user).is_some_and(|user| !user.is_deleted()));
        Self { users }
    }
}

/// What somebody changed of the record that this step had left, in words.
fn differences(facts: &Facts, step: &Step, after: &Record) -> Vec<String> {
    let Some(now) = current(facts, after) else { return vec![format!("no {} any more", after.kind())] };
    let mut since = Step::new(Some(after.clone().with_secrets_of(&now)), Some(now));
    since.put_in_words(facts);
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let words = |change: &FieldChange| {
        let field = change.field.trim_end_matches("_id").replace('_', " ");
        format!("{field} {} instead of {}", or_none(&change.after), or_none(&change.before))
    };
    match since.changes.as_slice() {
        [] if matches!(after, Record::User(_)) => Vec::new(),
        [] => vec![step.title.clone()],
        changes => changes.iter().map(words).collect(),
    }
}

/// Somebody changed the record after this step had left it.
fn was_touched(facts: &Facts, step: &Step, after: &Record) -> bool {
    if matches!(after, Record::Mail(_)) || step.is_rehearsal() {
        return false;
    }
    let left_at = step.version_before().map_or_else(|| after.version(), |version| version + 1);
    // The registrar and the wizard's own steps are no changes that a person would miss.
    current(facts, after).is_none_or(|now| now.version() != left_at)
}

/// What there is now of a record of the past.
pub(super) fn current(facts: &Facts, record: &Record) -> Option<Record> {
    Some(match record {
        Record::Account(_) => facts.account.clone().into(),
        Record::Location(location) => facts.locations.get(&location.id)?.clone().into(),
        Record::Department(department) => facts.departments.get(&department.id)?.clone().into(),
        Record::User(user) => facts.users.get(&user.id)?.clone().into(),
        Record::PhoneNumber(number) => facts.numbers.get(&number.id)?.clone().into(),
        Record::Device(device) => facts.devices.get(&device.id)?.clone().into(),
        Record::Line(line) => facts.lines.get(&line.device_id)?.clone().into(),
        Record::E911Address(e911) => facts.e911.get(&e911.user_id)?.clone().into(),
        Record::Seats(seats) => facts.seats.get(&seats.license_type_id)?.clone().into(),
        Record::Assignment(held) => {
            facts.assignments.get(&(held.user_id, held.track_id)).filter(|now| now.id == held.id)?.clone().into()
        }
        Record::ScheduleEntry(entry) => facts.schedule.get(&entry.id)?.clone().into(),
        Record::Greeting(greeting) => facts.greetings.get(&greeting.user_id)?.clone().into(),
        Record::CallSettings(_) => facts.call_settings.clone()?.into(),
        Record::Trunk(trunk) => facts.trunks.get(&trunk.id)?.clone().into(),
        Record::Forwarding(forwarding) => facts.forwarding.get(&forwarding.user_id)?.clone().into(),
        Record::Mailbox(mailbox) => facts.mailboxes.get(&mailbox.user_id)?.clone().into(),
        Record::RecordingChoice(choice) => facts.recording.get(&choice.user_id)?.clone().into(),
        Record::VoicemailMessage(message) => facts.messages.get(&message.id)?.clone().into(),
        Record::Mail(_) => return None,
    })
}
