use quash_core::{Algorithm, Key};

use super::Field;
use crate::keys::{
    Filed, HostKeys, KeyOrigin, PublicKey,
    source::{KeySource, Location, may_be_read_from},
};

/// The longest that keys may serve while their issuer cannot be reached: a day; and how long they do by default.
const MAX_STALE_SECS: u64 = 24 * 60 * 60;
const STALE_SECS: u64 = 60 * 60;

/// A key that the configuration has for an issuer. One that the host verifies with is filed.
pub(super) fn configured(field: &Field<'_, '_>, host_keys: &mut HostKeys) -> Option<Key> {
    field.table(&["kid", "alg", "secret", "pem", "jwk"]);
    let algorithm = algorithm(field.member("alg").required())?;
    let id = field.member("kid").text().map(str::to_owned);
    let [secret, pem, jwk] = ["secret", "pem", "jwk"].map(|name| field.member(name));
    let problem = match (algorithm.is_symmetric(), secret.is_there(), pem.is_there(), jwk.is_there()) {
        (true, true, false, false) => return shared(id, algorithm, &secret),
        (false, false, true, false) => {
            let key = PublicKey::from_pem(algorithm, pem.text()?);
            return held_by_host(id, algorithm, key, &pem, host_keys);
        }
        (false, false, false, true) => {
            let key = PublicKey::from_jwk(algorithm, jwk.object()?);
            return held_by_host(id, algorithm, key, &jwk, host_keys);
        }
        (true, false, false, false) => "needs `secret`, the name of a secret",
        (true, ..) => "an HMAC key is a `secret`, never a public key",
        (false, true, ..) => "`secret` is for HMAC; use `pem` or `jwk`",
        (false, false, ..) => "needs either `pem` or `jwk`",
    };
    field.wrong(&problem);
    None
}

pub(super) fn shared(id: Option<String>, algorithm: Algorithm, field: &Field<'_, '_>) -> Option<Key> {
    let keyed = match algorithm {
        Algorithm::Hs384 => Key::hs384,
        Algorithm::Hs512 => Key::hs512,
        _ => Key::hs256,
    };
    keyed(id, field.secret()?.as_bytes()).inspect_err(|weak| field.wrong(weak)).ok()
}

fn held_by_host(
    id: Option<String>,
    algorithm: Algorithm,
    key: Result<PublicKey, &'static str>,
    field: &Field<'_, '_>,
    host_keys: &mut HostKeys,
) -> Option<Key> {
    let key = key.inspect_err(|problem| field.wrong(problem)).ok()?;
    let number = host_keys.file(Filed { algorithm, key, origin: KeyOrigin::Configured(field.path()) });
    Some(Key::held_by_host(id, algorithm, number))
}

/// Where an issuer publishes its keys, if the configuration says so.
pub(super) fn published(field: &Field<'_, '_>, issuer: &str) -> Option<KeySource> {
    let [jwks_uri, metadata, algorithms, max_stale] =
        ["jwks_uri", "metadata", "algorithms", "max_stale"].map(|name| field.member(name));
    let location = match (address(&jwks_uri), address(&metadata)) {
        (Some(url), None) => Location::JwkSet(url),
        (None, Some(url)) => Location::Metadata { url, issuer: issuer.into() },
        (None, None) => {
            // They have no meaning then, and must be what they should be all the same.
            let _ = (algorithms.texts(), max_stale.number());
            return None;
        }
        (Some(_), Some(_)) => {
            metadata.wrong(&"says where the keys are, and so does `jwks_uri`");
            return None;
        }
    };
    Some(KeySource {
        location,
        algorithms: of_public_keys(&algorithms),
        max_stale: max_stale.seconds(STALE_SECS, MAX_STALE_SECS),
    })
}

fn address(field: &Field<'_, '_>) -> Option<String> {
    let url = field.text()?;
    if !may_be_read_from(url) {
        field.wrong(&"must be an https address");
    }
    Some(url.into())
}

/// What an issuer's published keys may be for.
fn of_public_keys(field: &Field<'_, '_>) -> Vec<Algorithm> {
    if !field.is_there() {
        return Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric()).collect();
    }
    let algorithms = field.list(&mut |item| {
        let algorithm = algorithm(item)?;
        if algorithm.is_symmetric() {
            item.wrong(&"no secret is ever published");
        }
        Some(algorithm)
    });
    if algorithms.is_empty() {
        field.wrong(&"at least one is needed");
    }
    algorithms
}

pub(super) fn algorithm(field: &Field<'_, '_>) -> Option<Algorithm> {
    let index = field.choice(&Algorithm::ALL.map(Algorithm::name))?;
    Some(Algorithm::ALL[index])
}
