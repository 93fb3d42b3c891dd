//! The keys that a description brings, and ours for it (RFC 4568).

use lineside_media::srtp::{Crypto, SrtpKeys};
use lineside_sip::Refusal;

use super::{
    Description, OurEnd, SUITE, TAG,
    profile::{Profile, profile},
};

impl Description {
    /// What a leg that offered protection, or only the means for it, is answered: our line, and the keys of both.
    pub(super) fn answered_keys(&self, end: &OurEnd<'_>) -> Result<Option<(Crypto, SrtpKeys)>, Refusal> {
        let Some((stream, audio)) = self.known_audio() else { return Ok(None) };
        let is_protected = profile(audio) == Profile::Protected;
        let theirs = self.crypto(stream).filter(|_| is_protected || end.is_secure);
        let ours = theirs.as_ref().and_then(|theirs| end.key(theirs.key.suite()));
        match theirs.zip(ours) {
            Some((theirs, ours)) => {
                let keys = SrtpKeys { inbound: theirs.key, outbound: ours.clone() };
                Ok(Some((Crypto { tag: theirs.tag, key: ours }, keys)))
            }
            None if is_protected => Err(Refusal::status(488)),
            None => Ok(None),
        }
    }

    /// The keys of a leg that answered an offer with our key in it; none when it would not protect anything.
    pub(super) fn keys_for(&self, end: &OurEnd<'_>) -> Result<Option<SrtpKeys>, Refusal> {
        let Some((stream, audio)) = self.known_audio() else { return Ok(None) };
        if profile(audio) == Profile::Plain {
            return Ok(None);
        }
        let theirs = self.crypto(stream).filter(|theirs| theirs.tag == TAG && theirs.key.suite() == SUITE);
        let keys = theirs.zip(end.crypto()).map(|(theirs, ours)| SrtpKeys { inbound: theirs.key, outbound: ours.key });
        keys.map(Some).ok_or_else(|| Refusal::status(488))
    }

    /// The first key that we can use.
    pub(super) fn crypto(&self, stream: usize) -> Option<Crypto> {
        self.session.attributes(stream, "crypto").find_map(|line| Crypto::parse(str::from_utf8(line).ok()?).ok())
    }
}
