//! Phone numbers of an account's inventory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::id::{AccountId, LocationId, NumberId, UserId};
use crate::text::parsed_text;

/// A number as ITU-T E.164 writes it: `+`, country code, at most 15 digits in all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct E164(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum E164Error {
    #[error("write the number with its country code, such as +1 480 555 0143")]
    Shape,
    #[error("{0:?} can't be in a phone number")]
    Character(char),
    #[error("no such number exists in its country's numbering plan; check the digits")]
    NotInPlan,
    #[error("the second group of a North American number can't be {0}, a service code; check the digits")]
    ServiceCode(String),
}

impl E164 {
    /// Reads `+14805550143`, `+1 (480) 555-0143`, and within North America `480 555 0143` and `1 480 555 0143`.
    pub fn parse(text: &str) -> Result<Self, E164Error> {
        let text = text.trim();
        let plus = text.starts_with('+');
        let mut digits = String::with_capacity(15);
        for c in text.chars().skip(usize::from(plus)) {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/' | '\u{2011}' | '\u{2013}' => {}
                wrong => return Err(E164Error::Character(wrong)),
            }
        }
        if !plus {
            match (digits.len(), digits.as_bytes().first()) {
                (10, Some(b'2'..=b'9')) => digits.insert(0, '1'),
                (11, Some(b'1')) => {}
                _ => return Err(E164Error::Shape),
            }
        }
        if !(8..=15).contains(&digits.len()) || digits.starts_with('0') {
            return Err(E164Error::Shape);
        }
        if let Some(national) = digits.strip_prefix('1') {
            check_nanp(national)?;
        }
        let number = format!("+{digits}");
        let known = digits.strip_prefix('1').and_then(|national| national[..BLOCK_DIGITS].parse().ok());
        if known.is_some_and(|block| BLOCKS.with_borrow(|blocks| blocks.contains(block))) {
            return Ok(Self(number.into()));
        }
        match phonenumber::parse(None, &number) {
            Ok(parsed) if phonenumber::is_valid(&parsed) => {
                if let Some(block) = known {
                    BLOCKS.with_borrow_mut(|blocks| blocks.remember(block));
                }
                Ok(Self(number.into()))
            }
            _ => Err(E164Error::NotInPlan),
        }
    }

    /// As it was kept once it was parsed: the shape is looked at, the numbering plan (which moves on) not again.
    pub fn kept(text: &str) -> Result<Self, E164Error> {
        let digits = text.strip_prefix('+').filter(|digits| (8..=15).contains(&digits.len()));
        match digits {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self(text.into())),
            _ => Err(E164Error::Shape),
        }
    }

    /// Without the `+`.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The area code of a North American number; other plans have none of one length.
    pub fn area_code(&self) -> Option<&str> {
        (self.0.starts_with("+1") && self.0.len() == 12).then(|| &self.0[2..5])
    }

    /// Spaced for reading: `+1 480 555 0143`; other countries as their plan groups them.
    pub fn pretty(&self) -> String {
        if self.area_code().is_some() {
            return format!("+1 {} {} {}", &self.0[2..5], &self.0[5..8], &self.0[8..]);
        }
        match phonenumber::parse(None, &self.0) {
            Ok(parsed) => parsed.format().mode(phonenumber::Mode::International).to_string(),
            Err(_) => self.0.to_string(),
        }
    }

    /// The next number of a range; `None` past the last number of its length.
    pub fn next(&self) -> Option<Self> {
        let next = self.digits().parse::<u64>().ok()? + 1;
        let next = format!("+{next}");
        (next.len() == self.0.len()).then_some(Self(next.into()))
    }

    /// What a search finds it by: the whole number, the national number, and the last seven and four digits.
    pub fn search_words(&self) -> Vec<String> {
        let digits = self.digits();
        let mut words = vec![digits.to_owned()];
        for length in [10, 7, 4] {
            if let Some(start) = digits.len().checked_sub(length).filter(|start| *start > 0) {
                words.push(digits[start..].to_owned());
            }
        }
        words
    }
}

parsed_text!(E164, E164Error);

/// A number of the world spaced for reading, whether such a number exists or not; anything else as it is.
pub fn pretty(number: &str) -> String {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let of_the_world = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if of_the_world { E164(number.into()).pretty() } else { number.to_owned() }
}

/// North American numbers are given out in blocks of a thousand: the plan says nothing about the last three digits, which a
/// test holds it to. A file's numbers lie in few blocks, and looking one up costs a hundred times what remembering it does.
const BLOCK_DIGITS: usize = 7;

thread_local! {
    static BLOCKS: RefCell<Blocks> = const { RefCell::new(Blocks(BTreeSet::new())) };
}

/// Blocks with valid numbers, such as 4805550.
struct Blocks(BTreeSet<u32>);

impl Blocks {
    const MOST: usize = 10_000;

    fn contains(&self, block: u32) -> bool {
        self.0.contains(&block)
    }

    fn remember(&mut self, block: u32) {
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        self.0.insert(block);
    }
}

/// The North American plan is NXX-NXX-XXXX with N 2–9, and no N11 in either group. The metadata library lets
/// `212-911-1234` pass.
fn check_nanp(national: &str) -> Result<(), E164Error> {
    let bytes = national.as_bytes();
    if bytes.len() != 10 || !(b'2'..=b'9').contains(&bytes[0]) || !(b'2'..=b'9').contains(&bytes[3]) {
        return Err(E164Error::NotInPlan);
    }
    if &national[1..3] == "11" {
        return Err(E164Error::NotInPlan);
    }
    if &national[4..6] == "11" {
        return Err(E164Error::ServiceCode(national[3..6].to_owned()));
    }
    Ok(())
}

/// A location's default area code: 2–5 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct AreaCode(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an area code has 2 to 5 digits, such as 480")]
pub struct AreaCodeError;

impl AreaCode {
    pub fn parse(text: &str) -> Result<Self, AreaCodeError> {
        let text = text.trim();
        let digits = (2..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if digits { Ok(Self(text.into())) } else { Err(AreaCodeError) }
    }
}

parsed_text!(AreaCode, AreaCodeError);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    Landline,
    Mobile,
}

impl NumberKind {
    pub const ALL: [Self; 2] = [Self::Landline, Self::Mobile];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Landline => "landline",
            Self::Mobile => "mobile",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberState {
    Free,
    Assigned,
    Reserved,
    PortingIn,
    /// Released a short while ago: kept back so that the last holder's callers do not reach a stranger.
    Quarantined,
}

impl NumberState {
    pub const ALL: [Self; 5] = [Self::Free, Self::Assigned, Self::Reserved, Self::PortingIn, Self::Quarantined];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Assigned => "assigned",
            Self::Reserved => "reserved",
            Self::PortingIn => "porting_in",
            Self::Quarantined => "quarantined",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A phone number of the inventory. A user holds at most one of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    pub id: NumberId,
    pub account_id: AccountId,
    pub version: i64,
    pub number: E164,
    pub kind: NumberKind,
    pub state: NumberState,
    pub location_id: Option<LocationId>,
    pub user_id: Option<UserId>,
    /// While it is porting in: the day on which it is expected.
    #[serde(default)]
    pub ports_on: Option<NaiveDate>,
    /// While it is porting in: who gets it when the port completes.
    #[serde(default)]
    pub promised_to: Option<UserId>,
    /// While it is kept back: who answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_to: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_until: Option<DateTime<Utc>>,
    /// While it is kept back: when it becomes free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl PhoneNumber {
    /// In this state, of nobody and kept for nobody.
    #[must_use]
    pub fn released(self, state: NumberState) -> Self {
        Self { user_id: None, state, forwarded_to: None, forwarded_until: None, kept_until: None, ..self }
    }

    /// When something is to become of it by itself.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.forwarded_until.into_iter().chain(self.kept_until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in ["+14805550143", "+1 (480) 555-0143", "480 555 0143", "1-480-555-0143", "480.555.0143"] {
            assert_eq!(E164::parse(text).unwrap().as_str(), "+14805550143", "{text}");
        }
        assert_eq!(E164::parse("+46 8 123 456 78").unwrap().as_str(), "+46812345678");
        assert_eq!(E164::parse("+14805550143").unwrap().pretty(), "+1 480 555 0143");
    }

    #[test]
    fn numbers_outside_the_plan_are_refused() {
        assert_eq!(E164::parse("212-911-1234"), Err(E164Error::ServiceCode("911".into())));
        assert_eq!(E164::parse("911 555 0100"), Err(E164Error::NotInPlan));
        assert_eq!(E164::parse("203"), Err(E164Error::Shape));
        assert_eq!(E164::parse("+0 480 555 0143"), Err(E164Error::Shape));
        assert_eq!(E164::parse("4.67E+10"), Err(E164Error::Character('E')));
        assert_eq!(E164::parse("+1 480 555 014"), Err(E164Error::NotInPlan));
        assert!(E164::parse("+1234567890123456").is_err());
    }

    #[test]
    fn a_range_counts_on_and_a_search_finds_the_ends() {
        let number = E164::parse("+14805550143").unwrap();
        assert_eq!(number.next().unwrap().as_str(), "+14805550144");
        assert_eq!(number.search_words(), ["14805550143", "4805550143", "5550143", "0143"]);
        assert_eq!(number.area_code(), Some("480"));
    }

    #[test]
    fn the_last_three_digits_of_a_north_american_number_decide_nothing() {
        let valid = |national: u64| {
            phonenumber::parse(None, format!("+1{national}")).is_ok_and(|parsed| phonenumber::is_valid(&parsed))
        };
        // Every area code, and blocks all over it.
        for area in 200..1_000_u64 {
            for block in (0..8).map(|n| 2_000 + (area * 7_919 + n * 997) % 8_000) {
                let first = (area * 10_000 + block) * 1_000;
                let answers: BTreeSet<bool> =
                    [0, 1, 111, 123, 500, 911, 999].map(|last| valid(first + last)).into_iter().collect();
                assert_eq!(answers.len(), 1, "{first}");
            }
        }
    }
}
