//! Saved views of the list of users, and the columns that each person chose.

use chrono::{DateTime, Utc};
use lineside_model::id::{ChangeId, UserId, ViewId};
use lineside_model::journal::Scope;
use lineside_model::text::fold;
use lineside_model::user_view::{UserColumn, UserView};
use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::Tries;
use crate::journal::{self, Written};
use crate::value::{from_json, instant, json, parse, try_all, values};
use crate::{Store, StoreError};

macro_rules! view_columns {
    () => {
        "SELECT v.id, v.user_id, v.name, v.shared, v.document, v.created_at FROM user_view v"
    };
}

const VIEWS: &str = concat!(
    view_columns!(),
    " WHERE v.account_id = $1 AND (v.user_id = $2 OR v.shared) ORDER BY v.name_key, v.id LIMIT 500"
);
const VIEW: &str = concat!(view_columns!(), " WHERE v.account_id = $1 AND v.id = $3 AND (v.user_id = $2 OR v.shared)");
const COUNT: &str = "SELECT count(*) FROM user_view WHERE account_id = $1 AND user_id = $2 AND name_key <> $3";
/// Under a name that its owner has already, it takes that one's place.
const SAVE: &str = "
    INSERT INTO user_view (id, account_id, user_id, name, name_key, shared, document, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (user_id, name_key) DO UPDATE SET name = excluded.name, shared = excluded.shared,
        document = excluded.document
    WHERE user_view.account_id = excluded.account_id
    RETURNING id";
const REMOVE: &str = "DELETE FROM user_view WHERE account_id = $1 AND id = $2";
const COLUMNS: &str = "SELECT columns FROM user_columns WHERE account_id = $1 AND user_id = $2";
const CHOOSE: &str = "
    INSERT INTO user_columns (user_id, account_id, columns) VALUES ($2, $1, $3)
    ON CONFLICT (user_id) DO UPDATE SET columns = excluded.columns WHERE user_columns.account_id = excluded.account_id";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[VIEWS, VIEW, COUNT, SAVE, REMOVE, COLUMNS, CHOOSE];

#[derive(FromRow)]
struct ViewColumns {
    id: Uuid,
    user_id: Uuid,
    name: String,
    shared: bool,
    document: String,
    created_at: i64,
}

impl TryFrom<ViewColumns> for UserView {
    type Error = StoreError;

    fn try_from(row: ViewColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: ViewId(row.id),
            user_id: UserId(row.user_id),
            name: parse("a view's name", &row.name)?,
            shared: row.shared,
            viewed: from_json("a view", &row.document)?,
            created_at: instant(row.created_at),
        })
    }
}

impl Store {
    /// One's own, and those that others share, by name.
    pub async fn user_views(&self, scope: &Scope, user: UserId) -> Result<Vec<UserView>, StoreError> {
        let rows: Vec<ViewColumns> = self.reader().await?.rows(VIEWS, values![scope.account_id, user]).await?;
        try_all(rows)
    }

    pub async fn user_view(&self, scope: &Scope, user: UserId, id: ViewId) -> Result<Option<UserView>, StoreError> {
        let row: Option<ViewColumns> = self.reader().await?.row(VIEW, values![scope.account_id, user, id]).await?;
        row.map(UserView::try_from).transpose()
    }

    /// Saves it unless its owner would have more than `most`; with a line in the journal where others see it. Returns the
    /// identifier that it has, which is that of the view whose place it takes.
    pub async fn save_user_view(
        &self,
        scope: &Scope,
        view: &UserView,
        most: i64,
        change: ChangeId,
    ) -> Result<Option<ViewId>, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let saved = async {
                let key = fold(view.name.as_str());
                let others = values![scope.account_id, view.user_id, key.as_str()];
                if link.number(COUNT, others).await? >= most {
                    return Ok(None);
                }
                let values = values![
                    view.id,
                    scope.account_id,
                    view.user_id,
                    view.name.as_str(),
                    key,
                    view.shared,
                    json(&view.viewed)?,
                    view.created_at,
                ];
                let id: Option<(Uuid,)> = link.row(SAVE, values).await?;
                if view.shared {
                    let summary = format!("Share the view {} of the list of users", view.name);
                    let event = Written::event(change, view.created_at, "share_view", &summary);
                    journal::write(&mut link, scope, event).await?;
                }
                Ok(id.map(|(id,)| ViewId(id)))
            };
            let saved = saved.await;
            if let Some(saved) = tries.settle(link, saved).await? {
                return Ok(saved);
            }
        }
    }

    /// With a line in the journal where others saw it.
    pub async fn remove_user_view(
        &self,
        scope: &Scope,
        view: &UserView,
        change: ChangeId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let removed = async {
                let removed = link.execute(REMOVE, values![scope.account_id, view.id]).await? == 1;
                if removed && view.shared {
                    let summary = format!("Remove the shared view {} of the list of users", view.name);
                    journal::write(&mut link, scope, Written::event(change, now, "remove_view", &summary)).await?;
                }
                Ok(removed)
            };
            let removed = removed.await;
            if let Some(removed) = tries.settle(link, removed).await? {
                return Ok(removed);
            }
        }
    }

    /// `None`: nobody chose yet.
    pub async fn user_columns(&self, scope: &Scope, user: UserId) -> Result<Option<Vec<UserColumn>>, StoreError> {
        let row: Option<(String,)> = self.reader().await?.row(COLUMNS, values![scope.account_id, user]).await?;
        row.map(|(columns,)| from_json("chosen columns", &columns)).transpose()
    }

    pub async fn choose_user_columns(
        &self,
        scope: &Scope,
        user: UserId,
        columns: &[UserColumn],
    ) -> Result<(), StoreError> {
        let values = values![scope.account_id, user, json(&columns)?];
        self.writer().await?.execute(CHOOSE, values).await?;
        Ok(())
    }
}
