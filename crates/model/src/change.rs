//! What somebody wants: every change to an account, whatever asked for it.

mod action;
mod new_id;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::account::{AccountNumber, AccountSettings};
use crate::address::CivicAddress;
use crate::call_settings::CallRules;
use crate::device::NewDevice;
use crate::extension::Destination;
use crate::forwarding::ForwardingRules;
use crate::id::{
    AccountId, ChangeId, DepartmentId, DeviceId, LicenseTypeId, LocationId, MessageId, NumberId, ScheduleEntryId,
    TrackId, TrunkId, UserId,
};
use crate::import::Import;
use crate::leaving::Leaving;
use crate::license::SeatBinding;
use crate::location::Site;
use crate::mass_edit::MassEdit;
use crate::operator_trunk::Served;
use crate::phone_number::{E164, NumberKind};
use crate::recording::RecordingMode;
use crate::secret::Opaque;
use crate::text::Name;
use crate::trunk::TrunkSettings;
use crate::undo::Since;
use crate::user::{NewUser, Profile, Role, UserState, WizardStep};
use crate::voicemail::{PinChange, VoicemailSettings};

/// A change and its identifier, under which it is applied at most once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRequest {
    pub id: ChangeId,
    pub change: Change,
}

/// `version`: the version of the record that the person saw. When it moved on meanwhile, the plan is blocked and says what
/// changed. `None` (an API that sends single fields) does not ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A new account with its owner; only the operator's.
    OpenAccount {
        number: AccountNumber,
        settings: AccountSettings,
        owner: Box<NewUser>,
    },
    EditAccount {
        /// The account that an operator means; `None` is the account of who asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_id: Option<AccountId>,
        version: Option<i64>,
        settings: AccountSettings,
    },
    AddLocation {
        site: Site,
    },
    EditLocation {
        location_id: LocationId,
        version: Option<i64>,
        site: Site,
    },
    DeleteLocation {
        location_id: LocationId,
    },
    AddDepartment {
        name: Name,
    },
    EditDepartment {
        department_id: DepartmentId,
        version: Option<i64>,
        name: Name,
    },
    DeleteDepartment {
        department_id: DepartmentId,
    },
    AddUser {
        user: Box<NewUser>,
    },
    EditProfile {
        user_id: UserId,
        version: Option<i64>,
        profile: Box<Profile>,
    },
    /// The wizard goes to a step; finished with `None`, which sends the welcome mail if it was wanted.
    SetWizard {
        user_id: UserId,
        wizard: Option<WizardStep>,
    },
    /// `pin_hash`: a new PIN, or `None` to keep the one there is.
    SetSecurity {
        user_id: UserId,
        version: Option<i64>,
        role: Role,
        pin_hash: Option<Opaque>,
    },
    /// The same fields of many.
    EditUsers {
        user_ids: Vec<UserId>,
        edit: Box<MassEdit>,
    },
    SetUserState {
        user_ids: Vec<UserId>,
        state: UserState,
        /// At 00:00 of this date in the account's time zone; `None`: now.
        #[serde(default)]
        date: Option<NaiveDate>,
    },
    /// They can be brought back for 30 days, by undoing this change.
    DeleteUsers {
        user_ids: Vec<UserId>,
        leaving: Leaving,
        #[serde(default)]
        date: Option<NaiveDate>,
    },
    /// Numbers whose time as forwarded or kept back is over; only Lineside's own.
    ReleaseNumbers,
    /// Takes what is left of users who can be brought back no more; only Lineside's own.
    PurgeUsers,
    /// Takes back what another change did, as far as nothing changed since.
    Undo {
        undone: ChangeId,
        /// What to do where something was changed since.
        since: Since,
        /// The same for these users, whatever `since` says.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        users: BTreeMap<UserId, Since>,
    },
    AddNumbers {
        numbers: Vec<E164>,
        kind: NumberKind,
        location_id: Option<LocationId>,
    },
    /// Numbers that another carrier hands over, expected on a date: usable once the port is completed.
    PortNumbers {
        numbers: Vec<E164>,
        kind: NumberKind,
        location_id: Option<LocationId>,
        date: NaiveDate,
    },
    /// Another date for a number that is porting in.
    MovePort {
        number_id: NumberId,
        version: Option<i64>,
        date: NaiveDate,
    },
    /// The number arrived.
    CompletePort {
        number_id: NumberId,
    },
    /// To a user, or to nobody; one that is porting in, from its port on.
    AssignNumber {
        number_id: NumberId,
        user_id: Option<UserId>,
    },
    /// `confirmed: false` saves the address and leaves it open.
    ConfirmE911 {
        user_id: UserId,
        address: CivicAddress,
        callback: Option<E164>,
        confirmed: bool,
    },
    /// By the user themselves: the address is theirs to say, the callback stays what the account made it.
    ConfirmOwnE911 {
        user_id: UserId,
        address: CivicAddress,
    },
    AddDevice {
        device: NewDevice,
    },
    AssignDevice {
        device_id: DeviceId,
        user_id: UserId,
    },
    UnassignDevice {
        device_id: DeviceId,
    },
    LockDevice {
        device_id: DeviceId,
        locked: bool,
    },
    DeleteDevice {
        device_id: DeviceId,
    },
    /// The colleagues of all its keys, in their order.
    SetLampKeys {
        device_id: DeviceId,
        version: Option<i64>,
        colleagues: Vec<UserId>,
    },
    /// A new SIP password for the device's line.
    Generate {
        device_id: DeviceId,
    },
    /// Asks the phone to fetch its configuration.
    Resync {
        device_id: DeviceId,
    },
    SetSeats {
        license_type_id: LicenseTypeId,
        bought: i64,
        /// `None` leaves the bindings as they are.
        bound: Option<Vec<SeatBinding>>,
    },
    /// Now, or at 00:00 of a date in the account's time zone.
    AssignLicense {
        user_ids: Vec<UserId>,
        license_type_id: LicenseTypeId,
        date: Option<NaiveDate>,
    },
    RemoveLicense {
        user_ids: Vec<UserId>,
        track_id: TrackId,
        date: Option<NaiveDate>,
    },
    /// Another date for a scheduled or failed entry.
    EditScheduleEntry {
        entry_id: ScheduleEntryId,
        version: Option<i64>,
        date: NaiveDate,
    },
    RemoveScheduleEntry {
        entry_id: ScheduleEntryId,
    },
    /// One date for all of a user's entries.
    MoveSchedule {
        user_id: UserId,
        date: NaiveDate,
    },
    /// Carries an entry out now: one that failed, or one that need not wait.
    RetryScheduleEntry {
        entry_id: ScheduleEntryId,
    },
    /// Carries out the entries of the earliest date that is due; only Lineside's own.
    RunSchedule,
    /// Mails what would fail within seven days and within one; only Lineside's own.
    WarnOfSchedule,
    /// Replays these users' entries, gives freed seats to entries that wait for one, and takes back what can't be kept;
    /// only Lineside's own.
    Rehearse {
        user_ids: Vec<UserId>,
    },
    /// Several changes as one plan, in this order: a license together with the repairs that it needs.
    Together {
        changes: Vec<Change>,
    },
    /// Users, devices, numbers or locations from a file, all rows of it or none.
    Import {
        import: Import,
    },
    SetGreeting {
        user_id: UserId,
        file_name: String,
        duration_ms: u32,
        audio: String,
    },
    RemoveGreeting {
        user_id: UserId,
    },
    SendWelcome {
        user_ids: Vec<UserId>,
    },
    /// `version`: of the forwarding. Unreachable is the profile's, set with it in one form.
    SetForwarding {
        user_id: UserId,
        version: Option<i64>,
        rules: ForwardingRules,
        unreachable: Option<Destination>,
    },
    /// Whether mail is sent, and with the recording, is the profile's, set with it in one form.
    SetVoicemail {
        user_id: UserId,
        version: Option<i64>,
        settings: VoicemailSettings,
        pin: PinChange,
    },
    SetRecording {
        user_ids: Vec<UserId>,
        mode: RecordingMode,
    },
    DeleteMessages {
        user_id: UserId,
        message_ids: Vec<MessageId>,
    },
    SetCallRules {
        version: Option<i64>,
        rules: Box<CallRules>,
    },
    /// An account's, or an operator's by whoever asks. `password`: sealed. `serves`: the operator's only.
    AddTrunk {
        settings: Box<TrunkSettings>,
        #[serde(default)]
        serves: Option<Served>,
        password: Option<Opaque>,
    },
    /// `password`: a new one, or `None` to keep the one there is.
    EditTrunk {
        trunk_id: TrunkId,
        version: Option<i64>,
        settings: Box<TrunkSettings>,
        #[serde(default)]
        serves: Option<Served>,
        password: Option<Opaque>,
    },
    DeleteTrunk {
        trunk_id: TrunkId,
    },
}

/// The most users that one change may name.
pub const USERS_MAX: usize = 10_000;
/// The most changes that are applied together.
pub const TOGETHER_MAX: usize = 3 * USERS_MAX;
/// The most numbers that one change may add.
pub const NUMBERS_MAX: usize = 10_000;

impl Change {
    pub fn undo(undone: ChangeId, since: Since) -> Self {
        Self::Undo { undone, since, users: BTreeMap::new() }
    }

    /// Several as one, in this order; one alone as itself.
    pub fn together(mut changes: Vec<Self>) -> Self {
        if changes.len() == 1 { changes.remove(0) } else { Self::Together { changes } }
    }

    /// The user whose own it is: what anybody may change of themselves, without administering the account.
    pub fn own_user(&self) -> Option<UserId> {
        match self {
            Self::SetForwarding { user_id, .. }
            | Self::SetVoicemail { user_id, .. }
            | Self::DeleteMessages { user_id, .. }
            | Self::SetGreeting { user_id, .. }
            | Self::ConfirmOwnE911 { user_id, .. }
            | Self::RemoveGreeting { user_id } => Some(*user_id),
            _ => None,
        }
    }

    /// Lineside's own: leaves no trace when there was nothing to do.
    pub fn is_upkeep(&self) -> bool {
        matches!(
            self,
            Self::RunSchedule | Self::WarnOfSchedule | Self::Rehearse { .. } | Self::ReleaseNumbers | Self::PurgeUsers
        )
    }
}
