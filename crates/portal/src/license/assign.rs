//! The assign dialog, for one user or many: track and license type, General requirements with repairs in place, Assignment
//! date, and then the plan. It is one form without scripts; what was chosen travels in it from step to step.

mod examined;
mod repairs;
mod requirements;
mod types;

use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{LicenseTypeId, UserId};
use lineside_model::license::{Catalogue, LicenseType};
use lineside_model::list::UserRow;
use lineside_model::plan::field_errors;

use self::examined::Examined;
use self::repairs::Repairs;
use self::requirements::RequirementsPage;
use self::types::TypesPage;
use crate::form::Form;
use crate::form_data::FormData;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/licensing/assign", Access::Administrator, open),
        Route::post("/licensing/assign", Access::Administrator, go_on).body_limit(SENT_MAX),
    ]
}

/// Ten thousand users with a landline and a mobile number each.
const SENT_MAX: usize = 4 * 1024 * 1024;
/// The field that says which step a form comes from.
const STEP: &str = "step";
const REQUIREMENTS: &str = "requirements";
/// The field of the button that was pressed, where it leads elsewhere than on.
const TO: &str = "to";
/// "Wait for the port": the date follows.
const ON: &str = "on:";
/// Longer addresses are no way back.
const BACK_MAX: usize = 1500;

/// Who gets which type.
struct Chosen {
    rows: Vec<UserRow>,
    license: LicenseType,
    catalogue: Catalogue,
}

impl Chosen {
    async fn find(visitor: &Visitor, users: &[UserId], license: LicenseTypeId) -> Result<Option<Self>, PageError> {
        let catalogue = visitor.service.catalogue().await?;
        let Some(license) = catalogue.license_type(license).cloned() else { return Ok(None) };
        Ok(Some(Self { rows: rows(visitor, users).await?, license, catalogue }))
    }

    fn user_ids(&self) -> Vec<UserId> {
        self.rows.iter().map(|row| row.id).collect()
    }
}

/// `?user_ids=…` for each user, or the selection of the list; `?track=` opens a track, `?license_type_id=` chooses a type, `?step=requirements` goes on.
async fn open(visitor: Visitor, query: FormData) -> Answer {
    let users = crate::selection::users(&visitor, &query).await?;
    if users.is_empty() {
        return Ok(crate::selection::nobody("/users"));
    }
    let mut data = query.of_users(&users);
    data.set("change_id", visitor.service.new_change_id().to_string());
    if data.text(STEP) == REQUIREMENTS {
        return requirements(&visitor, &data).await;
    }
    let form = Form::sent(&data);
    show(&TypesPage::new(&visitor, user_ids(&data), form).await?)
}

async fn go_on(visitor: Visitor, mut data: FormData) -> Answer {
    if let Some(date) = data.text(TO).strip_prefix(ON).map(str::to_owned) {
        data.set("when", "date".to_owned());
        data.set("date", date);
        return requirements(&visitor, &data).await;
    }
    let to = data.text(TO);
    let track = to.strip_prefix("track:").map(str::to_owned);
    if to == "types" || track.is_some() {
        let mut form = Form::sent(&data);
        if let Some(track) = track {
            form = form.with("track", track);
        }
        return show(&TypesPage::new(&visitor, user_ids(&data), form).await?);
    }
    if data.text(STEP) == REQUIREMENTS && !matches!(to, "check" | "fill") {
        return review(&visitor, &data).await;
    }
    requirements(&visitor, &data).await
}

/// From the page that chooses users for a type.
pub(super) async fn chosen(visitor: &Visitor, users: &[UserId], license: LicenseTypeId, data: &FormData) -> Answer {
    let mut fields = vec![("change_id".to_owned(), data.change_id()?.to_string())];
    fields.push(("license_type_id".to_owned(), license.to_string()));
    fields.extend(users.iter().map(|user| ("user_ids".to_owned(), user.to_string())));
    requirements(visitor, &FormData::new(fields)).await
}

/// "General requirements" and "Assignment date".
async fn requirements(visitor: &Visitor, data: &FormData) -> Answer {
    let Some(chosen) = type_of(visitor, data).await? else { return no_type(visitor, data).await };
    let on = date_of(data).unwrap_or_default();
    let mut repairs = Repairs::read(data);
    if data.text(TO) == "fill" {
        let examined = Examined::new(visitor, &chosen, &repairs, on).await?;
        repairs.fill(visitor, &chosen, &examined).await?;
    }
    let examined = Examined::new(visitor, &chosen, &repairs, on).await?;
    show(&RequirementsPage::new(visitor, &chosen, &repairs, &examined, Form::sent(data)).await?)
}

/// The plan; or back here with what is in the way.
async fn review(visitor: &Visitor, data: &FormData) -> Answer {
    let Some(chosen) = type_of(visitor, data).await? else { return no_type(visitor, data).await };
    let repairs = Repairs::read(data);
    let mut errors = repairs.errors();
    let on = date_of(data).unwrap_or_else(|message| {
        errors.push("date", message);
        None
    });
    let examined = Examined::new(visitor, &chosen, &repairs, on).await?;
    if errors.is_empty() {
        let request = ChangeRequest { id: data.change_id()?, change: examined.change() };
        match attempt(visitor, &request, &ways(&chosen, on, data)).await? {
            Attempt::Answer(answer) => return Ok(answer),
            Attempt::Blocked(plan) => {
                let dates = field_errors(&plan.blockers).0.into_iter().filter(|error| error.field == "date");
                errors.0.extend(dates);
                if on.is_none() && errors.is_empty() {
                    let message = "it can't be assigned now: repair what is named above, or choose a custom date";
                    errors.push("when", message);
                }
            }
        }
    }
    let form = Form::sent(data).with_errors(errors);
    show_again(&RequirementsPage::new(visitor, &chosen, &repairs, &examined, form).await?)
}

async fn no_type(visitor: &Visitor, data: &FormData) -> Answer {
    let form = Form::sent(data).with_errors(FieldErrors::one("license_type_id", "choose a license type"));
    show_again(&TypesPage::new(visitor, user_ids(data), form).await?)
}

async fn type_of(visitor: &Visitor, data: &FormData) -> Result<Option<Chosen>, PageError> {
    match data.parse::<LicenseTypeId>("license_type_id") {
        Some(license) => Chosen::find(visitor, &user_ids(data), license).await,
        None => Ok(None),
    }
}

/// "Custom date" and the date; `None` for "Assign now".
fn date_of(data: &FormData) -> Result<Option<NaiveDate>, &'static str> {
    if data.text("when") != "date" {
        return Ok(None);
    }
    data.parse("date").map(Some).ok_or("choose the date on which the license begins, such as 2027-03-01")
}

fn ways(chosen: &Chosen, on: Option<NaiveDate>, data: &FormData) -> Ways {
    let done = match (chosen.rows.as_slice(), on) {
        ([only], _) => format!("/users/{}", only.id),
        (_, Some(_)) => "/schedule".to_owned(),
        (_, None) => "/licensing".to_owned(),
    };
    let fields = data.fields().filter(|(name, value)| !matches!(*name, "change_id" | TO) && !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let back = if query.len() <= BACK_MAX { format!("/licensing/assign?{query}") } else { "/users".to_owned() };
    Ways::new(done, back)
}

/// Each once.
pub(super) fn user_ids(data: &FormData) -> Vec<UserId> {
    let mut seen = std::collections::BTreeSet::new();
    data.all("user_ids").filter_map(|id| id.parse().ok()).filter(|id| seen.insert(*id)).collect()
}

/// By name.
async fn rows(visitor: &Visitor, users: &[UserId]) -> Result<Vec<UserRow>, PageError> {
    let mut rows = visitor.service.user_rows(&visitor.caller, users).await?;
    if rows.is_empty() {
        return Err(PageError::NotFound);
    }
    rows.sort_by_key(|row| (row.last_name.to_lowercase(), row.first_name.to_lowercase()));
    Ok(rows)
}

/// "Assign a license to Ana Duarte", and whom when there are several.
fn title_and_names(rows: &[UserRow]) -> (String, String) {
    let names = rows.iter().take(8).map(UserRow::name).collect::<Vec<_>>().join(", ");
    match rows {
        [row] => (format!("Assign a license to {}", row.name()), String::new()),
        many if many.len() > 8 => {
            (format!("Assign a license to {} users", many.len()), format!("{names} and {} more", many.len() - 8))
        }
        many => (format!("Assign a license to {} users", many.len()), names),
    }
}

/// The assignment by itself.
fn assign(chosen: &Chosen, date: Option<NaiveDate>) -> Change {
    Change::AssignLicense { user_ids: chosen.user_ids(), license_type_id: chosen.license.id, date }
}
