//! Which users a page shows, in which order, and how many there are.
//!
//! A search starts from whichever end is shorter: from the rarest word, whose users are then sorted; or, when every word is
//! frequent, along the sorted index, asking each user for the words, since the page fills soon.

use lineside_model::id::UserId;
use lineside_model::journal::Scope;
use lineside_model::list::{PAGE, TOTAL_MAX, UserFilter, UserSort};
use uuid::Uuid;

use super::filtered::{self, AT, AT_NONE};
#[cfg(test)]
use crate::condition::Composed;
use crate::condition::{Condition, Total};
use crate::connection::Connection;
use crate::location::LOCATION_IDS_BY_NAME;
use crate::search::{past, search_words};
use crate::value::{Value, values};
use crate::{StoreError, home};

const ALONG_INDEX: &str = "SELECT u.id FROM account_user u WHERE u.account_id = $1";
/// From the rarest word to its users that have the others too, and only then to their rows: a CROSS JOIN keeps that order
/// on SQLite.
const OF_WORDS: &str = "
    SELECT u.id, count(*) OVER () AS total FROM (
        SELECT DISTINCT w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $3";
/// The same users, to be counted by nobody.
const WORD_USERS: &str = "
    SELECT DISTINCT w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $3";
const THEIR_ROWS: &str = ") found CROSS JOIN account_user u WHERE u.id = found.user_id AND u.account_id = $1";
/// In name order, the words alone tell.
const BY_WORDS_ALONE: &str = "
    SELECT w.user_id, count(*) OVER () AS total FROM user_word w
    WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $3";
/// Of several words with few users each: their users side by side, faster than asking each user for the other words.
const WITH_BOTH: &str = "SELECT w.user_id, count(*) OVER () AS total FROM (";
const ENTRIES_OF_WORD: &str = "
    SELECT w.sort_key, w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= ?1 AND w.word < ?2";
const EACH_USER_ONCE: &str = " GROUP BY w.sort_key, w.user_id";
/// Users follow each other, so what is there twice is dropped on reading.
const BY_WORD_ALONE: &str = "
    SELECT w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $3";
const SOME_WITH_WORDS: &str = "
    SELECT w.user_id FROM (
        SELECT w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $3 LIMIT 10000
    ) w WHERE TRUE";
const BY_WORD_NAME: &str = " ORDER BY w.sort_key, w.user_id";
const BY_WORD_NAME_DOWN: &str = " ORDER BY w.sort_key DESC, w.user_id DESC";
/// How often a word begins something, counted up to a limit.
pub(crate) const ENTRIES: &str = "
    SELECT count(*) FROM (
        SELECT w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $3 LIMIT $4
    ) counted";

const HAS_WORD: &str = "EXISTS (SELECT 1 FROM user_word w WHERE w.user_id = u.id AND w.word >= ?1 AND w.word < ?2)";

const HAS_WORD_TOO: &str =
    "EXISTS (SELECT 1 FROM user_word o WHERE o.user_id = w.user_id AND o.word >= ?1 AND o.word < ?2)";

const BY_NAME: &str = " ORDER BY u.sort_key, u.id";
const BY_NAME_DOWN: &str = " ORDER BY u.sort_key DESC, u.id DESC";
const BY_EXTENSION: &str = " ORDER BY u.extension_key, u.sort_key, u.id";
const BY_EXTENSION_DOWN: &str = " ORDER BY u.extension_key DESC, u.sort_key DESC, u.id DESC";
const BY_LOCATION: &str = "
    ORDER BY COALESCE((SELECT l.name_key FROM location l WHERE l.id = u.location_id), '\u{10ffff}'), u.sort_key, u.id";
const BY_LOCATION_DOWN: &str = "
    ORDER BY COALESCE((SELECT l.name_key FROM location l WHERE l.id = u.location_id), '\u{10ffff}') DESC,
        u.sort_key DESC, u.id DESC";

#[cfg(test)]
pub(crate) const COMPOSED: &[Composed] = &[
    Composed {
        selects: &[ALONG_INDEX],
        clauses: filtered::CLAUSES,
        orders: &[BY_NAME, BY_NAME_DOWN, BY_EXTENSION, BY_EXTENSION_DOWN],
    },
    Composed {
        selects: &[ALONG_INDEX],
        clauses: &[HAS_WORD],
        orders: &[BY_NAME, BY_NAME_DOWN, BY_EXTENSION, BY_EXTENSION_DOWN],
    },
    Composed { selects: &[BY_WORD_ALONE], clauses: &[HAS_WORD_TOO], orders: &[BY_WORD_NAME, BY_WORD_NAME_DOWN] },
    Composed { selects: &[SOME_WITH_WORDS], clauses: &[HAS_WORD_TOO], orders: &[] },
];

/// Up to so many entries of a word, its users are looked up and sorted; past that, the page fills sooner along the index.
const RARE: i64 = 4_000;
/// The same when the words alone tell the order. Past it there are more users than are counted, since few have several
/// words that begin alike and none begin each other.
const FREQUENT: i64 = 10_000;

/// A word of the search and how often it begins something, counted up to [`FREQUENT`].
struct Word {
    text: String,
    entries: i64,
}

/// A list in the making.
pub(super) struct Listing<'a> {
    pub(super) link: &'a mut Connection,
    pub(super) scope: &'a Scope,
    pub(super) filter: &'a UserFilter,
}

impl Listing<'_> {
    pub(super) async fn page(&mut self) -> Result<(Total, Vec<UserId>), StoreError> {
        let mut words = self.count_words().await?;
        words.sort_by_key(|word| word.entries);
        match words.split_first() {
            None => {
                let condition = self.matching(values![self.scope.account_id]);
                Ok((self.total(&condition).await?, self.along_index(&condition).await?))
            }
            Some((rarest, _)) if rarest.entries == 0 => Ok((Total::exact(0), Vec::new())),
            Some((word, [])) if self.is_plain() && (RARE..=FREQUENT).contains(&word.entries) => {
                Ok((Total::counted(TOTAL_MAX + 1), self.of_word_alone(word).await?))
            }
            Some((_, [_, ..])) if self.is_plain() && words.iter().all(|word| word.entries <= FREQUENT) => {
                let (select, values) = self.with_all(&words);
                self.counted(&select, self.by_word_name(), &values).await
            }
            Some((rarest, others)) if self.is_plain() && rarest.entries <= FREQUENT => {
                let mut condition = self.with_word(rarest);
                and_each_word(&mut condition, HAS_WORD_TOO, others);
                let order = format!("{EACH_USER_ONCE}{}", self.by_word_name());
                self.counted(&condition.all(BY_WORDS_ALONE), &order, &condition.values).await
            }
            Some((rarest, others)) if rarest.entries <= RARE => {
                let mut words = self.with_word(rarest);
                and_each_word(&mut words, HAS_WORD_TOO, others);
                let condition = self.matching(words.values.clone());
                let select = condition.all(&format!("{}{THEIR_ROWS}", words.all(OF_WORDS)));
                self.counted(&select, self.order(), &condition.values).await
            }
            Some((rarest, others)) => {
                let mut condition = self.matching(values![self.scope.account_id]);
                and_each_word(&mut condition, HAS_WORD, &words);
                let total = self.total_of_frequent(rarest, others, &condition).await?;
                Ok((total, self.along_index(&condition).await?))
            }
        }
    }

    /// All that match, however many pages they fill.
    pub(super) async fn all(&mut self, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut words = self.count_words().await?;
        words.sort_by_key(|word| word.entries);
        let mut condition = match words.split_first() {
            Some((rarest, others)) if rarest.entries <= RARE => {
                let mut found = self.with_word(rarest);
                and_each_word(&mut found, HAS_WORD_TOO, others);
                let condition = self.matching(found.values.clone());
                let select = format!("SELECT u.id FROM ({}{THEIR_ROWS}", found.all(WORD_USERS));
                return self.ids(condition.slice(&select, "", limit, 0), &condition).await;
            }
            _ => self.matching(values![self.scope.account_id]),
        };
        and_each_word(&mut condition, HAS_WORD, &words);
        self.ids(condition.slice(ALONG_INDEX, "", limit, 0), &condition).await
    }

    async fn count_words(&mut self) -> Result<Vec<Word>, StoreError> {
        let mut words = Vec::new();
        for text in search_words(&self.filter.search) {
            let values = values![self.scope.account_id, text.as_str(), past(&text), FREQUENT + 1];
            let entries = self.link.number(ENTRIES, values).await?;
            words.push(Word { text, entries });
        }
        Ok(words)
    }

    /// Nothing but a search in name order.
    fn is_plain(&self) -> bool {
        self.filter.sort == UserSort::Name && !self.is_filtered()
    }

    fn is_filtered(&self) -> bool {
        let UserFilter { search, sort, descending, page, .. } = UserFilter::default();
        UserFilter { search, sort, descending, page, ..self.filter.clone() } != UserFilter::default()
    }

    fn matching(&self, values: Vec<Value>) -> Condition {
        filtered::condition(self.filter, values)
    }

    /// Without a search. What the account's tally knows need not be counted.
    async fn total(&mut self, condition: &Condition) -> Result<Total, StoreError> {
        let only = UserFilter { sort: self.filter.sort, ..UserFilter::default() };
        let asked = UserFilter { search: String::new(), descending: false, page: 0, ..self.filter.clone() };
        let tally = home::tally(self.link, self.scope).await?.of_users;
        let known = [
            (UserFilter { ready: Some(true), ..only.clone() }, tally.ready),
            (UserFilter { ready: Some(false), ..only.clone() }, tally.users - tally.ready),
            (UserFilter { no_license: true, ..only.clone() }, tally.no_license),
            (
                UserFilter { missing: asked.missing, ..only.clone() },
                asked.missing.map_or(tally.users, |lamp| tally.lacking(lamp)),
            ),
            (UserFilter { unfinished: true, ..only }, tally.unfinished),
        ];
        match known.into_iter().find(|(filter, _)| *filter == asked) {
            Some((_, total)) => Ok(Total::exact(total)),
            None => Total::capped(self.link, ALONG_INDEX, condition).await,
        }
    }

    fn with_word(&self, word: &Word) -> Condition {
        Condition::new(values![self.scope.account_id, word.text.as_str(), past(&word.text)])
    }

    fn with_all(&self, words: &[Word]) -> (String, Vec<Value>) {
        let mut values = values![self.scope.account_id];
        let of_word = |word: &Word| {
            let (first, last) = (values.len() + 1, values.len() + 2);
            values.extend(values![word.text.as_str(), past(&word.text)]);
            ENTRIES_OF_WORD.replace("?1", &format!("${first}")).replace("?2", &format!("${last}"))
        };
        let entries = words.iter().map(of_word).collect::<Vec<_>>().join(" INTERSECT");
        (format!("{WITH_BOTH}{entries}) w"), values)
    }

    /// The page of a word with many users: sorted no further than the page reaches.
    async fn of_word_alone(&mut self, word: &Word) -> Result<Vec<UserId>, StoreError> {
        let condition = self.with_word(word);
        let order = self.by_word_name();
        let (skip, mut entries) = (self.skip(), self.skip().saturating_add(PAGE));
        loop {
            entries = entries.saturating_mul(2);
            let mut ids = self.ids(condition.slice(BY_WORD_ALONE, order, entries, 0), &condition).await?;
            let all_read = i64::try_from(ids.len()).is_ok_and(|read| read < entries);
            ids.dedup();
            let (skip, rows) = (usize::try_from(skip).unwrap_or(usize::MAX), usize::try_from(PAGE).unwrap_or(0));
            let page: Vec<UserId> = ids.into_iter().skip(skip).take(rows).collect();
            if all_read || page.len() == rows {
                return Ok(page);
            }
        }
    }

    fn skip(&self) -> i64 {
        (self.filter.page.max(1) - 1).saturating_mul(PAGE)
    }

    /// A page of a select that has to find all its rows for the first one, and so counts them on the way.
    async fn counted(
        &mut self,
        select: &str,
        order: &str,
        values: &[Value],
    ) -> Result<(Total, Vec<UserId>), StoreError> {
        let sql = format!("{select}{order} LIMIT {PAGE} OFFSET {}", self.skip());
        let mut rows: Vec<(Uuid, i64)> = self.link.rows(sql, values.to_vec()).await?;
        let mut total = rows.first().map_or(0, |(_, total)| *total);
        if rows.is_empty() && self.skip() > 0 {
            // Past the last page, nobody is there to say the total.
            let first: Vec<(Uuid, i64)> = self.link.rows(format!("{select}{order} LIMIT 1"), values.to_vec()).await?;
            total = first.first().map_or(0, |(_, total)| *total);
            rows.clear();
        }
        Ok((Total::counted(total), rows.into_iter().map(|(id, _)| UserId(id)).collect()))
    }

    /// Words that are all frequent. Alone, one has more users than are counted; of several, those of ten thousand entries
    /// are counted and said to be more; with filters, counting goes along the index.
    async fn total_of_frequent(
        &mut self,
        rarest: &Word,
        others: &[Word],
        condition: &Condition,
    ) -> Result<Total, StoreError> {
        if self.is_filtered() || rarest.entries <= FREQUENT {
            return Total::capped(self.link, ALONG_INDEX, condition).await;
        }
        if others.is_empty() {
            return Ok(Total::counted(TOTAL_MAX + 1));
        }
        let mut some = self.with_word(rarest);
        and_each_word(&mut some, HAS_WORD_TOO, others);
        Ok(Total::capped(self.link, SOME_WITH_WORDS, &some).await?.at_least())
    }

    /// The page's users in order, read from an index that has that order.
    async fn along_index(&mut self, condition: &Condition) -> Result<Vec<UserId>, StoreError> {
        if self.filter.sort == UserSort::Location && self.filter.location_id.is_none() {
            return self.location_by_location(condition).await;
        }
        let order = match self.filter.sort {
            UserSort::Extension => self.order(),
            // At one location, all are at the same.
            UserSort::Name | UserSort::Location => self.by_name(),
        };
        self.ids(condition.page(ALONG_INDEX, order, self.filter.page), condition).await
    }

    /// By location, then name: each location's users have an index of their own, so no more are read than are shown or
    /// passed over.
    async fn location_by_location(&mut self, condition: &Condition) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.link.rows(LOCATION_IDS_BY_NAME, values![self.scope.account_id]).await?;
        let mut places: Vec<Option<Uuid>> = rows.into_iter().map(|(id,)| Some(id)).collect();
        places.push(None);
        if self.filter.descending {
            places.reverse();
        }
        let mut skip = self.skip();
        let mut found: Vec<UserId> = Vec::new();
        for place in places {
            let mut here = condition.clone();
            match place {
                Some(id) => here.and(AT, id),
                None => here.and_plain(AT_NONE),
            }
            let left = PAGE - i64::try_from(found.len()).unwrap_or(PAGE);
            if left <= 0 {
                break;
            }
            let ids = self.ids(here.slice(ALONG_INDEX, self.by_name(), left, skip), &here).await?;
            if ids.is_empty() && skip > 0 {
                let count = format!("SELECT count(*) FROM ({}) here", here.all(ALONG_INDEX));
                skip = (skip - self.link.number(count, here.values.clone()).await?).max(0);
            } else {
                skip = 0;
            }
            found.extend(ids);
        }
        Ok(found)
    }

    fn by_word_name(&self) -> &'static str {
        if self.filter.descending { BY_WORD_NAME_DOWN } else { BY_WORD_NAME }
    }

    fn by_name(&self) -> &'static str {
        if self.filter.descending { BY_NAME_DOWN } else { BY_NAME }
    }

    fn order(&self) -> &'static str {
        match (self.filter.sort, self.filter.descending) {
            (UserSort::Name, _) => self.by_name(),
            (UserSort::Extension, false) => BY_EXTENSION,
            (UserSort::Extension, true) => BY_EXTENSION_DOWN,
            (UserSort::Location, false) => BY_LOCATION,
            (UserSort::Location, true) => BY_LOCATION_DOWN,
        }
    }

    async fn ids(&mut self, sql: String, condition: &Condition) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.link.rows(sql, condition.values.clone()).await?;
        Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
    }
}

fn and_each_word(condition: &mut Condition, clause: &'static str, words: &[Word]) {
    for word in words {
        condition.and_each(clause, [word.text.as_str().into(), past(&word.text).into()]);
    }
}
