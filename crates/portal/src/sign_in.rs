//! Signing in and out.

use askama::Template;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect};
use lineside_model::field::FieldErrors;
use lineside_service::Caller;
use lineside_service::sign_in::SignInError;

use crate::form::Form;
use crate::form_data::FormData;
use crate::page::{self, Answer};
use crate::review::own_page;
use crate::router::{Access, Route};
use crate::{Portal, gate};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Access::Anyone, door),
        Route::get("/sign-in", Access::Anyone, form),
        Route::post("/sign-in", Access::Anyone, sign_in),
        Route::post("/sign-out", Access::Anyone, sign_out),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    form: Form,
    refused: Option<String>,
    signed_out: bool,
}

/// The portal's address leads each to their own first page.
async fn door(State(portal): State<Portal>, request: Request) -> Answer {
    let caller = gate::signed_in(&portal.service, request.headers(), request.extensions()).await?;
    Ok(Redirect::to(caller.as_ref().map_or("/sign-in", first_page)).into_response())
}

fn first_page(caller: &Caller) -> &'static str {
    match caller {
        operator if operator.is_operator() => "/operator/accounts",
        administrator if administrator.administers() => "/home",
        _ => "/me",
    }
}

async fn form(State(portal): State<Portal>, request: Request) -> Answer {
    if let Some(caller) = gate::signed_in(&portal.service, request.headers(), request.extensions()).await? {
        return Ok(Redirect::to(first_page(&caller)).into_response());
    }
    let wanted = FormData::from_request(request, &portal).await?;
    let form = Form::empty(portal.service.new_change_id()).with("next", wanted.text("next"));
    page::show(&SignInPage { form, refused: None, signed_out: wanted.has("signed_out") })
}

async fn sign_in(State(portal): State<Portal>, request: Request) -> Answer {
    let from = gate::peer(request.extensions());
    let data = FormData::from_request(request, &portal).await?;
    let form = Form::sent(&data);
    let mut errors = FieldErrors::default();
    if data.text("username").trim().is_empty() {
        errors.push("username", "fill in your username");
    }
    if data.text("password").is_empty() {
        errors.push("password", "fill in your password");
    }
    if !errors.is_empty() {
        return page::show_again(&SignInPage { form: form.with_errors(errors), refused: None, signed_out: false });
    }
    match portal.service.sign_in(data.text("username"), data.text("password"), from).await {
        Ok(signed_in) => {
            let next = match own_page(data.text("next")) {
                next if next == "/" => first_page(&signed_in.caller).to_owned(),
                next => next,
            };
            Ok(gate::with_session(&portal.service, signed_in.token, Redirect::to(&next)))
        }
        Err(error @ SignInError::Refused) => {
            let page = SignInPage { form, refused: Some(error.to_string()), signed_out: false };
            page::show_with(StatusCode::UNAUTHORIZED, &page)
        }
        Err(SignInError::Service(error)) => Err(error.into()),
    }
}

async fn sign_out(State(portal): State<Portal>, headers: HeaderMap) -> Answer {
    if let Some(token) = gate::session_token(&headers) {
        portal.service.sign_out(&token).await?;
    }
    Ok(gate::without_session(Redirect::to("/sign-in?signed_out")))
}
