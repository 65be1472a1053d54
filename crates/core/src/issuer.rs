use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use thiserror::Error;

use crate::{
    Algorithm, Cover, Cutoff, Namespace, Peppers, Reason, Refusal, Retention, Revocation, RevocationId, Target,
    Timestamp, WeakSecret, mac::Mac, token::Header,
};

/// Somebody whose tokens are accepted, and on what terms.
#[derive(Debug)]
pub struct Issuer {
    /// The exact `iss` of its tokens.
    pub name: String,
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
    pub fn new(name: impl Into<String>, max_lifetime: Duration) -> Self {
        Self {
            name: name.into(),
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
    Host(Algorithm, HostKey),
}

/// The number under which a host files a key that it verifies with. What it means is the host's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostKey(pub u32);

impl Key {
    /// A shared secret for HS256.
    ///
    /// # Errors
    /// [`WeakSecret`] below 32 bytes (RFC 7518 section 3.2).
    pub fn hs256(id: Option<String>, secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self { id, material: Material::Hmac(Box::new(Mac::hs256(secret)?)) })
    }

    /// A shared secret for HS384.
    ///
    /// # Errors
    /// [`WeakSecret`] below 48 bytes.
    pub fn hs384(id: Option<String>, secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self { id, material: Material::Hmac(Box::new(Mac::hs384(secret)?)) })
    }

    /// A shared secret for HS512.
    ///
    /// # Errors
    /// [`WeakSecret`] below 64 bytes.
    pub fn hs512(id: Option<String>, secret: &[u8]) -> Result<Self, WeakSecret> {
        Ok(Self { id, material: Material::Hmac(Box::new(Mac::hs512(secret)?)) })
    }

    /// A key that the host holds and verifies with, when a [`SignatureCheck`](crate::SignatureCheck) asks it to.
    pub const fn held_by_host(id: Option<String>, algorithm: Algorithm, key: HostKey) -> Self {
        Self { id, material: Material::Host(algorithm, key) }
    }

    /// The `kid` of tokens that it verifies; `None` for tokens without one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The one algorithm that the key is for.
    pub const fn algorithm(&self) -> Algorithm {
        match &self.material {
            Material::Hmac(mac) => mac.algorithm(),
            Material::Host(algorithm, _) => *algorithm,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

/// Every issuer whose tokens are accepted, with its keys, and the names of their revocations.
#[derive(Debug)]
pub struct Issuers(Vec<Known>);

/// An issuer and its keys.
#[derive(Debug)]
struct Known {
    terms: Arc<IssuerTerms>,
    configured: Vec<Arc<TrustedKey>>,
    published: Vec<Arc<TrustedKey>>,
}

/// An issuer's terms, with what can be computed before its first token comes.
#[derive(Debug)]
pub struct IssuerTerms {
    pub(crate) issuer: Issuer,
    /// For each pepper, the current one first.
    pub(crate) names: Vec<Names>,
}

/// The ids of an issuer's targets under one pepper.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) namespace: Namespace,
    pub(crate) everything: RevocationId,
}

/// A key that belongs to an issuer.
#[derive(Debug)]
pub(crate) struct TrustedKey {
    pub(crate) key: Key,
    /// What it is [named](IssuerTerms::names_of_key).
    pub(crate) ids: Arc<[RevocationId]>,
}

/// Issuers among which a token could not choose. Each is told by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidIssuers {
    /// An issuer is named twice.
    #[error("issuer {0} is there already")]
    DuplicateIssuer(usize),
    /// Two keys of an issuer have the same id, or two have none.
    #[error("issuer {issuer}: key {key} has the id of another key")]
    DuplicateKey {
        /// The issuer.
        issuer: usize,
        /// The later one of its two keys.
        key: usize,
    },
}

impl Issuers {
    /// The issuers, each with the keys that are configured for it. What is revoked is named with the first of the peppers, and
    /// looked up under all of them.
    ///
    /// # Errors
    /// [`InvalidIssuers`] when a token would have more than one key to choose from.
    pub fn new(issuers: Vec<(Issuer, Vec<Key>)>, peppers: &Peppers) -> Result<Self, InvalidIssuers> {
        for (index, (issuer, keys)) in issuers.iter().enumerate() {
            if issuers[..index].iter().any(|(other, _)| other.name == issuer.name) {
                return Err(InvalidIssuers::DuplicateIssuer(index));
            }
            for (key_index, key) in keys.iter().enumerate() {
                if keys[..key_index].iter().any(|other| other.id == key.id) {
                    return Err(InvalidIssuers::DuplicateKey { issuer: index, key: key_index });
                }
            }
        }
        let known = |(issuer, keys): (Issuer, Vec<Key>)| {
            let terms = IssuerTerms::new(issuer, peppers);
            Known {
                configured: keys.into_iter().map(|key| terms.trust(key)).collect(),
                published: Vec::new(),
                terms: Arc::new(terms),
            }
        };
        Ok(Self(issuers.into_iter().map(known).collect()))
    }

    /// The issuers, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Issuer> {
        self.0.iter().map(|known| &known.terms.issuer)
    }

    /// The terms of the issuer with this name.
    pub fn terms(&self, issuer: &str) -> Option<&Arc<IssuerTerms>> {
        self.0.iter().map(|known| &known.terms).find(|terms| terms.issuer.name == issuer)
    }

    /// The keys of the issuer with this name, configured or published.
    pub(crate) fn keys(&self, issuer: &str) -> impl Iterator<Item = &Key> {
        let known = self.0.iter().find(|known| known.terms.issuer.name == issuer);
        let trusted = known.into_iter().flat_map(|known| known.configured.iter().chain(&known.published));
        trusted.map(|trusted| &trusted.key)
    }

    /// Takes what an issuer publishes now for what it published before. A key with the id of a configured one, or of one earlier
    /// in the list, is left out: nobody but the configuration can say what the configuration says.
    ///
    /// Tokens that were verified with a key that has gone are not looked at again; whoever keeps them has to.
    pub fn publish(&mut self, issuer: usize, keys: Vec<Key>) {
        let Some(Known { terms, configured, published }) = self.0.get_mut(issuer) else { return };
        published.clear();
        for key in keys {
            if !configured.iter().chain(&*published).any(|other| other.key.id == key.id) {
                published.push(terms.trust(key));
            }
        }
    }

    /// The one key that may verify a token: its issuer's, with exactly its `kid` (none for none), for exactly its `alg`. What
    /// the token says only ever selects among what is configured, or published by the issuer where that is configured.
    pub(crate) fn key(
        &self,
        issuer: Option<&str>,
        header: &Header,
    ) -> Result<(&Arc<IssuerTerms>, &Arc<TrustedKey>), Refusal> {
        let known = self.0.iter().find(|known| Some(known.terms.issuer.name.as_str()) == issuer);
        let Known { terms, configured, published } = known.ok_or(Refusal::IssuerUnknown)?;
        let mut keys = configured.iter().chain(published);
        let trusted = keys.find(|trusted| trusted.key.id() == header.key_id()).ok_or(Refusal::KeyUnknown)?;
        if trusted.key.algorithm() != header.algorithm {
            return Err(Refusal::AlgorithmRefused);
        }
        Ok((terms, trusted))
    }
}

impl IssuerTerms {
    /// The terms of an issuer. What is revoked is named with the first of the peppers, and looked up under all of them.
    pub fn new(issuer: Issuer, peppers: &Peppers) -> Self {
        let names = peppers.iter().map(|pepper| {
            let namespace = pepper.namespace(&issuer.name);
            Names { everything: namespace.id(&Target::Everything), namespace }
        });
        Self { names: names.collect(), issuer }
    }

    /// The issuer.
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The id under which to write a revocation of something of the issuer's.
    pub fn id(&self, target: &Target<'_>) -> RevocationId {
        // There is a pepper: `Peppers` sees to it.
        self.names[0].namespace.id(target)
    }

    /// The ids under which a revocation of it may have been written: one for each pepper.
    pub fn ids(&self, target: &Target<'_>) -> Vec<RevocationId> {
        self.names.iter().map(|names| names.namespace.id(target)).collect()
    }

    /// The revocation of a target, for something that happened then: until that, and not until now. What comes late, or once more, must
    /// not end what was begun since.
    pub(crate) fn revocation_until(
        &self,
        target: &Target<'_>,
        happened_at: Timestamp,
        reason: Reason,
        now: Timestamp,
    ) -> Revocation {
        let retention = self.issuer.retention();
        let until = retention.cutoff(happened_at);
        let (cutoff, expires_at) = match target {
            // It does not come back, and its last token may have been issued now.
            Target::TokenId(_) | Target::Session(_) => (Cutoff::Always, retention.of_cutoff(retention.cutoff(now))),
            _ => (Cutoff::IssuedUntil(until), retention.of_cutoff(until)),
        };
        Revocation { id: self.id(target), cover: Cover::everyone(cutoff), expires_at, revoked_at: now, reason }
    }

    /// For each pepper the id of the key with this `kid`; none for a key that has none, and so cannot be named.
    pub(crate) fn names_of_key(&self, id: Option<&str>) -> Arc<[RevocationId]> {
        let named = id.map(Target::Key);
        named.iter().flat_map(|target| self.names.iter().map(|names| names.namespace.id(target))).collect()
    }

    fn trust(&self, key: Key) -> Arc<TrustedKey> {
        Arc::new(TrustedKey { ids: self.names_of_key(key.id()), key })
    }
}

#[cfg(test)]
mod tests {
    use std::{format, vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        UnverifiedToken, Verification,
        fixtures::{HEADER, hmac_key, issuer, issuers, payload, peppers, sign, verify},
    };

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
        let unnamed = || Key::held_by_host(None, Algorithm::Es256, HostKey(0));
        assert_eq!(new(vec![(issuer("a"), vec![hmac_key(), unnamed()]), (issuer("b"), vec![hmac_key()])]), Ok(2));
        assert_eq!(
            new(vec![(issuer("a"), vec![]), (issuer("b"), vec![]), (issuer("a"), vec![])]).unwrap_err(),
            InvalidIssuers::DuplicateIssuer(2)
        );
        for keys in [vec![hmac_key(), hmac_key()], vec![unnamed(), unnamed()]] {
            let refused = new(vec![(issuer("a"), vec![]), (issuer("b"), keys)]).unwrap_err();
            assert_eq!(refused, InvalidIssuers::DuplicateKey { issuer: 1, key: 1 });
            assert_eq!(format!("{refused}"), "issuer 1: key 1 has the id of another key");
        }
    }

    #[test]
    fn an_issuer_is_found_by_its_exact_name() {
        let issuers = issuers();
        let found = |name| issuers.terms(name).map(|terms| terms.issuer().name.as_str());
        assert_eq!(["a", "b", "A", ""].map(found), [Some("a"), Some("b"), None, None]);
    }

    #[test]
    fn an_issuer_has_30_seconds_leeway_unless_it_says_otherwise() {
        let retention = Issuer::new("a", Duration::from_secs(900)).retention();
        assert_eq!(retention, Retention { leeway: Duration::from_secs(30), max_lifetime: Duration::from_secs(900) });
    }

    #[test]
    fn published_keys_come_and_go_and_never_displace_a_configured_one() {
        let mut issuers = issuers();
        let published = |id: &str, key| Key::held_by_host(Some(id.into()), Algorithm::Es256, HostKey(key));
        let found = |issuers: &Issuers, kid: &str| {
            let text = sign(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), &payload(""));
            match issuers.verify(UnverifiedToken::parse(&text).unwrap()) {
                Ok(Verification::Ask(check)) => Ok(check.key()),
                Ok(other) => panic!("{other:?}"),
                Err(refusal) => Err(refusal),
            }
        };
        assert_eq!(found(&issuers, "p"), Err(Refusal::KeyUnknown));
        issuers.publish(0, vec![published("p", 1), published("p", 2), published("k", 3)]);
        assert_eq!(found(&issuers, "p"), Ok(HostKey(1)));
        // "k" is configured, for HMAC.
        assert_eq!(found(&issuers, "k"), Err(Refusal::AlgorithmRefused));
        issuers.publish(0, vec![published("q", 4)]);
        assert_eq!((found(&issuers, "p"), found(&issuers, "q")), (Err(Refusal::KeyUnknown), Ok(HostKey(4))));
        // Nobody's.
        issuers.publish(7, vec![published("p", 1)]);
        assert!(verify(&issuers, &sign(HEADER, &payload(""))).is_ok());
    }
}
