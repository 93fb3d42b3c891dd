//! What was chosen in the dialog to remove what is in the way: it becomes part of the same plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use lineside_model::change::Change;
use lineside_model::field::FieldErrors;
use lineside_model::id::{LicenseTypeId, LocationId, NumberId, TrackId, UserId};
use lineside_model::list::FreeNumber;
use lineside_model::phone_number::NumberKind;
use lineside_model::plan::Blocker;

use super::Chosen;
use super::examined::{Examined, Need};
use crate::form_data::FormData;
use crate::page_error::PageError;
use crate::visitor::Visitor;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Repairs {
    pub(super) numbers: BTreeMap<(UserId, NumberKind), NumberId>,
    /// The type that all get who lack one of the track.
    pub(super) types: BTreeMap<TrackId, LicenseTypeId>,
    pub(super) confirmed: BTreeSet<UserId>,
    /// Who gives a seat of a type back.
    pub(super) freed: BTreeMap<LicenseTypeId, BTreeSet<UserId>>,
}

/// `landline.{user}`
pub(super) fn number_field(kind: NumberKind, user: UserId) -> String {
    format!("{}.{user}", kind.as_str())
}

impl Repairs {
    pub(super) fn read(data: &FormData) -> Self {
        let mut repairs = Self::default();
        for (field, value) in data.fields() {
            let Some((what, of)) = field.split_once('.') else { continue };
            match (what, NumberKind::parse(what)) {
                (_, Some(kind)) => {
                    if let (Ok(user), Ok(number)) = (of.parse(), value.parse()) {
                        repairs.numbers.insert((user, kind), number);
                    }
                }
                ("add", _) => {
                    if let (Ok(track), Ok(license)) = (of.parse(), value.parse()) {
                        repairs.types.insert(track, license);
                    }
                }
                ("e911", _) => repairs.confirmed.extend(of.parse::<UserId>()),
                ("free", _) => {
                    if let (Ok(license), Ok(user)) = (of.parse(), value.parse()) {
                        repairs.freed.entry(license).or_default().insert(user);
                    }
                }
                _ => {}
            }
        }
        repairs
    }

    /// One number can't go to two.
    pub(super) fn errors(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        let mut taken = BTreeSet::new();
        for ((user, kind), number) in &self.numbers {
            if !taken.insert(*number) {
                errors.push(&number_field(*kind, *user), "this number is picked for somebody else too; pick another");
            }
        }
        errors
    }

    /// The licenses that are added, to those who lack one of their track.
    pub(super) fn licenses(
        &self,
        lacking: &BTreeMap<TrackId, BTreeSet<UserId>>,
        date: Option<NaiveDate>,
    ) -> Vec<Change> {
        let add = |(track, license): (&TrackId, &LicenseTypeId)| {
            let users = lacking.get(track)?;
            Some(Change::AssignLicense { user_ids: users.iter().copied().collect(), license_type_id: *license, date })
        };
        self.types.iter().filter_map(add).collect()
    }

    /// The other repairs, of what is needed.
    pub(super) async fn changes(
        &self,
        visitor: &Visitor,
        chosen: &Chosen,
        needed: &[Blocker],
        date: Option<NaiveDate>,
    ) -> Result<Vec<Change>, PageError> {
        let mut changes = Vec::new();
        for (license, users) in &self.freed {
            let track_id = chosen.catalogue.license_type(*license).map(|license| license.track_id);
            let Some(track_id) = track_id else { continue };
            changes.push(Change::RemoveLicense { user_ids: users.iter().copied().collect(), track_id, date });
        }
        let needed: BTreeSet<(Option<UserId>, Need)> =
            needed.iter().map(|blocker| (blocker.user_id, Need::of(blocker))).collect();
        let needs = |user: UserId, need: Need| needed.contains(&(Some(user), need));
        let wanted = self.numbers.iter().filter(|((user, kind), _)| needs(*user, Need::Number(*kind)));
        for ((user, _), number) in wanted {
            changes.push(Change::AssignNumber { number_id: *number, user_id: Some(*user) });
        }
        for user in self.confirmed.iter().filter(|user| needs(**user, Need::E911)) {
            let detail = visitor.service.user(&visitor.caller, *user).await?;
            let Some(address) = detail.address_to_confirm().cloned() else { continue };
            let callback = detail.e911.as_ref().and_then(|e911| e911.callback.clone());
            changes.push(Change::ConfirmE911 { user_id: *user, address, callback, confirmed: true });
        }
        Ok(changes)
    }

    /// "Give each a free number": those of the location's area code first.
    pub(super) async fn fill(
        &mut self,
        visitor: &Visitor,
        chosen: &Chosen,
        examined: &Examined,
    ) -> Result<(), PageError> {
        let needs = examined.needs();
        let free = Free::find(visitor, chosen, needs.len()).await?;
        let mut taken: BTreeSet<NumberId> = self.numbers.values().copied().collect();
        for (user, needs) in &needs {
            for need in needs {
                let Need::Number(kind) = need else { continue };
                if self.numbers.contains_key(&(*user, *kind)) {
                    continue;
                }
                let next = free.of(*user, *kind).find(|number| !taken.contains(&number.id));
                if let Some(number) = next {
                    taken.insert(number.id);
                    self.numbers.insert((*user, *kind), number.id);
                }
            }
        }
        Ok(())
    }
}

/// The free numbers, for users of each location in the order in which they are offered.
pub(super) struct Free {
    location_of: BTreeMap<UserId, Option<LocationId>>,
    numbers: BTreeMap<Option<LocationId>, Vec<FreeNumber>>,
}

/// Numbers read at least, so that both kinds are among them.
const READ: usize = 2_000;

impl Free {
    pub(super) async fn find(visitor: &Visitor, chosen: &Chosen, users: usize) -> Result<Self, PageError> {
        let locations = visitor.service.locations(&visitor.caller).await?;
        let id = |name: &Option<String>| {
            let name = name.as_deref()?;
            locations.iter().find(|row| row.location.site.name.as_str() == name).map(|row| row.location.id)
        };
        let location_of: BTreeMap<UserId, Option<LocationId>> =
            chosen.rows.iter().map(|row| (row.id, id(&row.location))).collect();
        let limit = i64::try_from(READ + 4 * users).unwrap_or(i64::MAX);
        let mut numbers = BTreeMap::new();
        for location in location_of.values().copied().collect::<BTreeSet<_>>() {
            numbers.insert(location, visitor.service.free_numbers(&visitor.caller, location, "", limit).await?);
        }
        Ok(Self { location_of, numbers })
    }

    pub(super) fn of(&self, user: UserId, kind: NumberKind) -> impl Iterator<Item = &FreeNumber> {
        let location = self.location_of.get(&user).copied().flatten();
        self.numbers.get(&location).into_iter().flatten().filter(move |number| number.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_read_and_what_was_not_is_left_out() {
        let user = "01900000-0000-7000-8000-0000000000a1";
        let number = "01900000-0000-7000-8000-0000000000b1";
        let field = |name: String, value: &str| (name, value.to_owned());
        let data = FormData::new(vec![
            field(format!("mobile.{user}"), number),
            field(format!("landline.{user}"), ""),
            field("landline.nobody".to_owned(), number),
            field(format!("e911.{user}"), "on"),
        ]);
        let repairs = Repairs::read(&data);
        assert_eq!(repairs.numbers.len(), 1);
        assert_eq!(repairs.numbers.keys().next().map(|(_, kind)| *kind), Some(NumberKind::Mobile));
        assert_eq!(repairs.confirmed.len(), 1);
        assert!(repairs.errors().is_empty());
    }

    #[test]
    fn one_number_is_not_picked_for_two() {
        let number = "01900000-0000-7000-8000-0000000000b1".to_owned();
        let of = |user: &str| (format!("mobile.01900000-0000-7000-8000-0000000000{user}"), number.clone());
        assert_eq!(Repairs::read(&FormData::new(vec![of("a1"), of("a2")])).errors().0.len(), 1);
    }
}
