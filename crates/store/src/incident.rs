//! What is wrong with calls, from when to when.

use chrono::{DateTime, Utc};
use lineside_model::account::AccountSettings;
use lineside_model::id::{AccountId, ChangeId, TrunkId};
use lineside_model::incident::{AccountIncident, Incident, IncidentFilter, IncidentKind};
use lineside_model::journal::Scope;
use lineside_model::list::Page;
use lineside_model::trunk::TrunkSettings;
use sqlx::FromRow;
use uuid::Uuid;

use crate::account;
use crate::condition::{Condition, Total};
use crate::value::{from_json, instant, known, try_all, values};
use crate::{Store, StoreError};

macro_rules! incident_columns {
    () => {
        "kind, subject, began_at, ended_at, said FROM incident"
    };
}

const OPEN: &str = "
    INSERT INTO incident (id, account_id, kind, subject, began_at, ended_at, said) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING";
/// Over all accounts: the subject is one account's.
const CLOSE: &str = "UPDATE incident SET ended_at = $3 WHERE kind = $1 AND subject = $2 AND ended_at IS NULL";
const RECENT: &str = concat!(
    "SELECT ",
    incident_columns!(),
    " WHERE account_id = $1 AND (ended_at IS NULL OR began_at >= $2) ORDER BY began_at DESC, id DESC LIMIT $3"
);
const RECENT_OF_OPERATOR: &str = concat!(
    "SELECT ",
    incident_columns!(),
    " WHERE account_id IS NULL AND (ended_at IS NULL OR began_at >= $1) ORDER BY began_at DESC, id DESC LIMIT $2"
);
/// Over all accounts, for the operator.
const OF_ALL: &str = "
    SELECT i.account_id, a.settings AS account, i.kind, i.subject, i.began_at, i.ended_at, i.said
    FROM incident i LEFT JOIN account a ON a.id = i.account_id WHERE TRUE";
const COUNT: &str = "SELECT i.id FROM incident i LEFT JOIN account a ON a.id = i.account_id WHERE TRUE";
const OF_ACCOUNT: &str = "i.account_id = ?";
const OF_KIND: &str = "i.kind = ?";
const GOES_ON: &str = "i.ended_at IS NULL";
const OVER: &str = "i.ended_at IS NOT NULL";
const BEGAN_FROM: &str = "i.began_at >= ?";
const BEGAN_BEFORE: &str = "i.began_at < ?";
const NEWEST_FIRST: &str = " ORDER BY i.began_at DESC, i.id DESC";
/// Over all accounts, for the operator.
const OPEN_COUNT: &str = "SELECT count(*) FROM incident WHERE ended_at IS NULL";
/// Over all accounts, for the switch's reports.
const TRUNK_OWNER: &str = "SELECT account_id, settings FROM trunk WHERE id = $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[OPEN, CLOSE, RECENT, RECENT_OF_OPERATOR, OPEN_COUNT, TRUNK_OWNER];
#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[OF_ALL, COUNT],
    clauses: &[OF_ACCOUNT, account::BEGINS, OF_KIND, GOES_ON, OVER, BEGAN_FROM, BEGAN_BEFORE],
    orders: &[NEWEST_FIRST],
};

#[derive(FromRow)]
struct IncidentColumns {
    kind: String,
    subject: Uuid,
    began_at: i64,
    ended_at: Option<i64>,
    said: String,
}

impl TryFrom<IncidentColumns> for Incident {
    type Error = StoreError;

    fn try_from(row: IncidentColumns) -> Result<Self, StoreError> {
        Ok(Self {
            kind: known("a kind of incident", &row.kind, IncidentKind::parse)?,
            subject: row.subject,
            began_at: instant(row.began_at),
            ended_at: row.ended_at.map(instant),
            said: row.said,
        })
    }
}

#[derive(FromRow)]
struct AnyIncidentColumns {
    account_id: Option<Uuid>,
    account: Option<String>,
    #[sqlx(flatten)]
    incident: IncidentColumns,
}

impl TryFrom<AnyIncidentColumns> for AccountIncident {
    type Error = StoreError;

    fn try_from(row: AnyIncidentColumns) -> Result<Self, StoreError> {
        let settings = |text: &String| from_json::<AccountSettings>("an account's settings", text);
        let name = row.account.as_ref().map(settings).transpose()?.map(|settings| settings.name);
        Ok(Self { account: row.account_id.map(AccountId).zip(name), incident: row.incident.try_into()? })
    }
}

fn condition(filter: &IncidentFilter) -> Condition {
    let mut condition = Condition::new(values![]);
    condition.and_if(OF_ACCOUNT, filter.account_id);
    condition.and_if(account::BEGINS, account::beginning(&filter.search));
    condition.and_if(OF_KIND, filter.kind.map(IncidentKind::as_str));
    match filter.goes_on {
        Some(true) => condition.and_plain(GOES_ON),
        Some(false) => condition.and_plain(OVER),
        None => {}
    }
    condition.and_if(BEGAN_FROM, filter.from);
    condition.and_if(BEGAN_BEFORE, filter.until);
    condition
}

impl Store {
    /// Keeps it. False: one of the kind goes on already, or this one was kept before.
    pub async fn open_incident(
        &self,
        id: ChangeId,
        account: Option<AccountId>,
        incident: &Incident,
    ) -> Result<bool, StoreError> {
        let Incident { kind, subject, began_at, ended_at, said } = incident;
        let row = values![id, account, kind.as_str(), *subject, *began_at, *ended_at, said.as_str()];
        Ok(self.writer().await?.execute(OPEN, row).await? > 0)
    }

    /// It is over. False: none was open.
    pub async fn close_incident(
        &self,
        kind: IncidentKind,
        subject: Uuid,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        Ok(self.writer().await?.execute(CLOSE, values![kind.as_str(), subject, at]).await? > 0)
    }

    /// Those that go on, and those that began since then; the newest first.
    pub async fn incidents(
        &self,
        scope: &Scope,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let rows =
            self.reader().await?.rows::<IncidentColumns>(RECENT, values![scope.account_id, since, limit]).await?;
        try_all(rows)
    }

    /// Of the operator's own trunks.
    pub async fn operator_incidents(&self, since: DateTime<Utc>, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let rows = self.reader().await?.rows::<IncidentColumns>(RECENT_OF_OPERATOR, values![since, limit]).await?;
        try_all(rows)
    }

    /// Of all accounts and of the operator's own trunks, the newest first.
    pub async fn incidents_of_all(&self, filter: &IncidentFilter) -> Result<Page<AccountIncident>, StoreError> {
        let (condition, page) = (condition(filter), filter.page.max(1));
        let mut link = self.snapshot().await?;
        let total = Total::capped(&mut link, COUNT, &condition).await?;
        let sql = condition.page(OF_ALL, NEWEST_FIRST, page);
        let rows: Vec<AnyIncidentColumns> = link.rows(sql, condition.values.clone()).await?;
        Ok(total.page(try_all(rows)?, page))
    }

    /// How many go on, in all accounts and on the operator's own trunks.
    pub async fn open_incidents(&self) -> Result<i64, StoreError> {
        self.reader().await?.number(OPEN_COUNT, values![]).await
    }

    /// Whose trunk it is (`None` within for the operator's), and what is set of it.
    pub async fn trunk_owner(&self, trunk: TrunkId) -> Result<Option<(Option<AccountId>, TrunkSettings)>, StoreError> {
        let row: Option<(Option<Uuid>, String)> = self.reader().await?.row(TRUNK_OWNER, values![trunk]).await?;
        let Some((account, settings)) = row else { return Ok(None) };
        Ok(Some((account.map(AccountId), from_json("a trunk", &settings)?)))
    }
}
