//! What calls have left behind in the lived-in account: four weeks of history, messages and recordings that can be heard, and
//! what is set for calls.

pub(super) mod emergency;
mod history;
mod ladder;
mod sound;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call_report::{CallEnded, CallReport};
use lineside_model::call_settings::CallRules;
use lineside_model::change::Change;
use lineside_model::extension::Destination;
use lineside_model::forwarding::{ForwardingKind, ForwardingRules};
use lineside_model::id::{CallId, ChangeId, MessageId, RecordingId, UserId};
use lineside_model::outbound::Prefix;
use lineside_model::recording::{Recording, RecordingMode};
use lineside_model::trunk::TrunkInput;
use lineside_model::voicemail::{MessageState, VoicemailMessage};

use self::history::{Colleague, History, OUTSIDE, Random};
use super::accounts::{Demo, in_words};

/// Recordings, in the history of each of the two who sign in.
const RECORDINGS: usize = 2;
/// Who has messages, by colleague, and how many.
const MESSAGES: [(usize, usize); 3] = [(0, 3), (1, 4), (2, 1)];

/// `colleagues`: by their number.
pub(super) async fn fill(demo: &Demo<'_>, colleagues: &[UserId]) -> anyhow::Result<()> {
    settings(demo, colleagues).await?;
    let now = demo.service.now();
    let people = people(demo, colleagues).await?;
    let calls = History::new(demo.account_id(), &people, now).calls();
    let told = calls.iter().map(|call| CallReport::Ended(Box::new(call.clone()))).collect();
    demo.service.calls_reported(told).await;
    for n in [0, 1] {
        record(demo, &calls, colleague(colleagues, n)?).await?;
    }
    for (n, count) in MESSAGES {
        messages(demo, colleague(colleagues, n)?, count, now).await?;
    }
    let [called, tested, refused] = [3, 0, 5].map(|n| colleague(colleagues, n));
    emergency::fill(demo, called?, tested?, refused?).await
}

fn colleague(colleagues: &[UserId], n: usize) -> anyhow::Result<UserId> {
    colleagues.get(n).copied().context("a colleague of this number")
}

/// Those who can be reached, as calls show them, in the order of their numbers.
async fn people(demo: &Demo<'_>, colleagues: &[UserId]) -> anyhow::Result<Vec<Colleague>> {
    let mut people: Vec<(usize, Colleague)> = Vec::new();
    for user in demo.service.directory().await? {
        let at = colleagues.iter().position(|id| *id == user.user_id);
        if let (Some(at), Some(extension)) = (at, &user.extension) {
            let number = user.numbers.first().map(|number| number.as_str().to_owned());
            let (user_id, name) = (user.user_id, user.display_name.clone());
            people.push((at, Colleague { user_id, name, extension: extension.as_str().to_owned(), number }));
        }
    }
    people.sort_by_key(|(at, _)| *at);
    Ok(people.into_iter().map(|(_, colleague)| colleague).collect())
}

/// Rules of forwarding of every kind, who is recorded, guards, and a trunk.
async fn settings(demo: &Demo<'_>, colleagues: &[UserId]) -> anyhow::Result<()> {
    let mut rules = CallRules::default();
    rules.outbound.international = vec![Prefix::parse("+44")?, Prefix::parse("+52")?];
    rules.outbound.limits.user_calls = 3;
    rules.outbound.limits.account_minutes = 5_000;
    demo.apply(Change::SetCallRules { version: None, rules: Box::new(rules) }).await?;
    let forwards = [
        (43, ForwardingKind::Always, "205"),
        (45, ForwardingKind::Busy, "203"),
        (46, ForwardingKind::NoAnswer, "+16025550188"),
        (50, ForwardingKind::Unreachable, "203"),
    ];
    for (n, kind, to) in forwards {
        let to = Destination::parse(to)?;
        let unreachable = Some(to.clone()).filter(|_| kind == ForwardingKind::Unreachable);
        let rules = ForwardingRules { ring_seconds: 15, ..ForwardingRules::default() }.with(kind, Some(to));
        let user_id = colleague(colleagues, n)?;
        demo.apply(Change::SetForwarding { user_id, version: None, rules, unreachable }).await?;
    }
    for (n, mode) in [(0, RecordingMode::OnDemand), (1, RecordingMode::OnDemand), (14, RecordingMode::All)] {
        demo.apply(Change::SetRecording { user_ids: vec![colleague(colleagues, n)?], mode }).await?;
    }
    let trunk = TrunkInput {
        name: "Example carrier (this machine, off)".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: "5090".to_owned(),
        transport: "UDP".to_owned(),
        ..TrunkInput::default()
    };
    let settings = Box::new(trunk.parse().map_err(in_words)?);
    demo.apply(Change::AddTrunk { settings, serves: None, password: None }).await?;
    Ok(())
}

/// The newest answered calls of a user, recorded from the third second on.
async fn record(demo: &Demo<'_>, calls: &[CallEnded], user_id: UserId) -> anyhow::Result<()> {
    let heard = |call: &&CallEnded| call.from_caller.is_some() && call.talked() > TimeDelta::minutes(1);
    let of_user = calls.iter().rev().filter(|call| call.users().contains(&user_id)).filter(heard);
    for call in of_user.take(RECORDINGS) {
        let talk = sound::conversation(&call.began.caller.number);
        let started_at = call.answered.as_ref().map_or(call.began.at, |answered| answered.at) + TimeDelta::seconds(3);
        let recording = Recording {
            id: RecordingId(ChangeId(call.began.call.0).derive("recording", user_id.0)),
            account_id: demo.account_id(),
            call_id: call.began.call,
            user_id,
            audio: None,
            bytes: 0,
            duration_ms: talk.duration_ms,
            tracks: 2,
            started_at,
            deleted_at: None,
        };
        demo.service.keep_recording(recording, talk.wav()?).await?;
    }
    Ok(())
}

/// Messages of the last days; the newest two have not been heard.
async fn messages(demo: &Demo<'_>, user_id: UserId, count: usize, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut random = Random::new(user_id.0.as_u64_pair().1);
    for n in (0..count).rev() {
        let caller = History::outside(n + count);
        let received_at = now - TimeDelta::hours(5 + 19 * i64::try_from(n)?);
        let spoken = sound::message(OUTSIDE[(n + count) % OUTSIDE.len()].1, received_at);
        let message = VoicemailMessage {
            id: MessageId(CallId(random.id(received_at)).0),
            account_id: demo.account_id(),
            user_id,
            version: 1,
            caller,
            received_at,
            duration_ms: spoken.duration_ms,
            state: if n < 2 { MessageState::New } else { MessageState::Saved },
            audio: String::new(),
            bytes: 0,
            call_id: None,
            forwarded_by: None,
        };
        demo.service.leave_message(message, spoken.wav()?).await?;
    }
    Ok(())
}
