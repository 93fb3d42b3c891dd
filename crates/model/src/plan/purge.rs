//! What time does by itself to what leavers left: numbers become free, and after thirty days nothing is left of a person but
//! a row without a name, which calls and recordings refer to.

use crate::id::UserId;
use crate::phone_number::{NumberState, PhoneNumber};
use crate::plan::{Draft, Plan, Record, Step};
use crate::schedule::in_words;
use crate::text::Name;
use crate::user::{Profile, User};
use crate::username::Username;

impl Draft<'_> {
    pub(super) fn release_numbers(&mut self) {
        let now = self.context.now;
        let is_due = |number: &&PhoneNumber| {
            number.state == NumberState::Quarantined && number.due_at().is_some_and(|at| at <= now)
        };
        let due: Vec<PhoneNumber> = self.facts.numbers.values().filter(is_due).cloned().collect();
        let mut freed = 0;
        for number in &due {
            let over = number.kept_until.is_some_and(|until| until <= now);
            freed += usize::from(over);
            let after = if over {
                number.clone().released(NumberState::Free)
            } else {
                PhoneNumber { forwarded_to: None, forwarded_until: None, ..number.clone() }
            };
            self.update(number.clone(), after);
        }
        let numbers = |count: usize| if count == 1 { "1 number".to_owned() } else { format!("{count} numbers") };
        self.plan.summary = match (freed, due.len() - freed) {
            (0, 0) => "No number's time is over".to_owned(),
            (freed, 0) => format!("Free {} that were kept back", numbers(freed)),
            (0, ended) => format!("Forward {} no longer", numbers(ended)),
            (freed, ended) => {
                format!("Free {} that were kept back, forward {} no longer", numbers(freed), numbers(ended))
            }
        };
    }

    pub(super) fn purge_users(&mut self) {
        let now = self.context.now;
        let over = |user: &&User| user.is_deleted() && user.kept_until().is_some_and(|until| until <= now);
        let users: Vec<User> = self.facts.users.values().filter(over).cloned().collect();
        let (mut greetings, mut messages) = (0, 0);
        for user in &users {
            greetings += usize::from(self.facts.greetings.contains_key(&user.id));
            messages += self.purge_belongings(user.id);
            self.update(
                user.clone(),
                User { purged_at: Some(now), pin_hash: None, profile: nobody(user), ..user.clone() },
            );
        }
        let by = users.iter().filter_map(|user| user.deleted_at).max().unwrap_or(now);
        let by = in_words(self.facts.account.settings.time_zone.date(by));
        let who = if users.len() == 1 { "1 user".to_owned() } else { format!("{} users", users.len()) };
        self.plan.summary = format!(
            "Erase {who} who left by {by}: names, sign-in, addresses, mails; greetings: {greetings}; voicemail messages: {messages}"
        );
    }

    /// Returns how many messages there were.
    fn purge_belongings(&mut self, user: UserId) -> usize {
        if let Some(greeting) = self.facts.greetings.get(&user).cloned() {
            self.delete(greeting);
        }
        if let Some(e911) = self.facts.e911.get(&user).cloned() {
            self.delete(e911);
        }
        if let Some(forwarding) = self.facts.forwarding.get(&user).cloned() {
            self.delete(forwarding);
        }
        if let Some(mailbox) = self.facts.mailboxes.get(&user).cloned() {
            self.delete(mailbox);
        }
        if let Some(choice) = self.facts.recording.get(&user).cloned() {
            self.delete(choice);
        }
        let messages = self.facts.messages.values().filter(|message| message.user_id == user);
        let messages: Vec<_> = messages.cloned().collect();
        let count = messages.len();
        for message in messages {
            self.delete(message);
        }
        count
    }
}

/// The profile of nobody, under a username that nobody chooses.
fn nobody(user: &User) -> Profile {
    let name = |text: &str, was: &Name| Name::parse(text).unwrap_or_else(|_| was.clone());
    let was = &user.profile;
    Profile {
        first_name: name("Deleted", &was.first_name),
        last_name: name("user", &was.last_name),
        username: Username::parse(&format!("deleted.{}", user.id.0.simple())).unwrap_or_else(|_| was.username.clone()),
        email: None,
        email_voicemails: false,
        attach_recording: false,
        extension: None,
        unreachable: None,
        location_id: None,
        time_zone: None,
        department_id: None,
    }
}

impl Plan {
    /// As the journal keeps it for proof: what was erased, by kind and identifier, and nothing of what it said.
    #[must_use]
    pub fn without_contents(&self) -> Self {
        let proof = |step: &Step| {
            let title = step.record().map(|record| match record.user_id() {
                Some(user) if matches!(record, Record::User(_)) => format!("what was known of user {user}"),
                Some(user) => format!("{} of user {user}", record.kind()),
                None => record.kind().to_owned(),
            });
            Step { before: None, after: None, title: title.unwrap_or_default(), changes: Vec::new() }
        };
        Self { steps: self.steps.iter().map(proof).collect(), ..self.clone() }
    }
}
