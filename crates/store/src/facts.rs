//! The facts that a change touches, in a few set-based statements.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lineside_model::account::Account;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::department::Department;
use lineside_model::device::{Device, Line, Mac};
use lineside_model::e911::E911Address;
use lineside_model::extension::Extension;
use lineside_model::facts::{Facts, Needs, ScheduleNeeds, Usage};
use lineside_model::forwarding::Forwarding;
use lineside_model::greeting::Greeting;
use lineside_model::id::{AccountId, DepartmentId, DeviceId, LocationId, ScheduleEntryId, UserId};
use lineside_model::journal::Scope;
use lineside_model::license::{Assignment, Requirement};
use lineside_model::lifecycle::Lifecycle;
use lineside_model::location::Location;
use lineside_model::phone_number::{E164, PhoneNumber};
use lineside_model::plan::Context;
use lineside_model::recording::RecordingChoice;
use lineside_model::schedule::ScheduleEntry;
use lineside_model::text::fold;
use lineside_model::trunk::Trunk;
use lineside_model::user::User;
use lineside_model::voicemail::{Mailbox, VoicemailMessage};
use uuid::Uuid;

use crate::connection::{Connection, Row};
use crate::department::{ALL_DEPARTMENTS, DEPARTMENT_BY_NAME, DEPARTMENT_USERS, DEPARTMENTS_BY_ID, DepartmentColumns};
use crate::device::{DEVICES_BY_ID, DEVICES_OF_USERS, DeviceColumns, MACS_TAKEN};
use crate::e911::{E911_OF_USERS, E911Columns};
use crate::forwarding::{FORWARDING_OF_USERS, ForwardingColumns};
use crate::greeting::{GREETINGS_OF_USERS, GreetingColumns};
use crate::import::PENDING;
use crate::license::{ASSIGNMENTS_OF_USERS, AssignmentColumns};
use crate::line::{LINE_COUNT, LINES_OF_USERS, LineColumns};
use crate::location::{
    ALL_LOCATIONS, LOCATION_BY_NAME, LOCATION_NUMBERS, LOCATION_USERS, LOCATIONS_BY_ID, LocationColumns,
};
use crate::login::USERNAMES_TAKEN;
use crate::phone_number::{
    NUMBERS_BY_E164, NUMBERS_BY_ID, NUMBERS_DUE, NUMBERS_FORWARDED, NUMBERS_OF_USERS, NUMBERS_PROMISED, NUMBERS_TAKEN,
    NumberColumns,
};
use crate::purge::TO_PURGE;
use crate::recording::{CHOICES_OF_USERS, ChoiceColumns};
use crate::schedule::{ENTRIES_OF_USERS, EntryColumns, LIFECYCLES, USERS_OF_ENTRIES};
use crate::search::USERS_BY_WORD;
use crate::trunk::{TRUNKS, TrunkColumns};
use crate::user::{
    EXTENSIONS_TAKEN, FORWARDERS_BY_EXTENSION, FORWARDERS_BY_NUMBER, RULES_TO_EXTENSION, RULES_TO_NUMBER, USERS_BY_ID,
    UserColumns,
};
use crate::value::{Value, from_json, kept_number, parse, try_all, values};
use crate::voicemail::{MAILBOXES_OF_USERS, MESSAGES_BY_ID, MESSAGES_OF_USERS, MailboxColumns, MessageColumns};
use crate::{Store, StoreError, account, call_settings, import, journal, purge, schedule_facts, seat_day, seats};

/// Rows that are read together: as columns and as what they say they are in memory at once.
const AT_ONCE: usize = 10_000;

/// Facts in the making: what one statement brings tells what the next one asks for.
struct Loader<'a> {
    link: &'a mut Connection,
    account: AccountId,
    now: DateTime<Utc>,
    needs: Needs,
    facts: Facts,
}

impl Store {
    pub(crate) async fn facts(
        &self,
        link: &mut Connection,
        scope: &Scope,
        request: &ChangeRequest,
        context: Context<'_>,
    ) -> Result<Facts, StoreError> {
        let catalogue = self.catalogue_on(link).await?;
        let account = match (&request.change, account::load(link, scope.account_id).await?) {
            (_, Some(account)) => account,
            (Change::OpenAccount { number, settings, .. }, None) => Account {
                id: scope.account_id,
                version: 1,
                number: number.clone(),
                settings: settings.clone(),
                created_at: context.now,
            },
            (_, None) => return Err(StoreError::Row(format!("there is no account {}", scope.account_id))),
        };
        let call_settings = call_settings::load(link, scope.account_id).await?;
        let facts = Facts { call_settings, ..Facts::new(account, (*catalogue).clone()) };
        let mut loader = Loader { link, account: scope.account_id, now: context.now, needs: request.needs(), facts };
        loader.load().await?;
        Ok(loader.facts)
    }
}

/// The facts that are named, without a change that would need them.
pub(crate) async fn load(
    store: &Store,
    link: &mut Connection,
    scope: &Scope,
    needs: Needs,
) -> Result<Facts, StoreError> {
    let catalogue = store.catalogue_on(link).await?;
    let missing = || StoreError::Row(format!("there is no account {}", scope.account_id));
    let account = account::load(link, scope.account_id).await?.ok_or_else(missing)?;
    let facts = Facts::new(account, (*catalogue).clone());
    let mut loader = Loader { link, account: scope.account_id, now: DateTime::default(), needs, facts };
    loader.load().await?;
    Ok(loader.facts)
}

impl Loader<'_> {
    async fn load(&mut self) -> Result<(), StoreError> {
        let seats = seats::load(self.link, self.account).await?;
        self.facts.seats = seats.into_iter().map(|seats| (seats.license_type_id, seats)).collect();
        self.facts.seat_days = seat_day::load(self.link, self.account).await?;
        self.undone().await?;
        self.taken().await?;
        self.named().await?;
        self.scheduled().await?;
        self.over().await?;
        self.forwarders().await?;
        self.of_users().await?;
        self.administrators().await?;
        self.calls().await?;
        self.places().await?;
        self.usage().await
    }

    async fn undone(&mut self) -> Result<(), StoreError> {
        let Some(id) = self.needs.undone else { return Ok(()) };
        self.facts.undone = journal::undone(self.link, self.account, id).await?;
        if let Some(undone) = &self.facts.undone {
            self.needs.undo(&undone.steps);
        }
        Ok(())
    }

    async fn forwarders(&mut self) -> Result<(), StoreError> {
        for sql in [FORWARDERS_BY_EXTENSION, FORWARDERS_BY_NUMBER, RULES_TO_EXTENSION, RULES_TO_NUMBER] {
            let to = self.needs.forwarders_of.clone();
            let rows: Vec<(Uuid,)> = self.link.rows_in(sql, values![self.account], to).await?;
            self.facts.forwarders.extend(rows.into_iter().map(|(id,)| UserId(id)));
        }
        self.needs.users.extend(self.facts.forwarders.iter().copied());
        let answered = self.needs.forwarders_of.clone();
        let numbers: Vec<PhoneNumber> = self.own::<NumberColumns, _>(NUMBERS_FORWARDED, answered).await?;
        self.facts.numbers.extend(numbers);
        Ok(())
    }

    async fn own<C: Row, T: TryFrom<C, Error = StoreError>>(
        &mut self,
        sql: &'static str,
        list: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Result<Vec<T>, StoreError> {
        let mut list = list.into_iter().map(Into::into).peekable();
        let mut own = Vec::new();
        while list.peek().is_some() {
            let some: Vec<Value> = list.by_ref().take(AT_ONCE).collect();
            own.extend(try_all(self.link.rows_in::<C>(sql, values![self.account], some).await?)?);
        }
        Ok(own)
    }

    /// Who holds the names that were asked for.
    async fn taken(&mut self) -> Result<(), StoreError> {
        let names = self.needs.usernames.iter().map(|name| String::from(name.key()));
        let rows: Vec<(String, Option<Uuid>, Option<Uuid>)> =
            self.link.rows_in(USERNAMES_TAKEN, values![], names).await?;
        for (key, account, user) in rows {
            let holder = self.if_own(account, user).map(UserId);
            self.facts.taken.usernames.insert(key.into(), holder);
            self.needs.users.extend(holder.filter(|_| self.needs.holders));
        }
        let macs = self.needs.macs.iter().map(Mac::as_str);
        let rows: Vec<(String, Uuid, Uuid)> = self.link.rows_in(MACS_TAKEN, values![], macs).await?;
        for (mac, device, account) in rows {
            let holder = self.if_own(Some(account), Some(device)).map(DeviceId);
            self.needs.devices.extend(holder.filter(|_| self.needs.holders));
            self.facts.taken.macs.insert(parse("a MAC address", &mac)?, holder);
        }
        let numbers = self.needs.e164s.iter().map(E164::as_str);
        let rows: Vec<(String,)> = self.link.rows_in(NUMBERS_TAKEN, values![], numbers).await?;
        for (number,) in rows {
            self.facts.taken.e164s.insert(kept_number(&number)?);
        }
        self.extensions().await?;
        let emails = self.needs.emails.iter().map(|email| email.as_str().to_lowercase());
        let rows: Vec<(Uuid,)> = self.link.rows_in(USERS_BY_WORD, values![self.account], emails).await?;
        self.needs.users.extend(rows.into_iter().map(|(user,)| UserId(user)));
        if let Some(domain) = &self.needs.sip_domain {
            let values = values![domain.as_str(), self.account];
            self.facts.taken.sip_domain = self.link.number(account::SIP_DOMAIN_TAKEN, values).await? > 0;
        }
        if let Some(name) = self.needs.location_name.clone() {
            let holder = self.holder(LOCATION_BY_NAME, fold(name.as_str())).await?;
            self.facts.taken.location_name = holder.map(LocationId);
        }
        if let Some(name) = self.needs.department_name.clone() {
            let holder = self.holder(DEPARTMENT_BY_NAME, fold(name.as_str())).await?;
            self.facts.taken.department_name = holder.map(DepartmentId);
        }
        Ok(())
    }

    async fn extensions(&mut self) -> Result<(), StoreError> {
        let extensions = self.needs.extensions.iter().map(Extension::as_str);
        let rows: Vec<(String, Uuid)> = self.link.rows_in(EXTENSIONS_TAKEN, values![self.account], extensions).await?;
        for (extension, user) in rows {
            self.facts.taken.extensions.insert(parse("an extension", &extension)?, UserId(user));
            // So that a plan can say whose it is.
            self.needs.users.insert(UserId(user));
        }
        Ok(())
    }

    async fn holder(&mut self, sql: &'static str, name_key: String) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self.link.row(sql, values![self.account, name_key]).await?;
        Ok(row.map(|(id,)| id))
    }

    /// Another account's holder is nobody that may be seen.
    fn if_own(&self, account: Option<Uuid>, holder: Option<Uuid>) -> Option<Uuid> {
        holder.filter(|_| account == Some(self.account.0))
    }

    /// Numbers and devices that are named, whose users belong to the facts too.
    async fn named(&mut self) -> Result<(), StoreError> {
        let ids = self.needs.numbers.clone();
        let mut numbers: Vec<PhoneNumber> = self.own::<NumberColumns, _>(NUMBERS_BY_ID, ids).await?;
        let named: Vec<String> = self.needs.own_numbers.iter().map(ToString::to_string).collect();
        numbers.extend(self.own::<NumberColumns, PhoneNumber>(NUMBERS_BY_E164, named).await?);
        let ids = self.needs.devices.clone();
        let devices: Vec<Device> = self.own::<DeviceColumns, _>(DEVICES_BY_ID, ids).await?;
        let promised: Vec<UserId> = numbers.iter().filter_map(|number| number.promised_to).collect();
        self.needs.users.extend(promised);
        let holders = numbers.iter().map(|number| number.user_id).chain(devices.iter().map(|device| device.user_id));
        self.needs.users.extend(holders.flatten());
        self.needs.users.extend(devices.iter().flat_map(|device| device.lamp_keys.iter().copied()));
        self.facts.numbers.extend(numbers);
        self.facts.devices.extend(devices);
        Ok(())
    }

    /// Users whose entries are named or looked at: all that their rehearsal reads is loaded with them.
    async fn scheduled(&mut self) -> Result<(), StoreError> {
        let ids = self.needs.entries.clone();
        let users: Vec<(Uuid,)> = self.link.rows_in(USERS_OF_ENTRIES, values![self.account], ids).await?;
        self.needs.users.extend(users.into_iter().map(|(id,)| UserId(id)));
        let looked_at = schedule_facts::looked_at(self.link, &self.facts, self.needs.schedule, self.now).await?;
        self.needs.users.extend(looked_at.users);
        self.facts.due = looked_at.due;
        self.departures().await
    }

    /// Those of the entries that are carried out: who leaves is looked at as closely as when somebody asks for it.
    async fn departures(&mut self) -> Result<(), StoreError> {
        let ids: Vec<ScheduleEntryId> = self.needs.entries.iter().chain(&self.facts.due).copied().collect();
        let rows: Vec<(Uuid, String)> = self.link.rows_in(LIFECYCLES, values![self.account], ids).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for (user, lifecycle) in rows {
            if let Lifecycle::Deleted { leaving } = from_json("a schedule entry's lifecycle", &lifecycle)? {
                self.needs.leaving(UserId(user), &leaving);
            }
        }
        self.extensions().await
    }

    /// What time has brought: numbers that are free again, users of whom nothing is to be left; and imports that wait.
    async fn over(&mut self) -> Result<(), StoreError> {
        if self.needs.numbers_due {
            let values = values![self.account, self.now];
            let numbers: Vec<PhoneNumber> = try_all(self.link.rows::<NumberColumns>(NUMBERS_DUE, values).await?)?;
            self.facts.numbers.extend(numbers);
        }
        if self.needs.to_purge {
            let values = values![self.account, purge::deleted_by(self.now)];
            let rows: Vec<(Uuid,)> = self.link.rows(TO_PURGE, values).await?;
            let users = rows.into_iter().map(|(id,)| UserId(id));
            self.needs.users.extend(users.clone());
            self.needs.messages_of.extend(users);
            self.needs.holdings = true;
        }
        if self.needs.pending_imports {
            let rows: Vec<(i64, String)> = self.link.rows(PENDING, values![self.account]).await?;
            for row in rows {
                let job = import::job(row)?;
                self.facts.pending_imports.push(format!("{} of {}", job.file_name, job.owner));
            }
        }
        Ok(())
    }

    async fn administrators(&mut self) -> Result<(), StoreError> {
        let told = matches!(self.needs.schedule, ScheduleNeeds::Due | ScheduleNeeds::Warnings);
        if told || self.facts.schedule.values().any(|entry| entry.warned.is_some()) {
            self.facts.administrators = schedule_facts::administrators(self.link, self.account).await?;
        }
        Ok(())
    }

    async fn of_users(&mut self) -> Result<(), StoreError> {
        let ids = self.needs.users.clone();
        let users: Vec<User> = self.own::<UserColumns, _>(USERS_BY_ID, ids).await?;
        self.facts.users = users.into_iter().map(|user| (user.id, user)).collect();
        let ids: Vec<UserId> = self.facts.users.keys().copied().collect();
        let numbers: Vec<PhoneNumber> = self.own::<NumberColumns, _>(NUMBERS_OF_USERS, ids.clone()).await?;
        self.facts.numbers.extend(numbers);
        let promised: Vec<PhoneNumber> = self.own::<NumberColumns, _>(NUMBERS_PROMISED, ids.clone()).await?;
        self.facts.numbers.extend(promised);
        let assignments: Vec<Assignment> = self.own::<AssignmentColumns, _>(ASSIGNMENTS_OF_USERS, ids.clone()).await?;
        self.facts.assignments = by_id(assignments, |held| (held.user_id, held.track_id)).into();
        let entries: Vec<ScheduleEntry> = self.own::<EntryColumns, _>(ENTRIES_OF_USERS, ids.clone()).await?;
        self.facts.schedule.extend(entries);
        if self.needs.holdings || self.facts.catalogue.requires(&Requirement::E911Confirmed) {
            let e911: Vec<E911Address> = self.own::<E911Columns, _>(E911_OF_USERS, ids.clone()).await?;
            self.facts.e911 = e911.into_iter().map(|e911| (e911.user_id, e911)).collect();
        }
        // A Voice license says how many devices work.
        let is_voice = self.needs.licenses.iter().any(|license| self.facts.catalogue.is_voice(*license));
        if self.needs.holdings || is_voice {
            let devices: Vec<Device> = self.own::<DeviceColumns, _>(DEVICES_OF_USERS, ids.clone()).await?;
            self.facts.devices.extend(devices);
            let lines: Vec<Line> = self.own::<LineColumns, _>(LINES_OF_USERS, ids.clone()).await?;
            self.facts.lines = lines.into_iter().map(|line| (line.device_id, line)).collect();
        }
        if self.needs.holdings {
            let greetings: Vec<Greeting> = self.own::<GreetingColumns, _>(GREETINGS_OF_USERS, ids).await?;
            self.facts.greetings = greetings.into_iter().map(|greeting| (greeting.user_id, greeting)).collect();
        }
        Ok(())
    }

    /// What is set for calls, messages and trunks, where they are asked for.
    async fn calls(&mut self) -> Result<(), StoreError> {
        if self.needs.call_choices {
            self.call_choices().await?;
        }
        let ids = self.needs.messages.clone();
        let messages: Vec<VoicemailMessage> = self.own::<MessageColumns, _>(MESSAGES_BY_ID, ids).await?;
        self.facts.messages = by_id(messages, |message| message.id);
        let of = self.needs.messages_of.clone();
        let messages: Vec<VoicemailMessage> = self.own::<MessageColumns, _>(MESSAGES_OF_USERS, of).await?;
        self.facts.messages.extend(messages.into_iter().map(|message| (message.id, message)));
        if self.needs.trunks {
            let trunks: Vec<Trunk> = try_all(self.link.rows::<TrunkColumns>(TRUNKS, values![self.account]).await?)?;
            self.facts.trunks = by_id(trunks, |trunk| trunk.id);
        }
        Ok(())
    }

    async fn call_choices(&mut self) -> Result<(), StoreError> {
        let ids: Vec<UserId> = self.facts.users.keys().copied().collect();
        let forwarding: Vec<Forwarding> = self.own::<ForwardingColumns, _>(FORWARDING_OF_USERS, ids.clone()).await?;
        self.facts.forwarding = by_id(forwarding, |forwarding| forwarding.user_id);
        let mailboxes: Vec<Mailbox> = self.own::<MailboxColumns, _>(MAILBOXES_OF_USERS, ids.clone()).await?;
        self.facts.mailboxes = by_id(mailboxes, |mailbox| mailbox.user_id);
        let choices: Vec<RecordingChoice> = self.own::<ChoiceColumns, _>(CHOICES_OF_USERS, ids).await?;
        self.facts.recording = by_id(choices, |choice| choice.user_id);
        Ok(())
    }

    async fn places(&mut self) -> Result<(), StoreError> {
        let profiles = || self.facts.users.values().map(|user| &user.profile);
        let at: BTreeSet<LocationId> = profiles()
            .filter_map(|profile| profile.location_id)
            .chain(self.facts.numbers.values().filter_map(|number| number.location_id))
            .chain(self.needs.locations.iter().copied())
            .collect();
        let of: BTreeSet<DepartmentId> = profiles()
            .filter_map(|profile| profile.department_id)
            .chain(self.needs.departments.iter().copied())
            .collect();
        let (locations, departments): (Vec<Location>, Vec<Department>) = if self.needs.all_places {
            let own = values![self.account];
            let locations = self.link.rows::<LocationColumns>(ALL_LOCATIONS, own.clone()).await?;
            (try_all(locations)?, try_all(self.link.rows::<DepartmentColumns>(ALL_DEPARTMENTS, own).await?)?)
        } else {
            let locations = self.own::<LocationColumns, _>(LOCATIONS_BY_ID, at).await?;
            (locations, self.own::<DepartmentColumns, _>(DEPARTMENTS_BY_ID, of).await?)
        };
        self.facts.locations = by_id(locations, |location| location.id);
        self.facts.departments = by_id(departments, |department| department.id);
        Ok(())
    }

    async fn usage(&mut self) -> Result<(), StoreError> {
        let mut usage = Usage::default();
        if let Some(location) = self.needs.location_use {
            let values = values![self.account, location];
            usage.location_users = self.link.number(LOCATION_USERS, values.clone()).await?;
            usage.location_numbers = self.link.number(LOCATION_NUMBERS, values).await?;
        }
        if let Some(department) = self.needs.department_use {
            usage.department_users = self.link.number(DEPARTMENT_USERS, values![self.account, department]).await?;
        }
        if self.needs.line_count {
            usage.lines = self.link.number(LINE_COUNT, values![self.account]).await?;
        }
        self.facts.usage = usage;
        Ok(())
    }
}

fn by_id<K: Ord, T>(rows: Vec<T>, id: impl Fn(&T) -> K) -> BTreeMap<K, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}
