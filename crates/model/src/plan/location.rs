//! Sites: add, edit, delete.

use crate::id::LocationId;
use crate::location::{Location, Site};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};

impl Draft<'_> {
    pub(super) fn add_location(&mut self, site: &Site) {
        self.plan.summary = format!("Add location {}", site.name);
        let id = self.id.new_location_id();
        self.check_location_name(id);
        let location = Location { id, account_id: self.facts.account.id, version: 1, site: site.clone() };
        self.create(location);
    }

    pub(super) fn edit_location(&mut self, id: LocationId, version: Option<i64>, site: &Site) {
        let Some(location) = self.facts.locations.get(&id).cloned() else {
            return self.block(Blocker::not_found("location"));
        };
        self.plan.summary = format!("Change location {}", location.site.name);
        self.check_version(version, location.version, "location");
        self.check_location_name(id);
        let users = self.facts.usage.location_users;
        if site.address != location.site.address && users > 0 {
            let message = format!(
                "{users} users are at {}. Their confirmed E911 addresses stay as they are; confirm them anew where people moved",
                location.site.name
            );
            self.warn(None, message.clone());
            self.plan.e911.push(message);
        }
        if site.time_zone != location.site.time_zone && users > 0 {
            self.warn(
                None,
                format!(
                    "users of {} without a time zone of their own follow it to {}",
                    location.site.name, site.time_zone
                ),
            );
        }
        let after = Location { site: site.clone(), ..location.clone() };
        self.update(location, after);
    }

    pub(super) fn delete_location(&mut self, id: LocationId) {
        let Some(location) = self.facts.locations.get(&id).cloned() else {
            return self.block(Blocker::not_found("location"));
        };
        self.plan.summary = format!("Delete location {}", location.site.name);
        let usage = self.facts.usage;
        if usage.location_users + usage.location_numbers > 0 {
            let message = format!(
                "{} users and {} phone numbers are at {}; move them first",
                usage.location_users, usage.location_numbers, location.site.name
            );
            self.block(Blocker::new(BlockerKind::InUse, message, vec![Repair::MoveUsers { location_id: id }]));
        }
        self.delete(location);
    }

    fn check_location_name(&mut self, own: LocationId) {
        if self.facts.taken.location_name.is_some_and(|id| id != own) {
            self.block(Blocker::field(BlockerKind::Taken, "name", "another location has this name; choose another"));
        }
    }
}
