use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use thiserror::Error;

use crate::{
    Algorithm, Namespace, Peppers, Refusal, Retention, RevocationId, Target, WeakSecret,
    mac::{Mac, keyed},
    token::Header,
};

/// Somebody whose tokens are accepted, and on what terms.
#[derive(Debug)]
pub struct Issuer {
    /// The exact `iss` of its tokens.
    pub name: String,
    /// The keys it signs with.
    pub keys: Vec<Key>,
    /// The longest that its tokens may live (`exp - iat`).
    pub max_lifetime: Duration,
    /// How far its clock and ours may differ.
    pub leeway: Duration,
    /// Who we are to it: `aud` must have one of these. Empty: a token that has an `aud` is meant for somebody else (RFC 7519
    /// section 4.1.3).
    pub audiences: Vec<String>,
    /// How its access tokens are typed.
    pub token_type: TokenType,
    /// Claims that its access tokens must have, besides `exp` and `iat`.
    pub required_claims: Vec<String>,
    /// Claims whose values can be revoked: a device, a tenant. Where a token has one, it must be a string.
    pub revocable_claims: Vec<Arc<str>>,
}

/// What an access token must say in `typ`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// `at+jwt`, `JWT` or nothing, as most issuers do. Without `at+jwt` a token with a claim that only ID tokens have (`nonce`,
    /// `at_hash`, `c_hash`: OpenID Connect Core sections 2 and 3.3.2.11) is taken for one and refused. An ID token with none of
    /// them is known by its audience only.
    #[default]
    Jwt,
    /// `at+jwt`, and nothing else (RFC 9068 section 4).
    AccessToken,
}

impl Issuer {
    /// An issuer with a leeway of 30 s, no audience, and no claim that is required or revocable.
    pub fn new(name: impl Into<String>, keys: Vec<Key>, max_lifetime: Duration) -> Self {
        Self {
            name: name.into(),
            keys,
            max_lifetime,
            leeway: Duration::from_secs(30),
            audiences: Vec::new(),
            token_type: TokenType::default(),
            required_claims: Vec::new(),
            revocable_claims: Vec::new(),
        }
    }

    /// How long revocations of its tokens are kept.
    pub const fn retention(&self) -> Retention {
        Retention { leeway: self.leeway, max_lifetime: self.max_lifetime }
    }
}

/// One key for one algorithm.
pub struct Key {
    id: Option<String>,
    pub(crate) material: Material,
}

pub(crate) enum Material {
    /// HMAC is checked here.
    Hmac(Box<Mac>),
    /// Any other is checked by the host, which holds the key.
    Host(Algorithm),
}

impl Key {
    /// A shared secret for HS256.
    ///
    /// # Errors
    /// [`WeakSecret`] below 32 bytes (RFC 7518 section 3.2).
    pub fn hs256(id: Option<String>, secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self { id, material: Material::Hmac(Box::new(Mac::Hs256(keyed(secret)?))) })
    }

    /// A shared secret for HS384.
    ///
    /// # Errors
    /// [`WeakSecret`] below 48 bytes.
    pub fn hs384(id: Option<String>, secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self { id, material: Material::Hmac(Box::new(Mac::Hs384(keyed(secret)?))) })
    }

    /// A shared secret for HS512.
    ///
    /// # Errors
    /// [`WeakSecret`] below 64 bytes.
    pub fn hs512(id: Option<String>, secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self { id, material: Material::Hmac(Box::new(Mac::Hs512(keyed(secret)?))) })
    }

    /// A key that the host holds and verifies with, when a [`SignatureCheck`](crate::SignatureCheck) asks it to.
    pub const fn held_by_host(id: Option<String>, algorithm: Algorithm) -> Self {
        Self { id, material: Material::Host(algorithm) }
    }

    /// The `kid` of tokens that it verifies; `None` for tokens without one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The one algorithm that the key is for.
    pub const fn algorithm(&self) -> Algorithm {
        match &self.material {
            Material::Hmac(mac) => mac.algorithm(),
            Material::Host(algorithm) => *algorithm,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

/// Where a key stands: the issuer's index and the key's index among the issuer's. A host files its own keys under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyRef {
    /// Index into the issuers.
    pub issuer: usize,
    /// Index into that issuer's keys.
    pub key: usize,
}

/// Every issuer whose tokens are accepted, and the names of their revocations.
#[derive(Debug)]
pub struct Issuers(Vec<Known>);

/// An issuer, with what can be computed before its first token comes.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) issuer: Issuer,
    /// For each pepper, the current one first.
    pub(crate) names: Vec<Names>,
}

/// The ids of an issuer's targets under one pepper.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) namespace: Namespace,
    pub(crate) everything: RevocationId,
    /// For each key, unless it has no `kid` and so cannot be named.
    pub(crate) keys: Vec<Option<RevocationId>>,
}

/// Issuers among which a token could not choose.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIssuers {
    /// An issuer is named twice.
    #[error("issuer {0} is there already")]
    DuplicateIssuer(usize),
    /// Two keys of an issuer have the same id, or two have none.
    #[error("issuer {issuer}: key {key} has the id of another key", issuer = .0.issuer, key = .0.key)]
    DuplicateKey(KeyRef),
}

impl Issuers {
    /// The issuers. What is revoked is named with the first of the peppers, and looked up under all of them.
    ///
    /// # Errors
    /// [`InvalidIssuers`] when a token would have more than one key to choose from.
    pub fn new(issuers: Vec<Issuer>, peppers: &Peppers) -> Result<Self, InvalidIssuers> {
        for (index, issuer) in issuers.iter().enumerate() {
            if issuers[..index].iter().any(|other| other.name == issuer.name) {
                return Err(InvalidIssuers::DuplicateIssuer(index));
            }
            for (key_index, key) in issuer.keys.iter().enumerate() {
                if issuer.keys[..key_index].iter().any(|other| other.id == key.id) {
                    return Err(InvalidIssuers::DuplicateKey(KeyRef { issuer: index, key: key_index }));
                }
            }
        }
        Ok(Self(issuers.into_iter().map(|issuer| Known::new(issuer, peppers)).collect()))
    }

    /// The issuers, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Issuer> {
        self.0.iter().map(|known| &known.issuer)
    }

    pub(crate) fn issuer(&self, index: usize) -> &Known {
        &self.0[index]
    }

    /// The one key that may verify a token: its issuer's, with exactly its `kid` (none for none), for exactly its `alg`. What
    /// the token says only ever selects among what is configured.
    pub(crate) fn key(&self, issuer: Option<&str>, header: &Header) -> Result<(KeyRef, &Key), Refusal> {
        let (issuer, keys) = self
            .0
            .iter()
            .enumerate()
            .find(|(_, known)| Some(known.issuer.name.as_str()) == issuer)
            .map(|(index, known)| (index, &known.issuer.keys))
            .ok_or(Refusal::IssuerUnknown)?;
        let (key, found) =
            keys.iter().enumerate().find(|(_, key)| key.id() == header.key_id()).ok_or(Refusal::KeyUnknown)?;
        if found.algorithm() != header.algorithm {
            return Err(Refusal::AlgorithmRefused);
        }
        Ok((KeyRef { issuer, key }, found))
    }
}

impl Known {
    fn new(issuer: Issuer, peppers: &Peppers) -> Self {
        let names = peppers.iter().map(|pepper| {
            let namespace = pepper.namespace(&issuer.name);
            let key = |key: &Key| key.id.as_deref().map(|id| namespace.id(&Target::Key(id)));
            Names {
                everything: namespace.id(&Target::Everything),
                keys: issuer.keys.iter().map(key).collect(),
                namespace,
            }
        });
        Self { names: names.collect(), issuer }
    }
}

#[cfg(test)]
mod tests {
    use std::{format, vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::fixtures::{hmac_key, issuer, peppers};

    #[test]
    fn a_short_secret_is_refused_and_none_is_printed() {
        type Shared = fn(Option<String>, &[u8]) -> Result<Key, WeakSecret>;
        let constructors: [(Shared, usize, &str); 3] =
            [(Key::hs256, 32, "Hs256"), (Key::hs384, 48, "Hs384"), (Key::hs512, 64, "Hs512")];
        for (shared, minimum, name) in constructors {
            let weak = shared(None, &vec![7; minimum - 1]).unwrap_err();
            assert_eq!(format!("{weak}"), format!("a secret must have at least {minimum} bytes"));
            let key = shared(Some("k".into()), &vec![7; minimum]).unwrap();
            assert_eq!(format!("{key:?}"), format!(r#"Key {{ id: Some("k"), algorithm: {name}, .. }}"#));
        }
    }

    #[test]
    fn a_token_must_not_have_a_choice() {
        let new = |issuers| Issuers::new(issuers, &peppers(&[1])).map(|issuers| issuers.iter().count());
        let unnamed = || Key::held_by_host(None, Algorithm::Es256);
        assert_eq!(new(vec![issuer("a", vec![hmac_key(), unnamed()]), issuer("b", vec![hmac_key()])]), Ok(2));
        assert_eq!(
            new(vec![issuer("a", vec![]), issuer("b", vec![]), issuer("a", vec![])]).unwrap_err(),
            InvalidIssuers::DuplicateIssuer(2)
        );
        for keys in [vec![hmac_key(), hmac_key()], vec![unnamed(), unnamed()]] {
            let reference = KeyRef { issuer: 1, key: 1 };
            let refused = new(vec![issuer("a", vec![]), issuer("b", keys)]).unwrap_err();
            assert_eq!(refused, InvalidIssuers::DuplicateKey(reference));
            assert_eq!(format!("{refused}"), "issuer 1: key 1 has the id of another key");
        }
    }

    #[test]
    fn an_issuer_has_30_seconds_leeway_unless_it_says_otherwise() {
        let retention = Issuer::new("a", vec![], Duration::from_secs(900)).retention();
        assert_eq!(retention, Retention { leeway: Duration::from_secs(30), max_lifetime: Duration::from_secs(900) });
    }
}
