//! A track's name and summary; a new track.

use askama::Template;
use lineside_model::catalogue;
use lineside_model::id::TrackId;
use lineside_model::license::Track;

use super::review::ask;
use super::{STALE, find_track};
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::record_path::TextPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

const ADD: &str = "/operator/catalogue/add-track";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(ADD, Access::Operator, open_new),
        Route::post(ADD, Access::Operator, add),
        Route::get("/operator/catalogue/tracks/{track}", Access::Operator, open),
        Route::post("/operator/catalogue/tracks/{track}", Access::Operator, edit),
    ]
}

#[derive(Template)]
#[template(path = "operator/catalogue/track.html")]
struct TrackPage {
    frame: Frame,
    form: Form,
    /// `None`: a new one.
    track: Option<Track>,
}

async fn open_new(visitor: Visitor) -> Answer {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let form = Form::empty(visitor.service.new_change_id()).with("version", now.version.to_string());
    show(&TrackPage { frame: visitor.frame("Add track").await?, form, track: None })
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let now = visitor.service.catalogue_now(&visitor.caller).await?;
    let mut wanted = now.catalogue.clone();
    let track = Track {
        id: TrackId(visitor.service.new_catalogue_id()),
        slug: data.text("slug").trim().to_owned(),
        name: data.text("name").trim().to_owned(),
        summary: data.text("summary").trim().to_owned(),
    };
    wanted.tracks.push(track.clone());
    let errors = catalogue::plan(&now, &wanted).errors_of(&track.slug);
    if errors.is_empty() {
        return ask(&visitor, &wanted, ADD).await;
    }
    let form = Form::sent(&data).with_errors(errors);
    show_again(&TrackPage { frame: visitor.frame("Add track").await?, form, track: None })
}

async fn open(visitor: Visitor, TextPath(slug): TextPath<String>) -> Answer {
    let (now, at) = find_track(&visitor, &slug).await?;
    let track = now.catalogue.tracks[at].clone();
    let form = Form::empty(visitor.service.new_change_id())
        .with("version", now.version.to_string())
        .with("name", &track.name)
        .with("summary", &track.summary);
    show(&TrackPage { frame: visitor.frame(&track.name).await?, form, track: Some(track) })
}

async fn edit(visitor: Visitor, TextPath(slug): TextPath<String>, data: FormData) -> Answer {
    let (now, at) = find_track(&visitor, &slug).await?;
    let before = now.catalogue.tracks[at].clone();
    let mut wanted = now.catalogue.clone();
    data.text("name").trim().clone_into(&mut wanted.tracks[at].name);
    data.text("summary").trim().clone_into(&mut wanted.tracks[at].summary);
    let mut errors = catalogue::plan(&now, &wanted).errors_of(&slug);
    if data.version() != Some(now.version) {
        errors.push("name", STALE);
    }
    if errors.is_empty() {
        return ask(&visitor, &wanted, &format!("/operator/catalogue/tracks/{slug}")).await;
    }
    let form = Form::sent(&data).with("version", now.version.to_string()).with_errors(errors);
    show_again(&TrackPage { frame: visitor.frame(&before.name).await?, form, track: Some(before) })
}
