//! An INVITE from a line that proved who it is: where it goes, and what is set up for that.

use std::sync::Arc;

use lineside_media::{prompt, relay::RelayError};
use lineside_model::{
    call_report::{CallDirection, CallOutcome},
    directory::DirectoryUser,
};
use lineside_sip::{Dialog, Flow, Message, Refusal, Response, TransactionKey};

use super::{
    Call, Calls, Description, Env, Invite, Leg, Side, Stage,
    story::{Story, party},
};
use crate::route::{Dialled, Route, route};

impl Calls {
    /// `is_allowed`: the line may make other than emergency calls.
    pub(crate) fn place(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        caller: &Arc<DirectoryUser>,
        is_allowed: bool,
    ) {
        let dialled = Dialled::of(&request.uri());
        let route = route(env.directory, caller.account_id, &dialled);
        let is_emergency = matches!(route, Route::Emergency(_));
        if let Route::Emergency(code) = route {
            tracing::error!(
                code, account = %caller.account_id, user = %caller.user_id, source = %flow.remote,
                extension = caller.extension.as_ref().map(ToString::to_string),
                "EMERGENCY CALL that can not be connected: there is no emergency trunk"
            );
        }
        env.respond(key, Response::new(request, 100));
        let call = match self.set_up(env, key, flow, request, caller, &dialled, is_emergency, is_allowed) {
            Ok(mut call) => {
                let callee = if let Route::User(callee) = &route { Some(party(callee)) } else { None };
                let account = caller.account_id;
                call.story.began(env, account, CallDirection::Internal, party(caller), dialled.as_str(), callee);
                call
            }
            Err(refusal) => {
                tracing::info!(
                    user = %caller.user_id, dialled = dialled.as_str(), source = %flow.remote,
                    status = refusal.status, "call refused"
                );
                env.respond(key, refusal.response(request));
                return;
            }
        };
        let id = call.id;
        self.by_tag.insert(call.invite.tag.as_bytes().into(), (id, Leg::A));
        self.incoming.insert(key, id);
        self.open.insert(id, call);
        self.with(env, id, |calls, env, call| match route {
            Route::Emergency(_) => calls.announce(env, call, &prompt::emergency_unavailable(), 503),
            Route::NotInService => {
                call.story.outcome = Some(CallOutcome::NotInService);
                calls.announce(env, call, &prompt::not_in_service(), 404);
            }
            Route::User(callee) if callee.voice => calls.ring(env, call, &callee),
            Route::User(_) => calls.announce(env, call, &prompt::unavailable(), 480),
        });
    }

    #[expect(clippy::too_many_arguments, reason = "what is known of an INVITE, put together once")]
    fn set_up(
        &mut self,
        env: &mut Env<'_>,
        key: TransactionKey,
        flow: Flow,
        request: &Message,
        caller: &Arc<DirectoryUser>,
        dialled: &Dialled,
        is_emergency: bool,
        is_allowed: bool,
    ) -> Result<Call, Refusal> {
        // Nothing may stand before an emergency call: neither a license nor a session description we can not use.
        if !is_allowed && !is_emergency {
            return Err(Refusal::status(403));
        }
        let offer = match Description::of(request) {
            Ok(offer) => offer,
            Err(_) if is_emergency => None,
            Err(refusal) => return Err(refusal),
        };
        if offer.as_ref().is_some_and(|offer| !offer.has_audio()) && !is_emergency {
            return Err(Refusal::status(488));
        }
        let media = match env.relay.open() {
            Ok(media) => Some(media),
            Err(_) if is_emergency => None,
            Err(error) => return Err(no_media(&error)),
        };
        let tag = env.endpoint.local_tag(key);
        let dialog = Dialog::uas(request, tag)?;
        self.last_id += 1;
        Ok(Call {
            id: self.last_id,
            caller: caller.clone(),
            dialled: dialled.as_str().to_owned(),
            invite: Invite { key, request: request.clone(), flow, tag, offer },
            stage: Stage::Ending,
            media,
            sides: [Some(Side::new(dialog, tag, flow)), None],
            forwards: Vec::new(),
            probes: Vec::new(),
            wake: None,
            placed: env.now.instant,
            answered: None,
            story: Story::default(),
        })
    }
}

fn no_media(error: &RelayError) -> Refusal {
    tracing::error!(%error, "a call gets no media");
    Refusal::status(503)
}
