//! The catalogue as it is sent and received: by slugs, features and requirements as files write them.

use lineside_model::catalogue::document::{Document, TrackDocument, TypeDocument};
use lineside_model::catalogue::{CatalogueNow, TypeUsage};
use lineside_model::license::{LicenseType, Track};
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{find_track, find_type};
use crate::etag::{Seen, Versioned};
use crate::problem::Problem;

/// The catalogue as a whole. `tracks` and `types`, changed, are what `PUT` takes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorCatalogue)]
pub struct OperatorCatalogueView {
    version: i64,
    tracks: Vec<TrackBody>,
    types: Vec<TypeBody>,
    /// What hangs on each type.
    usage: Vec<UsageView>,
}

/// A user holds at most one license of each track.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueTrack)]
pub struct TrackBody {
    /// Small letters, digits and hyphens. It stays for ever: what has another slug is another track.
    #[schema(example = "fax")]
    pub slug: String,
    #[schema(example = "Fax")]
    pub name: String,
    #[serde(default)]
    #[schema(example = "paper, sent over a line")]
    pub summary: String,
}

/// One type of license.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueType)]
pub struct TypeBody {
    /// The track's slug.
    #[schema(example = "voice")]
    pub track: String,
    /// Small letters, digits and hyphens. It stays for ever: what has another slug is another type.
    #[schema(example = "call-center")]
    pub slug: String,
    #[schema(example = "Call center")]
    pub name: String,
    #[serde(default)]
    #[schema(example = "Recorded calls and their analysis")]
    pub summary: String,
    /// Such as `voicemail` or `devices:5`.
    #[serde(default)]
    #[schema(example = json!(["voice", "external-calls", "devices:5", "call-recording"]))]
    pub features: Vec<String>,
    /// `number:landline`, `track:SLUG`, `type:SLUG`, `e911` or `location:US,CA`.
    #[serde(default)]
    #[schema(example = json!(["number:landline", "location:US,CA"]))]
    pub requires: Vec<String>,
    /// Stays with those who hold it, and can't be assigned anew.
    #[serde(default)]
    pub retired: bool,
}

/// How much hangs on a type, over all accounts. While anything does, it can be retired and not deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TypeUsage)]
pub struct UsageView {
    /// The type's slug.
    #[schema(example = "business")]
    license_type: String,
    /// Users who hold it.
    held: i64,
    /// Seats that accounts bought.
    bought: i64,
    /// Entries of schedules that name it.
    scheduled: i64,
}

/// A track, with the version of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorTrack)]
pub struct OperatorTrackView {
    id: Uuid,
    /// The catalogue's: it has one for all of it.
    version: i64,
    #[schema(example = "voice")]
    slug: String,
    #[schema(example = "Voice")]
    name: String,
    summary: String,
    /// The slugs of its types, in their order.
    types: Vec<String>,
}

/// A license type, with the version of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorLicenseType)]
pub struct OperatorTypeView {
    id: Uuid,
    /// The catalogue's: it has one for all of it.
    version: i64,
    /// The track's slug.
    #[schema(example = "voice")]
    track: String,
    #[schema(example = "business")]
    slug: String,
    #[schema(example = "Business")]
    name: String,
    summary: String,
    /// Such as `voicemail` or `devices:5`.
    features: Vec<String>,
    /// `number:landline`, `track:SLUG`, `type:SLUG`, `e911` or `location:US,CA`.
    requires: Vec<String>,
    retired: bool,
    usage: UsageView,
}

impl Versioned for OperatorCatalogueView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: Uuid::nil(), version: self.version })
    }
}

impl Versioned for OperatorTrackView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

impl Versioned for OperatorTypeView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

pub async fn shown(service: &Service, caller: &Caller) -> Result<OperatorCatalogueView, Problem> {
    Ok(OperatorCatalogueView::of(&service.catalogue_now(caller).await?))
}

pub async fn shown_track(service: &Service, caller: &Caller, track: &str) -> Result<OperatorTrackView, Problem> {
    let now = service.catalogue_now(caller).await?;
    Ok(OperatorTrackView::of(&now, find_track(&now.catalogue, track)?))
}

pub async fn shown_type(service: &Service, caller: &Caller, license: &str) -> Result<OperatorTypeView, Problem> {
    let now = service.catalogue_now(caller).await?;
    Ok(OperatorTypeView::of(&now, find_type(&now.catalogue, license)?))
}

impl OperatorCatalogueView {
    fn of(now: &CatalogueNow) -> Self {
        let Document { tracks, types } = Document::from(&now.catalogue);
        let used = |license: &LicenseType| UsageView::of(&license.slug, now.usage.of(license.id));
        Self {
            version: now.version,
            tracks: tracks.into_iter().map(TrackBody::from).collect(),
            types: types.into_iter().map(TypeBody::from).collect(),
            usage: now.catalogue.types.iter().map(used).collect(),
        }
    }
}

impl OperatorTrackView {
    fn of(now: &CatalogueNow, track: &Track) -> Self {
        let types = now.catalogue.types_of(track.id);
        Self {
            id: track.id.0,
            version: now.version,
            slug: track.slug.clone(),
            name: track.name.clone(),
            summary: track.summary.clone(),
            types: types.map(|license| license.slug.clone()).collect(),
        }
    }
}

impl OperatorTypeView {
    fn of(now: &CatalogueNow, license: &LicenseType) -> Self {
        let usage = UsageView::of(&license.slug, now.usage.of(license.id));
        let TypeDocument { track, slug, name, summary, features, requires, retired } =
            TypeDocument::of(&now.catalogue, license);
        let (id, version) = (license.id.0, now.version);
        Self { id, version, track, slug, name, summary, features, requires, retired, usage }
    }
}

impl UsageView {
    fn of(slug: &str, TypeUsage { held, bought, scheduled }: TypeUsage) -> Self {
        Self { license_type: slug.to_owned(), held, bought, scheduled }
    }
}

impl From<TrackDocument> for TrackBody {
    fn from(TrackDocument { slug, name, summary }: TrackDocument) -> Self {
        Self { slug, name, summary }
    }
}

impl From<TypeDocument> for TypeBody {
    fn from(license: TypeDocument) -> Self {
        let TypeDocument { track, slug, name, summary, features, requires, retired } = license;
        Self { track, slug, name, summary, features, requires, retired }
    }
}

/// Blanks around a name are nobody's intention.
impl From<TrackBody> for TrackDocument {
    fn from(TrackBody { slug, name, summary }: TrackBody) -> Self {
        Self { slug, name: name.trim().to_owned(), summary: summary.trim().to_owned() }
    }
}

impl From<TypeBody> for TypeDocument {
    fn from(license: TypeBody) -> Self {
        let TypeBody { track, slug, name, summary, features, requires, retired } = license;
        let (name, summary) = (name.trim().to_owned(), summary.trim().to_owned());
        Self { track, slug, name, summary, features, requires, retired }
    }
}
