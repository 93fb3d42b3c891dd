//! The one place that plans and applies: `?plan=true`, `Lineside-Plan`, `Idempotency-Key`.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::ChangeId;
use lineside_model::journal::JournalEntry;
use lineside_model::plan::{Fingerprint, Plan, Record};
use lineside_service::mint::LineSecret;
use lineside_service::{Caller, Outcome, Service, ServiceError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::gate::SignedIn;
use crate::plan::PlanView;
use crate::problem::{Problem, ProblemKind};
use crate::query;

pub const KEY: &str = "Idempotency-Key";
pub const PLAN: &str = "Lineside-Plan";

pub type Answer = Result<Response, Problem>;

/// A request for a change: who asks, whether to plan only, and under which identifier.
pub struct Ask {
    pub service: Service,
    pub caller: Caller,
    /// The identifiers of what the change makes follow from it.
    pub id: ChangeId,
    plan_only: bool,
    read: Option<PlanRead>,
}

/// The plan that the caller read: its change's identifier and its fingerprint.
struct PlanRead {
    id: ChangeId,
    fingerprint: Fingerprint,
}

/// What became of it, unless it was refused.
pub enum Applied {
    Planned(Response),
    Done {
        /// `None`: it was done before, by a request with the same key.
        plan: Option<PlanView>,
        secret: Option<LineSecret>,
    },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PlanParam {
    plan: bool,
}

impl FromRequestParts<Service> for Ask {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, service).await?;
        let PlanParam { plan } = query::read(&parts.uri)?;
        Self::new(service, caller, plan, &parts.headers)
    }
}

impl Ask {
    /// For handlers with query parameters of their own; the others extract it.
    pub fn new(service: &Service, caller: Caller, plan_only: bool, headers: &HeaderMap) -> Result<Self, Problem> {
        let key = header(headers, KEY)?.map(key).transpose()?;
        let read = header(headers, PLAN)?.map(plan_read).transpose()?;
        let id = key.or(read.as_ref().map(|read| read.id)).unwrap_or_else(|| service.new_change_id());
        Ok(Self { service: service.clone(), caller, id, plan_only, read })
    }

    /// Plans, or applies and answers 200 with what `shown` says is there afterwards.
    pub async fn carry_out<T: Serialize>(
        &self,
        change: Change,
        shown: impl Future<Output = Result<T, Problem>>,
    ) -> Answer {
        match self.apply(change).await? {
            Applied::Planned(plan) => Ok(plan),
            Applied::Done { .. } => Ok(Json(shown.await?).into_response()),
        }
    }

    /// As [`Self::carry_out`], for a new record: 201 with its address.
    pub async fn create<T: Serialize>(
        &self,
        change: Change,
        address: String,
        shown: impl Future<Output = Result<T, Problem>>,
    ) -> Answer {
        match self.apply(change).await? {
            Applied::Planned(plan) => Ok(plan),
            Applied::Done { .. } => {
                let mut response = (StatusCode::CREATED, Json(shown.await?)).into_response();
                if let Ok(address) = HeaderValue::from_str(&address) {
                    response.headers_mut().insert(LOCATION, address);
                }
                Ok(response)
            }
        }
    }

    /// For what is gone afterwards: 204.
    pub async fn remove(&self, change: Change) -> Answer {
        match self.apply(change).await? {
            Applied::Planned(plan) => Ok(plan),
            Applied::Done { .. } => Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }

    /// For changes of many records: 200 with what was done. Repeated, the steps are those of the journal.
    pub async fn carry_out_many(&self, change: Change) -> Answer {
        self.done_to_many(change, StatusCode::OK).await
    }

    /// As [`Self::carry_out_many`], for many new records: 201.
    pub async fn create_many(&self, change: Change) -> Answer {
        self.done_to_many(change, StatusCode::CREATED).await
    }

    async fn done_to_many(&self, change: Change, status: StatusCode) -> Answer {
        let plan = match self.apply(change).await? {
            Applied::Planned(plan) => return Ok(plan),
            Applied::Done { plan: Some(plan), .. } => plan,
            Applied::Done { plan: None, .. } => {
                PlanView::of_journal(&self.service.journal_entry(&self.caller, self.id).await?)
            }
        };
        Ok((status, Json(plan)).into_response())
    }

    pub async fn apply(&self, change: Change) -> Result<Applied, Problem> {
        let request = ChangeRequest { id: self.id, change };
        if self.plan_only {
            let plan = self.service.plan(&self.caller, &request).await?;
            return Ok(Applied::Planned(Json(PlanView::of(self.id, &plan)).into_response()));
        }
        let expected = match self.expected(&request).await? {
            Ok(expected) => expected,
            Err(moved) => return Err(Problem::plan_moved(moved)),
        };
        // Boxed: what planning and applying keep across their awaits is large.
        match Box::pin(self.service.apply(&self.caller, &request, expected.as_ref())).await? {
            Outcome::Done { plan, secret } => Ok(Applied::Done { plan: Some(PlanView::of(self.id, &plan)), secret }),
            Outcome::Before => {
                self.check_repeated(&request).await?;
                Ok(Applied::Done { plan: None, secret: None })
            }
            Outcome::Blocked(plan) if Problem::is_stale(&plan) => {
                let differences = self.service.differences(&self.caller, &request).await?;
                Err(Problem::changed_meanwhile(&plan, differences))
            }
            Outcome::Blocked(plan) => Err(Problem::blocked(&plan)),
            Outcome::Moved(plan) => Err(Problem::plan_moved(PlanView::of(self.id, &plan))),
        }
    }

    /// The fingerprint to apply by. A plan that was made under another identifier (with the key only sent now) names new
    /// records otherwise, so it is planned under both: the one to apply first, then the one to compare. Versions only grow,
    /// so when neither that nor the application finds the facts moved, nothing moved in between.
    async fn expected(&self, request: &ChangeRequest) -> Result<Result<Option<Fingerprint>, PlanView>, Problem> {
        let Some(read) = &self.read else { return Ok(Ok(None)) };
        if read.id == request.id {
            return Ok(Ok(Some(read.fingerprint.clone())));
        }
        if self.repeated(request.id).await?.is_some() {
            return Ok(Ok(None));
        }
        let now = self.service.plan(&self.caller, request).await?;
        let as_read = ChangeRequest { id: read.id, change: request.change.clone() };
        let again = self.service.plan(&self.caller, &as_read).await?;
        let same = again.fingerprint() == read.fingerprint;
        Ok(if same { Ok(Some(now.fingerprint())) } else { Err(PlanView::of(self.id, &now)) })
    }

    async fn repeated(&self, id: ChangeId) -> Result<Option<JournalEntry>, Problem> {
        match self.service.journal_entry(&self.caller, id).await {
            Ok(entry) => Ok(Some(entry)),
            Err(ServiceError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A key that was used for something else (or in another account) must not look as if this had been done.
    async fn check_repeated(&self, request: &ChangeRequest) -> Result<(), Problem> {
        let entry = self.repeated(request.id).await?;
        let same =
            entry.is_some_and(|entry| entry.action == request.change.action() && is_about(&entry, &request.change));
        if same { Ok(()) } else { Err(Problem::key_reused()) }
    }
}

/// The change's own record is among those that the entry tells of. Where nothing had to change, none is.
fn is_about(entry: &JournalEntry, change: &Change) -> bool {
    let Some(subject) = subject(change) else { return true };
    let mut records = entry.steps.iter().flat_map(|step| [&step.before, &step.after]).flatten().peekable();
    records.peek().is_none()
        || entry.user_id.is_some_and(|user| user.0 == subject)
        || records.any(|record| belongs(record, subject))
}

/// The record itself, its user's, or a line's device.
fn belongs(record: &Record, subject: Uuid) -> bool {
    let device = match record {
        Record::Line(line) => Some(line.device_id.0),
        _ => None,
    };
    record.id() == subject || device == Some(subject) || record.user_id().is_some_and(|user| user.0 == subject)
}

fn subject(change: &Change) -> Option<Uuid> {
    let value = serde_json::to_value(change).ok()?;
    let fields = ["location_id", "department_id", "device_id", "number_id", "license_type_id", "user_id"];
    let of_one = !matches!(change, Change::AddNumbers { .. } | Change::AssignLicense { .. });
    let named = fields.into_iter().find_map(|name| value.get(name)?.as_str()?.parse().ok());
    named.filter(|_| of_one)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| Problem::malformed(name, "this header is plain ASCII text"))
}

/// Quotes are taken off: the Internet draft on Idempotency-Key makes it a structured string, and most clients don't.
fn key(text: &str) -> Result<ChangeId, Problem> {
    let id = text.trim().trim_matches('"').parse::<Uuid>().ok().filter(|id| !id.is_nil());
    id.map(ChangeId).ok_or_else(|| Problem::malformed(KEY, "send a UUID, a new one for each change"))
}

fn plan_read(text: &str) -> Result<PlanRead, Problem> {
    let parts = text.trim().split_once('.');
    let read = parts.and_then(|(id, fingerprint)| Some((id.parse::<Uuid>().ok()?, fingerprint)));
    match read {
        Some((id, fingerprint)) => Ok(PlanRead { id: ChangeId(id), fingerprint: Fingerprint(fingerprint.to_owned()) }),
        None => Err(Problem::malformed(PLAN, "send the fingerprint of a plan as ?plan=true answered it")),
    }
}

impl Problem {
    fn key_reused() -> Self {
        Self::new(ProblemKind::KeyReused, "nothing was done; send a new UUID for each change")
    }
}

impl PlanView {
    fn of_journal(entry: &JournalEntry) -> Self {
        let plan = Plan {
            summary: entry.summary.clone(),
            user_id: entry.user_id,
            steps: entry.steps.clone(),
            blockers: Vec::new(),
            warnings: Vec::new(),
            seats: Vec::new(),
            e911: Vec::new(),
        };
        Self::of(entry.id, &plan)
    }
}
