//! Whether the program and its database answer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Portal;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::get("/healthz", Access::Anyone, healthz)]
}

async fn healthz(State(portal): State<Portal>) -> Response {
    match portal.service.catalogue().await {
        Ok(_) => Json(json!({ "status": "ok", "engine": portal.service.engine() })).into_response(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "the database does not answer" }))).into_response()
        }
    }
}
