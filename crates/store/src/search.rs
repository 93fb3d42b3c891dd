//! The words that a search finds users by: each is matched at its beginning.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::id::{AccountId, UserId};
use lineside_model::phone_number::E164;
use lineside_model::text::fold;
use lineside_model::user::Profile;
use uuid::Uuid;

use crate::StoreError;
use crate::connection::Connection;
use crate::made::Made;
use crate::value::{Value, from_json, kept_number, values};

const PROFILES: &str =
    "SELECT id, profile FROM account_user WHERE account_id = $1 AND state <> 'deleted' AND id IN (...)";
const NUMBERS: &str = "SELECT user_id, number FROM phone_number WHERE account_id = $1 AND user_id IN (...)";
/// Whole words, such as an email address in lower case.
pub(crate) const USERS_BY_WORD: &str = "SELECT user_id FROM user_word WHERE account_id = $1 AND word IN (...)";
const FORGET_WORDS: &str = "DELETE FROM user_word WHERE account_id = $1 AND user_id IN (...)";
pub(crate) const ADD_WORDS: &str = "INSERT INTO user_word (account_id, word, sort_key, user_id) VALUES (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[PROFILES, NUMBERS, USERS_BY_WORD, FORGET_WORDS, ADD_WORDS];

/// Users whose words are written together.
const USERS_AT_ONCE: usize = 2_000;
/// Longer searches find nothing more.
const WORDS_MAX: usize = 8;

/// Writes the words of these users anew, and those of new ones.
pub(crate) async fn refresh_words(
    link: &mut Connection,
    account: AccountId,
    users: &[UserId],
    made: &Made<'_>,
) -> Result<(), StoreError> {
    for some in users.chunks(USERS_AT_ONCE) {
        let rows = rows_of(link, account, some).await?;
        link.execute_in(FORGET_WORDS, values![account], some.iter().copied()).await?;
        link.write_rows(ADD_WORDS, rows).await?;
    }
    link.write_rows(ADD_WORDS, made.word_rows()).await?;
    Ok(())
}

async fn rows_of(link: &mut Connection, account: AccountId, users: &[UserId]) -> Result<Vec<Vec<Value>>, StoreError> {
    let profiles: Vec<(Uuid, String)> = link.rows_in(PROFILES, values![account], users.iter().copied()).await?;
    let numbers: Vec<(Uuid, String)> = link.rows_in(NUMBERS, values![account], users.iter().copied()).await?;
    let mut numbers_of: BTreeMap<Uuid, Vec<E164>> = BTreeMap::new();
    for (user, number) in numbers {
        numbers_of.entry(user).or_default().push(kept_number(&number)?);
    }
    let mut rows = Vec::new();
    for (id, profile) in profiles {
        let profile: Profile = from_json("a profile", &profile)?;
        let numbers = numbers_of.get(&id).map(Vec::as_slice).unwrap_or_default();
        rows.extend(word_rows(account, UserId(id), &profile, numbers));
    }
    Ok(rows)
}

pub(crate) fn word_rows(account: AccountId, user: UserId, profile: &Profile, numbers: &[E164]) -> Vec<Vec<Value>> {
    let sort_key = profile.sort_key();
    let words: BTreeSet<String> =
        profile.search_words().into_iter().chain(numbers.iter().flat_map(E164::search_words)).collect();
    let words: Vec<String> = words.into_iter().collect();
    let needed = words.iter().enumerate().filter(|(at, word)| !begins(word, words.get(at + 1)));
    needed.map(|(_, word)| values![account, word, sort_key.as_str(), user]).collect()
}

/// What begins another word is found by that: `ana` by `ana.duarte`. In order, that one comes next.
fn begins(word: &str, next: Option<&String>) -> bool {
    next.is_some_and(|next| next.starts_with(word))
}

/// What somebody typed, as beginnings of words. Punctuation splits it where it splits names and numbers; an email address
/// stays whole. A beginning of another one asks nothing more.
pub(crate) fn search_words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<&str> = Vec::new();
    for word in folded.split_whitespace() {
        if word.contains('@') {
            words.push(word);
        } else {
            words.extend(word.split(['-', '\'', '.', '(', ')', '+', '/', ',']).filter(|part| !part.is_empty()));
        }
    }
    // A phone number in groups: as one, it begins one of the forms that numbers are kept in.
    if words.len() > 1 && words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        return vec![words.concat()];
    }
    let asked = |at: usize, word: &str| {
        words
            .iter()
            .enumerate()
            .any(|(other, longer)| other != at && longer.starts_with(word) && (longer.len() > word.len() || other < at))
    };
    let mut kept: Vec<String> =
        words.iter().enumerate().filter(|(at, word)| !asked(*at, word)).map(|(_, word)| (*word).to_owned()).collect();
    kept.truncate(WORDS_MAX);
    kept
}

/// Past every word that begins with this one: no text holds U+10FFFF, which is no character.
pub(crate) fn past(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

/// A LIKE pattern for a beginning; its own `%` and `_` are only characters.
pub(crate) fn beginning(text: &str) -> String {
    format!("{}%", escaped(text))
}

/// A LIKE pattern for a part.
pub(crate) fn part(text: &str) -> String {
    format!("%{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_splits_as_names_and_numbers_do() {
        assert_eq!(search_words("Zoë O'Brien"), ["zoe", "o", "brien"]);
        assert_eq!(search_words("+1 (480) 555-0143"), ["14805550143"]);
        assert_eq!(search_words("555 0143"), ["5550143"]);
        assert_eq!(search_words("ana 0143"), ["ana", "0143"]);
        assert_eq!(search_words("ana-b@harbor.example"), ["ana-b@harbor.example"]);
        assert_eq!(search_words("ana an ana"), ["ana"]);
        assert_eq!(search_words("  "), Vec::<String>::new());
    }

    #[test]
    fn patterns_take_their_text_literally() {
        assert_eq!(beginning("50%_a\\"), "50\\%\\_a\\\\%");
        assert_eq!(part("x"), "%x%");
    }
}
