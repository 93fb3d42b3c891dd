//! Users as rows of a template: what an export holds, what may be chosen, and how to fill it in.

use lineside_model::device::DeviceModel;
use lineside_model::facts::Facts;
use lineside_model::id::UserId;
use lineside_model::import::ImportKind;
use lineside_model::license::Catalogue;
use lineside_model::location::{EmergencyContact, Site};
use lineside_model::phone_number::NumberKind;
use lineside_model::user::Role;

use crate::column::Column;
use crate::write::Layout;

/// What an account offers to choose from.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub locations: Vec<String>,
    pub departments: Vec<String>,
    pub landlines: Vec<String>,
    pub mobiles: Vec<String>,
}

pub fn layout(kind: ImportKind, catalogue: &Catalogue, choices: &Choices, stamp: String) -> Layout {
    let columns = Column::template(kind, catalogue);
    let may_be = |column: &Column| -> Vec<String> {
        match column {
            Column::Location if kind != ImportKind::Locations => choices.locations.clone(),
            Column::Department => choices.departments.clone(),
            // Nobody types numbers that are there already.
            Column::PhoneNumber if kind == ImportKind::Numbers => Vec::new(),
            Column::PhoneNumber => choices.landlines.clone(),
            Column::NumberKind => NumberKind::ALL.map(|kind| kind.as_str().to_owned()).to_vec(),
            Column::MobileNumber => choices.mobiles.clone(),
            Column::EmailVoicemails | Column::AttachRecording | Column::Welcome | Column::E911Confirmed => {
                vec!["yes".to_owned(), "no".to_owned()]
            }
            Column::Role => vec![Role::User.label().to_owned(), Role::Administrator.label().to_owned()],
            Column::DeviceModel => DeviceModel::ALL.iter().map(|model| model.name.to_owned()).collect(),
            Column::License(slug) => {
                let track = catalogue.tracks.iter().find(|track| track.slug == *slug).map(|track| track.id);
                let offered =
                    catalogue.types.iter().filter(|license| Some(license.track_id) == track && !license.retired);
                offered.map(|license| license.name.clone()).collect()
            }
            _ => Vec::new(),
        }
    };
    let limited = columns.iter().enumerate().map(|(at, column)| (at, may_be(column)));
    Layout {
        headings: columns.iter().map(|column| column.heading_in(kind, catalogue)).collect(),
        choices: limited.filter(|(_, values)| !values.is_empty()).collect(),
        instructions: instructions(kind, &columns, catalogue),
        stamp,
    }
}

/// The user's row of an export; uploaded again it changes nothing. Blank where there is nothing.
pub fn row(facts: &Facts, id: UserId, columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| cell(facts, id, column).unwrap_or_default()).collect()
}

fn cell(facts: &Facts, id: UserId, column: &Column) -> Option<String> {
    let user = facts.users.get(&id)?;
    let profile = &user.profile;
    let address = facts.e911.get(&id).map(|e911| &e911.address);
    let number = |kind| facts.numbers_of(id).find(|number| number.kind == kind).map(|number| number.number.to_string());
    // A file has one device a user; the others stay where they are.
    let device = facts.devices_of(id).next();
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    match column {
        Column::FirstName => Some(profile.first_name.to_string()),
        Column::LastName => Some(profile.last_name.to_string()),
        Column::Username => Some(profile.username.to_string()),
        Column::Email => profile.email.as_ref().map(ToString::to_string),
        Column::EmailVoicemails => Some(yes(profile.email_voicemails)),
        Column::AttachRecording => Some(yes(profile.attach_recording)),
        Column::PhoneNumber => number(NumberKind::Landline),
        Column::MobileNumber => number(NumberKind::Mobile),
        Column::Extension => profile.extension.as_ref().map(ToString::to_string),
        Column::Unreachable => profile.unreachable.as_ref().map(|to| to.as_str().to_owned()),
        Column::Location => Some(facts.locations.get(&profile.location_id?)?.site.name.to_string()),
        Column::TimeZone => profile.time_zone.map(|zone| zone.name().to_owned()),
        Column::Department => Some(facts.departments.get(&profile.department_id?)?.name.to_string()),
        Column::Role => Some(user.role.label().to_owned()),
        Column::E911StreetNumber => address.map(|address| address.street_number.clone()),
        Column::E911StreetName => address.map(|address| address.street_name.clone()),
        Column::E911Unit => address.map(|address| address.unit.clone()),
        Column::E911City => address.map(|address| address.city.clone()),
        Column::E911Region => address.map(|address| address.region.clone()),
        Column::E911PostalCode => address.map(|address| address.postal_code.clone()),
        Column::E911Country => address.map(|address| address.country.as_str().to_owned()),
        Column::E911Confirmed => Some(yes(facts.e911.get(&id)?.confirmed.is_some())),
        Column::DeviceModel => device.map(|device| device.model_name().to_owned()),
        Column::DeviceMac => device?.mac.as_ref().map(lineside_model::device::Mac::pretty),
        Column::DeviceLabel => device?.label.as_ref().map(ToString::to_string),
        Column::License(slug) => {
            let track = facts.catalogue.tracks.iter().find(|track| track.slug == *slug)?;
            let held = facts.assignments.get(&(id, track.id))?;
            Some(facts.license_name(held.license_type_id))
        }
        Column::Welcome
        | Column::LicenseDate(_)
        | Column::FullName
        | Column::E911Street
        | Column::NumberKind
        | Column::AreaCode
        | Column::ContactName
        | Column::ContactEmail
        | Column::ContactPhone => None,
    }
}

fn instructions(kind: ImportKind, columns: &[Column], catalogue: &Catalogue) -> Vec<(String, String)> {
    let works = match kind {
        ImportKind::Users => "One row is one user. Rows find their users by the username: a new one adds a user.",
        ImportKind::Devices => {
            "One row is one device. Rows find their devices by the MAC address: a new one adds a device."
        }
        ImportKind::Numbers => "One row is one phone number: one that is not in your inventory is added to it.",
        ImportKind::Locations => {
            "One row is one location. Rows find their locations by the name: a new one adds a location."
        }
    };
    let general = [
        ("How it works", works),
        ("Blank cell", "Leaves what there is. Columns that you don't need can be deleted."),
        ("-", "A single dash clears the field."),
        ("Numbers", "All cells are texts, so that zeros and the + stay. Keep them so."),
        ("Before anything changes", "you are shown what each row would do, and what is wrong with which cell."),
    ];
    let how = |column: &Column| how_in(kind, column).unwrap_or_else(|| how(column)).to_owned();
    let of_column = |column: &Column| (column.heading_in(kind, catalogue), how(column));
    general
        .map(|(what, how)| (what.to_owned(), how.to_owned()))
        .into_iter()
        .chain(columns.iter().map(of_column))
        .collect()
}

/// Where a column is something else than in a file of users.
fn how_in(kind: ImportKind, column: &Column) -> Option<&'static str> {
    Some(match (kind, column) {
        (ImportKind::Devices, Column::Username) => "Whose the device is. A dash: nobody's.",
        (ImportKind::Numbers, Column::Username) => "Whose the number is. A dash: nobody's, so that it becomes free.",
        (ImportKind::Numbers, Column::PhoneNumber) => "With its country code: +1 480 555 0143.",
        (ImportKind::Locations, Column::Location) => "What you call the place.",
        (ImportKind::Locations, Column::TimeZone) => "Such as America/Phoenix. Blank: as the address suggests.",
        (ImportKind::Locations, Column::E911StreetNumber | Column::E911StreetName) => {
            "Where help is sent for users of this location. No P.O. boxes."
        }
        (ImportKind::Locations, _) if !matches!(column, Column::AreaCode) => match column {
            Column::E911Unit => "Unit, floor, room.",
            Column::E911City | Column::E911Region | Column::E911PostalCode | Column::E911Country => "Of the address.",
            _ => return None,
        },
        _ => return None,
    })
}

fn how(column: &Column) -> &'static str {
    match column {
        Column::FirstName | Column::LastName => "1 to 64 characters. Needed for a new user.",
        Column::FullName => "First and last name in one cell.",
        Column::Username => "3 to 64 of A–Z a–z 0–9 . - : [ ]. Without this column, new users get firstname.lastname.",
        Column::Email => "One address. Needed for Email voicemails and the welcome email.",
        Column::EmailVoicemails => "yes or no. Blank for a new user: yes, if there is an email address.",
        Column::AttachRecording => "yes or no. Blank for a new user: yes.",
        Column::PhoneNumber => "A landline number of your inventory, with its country code: +1 480 555 0143.",
        Column::MobileNumber => "A mobile number of your inventory.",
        Column::Extension => "2 to 6 digits within your dial plan, unique.",
        Column::Unreachable => "Where calls go while no phone of the user is registered: an extension or a number.",
        Column::Location => "The name of one of your locations.",
        Column::TimeZone => "Such as America/Phoenix. Blank: the location's.",
        Column::Department => "The name of one of your departments.",
        Column::Role => "User or Administrator.",
        Column::Welcome => "yes: a new user is sent a link to set the password.",
        Column::E911StreetNumber | Column::E911StreetName | Column::E911Street => {
            "Where help is sent; filled in from the location when left blank. No P.O. boxes."
        }
        Column::E911Unit => "Unit, floor, room: what finds the caller within the building.",
        Column::E911City | Column::E911Region | Column::E911PostalCode | Column::E911Country => "Of the E911 address.",
        Column::E911Confirmed => "yes: you confirm that this user will be at this address.",
        Column::DeviceModel => "One of the models in the list. Generic SIP phone and Linphone have no MAC address.",
        Column::DeviceMac => {
            "12 digits 0–9 and A–F, on the phone's label. A device of the list is assigned, a new one added."
        }
        Column::DeviceLabel => "What you call the device, such as Reception.",
        Column::NumberKind => "landline or mobile. Blank for a new number: landline.",
        Column::AreaCode => "Numbers with this area code are offered first to users of the location.",
        Column::ContactName => "Who is told at once when somebody there calls for help.",
        Column::ContactEmail | Column::ContactPhone => "Where: an email address, a phone number, or both.",
        Column::License(_) => "The license's name.",
        Column::LicenseDate(_) => "2027-03-01: assigned on that day. Blank: now.",
    }
}

/// Templates name no user.
pub fn columns(catalogue: &Catalogue) -> Vec<Column> {
    Column::template(ImportKind::Users, catalogue)
}

/// The location's row, in the columns of a template.
pub fn site_row(catalogue: &Catalogue, site: &Site) -> Vec<String> {
    let address = &site.address;
    let contact = site.emergency_contacts.first();
    let of_contact = |part: fn(&EmergencyContact) -> Option<String>| contact.and_then(part).unwrap_or_default();
    let cells = Column::template(ImportKind::Locations, catalogue);
    let cell = |column: &Column| match column {
        Column::Location => site.name.to_string(),
        Column::E911StreetNumber => address.street_number.clone(),
        Column::E911StreetName => address.street_name.clone(),
        Column::E911Unit => address.unit.clone(),
        Column::E911City => address.city.clone(),
        Column::E911Region => address.region.clone(),
        Column::E911PostalCode => address.postal_code.clone(),
        Column::E911Country => address.country.as_str().to_owned(),
        Column::TimeZone => site.time_zone.to_string(),
        Column::AreaCode => site.area_code.as_ref().map(ToString::to_string).unwrap_or_default(),
        Column::ContactName => of_contact(|contact| Some(contact.name.to_string())),
        Column::ContactEmail => of_contact(|contact| contact.email.as_ref().map(ToString::to_string)),
        Column::ContactPhone => of_contact(|contact| contact.phone.as_ref().map(ToString::to_string)),
        _ => String::new(),
    };
    cells.iter().map(cell).collect()
}
