use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use quash_core::{Algorithm, Key, KeyRef};
use serde_json::{Map, Value};

use super::{ConfigError, FindSecret, document};

/// A public key as WebCrypto imports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// A DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    Spki(Vec<u8>),
    /// A JWK (RFC 7517).
    Jwk(Map<String, Value>),
}

pub(super) fn keys(
    issuer: usize,
    documents: &[document::Key],
    secret: &FindSecret<'_>,
) -> Result<Vec<Key>, ConfigError> {
    if documents.is_empty() {
        return Err(ConfigError::new(format_args!("issuers[{issuer}].keys"), "at least one is needed"));
    }
    let key = |(index, document): (usize, &document::Key)| {
        let field = format!("issuers[{issuer}].keys[{index}]");
        let algorithm = algorithm(&field, document)?;
        let shared = match algorithm {
            Algorithm::Hs256 => Key::hs256,
            Algorithm::Hs384 => Key::hs384,
            Algorithm::Hs512 => Key::hs512,
            _ if document.secret.is_none() => return Ok(Key::held_by_host(document.kid.clone(), algorithm)),
            _ => return Err(ConfigError::new(field, "`secret` is for HMAC; use `pem` or `jwk`")),
        };
        let Some(name) = &document.secret else {
            let problem = format_args!("{} needs `secret`, the name of a secret", algorithm.name());
            return Err(ConfigError::new(field, problem));
        };
        let field = format!("{field}.secret");
        let secret = secret(&field, name)?;
        shared(document.kid.clone(), secret.as_bytes()).map_err(|weak| ConfigError::new(field, weak))
    };
    documents.iter().enumerate().map(key).collect()
}

/// The asymmetric keys of all issuers, each with the field that it came from.
pub(super) fn public_keys(issuers: &[document::Issuer]) -> Result<HashMap<KeyRef, (String, PublicKey)>, ConfigError> {
    let mut found = HashMap::new();
    for (issuer, document) in issuers.iter().enumerate() {
        for (key, document) in document.keys.iter().enumerate() {
            let field = format!("issuers[{issuer}].keys[{key}]");
            let (name, public_key) = match (algorithm(&field, document)?, &document.pem, &document.jwk) {
                (algorithm, None, None) if algorithm.is_symmetric() => continue,
                (algorithm, ..) if algorithm.is_symmetric() => {
                    return Err(ConfigError::new(field, "an HMAC key is a `secret`, never a public key"));
                }
                (algorithm, Some(pem), None) => ("pem", spki(algorithm, pem).map(PublicKey::Spki)),
                (algorithm, None, Some(jwk)) => {
                    ("jwk", check_jwk(algorithm, jwk).map(|()| PublicKey::Jwk(jwk.clone())))
                }
                _ => return Err(ConfigError::new(field, "needs either `pem` or `jwk`")),
            };
            let field = format!("{field}.{name}");
            let public_key = public_key.map_err(|problem| ConfigError::new(&field, problem))?;
            found.insert(KeyRef { issuer, key }, (field, public_key));
        }
    }
    Ok(found)
}

fn algorithm(field: &str, document: &document::Key) -> Result<Algorithm, ConfigError> {
    Algorithm::from_name(&document.alg).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        ConfigError::new(format_args!("{field}.alg"), format_args!("`{}` is none of {known}", document.alg))
    })
}

/// RFC 7518 sections 3.3 and 3.5.
const SHORT_RSA: &str = "is an RSA key of less than 2048 bits";

const fn is_rsa(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512
    )
}

/// Reads a PEM public key (RFC 7468 section 13).
fn spki(algorithm: Algorithm, pem: &str) -> Result<Vec<u8>, &'static str> {
    let body = pem
        .trim()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
        .ok_or("must be a PEM of the kind `PUBLIC KEY`")?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = BASE64_STANDARD.decode(body).map_err(|_| "is not valid base64")?;
    // The modulus alone has 256 bytes.
    if is_rsa(algorithm) && der.len() < 256 { Err(SHORT_RSA) } else { Ok(der) }
}

/// Checks what WebCrypto would not tell an operator until the first token comes (RFC 7518 section 6).
fn check_jwk(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<(), &'static str> {
    let member = |name| jwk.get(name).and_then(Value::as_str);
    if ["d", "p", "q", "k"].iter().any(|private| jwk.contains_key(*private)) {
        return Err("is a private key: it must not be in a configuration, and is not needed to verify");
    }
    let (kty, crv) = match algorithm {
        algorithm if is_rsa(algorithm) => ("RSA", None),
        Algorithm::Es256 => ("EC", Some("P-256")),
        Algorithm::Es384 => ("EC", Some("P-384")),
        Algorithm::Es512 => ("EC", Some("P-521")),
        Algorithm::EdDsa => ("OKP", Some("Ed25519")),
        _ => return Err("is not for this algorithm"),
    };
    if member("kty") != Some(kty) || member("crv") != crv {
        return Err("has a `kty` or `crv` that is not for this algorithm");
    }
    // Base64url of 256 bytes.
    if kty == "RSA" && member("n").is_none_or(|modulus| modulus.len() < 342) {
        return Err(SHORT_RSA);
    }
    if member("alg").is_some_and(|alg| alg != algorithm.name()) {
        return Err("has an `alg` other than the key's");
    }
    Ok(())
}
