//! Which calls of users are recorded.

use crate::id::UserId;
use crate::plan::Draft;
use crate::recording::{RecordingChoice, RecordingMode};

impl Draft<'_> {
    pub(super) fn set_recording(&mut self, ids: &[UserId], mode: RecordingMode) {
        let what = mode.label().to_lowercase();
        self.plan.summary = match ids {
            [id] => format!("Set call recording of {} to: {what}", self.facts.name_of(*id)),
            _ => format!("Set call recording of {} users to: {what}", ids.len()),
        };
        self.plan.user_id = Some(ids).filter(|ids| ids.len() == 1).and_then(|ids| ids.first().copied());
        for id in ids {
            let Some(user) = self.user(*id) else { return };
            if mode != RecordingMode::Off && !self.facts.rights(*id).call_recording {
                let message = format!(
                    "{} holds no license with call recording; nothing is recorded until one is assigned",
                    user.profile.full_name()
                );
                self.warn(Some(*id), message);
            }
            let before = self.facts.recording.get(id).cloned();
            let version = before.as_ref().map_or(1, |choice| choice.version);
            let after = RecordingChoice { user_id: *id, account_id: user.account_id, version, mode };
            match before {
                Some(before) => self.update(before, after),
                None if mode == RecordingMode::Off => {}
                None => self.create(after),
            }
        }
    }
}
