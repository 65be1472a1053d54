use alloc::vec::Vec;

use crate::{Malformed, Reason, Refusal, Revocation, Timestamp, VerifiedToken, validation::Check};

/// How an assertion may be typed, besides `JWT` or not at all, which is what clients send today (draft-ietf-oauth-rfc7523bis
/// section 5).
const TYPE: &str = "client-authentication+jwt";

/// A token by which a client says who it is, signed with its own key (RFC 7523 sections 2.2 and 3). Whether it was used before is
/// still open.
#[derive(Debug)]
pub struct ClientAssertion {
    token: VerifiedToken,
    expires_at: Timestamp,
}

impl VerifiedToken {
    /// Takes the token for a client's assertion: its issuer is the client, whose audiences are ours.
    ///
    /// # Errors
    /// [`Refusal`] names the first step of RFC 7523 section 3 that fails.
    pub fn into_client_assertion(self, now: Timestamp) -> Result<ClientAssertion, Refusal> {
        let (claims, issuer) = (self.claims(), self.issuer());
        if !self.header().is_untyped() && !self.header().is_typed(TYPE) {
            return Err(Refusal::TypeRefused);
        }
        // 1: `iss` has been matched. 2: "the subject MUST be the client_id".
        if claims.subject().ok_or(Refusal::ClaimMissing("sub".into()))? != issuer.name {
            return Err(Malformed::Claim("sub".into()).into());
        }
        // 3.
        self.check(Check::Audience, now)?;
        // 4: and not "unreasonably far in the future", since it has to be remembered until then.
        self.check(Check::Expiry, now)?;
        let expires_at = claims.expires_at().ok_or(Refusal::ClaimMissing("exp".into()))?;
        let soonest = now.plus(issuer.leeway);
        if expires_at > soonest.plus(issuer.max_lifetime) {
            return Err(Refusal::LifetimeTooLong);
        }
        // 5 and 6: neither has to be there.
        if claims.not_before().max(claims.issued_at()) > Some(soonest) {
            return Err(Refusal::NotYetValid);
        }
        // 7: or nobody could tell whether it was used before.
        claims.token_id().ok_or(Refusal::ClaimMissing("jti".into()))?;
        // 8 and 9: it would be no `VerifiedToken`.
        Ok(ClientAssertion { token: self, expires_at })
    }
}

impl ClientAssertion {
    /// Who says so: a client's id.
    pub fn client(&self) -> &str {
        &self.token.issuer().name
    }

    /// What a store has to keep of it so that it is used once: entries as of a token that was revoked, under the id of each pepper.
    pub fn uses(&self, now: Timestamp) -> Vec<Revocation> {
        self.token.uses(Reason::Client, self.expires_at, now)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::{format, string::String, vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Issuer, Issuers,
        fixtures::{HEADER, NOW, hmac_key, peppers, sign, verify},
    };

    const GOOD: &str = r#"{"iss":"c","sub":"c","aud":"https://edge.example","exp":1000060,"jti":"j"}"#;

    fn assertion(header: &str, payload: &str) -> Result<ClientAssertion, Refusal> {
        let client = Issuer {
            leeway: Duration::from_secs(5),
            audiences: vec!["https://edge.example".into(), "https://edge.example/auth/revoke".into()],
            ..Issuer::new("c", Duration::from_secs(300))
        };
        let clients = Issuers::new(vec![(client, vec![hmac_key()])], &peppers(&[1, 2])).unwrap();
        verify(&clients, &sign(header, payload)).unwrap().into_client_assertion(NOW)
    }

    fn code(header: &str, payload: &str) -> &'static str {
        assertion(header, payload).map_or_else(|refusal| refusal.code(), |_| "accepted")
    }

    fn with(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from));
        GOOD.replacen(from, to, 1)
    }

    #[test]
    fn is_what_clients_send() {
        assert_eq!(assertion(HEADER, GOOD).unwrap().client(), "c");
        for payload in [
            with(r#""https://edge.example""#, r#"["https://other.example","https://edge.example/auth/revoke"]"#),
            with(r#""jti""#, r#""iat":1000000,"nbf":1000000,"jti""#),
            with(r#""jti""#, r#""iat":1000005,"jti""#),
            with("1000060", "1000305"),
            with("1000060", "999996"),
        ] {
            assert_eq!(code(HEADER, &payload), "accepted", "{payload}");
        }
        for typ in ["JWT", "client-authentication+jwt"] {
            assert_eq!(code(&format!(r#"{{"alg":"HS256","kid":"k","typ":"{typ}"}}"#), GOOD), "accepted");
        }
    }

    #[test]
    fn refuses_each_step_by_its_name() {
        for (payload, refused) in [
            (with(r#""sub":"c","#, ""), "claim_missing"),
            (with(r#""sub":"c""#, r#""sub":"d""#), "claim_invalid"),
            (with("https://edge.example", "https://other.example"), "audience_mismatch"),
            (with(r#""aud":"https://edge.example","#, ""), "audience_mismatch"),
            (with(r#""exp":1000060,"#, ""), "claim_missing"),
            (with("1000060", "999995"), "token_expired"),
            (with("1000060", "1000306"), "lifetime_too_long"),
            (with(r#""jti""#, r#""nbf":1000006,"jti""#), "token_not_yet_valid"),
            (with(r#""jti""#, r#""iat":1000006,"jti""#), "token_not_yet_valid"),
            (with(r#","jti":"j""#, ""), "claim_missing"),
        ] {
            assert_eq!(code(HEADER, &payload), refused, "{payload}");
        }
        assert_eq!(code(r#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#, GOOD), "type_refused");
    }

    #[test]
    fn it_is_known_again_under_every_pepper_until_it_is_dead() {
        let uses = |payload: &str| assertion(HEADER, payload).unwrap().uses(NOW);
        let ids = |uses: &[Revocation]| uses.iter().map(|entry| entry.id).collect::<Vec<_>>();
        let first = uses(GOOD);
        assert_eq!(first.len(), 2);
        assert_ne!(first[0].id, first[1].id);
        // `exp`, the leeway, and the margin for clocks.
        assert!(first.iter().all(|entry| entry.expires_at == Timestamp::from_secs(1_000_060 + 5 + 60)));
        // Its `jti` is what it is known by, whatever else it says.
        assert_eq!(ids(&uses(&with("1000060", "1000061"))), ids(&first));
        assert_ne!(ids(&uses(&with(r#""j""#, r#""k""#))), ids(&first));
    }
}
