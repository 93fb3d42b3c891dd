//! The SIP messages of a call as a ladder: Lineside and each leg a column, each message an arrow; and as a table.

use askama::Template;
use askama::filters::HtmlSafe;
use lineside_model::call_report::{CallEnded, LadderStep};
use lineside_model::time_zone::TimeZone;

#[derive(Template)]
#[template(path = "call/ladder.html")]
pub struct LadderDrawing {
    columns: Vec<Column>,
    arrows: Vec<Arrow>,
    width: usize,
    height: usize,
}

impl HtmlSafe for LadderDrawing {}

struct Column {
    x: usize,
    name: String,
}

struct Arrow {
    y: usize,
    from: usize,
    to: usize,
    /// Where the words stand, and the arrow's head: three points.
    middle: usize,
    head: String,
    time: String,
    /// `caller to Lineside`
    way: String,
    title: String,
    text: String,
}

const COLUMN: usize = 190;
const MARGIN: usize = 95;
const ROW: usize = 30;
const TOP: usize = 46;
/// More legs than a drawing has room for share the last column.
const LEGS_MAX: usize = 6;

impl LadderDrawing {
    /// `None`: no message was kept.
    pub fn of(call: &CallEnded, zone: TimeZone) -> Option<Self> {
        let steps = call.ladder.steps();
        let first = steps.first()?.at;
        let legs = steps.iter().map(|step| usize::from(step.leg)).max().unwrap_or_default().min(LEGS_MAX - 1) + 1;
        // The caller, Lineside, and who was called.
        let column = |leg: usize| match leg.min(LEGS_MAX - 1) {
            0 => 0,
            leg => leg + 1,
        };
        let name = |at: usize| match at {
            0 => call.began.caller.pretty(),
            1 => "Lineside".to_owned(),
            2 if legs == 2 => call.other_end(),
            at => format!("Called {}", at - 1),
        };
        let x = |at: usize| MARGIN + at * COLUMN;
        let names: Vec<String> = (0..=legs).map(name).collect();
        let arrow = |(at, step): (usize, &LadderStep)| {
            let (leg, us) = (column(usize::from(step.leg)), 1);
            let (from, to) = if step.received { (leg, us) } else { (us, leg) };
            let y = TOP + (at + 1) * ROW;
            let (from_x, to_x) = (x(from), x(to));
            let back = if to_x > from_x { to_x - 7 } else { to_x + 7 };
            Arrow {
                y,
                from: from_x,
                to: to_x,
                middle: usize::midpoint(from_x, to_x),
                head: format!("{to_x},{y} {back},{} {back},{}", y - 4, y + 4),
                time: format!(
                    "{} (+{} ms)",
                    zone.local(step.at).format("%H:%M:%S%.3f"),
                    (step.at - first).num_milliseconds()
                ),
                way: format!("{} to {}", names[from], names[to]),
                title: step.title.clone(),
                text: step.text.clone(),
            }
        };
        let arrows: Vec<Arrow> = steps.iter().enumerate().map(arrow).collect();
        let columns = names.iter().enumerate().map(|(at, name)| Column { x: x(at), name: short(name) }).collect();
        Some(Self { width: names.len() * COLUMN, height: TOP + (arrows.len() + 1) * ROW, columns, arrows })
    }
}

fn short(name: &str) -> String {
    let short: String = name.chars().take(24).collect();
    if short == name { short } else { format!("{short}…") }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use lineside_model::call_report::{CallBegan, CallDirection, CallOutcome, CallParty, EndedBy};
    use lineside_model::id::{AccountId, CallId};
    use lineside_model::ladder::Ladder;

    use super::*;

    #[test]
    fn each_message_is_an_arrow_between_its_ends() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut ladder = Ladder::default();
        for (leg, received, title) in [(0, true, "INVITE"), (1, false, "INVITE"), (900, true, "180 Ringing")] {
            ladder.push(at + TimeDelta::milliseconds(5), leg, received, title, "INVITE <script>");
        }
        let began = CallBegan {
            call: CallId(uuid::Uuid::nil()),
            account: AccountId(uuid::Uuid::nil()),
            at,
            direction: CallDirection::Internal,
            caller: CallParty { number: "201".into(), ..CallParty::default() },
            dialled: "202".into(),
            callee: None,
        };
        let mut call = CallEnded {
            began,
            answered: None,
            ended_at: at,
            outcome: CallOutcome::Failed,
            status: None,
            ended_by: EndedBy::Switch,
            hops: Vec::new(),
            from_caller: None,
            from_callee: None,
            trunk: None,
            ladder,
        };
        let drawing = LadderDrawing::of(&call, TimeZone::UTC).unwrap();
        assert_eq!(drawing.columns.len(), LEGS_MAX + 1);
        assert_eq!((drawing.arrows[0].from, drawing.arrows[0].to), (MARGIN, MARGIN + COLUMN));
        let html = drawing.to_string();
        assert!(html.contains("180 Ringing") && !html.contains("<script>"));
        call.ladder = Ladder::default();
        assert!(LadderDrawing::of(&call, TimeZone::UTC).is_none());
    }
}
