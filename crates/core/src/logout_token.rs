use alloc::string::String;

use crate::{
    Cover, Cutoff, Reason, Refusal, Revocation, Target, Timestamp, VerifiedToken,
    json::Value,
    validation::{meant_for, not_expired, started},
};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4): an issuer's word that a session, or all of a subject's,
/// have ended.
#[derive(Debug)]
pub struct LogoutToken {
    token: VerifiedToken,
    ended: Ended,
    ended_at: Timestamp,
}

#[derive(Debug)]
enum Ended {
    Session(String),
    Subject(String),
}

impl VerifiedToken {
    /// Takes the token for a logout token meant for one of `audiences`: our client ids at the issuer.
    ///
    /// How long it may live is not capped, as that of an access token is: what it says counts until its `iat`, so an old one has
    /// little to say, and a wrong refusal loses a revocation.
    ///
    /// # Errors
    /// [`Refusal`] names the first step of section 2.6 that fails.
    pub fn into_logout_token(self, audiences: &[&str], now: Timestamp) -> Result<LogoutToken, Refusal> {
        let claims = self.claims();
        // 1 to 3: not encrypted, signed, and not with `none`: or it would be no `VerifiedToken`.
        if !self.header().may_be_logout_token() {
            return Err(Refusal::TypeRefused);
        }
        // 4: `iss` has been matched; `aud`, `iat` and `exp` as in an ID token.
        meant_for(claims, audiences)?;
        not_expired(claims, &self.retention(), now)?;
        let ended_at = started(claims, &self.retention(), now)?;
        // 5: `sub`, `sid` or both. A `sid` means that one session; a `sub` alone, all of the subject's.
        let ended = match (claims.session(), claims.subject()) {
            (Some(session), _) => Ended::Session(session.into()),
            (None, Some(subject)) => Ended::Subject(subject.into()),
            (None, None) => return Err(Refusal::ClaimMissing("sid".into())),
        };
        // 6: the event, whose value is an object.
        let events = claims.events().and_then(Value::as_object);
        if events.and_then(|events| events.get(EVENT)?.as_object()).is_none() {
            return Err(Refusal::NotALogoutToken("it has no back-channel logout event"));
        }
        // 7: an ID token has a `nonce`, so that neither can pass for the other.
        if claims.has("nonce") {
            return Err(Refusal::NotALogoutToken("it has a `nonce`"));
        }
        // 8, that the same token has not come before, is optional, and left out: it would do once more what is done. An issuer that
        // has not heard our answer must be able to send it again, and be told that it is.
        claims.token_id().ok_or(Refusal::ClaimMissing("jti".into()))?;
        Ok(LogoutToken { token: self, ended, ended_at })
    }
}

impl LogoutToken {
    /// What to revoke; `None` when all that it covers is dead already.
    ///
    /// It counts until the token was issued, not until it arrived: one that comes late, or once more, must not end what was begun
    /// since. For the same reason it does not get an entry that outlives its first one.
    pub fn revocation(&self, now: Timestamp) -> Option<Revocation> {
        let retention = self.token.retention();
        let until = retention.cutoff(self.ended_at);
        let (target, cutoff) = match &self.ended {
            Ended::Session(session) => (Target::Session(session), Cutoff::Always),
            Ended::Subject(subject) => (Target::Subject(subject), Cutoff::IssuedUntil(until)),
        };
        let revocation = Revocation {
            id: self.token.id(&target),
            cover: Cover::everyone(cutoff),
            expires_at: retention.of_cutoff(until),
            revoked_at: now,
            reason: Reason::Issuer,
        };
        (revocation.expires_at > now).then_some(revocation)
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::fixtures::{NOW, issuers, pepper, sign, verify};

    const HEADER: &str = r#"{"alg":"HS256","kid":"k","typ":"logout+jwt"}"#;

    fn payload(rest: &str) -> String {
        format!(r#"{{"iss":"a","aud":"client","iat":999990,"exp":1000100{rest}}}"#)
    }

    const EVENTS: &str = r#","events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#;

    fn refusal(header: &str, payload: &str) -> &'static str {
        let issuers = issuers();
        let token = verify(&issuers, &sign(header, payload)).unwrap();
        token.into_logout_token(&["client"], NOW).map_or_else(|refusal| refusal.code(), |_| "accepted")
    }

    #[test]
    fn each_step_of_the_standard_is_taken() {
        let sid = |rest: &str| payload(&format!(r#","jti":"j","sid":"s"{rest}"#));
        for (header, payload, code) in [
            (HEADER, sid(EVENTS), "accepted"),
            (r#"{"alg":"HS256","kid":"k"}"#, sid(EVENTS), "accepted"),
            (r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#, sid(EVENTS), "accepted"),
            (r#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#, sid(EVENTS), "type_refused"),
            (HEADER, sid(EVENTS).replace("client", "other"), "audience_mismatch"),
            (HEADER, sid(EVENTS).replace("1000100", "999000"), "token_expired"),
            (HEADER, sid(EVENTS).replace(r#","exp":1000100"#, ""), "claim_missing"),
            (HEADER, payload(&format!(r#","jti":"j"{EVENTS}"#)), "claim_missing"),
            (HEADER, sid(""), "logout_token_invalid"),
            (HEADER, sid(r#","events":{}"#), "logout_token_invalid"),
            (
                HEADER,
                sid(r#","events":["http://schemas.openid.net/event/backchannel-logout"]"#),
                "logout_token_invalid",
            ),
            (HEADER, sid(&EVENTS.replace("{}", "true")), "logout_token_invalid"),
            (HEADER, sid(&format!(r#","nonce":"n"{EVENTS}"#)), "logout_token_invalid"),
            (HEADER, payload(&format!(r#","sid":"s"{EVENTS}"#)), "claim_missing"),
        ] {
            assert_eq!(refusal(header, &payload), code, "{header} {payload}");
        }
    }

    #[test]
    fn a_session_ends_alone_and_a_subject_wholly() {
        let (issuers, namespace) = (issuers(), pepper(1).namespace("a"));
        let revocation = |rest: &str| {
            let token = verify(&issuers, &sign(HEADER, &payload(&format!(r#","jti":"j"{rest}{EVENTS}"#)))).unwrap();
            let token = token.into_logout_token(&["client"], NOW).unwrap();
            token.revocation(NOW).unwrap()
        };
        // It is 10 s old. The issuers' leeway is 5 s, their tokens live 900 s at most.
        let expires_at = Timestamp::from_secs(999_995 + 900 + 5 + 60);

        let session = revocation(r#","sid":"s","sub":"ann""#);
        assert_eq!((session.id, session.cover.cutoff()), (namespace.id(&Target::Session("s")), Cutoff::Always));
        let subject = revocation(r#","sub":"ann""#);
        let cutoff = Cutoff::IssuedUntil(Timestamp::from_secs(999_995));
        assert_eq!((subject.id, subject.cover.cutoff()), (namespace.id(&Target::Subject("ann")), cutoff));
        assert_eq!([session.expires_at, subject.expires_at], [expires_at; 2]);
    }
    #[test]
    fn whenever_it_comes_again_it_says_the_same() {
        let issuers = issuers();
        // It lives longer than access tokens may.
        let payload = payload(&format!(r#","jti":"j","sub":"ann"{EVENTS}"#)).replace("1000100", "1003600");
        let revocation = |later: u64| {
            let now = Timestamp::from_secs(1_000_000 + later);
            let token = verify(&issuers, &sign(HEADER, &payload)).unwrap();
            token.into_logout_token(&["client"], now).unwrap().revocation(now)
        };
        let first = revocation(0).unwrap();
        for later in [0, 60, 959] {
            assert_eq!(first.merge(revocation(later).unwrap()), first, "{later} s later");
        }
        assert_eq!(revocation(960), None, "all that it covers is dead");
    }
}
