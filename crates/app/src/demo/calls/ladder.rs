//! The SIP messages of a call of the demo, as a switch would have seen them.

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call_report::{AnsweredBy, CallEnded, EndedBy, LadderStep};

/// Who a leg is, for the messages' headers.
struct Leg {
    number: u16,
    user: String,
    call_id: String,
}

/// Between a message and its answer.
const WAY: TimeDelta = TimeDelta::milliseconds(14);

pub fn steps(call: &CallEnded) -> Vec<LadderStep> {
    let began = &call.began;
    let leg = |number: u16, user: &str| Leg {
        number,
        user: user.to_owned(),
        call_id: format!("{}-{number}", &began.call.to_string()[24..]),
    };
    let (near, far) =
        (leg(0, &began.caller.number), leg(1, began.callee.as_ref().map_or(&*began.dialled, |c| &*c.number)));
    let mut ladder = Ladder { call, steps: Vec::new() };
    let mut at = began.at;
    ladder.request(at, &near, true, "INVITE", 1);
    ladder.answer(at + WAY, &near, false, "407 Proxy Authentication Required", "INVITE", 1);
    ladder.request(at + WAY * 2, &near, true, "ACK", 1);
    at += WAY * 3;
    ladder.request(at, &near, true, "INVITE", 2);
    ladder.answer(at + WAY, &near, false, "100 Trying", "INVITE", 2);
    let by = call.answered.as_ref().map(|answered| &answered.by);
    let rings = call.status.is_none_or(|status| matches!(status, 480 | 486 | 487 | 603));
    if rings {
        ladder.request(at + WAY, &far, false, "INVITE", 1);
        ladder.answer(at + WAY * 2, &far, true, "180 Ringing", "INVITE", 1);
        ladder.answer(at + WAY * 3, &near, false, "180 Ringing", "INVITE", 2);
    }
    match (&call.answered, by) {
        (Some(answered), Some(AnsweredBy::Party(_))) => {
            ladder.answer(answered.at - WAY, &far, true, "200 OK", "INVITE", 1);
            ladder.request(answered.at - WAY, &far, false, "ACK", 1);
            ladder.answer(answered.at, &near, false, "200 OK", "INVITE", 2);
            ladder.request(answered.at + WAY, &near, true, "ACK", 2);
            let (first, other) = if call.ended_by == EndedBy::Callee { (&far, &near) } else { (&near, &far) };
            ladder.request(call.ended_at - WAY, first, true, "BYE", 3);
            ladder.answer(call.ended_at - WAY, first, false, "200 OK", "BYE", 3);
            ladder.request(call.ended_at, other, false, "BYE", 2);
            ladder.answer(call.ended_at + WAY, other, true, "200 OK", "BYE", 2);
        }
        (Some(answered), _) => {
            ladder.request(answered.at - WAY * 2, &far, false, "CANCEL", 1);
            ladder.answer(answered.at - WAY, &far, true, "487 Request Terminated", "INVITE", 1);
            ladder.answer(answered.at, &near, false, "200 OK", "INVITE", 2);
            ladder.request(answered.at + WAY, &near, true, "ACK", 2);
            ladder.request(call.ended_at, &near, true, "BYE", 3);
            ladder.answer(call.ended_at, &near, false, "200 OK", "BYE", 3);
        }
        (None, _) => {
            let ended = status_line(call.status.unwrap_or(500));
            ladder.answer(call.ended_at, &near, false, ended, "INVITE", 2);
            ladder.request(call.ended_at + WAY, &near, true, "ACK", 2);
        }
    }
    ladder.steps
}

fn status_line(status: u16) -> &'static str {
    match status {
        403 => "403 Forbidden",
        404 => "404 Not Found",
        480 => "480 Temporarily Unavailable",
        486 => "486 Busy Here",
        487 => "487 Request Terminated",
        603 => "603 Decline",
        _ => "503 Service Unavailable",
    }
}

struct Ladder<'a> {
    call: &'a CallEnded,
    steps: Vec<LadderStep>,
}

impl Ladder<'_> {
    fn request(&mut self, at: DateTime<Utc>, leg: &Leg, received: bool, method: &str, cseq: u32) {
        let called = if received { self.call.began.dialled.as_str() } else { &leg.user };
        let first = format!("{method} sip:{called}@harbor-vine.example SIP/2.0");
        self.push(at, leg, received, method.to_owned(), &first, method, cseq);
    }

    fn answer(&mut self, at: DateTime<Utc>, leg: &Leg, received: bool, status: &str, method: &str, cseq: u32) {
        self.push(at, leg, received, status.to_owned(), &format!("SIP/2.0 {status}"), method, cseq);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    fn push(
        &mut self,
        at: DateTime<Utc>,
        leg: &Leg,
        received: bool,
        title: String,
        first: &str,
        method: &str,
        cseq: u32,
    ) {
        let began = &self.call.began;
        let tag = &leg.call_id[..8];
        let text = format!(
            "{first}\nVia: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bK{tag}{cseq}\nFrom: \"{}\" <sip:{}@harbor-vine.example>;tag={tag}\n\
             To: <sip:{}@harbor-vine.example>\nCall-ID: {}\nCSeq: {cseq} {method}\nMax-Forwards: 70\nContent-Length: 0\n",
            5060 + leg.number,
            began.caller.name,
            began.caller.number,
            began.dialled,
            leg.call_id,
        );
        self.steps.push(LadderStep { at, leg: leg.number, received, title, text });
    }
}
