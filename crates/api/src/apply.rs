//! The one place that plans and applies: `?plan=true`, `Lineside-Plan`, `If-Match`, and each change once.

pub mod catalogue;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::ChangeId;
use lineside_model::journal::{JournalEntry, Steps};
use lineside_model::plan::{Earlier, Fingerprint, Plan, Repair};
use lineside_service::mint::LineSecret;
use lineside_service::{Caller, Outcome, Service};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::etag::{IfMatch, Shown, Versioned};
use crate::gate::SignedIn;
use crate::idempotency::{self, KEY, Sent};
use crate::plan::PlanView;
use crate::problem::{Problem, ProblemKind};
use crate::query;

pub const PLAN: &str = "Lineside-Plan";

/// How often a change is tried while others come between.
const TRIES: usize = 6;

pub type Answer = Result<Response, Problem>;

/// A request for a change: who asks, whether to plan only, and under which identifier.
pub struct Ask {
    pub service: Service,
    pub caller: Caller,
    /// The identifiers of what the change makes follow from it.
    pub id: ChangeId,
    /// As the caller names the change; what follows from it and the caller is `id`.
    named: ChangeId,
    sent: Option<String>,
    plan_only: bool,
    read: Option<PlanRead>,
    if_match: Option<IfMatch>,
    /// The journal has it already.
    repeated: bool,
    /// Fields of the change that lie in an object of the body, and the object's name.
    nested: Option<(&'static str, &'static [&'static str])>,
}

/// The plan that the caller read: its change as they name it, and its fingerprint.
struct PlanRead {
    named: ChangeId,
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
        let PlanParam { plan } = query::read(&parts.uri)?;
        Self::new(service, plan, parts).await
    }
}

impl Ask {
    /// For handlers with query parameters of their own; the others extract it.
    pub async fn new(service: &Service, plan_only: bool, parts: &mut Parts) -> Result<Self, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, service).await?;
        let headers = &parts.headers;
        let key = header(headers, KEY)?.map(idempotency::key).transpose()?;
        let read = header(headers, PLAN)?.map(plan_read).transpose()?;
        let if_match = IfMatch::read(headers)?;
        if if_match.is_some() && parts.method == Method::POST {
            return Err(Problem::malformed("If-Match", "leave this out: PATCH, PUT and DELETE take it"));
        }
        let sent = parts.extensions.get::<Sent>().map(|sent| sent.0.clone());
        let named = key.or(read.as_ref().map(|read| read.named)).unwrap_or_else(|| service.new_change_id());
        let id = idempotency::of_caller(named, &caller);
        let service = service.clone();
        let mut ask =
            Self { service, caller, id, named, sent, plan_only, read, if_match, repeated: false, nested: None };
        ask.repeated = ask.sent.is_some() && ask.is_repeated().await?;
        Ok(ask)
    }

    /// For bodies in which these fields of the change lie in an object.
    #[must_use]
    pub fn nested(self, object: &'static str, fields: &'static [&'static str]) -> Self {
        Self { nested: Some((object, fields)), ..self }
    }

    /// The very request was applied before: what it removed is not there any more.
    pub fn is_repetition(&self) -> bool {
        self.repeated
    }

    /// The answer to it.
    pub fn removed_before() -> Response {
        Applied::Done { plan: None, secret: None }.removed()
    }

    /// As `id`, from the plan that was read where there is one: for what is chosen before it is planned.
    pub fn planned_as(&self) -> ChangeId {
        idempotency::of_caller(self.read.as_ref().map_or(self.named, |read| read.named), &self.caller)
    }

    /// Plans, or applies and answers 200 with what `shown` says is there afterwards.
    pub async fn carry_out<T, S>(&self, change: Change, shown: impl Fn() -> S) -> Answer
    where
        T: Serialize + Versioned,
        S: Future<Output = Result<T, Problem>>,
    {
        self.apply_to(change, &shown).await?.shown(&shown).await
    }

    /// As [`Self::carry_out`], for a `PATCH`: `merged` lays the fields that were sent over the record as it is, and over what
    /// it became when somebody came between. Not when the caller named the version that they mean.
    pub async fn merge<C, T, S>(&self, version: Option<i64>, merged: impl Fn() -> C, shown: impl Fn() -> S) -> Answer
    where
        C: Future<Output = Result<Change, Problem>>,
        T: Serialize + Versioned,
        S: Future<Output = Result<T, Problem>>,
    {
        for _ in 1..TRIES {
            match self.carry_out(merged().await?, &shown).await {
                Err(problem) if problem.kind == ProblemKind::ChangedMeanwhile && version.is_none() => {}
                answer => return answer,
            }
        }
        self.carry_out(merged().await?, shown).await
    }

    /// As [`Self::carry_out`], for a new record: 201 with its address.
    pub async fn create<T: Serialize + Versioned>(
        &self,
        change: Change,
        address: String,
        shown: impl Future<Output = Result<T, Problem>>,
    ) -> Answer {
        self.apply(change).await?.created(&address, shown).await
    }

    /// For what is gone afterwards: 204. `shown` says what is there before.
    pub async fn remove<T, S>(&self, change: Change, shown: impl Fn() -> S) -> Answer
    where
        T: Versioned,
        S: Future<Output = Result<T, Problem>>,
    {
        Ok(self.apply_to(change, &shown).await?.removed())
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
                PlanView::of_journal(self.named, &self.service.journal_entry(&self.caller, self.id, Steps::All).await?)
            }
        };
        Ok((status, Json(plan)).into_response())
    }

    pub async fn apply(&self, change: Change) -> Result<Applied, Problem> {
        self.apply_pinned(change, None).await
    }

    /// Only while `If-Match` holds. The plan is made first and then applied exactly so: it names the versions that it read,
    /// so that nobody comes between the look at the record and the change.
    async fn apply_to<T, S>(&self, change: Change, shown: &impl Fn() -> S) -> Result<Applied, Problem>
    where
        T: Versioned,
        S: Future<Output = Result<T, Problem>>,
    {
        let Some(condition) = self.if_match.as_ref().filter(|_| !self.repeated) else {
            return self.apply(change).await;
        };
        let mut tries = 1..TRIES;
        loop {
            let request = ChangeRequest { id: self.id, change: change.clone() };
            let plan = self.service.plan(&self.caller, &request).await?;
            let now = shown().await?.seen();
            if !condition.holds(now) {
                let differences = match (now, condition.newest()) {
                    (Some(now), Some(seen)) => self.service.differences_since(&self.caller, now.id, seen).await?,
                    _ => Vec::new(),
                };
                return Err(Problem::precondition_failed(differences));
            }
            match self.apply_pinned(change.clone(), Some(plan.fingerprint())).await {
                Err(problem)
                    if problem.kind == ProblemKind::PlanMoved && self.read.is_none() && tries.next().is_some() => {}
                applied => return applied,
            }
        }
    }

    /// Exactly the plan that the caller read, or else the pinned one.
    async fn apply_pinned(&self, change: Change, pinned: Option<Fingerprint>) -> Result<Applied, Problem> {
        let request = ChangeRequest { id: self.id, change };
        if self.plan_only {
            let plan = self.placed(self.service.plan(&self.caller, &request).await?);
            return Ok(Applied::Planned(Json(PlanView::of(self.named, &plan)).into_response()));
        }
        let expected = match self.expected(&request).await? {
            Ok(expected) => expected.or(pinned),
            Err(moved) => return Err(Problem::plan_moved(moved)),
        };
        // Boxed: what planning and applying keep across their awaits is large.
        let applied = self.service.apply_sent(&self.caller, &request, self.sent.as_deref(), expected.as_ref());
        match Box::pin(applied).await? {
            Outcome::Done { plan, secret } => Ok(Applied::Done { plan: Some(PlanView::of(self.named, &plan)), secret }),
            // Between the look into the journal and now: the same request, or another one with its key.
            Outcome::Before if self.is_repeated().await? => Ok(Applied::Done { plan: None, secret: None }),
            Outcome::Before => Err(Problem::key_reused()),
            Outcome::Blocked(plan) if Problem::is_stale(&plan) => {
                let differences = self.service.differences(&self.caller, &request).await?;
                Err(Problem::changed_meanwhile(&plan, differences))
            }
            Outcome::Blocked(plan) => Err(Problem::blocked(&self.placed(plan))),
            Outcome::Moved(plan) => Err(Problem::plan_moved(PlanView::of(self.named, &self.placed(plan)))),
        }
    }

    /// The fingerprint to apply by. A plan that was made under another name (with the key only sent now) names new
    /// records otherwise, so it is planned under both: the one to apply first, then the one to compare. Versions only grow,
    /// so when neither that nor the application finds the facts moved, nothing moved in between.
    async fn expected(&self, request: &ChangeRequest) -> Result<Result<Option<Fingerprint>, PlanView>, Problem> {
        let Some(read) = self.read.as_ref().filter(|_| !self.repeated) else { return Ok(Ok(None)) };
        if read.named == self.named {
            return Ok(Ok(Some(read.fingerprint.clone())));
        }
        let now = self.service.plan(&self.caller, request).await?;
        let as_read =
            ChangeRequest { id: idempotency::of_caller(read.named, &self.caller), change: request.change.clone() };
        let again = self.service.plan(&self.caller, &as_read).await?;
        let same = again.fingerprint() == read.fingerprint;
        Ok(if same { Ok(Some(now.fingerprint())) } else { Err(PlanView::of(self.named, &self.placed(now))) })
    }

    /// Blockers name their fields by the body's paths.
    fn placed(&self, mut plan: Plan) -> Plan {
        let Some((object, fields)) = self.nested else { return plan };
        let place = |field: &mut String| {
            if fields.contains(&field.as_str()) {
                *field = format!("{object}.{field}");
            }
        };
        for blocker in &mut plan.blockers {
            blocker.field.iter_mut().for_each(place);
            for repair in &mut blocker.repairs {
                if let Repair::EditField { field } = repair {
                    place(field);
                }
            }
        }
        plan
    }

    /// The journal has this very request. Another one with the same key must not look as if it had been done.
    async fn is_repeated(&self) -> Result<bool, Problem> {
        match self.service.request_of(&self.caller, self.id).await? {
            Some(request) if request == self.sent => Ok(true),
            Some(_) => Err(Problem::key_reused()),
            None => Ok(false),
        }
    }
}

impl Applied {
    /// 200 with what is there afterwards.
    async fn shown<T, S>(self, shown: impl Fn() -> S) -> Answer
    where
        T: Serialize + Versioned,
        S: Future<Output = Result<T, Problem>>,
    {
        match self {
            Self::Planned(plan) => Ok(plan),
            Self::Done { .. } => Ok(Shown(shown().await?).into_response()),
        }
    }

    /// 201 with its address.
    async fn created<T: Serialize + Versioned>(
        self,
        address: &str,
        shown: impl Future<Output = Result<T, Problem>>,
    ) -> Answer {
        if let Self::Planned(plan) = self {
            return Ok(plan);
        }
        let mut response = (StatusCode::CREATED, Shown(shown.await?)).into_response();
        if let Ok(address) = HeaderValue::from_str(address) {
            response.headers_mut().insert(LOCATION, address);
        }
        Ok(response)
    }

    /// 204.
    fn removed(self) -> Response {
        match self {
            Self::Planned(plan) => plan,
            Self::Done { .. } => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| Problem::malformed(name, "this header is plain ASCII text"))
}

fn plan_read(text: &str) -> Result<PlanRead, Problem> {
    let parts = text.trim().split_once('.');
    let read = parts.and_then(|(id, fingerprint)| Some((id.parse::<Uuid>().ok()?, fingerprint)));
    match read {
        Some((id, fingerprint)) => {
            Ok(PlanRead { named: ChangeId(id), fingerprint: Fingerprint(fingerprint.to_owned()) })
        }
        None => Err(Problem::malformed(PLAN, "send the fingerprint of a plan as ?plan=true answered it")),
    }
}

impl PlanView {
    fn of_journal(named: ChangeId, entry: &JournalEntry) -> Self {
        let plan = Plan {
            summary: entry.summary.clone(),
            user_id: entry.user_id,
            steps: entry.steps.clone(),
            blockers: Vec::new(),
            warnings: Vec::new(),
            conflicts: Vec::new(),
            seats: Vec::new(),
            e911: Vec::new(),
            resyncs: Vec::new(),
            rows: Vec::new(),
            earlier: Earlier::default(),
        };
        Self::of(named, &plan)
    }
}
