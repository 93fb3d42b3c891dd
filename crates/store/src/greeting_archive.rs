//! Archives of greetings: where each stands.

use lineside_model::facts::{Facts, Needs};
use lineside_model::greeting_archive::GreetingArchive;
use lineside_model::id::ArchiveId;
use lineside_model::journal::Scope;
use lineside_model::username::Username;

use crate::value::{from_json, json, values};
use crate::{Store, StoreError, facts};

const ADD: &str = "
    INSERT INTO greeting_archive (id, account_id, version, created_at, document) VALUES ($1, $2, 1, $3, $4)
    ON CONFLICT (id) DO NOTHING";
/// Only over the version that was read.
const SAVE: &str = "
    UPDATE greeting_archive SET version = version + 1, document = $4 WHERE account_id = $1 AND id = $2 AND version = $3";
const ARCHIVE: &str = "SELECT version, document FROM greeting_archive WHERE account_id = $1 AND id = $2";
const ARCHIVES: &str = "
    SELECT version, document FROM greeting_archive WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ADD, SAVE, ARCHIVE, ARCHIVES];

impl Store {
    pub async fn add_greeting_archive(&self, scope: &Scope, archive: &GreetingArchive) -> Result<(), StoreError> {
        let values = values![archive.id, scope.account_id, archive.created_at, json(archive)?];
        self.writer().await?.execute(ADD, values).await?;
        Ok(())
    }

    /// False when somebody else went on with it meanwhile.
    pub async fn save_greeting_archive(
        &self,
        scope: &Scope,
        archive: &mut GreetingArchive,
    ) -> Result<bool, StoreError> {
        let values = values![scope.account_id, archive.id, archive.version, json(archive)?];
        let saved = self.writer().await?.execute(SAVE, values).await? == 1;
        archive.version += i64::from(saved);
        Ok(saved)
    }

    pub async fn greeting_archive(&self, scope: &Scope, id: ArchiveId) -> Result<Option<GreetingArchive>, StoreError> {
        let row: Option<(i64, String)> = self.reader().await?.row(ARCHIVE, values![scope.account_id, id]).await?;
        row.map(archive).transpose()
    }

    /// The newest first.
    pub async fn greeting_archives(&self, scope: &Scope, limit: i64) -> Result<Vec<GreetingArchive>, StoreError> {
        let rows: Vec<(i64, String)> = self.reader().await?.rows(ARCHIVES, values![scope.account_id, limit]).await?;
        rows.into_iter().map(archive).collect()
    }

    /// Who of the account has these usernames, with what they hold.
    pub async fn facts_of_usernames(&self, scope: &Scope, usernames: Vec<Username>) -> Result<Facts, StoreError> {
        let mut link = self.snapshot().await?;
        let needs = Needs { usernames, holders: true, holdings: true, ..Needs::default() };
        facts::load(self, &mut link, scope, needs).await
    }
}

fn archive((version, document): (i64, String)) -> Result<GreetingArchive, StoreError> {
    let archive: GreetingArchive = from_json("an archive of greetings", &document)?;
    Ok(GreetingArchive { version, ..archive })
}
