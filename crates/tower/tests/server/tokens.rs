//! Tokens, signed by the `jsonwebtoken` crate.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const SECRET: &str = "a secret of thirty-two bytes, no less";
pub(crate) const PEPPER: &str = "a pepper of thirty-two bytes, no less";

/// The same keys as in the core's tests.
macro_rules! key {
    ($name:literal) => {
        include_bytes!(concat!("../../../core/tests/keys/", $name))
    };
}

#[expect(clippy::disallowed_methods, reason = "tokens are of now")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[expect(clippy::disallowed_methods, reason = "what was promised is held against the clock")]
pub(crate) fn clock() -> SystemTime {
    SystemTime::now()
}

/// Claims of a token that is good for ten minutes, and these.
pub(crate) fn claims(rest: &Value) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let jti = format!("jti-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let now = now();
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "jti": jti, "iat": now - 10, "exp": now + 600 });
    for (name, value) in rest.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

pub(crate) fn token(rest: &Value) -> String {
    signed("HS256", &claims(rest))
}

/// Signed with the key of that name, for its algorithm.
pub(crate) fn signed(kid: &str, claims: &Value) -> String {
    typed("JWT", kid, claims)
}

pub(crate) fn typed(token_type: &str, kid: &str, claims: &Value) -> String {
    let (algorithm, key) = match kid {
        "RS256" => (Algorithm::RS256, EncodingKey::from_rsa_pem(key!("rs256.pem"))),
        "PS256" => (Algorithm::PS256, EncodingKey::from_rsa_pem(key!("rs256.pem"))),
        "ES256" => (Algorithm::ES256, EncodingKey::from_ec_pem(key!("es256.pem"))),
        "ES384" => (Algorithm::ES384, EncodingKey::from_ec_pem(key!("es384.pem"))),
        "EdDSA" => (Algorithm::EdDSA, EncodingKey::from_ed_pem(key!("eddsa.pem"))),
        _ => (Algorithm::HS256, Ok(EncodingKey::from_secret(SECRET.as_bytes()))),
    };
    let mut header = Header::new(algorithm);
    (header.typ, header.kid) = (Some(token_type.to_owned()), Some(kid.to_owned()));
    jsonwebtoken::encode(&header, claims, &key.unwrap()).unwrap()
}

/// The configured keys, under the names of their algorithms.
pub(crate) fn keys() -> Value {
    let pem = |alg: &str, pem: &[u8]| json!({ "kid": alg, "alg": alg, "pem": String::from_utf8_lossy(pem) });
    json!([
        { "kid": "HS256", "alg": "HS256", "secret": "JWT_SECRET" },
        pem("RS256", key!("rs256.pub.pem")),
        pem("PS256", key!("rs256.pub.pem")),
        pem("ES256", key!("es256.pub.pem")),
        pem("ES384", key!("es384.pub.pem")),
        pem("EdDSA", key!("eddsa.pub.pem")),
    ])
}
