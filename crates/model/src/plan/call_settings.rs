//! The account's rules for calls.

use crate::call_settings::{CallRules, CallSettings};
use crate::plan::Draft;

impl Draft<'_> {
    pub(super) fn set_call_rules(&mut self, version: Option<i64>, rules: &CallRules) {
        "Change the settings for calls".clone_into(&mut self.plan.summary);
        let before = self.facts.call_settings.clone();
        self.check_version(version, before.as_ref().map_or(0, |settings| settings.version), "page");
        let was = self.facts.call_rules();
        if rules.recording.keep_days < was.recording.keep_days {
            self.warn(None, format!("recordings older than {} days are deleted", rules.recording.keep_days));
        }
        if was.recording.announce && !rules.recording.announce {
            let message = "callers are no longer told that they are recorded: in many places that is against the law";
            self.warn(None, message);
        }
        if !was.recording.emergency && rules.recording.emergency {
            self.warn(None, "emergency calls are recorded too; ask whether the law of your place allows it");
        }
        let account_id = self.facts.account.id;
        let version = before.as_ref().map_or(1, |settings| settings.version);
        let after = CallSettings { account_id, version, rules: rules.clone() };
        match before {
            Some(before) => self.update(before, after),
            None if *rules == CallRules::default() => {}
            None => self.create(after),
        }
    }
}
