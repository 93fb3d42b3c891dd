//! One's own password, changed by whoever knows it.

use askama::Template;
use axum::response::IntoResponse;
use lineside_model::field::FieldErrors;
use lineside_service::ServiceError;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::router::{Access, Route};
use crate::visitor::Visitor;
use crate::{flash, gate};

pub fn routes() -> Vec<Route> {
    vec![Route::get("/me/password", Access::User, open), Route::post("/me/password", Access::User, save)]
}

#[derive(Template)]
#[template(path = "me/password.html")]
struct PasswordPage {
    frame: Frame,
    form: Form,
}

async fn open(visitor: Visitor) -> Answer {
    let form = Form::empty(visitor.service.new_change_id());
    show(&PasswordPage { frame: visitor.frame("Change your password").await?, form })
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let mut errors = FieldErrors::default();
    if data.text("password") != data.text("again") {
        errors.push("again", "this is not the same as above; type the password twice alike");
    }
    if errors.is_empty() {
        let (current, new) = (data.text("current"), data.text("password"));
        match visitor.service.change_password_here(&visitor.caller, current, new).await {
            Ok(signed_in) => {
                let message = "Your password is changed. Wherever else you were signed in, you are signed out.";
                let answer = flash::done("/me", message);
                return Ok(gate::with_session(&visitor.service, signed_in.token, answer).into_response());
            }
            Err(ServiceError::Invalid(wrong)) => errors = wrong,
            Err(error) => return Err(error.into()),
        }
    }
    // Nothing of what was typed comes back.
    let form = Form::empty(visitor.service.new_change_id()).with_errors(errors);
    show_again(&PasswordPage { frame: visitor.frame("Change your password").await?, form })
}
