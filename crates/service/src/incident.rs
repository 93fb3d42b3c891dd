//! What the switch raises an alarm for: kept, put into the journal, and mailed to the administrators, each once.

use chrono::TimeDelta;
use lineside_model::call_report::{Alarm, AlarmKind};
use lineside_model::id::{AccountId, ChangeId, MailId, TrunkId, UserId};
use lineside_model::incident::{AccountIncident, Incident, IncidentFilter, IncidentKind};
use lineside_model::journal::{Actor, Scope};
use lineside_model::list::Page;
use lineside_model::mail::{Mail, MailKind};
use lineside_store::mail::Event;
use uuid::Uuid;

use crate::live::News;
use crate::{Caller, Service, ServiceError};

/// What a page of problems shows at most.
const SHOWN: i64 = 50;
const RECENT: TimeDelta = TimeDelta::hours(24);
/// How far back a trunk's page looks.
const PAST: TimeDelta = TimeDelta::days(30);

impl Service {
    /// What is wrong with the account's calls now, and was today.
    pub async fn problems(&self, caller: &Caller) -> Result<Vec<Incident>, ServiceError> {
        Ok(self.store().incidents(&caller.scope()?, self.now() - RECENT, SHOWN).await?)
    }

    /// What is and was wrong with calls in any account; for the operator.
    pub async fn problems_of_all(
        &self,
        caller: &Caller,
        filter: &IncidentFilter,
    ) -> Result<Page<AccountIncident>, ServiceError> {
        caller.operator()?;
        Ok(self.store().incidents_of_all(filter).await?)
    }

    /// How many of them go on.
    pub async fn problems_going_on(&self, caller: &Caller) -> Result<i64, ServiceError> {
        caller.operator()?;
        Ok(self.store().open_incidents().await?)
    }

    /// When the account's trunks (an operator's own) were down in the last 30 days.
    pub async fn trunk_incidents(&self, caller: &Caller) -> Result<Vec<Incident>, ServiceError> {
        let since = self.now() - PAST;
        let mut incidents = if caller.is_operator() {
            self.store().operator_incidents(since, SHOWN).await?
        } else {
            self.store().incidents(&caller.scope()?, since, SHOWN).await?
        };
        incidents.retain(|incident| incident.kind == IncidentKind::TrunkDown);
        Ok(incidents)
    }

    pub(crate) async fn alarm(&self, alarm: Alarm) -> Result<(), ServiceError> {
        let day = ChangeId(day_id(alarm.at));
        let daily = |kind: IncidentKind, account: AccountId, user: Option<UserId>, said: String| {
            let subject = user.map_or(account.0, |user| user.0);
            let id = ChangeId(day.derive(&format!("{}/{account}", kind.as_str()), subject));
            // It is over as soon as it is told: nothing says when it would not be refused any more.
            (id, Incident { kind, subject, began_at: alarm.at, ended_at: Some(alarm.at), said })
        };
        match alarm.kind {
            AlarmKind::LimitReached { account, user, what } => {
                let said = format!("A call was refused: {what}");
                let (id, incident) = daily(IncidentKind::LimitReached, account, user, said);
                self.refused(id, account, user, incident).await
            }
            AlarmKind::DestinationRefused { account, user, dialled } => {
                let dialled = lineside_model::phone_number::pretty(&dialled);
                let said = format!("A call to {dialled} was refused: not open");
                let (id, incident) = daily(IncidentKind::DestinationRefused, account, Some(user), said);
                self.refused(id, account, Some(user), incident).await
            }
            AlarmKind::TrunkDown { trunk, why } => self.trunk_is_down(trunk, alarm.at, &why).await,
            AlarmKind::TrunkUp { trunk } => self.trunk_is_up(trunk, alarm.at).await,
            AlarmKind::PasswordGuessing { source, account: Some(account) } => {
                tracing::warn!(%source, %account, "somebody guesses passwords of phones");
                let said = format!("Somebody at {source} guesses passwords of your phones");
                let id = ChangeId(day.derive(&format!("password_guessing/{account}"), Uuid::nil()));
                let event = Event { id, at: alarm.at, action: "password_guessing", summary: &said, user_id: None };
                self.tell_administrators(account, &event, MailKind::CallAlarm, vec![said.clone()]).await
            }
            AlarmKind::PasswordGuessing { source, account: None } => {
                tracing::warn!(%source, "somebody guesses passwords of phones");
                Ok(())
            }
        }
    }

    /// Once a day for each account, user and kind.
    async fn refused(
        &self,
        id: ChangeId,
        account: AccountId,
        user: Option<UserId>,
        mut incident: Incident,
    ) -> Result<(), ServiceError> {
        incident.said = incident.said.chars().filter(|c| !c.is_control()).take(300).collect();
        self.store().open_incident(id, Some(account), &incident).await?;
        let event =
            Event { id, at: incident.began_at, action: incident.kind.as_str(), summary: &incident.said, user_id: user };
        self.tell_administrators(account, &event, MailKind::CallAlarm, vec![incident.said.clone()]).await
    }

    async fn trunk_is_down(
        &self,
        trunk: TrunkId,
        at: chrono::DateTime<chrono::Utc>,
        why: &str,
    ) -> Result<(), ServiceError> {
        let Some((account, settings)) = self.store().trunk_owner(trunk).await? else { return Ok(()) };
        let name = settings.name;
        let said: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
        let kind = IncidentKind::TrunkDown;
        let incident = Incident { kind, subject: trunk.0, began_at: at, ended_at: None, said: said.clone() };
        let id = ChangeId(self.new_uuid());
        if !self.store().open_incident(id, account, &incident).await? {
            return Ok(());
        }
        tracing::warn!(%trunk, why = said, "a trunk is down");
        let summary = format!("Trunk {name} is down: {said}");
        let Some(account) = account else { return self.note_for_operators(id, at, "trunk_down", &summary).await };
        let about =
            vec![format!("Trunk {name} is down"), format!("{said}. Calls go over the next trunk, if there is one.")];
        let event = Event { id, at, action: "trunk_down", summary: &summary, user_id: None };
        self.tell_administrators(account, &event, MailKind::TrunkAlarm, about).await
    }

    async fn trunk_is_up(&self, trunk: TrunkId, at: chrono::DateTime<chrono::Utc>) -> Result<(), ServiceError> {
        if !self.store().close_incident(IncidentKind::TrunkDown, trunk.0, at).await? {
            return Ok(());
        }
        let Some((account, settings)) = self.store().trunk_owner(trunk).await? else { return Ok(()) };
        // Somebody took it out of use: nobody waits for it any more, and it is not back.
        if !settings.enabled {
            return Ok(());
        }
        let summary = format!("Trunk {} is back", settings.name);
        let id = ChangeId(self.new_uuid());
        let Some(account) = account else { return self.note_for_operators(id, at, "trunk_up", &summary).await };
        let about = vec![summary.clone(), "It takes calls again.".to_owned()];
        let event = Event { id, at, action: "trunk_up", summary: &summary, user_id: None };
        self.tell_administrators(account, &event, MailKind::TrunkAlarm, about).await
    }

    /// Operators have no address to be mailed to: their journal and their pages tell them.
    async fn note_for_operators(
        &self,
        id: ChangeId,
        at: chrono::DateTime<chrono::Utc>,
        action: &str,
        summary: &str,
    ) -> Result<(), ServiceError> {
        Ok(self.store().record_operator_event(&Actor::system("Lineside"), id, at, action, summary).await?)
    }

    async fn tell_administrators(
        &self,
        account_id: AccountId,
        event: &Event<'_>,
        kind: MailKind,
        about: Vec<String>,
    ) -> Result<(), ServiceError> {
        let scope = Scope { account_id, actor: Actor::system("Lineside") };
        let mails: Vec<Mail> = self.mails_to_administrators(&scope, event.id, kind, &about).await?;
        if self.store().raise_alarm(&scope, event, &mails).await? {
            self.inner.mail_due.notify_one();
            self.inner.live.tell(News { account_id, users: Vec::new(), account: true, calls: false });
        }
        Ok(())
    }

    pub(crate) async fn mails_to_administrators(
        &self,
        scope: &Scope,
        id: ChangeId,
        kind: MailKind,
        about: &[String],
    ) -> Result<Vec<Mail>, ServiceError> {
        let mails = self.store().administrators(scope).await?.into_iter().filter_map(|administrator| {
            let (to, of) = (administrator.profile.email.clone()?, administrator.id);
            let mail_id = MailId(id.derive("mail", of.0));
            Some(self.mail(mail_id, scope.account_id, of, kind, to, about.to_vec()))
        });
        Ok(mails.collect())
    }
}

/// The same for every instant of a day.
fn day_id(at: chrono::DateTime<chrono::Utc>) -> Uuid {
    let day = at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let millis = u64::try_from(day.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
