//! Four weeks of calls: the same in every demo but for the day on which they end.

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use lineside_model::call_report::{
    AnsweredBy, CallAnswered, CallBegan, CallDirection, CallEnded, CallOutcome, CallParty, EndedBy, Hop, HopReason,
    LegQuality,
};
use lineside_model::id::{AccountId, CallId, UserId};
use lineside_model::ladder::Ladder;
use lineside_model::time_zone::TimeZone;
use uuid::Uuid;

use super::ladder;

/// A user as calls show them.
#[derive(Debug, Clone)]
pub struct Colleague {
    pub user_id: UserId,
    pub name: String,
    pub extension: String,
    pub number: Option<String>,
}

/// Customers and suppliers, with numbers that are set aside for fiction.
pub const OUTSIDE: [(&str, &str); 12] = [
    ("Carla Costa", "+16025550142"),
    ("Desert Bloom Florists", "+14805550177"),
    ("J. Whitfield", "+15205550131"),
    ("Mile High Catering", "+13035550168"),
    ("Orchard Supply", "+16025550155"),
    ("R. Tanaka", "+14155550119"),
    ("Sun Valley Clinic", "+14805550190"),
    ("Pioneer Freight", "+17205550124"),
    ("", "+16025550103"),
    ("L. Beaumont", "+12125550147"),
    ("Saguaro Printing", "+15205550186"),
    ("Anders Vik", "+442079460148"),
];

const DAYS: u64 = 28;
const CALLS_A_DAY: u64 = 22;
/// Messages are kept of the calls of the last days: enough to look at.
const LADDER_DAYS: i64 = 6;

pub struct History<'a> {
    account: AccountId,
    people: &'a [Colleague],
    now: DateTime<Utc>,
    random: Random,
}

impl<'a> History<'a> {
    pub fn new(account: AccountId, people: &'a [Colleague], now: DateTime<Utc>) -> Self {
        Self { account, people, now, random: Random::new(48_201_137) }
    }

    /// The oldest first.
    pub fn calls(mut self) -> Vec<CallEnded> {
        let zone = TimeZone::parse("America/Phoenix").unwrap_or(TimeZone::UTC);
        let today = zone.date(self.now);
        let mut starts = Vec::new();
        for day in (0..DAYS).rev().filter_map(|ago| today.checked_sub_days(Days::new(ago))) {
            let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            for _ in 0..if is_weekend { 3 } else { CALLS_A_DAY } {
                let second = TimeDelta::seconds(7 * 3_600 + self.random.below(10 * 3_600));
                starts.push(zone.start_of_day(day) + second + TimeDelta::milliseconds(self.random.below(1_000)));
            }
        }
        // What would not have ended by now did not happen.
        starts.retain(|at| *at < self.now - TimeDelta::minutes(25));
        // A demo that begins at night or on a Monday has calls of today to look at, too.
        starts.extend((1..=6).map(|n| self.now - TimeDelta::minutes(27 * n)));
        starts.sort();
        starts.into_iter().map(|at| self.call(at)).collect()
    }

    pub fn outside(n: usize) -> CallParty {
        let (name, number) = OUTSIDE[n % OUTSIDE.len()];
        CallParty { user: None, number: number.into(), name: name.into() }
    }

    fn call(&mut self, at: DateTime<Utc>) -> CallEnded {
        let call = CallId(self.random.id(at));
        let began = self.began(call, at);
        let mut ended = CallEnded {
            began,
            answered: None,
            ended_at: at,
            outcome: CallOutcome::Answered,
            status: None,
            ended_by: EndedBy::Caller,
            hops: Vec::new(),
            from_caller: None,
            from_callee: None,
            trunk: None,
            ladder: Ladder::default(),
        };
        let rung = TimeDelta::milliseconds(2_000 + self.random.below(16_000));
        match (self.random.below(100), ended.began.callee.clone()) {
            (0..58, _) => self.talk(&mut ended, rung),
            (58..66, Some(callee)) => self.voicemail(&mut ended, &callee),
            (66..71, Some(callee)) => self.forwarded(&mut ended, callee),
            (58..71, None) => unanswered(&mut ended, CallOutcome::NoAnswer, 480, TimeDelta::seconds(60)),
            (71..78, _) => unanswered(&mut ended, CallOutcome::NoAnswer, 480, TimeDelta::seconds(25)),
            (78..84, _) => unanswered(&mut ended, CallOutcome::Busy, 486, TimeDelta::seconds(1)),
            (84..87, _) => unanswered(&mut ended, CallOutcome::Declined, 603, rung),
            (87..93, _) => unanswered(&mut ended, CallOutcome::Cancelled, 487, rung),
            (93..96, _) => unanswered(&mut ended, CallOutcome::Unreachable, 480, TimeDelta::seconds(1)),
            (96..98, _) => not_in_service(&mut ended),
            (98..99, _) => self.refused(&mut ended),
            _ => unanswered(&mut ended, CallOutcome::Failed, 503, TimeDelta::seconds(4)),
        }
        if self.now - at < TimeDelta::days(LADDER_DAYS) {
            ended.ladder = ladder::steps(&ended).into_iter().collect();
        }
        ended
    }

    fn began(&mut self, id: CallId, at: DateTime<Utc>) -> CallBegan {
        let us = self.somebody();
        let (direction, caller, dialled, meant) = match self.random.below(100) {
            0..34 => {
                let other = self.somebody_but(&us);
                (CallDirection::Internal, inside(&us), other.extension.as_str().into(), Some(inside(&other)))
            }
            34..75 => {
                let number = us.number.clone().unwrap_or_else(|| us.extension.clone());
                (CallDirection::Inbound, self.anybody(), number.into(), Some(inside(&us)))
            }
            _ => {
                let number = us.number.clone().unwrap_or_else(|| us.extension.clone());
                (
                    CallDirection::Outbound,
                    CallParty { number: number.into(), ..inside(&us) },
                    self.anybody().number,
                    None,
                )
            }
        };
        CallBegan { call: id, account: self.account, at, direction, caller, dialled, callee: meant }
    }

    fn talk(&mut self, ended: &mut CallEnded, rung: TimeDelta) {
        let party = ended.began.callee.clone().unwrap_or_else(|| CallParty {
            number: ended.began.dialled.clone(),
            name: name_of(&ended.began.dialled).into(),
            user: None,
        });
        self.answer(ended, rung, AnsweredBy::Party(party));
        ended.ended_by = if self.random.below(2) == 0 { EndedBy::Caller } else { EndedBy::Callee };
    }

    fn answer(&mut self, ended: &mut CallEnded, rung: TimeDelta, by: AnsweredBy) {
        let (id, account) = (ended.began.call, ended.began.account);
        let at = ended.began.at + rung;
        let length = TimeDelta::milliseconds(18_000 + self.random.below(7 * 60_000));
        ended.ended_at = at + length;
        ended.from_caller = Some(self.quality(length, ended.began.direction));
        ended.from_callee = Some(self.quality(length, ended.began.direction));
        ended.answered = Some(CallAnswered { call: id, account, at, by });
    }

    /// Mostly good, as networks are; once in a while somebody's Wi-Fi is heard.
    fn quality(&mut self, length: TimeDelta, direction: CallDirection) -> LegQuality {
        let packets = u64::try_from(length.num_milliseconds() / 20).unwrap_or_default();
        let bad = self.random.below(14) == 0;
        let lost = packets
            * u64::try_from(if bad { 15 + self.random.below(30) } else { self.random.below(3) }).unwrap_or(0)
            / 1_000;
        let tenths =
            u16::try_from(if bad { 180 + self.random.below(250) } else { 4 + self.random.below(30) }).unwrap_or(0);
        let codec = if direction == CallDirection::Internal { "G722" } else { "PCMU" }.to_owned();
        LegQuality { codec, packets: packets - lost, lost, jitter_ms: f32::from(tenths) / 10.0 }
    }

    fn voicemail(&mut self, ended: &mut CallEnded, callee: &CallParty) {
        let Some(user) = callee.user else { return };
        ended.hops.push(Hop { from: callee.clone(), to: callee.number.to_string(), reason: HopReason::Voicemail });
        self.answer(ended, TimeDelta::seconds(25), AnsweredBy::Voicemail(user));
        ended.ended_at = ended.ended_at.min(ended.began.at + TimeDelta::seconds(80));
        ended.from_callee = None;
    }

    fn forwarded(&mut self, ended: &mut CallEnded, callee: CallParty) {
        let to = self.somebody();
        ended.hops.push(Hop { from: callee, to: to.extension.clone(), reason: HopReason::NoAnswer });
        self.answer(ended, TimeDelta::seconds(21), AnsweredBy::Party(inside(&to)));
    }

    /// To a country that is not open.
    fn refused(&mut self, ended: &mut CallEnded) {
        let us = self.somebody();
        let number = us.number.clone().unwrap_or_else(|| us.extension.clone());
        ended.began.direction = CallDirection::Outbound;
        ended.began.caller = CallParty { number: number.into(), ..inside(&us) };
        ended.began.dialled = "+881612345678".into();
        ended.began.callee = None;
        unanswered(ended, CallOutcome::Refused, 403, TimeDelta::seconds(4));
    }

    /// The two who sign in telephone more than others, so that they have something to look at.
    fn somebody(&mut self) -> Colleague {
        let at = match self.random.below(9) {
            0 => 0,
            1 => 1.min(self.people.len() - 1),
            _ => self.random.index(self.people.len()),
        };
        self.people[at].clone()
    }

    fn somebody_but(&mut self, us: &Colleague) -> Colleague {
        let at = self.random.index(self.people.len());
        let other = &self.people[at];
        let next = &self.people[(at + 1) % self.people.len()];
        if other.user_id == us.user_id { next.clone() } else { other.clone() }
    }

    fn anybody(&mut self) -> CallParty {
        Self::outside(self.random.index(OUTSIDE.len()))
    }
}

fn unanswered(ended: &mut CallEnded, outcome: CallOutcome, status: u16, after: TimeDelta) {
    ended.outcome = outcome;
    ended.status = Some(status);
    ended.ended_at = ended.began.at + after;
    ended.ended_by = if outcome == CallOutcome::Cancelled { EndedBy::Caller } else { EndedBy::Switch };
}

fn not_in_service(ended: &mut CallEnded) {
    ended.began.callee = None;
    ended.began.dialled = "799".into();
    unanswered(ended, CallOutcome::NotInService, 404, TimeDelta::seconds(5));
}

fn inside(colleague: &Colleague) -> CallParty {
    CallParty {
        user: Some(colleague.user_id),
        number: colleague.extension.as_str().into(),
        name: colleague.name.as_str().into(),
    }
}

fn name_of(number: &str) -> &'static str {
    OUTSIDE.iter().find(|(_, known)| *known == number).map_or("", |(name, _)| *name)
}

/// Numbers that look like chance and come out alike each time (`SplitMix64`).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u32) -> i64 {
        i64::try_from(self.next() % u64::from(end.max(1))).unwrap_or_default()
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(length.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    pub fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let bytes = [self.next().to_be_bytes(), self.next().to_be_bytes()].concat();
        let mut ten = [0; 10];
        ten.copy_from_slice(&bytes[..10]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &ten).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lineside_model::ladder::LADDER_MAX;

    use super::*;

    fn calls(now: DateTime<Utc>) -> Vec<CallEnded> {
        let people: Vec<Colleague> = (0..40)
            .map(|n: u32| Colleague {
                user_id: UserId(Uuid::from_u128(n.into())),
                name: format!("Colleague {n}"),
                extension: (201 + n).to_string(),
                number: (!n.is_multiple_of(3)).then(|| format!("+1480555{:04}", 100 + n)),
            })
            .collect();
        History::new(AccountId(Uuid::from_u128(1)), &people, now).calls()
    }

    #[test]
    fn every_outcome_and_direction_has_happened_and_nothing_lies_ahead() {
        let now = DateTime::from_timestamp(1_774_000_000, 0).unwrap();
        let calls = calls(now);
        assert!((300..800).contains(&calls.len()), "{}", calls.len());
        let outcomes: BTreeSet<&str> = calls.iter().map(|call| call.outcome.as_str()).collect();
        assert_eq!(outcomes.len(), CallOutcome::ALL.len(), "{outcomes:?}");
        let directions: BTreeSet<&str> = calls.iter().map(|call| call.began.direction.as_str()).collect();
        assert_eq!(directions.len(), CallDirection::ALL.len());
        assert!(calls.iter().all(|call| call.began.at <= call.ended_at && call.ended_at < now));
        let ids: BTreeSet<CallId> = calls.iter().map(|call| call.began.call).collect();
        assert_eq!(ids.len(), calls.len());
        assert!(calls.iter().any(|call| call.voicemail().is_some()));
        assert!(calls.iter().filter(|call| !call.ladder.is_empty()).count() > 20);
        for call in &calls {
            assert!(call.ladder.len() < LADDER_MAX && call.ladder.steps().is_sorted_by_key(|step| step.at), "{call:?}");
        }
    }

    #[test]
    fn the_demo_is_the_same_each_time() {
        let now = DateTime::from_timestamp(1_774_000_000, 0).unwrap();
        assert_eq!(calls(now), calls(now));
    }
}
