//! What test calls found.

use lineside_model::id::{CallId, UserId};
use lineside_model::journal::Scope;
use lineside_model::test_call::{TESTS_KEPT, TestResult};
use uuid::Uuid;

use crate::engine::Tries;
use crate::value::{from_json, json, values};
use crate::{Store, StoreError, user};

const SAVE_TEST: &str = "
    INSERT INTO test_call (id, account_id, user_id, at, result, audio) VALUES (...) ON CONFLICT (id) DO NOTHING";
const TESTS_OF_USER: &str = "
    SELECT result FROM test_call WHERE account_id = $1 AND user_id = $2 ORDER BY at DESC, id DESC LIMIT $3";
const TEST: &str = "SELECT result FROM test_call WHERE account_id = $1 AND id = $2";
const PASSED: &str = "
    SELECT id, audio FROM test_call WHERE account_id = $1 AND user_id = $2 ORDER BY at DESC, id DESC LIMIT 100 OFFSET $3";
const FORGET_TESTS: &str = "DELETE FROM test_call WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[SAVE_TEST, TESTS_OF_USER, TEST, PASSED, FORGET_TESTS];

impl Store {
    /// A result whose file lies in the storage, in place of the oldest. Told again, it is there once. The audio that no
    /// result has any more; `None`: the user is gone.
    pub async fn save_test(&self, test: &TestResult) -> Result<Option<Vec<String>>, StoreError> {
        let row = values![test.id, test.account_id, test.user_id, test.at, json(test)?, test.audio.as_deref()];
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let saved = async {
                if !user::exists(&mut link, test.account_id, test.user_id).await? {
                    return Ok(None);
                }
                link.write_rows(SAVE_TEST, vec![row.clone()]).await?;
                let own = values![test.account_id, test.user_id, TESTS_KEPT];
                let passed: Vec<(Uuid, Option<String>)> = link.rows(PASSED, own).await?;
                link.execute_in(FORGET_TESTS, values![test.account_id], passed.iter().map(|(id, _)| *id)).await?;
                Ok(Some(passed.into_iter().filter_map(|(_, audio)| audio).collect()))
            };
            let saved = saved.await;
            if let Some(dropped) = tries.settle(link, saved).await? {
                return Ok(dropped);
            }
        }
    }

    /// The newest first.
    pub async fn tests_of_user(&self, scope: &Scope, user: UserId) -> Result<Vec<TestResult>, StoreError> {
        let own = values![scope.account_id, user, TESTS_KEPT];
        let rows: Vec<(String,)> = self.reader().await?.rows(TESTS_OF_USER, own).await?;
        rows.into_iter().map(|(result,)| from_json("a test call", &result)).collect()
    }

    pub async fn test(&self, scope: &Scope, id: CallId) -> Result<Option<TestResult>, StoreError> {
        let row: Option<(String,)> = self.reader().await?.row(TEST, values![scope.account_id, id]).await?;
        row.map(|(result,)| from_json("a test call", &result)).transpose()
    }
}
