//! Numbers added to the inventory, one by one or as ranges.

use chrono::NaiveDate;
use lineside_model::change::{Change, NUMBERS_MAX};
use lineside_model::field::FieldErrors;
use lineside_model::id::LocationId;
use lineside_model::number_list;
use lineside_model::phone_number::E164;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::number::list::KindName;
use crate::plan::PlanView;

/// New numbers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNumbers)]
pub struct NewNumbersBody {
    /// Each a number, or a range such as `+1 480 555 0100 - 0149`. At most 10,000 numbers in all.
    #[schema(example = json!(["+14805550143", "+1 480 555 0100 - 0149"]))]
    numbers: Vec<String>,
    kind: KindName,
    location_id: Option<Uuid>,
    /// For numbers that another carrier still has: the day on which they are expected. They are usable once their port is
    /// completed.
    #[schema(example = "2027-03-01")]
    ports_on: Option<NaiveDate>,
}

/// Add numbers to the inventory
#[utoipa::path(
    post,
    path = "/numbers",
    tag = "Numbers",
    request_body = NewNumbersBody,
    responses((status = 201, body = PlanView, description = "What was added; each step carries a number's id"))
)]
pub async fn add_numbers(ask: Ask, Body(body): Body<NewNumbersBody>) -> Answer {
    let numbers = read(&body.numbers)?;
    let (kind, location_id) = (body.kind.into(), body.location_id.map(LocationId));
    let change = match body.ports_on {
        Some(date) => Change::PortNumbers { numbers, kind, location_id, date },
        None => Change::AddNumbers { numbers, kind, location_id },
    };
    ask.create_many(change).await
}

/// Every wrong entry is named by its place in the list.
fn read(entries: &[String]) -> Result<Vec<E164>, FieldErrors> {
    let (mut numbers, mut errors) = (Vec::new(), FieldErrors::default());
    for (at, entry) in entries.iter().enumerate() {
        match number_list::parse(entry) {
            Ok(found) => numbers.extend(found),
            Err(wrong) => wrong.iter().for_each(|line| errors.push(&format!("numbers.{at}"), &line.problem)),
        }
        if numbers.len() > NUMBERS_MAX {
            errors.push("numbers", format!("one request adds at most {NUMBERS_MAX} numbers; send the rest afterwards"));
            break;
        }
    }
    numbers.sort();
    numbers.dedup();
    if numbers.is_empty() && errors.is_empty() {
        errors.push("numbers", "write at least one number, such as +1 480 555 0143");
    }
    errors.into_result(Some(numbers))
}
