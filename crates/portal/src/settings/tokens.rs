//! Tokens for the API, of an account's people and of operators: made, shown once, revoked.

use askama::Template;
use lineside_model::field::FieldErrors;
use lineside_service::ServiceError;
use lineside_service::store::api_token::ApiTokenRow;
use uuid::Uuid;

use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/settings/tokens", Access::User, list),
        Route::post("/settings/tokens", Access::User, add),
        Route::post("/settings/tokens/{id}/revoke", Access::User, revoke),
        Route::get("/operator/tokens", Access::Operator, list),
        Route::post("/operator/tokens", Access::Operator, add),
        Route::post("/operator/tokens/{id}/revoke", Access::Operator, revoke),
    ]
}

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct TokensPage {
    frame: Frame,
    form: Form,
    tokens: Vec<ApiTokenRow>,
    home: &'static str,
    /// Of somebody who administers nothing.
    is_own_page: bool,
    /// Made just now: the only time that it is seen whole.
    fresh: Option<String>,
}

impl TokensPage {
    async fn new(visitor: &Visitor, form: Form, fresh: Option<String>) -> Result<Self, PageError> {
        let tokens = visitor.service.api_tokens(&visitor.caller).await?;
        let is_own_page = !visitor.caller.is_operator() && visitor.caller.scope().is_err();
        Ok(Self { frame: visitor.frame("API tokens").await?, form, tokens, home: home(visitor), is_own_page, fresh })
    }
}

fn home(visitor: &Visitor) -> &'static str {
    if visitor.caller.is_operator() { "/operator/tokens" } else { "/settings/tokens" }
}

async fn list(visitor: Visitor) -> Answer {
    show(&TokensPage::new(&visitor, Form::default(), None).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    match visitor.service.add_api_token(&visitor.caller, data.text("name")).await {
        Ok(made) => show(&TokensPage::new(&visitor, Form::default(), Some(made.token)).await?),
        Err(ServiceError::Invalid(errors)) => again(&visitor, &data, errors).await,
        Err(error) => Err(error.into()),
    }
}

async fn again(visitor: &Visitor, data: &FormData, errors: FieldErrors) -> Answer {
    show_again(&TokensPage::new(visitor, Form::sent(data).with_errors(errors), None).await?)
}

async fn revoke(visitor: Visitor, RecordPath(id): RecordPath<Uuid>) -> Answer {
    match visitor.service.revoke_api_token(&visitor.caller, id).await {
        // A second click finds it gone already.
        Ok(()) | Err(ServiceError::NotFound) => Ok(flash::done(home(&visitor), "The token no longer works.")),
        Err(error) => Err(error.into()),
    }
}
