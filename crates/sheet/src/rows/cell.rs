//! One cell's text as what it asks for.

use chrono::NaiveDate;
use lineside_model::device::{DeviceModel, Mac};
use lineside_model::email::Email;
use lineside_model::extension::{Destination, Extension};
use lineside_model::id::TrackId;
use lineside_model::import::{ImportRow, Wish};
use lineside_model::license::{Catalogue, LicenseType};
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::text::{Name, fold};
use lineside_model::time_zone::TimeZone;
use lineside_model::user::Role;
use lineside_model::username::Username;
use smol_str::SmolStr;

use super::wish;
use crate::column::Column;

pub(super) fn set(row: &mut ImportRow, column: &Column, text: &str, catalogue: &Catalogue) -> Result<(), String> {
    let on = text == "yes";
    match column {
        Column::FirstName => wish(&mut row.first_name, Name::parse(text)),
        Column::LastName => wish(&mut row.last_name, Name::parse(text)),
        Column::FullName => full_name(row, text),
        Column::Username => wish(&mut row.username, Username::parse(text)),
        Column::Email => wish(&mut row.email, Email::parse(text)),
        Column::EmailVoicemails => wish(&mut row.email_voicemails, Ok::<_, String>(on)),
        Column::AttachRecording => wish(&mut row.attach_recording, Ok::<_, String>(on)),
        Column::PhoneNumber => wish(&mut row.phone_number, E164::parse(text)),
        Column::MobileNumber => wish(&mut row.mobile_number, E164::parse(text)),
        Column::Extension => wish(&mut row.extension, Extension::parse(text)),
        Column::Unreachable => wish(&mut row.unreachable, Destination::parse(text)),
        Column::Location => wish(&mut row.location, Name::parse(text)),
        Column::TimeZone => wish(&mut row.time_zone, TimeZone::parse(text)),
        Column::Department => wish(&mut row.department, Name::parse(text)),
        Column::Role => wish(&mut row.role, role(text)),
        Column::Welcome => {
            row.welcome = on;
            Ok(())
        }
        Column::E911Street => street(row, text),
        Column::E911Confirmed => {
            row.e911.confirmed = on;
            Ok(())
        }
        Column::E911StreetNumber
        | Column::E911StreetName
        | Column::E911Unit
        | Column::E911City
        | Column::E911Region
        | Column::E911PostalCode
        | Column::E911Country
        | Column::AreaCode
        | Column::ContactName
        | Column::ContactEmail
        | Column::ContactPhone => {
            if let Some(part) = text_part(row, column) {
                *part = Wish::Set(country(column, text).into());
            }
            Ok(())
        }
        Column::DeviceModel => wish(&mut row.device.model, model(text)),
        Column::DeviceMac => wish(&mut row.device.mac, Mac::parse(text)),
        Column::DeviceLabel => wish(&mut row.device.label, Name::parse(text)),
        Column::NumberKind => {
            let kind = NumberKind::parse(fold(text).trim()).ok_or("write landline or mobile");
            wish(&mut row.number_kind, kind)
        }
        Column::License(slug) => license(row, slug, text, catalogue),
        Column::LicenseDate(slug) => {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| "write the date as 2027-03-01")?;
            row.license(track(slug, catalogue)?).date = Some(date);
            Ok(())
        }
    }
}

pub(super) fn clear(row: &mut ImportRow, column: &Column, catalogue: &Catalogue) {
    match column {
        Column::Email => row.email = Wish::Clear,
        Column::EmailVoicemails => row.email_voicemails = Wish::Clear,
        Column::AttachRecording => row.attach_recording = Wish::Clear,
        Column::PhoneNumber => row.phone_number = Wish::Clear,
        Column::MobileNumber => row.mobile_number = Wish::Clear,
        Column::Extension => row.extension = Wish::Clear,
        Column::Unreachable => row.unreachable = Wish::Clear,
        Column::Location => row.location = Wish::Clear,
        Column::TimeZone => row.time_zone = Wish::Clear,
        Column::Department => row.department = Wish::Clear,
        Column::DeviceModel => row.device.model = Wish::Clear,
        Column::DeviceMac => row.device.mac = Wish::Clear,
        Column::DeviceLabel => row.device.label = Wish::Clear,
        // Whose the device or number is; a user's own name can't be cleared.
        Column::Username => row.username = Wish::Clear,
        Column::License(slug) => {
            if let Ok(track) = track(slug, catalogue) {
                row.license(track).license = Wish::Clear;
            }
        }
        Column::E911Street => (row.e911.street_number, row.e911.street_name) = (Wish::Clear, Wish::Clear),
        other => {
            if let Some(part) = text_part(row, other) {
                *part = Wish::Clear;
            }
        }
    }
}

/// What is taken as it stands; the form that it belongs to checks it.
fn text_part<'a>(row: &'a mut ImportRow, column: &Column) -> Option<&'a mut Wish<SmolStr>> {
    Some(match column {
        Column::E911StreetNumber => &mut row.e911.street_number,
        Column::E911StreetName => &mut row.e911.street_name,
        Column::E911Unit => &mut row.e911.unit,
        Column::E911City => &mut row.e911.city,
        Column::E911Region => &mut row.e911.region,
        Column::E911PostalCode => &mut row.e911.postal_code,
        Column::E911Country => &mut row.e911.country,
        Column::AreaCode => &mut row.site.get_or_insert_default().area_code,
        Column::ContactName => &mut row.site.get_or_insert_default().contact_name,
        Column::ContactEmail => &mut row.site.get_or_insert_default().contact_email,
        Column::ContactPhone => &mut row.site.get_or_insert_default().contact_phone,
        _ => return None,
    })
}

/// Countries are written out in the files of others.
fn country<'a>(column: &Column, text: &'a str) -> &'a str {
    match (column, fold(text).as_str()) {
        (Column::E911Country, "united states" | "united states of america" | "usa") => "US",
        (Column::E911Country, "canada") => "CA",
        _ => text,
    }
}

/// `Ana Duarte` or `Duarte, Ana`; the last word is the last name.
fn full_name(row: &mut ImportRow, text: &str) -> Result<(), String> {
    let parts = match text.split_once(',') {
        Some((last, first)) => Some((first.trim(), last.trim())),
        None => text.trim().rsplit_once(char::is_whitespace),
    };
    let (first, last) = parts.ok_or("write first and last name, such as Ana Duarte")?;
    wish(&mut row.first_name, Name::parse(first))?;
    wish(&mut row.last_name, Name::parse(last))
}

/// `3550 N Central Ave` or `Hauptstr. 5`.
fn street(row: &mut ImportRow, text: &str) -> Result<(), String> {
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    let first = text.split_once(char::is_whitespace).filter(|(number, _)| is_number(number));
    let last = text.rsplit_once(char::is_whitespace).filter(|(_, number)| is_number(number));
    let (number, name) = first
        .or(last.map(|(name, number)| (number, name)))
        .ok_or("write house number and street, such as 3550 N Central Ave")?;
    row.e911.street_number = Wish::Set(number.trim().into());
    row.e911.street_name = Wish::Set(name.trim().trim_end_matches(',').into());
    Ok(())
}

fn role(text: &str) -> Result<Role, &'static str> {
    let folded = fold(text);
    let role = Role::ALL.into_iter().find(|role| fold(role.label()) == folded || role.as_str() == folded);
    role.ok_or("write User or Administrator")
}

fn model(text: &str) -> Result<SmolStr, String> {
    let folded = fold(text);
    let short = |model: &DeviceModel| model.slug.split_once('-').is_some_and(|(_, short)| short == folded);
    let known = |model: &&DeviceModel| model.slug == folded || fold(model.name) == folded || short(model);
    let found = DeviceModel::ALL.iter().find(known).map(|model| SmolStr::new_static(model.slug));
    found.ok_or_else(|| {
        let names: Vec<&str> = DeviceModel::ALL.iter().map(|model| model.name).collect();
        format!("this model is not known; write one of {}", names.join(", "))
    })
}

fn track(slug: &str, catalogue: &Catalogue) -> Result<TrackId, String> {
    let track = catalogue.tracks.iter().find(|track| track.slug == slug);
    track
        .map(|track| track.id)
        .ok_or_else(|| "the catalogue has no such licenses any more; leave this column out".into())
}

fn license(row: &mut ImportRow, slug: &str, text: &str, catalogue: &Catalogue) -> Result<(), String> {
    let track_id = track(slug, catalogue)?;
    let folded = fold(text);
    let offered = || catalogue.types.iter().filter(move |license| license.track_id == track_id && !license.retired);
    let named = |license: &&LicenseType| fold(&license.name) == folded || license.slug == folded;
    // A retired one is for those who hold it.
    let retired = || catalogue.types.iter().filter(|license| license.track_id == track_id && license.retired);
    let found = offered().find(named).or_else(|| retired().find(named));
    let Some(found) = found else {
        let offers: Vec<&str> = offered().map(|license| license.name.as_str()).collect();
        return Err(format!("there is no such license; write one of {}", offers.join(", ")));
    };
    row.license(track_id).license = Wish::Set(found.id);
    Ok(())
}
