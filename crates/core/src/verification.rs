use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use crate::{
    Algorithm, Claims, Cover, Cutoff, HostKey, Issuer, Issuers, Reason, Refusal, Retention, Revocation, RevocationId,
    Target, Timestamp, UnverifiedToken,
    hash::sha256,
    issuer::{IssuerTerms, Material, TrustedKey},
    token::{Header, MAX_TOKEN_BYTES},
};

/// How far a verification has come.
#[derive(Debug)]
pub enum Verification {
    /// The signature is right.
    Verified(VerifiedToken),
    /// The host holds the key: it has to check the signature and answer.
    Ask(SignatureCheck),
}

/// A signature for the host to check. It is told apart from the token's text, so that the host may take its time.
pub struct SignatureCheck {
    terms: Arc<IssuerTerms>,
    key: Arc<TrustedKey>,
    host_key: HostKey,
    header: Arc<Header>,
    claims: Claims,
    signing_input: Vec<u8>,
    signature: Vec<u8>,
}

/// A token that its issuer has signed. It may have expired, be meant for somebody else, or be revoked: good enough to be
/// revoked itself, not to let anybody in.
#[derive(Debug)]
pub struct VerifiedToken {
    terms: Arc<IssuerTerms>,
    /// The ids of the key that verified it.
    key: Arc<[RevocationId]>,
    header: Arc<Header>,
    claims: Claims,
    /// Its SHA-256, where there is no `jti`.
    signing_input: [u8; 32],
}

impl Issuers {
    /// Finds the token's key and checks its signature, or says which check is the host's to do.
    ///
    /// # Errors
    /// [`Refusal`] when no key of its issuer may verify the token, or the signature is wrong.
    pub fn verify(&self, token: UnverifiedToken<'_>) -> Result<Verification, Refusal> {
        let (terms, key) = self.key(token.claims.issuer(), &token.header)?;
        verify_with(terms.clone(), key.clone(), token)
    }

    /// Verifies something that this issuer is to have signed, and that need not name it: a [status list](crate::StatusListToken) has no
    /// `iss` of its own.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify); [`Refusal::IssuerUnknown`] when it names another issuer.
    pub fn verify_as(&self, issuer: &str, token: UnverifiedToken<'_>) -> Result<Verification, Refusal> {
        if token.claims.issuer().is_some_and(|named| named != issuer) {
            return Err(Refusal::IssuerUnknown);
        }
        let (terms, key) = self.key(Some(issuer), &token.header)?;
        verify_with(terms.clone(), key.clone(), token)
    }
}

#[inline(never)] // Lists and tokens share it.
fn verify_with(
    terms: Arc<IssuerTerms>,
    key: Arc<TrustedKey>,
    token: UnverifiedToken<'_>,
) -> Result<Verification, Refusal> {
    match &key.key.material {
        Material::Host(_, host_key) => Ok(Verification::Ask(SignatureCheck {
            host_key: *host_key,
            terms,
            key,
            signing_input: token.signing_input.into(),
            signature: token.signature,
            header: token.header,
            claims: token.claims,
        })),
        Material::Hmac(mac) => {
            if !mac.verifies(token.signing_input, &token.signature) {
                return Err(Refusal::SignatureInvalid);
            }
            let signing_input = identity(&token.claims, token.signing_input);
            let UnverifiedToken { header, claims, .. } = token;
            Ok(Verification::Verified(VerifiedToken { terms, key: key.ids.clone(), header, claims, signing_input }))
        }
    }
}

impl SignatureCheck {
    /// Which key to check with.
    pub const fn key(&self) -> HostKey {
        self.host_key
    }

    /// Which algorithm to check with. It is the key's.
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// What is signed.
    pub fn signing_input(&self) -> &[u8] {
        &self.signing_input
    }

    /// The signature. Of ECDSA it is r ‖ s, as WebCrypto takes it (RFC 7518 section 3.4).
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The host's answer.
    ///
    /// # Errors
    /// [`Refusal::SignatureInvalid`] when `valid` is false.
    pub fn answer(self, valid: bool) -> Result<VerifiedToken, Refusal> {
        if !valid {
            return Err(Refusal::SignatureInvalid);
        }
        let Self { terms, key, header, claims, signing_input, .. } = self;
        let signing_input = identity(&claims, &signing_input);
        Ok(VerifiedToken { terms, key: key.ids.clone(), header, claims, signing_input })
    }
}

/// Whoever reads a log must not be able to use what is in it.
impl fmt::Debug for SignatureCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureCheck").field("key", &self.key).finish_non_exhaustive()
    }
}

impl IssuerTerms {
    /// Takes a token of this issuer's for verified, because the caller has checked its signature: with a key of the issuer's, and
    /// by the algorithm that the key is for.
    ///
    /// For whoever verifies tokens by other means than [`Issuers`]. Which answer is dangerous: a token that nobody has verified
    /// lets its bearer revoke what is somebody else's.
    pub fn vouch(self: &Arc<Self>, token: UnverifiedToken<'_>) -> VerifiedToken {
        VerifiedToken {
            key: self.names_of_key(token.header.key_id()),
            signing_input: identity(&token.claims, token.signing_input),
            terms: self.clone(),
            header: token.header,
            claims: token.claims,
        }
    }
}

/// SHA-256 of what is signed, which only a token without a `jti` is named by. A list of a megabyte has no name.
#[inline(never)]
fn identity(claims: &Claims, signing_input: &[u8]) -> [u8; 32] {
    match claims.token_id() {
        None if signing_input.len() <= MAX_TOKEN_BYTES => sha256(signing_input),
        _ => [0; 32],
    }
}

impl VerifiedToken {
    /// What the token says.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// How long revocations of its issuer's tokens are kept.
    pub fn retention(&self) -> Retention {
        self.terms.issuer.retention()
    }

    /// What a revocation of this very token names.
    pub fn target(&self) -> Target<'_> {
        self.claims.token_id().map_or(Target::SigningInput(self.signing_input), Target::TokenId)
    }

    /// The revocation of this very token; `None` when it is dead already, and needs none.
    pub fn revocation(&self, reason: Reason, now: Timestamp) -> Option<Revocation> {
        Some(Revocation {
            id: self.id(&self.target()),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: self.retention().of_token(self.claims.expires_at(), now)?,
            revoked_at: now,
            reason,
        })
    }

    /// The id under which to write a revocation of something of this token's issuer.
    pub fn id(&self, target: &Target<'_>) -> RevocationId {
        self.terms.id(target)
    }

    /// On what terms its issuer's tokens are accepted.
    pub fn issuer(&self) -> &Issuer {
        &self.terms.issuer
    }

    pub(crate) fn terms(&self) -> &IssuerTerms {
        &self.terms
    }

    pub(crate) fn key_ids(&self) -> &[RevocationId] {
        &self.key
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::fixtures::{HEADER, NOW, issuer, issuers, issuers_under, payload, peppers, sign, verify};

    #[test]
    fn only_the_issuers_own_key_with_its_own_algorithm_verifies() {
        let issuers = issuers();
        let refusal = |header: &str, payload: &str| verify(&issuers, &sign(header, payload)).unwrap_err();
        assert_eq!(refusal(HEADER, r#"{"iss":"c"}"#), Refusal::IssuerUnknown);
        assert_eq!(refusal(HEADER, "{}"), Refusal::IssuerUnknown);
        assert_eq!(refusal(r#"{"alg":"HS256"}"#, &payload("")), Refusal::KeyUnknown);
        assert_eq!(refusal(r#"{"alg":"HS256","kid":"l"}"#, &payload("")), Refusal::KeyUnknown);
        assert_eq!(refusal(r#"{"alg":"RS256","kid":"k"}"#, &payload("")), Refusal::AlgorithmRefused);
        // Key confusion: HMAC keyed with what the host holds as a public key.
        assert_eq!(refusal(r#"{"alg":"HS256"}"#, r#"{"iss":"b"}"#), Refusal::AlgorithmRefused);
        let mut forged = sign(HEADER, &payload(""));
        let flipped = if forged.ends_with('A') { "E" } else { "A" };
        forged.replace_range(forged.len() - 1.., flipped);
        assert_eq!(verify(&issuers, &forged).unwrap_err(), Refusal::SignatureInvalid);
        let unsigned = forged.rsplit_once('.').unwrap().0;
        assert_eq!(verify(&issuers, &std::format!("{unsigned}.")).unwrap_err(), Refusal::SignatureInvalid);
    }

    #[test]
    fn a_token_that_is_vouched_for_has_the_names_of_one_that_is_verified() {
        let peppers = peppers(&[1, 2]);
        let issuers = issuers_under(&peppers);
        let terms = Arc::new(IssuerTerms::new(issuer("a"), &peppers));
        for rest in [r#","jti":"j","sid":"d","sub":"s""#, ""] {
            let text = sign(HEADER, &payload(rest));
            let verified = verify(&issuers, &text).unwrap();
            let vouched = terms.vouch(UnverifiedToken::parse(&text).unwrap());
            assert_eq!(
                (vouched.target(), vouched.id(&vouched.target())),
                (verified.target(), verified.id(&verified.target()))
            );
            let ids = |token: VerifiedToken| token.in_force(NOW).unwrap().ids().iter().collect::<Vec<_>>();
            assert_eq!(ids(vouched), ids(verified));
        }
    }

    #[test]
    fn the_host_is_asked_and_its_answer_counts() {
        let issuers = issuers();
        let text = sign(r#"{"alg":"ES256"}"#, r#"{"iss":"b"}"#);
        let ask = || match issuers.verify(UnverifiedToken::parse(&text).unwrap()) {
            Ok(Verification::Ask(check)) => check,
            other => panic!("{other:?}"),
        };
        assert_eq!((ask().key(), ask().algorithm()), (HostKey(7), Algorithm::Es256));
        assert_eq!(ask().signing_input(), text.rsplit_once('.').unwrap().0.as_bytes());
        assert_eq!(ask().signature().len(), 32);
        let token = ask().answer(true).unwrap();
        assert_eq!(token.issuer().name, "b");
        assert_eq!(ask().answer(false).unwrap_err(), Refusal::SignatureInvalid);
    }

    #[test]
    fn no_log_can_be_used_to_log_in_or_says_who_did() {
        let issuers = issuers();
        let text = sign(r#"{"alg":"ES256"}"#, r#"{"iss":"b","sub":"ann"}"#);
        let signature = text.rsplit_once('.').unwrap().1;
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(std::format!("{token:?}"), "UnverifiedToken([redacted])");
        let asked = issuers.verify(token).unwrap();
        let Verification::Ask(check) = issuers.verify(UnverifiedToken::parse(&text).unwrap()).unwrap() else {
            panic!("the host is not asked")
        };
        let bytes = std::format!("{:?}", check.signature());
        let verified = check.answer(true).unwrap();
        assert_eq!(std::format!("{:?}", verified.claims()), "Claims([redacted])");
        for logged in [std::format!("{asked:?}"), std::format!("{verified:?}")] {
            assert!(!logged.contains(signature) && !logged.contains(&bytes) && !logged.contains("ann"), "{logged}");
        }
    }

    #[test]
    fn a_token_is_its_jti_or_else_what_is_signed() {
        let issuers = issuers();
        let named = verify(&issuers, &sign(HEADER, &payload(r#","jti":"j""#))).unwrap();
        assert_eq!(named.target(), Target::TokenId("j"));
        let text = sign(HEADER, &payload(""));
        let hash = sha256(text.rsplit_once('.').unwrap().0.as_bytes());
        assert_eq!(verify(&issuers, &text).unwrap().target(), Target::SigningInput(hash));
    }
}
