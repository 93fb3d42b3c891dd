//! Who asks, and what they may touch.

use lineside_model::id::{AccountId, OperatorId, UserId};
use lineside_model::journal::{Actor, ActorKind, Scope, Via};
use lineside_model::user::{Role, UserState};
use lineside_store::login::Subject;
use uuid::Uuid;

use crate::ServiceError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    Operator { id: OperatorId, name: String },
    User { id: UserId, account_id: AccountId, role: Role, name: String },
}

/// Somebody who signed in or showed a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub identity: Identity,
    pub via: Via,
    /// The address that the request came from.
    pub from: Option<String>,
}

impl Caller {
    pub(crate) fn new(subject: Subject, via: Via, from: Option<String>) -> Option<Self> {
        let identity = match subject {
            Subject::Operator { id, name } => Identity::Operator { id, name },
            Subject::User { state: UserState::Suspended | UserState::Deleted, .. } => return None,
            Subject::User { id, account_id, role, name, .. } => Identity::User { id, account_id, role, name },
        };
        Some(Self { identity, via, from })
    }

    pub fn actor(&self) -> Actor {
        let kind = if self.is_operator() { ActorKind::Operator } else { ActorKind::User };
        let (id, name) = (Some(self.id()), self.name().to_owned());
        Actor { kind, id, name, via: self.via, from: self.from.clone() }
    }

    pub fn name(&self) -> &str {
        match &self.identity {
            Identity::Operator { name, .. } | Identity::User { name, .. } => name,
        }
    }

    pub fn is_operator(&self) -> bool {
        matches!(self.identity, Identity::Operator { .. })
    }

    /// Account Owner, Administrator or Authorized User.
    pub fn administers(&self) -> bool {
        matches!(&self.identity, Identity::User { role, .. } if role.administers())
    }

    /// The user's or operator's identifier.
    pub fn id(&self) -> Uuid {
        match &self.identity {
            Identity::Operator { id, .. } => id.0,
            Identity::User { id, .. } => id.0,
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match &self.identity {
            Identity::User { id, .. } => Some(*id),
            Identity::Operator { .. } => None,
        }
    }

    pub fn account_id(&self) -> Option<AccountId> {
        match &self.identity {
            Identity::User { account_id, .. } => Some(*account_id),
            Identity::Operator { .. } => None,
        }
    }

    /// The account, for somebody who administers it. For everybody else it does not exist.
    pub fn scope(&self) -> Result<Scope, ServiceError> {
        match &self.identity {
            Identity::User { account_id, role, .. } if role.administers() => {
                Ok(Scope { account_id: *account_id, actor: self.actor() })
            }
            _ => Err(ServiceError::NotFound),
        }
    }

    /// The account, for what is one user's: for somebody who administers it, and for that user.
    pub fn scope_of_user(&self, user: UserId) -> Result<Scope, ServiceError> {
        match self.own_scope()? {
            (scope, own) if own == user || self.administers() => Ok(scope),
            _ => Err(ServiceError::NotFound),
        }
    }

    /// The account of any of its people, for what is their own.
    pub fn own_scope(&self) -> Result<(Scope, UserId), ServiceError> {
        match &self.identity {
            Identity::User { id, account_id, .. } => Ok((Scope { account_id: *account_id, actor: self.actor() }, *id)),
            Identity::Operator { .. } => Err(ServiceError::NotFound),
        }
    }

    /// An account's settings, for an operator: nothing else of the account is theirs.
    pub(crate) fn settings_scope(&self, account_id: AccountId) -> Result<Scope, ServiceError> {
        Ok(Scope { account_id, actor: self.operator()? })
    }

    pub fn operator(&self) -> Result<Actor, ServiceError> {
        if self.is_operator() { Ok(self.actor()) } else { Err(ServiceError::NotFound) }
    }
}
