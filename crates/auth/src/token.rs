//! Random tokens: whoever has one may act once (a link), for a while (a session) or within a scope (the API). The
//! database holds only their hashes, so a stolen backup opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::redacted::redacted_debug;

const TOKEN_LENGTH: usize = 43;
const API_MARK: &str = "ls_";
/// Eight characters, 48 of 256 bits: enough to find one's token in a list, no help in guessing it.
const SHOWN: usize = API_MARK.len() + 8;

/// 256 random bits as 43 URL-safe characters.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

redacted_debug!(Token);

impl Token {
    pub fn mint(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Token(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// A token from a link or a cookie. `None` when it can't be one of ours: look nothing up.
    pub fn parse(text: &str) -> Option<Self> {
        let ours = text.len() == TOKEN_LENGTH && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        ours.then(|| Token(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, to be put in a link or a cookie and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.reveal())
    }
}

/// The SHA-256 of a token, for storage. No salt and no slowness is needed: the token has 256 random bits.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

redacted_debug!(TokenHash);

impl TokenHash {
    fn of(token: &str) -> Self {
        TokenHash(Sha256::digest(token).into())
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        TokenHash(bytes)
    }

    /// From the database's column; `None` when it has not 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(TokenHash)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl PartialEq for TokenHash {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

/// A token for the REST API: `ls_` and 43 characters, so that a secret scanner finds one that was committed.
#[derive(Clone)]
pub struct ApiToken(Zeroizing<String>);

redacted_debug!(ApiToken);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not an API token; one begins with ls_ and has 46 characters, and is shown once when it is made")]
pub struct ApiTokenError;

impl ApiToken {
    pub fn mint(rng: &mut dyn CryptoRng) -> Self {
        ApiToken(Zeroizing::new(format!("{API_MARK}{}", Token::mint(rng).reveal())))
    }

    pub fn parse(text: &str) -> Result<Self, ApiTokenError> {
        text.strip_prefix(API_MARK)
            .and_then(Token::parse)
            .map(|_| ApiToken(Zeroizing::new(text.to_owned())))
            .ok_or(ApiTokenError)
    }

    /// The whole token: shown once, when it is made.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What lists show afterwards, for example `ls_AbCd1234`.
    pub fn shown_prefix(&self) -> &str {
        &self.0[..SHOWN]
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.reveal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    #[test]
    fn a_token_survives_a_link_and_matches_its_stored_hash() {
        let token = Token::mint(&mut StdRng::seed_from_u64(1));
        let stored = TokenHash::from_slice(token.hash().as_bytes()).unwrap();
        let back = Token::parse(token.reveal()).unwrap();
        assert_eq!(back.hash(), stored);
        assert!(token.reveal().chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    }

    #[test]
    fn tokens_differ() {
        let mut rng = StdRng::seed_from_u64(1);
        assert_ne!(Token::mint(&mut rng).hash(), Token::mint(&mut rng).hash());
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        let good = Token::mint(&mut StdRng::seed_from_u64(1));
        assert!(Token::parse("").is_none());
        assert!(Token::parse(&good.reveal()[..42]).is_none());
        assert!(Token::parse(&format!("{}A", good.reveal())).is_none());
        assert!(Token::parse(&"é".repeat(22)[..43 - 1]).is_none());
        assert!(Token::parse(&" ".repeat(43)).is_none());
    }

    #[test]
    fn an_api_token_has_a_mark_and_a_shown_prefix() {
        let token = ApiToken::mint(&mut StdRng::seed_from_u64(1));
        assert_eq!(token.reveal().len(), 46);
        assert!(token.shown_prefix().starts_with("ls_") && token.shown_prefix().len() == 11);
        assert_eq!(ApiToken::parse(token.reveal()).unwrap().hash(), token.hash());
        assert_eq!(ApiToken::parse(&token.reveal()[3..]).unwrap_err(), ApiTokenError);
    }

    #[test]
    fn nothing_is_printed() {
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(format!("{:?} {:?}", Token::mint(&mut rng), ApiToken::mint(&mut rng)), "Token(…) ApiToken(…)");
    }
}
