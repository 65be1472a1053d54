use alloc::string::String;

use crate::{Claims, Malformed, Refusal, Retention, Timestamp, TokenType, VerifiedToken, json::Value};

/// A verified access token that was in force when it was validated. Whether it is revoked is still open.
#[derive(Debug)]
pub struct ValidToken {
    token: VerifiedToken,
    until: Timestamp,
}

/// One of the things that must be so before a token lets anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// It is an access token: an ID, logout or event token never is.
    Type,
    /// It is meant for us.
    Audience,
    /// It is not dead.
    Expiry,
    /// It is born.
    Start,
    /// It lives no longer than retention counts on.
    Lifetime,
    /// It has the claims that its issuer's policy needs, and those that can be revoked can be read.
    Claims,
}

impl Check {
    /// All of them, in the order in which they are made.
    pub(crate) const ALL: [Self; 6] =
        [Self::Type, Self::Audience, Self::Expiry, Self::Start, Self::Lifetime, Self::Claims];
}

impl VerifiedToken {
    /// Checks that the token is an access token, for us, in force at `now`, and what its issuer's policy wants it to be.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn validate(self, now: Timestamp) -> Result<ValidToken, Refusal> {
        self.valid_after(&Check::ALL, now)
    }

    /// Checks that the token is in force at `now`, and lives no longer than a revocation of it is kept: for a caller that has
    /// checked by itself that it is an access token, and whose.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn in_force(self, now: Timestamp) -> Result<ValidToken, Refusal> {
        self.valid_after(&[Check::Expiry, Check::Start, Check::Lifetime, Check::Claims], now)
    }

    fn valid_after(self, checks: &[Check], now: Timestamp) -> Result<ValidToken, Refusal> {
        checks.iter().try_for_each(|check| self.check(*check, now))?;
        // `Check::Expiry` has seen it.
        let expires_at = self.claims().expires_at().unwrap_or(now);
        Ok(ValidToken { until: expires_at.plus(self.issuer().leeway), token: self })
    }

    pub(crate) fn check(&self, check: Check, now: Timestamp) -> Result<(), Refusal> {
        let (claims, issuer, retention) = (self.claims(), self.issuer(), self.retention());
        match check {
            Check::Type => self.is_access_token().then_some(()).ok_or(Refusal::TypeRefused),
            Check::Audience => {
                let wanted = &issuer.audiences;
                let nobody = wanted.is_empty() && !claims.has("aud");
                let meant = nobody || claims.audiences().any(|audience| wanted.iter().any(|wanted| wanted == audience));
                meant.then_some(()).ok_or(Refusal::AudienceMismatch)
            }
            Check::Expiry => not_expired(claims, &retention, now),
            Check::Start => started(claims, &retention, now).map(drop),
            Check::Lifetime => lifetime_capped(claims, &retention),
            Check::Claims => {
                let members = claims.members();
                for name in &issuer.required_claims {
                    if matches!(members.get(name), None | Some(Value::Null)) {
                        return Err(Refusal::ClaimMissing(name.clone().into()));
                    }
                }
                for name in &issuer.revocable_claims {
                    if !matches!(members.get(name), None | Some(Value::String(_))) {
                        return Err(Malformed::Claim(String::from(&**name).into()).into());
                    }
                }
                Ok(())
            }
        }
    }

    fn is_access_token(&self) -> bool {
        let (header, claims) = (self.header(), self.claims());
        // Logout and other security event tokens have events, and nothing else does (RFC 8417 section 2.2).
        if claims.events().is_some() {
            return false;
        }
        let may_be_untyped = self.issuer().token_type == TokenType::Jwt;
        header.is_typed("at+jwt") || may_be_untyped && header.is_untyped() && !claims.are_an_id_tokens()
    }
}

/// Checks `aud` (RFC 7519 section 4.1.3).
#[inline(never)]
pub(crate) fn meant_for(claims: &Claims, audiences: &[&str]) -> Result<(), Refusal> {
    let is_meant = claims.audiences().any(|audience| audiences.contains(&audience));
    is_meant.then_some(()).ok_or(Refusal::AudienceMismatch)
}

/// Checks `exp` (RFC 7519 section 4.1.4).
pub(crate) fn not_expired(claims: &Claims, retention: &Retention, now: Timestamp) -> Result<(), Refusal> {
    let expires_at = claims.expires_at().ok_or(Refusal::ClaimMissing("exp".into()))?;
    if now < expires_at.plus(retention.leeway) { Ok(()) } else { Err(Refusal::Expired) }
}

/// Checks `nbf` and `iat` (RFC 7519 section 4.1), and tells the latter.
pub(crate) fn started(claims: &Claims, retention: &Retention, now: Timestamp) -> Result<Timestamp, Refusal> {
    let issued_at = claims.issued_at().ok_or(Refusal::ClaimMissing("iat".into()))?;
    let starts_at = claims.not_before().map_or(issued_at, |not_before| not_before.max(issued_at));
    if starts_at <= now.plus(retention.leeway) { Ok(issued_at) } else { Err(Refusal::NotYetValid) }
}

/// Checks the lifetime that retention counts on.
pub(crate) fn lifetime_capped(claims: &Claims, retention: &Retention) -> Result<(), Refusal> {
    let expires_at = claims.expires_at().ok_or(Refusal::ClaimMissing("exp".into()))?;
    let issued_at = claims.issued_at().ok_or(Refusal::ClaimMissing("iat".into()))?;
    if expires_at.since(issued_at) <= retention.max_lifetime { Ok(()) } else { Err(Refusal::LifetimeTooLong) }
}

impl ValidToken {
    /// What the token says.
    pub const fn claims(&self) -> &Claims {
        self.token.claims()
    }

    /// When it dies by itself: `exp` and the leeway after it.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    pub(crate) const fn verified(&self) -> &VerifiedToken {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Issuer, Issuers,
        fixtures::{HEADER, NOW, hmac_key, issuer, issuers, payload, peppers, sign, verify},
    };

    fn outcome(policy: impl FnOnce(&mut Issuer), header: &str, payload: &str) -> &'static str {
        let mut issuer = issuer("a");
        policy(&mut issuer);
        let issuers = Issuers::new(vec![(issuer, vec![hmac_key()])], &peppers(&[1])).unwrap();
        let token = verify(&issuers, &sign(header, payload)).unwrap();
        token.validate(NOW).map_or_else(|refusal| refusal.code(), |_| "accepted")
    }

    fn ordinary(payload: &str) -> &'static str {
        outcome(|_| {}, HEADER, payload)
    }

    #[test]
    fn a_token_in_force_is_good_until_its_leeway_ends() {
        assert_eq!(ordinary(r#"{"iss":"a","aud":["x","web"],"iat":999900,"exp":1000100}"#), "accepted");
        let issuers = Issuers::new(vec![(issuer("a"), vec![hmac_key()])], &peppers(&[1])).unwrap();
        let token = verify(&issuers, &sign(HEADER, &payload(r#","sub":"ann""#))).unwrap().validate(NOW).unwrap();
        assert_eq!(token.until(), Timestamp::from_secs(1_000_105));
        assert_eq!(token.claims().subject(), Some("ann"));
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
        ] {
            assert_eq!(ordinary(&payload), code, "{payload}");
        }
    }

    #[test]
    fn in_force_is_a_token_of_any_kind_and_for_anybody() {
        let issuers = issuers();
        let in_force = |header, payload: &str| {
            let token = verify(&issuers, &sign(header, payload)).unwrap();
            token.in_force(NOW).map_or_else(|refusal| refusal.code(), |_| "accepted")
        };
        let typed = r#"{"alg":"HS256","kid":"k","typ":"anything"}"#;
        assert_eq!(in_force(typed, r#"{"iss":"a","aud":"other","nonce":"n","iat":999900,"exp":1000100}"#), "accepted");
        for (payload, code) in [
            (r#"{"iss":"a","iat":999900}"#, "claim_missing"),
            (r#"{"iss":"a","exp":1000100}"#, "claim_missing"),
            (r#"{"iss":"a","iat":999900,"exp":999995}"#, "token_expired"),
            (r#"{"iss":"a","iat":1000006,"exp":1000100}"#, "token_not_yet_valid"),
            (r#"{"iss":"a","iat":999900,"exp":1000801}"#, "lifetime_too_long"),
        ] {
            assert_eq!(in_force(HEADER, payload), code, "{payload}");
        }
    }

    #[test]
    fn leeway_is_inclusive_where_it_should_be() {
        for payload in [
            r#"{"iss":"a","aud":"api","iat":999900,"exp":999996}"#.into(),
            r#"{"iss":"a","aud":"api","iat":1000005,"exp":1000100}"#.into(),
            r#"{"iss":"a","aud":"api","iat":999900,"exp":1000800}"#.into(),
            payload(r#","nbf":1000005"#),
        ] {
            assert_eq!(ordinary(&payload), "accepted", "{payload}");
        }
    }

    #[test]
    fn a_token_for_anybody_is_for_us_only_if_we_are_nobody() {
        let for_anybody = r#"{"iss":"a","iat":999900,"exp":1000100}"#;
        let nobody = |issuer: &mut Issuer| issuer.audiences.clear();
        assert_eq!(outcome(nobody, HEADER, for_anybody), "accepted");
        assert_eq!(outcome(nobody, HEADER, &payload("")), "audience_mismatch");
    }

    #[test]
    fn only_access_tokens_are_access_tokens() {
        let typed = |token_type: &str| HEADER.replace('}', &std::format!(r#","typ":"{token_type}"}}"#));
        let strictly = |issuer: &mut Issuer| issuer.token_type = TokenType::AccessToken;
        let (plain, id_token) = (payload(""), payload(r#","nonce":"n""#));
        let events = payload(r#","events":{}"#);
        for (header, payload, ordinarily, strict) in [
            (HEADER.into(), &plain, "accepted", "type_refused"),
            (typed("JWT"), &plain, "accepted", "type_refused"),
            (typed("at+jwt"), &plain, "accepted", "accepted"),
            (typed("logout+jwt"), &plain, "type_refused", "type_refused"),
            (typed("secevent+jwt"), &plain, "type_refused", "type_refused"),
            (typed("JWT"), &id_token, "type_refused", "type_refused"),
            (typed("JWT"), &payload(r#","at_hash":"h""#), "type_refused", "type_refused"),
            (typed("JWT"), &payload(r#","c_hash":"h""#), "type_refused", "type_refused"),
            (typed("at+jwt"), &id_token, "accepted", "accepted"),
            (typed("JWT"), &events, "type_refused", "type_refused"),
            (typed("at+jwt"), &events, "type_refused", "type_refused"),
        ] {
            let header: String = header;
            assert_eq!(outcome(|_| {}, &header, payload), ordinarily, "{header} {payload}");
            assert_eq!(outcome(strictly, &header, payload), strict, "{header} {payload}");
        }
    }

    #[test]
    fn a_required_claim_is_there_and_not_null() {
        let policy = |issuer: &mut Issuer| issuer.required_claims = vec!["sub".into(), "verified".into()];
        for (rest, code) in [
            (r#","sub":"s","verified":false"#, "accepted"),
            (r#","sub":"s","verified":{}"#, "accepted"),
            (r#","sub":"s","verified":null"#, "claim_missing"),
            (r#","sub":"s""#, "claim_missing"),
        ] {
            assert_eq!(outcome(policy, HEADER, &payload(rest)), code, "{rest}");
        }
        let refusal = Refusal::ClaimMissing("verified".into());
        assert_eq!(std::format!("{refusal}"), "the token has no `verified` claim");
    }

    #[test]
    fn a_revocable_claim_is_a_text_where_it_is() {
        let policy = |issuer: &mut Issuer| issuer.revocable_claims = vec!["tenant".into()];
        for (rest, code) in [
            ("", "accepted"),
            (r#","tenant":"t""#, "accepted"),
            (r#","tenant":7"#, "claim_invalid"),
            (r#","tenant":null"#, "claim_invalid"),
            (r#","tenant":["t"]"#, "claim_invalid"),
        ] {
            assert_eq!(outcome(policy, HEADER, &payload(rest)), code, "{rest}");
        }
    }
}
