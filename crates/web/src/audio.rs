//! Sound as it is sent: whole, or the part that a player seeks (RFC 9110 section 14).

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lineside_service::audio::{Part, Sound};

/// What the request's header asks for.
pub fn range(headers: &HeaderMap) -> Option<&str> {
    headers.get(RANGE)?.to_str().ok()
}

pub fn respond(sound: Sound) -> Response {
    let size = sound.size;
    let wav = [(CONTENT_TYPE, "audio/wav"), (ACCEPT_RANGES, "bytes")];
    match sound.part {
        Part::Whole => (wav, [(CONTENT_LENGTH, size)], Body::from_stream(sound.bytes)).into_response(),
        Part::Bytes(part) => {
            let range = [(CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end - 1))];
            let length = [(CONTENT_LENGTH, part.end - part.start)];
            (StatusCode::PARTIAL_CONTENT, wav, range, length, Body::from_stream(sound.bytes)).into_response()
        }
        Part::Beyond => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{size}"))]).into_response()
        }
    }
}
