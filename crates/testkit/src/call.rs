//! What the switch would have reported: calls, messages and recordings, with sound that can be played.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call_report::{
    AnsweredBy, CallAnswered, CallBegan, CallDirection, CallEnded, CallOutcome, CallParty, CallRecorded, CallReport,
    EndedBy, Hop, HopReason, LegQuality, MessageLeft, TestCall,
};
use lineside_model::emergency::EmergencyCall;
use lineside_model::id::{AccountId, CallId, ChangeId, MessageId, RecordingId, UserId};
use lineside_model::ladder::Ladder;
use lineside_model::phone_number::E164;
use uuid::Uuid;

use crate::service::House;

/// Two seconds of a quiet square wave, 8 kHz, 16 bits, mono.
pub fn wav() -> Vec<u8> {
    wav_of(16_000)
}

/// So many samples of it.
pub fn wav_of(samples: u32) -> Vec<u8> {
    let samples: Vec<u8> =
        (0..samples).flat_map(|at| (if at / 10 % 2 == 0 { 3000_i16 } else { -3000 }).to_le_bytes()).collect();
    let length = u32::try_from(samples.len()).unwrap_or_default();
    let head = [b"RIFF".to_vec(), (36 + length).to_le_bytes().to_vec(), b"WAVEfmt ".to_vec(), vec![16, 0, 0, 0]];
    // PCM, one channel; samples and bytes a second; bytes and bits a sample.
    let format: [&[u8]; 4] = [&[1, 0, 1, 0], &8_000_u32.to_le_bytes(), &16_000_u32.to_le_bytes(), &[2, 0, 16, 0]];
    [head.concat(), format.concat(), b"data".to_vec(), length.to_le_bytes().to_vec(), samples].concat()
}

/// Somebody from outside, with a name that a page has to escape.
pub fn stranger() -> CallParty {
    CallParty { user: None, number: "+16025550199".into(), name: "Carla <b>Costa</b>".into() }
}

/// The n-th call: 65 seconds from outside with this user, who was reached on a second try.
pub fn ended(account: AccountId, n: u128, at: DateTime<Utc>, user: UserId) -> CallEnded {
    let call = CallId(Uuid::from_u128(n));
    let callee = CallParty { user: Some(user), number: "201".into(), name: "Ursula User".into() };
    let (direction, dialled) = (CallDirection::Inbound, "+14805550143".into());
    let began = CallBegan { call, account, at, direction, caller: stranger(), dialled, callee: Some(callee.clone()) };
    let quality = LegQuality { codec: "PCMU".into(), packets: 990, lost: 10, jitter_ms: 1.5 };
    let hop = Hop { from: callee.clone(), to: "201".into(), reason: HopReason::NoAnswer };
    let mut ladder = Ladder::default();
    ladder.push(at, 0, true, "INVITE", "INVITE sip:201");
    CallEnded {
        began,
        answered: Some(CallAnswered { call, account, at: at + TimeDelta::seconds(5), by: AnsweredBy::Party(callee) }),
        ended_at: at + TimeDelta::seconds(70),
        outcome: CallOutcome::Answered,
        status: None,
        ended_by: EndedBy::Caller,
        hops: vec![hop],
        from_caller: Some(quality),
        from_callee: None,
        trunk: None,
        ladder,
    }
}

impl House {
    /// A sound file as the switch leaves one.
    pub fn sound_file(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.spool.with_file_name(name);
        std::fs::write(&path, wav())?;
        Ok(path)
    }

    /// A recorded call of Acme's that ended an hour ago, and its recording.
    pub async fn recorded_call(&self, n: u128, user: UserId) -> anyhow::Result<(CallId, RecordingId)> {
        let at = self.service.now() - TimeDelta::hours(1);
        let call = ended(self.acme.id, n, at, user);
        let began = &call.began;
        let recorded = CallRecorded {
            call: began.call,
            account: began.account,
            user,
            caller: began.caller.clone(),
            callee: began.callee.clone().unwrap_or_default(),
            direction: began.direction,
            at,
            duration_ms: 65_000,
            audio: self.sound_file(&format!("recorded-{n}.wav"))?,
        };
        let id = began.call;
        self.service.calls_reported(vec![CallReport::Recorded(recorded), CallReport::Ended(Box::new(call))]).await;
        let part = Uuid::from_u128(u128::from(at.timestamp_micros().unsigned_abs()));
        Ok((id, RecordingId(ChangeId(id.0).derive("recording", part))))
    }

    /// The n-th call, which goes on: a stranger's, with this user.
    pub async fn call_begun(&self, n: u128, user: UserId) -> CallId {
        let began = ended(self.acme.id, n, self.service.now(), user).began;
        let id = began.call;
        self.service.calls_reported(vec![CallReport::Began(began)]).await;
        id
    }

    /// A test call in which the user's phone was heard.
    pub async fn test_call_heard(&self, n: u128, user: UserId) -> anyhow::Result<CallId> {
        let call = CallId(Uuid::from_u128(n));
        let quality = LegQuality { codec: "PCMU".into(), packets: 500, lost: 0, jitter_ms: 2.5 };
        let audio = Some(self.sound_file(&format!("test-{n}.wav"))?);
        let (account, at) = (self.acme.id, self.service.now());
        let (answered, heard, round_trip_ms) = (true, true, Some(14));
        let test = TestCall { call, account, user, line: None, at, answered, heard, quality, round_trip_ms, audio };
        self.service.calls_reported(vec![CallReport::TestCall(test)]).await;
        Ok(call)
    }

    /// A message that a stranger left, of 42 seconds.
    pub async fn message_left(&self, n: u128, user: UserId) -> anyhow::Result<(MessageId, MessageLeft)> {
        let left = MessageLeft {
            call: CallId(Uuid::from_u128(n)),
            account: self.acme.id,
            user,
            caller: stranger(),
            at: self.service.now(),
            duration_ms: 42_000,
            audio: self.sound_file(&format!("left-{n}.wav"))?,
        };
        self.service.calls_reported(vec![CallReport::MessageLeft(left.clone())]).await;
        Ok((MessageId(ChangeId(left.call.0).derive("message", user.0)), left))
    }

    /// The user dialled 911, where nothing is known of the place and no trunk took the call.
    pub async fn called_for_help(&self, n: u128, user: UserId) -> EmergencyCall {
        let call = EmergencyCall {
            call: CallId(Uuid::from_u128(n)),
            account: self.acme.id,
            user,
            at: self.service.now(),
            dialled: "911".into(),
            name: "Ana <User>".into(),
            extension: "1003".into(),
            callback: E164::parse("+14805550143").ok(),
            place: None,
            connected: false,
        };
        self.service.calls_reported(vec![CallReport::Emergency(Box::new(call.clone()))]).await;
        call
    }
}
