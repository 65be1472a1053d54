//! Global Token Revocation (draft-parecki-oauth-global-token-revocation): everything of a subject, because its issuer or somebody
//! else who may says so.

use alloc::vec::Vec;

use crate::{
    Issuers, Reason, Refusal, Revocation, Target, Timestamp, VerifiedToken,
    json::Object,
    subject_identifier::{self, Ends},
    validation::{lifetime_capped, meant_for, not_expired, started},
};

impl VerifiedToken {
    /// Checks that the token is its issuer's own credential for a request to revoke, meant for one of `audiences`: as Okta's
    /// Universal Logout sends it, since the draft leaves it open (section 3.2). Typed, so that no other token of the issuer's
    /// can pass for it.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn check_revocation_caller(&self, audiences: &[&str], now: Timestamp) -> Result<(), Refusal> {
        let (claims, retention) = (self.claims(), self.retention());
        if !self.header().is_typed("global-token-revocation+jwt") {
            return Err(Refusal::TypeRefused);
        }
        meant_for(claims, audiences)?;
        not_expired(claims, &retention, now)?;
        // Whoever captures one can use it for as long as it lives.
        lifetime_capped(claims, &retention)?;
        started(claims, &retention, now).map(drop)
    }
}

impl Issuers {
    /// What to revoke, so that no token of this subject (RFC 9493) of the issuer's is accepted that was issued until now.
    ///
    /// # Errors
    /// [`Refusal::SubjectUnsupported`] when it names nobody among the issuer's subjects. One that names a session or a token, and
    /// not somebody, is not widened and not narrowed.
    pub fn revocations_of(
        &self,
        issuer: &str,
        subject: Object<'_>,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Vec<Revocation>, Refusal> {
        let terms = self.terms(issuer).ok_or(Refusal::IssuerUnknown)?;
        let targets = subject_identifier::targets(subject, terms.issuer(), Ends::User)?;
        let is_somebody = |target: &Target<'_>| matches!(target, Target::Subject(_) | Target::Claim { .. });
        if !targets.iter().all(is_somebody) {
            return Err(Refusal::SubjectUnsupported);
        }
        Ok(targets.iter().map(|target| terms.revocation_until(target, now, reason, now)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Cutoff,
        fixtures::{NOW, issuers, pepper, sign, verify},
        json::Document,
    };

    #[test]
    fn only_what_is_typed_for_it_authenticates_an_issuer() {
        let issuers = issuers();
        let check = |typ: &str, payload: &str| {
            let token =
                verify(&issuers, &sign(&format!(r#"{{"alg":"HS256","kid":"k","typ":"{typ}"}}"#), payload)).unwrap();
            token.check_revocation_caller(&["here"], NOW).map_or_else(|refusal| refusal.code(), |()| "accepted")
        };
        let (typ, good) = ("global-token-revocation+jwt", r#"{"iss":"a","aud":"here","iat":999990,"exp":1000100}"#);
        assert_eq!(check(typ, good), "accepted");
        for (typ, payload, code) in [
            ("JWT", good.into(), "type_refused"),
            ("at+jwt", good.into(), "type_refused"),
            (typ, good.replace("here", "api"), "audience_mismatch"),
            (typ, good.replace(r#""aud":"here","#, ""), "audience_mismatch"),
            (typ, good.replace("1000100", "999995"), "token_expired"),
            (typ, good.replace("1000100", "2000000"), "lifetime_too_long"),
            (typ, good.replace(r#","exp":1000100"#, ""), "claim_missing"),
            (typ, good.replace("999990", "1000006"), "token_not_yet_valid"),
            (typ, good.replace(r#","iat":999990"#, ""), "claim_missing"),
        ] {
            assert_eq!(check(typ, &payload), code, "{typ} {payload}");
        }
    }

    #[test]
    fn everything_of_somebody_ends_now() {
        let issuers = issuers();
        let revoked = |issuer, json: &str| {
            let document = Document::parse(json.into()).unwrap();
            issuers.revocations_of(issuer, document.object(), Reason::Client, NOW).map_err(|refusal| refusal.code())
        };
        for json in [r#"{"format":"iss_sub","iss":"a","sub":"ann"}"#, r#"{"format":"opaque","id":"ann"}"#] {
            let [revocation] = revoked("a", json).unwrap()[..] else { panic!("not one") };
            assert_eq!(revocation.id, pepper(1).namespace("a").id(&Target::Subject("ann")));
            assert_eq!(revocation.cover.cutoff(), Cutoff::IssuedUntil(Timestamp::from_secs(1_000_005)));
            assert_eq!((revocation.revoked_at, revocation.reason), (NOW, Reason::Client));
        }
        for (issuer, json, code) in [
            ("c", r#"{"format":"opaque","id":"ann"}"#, "issuer_unknown"),
            ("b", r#"{"format":"iss_sub","iss":"a","sub":"ann"}"#, "subject_unsupported"),
            ("a", r#"{"format":"jwt_id","iss":"a","jti":"j"}"#, "subject_unsupported"),
            ("a", r#"{"format":"email","email":"ann@a.example"}"#, "subject_unsupported"),
            ("a", r#"{"format":"complex","session":{"format":"opaque","id":"s"}}"#, "subject_unsupported"),
        ] {
            assert_eq!(revoked(issuer, json), Err(code), "{json}");
        }
    }
}
