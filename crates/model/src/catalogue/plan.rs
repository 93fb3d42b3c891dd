//! What is added, changed, retired, moved and deleted, in words.

use std::collections::BTreeSet;

use crate::catalogue::check::Check;
use crate::catalogue::document::requirement_code;
use crate::catalogue::{
    CatalogueAction, CatalogueNow, CataloguePlan, CatalogueRecord, CatalogueStep, TypeUsage, count,
};
use crate::license::{Catalogue, Feature, LicenseType, Requirement, Track};
use crate::plan::FieldChange;

/// A pure function of the catalogue now with its use, and the catalogue that is wanted.
pub fn plan(now: &CatalogueNow, wanted: &Catalogue) -> CataloguePlan {
    let blockers = Check { now, wanted, blockers: Vec::new() }.all();
    let mut draft = Draft { now, wanted, steps: Vec::new(), warnings: Vec::new() };
    draft.tracks();
    draft.types();
    draft.order();
    draft.requirements_of_retired();
    let Draft { steps, warnings, .. } = draft;
    CataloguePlan { summary: summary(&steps), steps, blockers, warnings }
}

struct Draft<'a> {
    now: &'a CatalogueNow,
    wanted: &'a Catalogue,
    steps: Vec<CatalogueStep>,
    warnings: Vec<String>,
}

impl Draft<'_> {
    fn step(&mut self, action: CatalogueAction, record: CatalogueRecord, title: String, changes: Vec<FieldChange>) {
        self.steps.push(CatalogueStep { action, record: Some(record), title, changes });
    }

    fn tracks(&mut self) {
        let before = &self.now.catalogue;
        for track in &self.wanted.tracks {
            let (record, title) = (CatalogueRecord::Track(track.id), format!("track {}", track.name));
            match before.track(track.id) {
                None => self.step(CatalogueAction::Add, record, title, differences(&[], &fields_of_track(track))),
                Some(old) => {
                    let changes = differences(&fields_of_track(old), &fields_of_track(track));
                    if !changes.is_empty() {
                        self.step(CatalogueAction::Change, record, title, changes);
                    }
                }
            }
        }
        for track in before.tracks.iter().filter(|track| self.wanted.track(track.id).is_none()) {
            let changes = differences(&fields_of_track(track), &[]);
            let record = CatalogueRecord::Track(track.id);
            self.step(CatalogueAction::Delete, record, format!("track {}", track.name), changes);
        }
    }

    fn types(&mut self) {
        let before = &self.now.catalogue;
        for license in &self.wanted.types {
            let (title, fields) = (format!("license type {}", license.name), fields_of_type(self.wanted, license));
            let record = CatalogueRecord::LicenseType(license.id);
            let Some(old) = before.license_type(license.id) else {
                self.step(CatalogueAction::Add, record, title, differences(&[], &fields));
                continue;
            };
            let changes = differences(&fields_of_type(before, old), &fields);
            if changes.is_empty() {
                continue;
            }
            let action = match (old.retired, license.retired) {
                (false, true) => CatalogueAction::Retire,
                (true, false) => CatalogueAction::BringBack,
                _ => CatalogueAction::Change,
            };
            self.step(action, record, title, changes);
            self.warn_of(old, license);
        }
        for license in before.types.iter().filter(|license| self.wanted.license_type(license.id).is_none()) {
            let changes = differences(&fields_of_type(before, license), &[]);
            let record = CatalogueRecord::LicenseType(license.id);
            self.step(CatalogueAction::Delete, record, format!("license type {}", license.name), changes);
        }
    }

    fn warn_of(&mut self, old: &LicenseType, new: &LicenseType) {
        let (name, usage) = (&new.name, self.now.usage.of(old.id));
        for feature in &old.features {
            let left = new.features.iter().find(|other| other.label() == feature.label());
            match left {
                None if usage.held > 0 => {
                    self.warnings.push(format!("{} of {name} lose {}", count(usage.held, "user"), feature.label()));
                }
                Some(left) if less(*left, *feature) && usage.held > 0 => self.warnings.push(format!(
                    "{} of {name} have less of {}: {} in place of {}",
                    count(usage.held, "user"),
                    feature.label(),
                    left.amount(),
                    feature.amount()
                )),
                _ => {}
            }
        }
        let tightened = |requirement: &&Requirement| match requirement {
            Requirement::LocationIn(countries) => !old.requirements.iter().any(|before| match before {
                Requirement::LocationIn(before) => before.iter().all(|country| countries.contains(country)),
                _ => false,
            }),
            requirement => !old.requirements.contains(requirement),
        };
        let new_ones: Vec<String> =
            new.requirements.iter().filter(tightened).map(|of| requirement_words(self.wanted, of)).collect();
        if !new_ones.is_empty() && (usage.held > 0 || usage.scheduled > 0) {
            let needed = new_ones.join(", ");
            self.warnings.push(format!("{name} requires {needed} from now on: {}", keep(usage)));
        }
        if new.retired && !old.retired && usage.scheduled > 0 {
            let entries = count(usage.scheduled, "scheduled assignment");
            self.warnings.push(format!("{entries} of {name} would fail: they show it as their conflict"));
        }
        if new.retired && !old.retired && usage.bought > usage.held {
            let seats = count(usage.bought - usage.held, "free seat");
            self.warnings.push(format!("{seats} of {name} can't be given to anybody any more"));
        }
    }

    /// What is left of one list in another order.
    fn order(&mut self) {
        let (before, after) = (&self.now.catalogue, self.wanted);
        let old: Vec<&Track> = before.tracks.iter().filter(|track| after.track(track.id).is_some()).collect();
        let new: Vec<&Track> = after.tracks.iter().filter(|track| before.track(track.id).is_some()).collect();
        if old.iter().map(|track| track.id).ne(new.iter().map(|track| track.id)) {
            let change = moved(old.iter().map(|track| &track.name), new.iter().map(|track| &track.name));
            self.step(CatalogueAction::Move, CatalogueRecord::Order(None), "tracks".to_owned(), vec![change]);
        }
        for track in &after.tracks {
            let stays = |license: &&LicenseType| {
                let (was, is) = (before.license_type(license.id), after.license_type(license.id));
                was.is_some_and(|was| was.track_id == track.id) && is.is_some_and(|is| is.track_id == track.id)
            };
            let old: Vec<&LicenseType> = before.types.iter().filter(stays).collect();
            let new: Vec<&LicenseType> = after.types.iter().filter(stays).collect();
            if old.iter().map(|license| license.id).ne(new.iter().map(|license| license.id)) {
                let change = moved(old.iter().map(|license| &license.name), new.iter().map(|license| &license.name));
                let record = CatalogueRecord::Order(Some(track.id));
                self.step(CatalogueAction::Move, record, format!("license types of {}", track.name), vec![change]);
            }
        }
        self.warn_of_order();
    }

    /// Entries of one date are carried out in the order of tracks, so what is required has to come first.
    fn warn_of_order(&mut self) {
        let mut told = BTreeSet::new();
        for license in &self.wanted.types {
            for requirement in &license.requirements {
                let track = match requirement {
                    Requirement::Track(id) => Some(*id),
                    Requirement::Type(id) => self.wanted.license_type(*id).map(|other| other.track_id),
                    _ => None,
                };
                let Some(track) = track.and_then(|id| self.wanted.track(id)) else { continue };
                let late = self.wanted.position(track.id) > self.wanted.position(license.track_id);
                if late && told.insert((license.track_id, track.id)) {
                    self.warnings.push(format!(
                        "{} requires a license of {}, which comes after it: scheduled for one date, it would fail; put {} \
                         first",
                        license.name, track.name, track.name
                    ));
                }
            }
        }
    }

    fn requirements_of_retired(&mut self) {
        for license in self.wanted.types.iter().filter(|license| !license.retired) {
            for requirement in &license.requirements {
                let Requirement::Type(id) = requirement else { continue };
                let Some(needed) = self.wanted.license_type(*id).filter(|needed| needed.retired) else { continue };
                let message =
                    format!("{} requires {}, which is retired: nobody new can get it", license.name, needed.name);
                self.warnings.push(message);
            }
        }
    }
}

fn keep(usage: TypeUsage) -> String {
    let mut parts = Vec::new();
    match usage.held {
        0 => {}
        1 => parts.push("1 user who holds it keeps it".to_owned()),
        held => parts.push(format!("{held} users who hold it keep it")),
    }
    match usage.scheduled {
        0 => {}
        1 => parts.push("1 scheduled assignment is looked at anew".to_owned()),
        scheduled => parts.push(format!("{scheduled} scheduled assignments are looked at anew")),
    }
    parts.join(", ")
}

fn less(new: Feature, old: Feature) -> bool {
    match (new, old) {
        (Feature::MobileData(_), Feature::UnlimitedMobileData) => true,
        (Feature::UnlimitedMobileData, _) => false,
        (new, old) => new.number() < old.number(),
    }
}

fn moved<'a>(before: impl Iterator<Item = &'a String>, after: impl Iterator<Item = &'a String>) -> FieldChange {
    let list = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>().join(", ");
    FieldChange { field: "order".to_owned(), before: list(before.collect()), after: list(after.collect()) }
}

type Fields = Vec<(&'static str, String)>;

fn fields_of_track(track: &Track) -> Fields {
    vec![("slug", track.slug.clone()), ("name", track.name.clone()), ("summary", track.summary.clone())]
}

fn fields_of_type(catalogue: &Catalogue, license: &LicenseType) -> Fields {
    let track = catalogue.track(license.track_id).map(|track| track.name.clone());
    let features: Vec<String> = license.features.iter().map(|feature| feature_words(*feature)).collect();
    let requires: Vec<String> =
        license.requirements.iter().map(|requirement| requirement_words(catalogue, requirement)).collect();
    vec![
        ("slug", license.slug.clone()),
        ("track", track.unwrap_or_default()),
        ("name", license.name.clone()),
        ("summary", license.summary.clone()),
        ("features", features.join(", ")),
        ("requires", requires.join(", ")),
        ("retired", if license.retired { "yes".to_owned() } else { String::new() }),
    ]
}

fn feature_words(feature: Feature) -> String {
    match feature.amount().as_str() {
        "yes" => feature.label().to_owned(),
        amount => format!("{} {amount}", feature.label()),
    }
}

fn requirement_words(catalogue: &Catalogue, requirement: &Requirement) -> String {
    match requirement {
        Requirement::Number(kind) => format!("a {kind} number"),
        Requirement::Track(id) => {
            let track = catalogue.track(*id).map(|track| track.name.as_str());
            format!("an active {} license", track.unwrap_or("missing"))
        }
        Requirement::Type(id) => {
            catalogue.license_type(*id).map_or_else(|| requirement_code(catalogue, requirement), |of| of.name.clone())
        }
        Requirement::E911Confirmed => "a confirmed E911 address".to_owned(),
        Requirement::LocationIn(countries) => {
            let countries: Vec<&str> = countries.iter().map(crate::address::Country::as_str).collect();
            format!("a location in {}", countries.join(", "))
        }
    }
}

fn differences(before: &[(&'static str, String)], after: &[(&'static str, String)]) -> Vec<FieldChange> {
    let names = if after.is_empty() { before } else { after };
    let of = |fields: &[(&'static str, String)], name: &str| {
        fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let change = |(name, _): &(&'static str, String)| FieldChange {
        field: (*name).to_owned(),
        before: of(before, name),
        after: of(after, name),
    };
    names.iter().map(change).filter(|change| change.before != change.after).collect()
}

/// Steps that a summary names.
const NAMED: usize = 3;

fn summary(steps: &[CatalogueStep]) -> String {
    let word = |step: &CatalogueStep| format!("{} {}", step.action.verb().to_ascii_lowercase(), step.title);
    let named: Vec<String> = steps.iter().take(NAMED).map(word).collect();
    let all = match steps.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    };
    let mut letters = all.chars();
    letters.next().map_or_else(|| "Nothing changes".to_owned(), |first| first.to_uppercase().chain(letters).collect())
}
