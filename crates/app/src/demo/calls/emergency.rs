//! A call for help and a test of one, what was wrong with calls this week, and the operator's trunk.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call_report::{Alarm, AlarmKind, CallReport};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::emergency::EmergencyCall;
use lineside_model::id::{CallId, UserId};
use lineside_model::operator_trunk::Served;
use lineside_model::question::{Asks, Question};
use lineside_model::trunk::TrunkInput;
use lineside_service::{Caller, Outcome, Service};

use crate::demo::accounts::{Demo, in_words};

/// `who`: called for help two days ago; `tested`: dialled 933 today; `refused`: called where it is shut.
pub async fn fill(demo: &Demo<'_>, who: UserId, tested: UserId, refused: UserId) -> anyhow::Result<()> {
    let (service, now) = (demo.service, demo.service.now());
    let call = called(demo, who, now - TimeDelta::days(2)).await?;
    let id = call.call;
    service.calls_reported(vec![CallReport::Emergency(Box::new(call))]).await;
    service.see_emergency_call(&demo.as_owner(), id).await?;
    service.answer(Question { account: demo.account_id(), user: tested, asks: Asks::EmergencyTest }).await;
    let account = demo.account_id();
    let dialled = "+442079460000".to_owned();
    let shut = AlarmKind::DestinationRefused { account, user: refused, dialled };
    let what = "600 minutes outside the house are used up for today".to_owned();
    let reached = AlarmKind::LimitReached { account, user: Some(who), what };
    for (kind, hours) in [(shut, 3), (reached, 1)] {
        service.calls_reported(vec![CallReport::Alarm(Alarm { at: now - TimeDelta::hours(hours), kind })]).await;
    }
    Ok(())
}

/// As the switch tells it, with what its directory knows.
async fn called(demo: &Demo<'_>, who: UserId, at: DateTime<Utc>) -> anyhow::Result<EmergencyCall> {
    let directory = demo.service.directory().await?;
    let user = directory.into_iter().find(|user| user.user_id == who).context("who called for help")?;
    Ok(EmergencyCall {
        call: CallId(demo.service.new_change_id().0),
        account: user.account_id,
        user: who,
        at,
        dialled: "911".to_owned(),
        callback: user.callback().cloned(),
        name: user.display_name,
        extension: user.extension.map(|extension| extension.to_string()).unwrap_or_default(),
        place: user.emergency,
        connected: true,
    })
}

/// For one of the accounts; off, since nobody is there.
pub async fn operator_trunk(service: &Service, operator: &Caller, account: &str) -> anyhow::Result<()> {
    let trunk = TrunkInput {
        name: "Example carrier for accounts (off)".to_owned(),
        host: "sip.carrier.example".to_owned(),
        transport: "TLS".to_owned(),
        secure_media: true,
        emergency: true,
        ..TrunkInput::default()
    };
    let settings = Box::new(trunk.parse().map_err(in_words)?);
    let change = Change::AddTrunk { settings, serves: Some(Served::parse(account)?), password: None };
    let request = ChangeRequest { id: service.new_change_id(), change };
    match service.apply(operator, &request, None).await? {
        Outcome::Done { .. } => Ok(()),
        other => anyhow::bail!("the operator's trunk was not added: {other:?}"),
    }
}
