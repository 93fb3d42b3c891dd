//! One's own address when dialling 911: said and confirmed by who is there. The callback number is the account's to set.

use askama::Template;
use lineside_model::address::CivicAddressInput;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::list::UserDetail;

use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::review::{Attempt, Ways, apply};
use crate::router::{Access, Route};
use crate::user::e911::filled;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/me/e911", Access::User, open), Route::post("/me/e911", Access::User, save)]
}

#[derive(Template)]
#[template(path = "me/e911.html")]
struct E911Page {
    frame: Frame,
    user: UserDetail,
    form: Form,
}

async fn open(visitor: Visitor) -> Answer {
    let user = visitor.service.me(&visitor.caller).await?;
    let form = filled(&user, visitor.service.new_change_id());
    show(&E911Page { frame: visitor.frame("Where you are when dialling 911").await?, user, form })
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let user = visitor.service.me(&visitor.caller).await?;
    let input: CivicAddressInput = data.input()?;
    let form = match input.parse() {
        Err(errors) => Form::sent(&data).with_errors(errors),
        Ok(address) => {
            let change = Change::ConfirmOwnE911 { user_id: user.user.id, address };
            let request = ChangeRequest { id: data.change_id()?, change };
            match apply(&visitor, &request, &Ways::back_to("/me")).await? {
                Attempt::Answer(_) => return Ok(flash::done("/me", "Your address is confirmed.")),
                Attempt::Blocked(plan) => Form::sent(&data).with_blockers(&plan),
            }
        }
    };
    show_again(&E911Page { frame: visitor.frame("Where you are when dialling 911").await?, user, form })
}
