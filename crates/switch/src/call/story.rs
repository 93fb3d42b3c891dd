//! What is told of a call outside: that it began, who answered, how it ended. A call between two accounts is told to each
//! as its own.

use lineside_model::{
    call_report::{
        AnsweredBy, CallAnswered, CallBegan, CallDirection, CallEnded, CallOutcome, CallParty, CallReport, EndedBy,
        Hop, HopReason, LegQuality,
    },
    directory::DirectoryUser,
    extension::Extension,
    forwarding::ForwardingKind,
    id::{AccountId, CallId, TrunkId},
    ladder::Ladder,
    phone_number::E164,
    route,
};

use super::Env;

/// One call as the accounts in it see it.
#[derive(Debug, Default)]
pub(super) struct Story {
    views: Vec<View>,
    pub(super) hops: Vec<Hop>,
    pub(super) trunk: Option<TrunkId>,
    pub(super) outcome: Option<CallOutcome>,
    pub(super) ended_by: Option<EndedBy>,
    is_over: bool,
}

#[derive(Debug)]
struct View {
    began: CallBegan,
    answered: Option<CallAnswered>,
}

impl Story {
    pub(super) fn over(trunk: Option<TrunkId>) -> Self {
        Self { trunk, ..Self::default() }
    }

    /// The first view is that of the account whose user calls, or is called from outside.
    pub(super) fn began(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        direction: CallDirection,
        caller: CallParty,
        dialled: &str,
        callee: Option<CallParty>,
    ) -> CallId {
        let call = CallId(env.mint());
        let began = CallBegan { call, account, at: env.now.utc, direction, caller, dialled: dialled.into(), callee };
        env.report(CallReport::Began(began.clone()));
        self.views.push(View { began, answered: None });
        call
    }

    /// The identifier that an account knows the call by.
    pub(super) fn call(&self, account: AccountId) -> Option<CallId> {
        self.views.iter().find(|view| view.began.account == account).map(|view| view.began.call)
    }

    pub(super) fn is_known_as(&self, call: CallId) -> bool {
        self.views.iter().any(|view| view.began.call == call)
    }

    pub(super) fn answered(&mut self, env: &mut Env<'_>, by: &AnsweredBy) {
        self.outcome = Some(CallOutcome::Answered);
        for view in &mut self.views {
            let answered =
                CallAnswered { call: view.began.call, account: view.began.account, at: env.now.utc, by: by.clone() };
            env.report(CallReport::Answered(answered.clone()));
            view.answered = Some(answered);
        }
    }

    /// Tells the end, once.
    pub(super) fn ended(
        &mut self,
        env: &mut Env<'_>,
        status: Option<u16>,
        quality: [Option<LegQuality>; 2],
        mut ladder: Ladder,
    ) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let [from_caller, from_callee] = quality;
        let mut views = std::mem::take(&mut self.views).into_iter().peekable();
        while let Some(view) = views.next() {
            let ladder = if views.peek().is_some() { ladder.clone() } else { std::mem::take(&mut ladder) };
            let ended = CallEnded {
                began: view.began,
                answered: view.answered,
                ended_at: env.now.utc,
                outcome: self.outcome.unwrap_or(CallOutcome::Failed),
                status,
                ended_by: self.ended_by.unwrap_or(EndedBy::Switch),
                hops: self.hops.clone(),
                from_caller: from_caller.clone(),
                from_callee: from_callee.clone(),
                trunk: self.trunk,
                ladder,
            };
            env.report(CallReport::Ended(Box::new(ended)));
        }
    }
}

/// A rule of forwarding that a call followed.
pub(super) fn hop(hop: &route::Hop) -> Hop {
    let reason = match hop.kind {
        ForwardingKind::Always => HopReason::Always,
        ForwardingKind::Busy => HopReason::Busy,
        ForwardingKind::NoAnswer => HopReason::NoAnswer,
        ForwardingKind::Unreachable => HopReason::Unreachable,
    };
    Hop { from: party(&hop.by), to: hop.to.as_str().to_owned(), reason }
}

/// A user as a colleague sees it: by its extension, or its number.
pub(super) fn party(user: &DirectoryUser) -> CallParty {
    let extension = user.extension.as_ref().map(Extension::as_str);
    let number = user.numbers.first().map(E164::as_str);
    CallParty {
        user: Some(user.user_id),
        number: extension.or(number).unwrap_or_default().into(),
        name: user.display_name.as_str().into(),
    }
}
