use alloc::string::String;
use core::time::Duration;

use hmac::Mac;
use sha2::{Digest, Sha256};

use crate::{
    Algorithm, Claims, Issuer, Issuers, KeyRef, Name, Refusal, Retention, Timestamp, UnverifiedToken, issuer::Material,
    token::Header,
};

/// How far a verification has come.
#[derive(Debug)]
pub enum Verification<'k, 't> {
    /// The signature is right.
    Verified(VerifiedToken<'k>),
    /// The host holds the key: it has to check the signature and answer.
    Ask(SignatureCheck<'k, 't>),
}

/// A signature for the host to check.
#[derive(Debug)]
pub struct SignatureCheck<'k, 't> {
    issuer: &'k Issuer,
    key: KeyRef,
    token: UnverifiedToken<'t>,
}

/// A token that its issuer has signed. It may have expired, be meant for somebody else, or be revoked: good enough to be
/// revoked itself, not to let anybody in.
#[derive(Debug)]
pub struct VerifiedToken<'k> {
    issuer: &'k Issuer,
    header: Header,
    claims: Claims,
    identity: Identity,
}

/// What makes this token this token.
#[derive(Debug)]
enum Identity {
    TokenId(String),
    SigningInput([u8; 32]),
}

/// A verified token that was in force when it was validated. Whether it is revoked is still open.
#[derive(Debug)]
pub struct ValidToken<'k>(VerifiedToken<'k>);

impl Issuers {
    /// Finds the token's key and checks its signature, or says which check is the host's to do.
    ///
    /// # Errors
    /// [`Refusal`] when no configured key may verify the token, or the signature is wrong.
    pub fn verify<'k, 't>(&'k self, token: UnverifiedToken<'t>) -> Result<Verification<'k, 't>, Refusal> {
        let (reference, key) = self.key(token.claims.issuer(), &token.header)?;
        let check = SignatureCheck { issuer: self.issuer(reference.issuer), key: reference, token };
        match &key.material {
            Material::Host(_) => Ok(Verification::Ask(check)),
            Material::Hmac(mac) => {
                let mac = mac.clone().chain_update(check.signing_input());
                let valid = mac.verify_slice(check.signature()).is_ok();
                check.answer(valid).map(Verification::Verified)
            }
        }
    }
}

impl<'k, 't> SignatureCheck<'k, 't> {
    /// Which key to check with.
    pub const fn key(&self) -> KeyRef {
        self.key
    }

    /// Which algorithm to check with. It is the key's.
    pub const fn algorithm(&self) -> Algorithm {
        self.token.header.algorithm
    }

    /// What is signed.
    pub fn signing_input(&self) -> &'t [u8] {
        self.token.signing_input()
    }

    /// The signature. For ES256 it is r ‖ s, as WebCrypto takes it (RFC 7518 section 3.4).
    pub fn signature(&self) -> &[u8] {
        self.token.signature()
    }

    /// The host's answer.
    ///
    /// # Errors
    /// [`Refusal::SignatureInvalid`] when `valid` is false.
    pub fn answer(self, valid: bool) -> Result<VerifiedToken<'k>, Refusal> {
        if !valid {
            return Err(Refusal::SignatureInvalid);
        }
        let identity = match self.token.claims.token_id() {
            Some(id) => Identity::TokenId(id.into()),
            None => Identity::SigningInput(Sha256::digest(self.token.signing_input()).into()),
        };
        Ok(VerifiedToken { issuer: self.issuer, identity, header: self.token.header, claims: self.token.claims })
    }
}

impl<'k> VerifiedToken<'k> {
    /// What the token says.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// How long revocations of its issuer's tokens are kept.
    pub const fn retention(&self) -> Retention {
        self.issuer.retention()
    }

    /// What a revocation of this very token names.
    pub fn name(&self) -> Name<'_> {
        match &self.identity {
            Identity::TokenId(id) => Name::TokenId(id),
            Identity::SigningInput(hash) => Name::SigningInput(*hash),
        }
    }

    /// The issuer, as configured.
    pub fn issuer(&self) -> &'k str {
        &self.issuer.name
    }

    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// Checks that the token is an access token, for us, and in force at `now`.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn validate(self, now: Timestamp) -> Result<ValidToken<'k>, Refusal> {
        if !self.header.may_be_access_token() {
            return Err(Refusal::TypeRefused);
        }
        let wanted = &self.issuer.audiences;
        let nobody = wanted.is_empty() && !self.claims.has("aud");
        if !nobody && !self.claims.audiences().any(|audience| wanted.iter().any(|wanted| wanted == audience)) {
            return Err(Refusal::AudienceMismatch);
        }
        validity(&self.claims, &self.retention(), now)?;
        Ok(ValidToken(self))
    }
}

/// Checks `exp`, `nbf` and `iat` (RFC 7519 section 4.1), and the lifetime that retention counts on.
pub(crate) fn validity(claims: &Claims, retention: &Retention, now: Timestamp) -> Result<(), Refusal> {
    let expires_at = claims.expires_at().ok_or(Refusal::ClaimMissing("exp"))?;
    let issued_at = claims.issued_at().ok_or(Refusal::ClaimMissing("iat"))?;
    if now >= expires_at.plus(retention.leeway) {
        return Err(Refusal::Expired);
    }
    let latest = now.plus(retention.leeway);
    if issued_at > latest || claims.not_before().is_some_and(|not_before| not_before > latest) {
        return Err(Refusal::NotYetValid);
    }
    if expires_at.since(issued_at) > retention.max_lifetime {
        return Err(Refusal::LifetimeTooLong);
    }
    Ok(())
}

impl<'k> ValidToken<'k> {
    /// What the token says.
    pub const fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// How long it can be accepted after `now`.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        match self.0.claims.expires_at() {
            Some(expires_at) => expires_at.plus(self.0.issuer.leeway).since(now),
            None => Duration::ZERO,
        }
    }

    pub(crate) const fn verified(&self) -> &VerifiedToken<'k> {
        &self.0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{format, string::String, vec};

    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use hmac::{Hmac, KeyInit};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{Key, Malformed};

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);
    const SECRET: &[u8] = b"a secret of thirty-two bytes, no less";

    pub(crate) fn claims(iat: Timestamp, exp: Timestamp) -> Claims {
        let json = format!(r#"{{"iat":{},"exp":{}}}"#, iat.as_secs_ceil(), exp.as_secs_ceil());
        Claims::parse(json.as_bytes()).unwrap()
    }

    pub(crate) fn issuers() -> Issuers {
        let issuer = |name: &str, keys| Issuer {
            name: name.into(),
            audiences: vec!["api".into(), "web".into()],
            max_lifetime: Duration::from_secs(900),
            leeway: Duration::from_secs(5),
            keys,
        };
        Issuers::new(vec![
            issuer("a", vec![Key::hs256(Some("k".into()), SECRET).unwrap()]),
            issuer("b", vec![Key::held_by_host(None, Algorithm::Es256)]),
        ])
        .unwrap()
    }

    pub(crate) fn sign(header: &str, payload: &str) -> String {
        let input = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(payload));
        let mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap().chain_update(&input);
        format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    const HEADER: &str = r#"{"alg":"HS256","kid":"k"}"#;

    fn payload(rest: &str) -> String {
        format!(r#"{{"iss":"a","aud":"api","iat":999900,"exp":1000100{rest}}}"#)
    }

    pub(crate) fn verify<'k>(issuers: &'k Issuers, text: &str) -> Result<VerifiedToken<'k>, Refusal> {
        match issuers.verify(UnverifiedToken::parse(text)?)? {
            Verification::Verified(token) => Ok(token),
            Verification::Ask(check) => panic!("asked about {:?}", check.key()),
        }
    }

    fn refusal(header: &str, payload: &str) -> &'static str {
        let issuers = issuers();
        let validated = verify(&issuers, &sign(header, payload)).and_then(|token| token.validate(NOW));
        validated.map_or_else(|refusal| refusal.code(), |_| "accepted")
    }

    #[test]
    fn accepts_a_token_in_force() {
        assert_eq!(refusal(HEADER, &payload("")), "accepted");
        assert_eq!(refusal(HEADER, r#"{"iss":"a","aud":["x","web"],"iat":999900,"exp":1000100}"#), "accepted");
    }

    #[test]
    fn only_the_issuers_own_key_with_its_own_algorithm_verifies() {
        assert_eq!(refusal(HEADER, r#"{"iss":"c"}"#), "issuer_unknown");
        assert_eq!(refusal(HEADER, "{}"), "issuer_unknown");
        assert_eq!(refusal(r#"{"alg":"HS256"}"#, &payload("")), "key_unknown");
        assert_eq!(refusal(r#"{"alg":"HS256","kid":"l"}"#, &payload("")), "key_unknown");
        assert_eq!(refusal(r#"{"alg":"RS256","kid":"k"}"#, &payload("")), "algorithm_refused");
        // Key confusion: HMAC keyed with what the host holds as a public key.
        assert_eq!(refusal(r#"{"alg":"HS256"}"#, r#"{"iss":"b"}"#), "algorithm_refused");
        let mut forged = sign(HEADER, &payload(""));
        let flipped = if forged.ends_with('A') { "E" } else { "A" };
        forged.replace_range(forged.len() - 1.., flipped);
        assert_eq!(verify(&issuers(), &forged).unwrap_err(), Refusal::SignatureInvalid);
        let unsigned = forged.rsplit_once('.').unwrap().0;
        assert_eq!(verify(&issuers(), &format!("{unsigned}.")).unwrap_err(), Refusal::SignatureInvalid);
    }

    #[test]
    fn the_host_is_asked_and_its_answer_counts() {
        let issuers = issuers();
        let text = sign(r#"{"alg":"ES256"}"#, r#"{"iss":"b"}"#);
        let ask = || match issuers.verify(UnverifiedToken::parse(&text).unwrap()) {
            Ok(Verification::Ask(check)) => check,
            other => panic!("{other:?}"),
        };
        assert_eq!(ask().key(), KeyRef { issuer: 1, key: 0 });
        assert_eq!(ask().algorithm(), Algorithm::Es256);
        assert_eq!(ask().signing_input(), text.rsplit_once('.').unwrap().0.as_bytes());
        assert_eq!(ask().answer(true).unwrap().issuer(), "b");
        assert_eq!(ask().answer(false).unwrap_err(), Refusal::SignatureInvalid);
    }

    #[test]
    fn refuses_each_claim_by_its_name() {
        for (payload, code) in [
            (r#"{"iss":"a","aud":"api","iat":999900}"#.into(), "claim_missing"),
            (r#"{"iss":"a","aud":"api","exp":1000100}"#.into(), "claim_missing"),
            (r#"{"iss":"a","aud":"other","iat":999900,"exp":1000100}"#.into(), "audience_mismatch"),
            (r#"{"iss":"a","iat":999900,"exp":1000100}"#.into(), "audience_mismatch"),
            (r#"{"iss":"a","aud":"api","iat":999900,"exp":999995}"#.into(), "token_expired"),
            (r#"{"iss":"a","aud":"api","iat":1000006,"exp":1000100}"#.into(), "token_not_yet_valid"),
            (r#"{"iss":"a","aud":"api","iat":999900,"exp":1000801}"#.into(), "lifetime_too_long"),
            (payload(r#","nbf":1000006"#), "token_not_yet_valid"),
            (payload(r#","jti":1"#), Malformed::Claim("jti").code()),
        ] {
            assert_eq!(refusal(HEADER, &payload), code, "{payload}");
        }
        assert_eq!(refusal(r#"{"alg":"HS256","kid":"k","typ":"logout+jwt"}"#, &payload("")), "type_refused");
    }

    #[test]
    fn leeway_is_inclusive_where_it_should_be() {
        for (payload, code) in [
            (r#"{"iss":"a","aud":"api","iat":999900,"exp":999996}"#.into(), "accepted"),
            (r#"{"iss":"a","aud":"api","iat":1000005,"exp":1000100}"#.into(), "accepted"),
            (r#"{"iss":"a","aud":"api","iat":999900,"exp":1000800}"#.into(), "accepted"),
            (payload(r#","nbf":1000005"#), "accepted"),
        ] {
            assert_eq!(refusal(HEADER, &payload), code, "{payload}");
        }
    }
}
