//! The catalogue as a TOML file: what `lineside catalogue show` writes and `apply` reads.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::Spanned;
use uuid::Uuid;

use crate::catalogue::document::{Document, TrackDocument, TypeDocument};
use crate::field::FieldError;
use crate::license::Catalogue;

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
    let Document { tracks, types } = Document::from(catalogue);
    let file: File<String> = File {
        track: tracks.into_iter().map(FileTrack::from).collect(),
        types: types.into_iter().map(FileType::from).collect(),
    };
    toml::to_string(&file).unwrap_or_default()
}

/// What has a slug of the catalogue as it is now keeps its identifier; what is new gets one from `new_id`.
pub fn read(text: &str, now: &Catalogue, new_id: impl FnMut() -> Uuid) -> Result<Catalogue, FileError> {
    let file: File<Spanned<String>> = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        FileError { line, message: error.message().to_owned() }
    })?;
    let document = Document {
        tracks: file.track.iter().map(TrackDocument::from).collect(),
        types: file.types.iter().map(TypeDocument::from).collect(),
    };
    document.read(now, new_id).map_err(|errors| {
        let first = errors.0.into_iter().next();
        first.map_or_else(|| FileError { line: 1, message: String::new() }, |first| file.error(text, first))
    })
}

impl File<Spanned<String>> {
    /// The line of the field that an error of the document names.
    fn error(&self, text: &str, FieldError { field, message }: FieldError) -> FileError {
        let mut path = field.split('.');
        let (list, at, field) = (path.next(), number(path.next()), path.next());
        let license = at.and_then(|at| self.types.get(at)).filter(|_| list == Some("types"));
        let (named, message) = match license {
            Some(license) => {
                let nth = number(path.next()).unwrap_or_default();
                let named = match field {
                    Some("features") => license.features.get(nth),
                    Some("requires") => license.requires.get(nth),
                    Some("track") => Some(&license.track),
                    _ => Some(&license.slug),
                };
                let listed = matches!(field, Some("features" | "requires"));
                let slug = license.slug.get_ref();
                (named, if listed { format!("type `{slug}`: {message}") } else { message })
            }
            None => (at.and_then(|at| self.track.get(at)).map(|track| &track.slug), message),
        };
        FileError { line: named.map_or(1, |named| line_of(text, named.span().start)), message }
    }
}

fn number(part: Option<&str>) -> Option<usize> {
    part?.parse().ok()
}

impl From<TrackDocument> for FileTrack<String> {
    fn from(TrackDocument { slug, name, summary }: TrackDocument) -> Self {
        Self { slug, name, summary }
    }
}

impl From<TypeDocument> for FileType<String> {
    fn from(license: TypeDocument) -> Self {
        let TypeDocument { track, slug, name, summary, features, requires, retired } = license;
        Self { track, slug, name, summary, features, requires, retired }
    }
}

impl From<&FileTrack<Spanned<String>>> for TrackDocument {
    fn from(track: &FileTrack<Spanned<String>>) -> Self {
        Self { slug: track.slug.get_ref().clone(), name: track.name.clone(), summary: track.summary.clone() }
    }
}

impl From<&FileType<Spanned<String>>> for TypeDocument {
    fn from(license: &FileType<Spanned<String>>) -> Self {
        let texts = |codes: &[Spanned<String>]| codes.iter().map(|code| code.get_ref().clone()).collect();
        Self {
            track: license.track.get_ref().clone(),
            slug: license.slug.get_ref().clone(),
            name: license.name.clone(),
            summary: license.summary.clone(),
            features: texts(&license.features),
            requires: texts(&license.requires),
            retired: license.retired,
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
