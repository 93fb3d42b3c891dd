//! Guards against toll fraud: what may be called out of the house, how much of it, and what is shut until somebody opens it.
//!
//! Emergency calls never come here.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::address::Country;
use crate::id::{AccountId, UserId};
use crate::text::parsed_text;

/// What a number costs, roughly, for somebody in the account's country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberClass {
    Domestic,
    TollFree,
    International,
    /// Numbers that pay whoever is called, and satellites, which cost as much.
    Premium,
}

impl NumberClass {
    pub fn label(self) -> &'static str {
        match self {
            Self::Domestic => "domestic",
            Self::TollFree => "toll-free",
            Self::International => "international",
            Self::Premium => "premium",
        }
    }
}

/// The area codes of the North American plan that lie outside of the United States, their territories and Canada: calls there
/// look like domestic ones and cost like those to another continent.
const CARIBBEAN: [&str; 21] = [
    "242", "246", "264", "268", "284", "345", "441", "473", "649", "658", "664", "721", "758", "767", "784", "809",
    "829", "849", "868", "869", "876",
];

/// Exchanges and area codes that pay whoever is called.
const NANP_PREMIUM_AREAS: [&str; 1] = ["900"];
const NANP_PREMIUM_EXCHANGE: &str = "976";
/// Personal and machine numbers (5XX), some of which are charged by the holder's choice.
const NANP_PERSONAL: [&str; 8] = ["500", "521", "522", "533", "544", "566", "577", "588"];
const NANP_TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// Codes of no country (ITU-T E.164 list): Inmarsat, mobile satellites, international networks, personal numbers, and premium
/// rate of the world.
const WORLD_PREMIUM: [&str; 6] = ["870", "878", "881", "882", "883", "979"];
const WORLD_TOLL_FREE: &str = "800";

/// `number`: E.164 with its `+`.
pub fn classify(number: &str, home: Country) -> NumberClass {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if let Some(national) = digits.strip_prefix('1') {
        return north_american(national, home);
    }
    if WORLD_PREMIUM.iter().any(|code| digits.starts_with(code)) {
        return NumberClass::Premium;
    }
    if digits.starts_with(WORLD_TOLL_FREE) {
        return NumberClass::TollFree;
    }
    let known = phonenumber::parse(None, format!("+{digits}")).ok();
    let kind = known.as_ref().map(|known| known.number_type(&phonenumber::metadata::DATABASE));
    let at_home = known.as_ref().and_then(|known| known.country().id()).is_some_and(|id| id.as_ref() == home.as_str());
    match (kind, at_home) {
        (Some(phonenumber::Type::PremiumRate | phonenumber::Type::SharedCost), _) => NumberClass::Premium,
        (Some(phonenumber::Type::TollFree), true) => NumberClass::TollFree,
        (_, true) => NumberClass::Domestic,
        (_, false) => NumberClass::International,
    }
}

fn north_american(national: &str, home: Country) -> NumberClass {
    let area = national.get(..3).unwrap_or_default();
    let exchange = national.get(3..6).unwrap_or_default();
    if NANP_PREMIUM_AREAS.contains(&area) || NANP_PERSONAL.contains(&area) || exchange == NANP_PREMIUM_EXCHANGE {
        return NumberClass::Premium;
    }
    if ![Country::US, Country::CA].contains(&home) {
        return NumberClass::International;
    }
    if CARIBBEAN.contains(&area) {
        NumberClass::International
    } else if NANP_TOLL_FREE.contains(&area) {
        NumberClass::TollFree
    } else {
        NumberClass::Domestic
    }
}

/// The beginning of numbers that an account opened: `+44`, `+1876`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Prefix(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not the beginning of numbers; write + and 1 to 10 digits, such as +44 or +1876")]
pub struct PrefixError(String);

impl Prefix {
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
        let rest = digits.strip_prefix('+').unwrap_or_default();
        let fits = (1..=10).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with('0');
        if fits { Ok(Self(digits.into())) } else { Err(PrefixError(text.trim().chars().take(40).collect())) }
    }
}

parsed_text!(Prefix, PrefixError);

/// The most prefixes of one kind that an account opens.
pub const PREFIXES_MAX: usize = 300;

/// What an account may call, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutboundRules {
    /// International numbers with these beginnings are open.
    pub international: Vec<Prefix>,
    /// Premium numbers with these beginnings are open: opening a country does not open its premium numbers.
    pub premium: Vec<Prefix>,
    pub limits: Limits,
}

/// Of calls out of the house. Zero: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// At once.
    pub user_calls: u32,
    pub account_calls: u32,
    /// A day, by the account's clock.
    pub user_minutes: u32,
    pub account_minutes: u32,
    /// The longest single call; it is ended then.
    pub call_minutes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { user_calls: 4, account_calls: 50, user_minutes: 600, account_minutes: 10_000, call_minutes: 240 }
    }
}

/// What a user talked out of the house on a day of the account. Minutes are the sum of calls, so seconds are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talked {
    pub account_id: AccountId,
    pub user_id: UserId,
    pub date: NaiveDate,
    pub seconds: i64,
}

/// What is going on and was talked today, out of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    pub user_calls: u32,
    pub account_calls: u32,
    pub user_minutes: u32,
    pub account_minutes: u32,
}

/// Why a call may not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barred {
    #[error("calls to {} numbers that begin like this one are not open", .0.label())]
    Class(NumberClass),
    #[error("the user has as many calls as are allowed at once")]
    UserCalls,
    #[error("the account has as many calls as are allowed at once")]
    AccountCalls,
    #[error("the user has talked as many minutes today as are allowed")]
    UserMinutes,
    #[error("the account has talked as many minutes today as are allowed")]
    AccountMinutes,
}

impl OutboundRules {
    /// Whether the number may be called at all.
    pub fn allows(&self, number: &str, home: Country) -> Result<NumberClass, Barred> {
        let class = classify(number, home);
        let begins = |open: &[Prefix]| open.iter().any(|prefix| number.starts_with(prefix.as_str()));
        let allowed = match class {
            NumberClass::Domestic | NumberClass::TollFree => true,
            NumberClass::International => begins(&self.international),
            NumberClass::Premium => begins(&self.premium),
        };
        if allowed { Ok(class) } else { Err(Barred::Class(class)) }
    }
}

impl Limits {
    /// Whether one more call may begin.
    pub fn check(&self, usage: &Usage) -> Result<(), Barred> {
        let over = [
            (usage.user_calls >= self.user_calls, Barred::UserCalls),
            (usage.account_calls >= self.account_calls, Barred::AccountCalls),
            (usage.user_minutes >= self.user_minutes, Barred::UserMinutes),
            (usage.account_minutes >= self.account_minutes, Barred::AccountMinutes),
        ];
        over.into_iter().find(|(over, _)| *over).map_or(Ok(()), |(_, barred)| Err(barred))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_classed_from_where_the_account_is() {
        let germany = Country::parse("DE").unwrap();
        for (number, home, class) in [
            ("+14805550143", Country::US, NumberClass::Domestic),
            ("+14165550143", Country::US, NumberClass::Domestic),
            ("+17875550143", Country::US, NumberClass::Domestic),
            ("+18765550143", Country::US, NumberClass::International),
            ("+18095550143", Country::US, NumberClass::International),
            ("+19005550143", Country::US, NumberClass::Premium),
            ("+14809760143", Country::US, NumberClass::Premium),
            ("+18005550143", Country::US, NumberClass::TollFree),
            ("+442079460000", Country::US, NumberClass::International),
            ("+449098790000", Country::US, NumberClass::Premium),
            ("+881612345678", Country::US, NumberClass::Premium),
            ("+80012345678", Country::US, NumberClass::TollFree),
            ("+493012345678", germany, NumberClass::Domestic),
            ("+4990012345678", germany, NumberClass::Premium),
            ("+498001234567", germany, NumberClass::TollFree),
            ("+14805550143", germany, NumberClass::International),
            ("+999123", Country::US, NumberClass::International),
            ("+1", Country::US, NumberClass::Domestic),
        ] {
            assert_eq!(classify(number, home), class, "{number} from {}", home.as_str());
        }
    }

    #[test]
    fn everything_abroad_is_shut_until_it_is_opened() {
        let mut rules = OutboundRules::default();
        assert_eq!(rules.allows("+14805550143", Country::US), Ok(NumberClass::Domestic));
        let barred = rules.allows("+442079460000", Country::US).unwrap_err();
        assert_eq!(barred.to_string(), "calls to international numbers that begin like this one are not open");
        rules.international = vec![Prefix::parse("+44").unwrap()];
        assert!(rules.allows("+442079460000", Country::US).is_ok());
        assert!(rules.allows("+449098790000", Country::US).is_err(), "a country's premium numbers stay shut");
        assert!(rules.allows("+493012345678", Country::US).is_err());
        rules.premium = vec![Prefix::parse("+1 900").unwrap()];
        assert!(rules.allows("+19005550143", Country::US).is_ok());
        for text in ["44", "+", "+0", "+12345678901", "+4a"] {
            assert!(Prefix::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_limit_that_is_reached_is_named() {
        let limits = Limits::default();
        assert_eq!(limits.check(&Usage::default()), Ok(()));
        let full = Usage { user_calls: 4, account_minutes: 10_000, ..Usage::default() };
        assert_eq!(limits.check(&full), Err(Barred::UserCalls));
        let tired = Usage { user_minutes: 600, ..Usage::default() };
        assert_eq!(limits.check(&tired), Err(Barred::UserMinutes));
    }
}
