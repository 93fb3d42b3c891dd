//! The catalogue by slugs, as files and the API write it: tracks and types of texts, read together so that they may name
//! each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::Country;
use crate::field::FieldErrors;
use crate::id::{LicenseTypeId, TrackId};
use crate::license::{Catalogue, Feature, LicenseType, Requirement, Track};
use crate::phone_number::NumberKind;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Document {
    pub tracks: Vec<TrackDocument>,
    pub types: Vec<TypeDocument>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrackDocument {
    pub slug: String,
    pub name: String,
    pub summary: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TypeDocument {
    /// The track's slug.
    pub track: String,
    pub slug: String,
    pub name: String,
    pub summary: String,
    /// Such as `devices:5`.
    pub features: Vec<String>,
    /// Such as `number:landline`.
    pub requires: Vec<String>,
    pub retired: bool,
}

impl From<&Catalogue> for Document {
    fn from(catalogue: &Catalogue) -> Self {
        let catalogue = catalogue.clone().in_order();
        Self {
            tracks: catalogue.tracks.iter().map(TrackDocument::from).collect(),
            types: catalogue.types.iter().map(|license| TypeDocument::of(&catalogue, license)).collect(),
        }
    }
}

impl From<&Track> for TrackDocument {
    fn from(track: &Track) -> Self {
        Self { slug: track.slug.clone(), name: track.name.clone(), summary: track.summary.clone() }
    }
}

impl TypeDocument {
    pub fn of(catalogue: &Catalogue, license: &LicenseType) -> Self {
        let track = catalogue.track(license.track_id).map(|track| track.slug.clone());
        Self {
            track: track.unwrap_or_default(),
            slug: license.slug.clone(),
            name: license.name.clone(),
            summary: license.summary.clone(),
            features: license.features.iter().map(|feature| feature.code()).collect(),
            requires: license.requirements.iter().map(|of| requirement_code(catalogue, of)).collect(),
            retired: license.retired,
        }
    }
}

impl Document {
    /// What has a slug of the catalogue as it is now keeps its identifier; what is new gets one from `new_id`. Errors name
    /// the field by its path, such as `types.3.requires.0`.
    pub fn read(&self, now: &Catalogue, mut new_id: impl FnMut() -> Uuid) -> Result<Catalogue, FieldErrors> {
        let mut slugs = Slugs::default();
        for (n, track) in self.tracks.iter().enumerate() {
            let id = now.track_by_slug(&track.slug).map_or_else(|| TrackId(new_id()), |known| known.id);
            if slugs.tracks.insert(&track.slug, id).is_some() {
                let message = format!("a second track `{}`; give it a slug of its own", track.slug);
                slugs.errors.push(&format!("tracks.{n}.slug"), message);
            }
        }
        for (n, license) in self.types.iter().enumerate() {
            let known = now.license_type_by_slug(&license.slug);
            let id = known.map_or_else(|| LicenseTypeId(new_id()), |known| known.id);
            if slugs.types.insert(&license.slug, id).is_some() {
                let message = format!("a second type `{}`; give it a slug of its own", license.slug);
                slugs.errors.push(&format!("types.{n}.slug"), message);
            }
        }
        let tracks = self.tracks.iter().filter_map(|track| slugs.track(track)).collect();
        let types = self.types.iter().enumerate().filter_map(|(n, license)| slugs.license(n, license)).collect();
        slugs.errors.into_result(Some(Catalogue { tracks, types }.in_order()))
    }
}

/// Who has which slug.
#[derive(Default)]
struct Slugs<'a> {
    tracks: BTreeMap<&'a str, TrackId>,
    types: BTreeMap<&'a str, LicenseTypeId>,
    errors: FieldErrors,
}

impl Slugs<'_> {
    fn track(&self, track: &TrackDocument) -> Option<Track> {
        let id = self.tracks.get(track.slug.as_str()).copied()?;
        Some(Track { id, slug: track.slug.clone(), name: track.name.clone(), summary: track.summary.clone() })
    }

    fn license(&mut self, n: usize, license: &TypeDocument) -> Option<LicenseType> {
        let track_id = self.tracks.get(license.track.as_str()).copied();
        if track_id.is_none() {
            let known = self.tracks.keys().copied().collect::<Vec<_>>().join(", ");
            let message = format!("there is no track `{}`; the tracks here are {known}", license.track);
            self.errors.push(&format!("types.{n}.track"), message);
        }
        let features = license.features.iter().map(|code| Feature::from_code(code)).collect();
        let features = self.all(&format!("types.{n}.features"), features);
        let requirements = license.requires.iter().map(|code| self.requirement(code)).collect();
        let requirements = self.all(&format!("types.{n}.requires"), requirements);
        Some(LicenseType {
            id: self.types.get(license.slug.as_str()).copied()?,
            track_id: track_id?,
            slug: license.slug.clone(),
            name: license.name.clone(),
            summary: license.summary.clone(),
            features,
            requirements,
            retired: license.retired,
        })
    }

    fn all<T>(&mut self, field: &str, read: Vec<Result<T, String>>) -> Vec<T> {
        let one = |(n, read): (usize, Result<T, String>)| self.errors.take(&format!("{field}.{n}"), read);
        read.into_iter().enumerate().filter_map(one).collect()
    }

    fn requirement(&self, code: &str) -> Result<Requirement, String> {
        let (kind, of) = code.split_once(':').unwrap_or((code, ""));
        match kind {
            "e911" if of.is_empty() => Ok(Requirement::E911Confirmed),
            "number" => NumberKind::parse(of)
                .map(Requirement::Number)
                .ok_or_else(|| format!("`{code}`: write `number:landline` or `number:mobile`")),
            "track" => {
                let known = self.tracks.get(of).copied().map(Requirement::Track);
                known.ok_or_else(|| format!("`{code}`: there is no track `{of}` here; add it or correct the slug"))
            }
            "type" => {
                let known = self.types.get(of).copied().map(Requirement::Type);
                known.ok_or_else(|| format!("`{code}`: there is no type `{of}` here; add it or correct the slug"))
            }
            "location" => countries(of).map(Requirement::LocationIn).map_err(|said| format!("`{code}`: {said}")),
            _ => Err(format!(
                "`{code}` is no requirement; write number:KIND, track:SLUG, type:SLUG, e911 or location:US,CA"
            )),
        }
    }
}

/// `US, CA`
pub fn countries(text: &str) -> Result<Vec<Country>, &'static str> {
    text.split(',').map(Country::parse).collect()
}

/// Such as `type:business`.
pub fn requirement_code(catalogue: &Catalogue, requirement: &Requirement) -> String {
    match requirement {
        Requirement::Number(kind) => format!("number:{kind}"),
        Requirement::Track(id) => {
            format!("track:{}", catalogue.track(*id).map(|track| track.slug.as_str()).unwrap_or_default())
        }
        Requirement::Type(id) => {
            format!("type:{}", catalogue.license_type(*id).map(|license| license.slug.as_str()).unwrap_or_default())
        }
        Requirement::E911Confirmed => "e911".to_owned(),
        Requirement::LocationIn(countries) => {
            let countries: Vec<&str> = countries.iter().map(Country::as_str).collect();
            format!("location:{}", countries.join(","))
        }
    }
}
