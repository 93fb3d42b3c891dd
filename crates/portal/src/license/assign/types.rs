//! The first step: the track, the license type, and the comparison beside it.

use askama::Template;
use lineside_model::id::{TrackId, UserId};
use lineside_model::license::Track;

use super::{rows, title_and_names};
use crate::control::{Choice, Control};
use crate::form::Form;
use crate::frame::Frame;
use crate::license::{Comparison, bought_and_used};
use crate::page_error::PageError;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "license/assign.html")]
pub(super) struct TypesPage {
    frame: Frame,
    form: Form,
    title: String,
    names: String,
    user_ids: Vec<UserId>,
    tracks: Vec<Track>,
    track: Track,
    types: Control,
    comparison: Comparison,
}

impl TypesPage {
    pub(super) async fn new(visitor: &Visitor, users: Vec<UserId>, form: Form) -> Result<Self, PageError> {
        let rows = rows(visitor, &users).await?;
        let (title, names) = title_and_names(&rows);
        let catalogue = visitor.service.catalogue().await?;
        let seats = visitor.service.seats(&visitor.caller).await?;
        let chosen = form.value("license_type_id").parse().ok().and_then(|id| catalogue.license_type(id));
        let asked: Option<TrackId> = form.value("track").parse().ok();
        let track = asked.or(chosen.map(|license| license.track_id)).and_then(|id| catalogue.track(id));
        let track = track.or(catalogue.tracks.first()).cloned().ok_or(PageError::NotFound)?;
        let held = match rows.as_slice() {
            [only] => visitor.service.user(&visitor.caller, only.id).await?.assignments,
            _ => Vec::new(),
        };
        let types = catalogue.types_of(track.id).filter(|license| !license.retired);
        let choices: Vec<Choice> = types
            .map(|license| {
                let (bought, used) = bought_and_used(&seats, license.id);
                let now = if held.iter().any(|held| held.license_type_id == license.id) { "held now · " } else { "" };
                Choice::new(license.id.to_string(), license.name.as_str())
                    .note(format!("{now}{} of {bought} seats free", bought - used))
            })
            .collect();
        Ok(Self {
            frame: visitor.frame(title.as_str()).await?,
            title,
            names,
            types: form.radios("license_type_id", "License type", &choices),
            comparison: Comparison::of(&catalogue, &track),
            tracks: catalogue.tracks.clone(),
            track,
            user_ids: rows.iter().map(|row| row.id).collect(),
            form,
        })
    }
}
