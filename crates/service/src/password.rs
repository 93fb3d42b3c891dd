//! First and forgotten passwords, set through a one-time link.

use chrono::TimeDelta;
use lineside_auth::{Password, Token};
use lineside_model::id::{MailId, UserId};
use lineside_model::mail::{Mail, MailKind, MailState};
use lineside_model::username::Username;
use lineside_store::login::{Login, Subject};

use crate::sign_in::{FAILURES_MAX, SignInError, SignedIn};
use crate::{Caller, Service, ServiceError};

/// A link sets the password once within 72 hours.
pub const LINK: TimeDelta = TimeDelta::hours(72);

/// Whose link it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub username: String,
    pub name: String,
}

impl Service {
    /// `None`: spent, expired or never there.
    pub async fn link(&self, token: &str) -> Result<Option<Link>, ServiceError> {
        Ok(self
            .login_of_link(token)
            .await?
            .map(|login| Link { username: login.username, name: subject_name(&login.subject) }))
    }

    /// Sets the password and spends the link. Every session of the person ends.
    pub async fn set_password(&self, token: &str, password: &str) -> Result<Link, ServiceError> {
        let login = self.login_of_link(token).await?.ok_or(ServiceError::NotFound)?;
        let password =
            Password::parse(password, &login.username).map_err(|error| ServiceError::field("password", error))?;
        let hash = self.inner.hasher.hash(&password, &mut *self.rng());
        let hash = hash.await?;
        self.store().set_password(&login.username.to_ascii_lowercase(), hash.as_str()).await?;
        Ok(Link { name: subject_name(&login.subject), username: login.username })
    }

    /// Sets a password without a link: the demo, and the operator's first.
    pub async fn give_password(&self, username: &str, password: &str) -> Result<(), ServiceError> {
        let password = Password::parse(password, username).map_err(|error| ServiceError::field("password", error))?;
        let hash = self.inner.hasher.hash(&password, &mut *self.rng()).await?;
        Ok(self.store().set_password(&username.to_ascii_lowercase(), hash.as_str()).await?)
    }

    /// As [`Self::change_password`] on a page, where a new session begins.
    pub async fn change_password_here(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
    ) -> Result<SignedIn, ServiceError> {
        let username = self.change_password(caller, current, new).await?;
        match self.sign_in(&username, new, caller.from.clone()).await {
            Ok(signed_in) => Ok(signed_in),
            Err(SignInError::Service(error)) => Err(error),
            Err(SignInError::Refused) => Err(ServiceError::NotFound),
        }
    }

    /// Somebody's own, by the password that they have: a wrong one counts as at sign-in. Every session ends. Returns the
    /// username.
    pub async fn change_password(&self, caller: &Caller, current: &str, new: &str) -> Result<String, ServiceError> {
        let (scope, id) = caller.own_scope()?;
        let username = self.me(caller).await?.user.profile.username.to_string();
        let new_password = Password::parse(new, &username).map_err(|error| ServiceError::field("password", error))?;
        match self.prove(&username, current, caller.via, caller.from.clone()).await {
            Ok(_) => {}
            Err(SignInError::Service(error)) => return Err(error),
            Err(SignInError::Refused) => {
                let message =
                    format!("this is not your password; after {FAILURES_MAX} wrong tries it is locked for 15 minutes");
                return Err(ServiceError::field("current", message));
            }
        }
        let hash = self.inner.hasher.hash(&new_password, &mut *self.rng()).await?;
        self.store().set_password(&username.to_ascii_lowercase(), hash.as_str()).await?;
        let (entry, summary) = (self.new_change_id(), "Changed their password");
        self.store().record_event(&scope, entry, self.now(), "change_password", summary, Some(id)).await?;
        Ok(username)
    }

    /// Queues a link to the person's address, if there is such a person with an address. The answer is the same for all.
    pub async fn forgot_password(&self, username: &str) -> Result<(), ServiceError> {
        let Ok(username) = Username::parse(username) else { return Ok(()) };
        let Some(login) = self.store().login(&username.key()).await? else { return Ok(()) };
        let Subject::User { id, account_id, name, .. } = login.subject else { return Ok(()) };
        let actor = lineside_model::journal::Actor::system(&name);
        let scope = lineside_model::journal::Scope { account_id, actor };
        let now = self.now();
        let Some(user) = self.store().user(&scope, id, now).await? else { return Ok(()) };
        let Some(to) = user.user.profile.email else { return Ok(()) };
        // One a minute, so that nobody fills a mailbox by clicking.
        let lately =
            |mail: &Mail| mail.kind == MailKind::PasswordReset && mail.created_at > now - TimeDelta::minutes(1);
        if user.mails.iter().any(lately) {
            return Ok(());
        }
        let mail = Mail {
            id: MailId(self.new_uuid()),
            account_id,
            user_id: id,
            about: Vec::new(),
            kind: MailKind::PasswordReset,
            to,
            state: MailState::Queued,
            attempts: 0,
            said: None,
            created_at: now,
            next_at: now,
            done_at: None,
        };
        self.store().queue_mail(&mail).await?;
        self.inner.mail_due.notify_one();
        Ok(())
    }

    /// A fresh link for a mail that is about to be sent; earlier ones are spent.
    pub(crate) async fn new_link(&self, user: UserId) -> Result<String, ServiceError> {
        let token = Token::mint(&mut *self.rng());
        self.store().add_link(token.hash().as_bytes(), user, self.now() + LINK).await?;
        Ok(format!("{}/set-password/{}", self.settings().portal_url, token.reveal()))
    }

    async fn login_of_link(&self, token: &str) -> Result<Option<Login>, ServiceError> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        Ok(self.store().link(token.hash().as_bytes(), self.now()).await?)
    }
}

fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Operator { name, .. } | Subject::User { name, .. } => name.clone(),
    }
}
