//! Opening an account, and its settings.

use crate::account::{Account, AccountNumber, AccountSettings};
use crate::id::AccountId;
use crate::plan::{Blocker, BlockerKind, Draft, Record};
use crate::user::{NewUser, Role};

impl Draft<'_> {
    /// The facts hold the account as it will be; it is not in the database yet.
    pub(super) fn open_account(&mut self, number: &AccountNumber, settings: &AccountSettings, owner: &NewUser) {
        self.plan.summary = format!("Open account {} for {}", number.pretty(), settings.name);
        self.check_sip_domain();
        let account = Account {
            id: self.facts.account.id,
            version: 1,
            number: number.clone(),
            settings: settings.clone(),
            created_at: self.context.now,
        };
        self.step(None, Some(Record::from(account)));
        let owner = NewUser { role: Role::AccountOwner, wizard: None, without_license: true, ..owner.clone() };
        self.new_user(&owner);
    }

    pub(super) fn edit_account(
        &mut self,
        account_id: Option<AccountId>,
        version: Option<i64>,
        settings: &AccountSettings,
    ) {
        let account = self.facts.account.clone();
        if account_id.is_some_and(|id| id != account.id) {
            return self.block(Blocker::not_found("account"));
        }
        self.plan.summary = format!("Change the settings of {}", account.settings.name);
        self.check_version(version, account.version, "account");
        if settings.sip_domain != account.settings.sip_domain {
            self.check_sip_domain();
            if self.facts.usage.lines > 0 {
                let message = format!(
                    "{} devices hold credentials for {}; unassign them before the SIP domain changes",
                    self.facts.usage.lines, account.settings.sip_domain
                );
                self.block(Blocker::field(BlockerKind::InUse, "sip_domain", message));
            }
        }
        let after = Account { settings: settings.clone(), ..account.clone() };
        self.update(account, after);
    }

    fn check_sip_domain(&mut self) {
        if self.facts.taken.sip_domain {
            self.block(Blocker::field(
                BlockerKind::Taken,
                "sip_domain",
                "another account has this SIP domain; choose another",
            ));
        }
    }
}
