//! "Show comparison": the types of a track side by side, feature by feature.

use lineside_model::license::{Catalogue, Track};

use super::requirements_label;

/// What `license/comparison.html` shows.
pub struct Comparison {
    pub types: Vec<String>,
    pub features: Vec<(&'static str, Vec<Option<String>>)>,
    pub requirements: Vec<String>,
}

impl Comparison {
    pub fn of(catalogue: &Catalogue, track: &Track) -> Self {
        let types = || catalogue.types_of(track.id).filter(|license| !license.retired);
        Self {
            types: types().map(|license| license.name.clone()).collect(),
            features: catalogue.comparison(track.id),
            requirements: types().map(|license| requirements_label(catalogue, license)).collect(),
        }
    }
}
