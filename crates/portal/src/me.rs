//! A person's own phone: what they reach and are reached by, and whether it rings.

use askama::Template;
use lineside_model::list::UserDetail;

use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::router::{Access, Route};
use crate::user::checklist::Checklist;
use crate::user::test_call::TestCalls;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/me", Access::User, me)]
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    frame: Frame,
    user: UserDetail,
    licenses: Vec<String>,
    checklist: Checklist,
    test_calls: TestCalls,
}

async fn me(visitor: Visitor) -> Answer {
    let user = visitor.service.me(&visitor.caller).await?;
    let catalogue = visitor.service.catalogue().await?;
    let frame = visitor.frame("My phone").await?;
    let licenses = user.assignments.iter().filter_map(|held| catalogue.license_type(held.license_type_id));
    let licenses = licenses.map(|license| license.name.clone()).collect();
    let checklist = Checklist::new(&user, &catalogue, &frame).without_repairs();
    let test_calls = TestCalls::of(&visitor, user.user.id, &frame).await?;
    page::show(&MePage { frame, user, licenses, checklist, test_calls })
}
