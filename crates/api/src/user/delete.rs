//! Users who leave.

use chrono::NaiveDate;
use lineside_model::change::Change;
use lineside_model::leaving::LeavingInput;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::plan::PlanView;
use crate::user::selection::{Matching, users};

/// Who leaves, and what becomes of what they leave behind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteUsers {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
    /// `quarantine` (without a choice): kept back, so that old callers do not reach a stranger; `forward`: they ring
    /// `forward_to` first, and are kept back then; `free`: can be given to somebody else at once.
    #[schema(example = "quarantine")]
    numbers: Option<String>,
    /// The extension of the colleague who answers the numbers.
    #[schema(example = "204")]
    forward_to: Option<String>,
    /// For how many days; 30 without a choice.
    #[schema(example = 30)]
    forward_days: Option<u16>,
    /// For how many days numbers are kept back until they are free by themselves; 45 without a choice.
    #[schema(example = 45)]
    keep_back_days: Option<u16>,
    /// `unassign` (without a choice): they stay in the list of devices; `delete`: they are gone.
    #[schema(example = "unassign")]
    devices: Option<String>,
    /// `keep` (without a choice): with the user, for as long as they can be brought back; `hand_over`: the messages go to
    /// `mailbox_to`; `delete`: at once.
    #[schema(example = "keep")]
    mailbox: Option<String>,
    /// The extension of the colleague who gets the messages.
    #[schema(example = "204")]
    mailbox_to: Option<String>,
    /// `keep` (without a choice): for as long as the account keeps recordings; `delete`: when the user can be brought back no
    /// more.
    #[schema(example = "keep")]
    recordings: Option<String>,
    /// An extension or a phone number: where those who sent calls to these users send them from now on, whether as
    /// unreachable or by rules of forwarding. Without it: nowhere.
    #[schema(example = "203")]
    forwarders: Option<String>,
    /// At 00:00 of this date in the account's time zone, from tomorrow on; without one: now.
    #[schema(example = "2027-03-01")]
    date: Option<NaiveDate>,
}

/// Delete users
///
/// They can be brought back for 30 days, by undoing the journal entry that has the change's identifier; then names, mailbox,
/// greeting and mails are erased. With a date, it waits in the schedule, and can be moved or removed there.
#[utoipa::path(
    post,
    path = "/users/delete",
    tag = "Users",
    request_body = DeleteUsers,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn delete_users(ask: Ask, Body(body): Body<DeleteUsers>) -> Answer {
    let text = |text: Option<String>| text.unwrap_or_default();
    let days = |days: Option<u16>| days.map(|days| days.to_string()).unwrap_or_default();
    let input = LeavingInput {
        numbers: text(body.numbers),
        forward_to: text(body.forward_to),
        forward_days: days(body.forward_days),
        keep_back_days: days(body.keep_back_days),
        devices: text(body.devices),
        mailbox: text(body.mailbox),
        mailbox_to: text(body.mailbox_to),
        recordings: text(body.recordings),
        forwarders: text(body.forwarders),
    };
    let leaving = input.parse()?;
    let user_ids = users(&ask.service, &ask.caller, body.user_ids, body.matching).await?;
    ask.carry_out_many(Change::DeleteUsers { user_ids, leaving, date: body.date }).await
}
