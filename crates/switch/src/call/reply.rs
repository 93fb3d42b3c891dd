//! What comes back for what a call sent: an answer, none in time, or one that nobody waits for any more.

use lineside_sip::{Dialog, Failure, Flow, Message, Method, TransactionKey};

use super::{CallNumber, Calls, Env, index};

impl Calls {
    /// A response to a request of a call that still stands.
    pub(super) fn response(
        &mut self,
        env: &mut Env<'_>,
        id: CallNumber,
        key: TransactionKey,
        flow: Flow,
        response: &Message,
    ) {
        if response.status() >= 200 {
            self.outgoing.remove(&key);
        }
        env.received(response);
        self.with(env, id, |calls, env, call| {
            if call.forwards.iter().any(|forward| forward.client == key) {
                calls.forwarded_answer(env, call, key, response);
            } else if call.is_question(key) {
                calls.replied(env, call, key, response);
            } else {
                calls.branch_response(env, call, key, flow, response);
            }
        });
    }

    pub(super) fn failed(&mut self, env: &mut Env<'_>, id: CallNumber, key: TransactionKey, failure: Failure) {
        let status = if failure == Failure::Timeout { 408 } else { 503 };
        self.with(env, id, |calls, env, call| {
            if call.forwards.iter().any(|forward| forward.client == key) {
                calls.forwarded_failure(env, call, key, status);
            } else if call.is_question(key) {
                calls.unanswered(env, call, key);
            } else {
                calls.branch_failed(env, call, key, status);
            }
        });
    }

    /// A response nobody waits for. A 2xx to an INVITE has made a dialog all the same: one of a phone that answered just
    /// when the call was taken elsewhere or given up (RFC 3261 section 13.2.2.4), or the repetition of one we know. It bears
    /// our tag: somebody else's would have us send to whom they please.
    pub(super) fn stray(&mut self, env: &mut Env<'_>, flow: Flow, response: &Message) {
        if response.method() != Method::Invite || !(200..300).contains(&response.status()) {
            return;
        }
        let known = self.by_tag.get(response.from_tag()).copied();
        if let Some((id, leg)) = known
            && let Some(call) = self.open.get_mut(&id)
            && let Some(side) = &mut call.sides[index(leg)]
            && side.dialog.id().remote_tag.as_ref() == response.to_tag()
        {
            side.acknowledge_again(env, flow, response);
            return;
        }
        if known.is_none() && !self.ended.contains(response.from_tag()) {
            return;
        }
        if let Ok(mut dialog) = Dialog::uac(response) {
            let ack = dialog.ack(response.cseq().number);
            env.endpoint.send_ack(flow, &ack);
            let bye = dialog.request(Method::Bye);
            env.endpoint.request(env.now.instant, flow, &bye);
        }
    }
}
