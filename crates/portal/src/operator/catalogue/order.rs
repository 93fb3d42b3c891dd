//! Types and tracks moved up and down, retired, brought back and deleted: each a link to its plan.

use lineside_model::license::Catalogue;

use super::review::ask;
use super::{HOME, find_track, find_type};
use crate::page::Answer;
use crate::page_error::PageError;
use crate::record_path::TextPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/operator/catalogue/types/{type}/{action}", Access::Operator, act_on_type),
        Route::get("/operator/catalogue/tracks/{track}/{action}", Access::Operator, act_on_track),
    ]
}

async fn act_on_type(visitor: Visitor, TextPath((slug, action)): TextPath<(String, String)>) -> Answer {
    let (now, at) = find_type(&visitor, &slug).await?;
    let mut wanted = now.catalogue;
    match action.as_str() {
        "up" => move_type(&mut wanted, at, |others| others.iter().copied().rfind(|other| *other < at)),
        "down" => move_type(&mut wanted, at, |others| others.iter().copied().find(|other| *other > at)),
        "retire" => wanted.types[at].retired = true,
        "bring-back" => wanted.types[at].retired = false,
        "delete" => drop(wanted.types.remove(at)),
        _ => return Err(PageError::NotFound),
    }
    ask(&visitor, &wanted, HOME).await
}

/// Changes places with the next or previous type of its track.
fn move_type(wanted: &mut Catalogue, at: usize, other: impl FnOnce(&[usize]) -> Option<usize>) {
    let track = wanted.types[at].track_id;
    let same: Vec<usize> = (0..wanted.types.len()).filter(|n| wanted.types[*n].track_id == track).collect();
    if let Some(other) = other(&same) {
        wanted.types.swap(at, other);
    }
}

async fn act_on_track(visitor: Visitor, TextPath((slug, action)): TextPath<(String, String)>) -> Answer {
    let (now, at) = find_track(&visitor, &slug).await?;
    let mut wanted = now.catalogue;
    match action.as_str() {
        "up" if at > 0 => wanted.tracks.swap(at, at - 1),
        "down" if at + 1 < wanted.tracks.len() => wanted.tracks.swap(at, at + 1),
        "up" | "down" => {}
        "delete" => {
            let track = wanted.tracks.remove(at);
            wanted.types.retain(|license| license.track_id != track.id);
        }
        _ => return Err(PageError::NotFound),
    }
    ask(&visitor, &wanted, HOME).await
}
