//! How the legs of a call come to speak with each other: whose offer is passed on to whom, and what becomes of the answer.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use bytes::Bytes;
use lineside_media::relay::{Leg, LegFormat};
use lineside_sip::{Flow, Refusal, Token};

use super::{
    Call, Env,
    description::{Agreed, Description, OurEnd, offer_of_ours},
    index,
};

impl Call {
    /// Our end of a leg that is there.
    pub(super) fn end<'a>(&self, env: &Env<'a>, leg: Leg) -> Option<OurEnd<'a>> {
        let side = self.sides[index(leg)].as_ref()?;
        Some(OurEnd::new(env, self.media.as_ref()?, leg, side.tag, side.flow))
    }

    /// What a callee is offered: what the caller did, or what we speak ourselves when the caller talks already. Nothing
    /// when the caller leaves the offer to the callee.
    pub(super) fn offer_to_callee(&self, env: &Env<'_>, tag: Token, flow: Flow, is_clear: bool) -> Option<Bytes> {
        let end = OurEnd::new(env, self.media.as_ref()?, self.near.other(), tag, flow).in_the_clear(is_clear);
        if self.answered.is_some() {
            let near = self.sides[index(self.near)].as_ref().and_then(|side| side.codec);
            return Some(offer_of_ours(&end, near));
        }
        self.invite.offer.as_ref().map(|offer| offer.onward(&end))
    }

    /// An offer of ours for a leg.
    pub(super) fn offer_of_ours(&self, env: &Env<'_>, leg: Leg) -> Option<Bytes> {
        Some(offer_of_ours(&self.end(env, leg)?, None))
    }

    /// Our answer to the caller's offer, which is followed from now on.
    pub(super) fn answer_by_us(&mut self, env: &Env<'_>) -> Option<Bytes> {
        // What it was told for certain stands.
        if let Some(told) = &self.early.answer {
            return Some(told.clone());
        }
        let end = self.end(env, Leg::A)?;
        let offer = self.invite.offer.as_ref()?;
        let (answer, format) = offer.answer_by_us(&end)?;
        let listens_at = offer.listens_at();
        self.expect(Leg::A, listens_at);
        self.describe(Leg::A, Some(format));
        Some(answer)
    }

    /// A leg answered an offer of ours.
    pub(super) fn agreed_with_us(&mut self, env: &Env<'_>, leg: Leg, answer: &Description) {
        let format = self.end(env, leg).and_then(|end| answer.agreed_with_us(&end));
        self.expect(leg, answer.listens_at());
        self.describe(leg, format);
    }

    /// What the answer of the leg at `end` to an offer of `asked` comes to.
    pub(super) fn agreed(
        &self,
        env: &Env<'_>,
        asked: Leg,
        offer: &Description,
        answer: &Description,
        end: &OurEnd<'_>,
    ) -> Result<Agreed, Refusal> {
        let ours = self.end(env, asked).ok_or_else(|| Refusal::status(481))?;
        answer.answer_to(offer, &ours, end)
    }

    /// Follows what was agreed; the answer for who asked.
    pub(super) fn follow(&mut self, asked: Leg, answer: &Description, agreed: Agreed) -> Bytes {
        self.expect(asked, agreed.listens_at);
        self.expect(asked.other(), answer.listens_at());
        if asked != Leg::A || self.early.answer.is_none() {
            self.describe(asked, agreed.asked);
        }
        self.describe(asked.other(), agreed.answering);
        agreed.body
    }

    /// Both at once, between legs that are there.
    pub(super) fn agree(
        &mut self,
        env: &Env<'_>,
        asked: Leg,
        offer: &Description,
        answer: &Description,
    ) -> Option<Bytes> {
        let end = self.end(env, asked.other())?;
        let agreed = self.agreed(env, asked, offer, answer, &end).ok()?;
        Some(self.follow(asked, answer, agreed))
    }

    /// The offer of a leg that was asked for one, for the other leg.
    pub(super) fn pass_on_offer(&mut self, env: &Env<'_>, from: Leg, offer: &Description) -> Option<Bytes> {
        let end = self.end(env, from.other())?;
        self.expect(from, offer.listens_at());
        Some(offer.onward(&end))
    }

    pub(super) fn expect(&self, leg: Leg, listens_at: Option<SocketAddr>) {
        if let Some(media) = &self.media {
            media.expect(leg, listens_at);
        }
    }

    pub(super) fn describe(&mut self, leg: Leg, format: Option<LegFormat>) {
        let Some(format) = format else { return };
        if let Some(side) = self.side(leg) {
            side.codec = Some(format.codec);
        }
        if let Some(media) = &self.media {
            media.describe(leg, format);
        }
    }
}
