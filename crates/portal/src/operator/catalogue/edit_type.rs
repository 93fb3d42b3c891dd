//! A license type: its name, what it gives, what it requires; a new type.

use askama::Template;
use lineside_model::catalogue::code::{FEATURES, FeatureKind};
use lineside_model::catalogue::{self, CatalogueNow, document};
use lineside_model::field::FieldErrors;
use lineside_model::id::LicenseTypeId;
use lineside_model::license::{Catalogue, Feature, LicenseType, Requirement};
use lineside_model::phone_number::NumberKind;

use super::review::ask;
use super::{STALE, find_type};
use crate::control::{Choice, Control};
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::TextPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

const ADD: &str = "/operator/catalogue/add-type";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(ADD, Access::Operator, open_new),
        Route::post(ADD, Access::Operator, add),
        Route::get("/operator/catalogue/types/{type}", Access::Operator, open),
        Route::post("/operator/catalogue/types/{type}", Access::Operator, edit),
    ]
}

#[derive(Template)]
#[template(path = "operator/catalogue/type.html")]
struct TypePage {
    frame: Frame,
    form: Form,
    tracks: Vec<Choice>,
    features: Vec<Control>,
    requirements: Vec<Control>,
    /// `None`: a new one.
    license: Option<LicenseType>,
    used: bool,
}

impl TypePage {
    async fn new(
        visitor: &Visitor,
        now: &CatalogueNow,
        form: Form,
        license: Option<&LicenseType>,
    ) -> Result<Self, PageError> {
        let title = license.map_or("Add license type", |license| license.name.as_str());
        Ok(Self {
            frame: visitor.frame(title).await?,
            tracks: now.catalogue.tracks.iter().map(|track| Choice::new(&track.slug, &track.name)).collect(),
            features: FEATURES.iter().map(|kind| feature_control(&form, *kind)).collect(),
            requirements: requirement_controls(&form, &now.catalogue, license),
            license: license.cloned(),
            used: license.is_some_and(|license| now.usage.of(license.id).is_used()),
            form,
        })
    }
}

fn feature_control(form: &Form, kind: FeatureKind) -> Control {
    let name = format!("feature.{}", kind.code);
    match kind.amount {
        Some(most) => form.text(&name, kind.label()).digits().max(5).hint(format!("1 to {most}; empty: none")),
        None => form.tick(&name, kind.label()),
    }
}

fn requirement_controls(form: &Form, catalogue: &Catalogue, license: Option<&LicenseType>) -> Vec<Control> {
    let numbers =
        NumberKind::ALL.map(|kind| form.tick(&format!("requires.number.{kind}"), &format!("A {kind} number")));
    let others = |track| license.is_none_or(|license| license.track_id != track);
    let tracks = catalogue.tracks.iter().filter(|track| others(track.id)).map(|track| {
        form.tick(&format!("requires.track.{}", track.slug), &format!("An active {} license", track.name))
    });
    let types = catalogue
        .types
        .iter()
        .filter(|other| others(other.track_id))
        .map(|other| form.tick(&format!("requires.type.{}", other.slug), &format!("{} itself", other.name)));
    let e911 = form.tick("requires.e911", "A confirmed E911 address");
    let countries = form
        .text("requires.location", "A location in one of these countries")
        .max(1000)
        .hint("Two letters each, such as US, CA; empty: anywhere");
    numbers.into_iter().chain([e911]).chain(tracks).chain(types).chain([countries]).collect()
}

/// The form's fields as the type has them.
fn filled(mut form: Form, catalogue: &Catalogue, license: &LicenseType) -> Form {
    let track = catalogue.track(license.track_id).map(|track| track.slug.clone()).unwrap_or_default();
    form = form.with("track", track).with("name", &license.name).with("summary", &license.summary);
    for feature in &license.features {
        let value = feature.number().map_or_else(|| "on".to_owned(), |number| number.to_string());
        form = form.with(&format!("feature.{}", feature.kind().code), value);
    }
    for requirement in &license.requirements {
        let code = document::requirement_code(catalogue, requirement);
        let (kind, of) = code.split_once(':').unwrap_or((code.as_str(), ""));
        form = match kind {
            "location" => form.with("requires.location", of),
            "e911" => form.with("requires.e911", "on"),
            _ => form.with(&format!("requires.{kind}.{of}"), "on"),
        };
    }
    form
}

/// What was sent, laid over the type.
fn read(data: &FormData, catalogue: &Catalogue, before: &LicenseType) -> (LicenseType, FieldErrors) {
    let mut errors = FieldErrors::default();
    let text = |name: &str| data.text(name).trim().to_owned();
    let track_id = catalogue.track_by_slug(&text("track")).map(|track| track.id);
    if track_id.is_none() {
        errors.push("track", "choose a track");
    }
    let mut license = LicenseType {
        track_id: track_id.unwrap_or(before.track_id),
        name: text("name"),
        summary: text("summary"),
        features: features(data, &mut errors),
        requirements: requirements(data, catalogue, &mut errors),
        ..before.clone()
    };
    // What stays keeps its place.
    let place = |feature: &Feature| before.features.iter().position(|old| old.kind() == feature.kind());
    license.features.sort_by_key(|feature| place(feature).unwrap_or(usize::MAX));
    let same = |old: &Requirement, new: &Requirement| {
        let location = |of: &Requirement| matches!(of, Requirement::LocationIn(_));
        old == new || location(old) && location(new)
    };
    let place = |new: &Requirement| before.requirements.iter().position(|old| same(old, new));
    license.requirements.sort_by_key(|requirement| place(requirement).unwrap_or(usize::MAX));
    (license, errors)
}

fn features(data: &FormData, errors: &mut FieldErrors) -> Vec<Feature> {
    let mut features = Vec::new();
    for kind in FEATURES {
        let name = format!("feature.{}", kind.code);
        let value = data.text(&name).trim();
        if value.is_empty() {
            continue;
        }
        if kind.amount.is_none() {
            features.push(kind.example);
        } else {
            features.extend(errors.take(&name, Feature::from_code(&format!("{}:{value}", kind.code))));
        }
    }
    features
}

fn requirements(data: &FormData, catalogue: &Catalogue, errors: &mut FieldErrors) -> Vec<Requirement> {
    let mut requirements = Vec::new();
    let ticked = |name: String| !data.text(&name).is_empty();
    let numbers = NumberKind::ALL.into_iter().filter(|kind| ticked(format!("requires.number.{kind}")));
    requirements.extend(numbers.map(Requirement::Number));
    let tracks = catalogue.tracks.iter().filter(|track| ticked(format!("requires.track.{}", track.slug)));
    requirements.extend(tracks.map(|track| Requirement::Track(track.id)));
    let types = catalogue.types.iter().filter(|license| ticked(format!("requires.type.{}", license.slug)));
    requirements.extend(types.map(|license| Requirement::Type(license.id)));
    if ticked("requires.e911".to_owned()) {
        requirements.push(Requirement::E911Confirmed);
    }
    let countries = errors.take_optional("requires.location", data.text("requires.location"), document::countries);
    requirements.extend(countries.map(Requirement::LocationIn));
    requirements
}

async fn open_new(visitor: Visitor, query: FormData) -> Answer {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let form = Form::empty(visitor.service.new_change_id())
        .with("version", now.version.to_string())
        .with("track", query.text("track"));
    show(&TypePage::new(&visitor, &now, form, None).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let first = now.catalogue.tracks.first().ok_or(PageError::NotFound)?;
    let empty = LicenseType {
        id: LicenseTypeId(visitor.service.new_catalogue_id()),
        track_id: first.id,
        slug: data.text("slug").trim().to_owned(),
        name: String::new(),
        summary: String::new(),
        features: Vec::new(),
        requirements: Vec::new(),
        retired: false,
    };
    let (license, mut errors) = read(&data, &now.catalogue, &empty);
    let mut wanted = now.catalogue.clone();
    wanted.types.push(license);
    errors.0.extend(catalogue::plan(&now, &wanted).errors_of(&empty.slug).0);
    if errors.is_empty() {
        return ask(&visitor, &wanted, ADD).await;
    }
    let form = Form::sent(&data).with_errors(errors);
    show_again(&TypePage::new(&visitor, &now, form, None).await?)
}

async fn open(visitor: Visitor, TextPath(slug): TextPath<String>) -> Answer {
    let (now, at) = find_type(&visitor, &slug).await?;
    let license = &now.catalogue.types[at];
    let form = Form::empty(visitor.service.new_change_id()).with("version", now.version.to_string());
    let form = filled(form, &now.catalogue, license);
    show(&TypePage::new(&visitor, &now, form, Some(license)).await?)
}

async fn edit(visitor: Visitor, TextPath(slug): TextPath<String>, data: FormData) -> Answer {
    let (now, at) = find_type(&visitor, &slug).await?;
    let before = &now.catalogue.types[at];
    let (license, mut errors) = read(&data, &now.catalogue, before);
    let mut wanted = now.catalogue.clone();
    wanted.types[at] = license;
    errors.0.extend(catalogue::plan(&now, &wanted).errors_of(&slug).0);
    if data.version() != Some(now.version) {
        errors.push("name", STALE);
    }
    if errors.is_empty() {
        return ask(&visitor, &wanted, &format!("/operator/catalogue/types/{slug}")).await;
    }
    let form = Form::sent(&data).with("version", now.version.to_string()).with_errors(errors);
    show_again(&TypePage::new(&visitor, &now, form, Some(before)).await?)
}
