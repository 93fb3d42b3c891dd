//! What is written into the journal with every change; and events that are no change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, ChangeId, UserId};
use lineside_model::journal::{STEPS_PAGE, Scope};
use lineside_model::plan::{Plan, Step};
use lineside_model::text::fold;

use super::{packed, part_id};
use crate::connection::Connection;
use crate::value::{Value, json, values};
use crate::{Store, StoreError};

pub(super) const WRITE: &str = "
    INSERT INTO journal (id, account_id, at, actor_kind, actor_id, actor_name, via, came_from, action, summary,
        search_key, user_id, request, undoes, steps, step_count)
    VALUES (...) ON CONFLICT (id) DO NOTHING";
pub(super) const COMPLETE: &str = "
    UPDATE journal SET summary = $3, search_key = $4, user_id = $5, steps = $6, step_count = $7
    WHERE account_id = $1 AND id = $2";
pub(super) const WRITE_USERS: &str =
    "INSERT INTO journal_user (account_id, user_id, at, journal_id, parts) VALUES (...)";
pub(super) const WRITE_PARTS: &str = "INSERT INTO journal_part (id, journal_id, steps, packed) VALUES (...)";

/// Rows that are put together before they are written.
const USERS_AT_ONCE: usize = 5_000;

/// What goes into the journal beside who did it.
pub(crate) struct Written<'a> {
    pub id: ChangeId,
    pub at: DateTime<Utc>,
    pub action: &'a str,
    pub summary: &'a str,
    pub user_id: Option<UserId>,
    pub request: Option<&'a str>,
    /// The change that it takes back.
    pub undoes: Option<ChangeId>,
    /// Whom it touches beside; of a long entry, in which parts.
    pub others: BTreeMap<UserId, Option<String>>,
    pub steps: String,
    /// What the journal itself has no room for, packed.
    pub parts: Vec<Vec<u8>>,
    pub step_count: Option<i64>,
}

impl<'a> Written<'a> {
    /// With what the plan did.
    pub(crate) fn of(self, plan: &'a Plan) -> Result<Self, StoreError> {
        let (first, rest) = plan.steps.split_at(plan.steps.len().min(STEPS_PAGE));
        let steps = json(&first)?;
        let rest = rest.chunks(STEPS_PAGE).map(packed::pack).collect::<Result<Vec<_>, _>>()?;
        let step_count = if rest.is_empty() { None } else { i64::try_from(plan.steps.len()).ok() };
        let others = others(plan, step_count.is_some())?;
        Ok(Self { summary: &plan.summary, user_id: plan.user_id, others, steps, parts: rest, step_count, ..self })
    }

    pub(crate) fn event(id: ChangeId, at: DateTime<Utc>, action: &'a str, summary: &'a str) -> Self {
        let (others, steps) = (BTreeMap::new(), "[]".to_owned());
        Self {
            id,
            at,
            action,
            summary,
            user_id: None,
            request: None,
            undoes: None,
            others,
            steps,
            parts: Vec::new(),
            step_count: None,
        }
    }
}

fn others(plan: &Plan, long: bool) -> Result<BTreeMap<UserId, Option<String>>, StoreError> {
    let mut parts_of: BTreeMap<UserId, BTreeSet<usize>> = BTreeMap::new();
    for (at, step) in plan.steps.iter().enumerate() {
        for user in step.users() {
            let parts = parts_of.entry(user).or_default();
            if at >= STEPS_PAGE {
                parts.insert(at / STEPS_PAGE);
            }
        }
    }
    plan.user_id.map(|user| parts_of.remove(&user));
    let listed = |(user, parts)| Ok((user, if long { Some(json(&parts)?) } else { None }));
    parts_of.into_iter().map(listed).collect()
}

/// False: an entry with this identifier is there already.
pub(crate) async fn write(link: &mut Connection, scope: &Scope, entry: Written<'_>) -> Result<bool, StoreError> {
    let actor = &scope.actor;
    let row = values![
        entry.id,
        scope.account_id,
        entry.at,
        actor.kind.as_str(),
        actor.id,
        actor.name.as_str(),
        actor.via.as_str(),
        actor.from.as_deref(),
        entry.action,
        entry.summary,
        fold(&format!("{} {}", entry.summary, actor.name)),
        entry.user_id,
        entry.request,
        entry.undoes,
        entry.steps,
        entry.step_count,
    ];
    if link.write_rows(WRITE, vec![row]).await? == 0 {
        return Ok(false);
    }
    let others = entry.others.into_iter();
    let others = others.map(|(user, parts)| values![scope.account_id, user, entry.at, entry.id, parts]);
    link.write_rows(WRITE_USERS, others.collect()).await?;
    let parts = entry.parts.into_iter().enumerate();
    let parts = parts.map(|(before, packed)| part_row(entry.id, before + 1, packed));
    link.write_rows(WRITE_PARTS, parts.collect()).await?;
    Ok(true)
}

/// The entry of a change that is carried out part by part, written as its parts are.
pub(crate) struct LongEntry {
    id: ChangeId,
    account: AccountId,
    at: DateTime<Utc>,
    /// What the journal itself keeps.
    first: Option<String>,
    count: usize,
    /// Too few for a part of their own yet.
    waiting: Vec<Step>,
    /// In which part there is something about whom.
    about: Vec<(UserId, usize)>,
    /// Behind the first.
    parts: usize,
    /// To be written.
    rows: Vec<Vec<Value>>,
}

impl LongEntry {
    /// `None`: an entry with this identifier is there already.
    pub(crate) async fn begin(
        link: &mut Connection,
        scope: &Scope,
        entry: Written<'_>,
    ) -> Result<Option<Self>, StoreError> {
        let (id, account, at) = (entry.id, scope.account_id, entry.at);
        let (first, waiting, about, rows) = (None, Vec::new(), Vec::new(), Vec::new());
        let begun = Self { id, account, at, first, count: 0, waiting, about, parts: 0, rows };
        Ok(write(link, scope, entry).await?.then_some(begun))
    }

    /// Packs the steps of a part, some at a time: the database may be at something else meanwhile. [`Self::write`] follows.
    pub(crate) async fn pack(&mut self, steps: &[Step]) -> Result<(), StoreError> {
        for (at, step) in steps.iter().enumerate() {
            let part = (self.count + at) / STEPS_PAGE;
            self.about.extend(step.users().map(|user| (user, part)));
        }
        self.about.dedup();
        self.count += steps.len();
        let mut rest = steps;
        while self.waiting.len() + rest.len() >= STEPS_PAGE {
            let (some, others) = rest.split_at(STEPS_PAGE - self.waiting.len());
            if self.waiting.is_empty() {
                self.put(some)?;
            } else {
                self.waiting.extend_from_slice(some);
                let full = std::mem::take(&mut self.waiting);
                self.put(&full)?;
            }
            rest = others;
            tokio::task::yield_now().await;
        }
        self.waiting.extend_from_slice(rest);
        Ok(())
    }

    fn put(&mut self, steps: &[Step]) -> Result<(), StoreError> {
        if self.first.is_none() {
            self.first = Some(json(&steps)?);
        } else {
            self.parts += 1;
            self.rows.push(part_row(self.id, self.parts, packed::pack(steps)?));
        }
        Ok(())
    }

    pub(crate) async fn write(&mut self, link: &mut Connection) -> Result<(), StoreError> {
        link.write_rows(WRITE_PARTS, std::mem::take(&mut self.rows)).await?;
        Ok(())
    }

    pub(crate) async fn finish(mut self, link: &mut Connection, scope: &Scope, plan: &Plan) -> Result<(), StoreError> {
        let last = std::mem::take(&mut self.waiting);
        if !last.is_empty() {
            self.put(&last)?;
        }
        self.write(link).await?;
        let mut about = std::mem::take(&mut self.about);
        about.sort_unstable();
        about.dedup();
        let of_users: Vec<&[(UserId, usize)]> = about.chunk_by(|one, other| one.0 == other.0).collect();
        for some in of_users.chunks(USERS_AT_ONCE) {
            let mut rows = Vec::new();
            for of_user in some.iter().filter(|of_user| plan.user_id != Some(of_user[0].0)) {
                let parts: Vec<usize> = of_user.iter().map(|(_, part)| *part).filter(|part| *part > 0).collect();
                rows.push(values![self.account, of_user[0].0, self.at, self.id, json(&parts)?]);
            }
            link.write_rows(WRITE_USERS, rows).await?;
        }
        let summary = plan.summary.as_str();
        let values = values![
            self.account,
            self.id,
            summary,
            fold(&format!("{summary} {}", scope.actor.name)),
            plan.user_id,
            self.first.unwrap_or_else(|| "[]".to_owned()),
            i64::try_from(self.count).ok(),
        ];
        link.execute(COMPLETE, values).await?;
        Ok(())
    }
}

fn part_row(entry: ChangeId, part: usize, packed: Vec<u8>) -> Vec<Value> {
    values![part_id(entry, part), entry, "", packed]
}

impl Store {
    /// An event without steps, such as a failed sign-in.
    pub async fn record_event(
        &self,
        scope: &Scope,
        id: ChangeId,
        now: DateTime<Utc>,
        action: &str,
        summary: &str,
        user_id: Option<UserId>,
    ) -> Result<(), StoreError> {
        let entry = Written { user_id, ..Written::event(id, now, action, summary) };
        write(&mut self.writer().await?, scope, entry).await?;
        Ok(())
    }
}
