//! A script at work: what it says is done to the call, and what happens is told it.
//!
//! When something has been played is counted here, by its length; the relay plays it at the same pace.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lineside_media::{
    prompt::Prompt,
    relay::{Happened, Leg, MediaEvent, RecordRequest},
};
use lineside_model::{
    call_report::{AnsweredBy, CallOutcome, CallReport, LegQuality, MessageLeft, TestCall},
    directory::DirectoryUser,
    id::{CallId, UserId},
    question::{Answer, Question},
};

use super::{Call, Calls, Env, Stage, kept::KeptAs};
use crate::script::{Does, Heard, Measured, Recording, Script, Sound, phrase};

/// A script, and what it waits for.
pub(super) struct Running {
    script: Box<dyn Script>,
    due: Option<(Instant, Waits)>,
    question: Option<u64>,
    /// To be played once their files are read.
    sounds: Vec<Sound>,
    files: Vec<(PathBuf, Option<Prompt>)>,
    load: Option<u64>,
    pub(super) record: Option<PathBuf>,
    is_started: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    Played,
    Waited,
}

impl Running {
    fn new(script: Box<dyn Script>) -> Self {
        Self {
            script,
            due: None,
            question: None,
            sounds: Vec::new(),
            files: Vec::new(),
            load: None,
            record: None,
            is_started: false,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.due.map(|(due, _)| due)
    }
}

impl Calls {
    /// Answers the caller and hands the call to a script; refuses it when the phone's sound is none that we speak.
    pub(super) fn run(&mut self, env: &mut Env<'_>, call: &mut Call, script: Box<dyn Script>, by: &AnsweredBy) {
        if call.answered.is_none() && !self.answer_caller(env, call, by) {
            call.story.outcome = Some(CallOutcome::Failed);
            return self.refuse(env, call, 488);
        }
        if call.transferor.is_some() {
            self.transferred(env, call);
        }
        call.stage = Stage::Script(Box::new(Running::new(script)));
        if call.is_heard() {
            self.hear(env, call, Heard::Started);
        }
    }

    /// Tells the script, and does what it says.
    pub(super) fn hear(&mut self, env: &mut Env<'_>, call: &mut Call, heard: Heard) {
        let mut heard = VecDeque::from([heard]);
        while let Some(next) = heard.pop_front() {
            let Stage::Script(running) = &mut call.stage else { return };
            running.is_started = true;
            for does in running.script.hear(next) {
                if !matches!(call.stage, Stage::Script(_)) {
                    return;
                }
                heard.extend(self.perform(env, call, does));
            }
        }
    }

    /// Does one thing; what it leads to at once is given back.
    fn perform(&mut self, env: &mut Env<'_>, call: &mut Call, does: Does) -> Option<Heard> {
        match does {
            Does::Play(sounds) => self.prepare(env, call, sounds),
            Does::StopPlaying => call.stop_playing(),
            Does::Record { what, longest, until_silence } => self.record(env, call, what, longest, until_silence),
            Does::StopRecording => {
                if let Some(media) = &call.media {
                    media.stop_recording();
                }
            }
            Does::Wait(time) => call.wait(env.now.instant + time, Waits::Waited),
            Does::Ask(user, asks) => {
                let question = Question { account: user.account_id, user: user.user_id, asks };
                let number = env.told.ask(question);
                self.questions.insert(number, call.id);
                if let Stage::Script(running) = &mut call.stage {
                    running.question = Some(number);
                }
            }
            Does::Find(extension) => {
                let account = call.account();
                return Some(Heard::Found(account.and_then(|account| env.directory.extension(account, &extension))));
            }
            Does::Measure => return Some(Heard::Measured(call.measure())),
            Does::Echo(on) => {
                if let Some(media) = &call.media {
                    media.echo(call.near, on);
                }
            }
            Does::Report(path, heard) => call.report_test(env, path, heard),
            Does::Connect(by, number) => self.connect(env, call, &by, &number),
            Does::HangUp => self.hang_up(env, call, None),
        }
        None
    }

    /// Has the files read that are to be played; plays at once when there are none.
    fn prepare(&mut self, env: &mut Env<'_>, call: &mut Call, sounds: Vec<Sound>) {
        let Stage::Script(running) = &mut call.stage else { return };
        running.due = None;
        running.files = files(&sounds).map(|path| (path.clone(), None)).collect();
        running.sounds = sounds;
        if let Some(load) = running.load.take() {
            self.questions.remove(&load);
        }
        self.load_next(env, call);
    }

    fn load_next(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let Stage::Script(running) = &mut call.stage else { return };
        if let Some((path, _)) = running.files.iter().find(|(_, prompt)| prompt.is_none()) {
            let number = env.told.load(path.clone());
            running.load = Some(number);
            self.questions.insert(number, call.id);
        } else {
            call.play(env);
        }
    }

    /// A file was read, or could not be: then it is left out.
    pub(crate) fn loaded(&mut self, env: &mut Env<'_>, number: u64, prompt: Option<Prompt>) {
        let Some(id) = self.questions.remove(&number) else { return };
        self.with(env, id, |calls, env, call| {
            let Stage::Script(running) = &mut call.stage else { return };
            if running.load.take_if(|load| *load == number).is_none() {
                return;
            }
            let prompt = prompt.unwrap_or_else(|| Prompt::new(Vec::new()));
            if let Some((_, slot)) = running.files.iter_mut().find(|(_, prompt)| prompt.is_none()) {
                *slot = Some(prompt);
            }
            calls.load_next(env, call);
        });
    }

    pub(crate) fn told_answer(&mut self, env: &mut Env<'_>, number: u64, answer: Answer) {
        let Some(id) = self.questions.remove(&number) else { return };
        self.with(env, id, |calls, env, call| {
            let Stage::Script(running) = &mut call.stage else { return };
            // The answer to an earlier question would be taken for that to the last.
            if running.question.take_if(|question| *question == number).is_some() {
                calls.hear(env, call, Heard::Answer(answer));
            }
        });
    }

    fn record(
        &mut self,
        env: &mut Env<'_>,
        call: &mut Call,
        what: Recording,
        longest: Duration,
        until_silence: Option<Duration>,
    ) {
        let path = env.rules.spool.join(format!("{}.wav", env.mint()));
        let what = match (what, &call.mailbox) {
            (Recording::Message, Some(owner)) => {
                let owner = owner.clone();
                KeptAs::Message(Box::new(call.message(env, &owner, &path)))
            }
            _ => KeptAs::Draft,
        };
        let mut request = RecordRequest::message(&path, call.near, longest);
        request.until_silence = until_silence;
        request.until_digit = false;
        self.keep(env, call, path.clone(), what);
        if let Some(media) = &call.media {
            media.record(request);
        }
        if let Stage::Script(running) = &mut call.stage {
            running.record = Some(path);
        }
    }

    pub(crate) fn media(&mut self, env: &mut Env<'_>, event: MediaEvent) {
        let id = self.sessions.get(&event.session).copied();
        match event.happened {
            Happened::Recorded(recorded) => self.recorded(env, recorded),
            Happened::Digit(digit) => {
                let Some(id) = id else { return };
                self.with(env, id, |calls, env, call| calls.digit(env, call, event.leg, digit));
            }
            Happened::Played | Happened::Silent { .. } => {}
        }
    }

    pub(super) fn digit(&mut self, env: &mut Env<'_>, call: &mut Call, leg: Leg, digit: char) {
        match &call.stage {
            Stage::Script(_) if leg == call.near => self.hear(env, call, Heard::Digit(digit)),
            Stage::Talking { .. } => self.feature_key(env, call, leg, digit),
            _ => {}
        }
    }

    /// What a script waited for has come.
    pub(super) fn script_due(&mut self, env: &mut Env<'_>, call: &mut Call) {
        let Stage::Script(running) = &mut call.stage else { return };
        let due = running.due.take_if(|(due, _)| *due <= env.now.instant);
        match due {
            Some((_, Waits::Played)) => self.hear(env, call, Heard::Played),
            Some((_, Waits::Waited)) => self.hear(env, call, Heard::Waited),
            None => {}
        }
    }

    /// A script is over: what it waited for finds nobody.
    pub(super) fn forget_questions(&mut self, call: &Call) {
        self.questions.retain(|_, id| *id != call.id);
    }
}

impl Call {
    pub(super) fn is_started(&self) -> bool {
        matches!(&self.stage, Stage::Script(running) if running.is_started)
    }

    fn wait(&mut self, until: Instant, what: Waits) {
        if let Stage::Script(running) = &mut self.stage {
            running.due = Some((until, what));
        }
    }

    fn stop_playing(&mut self) {
        if let Some(media) = &self.media {
            media.stop_playing(self.near);
        }
        if let Stage::Script(running) = &mut self.stage {
            running.due = None;
            running.load = None;
        }
    }

    fn play(&mut self, env: &Env<'_>) {
        let Stage::Script(running) = &mut self.stage else { return };
        let files = std::mem::take(&mut running.files);
        let read = |path: &PathBuf| files.iter().find(|(file, _)| file == path).and_then(|(_, prompt)| prompt.clone());
        let list = phrase::playlist(&std::mem::take(&mut running.sounds), read);
        running.due = Some((env.now.instant + list.duration(), Waits::Played));
        if let Some(media) = &self.media {
            media.play(self.near, list);
        }
    }

    fn measure(&self) -> Measured {
        let stats = self.media.as_ref().map(|media| media.stats(self.near)).unwrap_or_default();
        let round_trip = stats.far.and_then(|far| far.round_trip);
        Measured { packets: stats.packets, lost: stats.lost, round_trip }
    }

    fn message(&self, env: &Env<'_>, owner: &DirectoryUser, path: &Path) -> MessageLeft {
        MessageLeft {
            call: self.story.call(owner.account_id).unwrap_or(CallId(uuid::Uuid::nil())),
            account: owner.account_id,
            user: owner.user_id,
            caller: self.shown.clone(),
            at: env.now.utc,
            duration_ms: 0,
            audio: path.to_owned(),
        }
    }

    fn report_test(&self, env: &mut Env<'_>, audio: Option<PathBuf>, heard: bool) {
        let (Some(account), Some(user)) = (self.account(), self.tester()) else { return };
        let measured = self.measure();
        env.report(CallReport::TestCall(TestCall {
            call: self.story.call(account).unwrap_or(CallId(uuid::Uuid::nil())),
            account,
            user,
            line: None,
            at: env.now.utc,
            answered: true,
            heard,
            quality: self.quality(self.near).unwrap_or_default(),
            round_trip_ms: measured.round_trip.and_then(|time| u32::try_from(time.as_millis()).ok()),
            audio,
        }));
    }

    fn tester(&self) -> Option<UserId> {
        self.shown.user
    }

    /// How the sound of a leg reached us; none when there was no sound.
    pub(super) fn quality(&self, leg: Leg) -> Option<LegQuality> {
        let stats = self.media.as_ref()?.stats(leg);
        let codec = stats.codec.map(|codec| codec.name().to_owned()).unwrap_or_default();
        let jitter_ms = stats.jitter.as_secs_f32() * 1000.0;
        (stats.packets > 0).then_some(LegQuality { codec, packets: stats.packets, lost: stats.lost, jitter_ms })
    }
}

fn files(sounds: &[Sound]) -> impl Iterator<Item = &PathBuf> {
    sounds.iter().filter_map(|sound| match sound {
        Sound::File(path) => Some(path),
        _ => None,
    })
}
