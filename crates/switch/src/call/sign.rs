//! Carriers that ask who we are within a call too: the request is sent again with credentials, once. A BYE above all, or the
//! carrier counts on.

use lineside_media::relay::Leg;
use lineside_model::id::TrunkId;
use lineside_sip::{Dialog, Flow, Message, Method, Request, TransactionKey};

use super::{Call, Calls, Env, index};
use crate::trunk::credentials;

/// A request within a call with a carrier that has no answer yet.
pub(crate) struct Unsigned {
    request: Request,
    flow: Flow,
    dialog: Dialog,
    trunk: TrunkId,
}

impl Calls {
    /// The answer to a BYE that a carrier may want signed: whether it was one.
    pub(super) fn farewell_answered(&mut self, env: &mut Env<'_>, key: TransactionKey, response: &Message) -> bool {
        if response.status() < 200 {
            return self.farewells.contains_key(&key);
        }
        let Some(mut unsigned) = self.farewells.remove(&key) else { return false };
        if let Some(again) = sign(env, unsigned.trunk, &unsigned.request, response, &mut unsigned.dialog) {
            env.endpoint.request(env.now.instant, unsigned.flow, &again);
        }
        true
    }
}

impl Call {
    /// Sends BYE in the dialog of a leg.
    pub(super) fn send_bye(&mut self, env: &mut Env<'_>, leg: Leg) {
        let Some(side) = self.side(leg) else { return };
        let bye = side.dialog.request(Method::Bye);
        let key = env.request(side.flow, &bye);
        if let Some(trunk) = side.trunk {
            let unsigned = Unsigned { request: bye, flow: side.flow, dialog: side.dialog.clone(), trunk };
            env.farewells.push((key, unsigned));
        }
    }

    /// A request to a leg again, with the credentials that its carrier asks for; none when it asks for none that we have, or
    /// the request had some.
    pub(super) fn signed(
        &mut self,
        env: &mut Env<'_>,
        leg: Leg,
        request: &Request,
        response: &Message,
    ) -> Option<(Request, TransactionKey)> {
        let side = self.sides[index(leg)].as_mut()?;
        let again = sign(env, side.trunk?, request, response, &mut side.dialog)?;
        let key = env.request(side.flow, &again);
        Some((again, key))
    }
}

fn sign(
    env: &mut Env<'_>,
    trunk: TrunkId,
    request: &Request,
    response: &Message,
    dialog: &mut Dialog,
) -> Option<Request> {
    if !matches!(response.status(), 401 | 407) || request.is_signed() {
        return None;
    }
    let trunk = env.directory.trunks().into_iter().find(|known| known.trunk_id == trunk)?;
    let cnonce = env.endpoint.token();
    let uri = String::from_utf8_lossy(request.uri()).into_owned();
    let (name, value) = credentials(&trunk, response, request.method().as_str(), &uri, cnonce)?;
    Some(dialog.again(request.clone()).header(name, value))
}
