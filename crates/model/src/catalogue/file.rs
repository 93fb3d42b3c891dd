//! The catalogue as a TOML file, by slugs: what `lineside catalogue show` writes and `apply` reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::Spanned;
use uuid::Uuid;

use crate::address::Country;
use crate::id::{LicenseTypeId, TrackId};
use crate::license::{Catalogue, Feature, LicenseType, Requirement, Track};
use crate::phone_number::NumberKind;

/// Where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct FileError {
    pub line: usize,
    pub message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<T> {
    #[serde(default = "Vec::new")]
    track: Vec<FileTrack<T>>,
    #[serde(rename = "type", default = "Vec::new")]
    types: Vec<FileType<T>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTrack<T> {
    slug: T,
    name: String,
    #[serde(default)]
    summary: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileType<T> {
    track: T,
    slug: T,
    name: String,
    #[serde(default)]
    summary: String,
    #[serde(default = "Vec::new")]
    features: Vec<T>,
    #[serde(default = "Vec::new")]
    requires: Vec<T>,
    #[serde(default)]
    retired: bool,
}

/// As a file that [`read`] makes the same catalogue of.
pub fn write(catalogue: &Catalogue) -> String {
    let catalogue = catalogue.clone().in_order();
    let file = File {
        track: catalogue.tracks.iter().map(FileTrack::from).collect(),
        types: catalogue.types.iter().map(|license| FileType::of(&catalogue, license)).collect(),
    };
    toml::to_string(&file).unwrap_or_default()
}

/// What has a slug of the catalogue as it is now keeps its identifier; what is new gets one from `new_id`.
pub fn read(text: &str, now: &Catalogue, mut new_id: impl FnMut() -> Uuid) -> Result<Catalogue, FileError> {
    let file: File<Spanned<String>> = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        FileError { line, message: error.message().to_owned() }
    })?;
    let mut slugs = Slugs { text, tracks: BTreeMap::new(), types: BTreeMap::new() };
    for track in &file.track {
        let id = now.track_by_slug(track.slug.get_ref()).map_or_else(|| TrackId(new_id()), |known| known.id);
        slugs.add_track(&track.slug, id)?;
    }
    for license in &file.types {
        let known = now.license_type_by_slug(license.slug.get_ref());
        let id = known.map_or_else(|| LicenseTypeId(new_id()), |known| known.id);
        slugs.add_type(&license.slug, id)?;
    }
    let track = |track: &FileTrack<Spanned<String>>| {
        Ok(Track {
            id: slugs.track(&track.slug)?,
            slug: track.slug.get_ref().clone(),
            name: track.name.clone(),
            summary: track.summary.clone(),
        })
    };
    let tracks = file.track.iter().map(track).collect::<Result<_, FileError>>()?;
    let types = file.types.iter().map(|license| slugs.license(license)).collect::<Result<_, _>>()?;
    Ok(Catalogue { tracks, types }.in_order())
}

struct Slugs<'a> {
    text: &'a str,
    tracks: BTreeMap<String, TrackId>,
    types: BTreeMap<String, LicenseTypeId>,
}

impl Slugs<'_> {
    fn error<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> FileError {
        FileError { line: line_of(self.text, at.span().start), message: message.into() }
    }

    fn add_track(&mut self, slug: &Spanned<String>, id: TrackId) -> Result<(), FileError> {
        match self.tracks.insert(slug.get_ref().clone(), id) {
            Some(_) => Err(self.error(slug, format!("a second track `{}`; give it a slug of its own", slug.get_ref()))),
            None => Ok(()),
        }
    }

    fn add_type(&mut self, slug: &Spanned<String>, id: LicenseTypeId) -> Result<(), FileError> {
        match self.types.insert(slug.get_ref().clone(), id) {
            Some(_) => Err(self.error(slug, format!("a second type `{}`; give it a slug of its own", slug.get_ref()))),
            None => Ok(()),
        }
    }

    fn track(&self, slug: &Spanned<String>) -> Result<TrackId, FileError> {
        self.tracks.get(slug.get_ref()).copied().ok_or_else(|| {
            let known = self.tracks.keys().cloned().collect::<Vec<_>>().join(", ");
            self.error(slug, format!("there is no track `{}`; the tracks of this file are {known}", slug.get_ref()))
        })
    }

    fn license(&self, license: &FileType<Spanned<String>>) -> Result<LicenseType, FileError> {
        let slug = license.slug.get_ref();
        let feature = |code: &Spanned<String>| {
            Feature::from_code(code.get_ref()).map_err(|said| self.error(code, format!("type `{slug}`: {said}")))
        };
        let requirement = |code: &Spanned<String>| {
            self.requirement(code.get_ref()).map_err(|said| self.error(code, format!("type `{slug}`: {said}")))
        };
        let id = self.types.get(slug).copied();
        Ok(LicenseType {
            id: id.unwrap_or_else(|| LicenseTypeId(Uuid::nil())),
            track_id: self.track(&license.track)?,
            slug: slug.clone(),
            name: license.name.clone(),
            summary: license.summary.clone(),
            features: license.features.iter().map(feature).collect::<Result<_, _>>()?,
            requirements: license.requires.iter().map(requirement).collect::<Result<_, _>>()?,
            retired: license.retired,
        })
    }

    fn requirement(&self, code: &str) -> Result<Requirement, String> {
        let (kind, of) = code.split_once(':').unwrap_or((code, ""));
        match kind {
            "e911" if of.is_empty() => Ok(Requirement::E911Confirmed),
            "number" => NumberKind::parse(of)
                .map(Requirement::Number)
                .ok_or_else(|| format!("`{code}`: write `number:landline` or `number:mobile`")),
            "track" => {
                self.tracks.get(of).copied().map(Requirement::Track).ok_or_else(|| {
                    format!("`{code}`: there is no track `{of}` in this file; add it or correct the slug")
                })
            }
            "type" => {
                self.types.get(of).copied().map(Requirement::Type).ok_or_else(|| {
                    format!("`{code}`: there is no type `{of}` in this file; add it or correct the slug")
                })
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

impl From<&Track> for FileTrack<String> {
    fn from(track: &Track) -> Self {
        Self { slug: track.slug.clone(), name: track.name.clone(), summary: track.summary.clone() }
    }
}

impl FileType<String> {
    fn of(catalogue: &Catalogue, license: &LicenseType) -> Self {
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

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
