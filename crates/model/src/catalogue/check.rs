//! What no catalogue may be, and what its use forbids.

use std::collections::BTreeSet;

use crate::catalogue::{
    CatalogueBlocker, CatalogueNow, REQUIREMENTS_MAX, SLUG_MAX, SUMMARY_MAX, TRACKS_MAX, TYPES_MAX, TypeUsage, count,
};
use crate::id::LicenseTypeId;
use crate::license::{Catalogue, LicenseType, Requirement, VOICE};
use crate::plan::BlockerKind;
use crate::text::{Name, is_unprintable};

pub(super) struct Check<'a> {
    pub now: &'a CatalogueNow,
    pub wanted: &'a Catalogue,
    pub blockers: Vec<CatalogueBlocker>,
}

impl Check<'_> {
    pub fn all(mut self) -> Vec<CatalogueBlocker> {
        self.sizes();
        self.tracks();
        self.types();
        self.deleted();
        self.attainable();
        self.blockers
    }

    fn block(&mut self, slug: &str, field: Option<&str>, message: impl Into<String>, repair: impl Into<String>) {
        self.block_as(BlockerKind::Invalid, slug, field, message.into(), repair.into());
    }

    /// Possible in itself, but not with what hangs on it.
    fn block_used(&mut self, slug: &str, field: Option<&str>, message: String, repair: &str) {
        self.block_as(BlockerKind::InUse, slug, field, message, repair.to_owned());
    }

    fn block_as(&mut self, kind: BlockerKind, slug: &str, field: Option<&str>, message: String, repair: String) {
        let (slug, field) = (slug.to_owned(), field.map(str::to_owned));
        self.blockers.push(CatalogueBlocker { kind, slug, field, message, repair });
    }

    fn sizes(&mut self) {
        let (tracks, types) = (self.wanted.tracks.len(), self.wanted.types.len());
        if tracks > TRACKS_MAX {
            self.block("", Some("tracks"), format!("there are {tracks} tracks"), format!("have at most {TRACKS_MAX}"));
        }
        if types > TYPES_MAX {
            self.block(
                "",
                Some("types"),
                format!("there are {types} license types"),
                format!("have at most {TYPES_MAX}"),
            );
        }
    }

    fn texts(&mut self, slug: &str, name: &str, summary: &str) {
        let shaped = slug.starts_with(|c: char| c.is_ascii_lowercase())
            && slug.len() <= SLUG_MAX
            && slug.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        if !shaped {
            let repair = format!("begin with a small letter and use only a-z, 0-9 and -, at most {SLUG_MAX} of them");
            self.block(slug, Some("slug"), format!("`{slug}` can't stand in addresses"), repair);
        }
        if let Err(error) = Name::parse(name) {
            self.block(slug, Some("name"), format!("`{slug}` has no usable name"), error.to_string());
        } else if name.trim() != name {
            self.block(slug, Some("name"), format!("the name of `{slug}` has blanks around it"), "remove them");
        }
        if summary.chars().count() > SUMMARY_MAX {
            let repair = format!("shorten it to {SUMMARY_MAX} characters");
            self.block(slug, Some("summary"), format!("the summary of `{slug}` is too long"), repair);
        }
        if summary.chars().any(is_unprintable) {
            let message = format!("the summary of `{slug}` has control characters");
            self.block(slug, Some("summary"), message, "write it as one line");
        }
    }

    fn tracks(&mut self) {
        let (mut slugs, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for track in &self.wanted.tracks {
            self.texts(&track.slug, &track.name, &track.summary);
            if !slugs.insert(&track.slug) || !ids.insert(track.id) {
                let message = format!("there are two tracks `{}`", track.slug);
                self.block(&track.slug, Some("slug"), message, "give each a slug of its own");
            }
            let before = self.now.catalogue.track(track.id).map(|before| before.slug.clone());
            let same_name = self.now.catalogue.track_by_slug(&track.slug).map(|before| before.id);
            self.identity(&track.slug, before, same_name.is_some_and(|id| id != track.id));
        }
        if !slugs.contains(&VOICE.to_owned()) {
            let message = format!("there is no track `{VOICE}`, whose licenses bring phones to life");
            self.block_used(VOICE, None, message, "keep it");
        }
    }

    fn identity(&mut self, slug: &str, before: Option<String>, other: bool) {
        if let Some(before) = before.filter(|before| before != slug) {
            let message = format!("`{before}` would be called `{slug}`, and programs and files know it as `{before}`");
            self.block(slug, Some("slug"), message, "keep the slug and change the name");
        } else if other {
            let message = format!("`{slug}` is the slug of something else");
            self.block(slug, Some("slug"), message, "choose another");
        }
    }

    fn types(&mut self) {
        let (mut slugs, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for license in &self.wanted.types {
            let slug = &license.slug;
            self.texts(slug, &license.name, &license.summary);
            if !slugs.insert(slug) || !ids.insert(license.id) {
                self.block(slug, Some("slug"), format!("there are two types `{slug}`"), "give each a slug of its own");
            }
            let before = self.now.catalogue.license_type(license.id);
            let same_name = self.now.catalogue.license_type_by_slug(slug).map(|before| before.id);
            self.identity(slug, before.map(|before| before.slug.clone()), same_name.is_some_and(|id| id != license.id));
            if self.wanted.track(license.track_id).is_none() {
                let message = format!("the track of `{slug}` does not exist");
                self.block(slug, Some("track"), message, "choose one that does");
            }
            let usage = self.now.usage.of(license.id);
            if before.is_some_and(|before| before.track_id != license.track_id) && usage.held + usage.scheduled > 0 {
                let message = format!("`{slug}` can't go to another track: {}", in_use(usage));
                self.block_used(slug, Some("track"), message, "add a type to that track, and retire this one");
            }
            self.features(license);
            self.requirements(license);
        }
    }

    fn features(&mut self, license: &LicenseType) {
        let mut labels = BTreeSet::new();
        for feature in &license.features {
            if !labels.insert(feature.label()) {
                let message = format!("`{}` has {} twice", license.slug, feature.label());
                self.block(&license.slug, Some("features"), message, "keep one of them");
            }
            if feature.number() == Some(0) {
                let message = format!("`{}` has `{}`", license.slug, feature.code());
                self.block(&license.slug, Some("features"), message, "leave out what it does not give");
            }
        }
    }

    fn requirements(&mut self, license: &LicenseType) {
        let slug = &license.slug;
        if license.requirements.len() > REQUIREMENTS_MAX {
            let message = format!("`{slug}` has {} requirements", license.requirements.len());
            self.block(slug, Some("requires"), message, format!("have at most {REQUIREMENTS_MAX}"));
        }
        for (n, requirement) in license.requirements.iter().enumerate() {
            let wrong = match requirement {
                _ if license.requirements[..n].contains(requirement) => Some("has a requirement twice"),
                Requirement::Track(id) if *id == license.track_id => {
                    Some("requires its own track, of which a user holds one license")
                }
                Requirement::Track(id) if self.wanted.track(*id).is_none() => {
                    Some("requires a track that is not there")
                }
                Requirement::Type(id) if *id == license.id => Some("requires itself"),
                Requirement::Type(id) => match self.wanted.license_type(*id) {
                    None => Some("requires a type that is not there"),
                    Some(other) if other.track_id == license.track_id => {
                        Some("requires a type of its own track, of which a user holds one license")
                    }
                    Some(_) => None,
                },
                Requirement::LocationIn(countries) if countries.is_empty() => Some("allows no country at all"),
                _ => None,
            };
            if let Some(wrong) = wrong {
                self.block(slug, Some("requires"), format!("`{slug}` {wrong}"), "remove that requirement");
            }
        }
    }

    fn deleted(&mut self) {
        for license in &self.now.catalogue.types {
            let usage = self.now.usage.of(license.id);
            if self.wanted.license_type(license.id).is_some() || !usage.is_used() {
                continue;
            }
            let message = format!("{} can't be deleted: {}", license.name, in_use(usage));
            let repair = "retire it: those who hold it keep it, and nobody gets it anew";
            self.block_used(&license.slug, None, message, repair);
        }
        for track in &self.now.catalogue.tracks {
            if self.wanted.track(track.id).is_some() {
                continue;
            }
            let used = self.now.catalogue.types_of(track.id).find(|license| self.now.usage.of(license.id).is_used());
            let scheduled = self.now.usage.scheduled.get(&track.id).copied().unwrap_or_default();
            let why = match used {
                Some(license) => format!("{} is in use", license.name),
                None if scheduled > 0 => format!("{} wait in schedules", count(scheduled, "change")),
                None => continue,
            };
            let message = format!("the track {} can't be deleted: {why}", track.name);
            self.block_used(&track.slug, None, message, "keep the track, and retire its types");
        }
    }

    /// Whether each type could be held by somebody: what stays out waits for itself, by however many steps.
    fn attainable(&mut self) {
        let mut attained: BTreeSet<LicenseTypeId> = BTreeSet::new();
        loop {
            let met = |requirement: &Requirement| match requirement {
                Requirement::Type(id) => attained.contains(id),
                Requirement::Track(id) => self.wanted.types_of(*id).any(|license| attained.contains(&license.id)),
                _ => true,
            };
            let more = |license: &&LicenseType| !attained.contains(&license.id) && license.requirements.iter().all(met);
            let more: Vec<LicenseTypeId> = self.wanted.types.iter().filter(more).map(|license| license.id).collect();
            if more.is_empty() {
                break;
            }
            attained.extend(more);
        }
        for license in self.wanted.types.iter().filter(|license| !attained.contains(&license.id)) {
            let slug = &license.slug;
            if self.blockers.iter().any(|blocker| blocker.slug == *slug && blocker.field.as_deref() == Some("requires"))
            {
                continue;
            }
            let message = format!("nobody could hold `{slug}`: what it requires is missing or requires it in turn");
            self.block(slug, Some("requires"), message, "remove a requirement of the circle");
        }
    }
}

/// `12 users hold it, 20 seats are bought`
pub(super) fn in_use(usage: TypeUsage) -> String {
    let mut parts = Vec::new();
    if usage.held > 0 {
        let verb = if usage.held == 1 { "holds" } else { "hold" };
        parts.push(format!("{} {verb} it", count(usage.held, "user")));
    }
    if usage.bought > 0 {
        let be = if usage.bought == 1 { "is" } else { "are" };
        parts.push(format!("{} {be} bought", count(usage.bought, "seat")));
    }
    if usage.scheduled > 0 {
        let verb = if usage.scheduled == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {verb} in schedules", count(usage.scheduled, "change")));
    }
    parts.join(", ")
}
