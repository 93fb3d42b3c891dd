//! Users who leave.

use lineside_model::change::Change;
use lineside_model::extension::Destination;
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::leaving::{Leaving, LeftDevices, LeftNumbers};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::plan::PlanView;
use crate::problem::Problem;

/// Who leaves, and what becomes of what they leave behind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteUsers {
    /// At most 10,000.
    user_ids: Vec<Uuid>,
    #[serde(default)]
    #[schema(inline, default = "quarantine")]
    numbers: Numbers,
    #[serde(default)]
    #[schema(inline, default = "unassign")]
    devices: Devices,
    /// An extension or a phone number: where those who sent calls to these users send them from now on. Without it:
    /// nowhere.
    #[schema(example = "203")]
    forwarders: Option<String>,
}

/// `quarantine`: nobody gets them until they are freed; `free`: can be given to somebody else at once.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Numbers {
    #[default]
    Quarantine,
    Free,
}

/// `unassign`: they stay in the list of devices; `delete`: they are gone.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Devices {
    #[default]
    Unassign,
    Delete,
}

/// Delete users
///
/// They can be brought back for 30 days, by undoing the journal entry that has the change's identifier.
#[utoipa::path(
    post,
    path = "/users/delete",
    tag = "Users",
    request_body = DeleteUsers,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn delete_users(ask: Ask, Body(body): Body<DeleteUsers>) -> Answer {
    let leaving = Leaving {
        numbers: match body.numbers {
            Numbers::Quarantine => LeftNumbers::Quarantine,
            Numbers::Free => LeftNumbers::Free,
        },
        devices: match body.devices {
            Devices::Unassign => LeftDevices::Unassign,
            Devices::Delete => LeftDevices::Delete,
        },
        forwarders: body.forwarders.as_deref().map(destination).transpose()?,
    };
    let user_ids = body.user_ids.into_iter().map(UserId).collect();
    ask.carry_out_many(Change::DeleteUsers { user_ids, leaving }).await
}

fn destination(text: &str) -> Result<Destination, Problem> {
    Destination::parse(text).map_err(|error| FieldErrors::one("forwarders", error.to_string()).into())
}
