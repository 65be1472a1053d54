//! What the targets share: one deployment as its operator configures it, and the signatures that the fuzzer cannot make.

pub mod reading;

use std::sync::LazyLock;
use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use quash_core::{
    Issuer, Issuers, Key, Pepper, Peppers, Refusal, Timestamp, TokenType, UnverifiedToken, Verification, VerifiedToken,
};
use sha2::Sha256;

pub const NOW: Timestamp = Timestamp::from_secs(1_000_000);
pub const LEEWAY: Duration = Duration::from_secs(5);
pub const MAX_LIFETIME: Duration = Duration::from_secs(900);

/// The key of every issuer, and the pepper.
pub const SECRET: &[u8] = b"a secret of thirty-two bytes, no less";

/// Who we are in access tokens of `a`. `b` knows us by no name, so its have no `aud`.
pub const AUDIENCE: &str = "api";

/// Who we are in what issuers tell us of logouts and events.
pub const CLIENT: &str = "client";

pub static PEPPERS: LazyLock<Peppers> = LazyLock::new(|| Peppers::new(vec![Pepper::new(SECRET).unwrap()]).unwrap());

/// `a`, as most issuers are, and `b`, whose tokens have to say more.
pub static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    let key = |kid: Option<&str>| Key::hs256(kid.map(Into::into), SECRET).unwrap();
    let a = Issuer {
        leeway: LEEWAY,
        audiences: vec![AUDIENCE.into()],
        revocable_claims: vec!["email".into()],
        ..Issuer::new("a", MAX_LIFETIME)
    };
    let b = Issuer {
        leeway: LEEWAY,
        token_type: TokenType::AccessToken,
        required_claims: vec!["sub".into()],
        ..Issuer::new("b", MAX_LIFETIME)
    };
    Issuers::new(vec![(a, vec![key(Some("k")), key(None)]), (b, vec![key(None)])], &PEPPERS).unwrap()
});

/// The header and, on the lines after it, the payload of a token that the fuzzer writes.
pub fn split(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = input.iter().position(|&byte| byte == b'\n')?;
    Some((&input[..end], &input[end + 1..]))
}

/// The token, as its issuer would sign it.
pub fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = [header, payload].map(|json| BASE64_URL_SAFE_NO_PAD.encode(json)).join(".");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac(SECRET, input.as_bytes()));
    format!("{input}.{signature}")
}

/// # Errors
/// When the token is not accepted.
///
/// # Panics
/// When core asks for a signature to be checked: all keys are its own to check with.
pub fn verify(text: &str) -> Result<VerifiedToken, Refusal> {
    match ISSUERS.verify(UnverifiedToken::parse(text)?)? {
        Verification::Verified(token) => Ok(token),
        Verification::Ask(check) => panic!("asked about {:?}", check.key()),
    }
}

/// HMAC-SHA256.
pub fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
}
