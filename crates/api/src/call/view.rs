//! A call of the history as JSON.

use chrono::{DateTime, Utc};
use lineside_model::call::CallRecord;
use lineside_model::call_report::{AnsweredBy, CallParty, EndedBy, Hop, HopReason, LegQuality};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A call that ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallView {
    id: Uuid,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    /// `internal`, `inbound` or `outbound`.
    #[schema(example = "inbound")]
    direction: &'static str,
    caller: PartyView,
    /// What was dialled.
    #[schema(example = "+14805550143")]
    dialled: String,
    /// Whom that means; `null` for a number in the world, or a service such as `*97`.
    callee: Option<PartyView>,
    answered_at: Option<DateTime<Utc>>,
    answered_by: Option<AnsweredByView>,
    /// From the answer to the end.
    #[schema(example = 65)]
    talked_seconds: i64,
    /// `answered`, `cancelled`, `no_answer`, `busy`, `declined`, `unreachable`, `not_in_service`, `refused` or `failed`.
    #[schema(example = "answered")]
    outcome: &'static str,
    /// Why it ended, in words.
    #[schema(example = "the caller hung up")]
    why: String,
    /// The SIP status that the caller was given, of a call that was not answered.
    #[schema(example = 486)]
    status: Option<u16>,
    /// `caller`, `callee` or `switch`.
    #[schema(example = "caller")]
    ended_by: &'static str,
    /// How it was sent on before somebody answered, in order.
    forwards: Vec<ForwardView>,
    /// The sound that came from the caller; `null` when none did.
    from_caller: Option<QualityView>,
    /// The sound that came from the called side; `null` when none did.
    from_callee: Option<QualityView>,
    /// The trunk by which it came or left.
    trunk_id: Option<Uuid>,
    emergency: bool,
    /// There is or was a recording of it.
    recorded: bool,
}

/// One end of a call, as it was shown to the other.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallParty)]
pub struct PartyView {
    /// A user of the account.
    user_id: Option<Uuid>,
    /// An extension, or a number in E.164; empty when it was withheld.
    #[schema(example = "+16025550199")]
    number: String,
    #[schema(example = "Carla Costa")]
    name: String,
}

/// Who or what answered a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnsweredBy)]
pub struct AnsweredByView {
    /// `party`, `voicemail` or `service`.
    #[schema(example = "party")]
    kind: &'static str,
    /// The user who answered, or whose voicemail did.
    user_id: Option<Uuid>,
    /// The party's number, or the service's code such as `*97`.
    #[schema(example = "203")]
    number: String,
    #[schema(example = "Ana Duarte")]
    name: String,
}

/// A call was sent on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallForward)]
pub struct ForwardView {
    from: PartyView,
    #[schema(example = "204")]
    to: String,
    /// `always`, `busy`, `no_answer`, `unreachable`, `transfer` or `voicemail`.
    #[schema(example = "no_answer")]
    reason: &'static str,
}

/// The sound of one side as it reached Lineside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallQuality)]
pub struct QualityView {
    /// `PCMU`, `PCMA`, `G722` or `opus`; empty when unknown.
    #[schema(example = "G722")]
    codec: String,
    #[schema(example = 2990)]
    packets: u64,
    #[schema(example = 10)]
    lost: u64,
    /// Lost packets in a hundred.
    #[schema(example = 0.3)]
    loss_percent: f64,
    #[schema(example = 1.5)]
    jitter_ms: f32,
}

impl From<CallRecord> for CallView {
    fn from(CallRecord { ended, recording }: CallRecord) -> Self {
        let (why, talked, emergency) = (ended.why(), ended.talked(), ended.emergency());
        let began = ended.began;
        Self {
            id: began.call.0,
            started_at: began.at,
            ended_at: ended.ended_at,
            direction: began.direction.as_str(),
            caller: began.caller.into(),
            dialled: began.dialled.into(),
            callee: began.callee.map(PartyView::from),
            answered_at: ended.answered.as_ref().map(|answered| answered.at),
            answered_by: ended.answered.map(|answered| answered.by.into()),
            talked_seconds: talked.num_seconds(),
            outcome: ended.outcome.as_str(),
            why,
            status: ended.status,
            ended_by: match ended.ended_by {
                EndedBy::Caller => "caller",
                EndedBy::Callee => "callee",
                EndedBy::Switch => "switch",
            },
            forwards: ended.hops.into_iter().map(ForwardView::from).collect(),
            from_caller: ended.from_caller.map(QualityView::from),
            from_callee: ended.from_callee.map(QualityView::from),
            trunk_id: ended.trunk.map(Uuid::from),
            emergency,
            recorded: recording.is_some(),
        }
    }
}

impl From<CallParty> for PartyView {
    fn from(CallParty { user, number, name }: CallParty) -> Self {
        Self { user_id: user.map(Uuid::from), number: number.into(), name: name.into() }
    }
}

impl From<AnsweredBy> for AnsweredByView {
    fn from(by: AnsweredBy) -> Self {
        let (kind, user, number, name) = match by {
            AnsweredBy::Party(party) => ("party", party.user, party.number.into(), party.name.into()),
            AnsweredBy::Voicemail(user) => ("voicemail", Some(user), String::new(), String::new()),
            AnsweredBy::Service(code) => ("service", None, code, String::new()),
        };
        Self { kind, user_id: user.map(Uuid::from), number, name }
    }
}

impl From<Hop> for ForwardView {
    fn from(Hop { from, to, reason }: Hop) -> Self {
        let reason = match reason {
            HopReason::Always => "always",
            HopReason::Busy => "busy",
            HopReason::NoAnswer => "no_answer",
            HopReason::Unreachable => "unreachable",
            HopReason::Transfer => "transfer",
            HopReason::Voicemail => "voicemail",
        };
        Self { from: from.into(), to, reason }
    }
}

impl From<LegQuality> for QualityView {
    fn from(leg: LegQuality) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
        let loss_percent = leg.loss_permille() as f64 / 10.0;
        let LegQuality { codec, packets, lost, jitter_ms } = leg;
        Self { codec, packets, lost, loss_percent, jitter_ms }
    }
}
