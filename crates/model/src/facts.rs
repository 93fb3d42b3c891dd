//! What planning looks at: the rows that a change touches, and nothing else of the account.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, SipDomain};
use crate::change::{Change, ChangeRequest};
use crate::department::Department;
use crate::device::{Device, Line, LineCredentials, Mac};
use crate::e911::E911Address;
use crate::extension::{Destination, Extension};
use crate::greeting::Greeting;
use crate::id::{DepartmentId, DeviceId, LicenseTypeId, LocationId, NumberId, UserId};
use crate::license::{Assignment, Catalogue, Seats};
use crate::location::Location;
use crate::phone_number::{E164, PhoneNumber};
use crate::secret::Opaque;
use crate::text::Name;
use crate::user::{Profile, User};
use crate::username::Username;

/// Which rows a change needs to see. The store loads them in a few set-based statements.
///
/// For each user here (named, or holding a number or device that is named) the store also loads their numbers, devices,
/// lines, E911 address, assignments, greeting, location and department.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    pub users: BTreeSet<UserId>,
    pub numbers: BTreeSet<NumberId>,
    pub devices: BTreeSet<DeviceId>,
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
}

impl ChangeRequest {
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        match &self.change {
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
            Change::SetWizard { user_id, .. }
            | Change::SetSecurity { user_id, .. }
            | Change::SetUserState { user_id, .. }
            | Change::ConfirmE911 { user_id, .. }
            | Change::SetGreeting { user_id, .. }
            | Change::RemoveGreeting { user_id } => {
                needs.users.insert(*user_id);
            }
            Change::AddNumbers { numbers, location_id, .. } => {
                needs.e164s.clone_from(numbers);
                needs.locations.extend(*location_id);
            }
            Change::AssignNumber { number_id, user_id } => {
                needs.numbers.insert(*number_id);
                needs.users.extend(*user_id);
            }
            Change::AddDevice { device } => {
                needs.macs.extend(device.mac.clone());
                needs.users.extend(device.user_id);
            }
            Change::AssignDevice { device_id, user_id } => {
                needs.devices.insert(*device_id);
                needs.users.insert(*user_id);
            }
            Change::UnassignDevice { device_id }
            | Change::LockDevice { device_id, .. }
            | Change::DeleteDevice { device_id }
            | Change::Generate { device_id } => {
                needs.devices.insert(*device_id);
            }
            Change::SetSeats { .. } => {}
            Change::AssignLicense { user_ids, .. }
            | Change::RemoveLicense { user_ids, .. }
            | Change::SendWelcome { user_ids } => needs.users.extend(user_ids.iter().copied()),
        }
        needs
    }
}

impl Needs {
    fn profile(&mut self, profile: &Profile) {
        self.usernames.push(profile.username.clone());
        self.extensions.extend(profile.extension.clone());
        if let Some(Destination::Extension(extension)) = &profile.unreachable {
            self.extensions.push(extension.clone());
        }
        self.locations.extend(profile.location_id);
        self.departments.extend(profile.department_id);
    }
}

/// The facts that a change touches. The catalogue and the account's seats are small and always there.
#[derive(Debug, Clone)]
pub struct Facts {
    pub account: Account,
    pub catalogue: Catalogue,
    pub seats: BTreeMap<LicenseTypeId, Seats>,
    pub users: BTreeMap<UserId, User>,
    pub numbers: BTreeMap<NumberId, PhoneNumber>,
    pub devices: BTreeMap<DeviceId, Device>,
    /// One line a device at most.
    pub lines: BTreeMap<DeviceId, Line>,
    pub e911: BTreeMap<UserId, E911Address>,
    pub greetings: BTreeMap<UserId, Greeting>,
    pub assignments: Vec<Assignment>,
    pub locations: BTreeMap<LocationId, Location>,
    pub departments: BTreeMap<DepartmentId, Department>,
    pub taken: Taken,
    pub usage: Usage,
}

/// Names that are in use, of those that were asked for.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// By [`Username::key`]; the holder when it is a user of this account, `None` when somebody else's.
    pub usernames: BTreeMap<String, Option<UserId>>,
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
            catalogue,
            seats: BTreeMap::new(),
            users: BTreeMap::new(),
            numbers: BTreeMap::new(),
            devices: BTreeMap::new(),
            lines: BTreeMap::new(),
            e911: BTreeMap::new(),
            greetings: BTreeMap::new(),
            assignments: Vec::new(),
            locations: BTreeMap::new(),
            departments: BTreeMap::new(),
            taken: Taken::default(),
            usage: Usage::default(),
        }
    }

    pub fn numbers_of(&self, user: UserId) -> impl Iterator<Item = &PhoneNumber> {
        self.numbers.values().filter(move |number| number.user_id == Some(user))
    }

    pub fn devices_of(&self, user: UserId) -> impl Iterator<Item = &Device> {
        self.devices.values().filter(move |device| device.user_id == Some(user))
    }

    pub fn assignments_of(&self, user: UserId) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(move |assignment| assignment.user_id == user)
    }
}

/// Where random secrets come from: passed in, so that planning stays pure and tests know what was minted.
pub trait Mint: Send + Sync {
    /// Credentials for a line in the realm; with the secret itself (sealed) for models whose file must carry it.
    fn line(&self, device: DeviceId, realm: &SipDomain, keep_secret: bool) -> LineCredentials;

    /// A device's provisioning secret, sealed, and its hash.
    fn provisioning(&self, device: DeviceId) -> (Opaque, Opaque);
}
