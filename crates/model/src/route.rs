//! Where a call goes, and why. The switch asks this for each call, and the page "Where would this call go?" for calls that
//! nobody has made; so both say the same.
//!
//! [`route`] answers for a call that begins, [`next`] once a user's devices were rung in vain. Emergency calls come first,
//! from anybody. Forwarding goes by the rights of the user who forwards; a rule that may not act, or would lead in a circle,
//! is passed over, so that the call goes on as if it were not set.

mod explain;

use std::sync::Arc;

use thiserror::Error;

use crate::dialled::Dialled;
use crate::directory::{DirectoryAccount, DirectoryUser};
use crate::extension::{Destination, Extension};
use crate::forwarding::ForwardingKind;
use crate::id::AccountId;
use crate::outbound::{Barred, NumberClass};
use crate::star_code::{StarCode, StarCodeError};

pub use self::explain::{Explanation, explain};

/// What routing looks up: in memory in the switch, in the database for the page.
pub trait Lookup {
    fn extension(&self, account: AccountId, extension: &Extension) -> Option<Arc<DirectoryUser>>;
    /// Whose number it is, in whichever account. `number`: E.164 with its `+`.
    fn number(&self, number: &str) -> Option<Arc<DirectoryUser>>;
    fn account(&self, account: AccountId) -> Option<Arc<DirectoryAccount>>;
    /// Some device of the user is registered.
    fn registered(&self, user: &DirectoryUser) -> bool;
    /// A trunk of the account's or the operator's takes its calls.
    fn has_trunk(&self, account: AccountId) -> bool;
}

/// Who calls.
#[derive(Debug, Clone)]
pub enum Caller {
    User(Arc<DirectoryUser>),
    /// From outside, over a trunk of this account; of the operator's with `None`.
    Trunk(Option<AccountId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub target: Target,
    /// The forwarding rules that the call met, in order; those that were passed over too.
    pub hops: Vec<Hop>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// 911, 112, or the test line 933.
    Emergency(&'static str),
    Code(StarCode),
    /// All of the user's registered devices.
    Ring {
        user: Arc<DirectoryUser>,
        seconds: u16,
    },
    Voicemail(Arc<DirectoryUser>),
    /// Out of the house, on the rights and the limits of a user: the caller's, or the one's who forwarded last.
    Outside {
        number: String,
        class: NumberClass,
        by: Arc<DirectoryUser>,
    },
    Refused(Refusal),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub by: Arc<DirectoryUser>,
    pub kind: ForwardingKind,
    pub to: Destination,
    /// Why the rule did not act.
    pub passed_over: Option<PassedOver>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PassedOver {
    #[error("the call was there already, so it would go in a circle")]
    Circle,
    #[error("it leads back to the caller")]
    Caller,
    #[error("the call was forwarded {HOPS_MAX} times already")]
    TooMany,
    #[error("{0}")]
    Refused(Refusal),
}

/// The most rules that one call follows.
pub const HOPS_MAX: usize = 5;

/// Why a call is not put through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("nobody has this extension or number")]
    NotInService,
    #[error("{0}")]
    Code(StarCodeError),
    #[error("the caller has no active Voice license")]
    CallerNotLicensed,
    #[error("the user has no active Voice license")]
    NotLicensed,
    #[error("the license of who calls allows no calls to phone numbers")]
    NoExternalCalls,
    #[error("the user's license allows no calls from phone numbers")]
    NotFromOutside,
    #[error("{0}")]
    Barred(Barred),
    #[error("no trunk leads out of the house")]
    NoTrunk,
    #[error("no phone of the user is registered, and nothing takes the call in its place")]
    Unreachable,
    #[error("the user is busy, and nothing takes the call in their place")]
    Busy,
    #[error("nobody answered, and nothing takes the call in their place")]
    NoAnswer,
    #[error("the call was declined, and nothing takes it in their place")]
    Declined,
    #[error("the user has no voicemail")]
    NoVoicemail,
}

impl Refusal {
    /// The answer to the caller (RFC 3261 section 21).
    pub fn status(self) -> u16 {
        match self {
            Self::NotInService | Self::Code(StarCodeError::Unknown) | Self::NoVoicemail => 404,
            Self::Code(_) => 484,
            Self::CallerNotLicensed | Self::NoExternalCalls | Self::Barred(_) => 403,
            Self::NotLicensed | Self::NotFromOutside | Self::Unreachable | Self::NoAnswer => 480,
            Self::NoTrunk => 503,
            Self::Busy => 486,
            Self::Declined => 603,
        }
    }
}

/// How ringing a user ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    Busy,
    /// The person turned the call away; followed as busy is.
    Declined,
    NoAnswer,
    /// No device answered the INVITE at all, or the last one went away.
    Unreachable,
}

/// The way of a call that begins.
pub fn route(lookup: &impl Lookup, caller: &Caller, dialled: &Dialled) -> Route {
    Way { lookup, caller, hops: Vec::new() }.begin(dialled)
}

/// The way of a call after ringing `user` ended so; `hops` are those so far.
pub fn next(lookup: &impl Lookup, caller: &Caller, hops: Vec<Hop>, user: &Arc<DirectoryUser>, ended: Ended) -> Route {
    Way { lookup, caller, hops }.instead_of(user, ended)
}

struct Way<'a, L> {
    lookup: &'a L,
    caller: &'a Caller,
    hops: Vec<Hop>,
}

impl<L: Lookup> Way<'_, L> {
    fn begin(self, dialled: &Dialled) -> Route {
        let caller = match self.caller {
            Caller::User(caller) => caller.clone(),
            Caller::Trunk(of) => return self.inbound(*of, dialled),
        };
        if let Some(code) = dialled.emergency() {
            return self.at(Target::Emergency(code));
        }
        if !caller.voice {
            return self.refuse(Refusal::CallerNotLicensed);
        }
        match StarCode::parse(dialled) {
            Some(Ok(StarCode::LeaveMessage(extension))) => return self.mailbox_of(&caller, &extension),
            Some(Ok(code)) => return self.at(Target::Code(code)),
            Some(Err(error)) => return self.refuse(Refusal::Code(error)),
            None => {}
        }
        let of_extension = Extension::parse(dialled.as_str())
            .ok()
            .and_then(|extension| self.lookup.extension(caller.account_id, &extension));
        match (of_extension, dialled.number()) {
            (Some(user), _) => self.reach(user),
            (None, Some(number)) => match self.to_number(&caller, &number) {
                Ok(Reached::User(user)) => self.reach(user),
                Ok(Reached::Outside(target)) => self.at(target),
                Err(refusal) => self.refuse(refusal),
            },
            (None, None) => self.refuse(Refusal::NotInService),
        }
    }

    fn inbound(self, of: Option<AccountId>, dialled: &Dialled) -> Route {
        let user = dialled.number().and_then(|number| self.lookup.number(&number));
        match user.filter(|user| of.is_none_or(|account| account == user.account_id)) {
            None => self.refuse(Refusal::NotInService),
            Some(user) if user.voice && !user.rights.external_calls => self.refuse(Refusal::NotFromOutside),
            Some(user) => self.reach(user),
        }
    }

    fn mailbox_of(self, caller: &DirectoryUser, extension: &Extension) -> Route {
        match self.lookup.extension(caller.account_id, extension) {
            None => self.refuse(Refusal::NotInService),
            Some(user) if user.takes_messages() => self.at(Target::Voicemail(user)),
            Some(_) => self.refuse(Refusal::NoVoicemail),
        }
    }

    /// A number, on the rights of `by`: a user's here, or one outside.
    fn to_number(&self, by: &Arc<DirectoryUser>, number: &str) -> Result<Reached, Refusal> {
        let here = self.lookup.number(number);
        if let Some(user) = here.as_ref().filter(|user| user.account_id == by.account_id) {
            return Ok(Reached::User(user.clone()));
        }
        if !by.rights.external_calls {
            return Err(Refusal::NoExternalCalls);
        }
        if let Some(user) = here {
            let open = !user.voice || user.rights.external_calls;
            return if open { Ok(Reached::User(user)) } else { Err(Refusal::NotFromOutside) };
        }
        let account = self.lookup.account(by.account_id).ok_or(Refusal::NoTrunk)?;
        let class = account.rules.outbound.allows(number, account.country).map_err(Refusal::Barred)?;
        if !self.lookup.has_trunk(by.account_id) {
            return Err(Refusal::NoTrunk);
        }
        Ok(Reached::Outside(Target::Outside { number: number.to_owned(), class, by: by.clone() }))
    }

    /// Rings the user, unless a rule sends the call on or nothing is there to ring.
    fn reach(mut self, user: Arc<DirectoryUser>) -> Route {
        if !user.voice {
            return self.refuse(Refusal::NotLicensed);
        }
        if let Some(on) = self.follow(&user, ForwardingKind::Always) {
            return self.go(on);
        }
        if !self.lookup.registered(&user) {
            return self.instead_of(&user, Ended::Unreachable);
        }
        let seconds = user.forwarding.ring_seconds;
        self.at(Target::Ring { user, seconds })
    }

    fn instead_of(mut self, user: &Arc<DirectoryUser>, ended: Ended) -> Route {
        let (kind, refusal) = match ended {
            Ended::Busy => (ForwardingKind::Busy, Refusal::Busy),
            Ended::Declined => (ForwardingKind::Busy, Refusal::Declined),
            Ended::NoAnswer => (ForwardingKind::NoAnswer, Refusal::NoAnswer),
            Ended::Unreachable => (ForwardingKind::Unreachable, Refusal::Unreachable),
        };
        match self.follow(user, kind) {
            Some(on) => self.go(on),
            None if user.takes_messages() => self.at(Target::Voicemail(user.clone())),
            None => self.refuse(refusal),
        }
    }

    /// Where the rule leads, if the user has it and it may act.
    fn follow(&mut self, by: &Arc<DirectoryUser>, kind: ForwardingKind) -> Option<Reached> {
        let to = by.forwards(kind)?.clone();
        let leads = self.leads(by, &to);
        let passed_over = leads.as_ref().err().copied();
        self.hops.push(Hop { by: by.clone(), kind, to, passed_over });
        leads.ok()
    }

    fn leads(&self, by: &Arc<DirectoryUser>, to: &Destination) -> Result<Reached, PassedOver> {
        if self.hops.iter().filter(|hop| hop.passed_over.is_none()).count() >= HOPS_MAX {
            return Err(PassedOver::TooMany);
        }
        let reached = match to {
            Destination::Extension(extension) => {
                let user = self.lookup.extension(by.account_id, extension);
                user.map(Reached::User).ok_or(PassedOver::Refused(Refusal::NotInService))?
            }
            Destination::Number(number) => self.to_number(by, number.as_str()).map_err(PassedOver::Refused)?,
        };
        let Reached::User(user) = &reached else { return Ok(reached) };
        let was_there = |hop: &Hop| hop.by.user_id == user.user_id;
        if user.user_id == by.user_id || self.hops.iter().any(was_there) {
            return Err(PassedOver::Circle);
        }
        match self.caller {
            Caller::User(caller) if caller.user_id == user.user_id => Err(PassedOver::Caller),
            _ if !user.voice => Err(PassedOver::Refused(Refusal::NotLicensed)),
            _ => Ok(reached),
        }
    }

    fn go(self, on: Reached) -> Route {
        match on {
            Reached::User(user) => self.reach(user),
            Reached::Outside(target) => self.at(target),
        }
    }

    fn refuse(self, refusal: Refusal) -> Route {
        self.at(Target::Refused(refusal))
    }

    fn at(self, target: Target) -> Route {
        Route { target, hops: self.hops }
    }
}

enum Reached {
    User(Arc<DirectoryUser>),
    Outside(Target),
}

#[cfg(test)]
mod tests;
