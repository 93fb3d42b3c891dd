//! What planning looks at: the rows that a change touches, and nothing else of the account.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use smol_str::SmolStr;

use crate::account::{Account, SipDomain};
use crate::call_settings::{CallRules, CallSettings};
use crate::change::{Change, ChangeRequest};
use crate::department::Department;
use crate::device::{Device, Line, LineCredentials, Mac};
use crate::directory::Rights;
use crate::e911::E911Address;
use crate::email::Email;
use crate::extension::{Destination, Extension};
use crate::forwarding::Forwarding;
use crate::greeting::Greeting;
use crate::held::Held;
use crate::id::{
    ChangeId, DepartmentId, DeviceId, LicenseTypeId, LocationId, MessageId, NumberId, ScheduleEntryId, TrackId,
    TrunkId, UserId,
};
use crate::import::{Import, Key};
use crate::leaving::{Leaving, LeftMailbox};
use crate::license::{Assignment, Catalogue, Holding, LicenseType, Seats};
use crate::location::Location;
use crate::phone_number::{E164, PhoneNumber};
use crate::plan::{Plan, Record, Step};
use crate::recording::RecordingChoice;
use crate::schedule::ScheduleEntry;
use crate::seat_timeline::SeatTimeline;
use crate::secret::Opaque;
use crate::shared::Shared;
use crate::text::Name;
use crate::trunk::Trunk;
use crate::undo::Undone;
use crate::user::{Profile, User};
use crate::username::Username;
use crate::voicemail::{Mailbox, VoicemailMessage};

/// Which rows a change needs to see. The store loads them in a few set-based statements.
///
/// For each user here (named, or holding a number or device that is named, or promised such a number) the store also loads
/// what licenses hang on: their numbers, assignments, schedule entries, location and department; and with `holdings` all else
/// that they hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    pub users: BTreeSet<UserId>,
    /// The users' devices, lines, E911 addresses and greetings too. (E911 addresses are loaded in any case while some
    /// license type requires one.)
    pub holdings: bool,
    /// Licenses that are given.
    pub licenses: BTreeSet<LicenseTypeId>,
    pub numbers: BTreeSet<NumberId>,
    pub devices: BTreeSet<DeviceId>,
    pub entries: BTreeSet<ScheduleEntryId>,
    pub schedule: ScheduleNeeds,
    pub locations: BTreeSet<LocationId>,
    pub departments: BTreeSet<DepartmentId>,
    /// Looked up over the whole system.
    pub usernames: Vec<Username>,
    pub macs: Vec<Mac>,
    pub e164s: Vec<E164>,
    pub sip_domain: Option<SipDomain>,
    /// Looked up within the account.
    pub extensions: Vec<Extension>,
    pub location_name: Option<Name>,
    pub department_name: Option<Name>,
    /// How many users and numbers lie at this location.
    pub location_use: Option<LocationId>,
    pub department_use: Option<DepartmentId>,
    /// How many lines the account has.
    pub line_count: bool,
    /// Who sends calls to these users.
    pub forwarders_of: BTreeSet<UserId>,
    /// The change that is to be undone. What its steps touch is needed too: [`Needs::undo`].
    pub undone: Option<ChangeId>,
    pub messages: BTreeSet<MessageId>,
    /// What is set for the calls of the users here: forwarding, mailbox, recording.
    pub call_choices: bool,
    /// All messages of these.
    pub messages_of: BTreeSet<UserId>,
    /// Imports that wait to be applied, by what people call them.
    pub pending_imports: bool,
    /// Numbers whose time as forwarded or kept back is over.
    pub numbers_due: bool,
    /// Users who can be brought back no more, with all that is left of them.
    pub to_purge: bool,
    /// All of the account's: they are few.
    pub trunks: bool,
    /// Numbers of the account's own inventory, by what they are.
    pub own_numbers: Vec<E164>,
    /// Whoever of the account has one of these.
    pub emails: Vec<Email>,
    /// All locations and departments, to be found by name.
    pub all_places: bool,
    /// The users and devices that hold the names looked up belong to the facts too.
    pub holders: bool,
}

/// Changes to thousands of users that look at nothing else which they hold, but for the devices that a Voice license allows.
/// Not removals: those tell of devices that fall silent.
fn is_of_licenses(change: &Change) -> bool {
    match change {
        Change::AssignLicense { .. } | Change::Rehearse { .. } | Change::WarnOfSchedule => true,
        Change::Together { changes } => changes.iter().all(is_of_licenses),
        _ => false,
    }
}

/// By type and date: seats taken (above zero) or freed (below).
pub type SeatDays = BTreeMap<LicenseTypeId, BTreeMap<NaiveDate, i64>>;

/// Which entries of the account's schedule a change of Lineside's own looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScheduleNeeds {
    #[default]
    None,
    /// Those of the earliest date that is due, in `Facts::due`.
    Due,
    /// Those with conflicts of the next seven days.
    Warnings,
    /// Those that wait for a seat; and of types with too few seats on some day, the last that had one kept for them.
    Settle,
}

/// The most entries that one change of Lineside's own looks at; the rest comes next.
pub const ENTRIES_MAX: usize = 20_000;

impl ChangeRequest {
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        needs.change(&self.change);
        needs
    }
}

impl Needs {
    fn change(&mut self, change: &Change) {
        let needs = self;
        needs.holdings |= !is_of_licenses(change);
        match change {
            Change::OpenAccount { settings, owner, .. } => {
                needs.sip_domain = Some(settings.sip_domain.clone());
                needs.profile(&owner.profile);
            }
            Change::EditAccount { settings, .. } => {
                needs.sip_domain = Some(settings.sip_domain.clone());
                needs.line_count = true;
            }
            Change::AddLocation { site } => needs.location_name = Some(site.name.clone()),
            Change::EditLocation { location_id, site, .. } => {
                needs.locations.insert(*location_id);
                needs.location_name = Some(site.name.clone());
                needs.location_use = Some(*location_id);
            }
            Change::DeleteLocation { location_id } => {
                needs.locations.insert(*location_id);
                needs.location_use = Some(*location_id);
            }
            Change::AddDepartment { name } => needs.department_name = Some(name.clone()),
            Change::EditDepartment { department_id, name, .. } => {
                needs.departments.insert(*department_id);
                needs.department_name = Some(name.clone());
            }
            Change::DeleteDepartment { department_id } => {
                needs.departments.insert(*department_id);
                needs.department_use = Some(*department_id);
            }
            Change::AddUser { user } => {
                needs.profile(&user.profile);
                needs.numbers.extend(user.number_id);
                needs.numbers.extend(user.mobile_number_id);
            }
            Change::EditProfile { user_id, profile, .. } => {
                needs.users.insert(*user_id);
                needs.profile(profile);
            }
            Change::EditUsers { user_ids, edit } => {
                needs.call_choices = true;
                needs.users.extend(user_ids.iter().copied());
                needs.locations.extend(edit.location_id.get());
                needs.departments.extend(edit.department_id.get());
                if let Some(to) = edit.unreachable.get() {
                    needs.destination(to);
                }
            }
            Change::SetWizard { user_id, .. }
            | Change::SetSecurity { user_id, .. }
            | Change::ConfirmE911 { user_id, .. }
            | Change::ConfirmOwnE911 { user_id, .. }
            | Change::SetGreeting { user_id, .. }
            | Change::RemoveGreeting { user_id }
            | Change::MoveSchedule { user_id, .. } => {
                needs.users.insert(*user_id);
            }
            Change::DeleteUsers { user_ids, leaving, .. } => {
                needs.users.extend(user_ids.iter().copied());
                for user in user_ids {
                    needs.leaving(*user, leaving);
                }
                needs.pending_imports = true;
            }
            Change::ReleaseNumbers => needs.numbers_due = true,
            Change::PurgeUsers => {
                needs.to_purge = true;
                needs.call_choices = true;
            }
            Change::Undo { undone, .. } => needs.undone = Some(*undone),
            Change::SetVoicemail { user_id, .. } => {
                needs.users.insert(*user_id);
                needs.call_choices = true;
            }
            Change::SetForwarding { user_id, rules, unreachable, .. } => {
                needs.users.insert(*user_id);
                needs.call_choices = true;
                rules.set().for_each(|(_, to)| needs.destination(to));
                if let Some(to) = unreachable {
                    needs.destination(to);
                }
            }
            Change::DeleteMessages { user_id, message_ids } => {
                needs.users.insert(*user_id);
                needs.messages.extend(message_ids.iter().copied());
            }
            Change::AddTrunk { .. } | Change::EditTrunk { .. } | Change::DeleteTrunk { .. } => needs.trunks = true,
            Change::AddNumbers { numbers, location_id, .. } | Change::PortNumbers { numbers, location_id, .. } => {
                needs.e164s.extend(numbers.iter().cloned());
                needs.locations.extend(*location_id);
            }
            Change::AssignNumber { number_id, user_id } => {
                needs.numbers.insert(*number_id);
                needs.users.extend(*user_id);
            }
            Change::MovePort { number_id, .. } | Change::CompletePort { number_id } => {
                needs.numbers.insert(*number_id);
            }
            Change::AddDevice { device } => {
                needs.macs.extend(device.mac.clone());
                needs.users.extend(device.user_id);
            }
            Change::AssignDevice { device_id, user_id } => {
                needs.devices.insert(*device_id);
                needs.users.insert(*user_id);
            }
            Change::SetLampKeys { device_id, colleagues, .. } => {
                needs.devices.insert(*device_id);
                needs.users.extend(colleagues.iter().copied());
            }
            Change::UnassignDevice { device_id }
            | Change::LockDevice { device_id, .. }
            | Change::DeleteDevice { device_id }
            | Change::Generate { device_id }
            | Change::Resync { device_id } => {
                needs.devices.insert(*device_id);
            }
            Change::SetSeats { .. } | Change::SetCallRules { .. } => {}
            Change::AssignLicense { user_ids, license_type_id, .. } => {
                needs.users.extend(user_ids.iter().copied());
                needs.licenses.insert(*license_type_id);
            }
            Change::RemoveLicense { user_ids, .. }
            | Change::SetUserState { user_ids, .. }
            | Change::SendWelcome { user_ids } => {
                needs.users.extend(user_ids.iter().copied());
            }
            Change::SetRecording { user_ids, .. } => {
                needs.users.extend(user_ids.iter().copied());
                needs.call_choices = true;
            }
            Change::EditScheduleEntry { entry_id, .. }
            | Change::RemoveScheduleEntry { entry_id }
            | Change::RetryScheduleEntry { entry_id } => {
                needs.entries.insert(*entry_id);
            }
            Change::RunSchedule => needs.schedule = ScheduleNeeds::Due,
            Change::WarnOfSchedule => needs.schedule = ScheduleNeeds::Warnings,
            Change::Rehearse { user_ids } => {
                needs.users.extend(user_ids.iter().copied());
                needs.schedule = ScheduleNeeds::Settle;
            }
            Change::Import { import } => needs.import(import),
            Change::Together { changes } => changes.iter().for_each(|change| needs.change(change)),
        }
    }

    /// What the departure of a user looks at, beside the user.
    pub fn leaving(&mut self, user: UserId, leaving: &Leaving) {
        self.forwarders_of.insert(user);
        self.call_choices = true;
        if leaving.mailbox != LeftMailbox::Keep {
            self.messages_of.insert(user);
        }
        for to in [&leaving.forward_to, &leaving.mailbox_to].into_iter().flatten() {
            if !self.extensions.contains(to) {
                self.extensions.push(to.clone());
            }
        }
        if let Some(Destination::Extension(to)) = leaving.forwarders.as_ref().filter(|to| !self.knows(to)) {
            self.extensions.push(to.clone());
        }
    }

    fn knows(&self, to: &Destination) -> bool {
        matches!(to, Destination::Extension(to) if self.extensions.contains(to))
    }

    /// What undoing these steps looks at.
    pub fn undo(&mut self, steps: &[Step]) {
        for record in steps.iter().flat_map(|step| [&step.before, &step.after]).flatten() {
            self.users.extend(record.user_id());
            match record {
                Record::User(user) => {
                    self.profile(&user.profile);
                    self.forwarders_of.insert(user.id);
                }
                Record::PhoneNumber(number) => {
                    self.numbers.insert(number.id);
                    self.e164s.push(number.number.clone());
                    self.locations.extend(number.location_id);
                }
                Record::Device(device) => {
                    self.devices.insert(device.id);
                    self.macs.extend(device.mac.clone());
                }
                Record::Location(location) => {
                    self.locations.insert(location.id);
                    self.location_name = Some(location.site.name.clone());
                    self.location_use = Some(location.id);
                }
                Record::Department(department) => {
                    self.departments.insert(department.id);
                    self.department_name = Some(department.name.clone());
                    self.department_use = Some(department.id);
                }
                Record::Account(account) => self.sip_domain = Some(account.settings.sip_domain.clone()),
                Record::Trunk(_) => self.trunks = true,
                Record::VoicemailMessage(message) => drop(self.messages.insert(message.id)),
                Record::Forwarding(_) | Record::Mailbox(_) | Record::RecordingChoice(_) => self.call_choices = true,
                _ => {}
            }
        }
    }

    fn import(&mut self, import: &Import) {
        (self.all_places, self.holders) = (true, true);
        for row in &import.rows {
            self.usernames.extend(row.username.get().cloned());
            if let (true, Some(first), Some(last)) =
                (row.username.get().is_none(), row.first_name.get(), row.last_name.get())
            {
                self.usernames.extend(Username::candidates(first, last));
            }
            self.extensions.extend(row.extension.get().cloned());
            if let Some(to) = row.unreachable.get() {
                self.destination(to);
            }
            let numbers = [&row.phone_number, &row.mobile_number];
            self.own_numbers.extend(numbers.into_iter().filter_map(|wish| wish.get().cloned()));
            self.macs.extend(row.device.mac.get().cloned());
            if import.key == Key::Email {
                self.emails.extend(row.email.get().cloned());
            }
        }
        if import.key == Key::PhoneNumber {
            // Those that are new must be nobody else's.
            self.e164s.extend(import.rows.iter().filter_map(|row| row.phone_number.get().cloned()));
        }
    }

    fn destination(&mut self, to: &Destination) {
        if let Destination::Extension(extension) = to {
            self.extensions.push(extension.clone());
        }
    }

    fn profile(&mut self, profile: &Profile) {
        self.usernames.push(profile.username.clone());
        self.extensions.extend(profile.extension.clone());
        if let Some(to) = &profile.unreachable {
            self.destination(to);
        }
        self.locations.extend(profile.location_id);
        self.departments.extend(profile.department_id);
    }
}

/// The facts that a change touches. The catalogue, the account's seats and its rules for calls are small and always there.
#[derive(Debug, Clone)]
pub struct Facts {
    pub account: Account,
    /// `None`: the defaults hold.
    pub call_settings: Option<CallSettings>,
    pub trunks: BTreeMap<TrunkId, Trunk>,
    pub messages: BTreeMap<MessageId, VoicemailMessage>,
    pub forwarding: BTreeMap<UserId, Forwarding>,
    pub mailboxes: BTreeMap<UserId, Mailbox>,
    pub recording: BTreeMap<UserId, RecordingChoice>,
    pub catalogue: Catalogue,
    pub seats: BTreeMap<LicenseTypeId, Seats>,
    pub users: Shared<BTreeMap<UserId, User>>,
    pub numbers: Held<PhoneNumber>,
    pub devices: Held<Device>,
    /// One line a device at most.
    pub lines: Shared<BTreeMap<DeviceId, Line>>,
    pub e911: Shared<BTreeMap<UserId, E911Address>>,
    pub greetings: Shared<BTreeMap<UserId, Greeting>>,
    pub assignments: Shared<BTreeMap<(UserId, TrackId), Assignment>>,
    /// All entries of the users here, scheduled and failed.
    pub schedule: Held<ScheduleEntry>,
    /// What is due, when the change carries it out.
    pub due: BTreeSet<ScheduleEntryId>,
    /// What the account's scheduled entries take and free, summed by type and date.
    pub seat_days: SeatDays,
    /// Who is told when a scheduled change would fail, or did: loaded with entries that somebody may have to hear of.
    pub administrators: Vec<User>,
    pub locations: BTreeMap<LocationId, Location>,
    pub departments: BTreeMap<DepartmentId, Department>,
    pub taken: Taken,
    pub usage: Usage,
    /// Users whose calls go to one of [`Needs::forwarders_of`].
    pub forwarders: BTreeSet<UserId>,
    /// Such as "users.xlsx of Ana Duarte".
    pub pending_imports: Vec<String>,
    /// What is to be undone.
    pub undone: Option<Undone>,
}

/// Names that are in use, of those that were asked for.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// By [`Username::key`]; the holder when it is a user of this account, `None` when somebody else's.
    pub usernames: BTreeMap<SmolStr, Option<UserId>>,
    pub extensions: BTreeMap<Extension, UserId>,
    /// The holder when it is a device of this account.
    pub macs: BTreeMap<Mac, Option<DeviceId>>,
    pub e164s: BTreeSet<E164>,
    pub sip_domain: bool,
    pub location_name: Option<LocationId>,
    pub department_name: Option<DepartmentId>,
}

/// How much hangs on a location or department, and how many lines the account has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub location_users: i64,
    pub location_numbers: i64,
    pub department_users: i64,
    pub lines: i64,
}

impl Facts {
    /// Nothing but an account and the catalogue.
    pub fn new(account: Account, catalogue: Catalogue) -> Self {
        Self {
            account,
            call_settings: None,
            trunks: BTreeMap::new(),
            messages: BTreeMap::new(),
            forwarding: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            recording: BTreeMap::new(),
            catalogue,
            seats: BTreeMap::new(),
            users: Shared::default(),
            numbers: Held::default(),
            devices: Held::default(),
            lines: Shared::default(),
            e911: Shared::default(),
            greetings: Shared::default(),
            assignments: Shared::default(),
            schedule: Held::default(),
            due: BTreeSet::new(),
            seat_days: BTreeMap::new(),
            administrators: Vec::new(),
            locations: BTreeMap::new(),
            departments: BTreeMap::new(),
            taken: Taken::default(),
            usage: Usage::default(),
            forwarders: BTreeSet::new(),
            pending_imports: Vec::new(),
            undone: None,
        }
    }

    pub fn numbers_of(&self, user: UserId) -> impl Iterator<Item = &PhoneNumber> {
        self.numbers.of(user)
    }

    /// Numbers that port in for the user.
    pub fn numbers_promised_to(&self, user: UserId) -> impl Iterator<Item = &PhoneNumber> {
        self.numbers.promised_to(user)
    }

    pub fn devices_of(&self, user: UserId) -> impl Iterator<Item = &Device> {
        self.devices.of(user)
    }

    pub fn assignments_of(&self, user: UserId) -> impl Iterator<Item = &Assignment> {
        let (first, last) = (TrackId(uuid::Uuid::nil()), TrackId(uuid::Uuid::max()));
        self.assignments.range((user, first)..=(user, last)).map(|(_, held)| held)
    }

    pub fn holding(&self, user: UserId) -> Holding {
        self.assignments_of(user).map(|held| (held.track_id, held.license_type_id)).collect()
    }

    /// The Voice license that the user holds.
    pub fn voice_license_of(&self, user: UserId) -> Option<&LicenseType> {
        let held = self.assignments_of(user).find(|held| self.catalogue.is_voice(held.license_type_id))?;
        self.catalogue.license_type(held.license_type_id)
    }

    /// The rules for calls, or the defaults.
    pub fn call_rules(&self) -> CallRules {
        self.call_settings.as_ref().map(|settings| settings.rules.clone()).unwrap_or_default()
    }

    /// What the user's licenses allow.
    pub fn rights(&self, user: UserId) -> Rights {
        let held = self.assignments_of(user).filter_map(|held| self.catalogue.license_type(held.license_type_id));
        Rights::of(held.flat_map(|license| &license.features))
    }

    /// The name, or nothing for somebody unknown.
    pub fn name_of(&self, user: UserId) -> String {
        self.users.get(&user).map(|user| user.profile.full_name()).unwrap_or_default()
    }

    pub fn license_name(&self, license: LicenseTypeId) -> String {
        self.catalogue.license_type(license).map(|license| license.name.clone()).unwrap_or_default()
    }

    /// The type's seats over time, as they were when the facts were read.
    pub fn seat_timeline(&self, license: LicenseTypeId) -> SeatTimeline {
        SeatTimeline::new(self.seats.get(&license), self.seat_days.get(&license).cloned().unwrap_or_default())
    }

    /// The facts after a plan was carried out: what the next change would find.
    #[must_use]
    pub fn after(mut self, plan: &Plan) -> Self {
        for (license, days) in plan.seat_days() {
            let sums = self.seat_days.entry(license).or_default();
            for (date, by) in days {
                *sums.entry(date).or_default() += by;
            }
        }
        for step in &plan.steps {
            self.absorb(step.before.clone(), step.after.clone());
        }
        for effect in plan.seats.iter().filter(|effect| effect.date.is_none()) {
            if let Some(seats) = self.seats.get_mut(&effect.license_type_id) {
                seats.used += effect.delta;
            }
        }
        self
    }

    /// The facts after a step, for what is planned after it.
    pub(crate) fn absorb(&mut self, before: Option<Record>, after: Option<Record>) {
        match (before, after) {
            (_, Some(after)) => self.put(after),
            (Some(before), None) => self.take_away(&before),
            (None, None) => {}
        }
    }

    fn put(&mut self, record: Record) {
        match record {
            Record::Account(account) => self.account = *account,
            Record::Location(location) => drop(self.locations.insert(location.id, *location)),
            Record::Department(department) => drop(self.departments.insert(department.id, *department)),
            Record::User(user) => {
                if user.is_deleted() {
                    self.give_up_names(&user);
                } else {
                    self.taken.usernames.insert(user.profile.username.key(), Some(user.id));
                    if let Some(extension) = &user.profile.extension {
                        self.taken.extensions.insert(extension.clone(), user.id);
                    }
                }
                self.users.insert(user.id, *user);
            }
            Record::PhoneNumber(number) => {
                self.taken.e164s.insert(number.number.clone());
                self.numbers.insert(*number);
            }
            Record::Device(device) => {
                if let Some(mac) = &device.mac {
                    self.taken.macs.insert(mac.clone(), Some(device.id));
                }
                self.devices.insert(*device);
            }
            Record::Line(line) => drop(self.lines.insert(line.device_id, *line)),
            Record::E911Address(e911) => drop(self.e911.insert(e911.user_id, *e911)),
            Record::Seats(seats) => drop(self.seats.insert(seats.license_type_id, *seats)),
            Record::Assignment(held) => drop(self.assignments.insert((held.user_id, held.track_id), *held)),
            Record::ScheduleEntry(entry) => self.schedule.insert(*entry),
            Record::Greeting(greeting) => drop(self.greetings.insert(greeting.user_id, *greeting)),
            Record::Mail(_) => {}
            Record::CallSettings(settings) => self.call_settings = Some(*settings),
            Record::Trunk(trunk) => drop(self.trunks.insert(trunk.id, *trunk)),
            Record::VoicemailMessage(message) => drop(self.messages.insert(message.id, *message)),
            Record::Forwarding(forwarding) => drop(self.forwarding.insert(forwarding.user_id, *forwarding)),
            Record::Mailbox(mailbox) => drop(self.mailboxes.insert(mailbox.user_id, *mailbox)),
            Record::RecordingChoice(choice) => drop(self.recording.insert(choice.user_id, *choice)),
        }
    }

    /// Others may have a deleted user's username and extension.
    fn give_up_names(&mut self, user: &User) {
        let before = self.users.get(&user.id).map(|before| &before.profile);
        for profile in before.into_iter().chain([&user.profile]) {
            let username = profile.username.key();
            if self.taken.usernames.get(&username) == Some(&Some(user.id)) {
                self.taken.usernames.remove(&username);
            }
            if let Some(extension) = &profile.extension
                && self.taken.extensions.get(extension) == Some(&user.id)
            {
                self.taken.extensions.remove(extension);
            }
        }
    }

    fn take_away(&mut self, record: &Record) {
        match record {
            Record::Location(location) => drop(self.locations.remove(&location.id)),
            Record::Department(department) => drop(self.departments.remove(&department.id)),
            Record::User(user) => drop(self.users.remove(&user.id)),
            Record::PhoneNumber(number) => self.numbers.remove(number.id),
            Record::Device(device) => self.devices.remove(device.id),
            Record::Line(line) => drop(self.lines.remove(&line.device_id)),
            Record::E911Address(e911) => drop(self.e911.remove(&e911.user_id)),
            Record::Seats(seats) => drop(self.seats.remove(&seats.license_type_id)),
            Record::Assignment(held) => drop(self.assignments.remove(&(held.user_id, held.track_id))),
            Record::ScheduleEntry(entry) => self.schedule.remove(entry.id),
            Record::Greeting(greeting) => drop(self.greetings.remove(&greeting.user_id)),
            Record::Account(_) | Record::Mail(_) => {}
            Record::CallSettings(_) => self.call_settings = None,
            Record::Trunk(trunk) => drop(self.trunks.remove(&trunk.id)),
            Record::VoicemailMessage(message) => drop(self.messages.remove(&message.id)),
            Record::Forwarding(forwarding) => drop(self.forwarding.remove(&forwarding.user_id)),
            Record::Mailbox(mailbox) => drop(self.mailboxes.remove(&mailbox.user_id)),
            Record::RecordingChoice(choice) => drop(self.recording.remove(&choice.user_id)),
        }
    }
}

/// Where random secrets come from: passed in, so that planning stays pure and tests know what was minted.
pub trait Mint: Send + Sync {
    /// Credentials for a line in the realm; with the secret itself (sealed) for models whose file must carry it.
    fn line(&self, device: DeviceId, realm: &SipDomain, keep_secret: bool) -> LineCredentials;

    /// A device's provisioning secret, sealed, and its hash.
    fn provisioning(&self, device: DeviceId) -> (Opaque, Opaque);
}
