//! What a phone does with the answers to its requests.

use std::time::Instant;

use lineside_sip::{Dialog, HeaderName, Message, Method, TransactionKey, dialog::Arrival};

use super::Phone;

impl Phone {
    pub(super) fn told(&mut self, now: Instant, key: TransactionKey, response: &Message) {
        let status = response.status();
        let method = response.method();
        if matches!(status, 401 | 407) && self.authorize(now, key, response) {
            return;
        }
        self.responses.push(response.clone());
        if method == Method::Register && status >= 200 {
            self.registration = Some(status);
        }
        if (101..200).contains(&status) && response.lists(HeaderName::Require, "100rel") && !self.forgets_prack {
            self.acknowledge_progress(now, response);
        }
        if method == Method::Invite && (200..300).contains(&status) {
            let dialog = self.dialog.get_or_insert_with(|| Dialog::uac(response).unwrap());
            if dialog.id().remote_tag.as_ref() != response.to_tag() {
                *dialog = Dialog::uac(response).unwrap();
            }
            dialog.response(response);
            let id = dialog.id().clone();
            if !self.calls.contains(&id) {
                self.calls.push(id);
            }
            if !self.forgets_ack {
                let ack = dialog.ack(response.cseq().number);
                self.endpoint.send_ack(self.flow, &ack);
            }
        }
        if status >= 200 && self.key == Some(key) {
            self.result = Some(status);
        }
    }

    fn acknowledge_progress(&mut self, now: Instant, response: &Message) {
        let fresh = Dialog::uac(response).unwrap();
        let dialog = self.dialog.get_or_insert_with(|| fresh.clone());
        if dialog.id() != fresh.id() {
            *dialog = fresh;
        }
        let Arrival::Next(rack) = self.arrivals.take(response) else { return };
        let prack = dialog.request(Method::Prack).header(HeaderName::RAck, rack);
        self.endpoint.request(now, self.flow, &prack);
    }
}
