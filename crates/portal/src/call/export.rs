//! The history as a file, as filtered.

use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use lineside_model::call::{CallFilter, CallRecord};
use lineside_model::call_report::LegQuality;
use lineside_model::time_zone::TimeZone;
use lineside_service::ServiceError;

use super::list::read;
use crate::form_data::FormData;
use crate::page::Answer;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/calls/export.csv", Access::User, export)]
}

/// Calls that are read and written at a time: however long the history is, no more of it is in memory.
const PIECE: i64 = 1_000;

async fn export(visitor: Visitor, query: FormData) -> Answer {
    let zone = visitor.frame("Calls").await?.zone();
    let Visitor { service, caller, .. } = visitor;
    let first = stream::once(async { Ok(HEAD.to_owned()) });
    let pieces = stream::try_unfold(Some(read(&query, zone)), move |filter| {
        let (service, caller) = (service.clone(), caller.clone());
        async move {
            let Some(filter) = filter else { return Ok(None) };
            let (calls, more) = service.calls(&caller, &filter, PIECE).await?;
            let before = calls.last().filter(|_| more).map(CallRecord::place);
            let next = before.map(|place| CallFilter { before: Some(place), ..filter });
            Ok::<_, ServiceError>(Some((calls.iter().map(|call| line(call, zone)).collect(), next)))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"calls.csv\""),
    ];
    Ok((headers, Body::from_stream(first.chain(pieces))).into_response())
}

/// The mark tells spreadsheets that this is UTF-8.
const HEAD: &str = "\u{feff}Started,Caller number,Caller name,Dialled,Answered by,Direction,Outcome,Why it ended,Talked \
                    seconds,Codec,Lost permille from caller,Lost permille from callee,Recorded,Call\r\n";

fn line(CallRecord { ended: call, recording }: &CallRecord, zone: TimeZone) -> String {
    let loss = |leg: &Option<LegQuality>| leg.as_ref().map(|leg| leg.loss_permille().to_string()).unwrap_or_default();
    let began = &call.began;
    let columns = [
        zone.local(began.at).format("%Y-%m-%d %H:%M:%S%:z").to_string(),
        began.caller.number.to_string(),
        began.caller.name.to_string(),
        began.dialled.to_string(),
        call.other_end(),
        began.direction.label().to_owned(),
        call.outcome.label().to_owned(),
        call.why(),
        call.talked().num_seconds().to_string(),
        call.codecs(),
        loss(&call.from_caller),
        loss(&call.from_callee),
        if recording.is_some() { "yes" } else { "" }.to_owned(),
        began.call.to_string(),
    ];
    let cells: Vec<String> = columns.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// Quoted (RFC 4180 section 2); what a spreadsheet would take for a formula begins with an apostrophe, since callers choose
/// their names.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '@', '-', '\t'])
        || (text.starts_with('+') && !text[1..].bytes().all(|b| b.is_ascii_digit()));
    let text = text.replace('"', "\"\"");
    if formula { format!("\"'{text}\"") } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_callers_choose_are_no_formulas() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(cell("+1+1"), "\"'+1+1\"");
        assert_eq!(cell("+14805550143"), "\"+14805550143\"");
        assert_eq!(cell("Ana \"the\" voice, Duarte"), "\"Ana \"\"the\"\" voice, Duarte\"");
    }
}
