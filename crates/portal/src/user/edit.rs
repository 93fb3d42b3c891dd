//! Editing a profile. When somebody else saved meanwhile, the form says what, and saving again is a decision.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::UserId;
use lineside_model::list::UserDetail;
use lineside_model::plan::{BlockerKind, Plan};
use lineside_model::user::{ProfileInput, profile_differences};
use lineside_service::ServiceError;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways, own_page};
use crate::router::{Access, Route};
use crate::user::profile_form::Lists;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/edit", Access::Administrator, open),
        Route::post("/users/{id}/edit", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "user/edit.html")]
struct EditPage {
    frame: Frame,
    user: UserDetail,
    lists: Lists,
    form: Form,
    /// Where it goes on after saving, and back to without.
    then: String,
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::new(visitor.service.new_change_id(), &ProfileInput::from(&user.user.profile))
        .with("version", user.user.version.to_string());
    let then = then(&user, &data);
    let lists = Lists::load(&visitor).await?;
    page::show(&EditPage { frame: visitor.frame("Edit profile").await?, user, lists, form, then })
}

fn then(user: &UserDetail, data: &FormData) -> String {
    if data.has("then") { own_page(data.text("then")) } else { format!("/users/{}", user.user.id) }
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let then = then(&user, &data);
    let lists = Lists::load(&visitor).await?;
    let input: ProfileInput = data.input()?;
    let form = match input.parse() {
        Err(errors) => Form::sent(&data).with_errors(errors),
        Ok(profile) => {
            let change =
                Change::EditProfile { user_id: user.user.id, version: data.version(), profile: Box::new(profile) };
            let request = ChangeRequest { id: data.change_id()?, change };
            match review::attempt(&visitor, &request, &Ways::back_to(&then)).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => beside_current(&visitor, &user, &data, &request, &plan, &lists).await?,
            }
        }
    };
    page::show_again(&EditPage { frame: visitor.frame("Edit profile").await?, user, lists, form, then })
}

/// The person's own values, with what stands there now beside each that differs; the form goes on from the version that
/// is current, so that saving again overwrites knowingly.
async fn beside_current(
    visitor: &Visitor,
    user: &UserDetail,
    data: &FormData,
    request: &ChangeRequest,
    plan: &Plan,
    lists: &Lists,
) -> Result<Form, PageError> {
    let mut form = Form::sent(data).with_blockers(plan);
    let stale = plan.blockers.iter().any(|blocker| blocker.kind == BlockerKind::Stale);
    let Change::EditProfile { profile, .. } = &request.change else { return Ok(form) };
    if !stale {
        return Ok(form);
    }
    let by_others = visitor.service.differences(&visitor.caller, request).await?;
    let frame = visitor.frame("").await?;
    for (field, _, current) in profile_differences(profile, &user.user.profile) {
        let shown = if current.is_empty() { "nothing" } else { lists.name(&field, &current) };
        let remark = match by_others.iter().find(|difference| difference.field == field) {
            Some(other) => format!("{} changed this to “{shown}” {}.", other.by, frame.time(&other.at).text()),
            None => format!("Saved now: “{shown}”."),
        };
        form = form.with_remark(&field, remark);
    }
    Ok(form.with("version", user.user.version.to_string()).with_change_id(visitor.service.new_change_id()))
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}
