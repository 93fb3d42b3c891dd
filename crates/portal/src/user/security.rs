//! Security information: the role, and an Authorized User's PIN.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::list::UserDetail;
use lineside_model::plan::BlockerKind;
use lineside_model::user::Role;
use lineside_service::ServiceError;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/security", Access::Administrator, open),
        Route::post("/users/{id}/security", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "user/security.html")]
struct SecurityPage {
    frame: Frame,
    user: UserDetail,
    form: Form,
    roles: Vec<Choice>,
}

impl SecurityPage {
    async fn new(visitor: &Visitor, user: UserDetail, form: Form) -> Result<Self, PageError> {
        let roles = roles(user.user.role);
        Ok(Self { frame: visitor.frame("Security information").await?, user, form, roles })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::empty(visitor.service.new_change_id())
        .with("role", user.user.role.as_str())
        .with("version", user.user.version.to_string());
    page::show(&SecurityPage::new(&visitor, user, form).await?)
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::sent(&data);
    let form = match read(&visitor, &user, &data).await {
        Ok(change) => {
            let request = ChangeRequest { id: data.change_id()?, change };
            let page = format!("/users/{}", user.user.id);
            match review::attempt(&visitor, &request, &Ways::back_to(&page)).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => {
                    let stale = plan.blockers.iter().any(|blocker| blocker.kind == BlockerKind::Stale);
                    let form = form.with_blockers(&plan);
                    if stale {
                        form.with("version", user.user.version.to_string())
                            .with_change_id(visitor.service.new_change_id())
                            .with_remark("role", format!("Saved now: {}.", user.user.role.label()))
                    } else {
                        form
                    }
                }
            }
        }
        Err(ServiceError::Invalid(errors)) => form.with_errors(errors),
        Err(error) => return Err(error.into()),
    };
    page::show_again(&SecurityPage::new(&visitor, user, form).await?)
}

async fn read(visitor: &Visitor, user: &UserDetail, data: &FormData) -> Result<Change, ServiceError> {
    let role = Role::parse(data.text("role")).ok_or_else(|| ServiceError::field("role", "choose a role"))?;
    let (pin, extension) = (data.text("pin"), user.user.profile.extension.as_ref());
    let pin_hash = match pin {
        "" => None,
        pin if role == Role::AuthorizedUser || role == Role::AccountOwner => {
            Some(visitor.service.hash_pin(pin, extension).await?)
        }
        _ => {
            let message = "only an Authorized User or the Account Owner has a PIN; leave this blank";
            return Err(FieldErrors::one("pin", message).into());
        }
    };
    Ok(Change::SetSecurity { user_id: user.user.id, version: data.version(), role, pin_hash })
}

/// Who owns the account is the operator's to change.
fn roles(current: Role) -> Vec<Choice> {
    let note = |role: Role| match role {
        Role::AccountOwner => "one for each account; the operator names them",
        Role::Administrator => "changes the account and sees all of it",
        Role::AuthorizedUser => "full privileges, and a PIN for the support desk",
        Role::User => "sees only their own things",
    };
    let offered = |role: &Role| (*role == Role::AccountOwner) == (current == Role::AccountOwner);
    let choice = |role: Role| Choice::new(role.as_str(), role.label()).note(note(role));
    Role::ALL.into_iter().filter(offered).map(choice).collect()
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}
