//! A full schedule for measurements: scheduled as people do it, many users at a time.

use chrono::{DateTime, Days, Utc};
use lineside_model::account::SipDomain;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::LineCredentials;
use lineside_model::facts::Mint;
use lineside_model::id::{ChangeId, DeviceId, UserId};
use lineside_model::journal::Scope;
use lineside_model::plan::Context;
use lineside_model::secret::Opaque;
use uuid::Uuid;

use crate::engine::Engine;
use crate::value::values;
use crate::{Applied, Store, StoreError, account};

const USERS: &str = "SELECT id FROM account_user WHERE account_id = $1 ORDER BY id LIMIT $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[USERS];

const DAYS: usize = 90;
/// Each needs a Voice license, which some of the sample's users have not: those would fail.
const TYPES: [&str; 3] = ["pro-plus", "unlimited-5g", "mobile-5gb"];

impl Store {
    /// Schedules so many license changes over the next 90 days, in an account that was filled by `add_sample`: at most three
    /// for each user.
    pub async fn add_sample_schedule(
        &self,
        scope: &Scope,
        entries: usize,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let catalogue = self.catalogue().await?;
        let mut link = self.reader().await?;
        let Some(account) = account::load(&mut link, scope.account_id).await? else { return Ok(()) };
        let most = i64::try_from(entries).unwrap_or(i64::MAX);
        let users: Vec<(Uuid,)> = link.rows(USERS, values![scope.account_id, most]).await?;
        drop(link);
        let today = account.settings.time_zone.date(now);
        let context = Context { now, actor: &scope.actor.name, mint: &NothingMinted };
        let mut left = entries;
        for (kind, slug) in TYPES.into_iter().enumerate() {
            let Some(license) = catalogue.license_type_by_slug(slug) else { continue };
            let users = &users[..left.min(users.len())];
            left -= users.len();
            for ahead in 0..DAYS {
                // Of one user, on different days: two types of one track are no matter then.
                let those = users.iter().skip((ahead + 30 * kind) % DAYS).step_by(DAYS);
                let user_ids: Vec<UserId> = those.map(|(id,)| UserId(*id)).collect();
                let date = today + Days::new(1 + ahead as u64);
                let id = ChangeId(Uuid::from_u128(
                    0x0192_0000_0000_7000_8000_0000_0000_0000 + (8 << 40) + (kind * DAYS + ahead) as u128,
                ));
                if user_ids.is_empty() {
                    continue;
                }
                let change = Change::AssignLicense { user_ids, license_type_id: license.id, date: Some(date) };
                match self.apply(scope, &ChangeRequest { id, change }, None, context).await? {
                    Applied::Done(_) | Applied::Before => {}
                    Applied::Blocked(plan) | Applied::Moved(plan) => {
                        return Err(StoreError::row("the sample's schedule", format!("{:?}", plan.blockers)));
                    }
                }
            }
        }
        match &self.engine {
            Engine::Sqlite { .. } => Ok(()),
            Engine::Postgres(_) => self.writer().await?.execute("VACUUM ANALYZE", values![]).await.map(drop),
        }
    }
}

/// Scheduling makes no secrets.
struct NothingMinted;

impl Mint for NothingMinted {
    fn line(&self, _: DeviceId, _: &SipDomain, _: bool) -> LineCredentials {
        let none = || Opaque::new([0; 0]);
        LineCredentials { username: String::new(), ha1_md5: none(), ha1_sha256: none(), secret: None }
    }

    fn provisioning(&self, _: DeviceId) -> (Opaque, Opaque) {
        (Opaque::new([0; 0]), Opaque::new([0; 0]))
    }
}
