//! Users from a file: each row goes the way that a form goes, so that a user from a file equals one made by hand.

mod device;
mod location;
mod phone_number;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use smol_str::SmolStr;

use crate::address::CivicAddressInput;
use crate::device::NewDevice;
use crate::id::{DepartmentId, LicenseTypeId, LocationId, NumberId, TrackId, UserId};
use crate::import::{Import, ImportKind, ImportRow, Key, LicenseWish, PlannedRow, ROWS_MAX, RowEffect, Wish};
use crate::phone_number::{E164, NumberKind, NumberState};
use crate::plan::{Blocker, BlockerKind, Draft};
use crate::text::fold;
use crate::user::{NewUser, Profile, Role, User};
use crate::username::Username;

/// A file whose rows are planned some at a time.
pub(super) struct Importing<'a> {
    import: &'a Import,
    index: Index,
    /// Of those who have not left, by their keys; not for files of users.
    usernames: BTreeMap<SmolStr, UserId>,
    /// Which row takes a seat of which type.
    taken: Vec<(LicenseTypeId, u32)>,
    next: usize,
}

impl Importing<'_> {
    pub(super) fn rows_left(&self) -> usize {
        self.import.rows.len() - self.next
    }
}

impl Draft<'_> {
    pub(super) fn import(&mut self, import: &Import) {
        if let Some(mut importing) = self.begin_import(import) {
            self.import_rows(&mut importing, usize::MAX);
            self.end_import(&importing);
            self.put_in_words();
        }
    }

    pub(super) fn begin_import<'a>(&mut self, import: &'a Import) -> Option<Importing<'a>> {
        if !(1..=ROWS_MAX).contains(&import.rows.len()) {
            let message = format!("import between 1 and {ROWS_MAX} rows at once");
            self.block(Blocker::field(BlockerKind::Invalid, "rows", message));
            return None;
        }
        self.words_later = true;
        let index = Index::new(self, import.key);
        let of_users = import.key.kind() == ImportKind::Users;
        let usernames = if of_users { BTreeMap::new() } else { self.active_usernames() };
        Some(Importing { import, index, usernames, taken: Vec::new(), next: 0 })
    }

    pub(super) fn import_rows(&mut self, importing: &mut Importing<'_>, most: usize) {
        let (own, import) = (self.id, importing.import);
        let rows = &import.rows[importing.next..][..most.min(importing.rows_left())];
        importing.next += rows.len();
        let Importing { index, usernames, taken, .. } = importing;
        for row in rows {
            self.id = own.of_row(row.row);
            let (blockers, touches, seats) = (self.plan.blockers.len(), self.touches, self.seats_now());
            let (user_id, name, effect) = match import.key.kind() {
                ImportKind::Users => {
                    let (user_id, effect) = self.user_row(row, index, import.key);
                    (user_id, user_id.map(|id| self.facts.name_of(id)).unwrap_or_default(), effect)
                }
                ImportKind::Devices => of_inventory(self.device_row(row, usernames)),
                ImportKind::Numbers => of_inventory(self.number_row(row, index, usernames)),
                ImportKind::Locations => of_inventory(self.location_row(row, index)),
            };
            for blocker in &mut self.plan.blockers[blockers..] {
                blocker.row = Some(row.row);
            }
            taken.extend(self.taken_since(&seats).map(|license| (license, row.row)));
            let effect = match effect {
                _ if self.plan.blockers.len() > blockers => RowEffect::Refused,
                RowEffect::Change if self.touches == touches => RowEffect::Unchanged,
                effect => effect,
            };
            self.plan.rows.push(PlannedRow { row: row.row, effect, user_id, name });
        }
        self.id = own;
    }

    pub(super) fn end_import(&mut self, importing: &Importing<'_>) {
        self.refuse_rows_without_seats(&importing.taken);
        let count = |effect| self.plan.rows.iter().filter(|row| row.effect == effect).count();
        self.plan.summary = format!(
            "Import {}: {} added, {} changed",
            importing.import.key.kind().as_str(),
            count(RowEffect::Create),
            count(RowEffect::Change)
        );
        self.plan.user_id = None;
    }

    fn user_row(&mut self, row: &ImportRow, index: &Index, key: Key) -> (Option<UserId>, RowEffect) {
        match self.find_user(row, index, key) {
            Err(blocker) => {
                self.block(blocker);
                (None, RowEffect::Refused)
            }
            Ok(Some(id)) => {
                if let Some(user) = self.user(id) {
                    self.change_from_row(&user, row, index);
                    self.belongings(id, row);
                }
                (Some(id), RowEffect::Change)
            }
            Ok(None) => {
                let id = self.create_from_row(row, index);
                if let Some(id) = id {
                    self.belongings(id, row);
                }
                (id, RowEffect::Create)
            }
        }
    }

    /// Of those who have not left, by their keys.
    fn active_usernames(&self) -> BTreeMap<SmolStr, UserId> {
        let active = self.facts.users.values().filter(|user| !user.is_deleted());
        active.map(|user| (user.profile.username.key(), user.id)).collect()
    }

    fn find_user(&self, row: &ImportRow, index: &Index, key: Key) -> Result<Option<UserId>, Blocker> {
        let needed = |field: &str| {
            let message = format!("fill in the {field}: rows find their users by it");
            Blocker::field(BlockerKind::Invalid, field, message)
        };
        match key {
            Key::Username | Key::Mac | Key::PhoneNumber | Key::Location => {
                let username = row.username.get().ok_or_else(|| needed("username"))?;
                match self.facts.taken.usernames.get(&username.key()) {
                    Some(None) => {
                        let message = format!("{username} is taken outside of this account; choose another username");
                        Err(Blocker::field(BlockerKind::Taken, "username", message))
                    }
                    holder => Ok(holder.copied().flatten()),
                }
            }
            Key::Extension => {
                let extension = row.extension.get().ok_or_else(|| needed("extension"))?;
                Ok(self.facts.taken.extensions.get(extension).copied())
            }
            Key::Email => {
                let email = row.email.get().ok_or_else(|| needed("email"))?;
                match index.emails.get(&email.as_str().to_lowercase()).map_or(&[][..], Vec::as_slice) {
                    [] => Ok(None),
                    [one] => Ok(Some(*one)),
                    several => {
                        let message = format!(
                            "{} users have the address {email}; let rows find their users by the username",
                            several.len()
                        );
                        Err(Blocker::field(BlockerKind::Invalid, "email", message))
                    }
                }
            }
        }
    }

    fn create_from_row(&mut self, row: &ImportRow, index: &Index) -> Option<UserId> {
        for (field, wish) in [("first_name", &row.first_name), ("last_name", &row.last_name)] {
            if wish.get().is_none() {
                let what = field.replace('_', " ");
                let message = format!("fill in the {what}: nobody has this row's key yet, so it adds a user");
                self.block(Blocker::field(BlockerKind::Invalid, field, message));
            }
        }
        let (first, last) = (row.first_name.get()?, row.last_name.get()?);
        let taken = &self.facts.taken.usernames;
        let suggested = || Username::suggest(first, last, |name| taken.contains_key(name.to_lowercase().as_str()));
        let username = row.username.get().cloned().unwrap_or_else(suggested);
        let profile = Profile {
            first_name: first.clone(),
            last_name: last.clone(),
            username,
            email: row.email.get().cloned(),
            // Both as the form has them.
            email_voicemails: row.email_voicemails.get().copied().unwrap_or(row.email.get().is_some()),
            attach_recording: row.attach_recording.get().copied().unwrap_or(true),
            extension: row.extension.get().cloned(),
            unreachable: row.unreachable.get().cloned(),
            location_id: self.place(&row.location, None, "location_id", &index.locations),
            time_zone: row.time_zone.get().copied(),
            department_id: self.place(&row.department, None, "department_id", &index.departments),
        };
        self.check_voicemail_address(&profile);
        let role = row.role.get().copied().unwrap_or(Role::User);
        if role == Role::AccountOwner {
            let message = "an account has one owner; only the operator changes who that is";
            self.block(Blocker::field(BlockerKind::Invalid, "role", message));
        }
        let (phone, mobile) = (row.phone_number.get(), row.mobile_number.get());
        let new = NewUser {
            profile,
            number_id: phone.and_then(|number| self.number_named(number, "number_id", index)),
            mobile_number_id: mobile.and_then(|number| self.number_named(number, "mobile_number_id", index)),
            package: None,
            without_license: true,
            role,
            pin_hash: None,
            welcome_wanted: row.welcome,
            wizard: None,
        };
        self.new_user(&new);
        Some(self.id.new_user_id())
    }

    fn change_from_row(&mut self, user: &User, row: &ImportRow, index: &Index) {
        let current = &user.profile;
        let switch = |wish: &Wish<bool>, current: bool| match wish {
            Wish::Leave => current,
            Wish::Clear => false,
            Wish::Set(on) => *on,
        };
        let profile = Profile {
            first_name: row.first_name.get().unwrap_or(&current.first_name).clone(),
            last_name: row.last_name.get().unwrap_or(&current.last_name).clone(),
            username: row.username.get().unwrap_or(&current.username).clone(),
            email: row.email.over(current.email.clone()),
            email_voicemails: switch(&row.email_voicemails, current.email_voicemails),
            attach_recording: switch(&row.attach_recording, current.attach_recording),
            extension: row.extension.over(current.extension.clone()),
            unreachable: row.unreachable.over(current.unreachable.clone()),
            location_id: self.place(&row.location, current.location_id, "location_id", &index.locations),
            time_zone: row.time_zone.over(current.time_zone),
            department_id: self.place(&row.department, current.department_id, "department_id", &index.departments),
        };
        if profile != *current {
            self.check_voicemail_address(&profile);
            self.edit_profile(user.id, None, &profile);
        }
        if let Some(role) = row.role.get().filter(|role| **role != user.role) {
            self.set_security(user.id, None, *role, None);
        }
        self.number_from_cell(user.id, &row.phone_number, NumberKind::Landline, "number_id", index);
        self.number_from_cell(user.id, &row.mobile_number, NumberKind::Mobile, "mobile_number_id", index);
    }

    fn check_voicemail_address(&mut self, profile: &Profile) {
        if profile.email_voicemails && profile.email.is_none() {
            let message = "fill in the address that voicemails are sent to, or write no under Email voicemails";
            self.block(Blocker::field(BlockerKind::Invalid, "email", message));
        }
    }

    /// A location or department by its name.
    fn place<T: Copy>(
        &mut self,
        wish: &Wish<crate::text::Name>,
        current: Option<T>,
        field: &str,
        known: &BTreeMap<String, T>,
    ) -> Option<T> {
        let Wish::Set(name) = wish else { return wish.is_left().then_some(current).flatten() };
        let found = known.get(&fold(name.as_str())).copied();
        if found.is_none() {
            let what = field.trim_end_matches("_id");
            let message = format!("there is no {what} {name}; add it first, or write one that there is");
            self.block(Blocker::field(BlockerKind::NotFound, field, message));
        }
        found
    }

    fn number_named(&mut self, number: &E164, field: &str, index: &Index) -> Option<NumberId> {
        let id = index.numbers.get(number).copied();
        if id.is_none() {
            let pretty = number.pretty();
            let message = format!("{pretty} is not in the inventory; add it under Numbers, or write a free one");
            self.block(Blocker::field(BlockerKind::NotFound, field, message));
        }
        id
    }

    fn number_from_cell(&mut self, user_id: UserId, wish: &Wish<E164>, kind: NumberKind, field: &str, index: &Index) {
        let blockers = self.plan.blockers.len();
        match wish {
            Wish::Leave => {}
            Wish::Clear => {
                let held = self.facts.numbers_of(user_id).find(|number| number.kind == kind).map(|number| number.id);
                if let Some(held) = held {
                    self.assign_number(held, None);
                }
            }
            Wish::Set(number) => {
                let Some(id) = self.number_named(number, field, index) else { return };
                let holder = self.facts.numbers.get(&id).and_then(|number| number.user_id);
                match holder {
                    Some(holder) if holder == user_id => {}
                    Some(holder) => {
                        let name = self.facts.name_of(holder);
                        let message = format!("{} belongs to {name}; take it from there first", number.pretty());
                        self.block(Blocker::field(BlockerKind::Taken, field, message));
                    }
                    None => self.assign_number(id, Some(user_id)),
                }
            }
        }
        for blocker in &mut self.plan.blockers[blockers..] {
            blocker.field.get_or_insert_with(|| field.to_owned());
        }
    }

    /// What a user has, in the order in which each may need the one before. The address is looked at twice: a license may
    /// require that it is confirmed, and a further device opens it again.
    fn belongings(&mut self, user_id: UserId, row: &ImportRow) {
        self.address_from_row(user_id, row);
        for (track_id, wish) in &row.licenses {
            self.license_from_cell(user_id, *track_id, wish);
        }
        self.device_from_row(user_id, row);
        if row.e911.confirmed {
            self.address_from_row(user_id, row);
        }
    }

    fn address_from_row(&mut self, user_id: UserId, row: &ImportRow) {
        if row.e911.is_left() {
            return;
        }
        let current = self.facts.e911.get(&user_id).cloned();
        let input = current.as_ref().map(|e911| CivicAddressInput::from(&e911.address)).unwrap_or_default();
        let address = match row.e911.over(input).parse() {
            Ok(address) => address,
            Err(errors) => {
                for error in errors.0 {
                    let field = format!("e911_{}", error.field);
                    self.block(Blocker::field(BlockerKind::Invalid, &field, error.message));
                }
                return;
            }
        };
        let confirmed = current.as_ref().is_some_and(|e911| e911.confirmed.is_some());
        let same = current.as_ref().is_some_and(|e911| e911.address == address);
        if !same || (row.e911.confirmed && !confirmed) {
            let callback = current.and_then(|e911| e911.callback);
            self.confirm_e911(user_id, &address, callback.as_ref(), row.e911.confirmed);
        }
    }

    fn license_from_cell(&mut self, user_id: UserId, track_id: TrackId, wish: &LicenseWish) {
        let blockers = self.plan.blockers.len();
        let later: Option<NaiveDate> = wish.date.filter(|date| *date > self.today());
        let held = self.facts.assignments.get(&(user_id, track_id)).map(|held| held.license_type_id);
        match (&wish.license, later) {
            (Wish::Leave, _) => {}
            (Wish::Set(license), _) if held == Some(*license) => {}
            (Wish::Set(license), None) => self.give_license(user_id, *license),
            (Wish::Clear, None) => self.drop_license(user_id, track_id),
            (wish, Some(date)) => {
                if self.check_date(date) {
                    self.schedule(user_id, track_id, wish.get().copied(), date);
                }
            }
        }
        let slug = self.facts.catalogue.track(track_id).map(|track| track.slug.clone()).unwrap_or_default();
        for blocker in &mut self.plan.blockers[blockers..] {
            let of = if blocker.field.as_deref() == Some("date") { "license_date" } else { "license" };
            blocker.field = Some(format!("{of}.{slug}"));
        }
    }

    fn device_from_row(&mut self, user_id: UserId, row: &ImportRow) {
        let wish = &row.device;
        if matches!(wish.mac, Wish::Clear) || matches!(wish.model, Wish::Clear) {
            let message = "a device is taken from its user on the device's page; leave the cell blank";
            return self.block(Blocker::field(BlockerKind::Invalid, "mac", message));
        }
        let known = wish.mac.get().and_then(|mac| self.facts.taken.macs.get(mac).copied().flatten());
        if let Some(device) = known.and_then(|id| self.facts.devices.get(&id)).cloned() {
            if let Some(model) = wish.model.get().filter(|model| **model != device.model) {
                let message = format!("{} is in the list as another model than {model}; correct one", device.title());
                self.block(Blocker::field(BlockerKind::Invalid, "model", message));
            } else if device.user_id != Some(user_id) {
                self.assign_device(device.id, user_id);
            }
            return;
        }
        let Some(model) = wish.model.get() else {
            if wish.mac.get().is_some() {
                let message = "fill in the model: no device with this MAC address is in the list yet";
                self.block(Blocker::field(BlockerKind::Invalid, "model", message));
            }
            return;
        };
        let has_one = wish.mac.get().is_none() && self.facts.devices_of(user_id).any(|held| held.model == *model);
        if !has_one {
            let (mac, label) = (wish.mac.get().cloned(), wish.label.get().cloned());
            self.add_device(&NewDevice { model: model.to_string(), mac, label, user_id: Some(user_id) });
        }
    }

    fn seats_now(&self) -> BTreeMap<LicenseTypeId, i64> {
        let now = self.plan.seats.iter().filter(|effect| effect.date.is_none());
        now.map(|effect| (effect.license_type_id, effect.delta)).collect()
    }

    fn taken_since(&self, before: &BTreeMap<LicenseTypeId, i64>) -> impl Iterator<Item = LicenseTypeId> {
        let now = self.plan.seats.iter().filter(|effect| effect.date.is_none());
        now.filter(|effect| effect.delta > before.get(&effect.license_type_id).copied().unwrap_or(0))
            .map(|effect| effect.license_type_id)
    }

    /// Who comes last in the file goes without.
    fn refuse_rows_without_seats(&mut self, taken: &[(LicenseTypeId, u32)]) {
        let short: Vec<_> = self.plan.seats.iter().filter(|effect| effect.date.is_none()).cloned().collect();
        for effect in short.into_iter().filter(|effect| effect.free_after() < 0) {
            let lacking = usize::try_from(-effect.free_after()).unwrap_or(usize::MAX);
            let last = taken.iter().rev().filter(|(license, _)| *license == effect.license_type_id).take(lacking);
            let track = self.facts.catalogue.license_type(effect.license_type_id).map(|license| license.track_id);
            let slug = track.and_then(|id| self.facts.catalogue.track(id)).map(|track| track.slug.clone());
            for (_, row) in last {
                let mut blocker = Blocker::no_free_seat(&effect, effect.free_before(), None);
                blocker.field = slug.as_ref().map(|slug| format!("license.{slug}"));
                blocker.row = Some(*row);
                self.block(blocker);
                if let Ok(at) = self.plan.rows.binary_search_by_key(row, |planned| planned.row) {
                    self.plan.rows[at].effect = RowEffect::Refused;
                }
            }
        }
    }
}

fn of_inventory((name, effect): (String, RowEffect)) -> (Option<UserId>, String, RowEffect) {
    (None, name, effect)
}

/// What rows name, found once for all of them.
pub(super) struct Index {
    numbers: BTreeMap<E164, NumberId>,
    emails: BTreeMap<String, Vec<UserId>>,
    locations: BTreeMap<String, LocationId>,
    departments: BTreeMap<String, DepartmentId>,
}

impl Index {
    fn new(draft: &Draft<'_>, key: Key) -> Self {
        let facts = &draft.facts;
        let mut emails: BTreeMap<String, Vec<UserId>> = BTreeMap::new();
        for user in facts.users.values().filter(|_| key == Key::Email) {
            if let Some(email) = &user.profile.email {
                emails.entry(email.as_str().to_lowercase()).or_default().push(user.id);
            }
        }
        let usable = |state| matches!(state, NumberState::Free | NumberState::Assigned);
        let numbers = facts.numbers.values().filter(|number| usable(number.state) || number.user_id.is_none());
        Self {
            numbers: numbers.map(|number| (number.number.clone(), number.id)).collect(),
            emails,
            locations: facts.locations.values().map(|l| (fold(l.site.name.as_str()), l.id)).collect(),
            departments: facts.departments.values().map(|d| (fold(d.name.as_str()), d.id)).collect(),
        }
    }
}
