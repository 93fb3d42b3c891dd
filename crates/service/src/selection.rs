//! Whom a mass action is about: what was picked on the list becomes users when it is planned, and the plan names them.

use lineside_model::change::USERS_MAX;
use lineside_model::id::UserId;
use lineside_model::selection::{EXCEPT_MAX, Selection};

use crate::{Caller, Service, ServiceError};

impl Service {
    /// Each user once. Nobody, when nobody matches any more.
    pub async fn selected(&self, caller: &Caller, selection: &Selection) -> Result<Vec<UserId>, ServiceError> {
        let scope = caller.scope()?;
        let mut users = match selection {
            Selection::Picked(users) => users.clone(),
            Selection::Matching { filter, except } => {
                if except.len() > EXCEPT_MAX {
                    let message = format!("at most {EXCEPT_MAX} users can be left out; narrow the filter instead");
                    return Err(ServiceError::field("except", message));
                }
                let found = self.store().matching(&scope, filter, USERS_MAX + EXCEPT_MAX + 1).await?;
                found.into_iter().filter(|user| !except.contains(user)).collect()
            }
        };
        users.sort();
        users.dedup();
        if users.len() > USERS_MAX {
            let message = format!(
                "more than {USERS_MAX} users match, and one change takes no more; narrow the filter, such as by location"
            );
            return Err(ServiceError::field("user_ids", message));
        }
        Ok(users)
    }
}
