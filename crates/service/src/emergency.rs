//! Calls for help: those who can help are told at once, by mail and on the portal; and 933, which reads back what would be told.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use lineside_model::emergency::{EmergencyCall, EmergencyReadiness, EmergencyTest, SeenCall, spoken};
use lineside_model::id::{CallId, ChangeId, MailId, UserId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::list::{PAGE, Page, UserFilter};
use lineside_model::mail::MailKind;
use lineside_model::question::Answer;
use lineside_store::mail::Event;
use sha2::{Digest, Sha256};

use crate::live::News;
use crate::{Caller, Service, ServiceError};

/// The program that speaks addresses, where it is installed. Recorded phrases can't: an address is free text.
const VOICE: &str = "espeak-ng";
/// Somebody waits on the telephone.
const PATIENCE: Duration = Duration::from_secs(5);
/// An address is a few seconds of sound.
const SPOKEN_MAX: usize = 8 * 1024 * 1024;

impl Service {
    /// Told on the portal, in the journal, and by mail to the location's emergency contacts and the administrators; whoever is
    /// both is told once.
    pub(crate) async fn emergency_called(&self, call: &EmergencyCall) -> Result<(), ServiceError> {
        let scope = Scope { account_id: call.account, actor: Actor::system("Lineside") };
        let id = ChangeId(ChangeId(call.call.0).derive("emergency_call", call.user.0));
        let zone = self.zone_of(call.user).await?;
        let sentences = call.sentences(&zone.local(call.at).format("%H:%M (%Z) on %-d %B %Y").to_string());
        let about = |name: String| [vec![name], sentences.clone()].concat();
        let contacts = self.store().emergency_contacts(&scope, call.user).await?;
        let on_site = contacts.iter().filter_map(|contact| Some((contact.name.to_string(), contact.email.clone()?)));
        let administrators = self.store().administrators(&scope).await?.into_iter();
        let others = administrators.filter_map(|user| Some((user.profile.full_name(), user.profile.email?)));
        let mut told = Vec::new();
        let mut mails = Vec::new();
        for (name, to) in on_site.chain(others) {
            if told.contains(&to) {
                continue;
            }
            let mail_id = MailId(id.derive(&format!("mail/{to}"), call.user.0));
            mails.push(self.mail(mail_id, call.account, call.user, MailKind::EmergencyCall, to.clone(), about(name)));
            told.push(to);
        }
        let summary: String = sentences.join(" ").chars().filter(|c| !c.is_control()).take(500).collect();
        if self.store().emergency_called(&scope, id, call, &summary, &mails).await? {
            self.inner.mail_due.notify_one();
            tracing::warn!(user = %call.user, told = mails.len(), "an emergency call is told of");
        }
        self.inner.live.tell(News { account_id: call.account, users: vec![call.user], account: true, calls: false });
        Ok(())
    }

    /// The newest first.
    pub async fn emergency_calls(&self, caller: &Caller) -> Result<Vec<SeenCall>, ServiceError> {
        Ok(self.store().emergency_calls(&caller.scope()?, PAGE).await?)
    }

    pub async fn emergency_call(&self, caller: &Caller, id: CallId) -> Result<SeenCall, ServiceError> {
        self.store().emergency_call(&caller.scope()?, id).await?.ok_or(ServiceError::NotFound)
    }

    /// The banner on every page goes once somebody says that they have seen it.
    pub async fn see_emergency_call(&self, caller: &Caller, id: CallId) -> Result<(), ServiceError> {
        let scope = caller.scope()?;
        let call = self.store().emergency_call(&scope, id).await?.ok_or(ServiceError::NotFound)?;
        if call.seen.is_some() {
            return Ok(());
        }
        self.store().see_emergency_call(&scope, id, self.now(), caller.name()).await?;
        let event = ChangeId(self.new_uuid());
        let summary = format!("Saw the emergency call of {}", call.call.name);
        self.store()
            .record_event(&scope, event, self.now(), "see_emergency_call", &summary, Some(call.call.user))
            .await?;
        self.inner.live.tell(News { account_id: scope.account_id, users: Vec::new(), account: true, calls: false });
        Ok(())
    }

    /// Whether help finds each user: a page of them.
    pub async fn emergency_readiness(
        &self,
        caller: &Caller,
        filter: &UserFilter,
    ) -> Result<Page<EmergencyReadiness>, ServiceError> {
        Ok(self.store().emergency_readiness(&caller.scope()?, filter, self.now()).await?)
    }

    /// The user's last 933.
    pub async fn emergency_test(&self, caller: &Caller, user: UserId) -> Result<Option<EmergencyTest>, ServiceError> {
        Ok(self.store().emergency_test(&caller.scope_of_user(user)?, user).await?)
    }

    /// 933: keeps that it was heard, mails it to the user, and speaks it where a voice is installed.
    pub(crate) async fn test_emergency(&self, scope: &Scope, user: UserId) -> Result<Answer, ServiceError> {
        let found = self.store().directory_users(&[user]).await?.pop().ok_or(ServiceError::NotFound)?.user;
        let callback = found.callback().cloned();
        let address = found.emergency.as_ref().map(|place| place.address.clone());
        let file = match &address {
            Some(address) => self.speak(&spoken(address, callback.as_ref())).await,
            None => None,
        };
        let test = EmergencyTest { at: self.now(), address, callback, spoken: file.is_some() };
        self.store().save_emergency_test(scope, user, &test).await?;
        let id = ChangeId(self.new_uuid());
        let said = test.sentences();
        let summary = format!("933 test: {}", said.join(" "));
        let detail = self.store().user(scope, user, self.now()).await?.ok_or(ServiceError::NotFound)?;
        let mails: Vec<_> = detail
            .user
            .profile
            .email
            .map(|to| {
                self.mail(MailId(id.derive("mail", user.0)), scope.account_id, user, MailKind::EmergencyTest, to, said)
            })
            .into_iter()
            .collect();
        let event = Event { id, at: test.at, action: "emergency_test", summary: &summary, user_id: Some(user) };
        if self.store().raise_alarm(scope, &event, &mails).await? {
            self.inner.mail_due.notify_one();
        }
        self.tell_of_call(scope.account_id, [Some(user)]);
        Ok(Answer::Spoken(file))
    }

    /// A file with these words, made once; nothing where no voice is installed or it fails.
    async fn speak(&self, words: &str) -> Option<PathBuf> {
        let folder = &self.settings().audio_cache;
        let file = folder.join(format!("spoken-{}.wav", hex::encode(Sha256::digest(words))));
        if tokio::fs::try_exists(&file).await.ok()? {
            return Some(file);
        }
        let mut voice = tokio::process::Command::new(VOICE);
        // The words go through a pipe: no shell and no option ever sees them.
        voice.args(["-v", "en-us", "-s", "140", "--stdin", "--stdout"]).kill_on_drop(true);
        voice.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut speaking =
            voice.spawn().inspect_err(|error| tracing::info!(%error, VOICE, "no voice is installed")).ok()?;
        let mut pipe = speaking.stdin.take()?;
        let words = words.to_owned();
        let wav = tokio::time::timeout(PATIENCE, async move {
            tokio::io::AsyncWriteExt::write_all(&mut pipe, words.as_bytes()).await?;
            drop(pipe);
            speaking.wait_with_output().await
        });
        let output =
            wav.await.ok()?.ok().filter(|output| output.status.success() && output.stdout.len() <= SPOKEN_MAX)?;
        let narrow = tokio::task::spawn_blocking(move || lineside_media::greeting::normalise(&output.stdout));
        let narrow =
            narrow.await.ok()?.inspect_err(|error| tracing::warn!(%error, "the voice can not be used")).ok()?;
        tokio::fs::create_dir_all(folder).await.ok()?;
        let part = folder.join(format!("{}.part", self.new_uuid()));
        tokio::fs::write(&part, &narrow.wav).await.ok()?;
        tokio::fs::rename(&part, &file).await.ok()?;
        Some(file)
    }

    async fn zone_of(&self, user: UserId) -> Result<lineside_model::time_zone::TimeZone, ServiceError> {
        let found = self.store().directory_users(&[user]).await?;
        Ok(found.first().map_or(lineside_model::time_zone::TimeZone::UTC, |found| found.user.time_zone))
    }
}
