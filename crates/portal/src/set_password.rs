//! Setting a password by the link in a mail, and asking for such a link.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use lineside_model::field::FieldErrors;
use lineside_service::ServiceError;
use lineside_service::password::Link;

use crate::Portal;
use crate::form::Form;
use crate::form_data::FormData;
use crate::page::{self, Answer};
use crate::record_path::TextPath;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/set-password/{token}", Access::Anyone, form),
        Route::post("/set-password/{token}", Access::Anyone, set),
        Route::get("/forgot-password", Access::Anyone, forgot_form),
        Route::post("/forgot-password", Access::Anyone, forgot),
    ]
}

#[derive(Template)]
#[template(path = "set_password.html")]
struct SetPasswordPage {
    /// `None`: the link was used or is too old.
    link: Option<Link>,
    form: Form,
    done: bool,
}

#[derive(Template)]
#[template(path = "forgot_password.html")]
struct ForgotPage {
    form: Form,
    sent: bool,
}

async fn form(State(portal): State<Portal>, TextPath(token): TextPath<String>) -> Answer {
    let form = Form::empty(portal.service.new_change_id());
    match portal.service.link(&token).await? {
        Some(link) => page::show(&SetPasswordPage { link: Some(link), form, done: false }),
        None => spent(form),
    }
}

async fn set(State(portal): State<Portal>, TextPath(token): TextPath<String>, data: FormData) -> Answer {
    let form = Form::sent(&data);
    let Some(link) = portal.service.link(&token).await? else { return spent(form) };
    if data.text("password") != data.text("again") {
        let errors = FieldErrors::one("again", "this is not the same as above; type the password twice alike");
        return page::show_again(&SetPasswordPage { link: Some(link), form: form.with_errors(errors), done: false });
    }
    match portal.service.set_password(&token, data.text("password")).await {
        Ok(link) => page::show(&SetPasswordPage { link: Some(link), form, done: true }),
        Err(ServiceError::Invalid(errors)) => {
            page::show_again(&SetPasswordPage { link: Some(link), form: form.with_errors(errors), done: false })
        }
        Err(ServiceError::NotFound) => spent(form),
        Err(error) => Err(error.into()),
    }
}

fn spent(form: Form) -> Answer {
    page::show_with(StatusCode::GONE, &SetPasswordPage { link: None, form, done: false })
}

async fn forgot_form(State(portal): State<Portal>) -> Answer {
    page::show(&ForgotPage { form: Form::empty(portal.service.new_change_id()), sent: false })
}

/// The answer is the same whether there is such a person or not.
async fn forgot(State(portal): State<Portal>, data: FormData) -> Answer {
    let form = Form::sent(&data);
    if data.text("username").trim().is_empty() {
        let errors = FieldErrors::one("username", "fill in your username");
        return page::show_again(&ForgotPage { form: form.with_errors(errors), sent: false });
    }
    portal.service.forgot_password(data.text("username")).await?;
    page::show(&ForgotPage { form, sent: true })
}
