//! A person's own phone: what they reach and are reached by, whether it rings, and what they set themselves. An administrator
//! sees the same page of anybody.

mod e911;
mod password;
mod phone;

use askama::Template;
use lineside_model::device::{ConfigurationKind, DeviceModel};
use lineside_model::id::UserId;
use lineside_model::list::{DeviceDetail, UserDetail};

use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::user::checklist::Checklist;
use crate::user::test_call::TestCalls;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    let own = vec![Route::get("/me", Access::User, me), Route::get("/users/{id}/me", Access::Administrator, of_user)];
    [own, e911::routes(), password::routes(), phone::routes()].into_iter().flatten().collect()
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    frame: Frame,
    user: UserDetail,
    licenses: Vec<String>,
    checklist: Checklist,
    test_calls: TestCalls,
    /// The person themselves looks at it.
    own: bool,
}

impl MePage {
    async fn new(visitor: &Visitor, user: UserDetail, own: bool) -> Result<Self, PageError> {
        let catalogue = visitor.service.catalogue().await?;
        let title = if own { "My phone".to_owned() } else { format!("What {} sees", user.user.profile.first_name) };
        let frame = visitor.frame(title).await?;
        let licenses = user.assignments.iter().filter_map(|held| catalogue.license_type(held.license_type_id));
        let licenses = licenses.map(|license| license.name.clone()).collect();
        let checklist = Checklist::new(&user, &catalogue, &frame).without_repairs();
        let test_calls = TestCalls::of(visitor, user.user.id, &frame).await?;
        Ok(Self { frame, user, licenses, checklist, test_calls, own })
    }

    /// A page of theirs, at the address that the one who looks may open.
    fn page(&self, name: &str) -> String {
        format!("/users/{}/{name}", self.user.user.id)
    }

    fn is_softphone(&self, device: &DeviceDetail) -> bool {
        self.own && is_softphone(device)
    }
}

/// A phone that its user sets up alone.
fn is_softphone(device: &DeviceDetail) -> bool {
    DeviceModel::find(&device.device.model).is_some_and(|model| model.configuration == ConfigurationKind::Linphone)
}

async fn me(visitor: Visitor) -> Answer {
    let user = visitor.service.me(&visitor.caller).await?;
    page::show(&MePage::new(&visitor, user, true).await?)
}

async fn of_user(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    if user.user.is_deleted() {
        return Err(PageError::NotFound);
    }
    page::show(&MePage::new(&visitor, user, false).await?)
}
