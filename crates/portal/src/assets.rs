//! The stylesheet, the script and the icon: part of the program, addressed by their content and kept by browsers.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::page_error::PageError;
use crate::record_path::TextPath;
use crate::router::{Access, Route};

struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset { name: "lineside.css", kind: "text/css; charset=utf-8", body: include_str!("../assets/lineside.css") },
    Asset { name: "lineside.js", kind: "text/javascript; charset=utf-8", body: include_str!("../assets/lineside.js") },
    Asset { name: "icon.svg", kind: "image/svg+xml", body: include_str!("../assets/icon.svg") },
];

/// One hash for all: a new version of any gives all a new address.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let hash = ASSETS.iter().fold(Sha256::new(), |hash, asset| hash.chain_update(asset.body)).finalize();
    hex::encode(&hash[..8])
});

pub fn routes() -> Vec<Route> {
    vec![Route::get("/assets/{hash}/{name}", Access::Anyone, serve)]
}

/// Where a page finds an asset.
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
}

/// An old page may ask by an old hash during an upgrade; it gets what there is now, and keeps it for no time.
async fn serve(TextPath((hash, name)): TextPath<(String, String)>) -> Result<Response, PageError> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or(PageError::NotFound)?;
    let keep = if hash == *HASH { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, keep)], asset.body).into_response())
}
