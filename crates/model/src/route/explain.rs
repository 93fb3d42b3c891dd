//! "Where would this call go?" in words, branch by branch.

use std::sync::Arc;

use super::{Caller, Ended, Hop, Lookup, Route, Target, next, route};
use crate::dialled::Dialled;
use crate::directory::DirectoryUser;

/// One way that the call can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// When it takes this way: empty for the beginning, then "If nobody answers within 25 seconds".
    pub when: String,
    /// What happens, step by step.
    pub steps: Vec<String>,
    /// The ways from here.
    pub then: Vec<Explanation>,
}

/// All ways of a call, the first as it would begin now.
pub fn explain(lookup: &impl Lookup, caller: &Caller, dialled: &Dialled) -> Explanation {
    branch(lookup, caller, String::new(), 0, &route(lookup, caller, dialled))
}

fn branch(lookup: &impl Lookup, caller: &Caller, when: String, told: usize, route: &Route) -> Explanation {
    let mut steps: Vec<String> = route.hops.iter().skip(told).map(hop).collect();
    steps.push(target(&route.target));
    let Target::Ring { user, seconds } = &route.target else { return Explanation { when, steps, then: Vec::new() } };
    let told = route.hops.len();
    let after = |ended: Ended, when: String| {
        branch(lookup, caller, when, told, &next(lookup, caller, route.hops.clone(), user, ended))
    };
    let then = vec![
        after(Ended::NoAnswer, format!("If nobody answers within {seconds} seconds")),
        after(Ended::Busy, format!("If {} is busy or declines", user.display_name)),
        after(Ended::Unreachable, format!("If no phone of {} can be reached", user.display_name)),
    ];
    Explanation { when, steps, then }
}

fn hop(hop: &Hop) -> String {
    let rule = match hop.kind {
        crate::forwarding::ForwardingKind::Always => "forwards all calls",
        crate::forwarding::ForwardingKind::Busy => "forwards calls while busy",
        crate::forwarding::ForwardingKind::NoAnswer => "forwards calls that are not answered",
        crate::forwarding::ForwardingKind::Unreachable => "forwards calls while no phone can be reached",
    };
    let told = format!("{} {rule} to {}", named(&hop.by), hop.to.pretty());
    match hop.passed_over {
        None => format!("{told}."),
        Some(why) => format!("{told}, but this rule is passed over: {why}."),
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Emergency(code) => format!("{code} goes to the emergency trunk, before every other rule."),
        Target::Code(_) => "Lineside answers: this is a code that does something.".to_owned(),
        Target::Ring { user, seconds } => format!("The phones of {} ring for {seconds} seconds.", named(user)),
        Target::Voicemail(user) => format!("Voicemail of {} answers.", named(user)),
        Target::Outside { number, class, by } => {
            let number = crate::phone_number::pretty(number);
            format!("It leaves over a trunk to {number} ({}), on the rights of {}.", class.label(), named(by))
        }
        Target::Refused(refusal) => format!("It ends with {}: {refusal}.", refusal.status()),
    }
}

fn named(user: &Arc<DirectoryUser>) -> String {
    match &user.extension {
        Some(extension) => format!("{} ({extension})", user.display_name),
        None => user.display_name.clone(),
    }
}
