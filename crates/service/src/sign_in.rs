//! Sign-in with username and password, and the session that follows.

use chrono::{DateTime, TimeDelta, Utc};
use lineside_auth::{Hash, Token};
use lineside_model::journal::{Actor, ActorKind, Scope, Via};
use lineside_model::username::Username;
use lineside_store::login::{Login, Subject};
use thiserror::Error;

use crate::{Caller, Service, ServiceError};

/// Sessions end after this long.
pub const SESSION: TimeDelta = TimeDelta::hours(12);
/// After this many wrong passwords in a row, sign-in is locked.
pub const FAILURES_MAX: i32 = 10;
/// For this long.
pub const LOCK: TimeDelta = TimeDelta::minutes(15);

#[derive(Debug, Error)]
pub enum SignInError {
    /// The same for an unknown name, a wrong password, a lock and a suspended user: nobody learns who exists.
    #[error("username or password is wrong; after {FAILURES_MAX} wrong tries sign-in is locked for 15 minutes")]
    Refused,
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A fresh session: its token goes into the cookie and nowhere else.
pub struct SignedIn {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub caller: Caller,
}

impl Service {
    pub async fn sign_in(&self, username: &str, password: &str, from: Option<String>) -> Result<SignedIn, SignInError> {
        let (key, caller) = self.prove(username, password, Via::Portal, from).await?;
        let now = self.now();
        let token = Token::mint(&mut *self.rng());
        let expires_at = now + SESSION;
        self.store().add_session(token.hash().as_bytes(), &key, now, expires_at).await.map_err(ServiceError::from)?;
        Ok(SignedIn { token: token.reveal().to_owned(), expires_at, caller })
    }

    /// Whose password it is, under which key. Wrong ones are journaled and counted, wherever they were sent to.
    pub(crate) async fn prove(
        &self,
        username: &str,
        password: &str,
        via: Via,
        from: Option<String>,
    ) -> Result<(String, Caller), SignInError> {
        let now = self.now();
        let key = Username::parse(username).ok().map(|username| String::from(username.key()));
        let login = match &key {
            Some(key) => self.store().login(key).await.map_err(ServiceError::from)?,
            None => None,
        };
        let open = login.as_ref().filter(|login| login.locked_until.is_none_or(|until| until <= now));
        let stored = open.and_then(|login| login.password_hash.clone()).map(Hash::from_stored);
        // Unknown names and locked ones take the same time.
        let right = self.inner.hasher.verify(password, stored.as_ref()).await.map_err(ServiceError::from)?;
        let Some(login) = login else { return Err(SignInError::Refused) };
        let key = key.unwrap_or_default();
        let caller = Caller::new(login.subject.clone(), via, from.clone()).filter(|_| right);
        let Some(caller) = caller else {
            self.sign_in_failed(&login, &key, right, (via, from), now).await?;
            return Err(SignInError::Refused);
        };
        self.store().login_succeeded(&key, now).await.map_err(ServiceError::from)?;
        Ok((key, caller))
    }

    async fn sign_in_failed(
        &self,
        login: &Login,
        key: &str,
        right: bool,
        (via, from): (Via, Option<String>),
        now: DateTime<Utc>,
    ) -> Result<(), ServiceError> {
        if !right {
            let lock = (login.failures + 1 >= FAILURES_MAX).then(|| now + LOCK);
            self.store().login_failed(key, lock).await?;
        }
        let (action, summary) = ("sign_in_failed", format!("A sign-in as {} was refused", login.username));
        let entry = self.new_change_id();
        match &login.subject {
            Subject::User { id, account_id, name, .. } => {
                let actor = Actor { kind: ActorKind::User, id: Some(id.0), name: name.clone(), via, from };
                let scope = Scope { account_id: *account_id, actor };
                Ok(self.store().record_event(&scope, entry, now, action, &summary, Some(*id)).await?)
            }
            Subject::Operator { id, name } => {
                let actor = Actor { kind: ActorKind::Operator, id: Some(id.0), name: name.clone(), via, from };
                Ok(self.store().record_operator_event(&actor, entry, now, action, &summary).await?)
            }
        }
    }

    /// Whose session the cookie's token is.
    pub async fn session(&self, token: &str, from: Option<String>) -> Result<Option<Caller>, ServiceError> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        let login = self.store().session(token.hash().as_bytes(), self.now()).await?;
        Ok(login.and_then(|login| Caller::new(login.subject, Via::Portal, from)))
    }

    pub async fn sign_out(&self, token: &str) -> Result<(), ServiceError> {
        if let Some(token) = Token::parse(token) {
            self.store().end_session(token.hash().as_bytes()).await?;
        }
        Ok(())
    }
}
