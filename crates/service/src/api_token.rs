//! Tokens for the API: shown once, kept by their hash.

use lineside_auth::ApiToken;
use lineside_model::journal::Via;
use lineside_model::text::Name;
use lineside_store::api_token::{ApiTokenRow, TokenOwner};
use uuid::Uuid;

use crate::{Caller, Identity, Service, ServiceError};

/// A fresh token: the only time that it is seen whole.
pub struct NewApiToken {
    pub token: String,
    pub row: ApiTokenRow,
}

impl Service {
    /// The token acts as the person who made it.
    pub async fn add_api_token(&self, caller: &Caller, name: &str) -> Result<NewApiToken, ServiceError> {
        let owner = owner(caller)?;
        let name = Name::parse(name).map_err(|error| ServiceError::field("name", error))?;
        let token = ApiToken::mint(&mut *self.rng());
        let row = ApiTokenRow {
            id: self.new_uuid(),
            name: name.to_string(),
            prefix: token.shown_prefix().to_owned(),
            created_at: self.now(),
            last_used_at: None,
        };
        self.store().add_api_token(&owner, &row, token.hash().as_bytes(), self.new_change_id()).await?;
        Ok(NewApiToken { token: token.reveal().to_owned(), row })
    }

    pub async fn api_tokens(&self, caller: &Caller) -> Result<Vec<ApiTokenRow>, ServiceError> {
        Ok(self.store().api_tokens(&owner(caller)?).await?)
    }

    pub async fn revoke_api_token(&self, caller: &Caller, id: Uuid) -> Result<(), ServiceError> {
        let revoked = self.store().revoke_api_token(&owner(caller)?, id, self.new_change_id(), self.now()).await?;
        if revoked { Ok(()) } else { Err(ServiceError::NotFound) }
    }

    /// Whose token it is.
    pub async fn api_caller(&self, token: &str, from: Option<String>) -> Result<Option<Caller>, ServiceError> {
        let Ok(token) = ApiToken::parse(token) else { return Ok(None) };
        let subject = self.store().api_token_subject(token.hash().as_bytes(), self.now()).await?;
        Ok(subject.and_then(|subject| Caller::new(subject, Via::Api, from)))
    }
}

/// Whoever belongs to an account, and operators: a token may do what its person may.
fn owner(caller: &Caller) -> Result<TokenOwner, ServiceError> {
    match &caller.identity {
        Identity::Operator { id, .. } => Ok(TokenOwner::Operator { actor: caller.actor(), id: *id }),
        Identity::User { id, .. } => Ok(TokenOwner::User { scope: caller.own_scope()?.0, id: *id }),
    }
}
