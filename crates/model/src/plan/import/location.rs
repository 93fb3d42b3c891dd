//! A row of a file of locations: found by its name, and checked as its form is.

use super::Index;
use crate::field::FieldError;
use crate::import::{ImportRow, RowEffect};
use crate::location::{EmergencyContactInput, Location, SiteInput};
use crate::plan::{Blocker, BlockerKind, Draft};
use crate::text::fold;

impl Draft<'_> {
    pub(super) fn location_row(&mut self, row: &ImportRow, index: &Index) -> (String, RowEffect) {
        let Some(name) = row.location.get() else {
            let message = "fill in the name: rows find their locations by it";
            self.block(Blocker::field(BlockerKind::Invalid, "location_id", message));
            return (String::new(), RowEffect::Refused);
        };
        let known = index.locations.get(&fold(name.as_str())).and_then(|id| self.facts.locations.get(id)).cloned();
        let input = known.as_ref().map_or_else(SiteInput::default, |known| SiteInput::from(&known.site));
        let mut input = site_from_row(row, input);
        if known.is_none() {
            input.name = name.to_string();
        }
        let effect = if known.is_some() { RowEffect::Change } else { RowEffect::Create };
        match (input.parse(), known) {
            (Err(errors), _) => errors.0.into_iter().for_each(|error| self.block_cell(error)),
            (Ok(site), Some(known)) if site == known.site => {}
            (Ok(site), Some(known)) => {
                if site.address != known.site.address {
                    let message = format!(
                        "{name} gets another address. Its users' confirmed E911 addresses stay as they are; confirm them \
                         anew where people moved"
                    );
                    self.warn(None, message.clone());
                    self.plan.e911.push(message);
                }
                let after = Location { site, ..known.clone() };
                self.update(known, after);
            }
            (Ok(site), None) => {
                let (id, account_id) = (self.id.new_location_id(), self.facts.account.id);
                self.create(Location { id, account_id, version: 1, site });
            }
        }
        (name.to_string(), effect)
    }

    fn block_cell(&mut self, error: FieldError) {
        let field = match error.field.rsplit('.').next().unwrap_or_default() {
            "name" if error.field.contains('.') => "contact_name".to_owned(),
            part @ ("email" | "phone") => format!("contact_{part}"),
            part @ ("time_zone" | "area_code") => part.to_owned(),
            "name" => "location_id".to_owned(),
            part => format!("e911_{part}"),
        };
        self.block(Blocker::field(BlockerKind::Invalid, &field, error.message));
    }
}

/// The form's fields with what the row's cells say. A file names one person to tell; others stay as they are.
fn site_from_row(row: &ImportRow, input: SiteInput) -> SiteInput {
    let site = row.site.as_deref().cloned().unwrap_or_default();
    let mut contacts = input.emergency_contacts;
    if contacts.is_empty() {
        contacts.push(EmergencyContactInput::default());
    }
    let first = std::mem::take(&mut contacts[0]);
    contacts[0] = EmergencyContactInput {
        name: site.contact_name.over_text(first.name),
        email: site.contact_email.over_text(first.email),
        phone: site.contact_phone.over_text(first.phone),
    };
    SiteInput {
        name: input.name,
        address: row.e911.over(input.address),
        time_zone: row.time_zone.over_text(input.time_zone),
        area_code: site.area_code.over_text(input.area_code),
        callback: input.callback,
        emergency_contacts: contacts,
    }
}
