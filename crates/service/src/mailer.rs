//! The outbox worker: claims mails that are due, makes their text, hands them to the server, and keeps what it said.

use chrono::TimeDelta;
use lineside_mail::{
    CallNotice, Envelope, Mailbox, Message, Occasion, PasswordReset, ScheduleNotice, SendError, Voicemail, Welcome,
};
use lineside_model::call::clock;
use lineside_model::id::MessageId;
use lineside_model::journal::{Actor, Scope};
use lineside_model::mail::{MailKind, MailState, retry_after_seconds};
use lineside_model::phone_number::E164;
use lineside_model::time_zone::TimeZone;
use lineside_model::voicemail::StorageLevel;
use lineside_store::mail::MailJob;

use crate::live::News;
use crate::outage::outlast;
use crate::password::LINK;
use crate::{Service, ServiceError};

/// A claimed mail whose worker died is tried again after this long.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Larger recordings stay in the portal: many mail servers take no more than 10 MB.
const ATTACHED_MAX: u64 = 7_000_000;
/// Mails claimed at once.
const BATCH: i64 = 20;
/// The longest sleep, so that a clock that was turned does not hold mail back.
const LONGEST_SLEEP: std::time::Duration = std::time::Duration::from_secs(30);

impl Service {
    /// Runs until the task is dropped.
    pub async fn run_mailer(&self) {
        loop {
            match self.send_due_mails().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::error!(%error, "mails can't be sent for now"),
            }
            let sleep = self.until_next_mail().await;
            // A new mail wakes the worker at once; the time-out is for those that were delayed.
            let _ = tokio::time::timeout(sleep, self.inner.mail_due.notified()).await;
        }
    }

    async fn until_next_mail(&self) -> std::time::Duration {
        let next = self.store().next_mail_at().await.ok().flatten();
        let wait = next.and_then(|next| (next - self.now()).to_std().ok());
        wait.unwrap_or(LONGEST_SLEEP).clamp(std::time::Duration::from_millis(200), LONGEST_SLEEP)
    }

    /// Sends what is due now and returns how many were tried.
    pub async fn send_due_mails(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let jobs = self.store().claim_mails(now, now + LEASE, BATCH).await?;
        let count = jobs.len();
        for job in jobs {
            self.send(&job).await?;
            self.inner.live.tell(News {
                account_id: job.mail.account_id,
                users: vec![job.mail.user_id],
                account: false,
                calls: false,
            });
        }
        Ok(count)
    }

    async fn send(&self, job: &MailJob) -> Result<(), ServiceError> {
        let sent = match self.compose(job).await {
            Ok(message) => self.inner.mail.send(&message).await.map(|accepted| accepted.server_said),
            Err(error) => Err(error),
        };
        let now = self.now();
        let (state, said, next_at) = match sent {
            Ok(said) => (MailState::Accepted, said, None),
            Err(SendError::Permanent { said }) => (MailState::Failed, said, None),
            Err(SendError::Transient { said }) => match retry_after_seconds(job.mail.attempts) {
                Some(seconds) => (MailState::Delayed, said, Some(now + TimeDelta::seconds(seconds))),
                None => (MailState::Failed, format!("gave up after two days: {said}"), None),
            },
        };
        // A mail that was taken by its server and is not known to be would go out twice.
        outlast(|| async { Ok(self.store().settle_mail(job.mail.id, state, &said, now, next_at).await?) }).await
    }

    async fn compose(&self, job: &MailJob) -> Result<Message, SendError> {
        let profile = &job.user.profile;
        let settings = self.settings();
        let from = Mailbox::parse(&settings.mail_from).map_err(refused)?;
        let host = settings.mail_from.rsplit('@').next().unwrap_or("lineside.invalid");
        let envelope = Envelope {
            id: lineside_mail::MessageId::new(&job.mail.id.to_string(), host).map_err(refused)?,
            date: job.mail.created_at,
            from: from.named(&job.account_name),
            to: Mailbox::parse(job.mail.to.as_str()).map_err(refused)?.named(&addressee(job)),
            reply_to: None,
        };
        let valid_hours = u32::try_from(LINK.num_hours()).unwrap_or(72);
        let message = match job.mail.kind {
            MailKind::Welcome => Welcome {
                name: profile.first_name.as_str(),
                username: profile.username.as_str(),
                phone_number: job.number.as_ref().map(E164::pretty).as_deref(),
                extension: profile.extension.as_ref().map(lineside_model::extension::Extension::as_str),
                company: &job.account_name,
                portal_url: &settings.portal_url,
                set_password_url: &self.mailed_link(job).await?,
                valid_hours,
            }
            .message(&envelope),
            MailKind::PasswordReset => PasswordReset {
                name: profile.first_name.as_str(),
                username: profile.username.as_str(),
                company: &job.account_name,
                set_password_url: &self.mailed_link(job).await?,
                valid_hours,
            }
            .message(&envelope),
            MailKind::ScheduleWarning => self.schedule_notice(job, Occasion::WouldFail, &envelope),
            MailKind::ScheduleFailed => self.schedule_notice(job, Occasion::Failed, &envelope),
            MailKind::ScheduleHealed => self.schedule_notice(job, Occasion::Healed, &envelope),
            MailKind::Voicemail => return self.voicemail_letter(job, &envelope).await,
            MailKind::VoicemailStorage => self.storage_notice(job, &envelope),
            MailKind::CallAlarm => self.call_alarm(job, &envelope),
            MailKind::TrunkAlarm => self.trunk_alarm(job, &envelope),
            MailKind::EmergencyCall => self.emergency_notice(job, &envelope),
            MailKind::EmergencyTest => self.emergency_test_letter(job, &envelope),
        };
        message.map_err(refused)
    }

    /// Made anew for each try: none lies in the database, and only the newest works.
    async fn mailed_link(&self, job: &MailJob) -> Result<String, SendError> {
        self.new_link(job.user.id).await.map_err(not_found_now)
    }

    /// With the recording, if it is wanted and small enough for mail servers.
    async fn voicemail_letter(&self, job: &MailJob, envelope: &Envelope) -> Result<Message, SendError> {
        let profile = &job.user.profile;
        let scope = Scope { account_id: job.mail.account_id, actor: Actor::system("Lineside") };
        let id: Option<MessageId> = job.mail.about.first().and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| refused("the mail does not say which message it is about"))?;
        let message = self.store().message(&scope, id).await.map_err(|error| not_found_now(error.into()))?;
        let message = message.ok_or_else(|| refused("the message was deleted before its mail went out"))?;
        let found = self.store().directory_users(&[job.user.id]).await.map_err(|error| not_found_now(error.into()))?;
        let zone = found.first().map_or(TimeZone::UTC, |found| found.user.time_zone);
        let received = zone.local(message.received_at);
        let attached = profile.attach_recording && message.bytes <= ATTACHED_MAX;
        let recording =
            if attached { Some(self.load_audio(&message.audio).await.map_err(not_found_now)?) } else { None };
        Voicemail {
            name: profile.first_name.as_str(),
            company: &job.account_name,
            caller: &message.caller.pretty(),
            received: &received.format("%A, %-d %B %Y at %H:%M (%Z)").to_string(),
            length: &clock(TimeDelta::milliseconds(message.duration_ms.into())),
            file_name: &format!("message-{}.wav", received.format("%Y-%m-%d-%H%M%S")),
            recording,
            url: &format!("{}/voicemail", self.settings().portal_url),
        }
        .message(envelope)
        .map_err(refused)
    }

    fn storage_notice(&self, job: &MailJob, envelope: &Envelope) -> Result<Message, lineside_mail::ComposeError> {
        let full = job.mail.about.first().is_some_and(|level| level == StorageLevel::Full.as_str());
        CallNotice {
            name: job.user.profile.first_name.as_str(),
            company: &job.account_name,
            subject: if full { "Your voicemail is full" } else { "Your voicemail is nearly full" },
            lines: &[if full {
                "no more messages can be left for you until you delete some.".to_owned()
            } else {
                "little room is left for new messages; delete those that you no longer need.".to_owned()
            }],
            button: "Open voicemail",
            url: &format!("{}/voicemail", self.settings().portal_url),
        }
        .message(envelope)
    }

    fn call_alarm(&self, job: &MailJob, envelope: &Envelope) -> Result<Message, lineside_mail::ComposeError> {
        CallNotice {
            name: job.user.profile.first_name.as_str(),
            company: &job.account_name,
            subject: "Calls were refused",
            lines: &job.mail.about,
            button: "Open the journal",
            url: &format!("{}/journal", self.settings().portal_url),
        }
        .message(envelope)
    }

    fn trunk_alarm(&self, job: &MailJob, envelope: &Envelope) -> Result<Message, lineside_mail::ComposeError> {
        let (subject, lines) = job.mail.about.split_first().map_or(("A trunk", &[][..]), |(first, rest)| (first, rest));
        CallNotice {
            name: job.user.profile.first_name.as_str(),
            company: &job.account_name,
            subject,
            lines,
            button: "Open the trunks",
            url: &format!("{}/trunks", self.settings().portal_url),
        }
        .message(envelope)
    }

    fn emergency_notice(&self, job: &MailJob, envelope: &Envelope) -> Result<Message, lineside_mail::ComposeError> {
        CallNotice {
            name: &addressee(job),
            company: &job.account_name,
            subject: &format!("EMERGENCY CALL by {}", job.user.profile.full_name()),
            lines: job.mail.about.get(1..).unwrap_or_default(),
            button: "Open the emergency calls",
            url: &format!("{}/emergency-calls", self.settings().portal_url),
        }
        .message(envelope)
    }

    fn emergency_test_letter(
        &self,
        job: &MailJob,
        envelope: &Envelope,
    ) -> Result<Message, lineside_mail::ComposeError> {
        CallNotice {
            name: job.user.profile.first_name.as_str(),
            company: &job.account_name,
            subject: "Your 933 test",
            lines: &job.mail.about,
            button: "Open your phone's page",
            url: &format!("{}/me", self.settings().portal_url),
        }
        .message(envelope)
    }

    fn schedule_notice(
        &self,
        job: &MailJob,
        occasion: Occasion,
        envelope: &Envelope,
    ) -> Result<Message, lineside_mail::ComposeError> {
        ScheduleNotice {
            name: job.user.profile.first_name.as_str(),
            company: &job.account_name,
            occasion,
            entries: &job.mail.about,
            schedule_url: &format!("{}/schedule?conflicts=true", self.settings().portal_url),
        }
        .message(envelope)
    }
}

/// Who reads it: the user, or who is told of the user's call for help.
fn addressee(job: &MailJob) -> String {
    let told = job.mail.about.first().filter(|_| job.mail.kind == MailKind::EmergencyCall);
    told.cloned().unwrap_or_else(|| job.user.profile.full_name())
}

/// Composed again, it would be the same.
fn refused(why: impl std::fmt::Display) -> SendError {
    SendError::Permanent { said: why.to_string() }
}

/// What a mail says is looked up when it goes out; while the database or the file storage is away, it waits.
fn not_found_now(error: ServiceError) -> SendError {
    let is_gone = |error: &object_store::Error| matches!(error, object_store::Error::NotFound { .. });
    match &error {
        ServiceError::Files(files) if !is_gone(files) => SendError::Transient { said: error.to_string() },
        _ if error.is_outage() => SendError::Transient { said: error.to_string() },
        _ => refused(error),
    }
}

#[cfg(test)]
mod tests {
    use lineside_store::StoreError;

    use super::*;

    #[test]
    fn a_mail_waits_for_what_comes_back_and_not_for_what_is_gone() {
        let away = || "the storage is away".into();
        let comes_back = [
            ServiceError::Store(StoreError::Busy),
            ServiceError::Files(object_store::Error::Generic { store: "S3", source: away() }),
        ];
        for error in comes_back {
            assert!(matches!(not_found_now(error), SendError::Transient { .. }));
        }
        let gone = [
            ServiceError::Files(object_store::Error::NotFound { path: "a.wav".to_owned(), source: away() }),
            ServiceError::Store(StoreError::Row("a message: damaged".to_owned())),
        ];
        for error in gone {
            assert!(matches!(not_found_now(error), SendError::Permanent { .. }));
        }
    }
}
