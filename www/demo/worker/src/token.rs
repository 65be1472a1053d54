//! The token that the demo hands out: an ordinary JWT, with nothing of Quash in it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

/// Seconds that a login lasts.
pub(crate) const LIFETIME: u64 = 600;

/// The key that Quash knows under the same id.
const KEY_ID: &str = "demo-1";
const ISSUER: &str = "https://demo.quash.example";
const AUDIENCE: &str = "demo";

/// What the demo says about a person who is signed in.
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    sub: String,
    pub(crate) name: String,
    jti: String,
    sid: String,
    iat: u64,
    /// Seconds since the epoch.
    pub(crate) exp: u64,
}

impl Claims {
    /// Claims of a login that starts `now` (seconds since the epoch).
    ///
    /// # Errors
    ///
    /// When the platform has no random numbers.
    pub(crate) fn new(name: &str, now: u64) -> Result<Self, getrandom::Error> {
        Ok(Self {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: name.to_lowercase(),
            name: name.into(),
            jti: random_id()?,
            sid: random_id()?,
            iat: now,
            exp: now + LIFETIME,
        })
    }

    /// Signs them as a compact JWS (RFC 7515), HS256.
    ///
    /// # Errors
    ///
    /// When the claims do not serialize.
    pub(crate) fn sign(&self, secret: &str) -> jsonwebtoken::errors::Result<String> {
        let header = Header { kid: Some(KEY_ID.into()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, self, &EncodingKey::from_secret(secret.as_bytes()))
    }

    /// Reads the `Quash-Claims` header: a payload that Quash has verified already.
    pub(crate) fn from_guard(header: &str) -> Option<Self> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).ok()?).ok()
    }
}

/// 128 random bits.
fn random_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::getrandom(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
