use alloc::string::String;

use crate::{
    Cover, Cutoff, Reason, Refusal, Revocation, RevocationId, Target, Timestamp, VerifiedToken, json::Value,
    validation::in_force,
};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4): an issuer's word that a session, or all of a subject's,
/// have ended.
#[derive(Debug)]
pub struct LogoutToken {
    token: VerifiedToken,
    ended: Ended,
}

#[derive(Debug)]
enum Ended {
    Session(String),
    Subject(String),
}

impl VerifiedToken {
    /// Takes the token for a logout token meant for one of `audiences`: our client ids at the issuer.
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
        if !claims.audiences().any(|audience| audiences.contains(&audience)) {
            return Err(Refusal::AudienceMismatch);
        }
        in_force(claims, &self.retention(), now)?;
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
        // 8 is the host's: whether a token with this `jti` has been seen, see `replay_id`.
        claims.token_id().ok_or(Refusal::ClaimMissing("jti".into()))?;
        Ok(LogoutToken { token: self, ended })
    }
}

impl LogoutToken {
    /// What to revoke.
    pub fn revocation(&self, now: Timestamp) -> Revocation {
        let retention = self.token.retention();
        let cutoff = retention.cutoff(now);
        let (target, cover) = match &self.ended {
            Ended::Session(session) => (Target::Session(session), Cutoff::Always),
            Ended::Subject(subject) => (Target::Subject(subject), Cutoff::IssuedUntil(cutoff)),
        };
        Revocation {
            id: self.token.id(&target),
            cover: Cover::everyone(cover),
            expires_at: retention.of_cutoff(cutoff),
            revoked_at: now,
            reason: Reason::Issuer,
        }
    }

    /// The ids under which a host remembers that it has seen this token, as if it had been revoked: it must not be used again.
    /// The first is the one to write.
    pub fn replay_ids(&self) -> impl Iterator<Item = RevocationId> {
        let target = self.token.target();
        self.token.terms().names.iter().map(move |names| names.namespace.id(&target))
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
            assert!(token.replay_ids().eq([namespace.id(&Target::TokenId("j"))]));
            token.revocation(NOW)
        };
        // The issuers' leeway is 5 s, their tokens live 900 s at most.
        let expires_at = Timestamp::from_secs(1_000_005 + 900 + 5 + 60);

        let session = revocation(r#","sid":"s","sub":"ann""#);
        assert_eq!((session.id, session.cover.cutoff()), (namespace.id(&Target::Session("s")), Cutoff::Always));
        let subject = revocation(r#","sub":"ann""#);
        let cutoff = Cutoff::IssuedUntil(Timestamp::from_secs(1_000_005));
        assert_eq!((subject.id, subject.cover.cutoff()), (namespace.id(&Target::Subject("ann")), cutoff));
        assert_eq!([session.expires_at, subject.expires_at], [expires_at; 2]);
    }
}
