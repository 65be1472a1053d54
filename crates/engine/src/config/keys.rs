use std::time::Duration;

use quash_core::{Algorithm, Key};

use super::{ConfigError, FindSecret, document};
use crate::keys::{
    Filed, HostKeys, PublicKey,
    source::{KeySource, Location, may_be_read_from},
};

/// The longest that keys may serve while their issuer cannot be reached: a day.
const MAX_STALE_SECS: u64 = 24 * 60 * 60;

/// The keys that the configuration has for an issuer. Those that the host verifies with are filed.
pub(super) fn configured(
    issuer: usize,
    documents: &[document::Key<'_>],
    secret: &FindSecret<'_>,
    host_keys: &mut HostKeys,
) -> Result<Vec<Key>, ConfigError> {
    let mut key = |(index, document): (usize, &document::Key<'_>)| {
        let field = format!("issuers[{issuer}].keys[{index}]");
        let algorithm = algorithm(&format!("{field}.alg"), &document.alg)?;
        let id = document.kid.clone();
        match (algorithm.is_symmetric(), &document.secret, &document.pem, &document.jwk) {
            (true, Some(name), None, None) => shared(id, algorithm, &format!("{field}.secret"), name, secret),
            (true, _, None, None) => {
                let problem = format_args!("{} needs `secret`, the name of a secret", algorithm.name());
                Err(ConfigError::new(field, problem))
            }
            (true, ..) => Err(ConfigError::new(field, "an HMAC key is a `secret`, never a public key")),
            (false, Some(_), ..) => Err(ConfigError::new(field, "`secret` is for HMAC; use `pem` or `jwk`")),
            (false, None, pem, jwk) => {
                let (name, key) = match (pem, jwk) {
                    (Some(pem), None) => ("pem", PublicKey::from_pem(algorithm, pem)),
                    (None, Some(jwk)) => ("jwk", PublicKey::from_jwk(algorithm, *jwk)),
                    _ => return Err(ConfigError::new(field, "needs either `pem` or `jwk`")),
                };
                let field = format!("{field}.{name}");
                let key = key.map_err(|problem| ConfigError::new(&field, problem))?;
                let number = host_keys.file(Filed { algorithm, key, origin: format!("QUASH.{field}") });
                Ok(Key::held_by_host(id, algorithm, number))
            }
        }
    };
    documents.iter().enumerate().map(&mut key).collect()
}

fn shared(
    id: Option<String>,
    algorithm: Algorithm,
    field: &str,
    name: &str,
    secret: &FindSecret<'_>,
) -> Result<Key, ConfigError> {
    let keyed = match algorithm {
        Algorithm::Hs384 => Key::hs384,
        Algorithm::Hs512 => Key::hs512,
        _ => Key::hs256,
    };
    keyed(id, secret(&field, name)?.as_bytes()).map_err(|weak| ConfigError::new(field, weak))
}

/// Where an issuer publishes its keys, if the configuration says so.
pub(super) fn published(issuer: usize, document: &document::Issuer<'_>) -> Result<Option<KeySource>, ConfigError> {
    let field = |name: &str| format!("issuers[{issuer}].{name}");
    let address = |name: &str, url: &String| match may_be_read_from(url) {
        true => Ok(url.clone()),
        false => Err(ConfigError::new(field(name), "must be an https address")),
    };
    let location = match (&document.jwks_uri, &document.metadata) {
        (None, None) => return Ok(None),
        (Some(url), None) => Location::JwkSet(address("jwks_uri", url)?),
        (None, Some(url)) => Location::Metadata { url: address("metadata", url)?, issuer: document.issuer.clone() },
        _ => return Err(ConfigError::new(field("metadata"), "says where the keys are, and so does `jwks_uri`")),
    };
    if document.max_stale > MAX_STALE_SECS {
        return Err(ConfigError::new(field("max_stale"), format_args!("at most {MAX_STALE_SECS} seconds")));
    }
    let mut algorithms = Vec::new();
    for (index, name) in document.algorithms.iter().flatten().enumerate() {
        let field = field(&format!("algorithms[{index}]"));
        let algorithm = algorithm(&field, name)?;
        if algorithm.is_symmetric() {
            return Err(ConfigError::new(field, "no secret is ever published"));
        }
        algorithms.push(algorithm);
    }
    if document.algorithms.as_ref().is_some_and(Vec::is_empty) {
        return Err(ConfigError::new(field("algorithms"), "at least one is needed"));
    }
    if document.algorithms.is_none() {
        algorithms.extend(Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()));
    }
    Ok(Some(KeySource { location, algorithms, max_stale: Duration::from_secs(document.max_stale) }))
}

fn algorithm(field: &str, name: &str) -> Result<Algorithm, ConfigError> {
    Algorithm::from_name(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        ConfigError::new(field, format_args!("`{name}` is none of {known}"))
    })
}
