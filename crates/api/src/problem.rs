//! What is answered when a request does not happen: `application/problem+json` (RFC 9457).

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::plan::{BlockerKind, Plan, field_errors};
use lineside_service::ServiceError;
use lineside_service::history::Difference;
use lineside_service::store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::plan::{BlockerView, PlanView};

/// The kinds of problem. Each has a stable address, and a line in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    Unauthenticated,
    NotFound,
    MethodNotAllowed,
    Malformed,
    UnsupportedMediaType,
    TooLarge,
    Invalid,
    Blocked,
    ChangedMeanwhile,
    PlanMoved,
    PreconditionFailed,
    KeyReused,
    TooManyRequests,
    Unavailable,
    Internal,
}

impl ProblemKind {
    pub const ALL: [Self; 15] = [
        Self::Unauthenticated,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Malformed,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::Invalid,
        Self::Blocked,
        Self::ChangedMeanwhile,
        Self::PlanMoved,
        Self::PreconditionFailed,
        Self::KeyReused,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Internal,
    ];

    pub fn slug(self) -> &'static str {
        self.words().0
    }

    pub fn title(self) -> &'static str {
        self.words().1
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid | Self::Blocked | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ChangedMeanwhile | Self::PlanMoved => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unauthenticated => ("unauthenticated", "Send a valid API token"),
            Self::NotFound => ("not-found", "There is nothing here"),
            Self::MethodNotAllowed => ("method-not-allowed", "This address does not take this method"),
            Self::Malformed => ("malformed", "The request can't be read"),
            Self::UnsupportedMediaType => ("unsupported-media-type", "The body has the wrong type"),
            Self::TooLarge => ("too-large", "The body is too large"),
            Self::Invalid => ("invalid", "Some fields need another look"),
            Self::Blocked => ("blocked", "The change is not possible as things are"),
            Self::ChangedMeanwhile => ("changed-meanwhile", "Somebody changed this since you read it"),
            Self::PlanMoved => ("plan-moved", "The facts moved since this was planned"),
            Self::PreconditionFailed => ("precondition-failed", "If-Match does not name this as it is now"),
            Self::KeyReused => ("key-reused", "This Idempotency-Key came with another request"),
            Self::TooManyRequests => ("too-many-requests", "Too many tries"),
            Self::Unavailable => ("unavailable", "Busy; try again"),
            Self::Internal => ("internal", "Something went wrong on our side"),
        }
    }
}

/// Why a request did not happen, before it is written as JSON.
#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: ProblemKind,
    detail: String,
    errors: Vec<FieldError>,
    blockers: Vec<BlockerView>,
    differences: Vec<Difference>,
    plan: Option<Box<PlanView>>,
    retry_after_s: Option<i64>,
    challenge: Option<&'static str>,
}

impl Problem {
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            blockers: Vec::new(),
            differences: Vec::new(),
            plan: None,
            retry_after_s: None,
            challenge: None,
        }
    }

    /// The challenge is RFC 6750's, section 3: an error code only when a token was sent.
    pub fn unauthenticated(token_sent: bool) -> Self {
        let detail = "send Authorization: Bearer, followed by an API token";
        let challenge =
            if token_sent { r#"Bearer realm="lineside", error="invalid_token""# } else { r#"Bearer realm="lineside""# };
        Self { challenge: Some(challenge), ..Self::new(ProblemKind::Unauthenticated, detail) }
    }

    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "it does not exist, or not for you; check the address and its ids")
    }

    pub fn invalid(errors: FieldErrors) -> Self {
        Self { errors: errors.0, ..Self::new(ProblemKind::Invalid, "see errors for each field and what to do") }
    }

    pub fn field(field: &str, message: impl std::fmt::Display) -> Self {
        Self::invalid(FieldErrors::one(field, message))
    }

    pub fn malformed(field: &str, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let errors = FieldErrors::one(field, &message).0;
        Self { errors, ..Self::new(ProblemKind::Malformed, message) }
    }

    pub fn blocked(plan: &Plan) -> Self {
        Self {
            errors: field_errors(&plan.blockers).0,
            ..Self::blocked_by(plan.blockers.iter().map(BlockerView::from).collect())
        }
    }

    pub fn blocked_by(blockers: Vec<BlockerView>) -> Self {
        let detail = blockers.iter().map(|blocker| blocker.message.as_str()).collect::<Vec<_>>().join("; ");
        Self { blockers, ..Self::new(ProblemKind::Blocked, detail) }
    }

    /// A blocked plan whose record moved on from the version that the caller saw.
    pub fn changed_meanwhile(plan: &Plan, differences: Vec<Difference>) -> Self {
        let detail = "look at differences, decide, and send the request again with the version as it is now";
        Self { kind: ProblemKind::ChangedMeanwhile, detail: detail.to_owned(), differences, ..Self::blocked(plan) }
    }

    /// The `version` that was sent is not the latest.
    pub fn version_passed(differences: Vec<Difference>) -> Self {
        let detail =
            "nothing was done; look at differences, decide, and send the request with the version as it is now";
        Self { differences, ..Self::new(ProblemKind::ChangedMeanwhile, detail) }
    }

    /// `If-Match` names another version than the latest.
    pub fn precondition_failed(differences: Vec<Difference>) -> Self {
        let detail = "nothing was done; read it again, look at differences, and send the request with its ETag of now";
        Self { differences, ..Self::new(ProblemKind::PreconditionFailed, detail) }
    }

    pub fn plan_moved(plan: PlanView) -> Self {
        let detail = "nothing was done; read the new plan, and send its fingerprint if it is what you want";
        Self { plan: Some(Box::new(plan)), ..Self::new(ProblemKind::PlanMoved, detail) }
    }

    pub fn is_stale(plan: &Plan) -> bool {
        plan.blockers.iter().any(|blocker| blocker.kind == BlockerKind::Stale)
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::not_found(),
            ServiceError::Invalid(errors) => Self::invalid(errors),
            ServiceError::TooMany(seconds) => Self {
                retry_after_s: Some(seconds),
                ..Self::new(ProblemKind::TooManyRequests, ServiceError::TooMany(seconds).to_string())
            },
            ServiceError::Store(StoreError::Busy) | ServiceError::Stopped => {
                Self { retry_after_s: Some(1), ..Self::new(ProblemKind::Unavailable, error.to_string()) }
            }
            error if error.is_outage() => {
                tracing::error!(%error, "a request could not be answered");
                let detail = "the database does not answer; nothing was changed half way, try again";
                Self { retry_after_s: Some(5), ..Self::new(ProblemKind::Unavailable, detail) }
            }
            error => {
                tracing::error!(%error, "a request could not be answered");
                Self::internal()
            }
        }
    }
}

impl Problem {
    pub fn internal() -> Self {
        Self::new(ProblemKind::Internal, "nothing was changed; try again, and tell the operator if it stays so")
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors)
    }
}

impl IntoResponse for Problem {
    /// The body is written by [`write`], which knows the request's address.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// `application/problem+json`, RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView<'a> {
    /// A stable URI reference that names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/blocked")]
    type_: String,
    #[schema(example = "The change is not possible as things are")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// What to do, in words.
    #[schema(example = "1 seat of Business needed, none free")]
    detail: &'a str,
    /// The address that was asked for.
    #[schema(example = "/api/v1/licenses/assign")]
    instance: &'a str,
    /// Per field, what is wrong with it and what to do.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldErrorView>)]
    errors: &'a [FieldError],
    /// What makes the change impossible, each with its repairs.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    blockers: &'a [BlockerView],
    /// What somebody else changed since the version that was sent.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<DifferenceView>)]
    differences: &'a [Difference],
    /// The plan as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a PlanView>,
}

/// One field and what is wrong with it.
#[derive(ToSchema)]
#[schema(as = FieldError)]
#[expect(dead_code, reason = "describes `FieldError` of the model, which knows nothing of OpenAPI")]
pub struct FieldErrorView {
    /// The field's path in the body, such as `address.city` or `numbers.3`; or a header or query parameter.
    #[schema(example = "email")]
    field: String,
    #[schema(example = "write the address as name@example.com")]
    message: String,
}

/// One field that somebody changed meanwhile.
#[derive(ToSchema)]
#[schema(as = Difference)]
#[expect(dead_code, reason = "describes `Difference` of the service, which knows nothing of OpenAPI")]
pub struct DifferenceView {
    #[schema(example = "last_name")]
    field: String,
    /// As it was in the version that was sent. Empty: there was none.
    #[schema(example = "Duarte")]
    before: String,
    /// As it is now. Empty: there is none.
    #[schema(example = "Duarte Lima")]
    after: String,
    /// Who changed it last.
    #[schema(example = "Marcus Ohl")]
    by: String,
    at: chrono::DateTime<chrono::Utc>,
}

/// Writes problems as JSON with the request's address, and gives a body to what the router refuses by itself.
pub async fn write(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| refused_by_router(&response));
    let Some(problem) = problem else { return response };
    let view = ProblemView {
        type_: format!("/problems/{}", problem.kind.slug()),
        title: problem.kind.title(),
        status: problem.kind.status().as_u16(),
        detail: &problem.detail,
        instance: &instance,
        errors: &problem.errors,
        blockers: &problem.blockers,
        differences: &problem.differences,
        plan: problem.plan.as_deref(),
    };
    let body = serde_json::to_vec(&view).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, body.into())
}

/// A panic is our mistake; the caller learns no more than that.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request panicked");
    Problem::internal().into_response()
}

fn refused_by_router(response: &Response) -> Option<Problem> {
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            let detail = "see Allow for the methods that this address takes";
            Some(Problem::new(ProblemKind::MethodNotAllowed, detail))
        }
        _ => None,
    }
}
