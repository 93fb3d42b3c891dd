//! Calls out of the house and into it, over trunks: by the first way that takes the call, within the limits of who calls,
//! and shown with a number that the account holds.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::NaiveDate;
use lineside_model::{
    call_report::{Alarm, AlarmKind, CallParty, CallReport},
    dialled::Dialled,
    directory::{DirectoryTrunk, DirectoryUser},
    id::{AccountId, UserId},
    outbound::{Barred, Talked, Usage},
    route::{self, Caller, Hop},
    trunk::CallerIdIn,
};
use lineside_sip::{
    Flow, HeaderName, Message, Method, Request, Token, TransactionKey,
    message::{escape_user, quote_display},
};

use super::{
    Call, Calls, Env, Stage,
    branch::{Branch, call_id},
    description::is_secure,
    emergency,
    place::{Asked, reason},
    ring::{Callee, Rings},
    session,
};
use crate::{
    core::ALLOW,
    route::dialled,
    trunk::{Out, credentials},
};

/// A carrier that says nothing for that long is passed over.
const SILENCE: Duration = Duration::from_secs(5);
const SILENCE_EXTRA: Duration = Duration::from_secs(2);
/// Carriers end ringing by themselves; this is for those that do not.
const RING: Duration = Duration::from_mins(3);
/// Users whose minutes are remembered before those of other days are forgotten.
const REMEMBERED: usize = 10_000;

/// Who is called outside, and by which ways it may still be tried.
pub(super) struct Outside {
    pub(super) number: String,
    by: Arc<DirectoryUser>,
    ways: Vec<Out>,
    is_emergency: bool,
    tried_password: bool,
    /// The way was asked to protect sound, and would not.
    is_clear: bool,
    /// The way does not take a location.
    is_placeless: bool,
}

impl Outside {
    pub(super) fn new(number: String, by: Arc<DirectoryUser>, ways: Vec<Out>, is_emergency: bool) -> Self {
        Self { number, by, ways, is_emergency, tried_password: false, is_clear: false, is_placeless: false }
    }
}

/// Seconds talked today, out of the house.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    users: HashMap<UserId, (NaiveDate, u64)>,
    accounts: HashMap<AccountId, (NaiveDate, u64)>,
}

impl Calls {
    /// Calls a number of the world on the rights of `by`.
    pub(super) fn call_out(&mut self, env: &mut Env<'_>, call: &mut Call, number: String, by: Arc<DirectoryUser>) {
        if let Err(barred) = self.check_limits(env, &by) {
            let what = barred.to_string();
            tracing::warn!(user = %by.user_id, number, what, "a call out of the house was refused");
            let kind = AlarmKind::LimitReached { account: by.account_id, user: Some(by.user_id), what };
            env.report(CallReport::Alarm(Alarm { at: env.now.utc, kind }));
            return self.turn_away(env, call, route::Refusal::Barred(barred));
        }
        let ways = env.ways(by.account_id, false);
        self.try_ways(env, call, Outside::new(number, by, ways, false));
    }

    /// Sends the INVITE by the next way that has room.
    pub(super) fn try_ways(&mut self, env: &mut Env<'_>, call: &mut Call, mut outside: Outside) {
        while let Some(way) = outside.ways.first() {
            let open = self.open.values().filter(|open| open.story.trunk == Some(way.trunk.trunk_id)).count();
            let has_room = open < usize::try_from(way.trunk.settings.calls_max).unwrap_or(usize::MAX);
            if has_room || outside.is_emergency {
                return self.try_way(env, call, outside, None);
            }
            outside.ways.remove(0);
        }
        call.story.trunk = None;
        if outside.is_emergency {
            return self.no_help(env, call, &outside.number);
        }
        self.turn_away(env, call, route::Refusal::NoTrunk);
    }

    fn try_way(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        outside: Outside,
        authorization: Option<(HeaderName, String)>,
    ) {
        let Some(way) = outside.ways.first().cloned() else { return };
        let is_emergency = outside.is_emergency;
        let max_forwards = match call.invite.request.next_max_forwards() {
            Ok(max_forwards) => max_forwards,
            Err(refusal) => return self.refuse(env, call, refusal.status),
        };
        call.story.trunk = Some(way.trunk.trunk_id);
        let flow = env.trunks.flow(env.told, env.rules, env.udp, &way);
        let tag = env.endpoint.token();
        let cseq = if authorization.is_some() { 2 } else { 1 };
        let mut request = invite(env, call, &outside, &way, flow, tag, cseq)
            .header(HeaderName::MaxForwards, max_forwards.to_string());
        if let Some((name, value)) = authorization {
            request = request.header(name, value);
        }
        let key = env.request(flow, &request);
        self.outgoing.insert(key, call.id);
        let now = env.now.instant;
        // For a call for help, the way that is only tried because it carries more at once must not cost time.
        let is_extra = is_emergency && outside.ways.get(1).is_some_and(|next| next.to == way.to);
        let silence = if is_extra { SILENCE_EXTRA } else { SILENCE };
        call.callee = None;
        let told = if let Stage::Ringing(before) = &call.stage { before.told } else { 100 };
        call.stage = Stage::Ringing(Rings {
            callee: Callee::Outside(Box::new(outside)),
            branches: vec![Branch::new(key, tag, flow, request)],
            until: now + RING,
            silent_until: Some(now + silence),
            told,
        });
    }

    /// The carrier wants to know who we are; false when it was told already or we have nothing to tell.
    pub(super) fn answer_challenge(&mut self, env: &mut Env<'_>, call: &mut Call, response: &Message) -> bool {
        let Stage::Ringing(rings) = &mut call.stage else { return false };
        let Callee::Outside(outside) = &mut rings.callee else { return false };
        let Some(way) = outside.ways.first().filter(|_| !outside.tried_password) else { return false };
        let uri = way.uri(&written(way, outside));
        let cnonce = env.endpoint.token();
        let Some(answer) = credentials(&way.trunk, response, "INVITE", &uri, cnonce) else { return false };
        outside.tried_password = true;
        let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, Stage::Ending) else { return false };
        self.cancel_branches(env, &rings.branches, None);
        let Callee::Outside(outside) = rings.callee else { return false };
        self.try_way(env, call, *outside, Some(answer));
        true
    }

    /// The carrier can not protect sound; false when it was not asked to.
    pub(super) fn try_way_in_the_clear(&mut self, env: &mut Env<'_>, call: &mut Call) -> bool {
        let Stage::Ringing(Rings { callee: Callee::Outside(outside), branches, .. }) = &mut call.stage else {
            return false;
        };
        if outside.is_clear || !branches.iter().any(|branch| is_secure(branch.flow())) {
            return false;
        }
        (outside.is_clear, outside.tried_password) = (true, false);
        let Stage::Ringing(rings) = std::mem::replace(&mut call.stage, Stage::Ending) else { return false };
        let Callee::Outside(outside) = rings.callee else { return false };
        self.try_way(env, call, *outside, None);
        true
    }

    /// The way led nowhere: the next one is tried when it was the carrier's fault, or the caller is told.
    pub(super) fn way_failed(&mut self, env: &mut Env<'_>, call: &mut Call, mut outside: Outside, status: u16) {
        if let (Some(way), 408 | 503) = (outside.ways.first(), status) {
            let why =
                if status == 408 { "the carrier does not answer calls" } else { "the carrier answers 503 to calls" };
            env.trunks.call_went(env.told, env.now, way, Some(why));
        }
        // 424: it does not take this location; others do not know what to do with two bodies (RFC 6442 section 4.3). The
        // call matters more.
        if outside.is_emergency
            && !outside.is_placeless
            && matches!(status, 400 | 406 | 413 | 415 | 420 | 424 | 488 | 606)
        {
            (outside.is_placeless, outside.tried_password) = (true, false);
            return self.try_way(env, call, outside, None);
        }
        let next = matches!(status, 408 | 401 | 403 | 407 | 500..600) || (outside.is_emergency && status != 487);
        if next && (outside.is_emergency || outside.ways.len() > 1) {
            tracing::warn!(number = outside.number, status, "a trunk did not take a call; the next is tried");
            outside.ways.remove(0);
            (outside.tried_password, outside.is_clear, outside.is_placeless) = (false, false, false);
            return self.try_ways(env, call, outside);
        }
        let refusal = match status {
            486 | 600 => route::Refusal::Busy,
            404 | 410 | 484 | 604 => route::Refusal::NotInService,
            603.. => route::Refusal::Declined,
            480 | 487 => route::Refusal::NoAnswer,
            _ => route::Refusal::NoTrunk,
        };
        self.turn_away(env, call, refusal);
    }

    fn check_limits(&mut self, env: &Env<'_>, by: &DirectoryUser) -> Result<(), Barred> {
        let Some(account) = env.directory.account(by.account_id) else { return Ok(()) };
        let today = env.now.utc.with_timezone(&account.time_zone.0).date_naive();
        let outside = |call: &&Call| call.outside.is_some_and(|(_, account)| account == by.account_id);
        let of_account = self.open.values().map(Box::as_ref).filter(outside);
        let of_user = of_account.clone().filter(|call| call.outside.is_some_and(|(user, _)| user == by.user_id));
        let minutes = |spent: Option<&(NaiveDate, u64)>| {
            let seconds = spent.filter(|(day, _)| *day == today).map_or(0, |(_, seconds)| *seconds);
            u32::try_from(seconds / 60).unwrap_or(u32::MAX)
        };
        let count = |calls: usize| u32::try_from(calls).unwrap_or(u32::MAX);
        let usage = Usage {
            user_calls: count(of_user.count()),
            account_calls: count(of_account.count()),
            user_minutes: minutes(self.minutes.users.get(&by.user_id)),
            account_minutes: minutes(self.minutes.accounts.get(&by.account_id)),
        };
        account.rules.outbound.limits.check(&usage)
    }

    /// What was counted before this start.
    pub(crate) fn talked(&mut self, talked: &[Talked]) {
        for Talked { account_id, user_id, date, seconds } in talked {
            let seconds = u64::try_from(*seconds).unwrap_or_default();
            add(self.minutes.users.entry(*user_id).or_insert((*date, 0)), *date, seconds);
            add(self.minutes.accounts.entry(*account_id).or_insert((*date, 0)), *date, seconds);
        }
    }

    /// Counts what was talked out of the house.
    pub(super) fn count_minutes(&mut self, env: &Env<'_>, call: &Call) {
        let (Some((user, account)), Some(answered)) = (call.outside, call.answered) else { return };
        let Some(known) = env.directory.account(account) else { return };
        let today = env.now.utc.with_timezone(&known.time_zone.0).date_naive();
        let seconds = env.now.instant.saturating_duration_since(answered).as_secs();
        if self.minutes.users.len() >= REMEMBERED {
            self.minutes.users.retain(|_, (day, _)| *day == today);
        }
        add(self.minutes.users.entry(user).or_insert((today, 0)), today, seconds);
        add(self.minutes.accounts.entry(account).or_insert((today, 0)), today, seconds);
    }

    /// An INVITE from a trunk.
    pub(crate) fn place_inbound(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        trunk: &DirectoryTrunk,
    ) {
        let format = trunk.settings.number_format;
        let mut wanted = dialled(&request.uri());
        if trunk.settings.username.as_deref() == Some(wanted.as_str()) {
            // A trunk that registered is called by its user name; the number stands in To.
            wanted = dialled(&request.to().uri);
        }
        let wanted = format.read(wanted.as_str()).map_or(wanted, |number| Dialled::new(&number));
        let asserted = request.addresses(HeaderName::PAssertedIdentity).find_map(Result::ok);
        let from = request.from();
        let who = asserted.unwrap_or(from);
        let user = String::from_utf8_lossy(&who.uri.user_plain()).into_owned();
        let number =
            if user.eq_ignore_ascii_case("anonymous") { String::new() } else { format.read(&user).unwrap_or(user) };
        let name = from.display.map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
        let shown = CallParty { user: None, number: number.into(), name: name.into() }.cleaned();
        let caller = Caller::Trunk(trunk.account_id);
        let trunk = Some(trunk.trunk_id);
        self.place_from(env, Asked { key, flow, request, caller, shown, dialled: wanted, is_allowed: true, trunk });
    }
}

impl Env<'_> {
    pub(super) fn ways(&mut self, account: AccountId, emergency: bool) -> Vec<Out> {
        let Self { trunks, directory, endpoint, .. } = self;
        let draw = || {
            let token = endpoint.token();
            str::from_utf8(token.as_bytes()).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
        };
        trunks.ways(directory, account, emergency, draw)
    }
}

impl Outside {
    /// The way that it is on.
    pub(super) fn way(&self) -> Option<&Out> {
        self.ways.first()
    }

    pub(super) fn party(&self) -> CallParty {
        CallParty { user: None, number: self.number.as_str().into(), ..CallParty::default() }
    }

    pub(super) fn owner(&self) -> (UserId, AccountId) {
        (self.by.user_id, self.by.account_id)
    }
}

fn add(spent: &mut (NaiveDate, u64), today: NaiveDate, seconds: u64) {
    if spent.0 != today {
        *spent = (today, 0);
    }
    spent.1 += seconds;
}

/// The number as the carrier wants it; emergency codes as they are.
fn written(way: &Out, outside: &Outside) -> String {
    if outside.is_emergency { outside.number.clone() } else { way.trunk.settings.called(&outside.number) }
}

fn invite(env: &Env<'_>, call: &Call, outside: &Outside, way: &Out, flow: Flow, tag: Token, cseq: u32) -> Request {
    let format = way.trunk.settings.number_format;
    // Only a number that the account holds: anything else is what fraud looks like.
    let number = if outside.is_emergency { outside.by.callback() } else { outside.by.caller_id() };
    let own = number.map(|number| escape_user(format.write(number.as_str()).as_bytes()));
    let (host, caller_id) = (way.host(), way.trunk.settings.caller_id);
    let trunks_own = way.trunk.settings.username.as_ref().map(|user| escape_user(user.as_bytes()));
    let shown = own.clone().filter(|_| caller_id != CallerIdIn::Asserted || trunks_own.is_none()).or(trunks_own);
    let name = quote_display(&outside.by.display_name);
    let from = match shown.filter(|_| own.is_some()) {
        Some(user) => format!("{name} <sip:{user}@{host}>;tag={tag}"),
        None => format!("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag={tag}"),
    };
    let uri = way.uri(&escape_user(written(way, outside).as_bytes()));
    let mut request = Request::initial(Method::Invite, &uri, from, format!("<{uri}>"), call_id(call, tag), cseq)
        .header(HeaderName::Contact, env.contact(flow))
        .header(HeaderName::Allow, ALLOW);
    request = match &own {
        Some(_) if caller_id == CallerIdIn::From => request,
        Some(number) => request.header(HeaderName::PAssertedIdentity, format!("<sip:{number}@{host}>")),
        None => request.header(HeaderName::Privacy, "id"),
    };
    for Hop { by, kind, .. } in call.hops.iter().filter(|hop| hop.passed_over.is_none()).rev() {
        let Some(number) = by.caller_id() else { continue };
        let user = format.write(number.as_str());
        request = request.header(HeaderName::Diversion, format!("<sip:{user}@{host}>;reason={}", reason(*kind)));
    }
    let is_clear = outside.is_clear || !way.trunk.settings.secure_media;
    let offer = call.offer_to_callee(env, tag, flow, is_clear);
    if outside.is_emergency && !outside.is_placeless {
        return emergency::with_place(env, call, session::wish(request, None), offer, &outside.by, tag, flow);
    }
    session::wish(request, offer)
}
