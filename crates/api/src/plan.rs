//! A plan as JSON: what a change would do.

use chrono::NaiveDate;
use lineside_model::catalogue::{CatalogueBlocker, CataloguePlan};
use lineside_model::id::ChangeId;
use lineside_model::operator_journal::OperatorStep;
use lineside_model::plan::{Blocker, BlockerKind, FieldChange, Fingerprint, Plan, Repair, SeatEffect, Step, Warning};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a change would do, or did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanView {
    /// In words.
    #[schema(example = "Assign Business to 3 users")]
    pub summary: String,
    /// Send it as `Lineside-Plan` to apply exactly this plan or nothing.
    #[schema(example = "0190a1b2-0000-7000-8000-000000000001.5f1c")]
    pub fingerprint: String,
    /// Something stands in the way: see `blockers`.
    pub blocked: bool,
    /// The user that it is mainly about.
    pub user_id: Option<Uuid>,
    pub steps: Vec<StepView>,
    pub blockers: Vec<BlockerView>,
    pub warnings: Vec<WarningView>,
    /// What would make the scheduled part fail on its date. It can be scheduled all the same.
    pub conflicts: Vec<BlockerView>,
    pub seats: Vec<SeatEffectView>,
    /// What becomes of emergency addresses, in words.
    pub e911: Vec<String>,
    /// Phones that are asked to fetch their configuration, in words.
    #[schema(example = json!(["Yealink T54W (Reception) is asked to fetch its configuration"]))]
    pub resyncs: Vec<String>,
}

/// One record that is added, changed or removed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepView {
    /// `add`, `change` or `remove`; of the catalogue also `retire`, `bring_back` and `move`.
    #[schema(example = "add")]
    pub action: String,
    /// What kind of thing it is.
    #[schema(example = "license")]
    pub record: String,
    pub id: Uuid,
    #[schema(example = "license Business for Ana Duarte")]
    pub title: String,
    pub changes: Vec<FieldChangeView>,
}

/// One field, in words.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub struct FieldChangeView {
    #[schema(example = "extension")]
    pub field: String,
    /// Empty: there was none.
    #[schema(example = "203")]
    pub before: String,
    /// Empty: there is none.
    #[schema(example = "207")]
    pub after: String,
}

/// What makes a change impossible.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Blocker)]
pub struct BlockerView {
    /// Such as `no_free_seat` or `missing_number`.
    #[schema(value_type = String, example = "no_free_seat")]
    pub kind: BlockerKind,
    /// The body's field that it belongs to, if one does.
    pub field: Option<String>,
    pub user_id: Option<Uuid>,
    #[schema(example = "1 seat of Business needed, none free")]
    pub message: String,
    /// In the order in which a person would try them.
    pub repairs: Vec<RepairView>,
}

/// One thing that would remove a blocker, with the ids and fields that it is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Repair)]
pub struct RepairView {
    #[schema(example = "add_seats")]
    pub repair: String,
    #[schema(example = "Add seats")]
    pub label: String,
    /// Such as `user_id`, `license_type_id` or `field`.
    #[schema(value_type = Object)]
    pub about: Map<String, Value>,
}

/// What is possible and worth knowing first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Warning)]
pub struct WarningView {
    pub user_id: Option<Uuid>,
    pub message: String,
}

/// Seats of one license type before and after: now, or on the date of a scheduled change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SeatEffect)]
pub struct SeatEffectView {
    pub license_type_id: Uuid,
    #[schema(example = "Business")]
    pub name: String,
    pub bought: i64,
    pub used: i64,
    /// Seats taken (negative: freed).
    pub delta: i64,
    pub free_after: i64,
    /// `null`: now.
    #[schema(example = "2027-03-01")]
    pub date: Option<NaiveDate>,
}

/// What `Lineside-Plan` carries: the change's identifier, from which those of new records follow, and the fingerprint.
pub(crate) fn fingerprint(id: ChangeId, fingerprint: &Fingerprint) -> String {
    format!("{id}.{}", fingerprint.0)
}

impl PlanView {
    pub fn of(id: ChangeId, plan: &Plan) -> Self {
        Self {
            summary: plan.summary.clone(),
            fingerprint: fingerprint(id, &plan.fingerprint()),
            blocked: plan.blocked(),
            user_id: plan.user_id.map(Uuid::from),
            steps: plan.steps.iter().map(StepView::from).collect(),
            blockers: plan.blockers.iter().map(BlockerView::from).collect(),
            warnings: plan.warnings.iter().map(WarningView::from).collect(),
            conflicts: plan.conflicts.iter().map(BlockerView::from).collect(),
            seats: plan.seats.iter().map(SeatEffectView::from).collect(),
            e911: plan.e911.clone(),
            resyncs: plan.resyncs.iter().map(lineside_model::resync::ResyncOrder::words).collect(),
        }
    }

    /// `field_of`: where in the body a blocker belongs.
    pub fn of_catalogue(
        id: ChangeId,
        plan: &CataloguePlan,
        field_of: impl Fn(&CatalogueBlocker) -> Option<String>,
    ) -> Self {
        let blocker = |blocker: &CatalogueBlocker| BlockerView {
            kind: blocker.kind,
            field: field_of(blocker),
            user_id: None,
            message: blocker.in_words(),
            repairs: Vec::new(),
        };
        let warning = |message: &String| WarningView { user_id: None, message: message.clone() };
        Self {
            summary: plan.summary.clone(),
            fingerprint: fingerprint(id, &plan.fingerprint()),
            blocked: plan.blocked(),
            user_id: None,
            steps: plan.steps.iter().map(|step| OperatorStep::from(step).into()).collect(),
            blockers: plan.blockers.iter().map(blocker).collect(),
            warnings: plan.warnings.iter().map(warning).collect(),
            conflicts: Vec::new(),
            seats: Vec::new(),
            e911: Vec::new(),
            resyncs: Vec::new(),
        }
    }
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        Self::from(OperatorStep::from(step))
    }
}

impl From<OperatorStep> for StepView {
    fn from(step: OperatorStep) -> Self {
        let action = match step.verb.as_str() {
            "Delete" => "remove".to_owned(),
            verb => verb.to_ascii_lowercase().replace(' ', "_"),
        };
        let changes = step.changes.iter().map(FieldChangeView::from).collect();
        Self { action, record: step.record, id: step.id, title: step.title, changes }
    }
}

impl From<&FieldChange> for FieldChangeView {
    fn from(change: &FieldChange) -> Self {
        Self { field: change.field.clone(), before: change.before.clone(), after: change.after.clone() }
    }
}

impl From<&Blocker> for BlockerView {
    fn from(blocker: &Blocker) -> Self {
        Self {
            kind: blocker.kind,
            field: blocker.field.clone(),
            user_id: blocker.user_id.map(Uuid::from),
            message: blocker.message.clone(),
            repairs: blocker.repairs.iter().map(RepairView::from).collect(),
        }
    }
}

impl From<&Repair> for RepairView {
    fn from(repair: &Repair) -> Self {
        let mut about = match serde_json::to_value(repair) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let name = about.remove("repair").and_then(|name| name.as_str().map(str::to_owned));
        Self { repair: name.unwrap_or_default(), label: repair.label(), about }
    }
}

impl From<&Warning> for WarningView {
    fn from(warning: &Warning) -> Self {
        Self { user_id: warning.user_id.map(Uuid::from), message: warning.message.clone() }
    }
}

impl From<&SeatEffect> for SeatEffectView {
    fn from(effect: &SeatEffect) -> Self {
        Self {
            license_type_id: effect.license_type_id.0,
            name: effect.name.clone(),
            bought: effect.bought,
            used: effect.used,
            delta: effect.delta,
            free_after: effect.free_after(),
            date: effect.date,
        }
    }
}
