use alloc::{format, string::String, vec::Vec};

use crate::{
    Cover, Cutoff, Reason, Refusal, Revocation, Target, Timestamp, ValidToken, VerifiedToken, validation::meant_for,
};

/// How a refresh token is typed. No standard has a name for it, since to most of them it is opaque; what matters is that no other kind
/// has this one, so that neither is ever taken for the other.
pub const REFRESH_TOKEN_TYPE: &str = "rt+jwt";

/// What the `jti` of the token behind a refresh token is an id of. No issuer's claim has such a name.
const SUCCESSOR: &str = "quash/successor/v1";

/// A refresh token in force (RFC 6749 section 1.5): good for one use, which is to be exchanged. Whether it was used before, or is
/// revoked, is still open.
#[derive(Debug)]
pub struct RefreshToken {
    token: ValidToken,
    family: Revocation,
}

impl VerifiedToken {
    /// Takes the token for a refresh token of its issuer's, and for its issuer: what tells it from an access token is `typ`, and for
    /// whoever does not look at that, `aud`.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn into_refresh_token(self, now: Timestamp) -> Result<RefreshToken, Refusal> {
        // One that is bound to a key is good only with a proof, and nobody here asks for one (RFC 9449 section 5).
        if !self.is_refresh_token() || self.claims().has("cnf") {
            return Err(Refusal::TypeRefused);
        }
        meant_for(self.claims(), &[&self.issuer().name])?;
        // Without a family nothing could be revoked when it is used twice.
        let family = self.family(Reason::Reuse, now).ok_or(Refusal::ClaimMissing("sid".into()))?;
        // The SHA-256 that other tokens are known by will not do: whoever holds the key signs no two of the same, but may say the same.
        self.claims().token_id().ok_or(Refusal::ClaimMissing("jti".into()))?;
        Ok(RefreshToken { token: self.in_force(now)?, family })
    }

    /// Checks that the token is in force, and is for its issuer, as refresh tokens are whatever else they say; or an access token for us.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn for_issuer_or_us(self, now: Timestamp) -> Result<ValidToken, Refusal> {
        match meant_for(self.claims(), &[&self.issuer().name]) {
            Ok(()) => self.in_force(now),
            Err(_) => self.validate(now),
        }
    }

    /// Whether it says that it is one.
    pub fn is_refresh_token(&self) -> bool {
        self.header().is_typed(REFRESH_TOKEN_TYPE)
    }

    /// The revocation of everything in its session; `None` for a token without one.
    pub fn family(&self, reason: Reason, now: Timestamp) -> Option<Revocation> {
        let retention = self.retention();
        Some(Revocation {
            id: self.id(&Target::Session(self.claims().session()?)),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: retention.of_cutoff(retention.cutoff(now)),
            revoked_at: now,
            reason,
        })
    }

    /// What a store has to keep of a token that is good for one use: entries as of a token that was revoked, under the id of each
    /// pepper.
    pub(crate) fn uses(&self, reason: Reason, expires_at: Timestamp, now: Timestamp) -> Vec<Revocation> {
        let (target, retention) = (self.target(), self.retention());
        let entry = |id| Revocation {
            id,
            cover: Cover::everyone(Cutoff::Always),
            expires_at: retention.of_token(Some(expires_at), now).unwrap_or(now),
            revoked_at: now,
            reason,
        };
        self.terms().names.iter().map(|names| entry(names.namespace.id(&target))).collect()
    }
}

impl RefreshToken {
    /// The token, to look up whether it is revoked.
    pub const fn token(&self) -> &ValidToken {
        &self.token
    }

    /// Whose it is.
    pub fn issuer(&self) -> &str {
        &self.token.verified().issuer().name
    }

    /// What a store has to keep of its first use.
    pub fn uses(&self, now: Timestamp) -> Vec<Revocation> {
        let expires_at = self.token.claims().expires_at().unwrap_or(now);
        self.token.verified().uses(Reason::Reuse, expires_at, now)
    }

    /// What to revoke when it turns out to have been used before: its session, with all that was issued in it.
    pub const fn family(&self) -> Revocation {
        self.family
    }

    /// The `jti` of the refresh token that takes its place: the same, whoever exchanges it and however often.
    ///
    /// So two tabs that exchange one at once go on with one token, and not with two that each lead on by themselves: a thief who was
    /// as quick as its owner holds what the owner holds, and whichever of them is late with that gives both away.
    pub fn successor(&self) -> String {
        let token = self.token.verified();
        let value = token.claims().token_id().unwrap_or_default();
        format!("{}", token.id(&Target::Claim { name: SUCCESSOR, value }))
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Issuers, Rule, Verdict,
        fixtures::{HEADER, NOW, hmac_key, issuer, issuers, payload, peppers, sign, verify},
    };

    const TYPED: &str = r#"{"alg":"HS256","kid":"k","typ":"rt+jwt"}"#;
    const GOOD: &str = r#"{"iss":"a","aud":"a","iat":999900,"exp":1000100,"jti":"j","sid":"s"}"#;

    fn refresh_token(header: &str, payload: &str) -> Result<RefreshToken, Refusal> {
        verify(&issuers(), &sign(header, payload)).unwrap().into_refresh_token(NOW)
    }

    #[test]
    fn refuses_each_thing_by_its_name() {
        assert!(refresh_token(TYPED, GOOD).is_ok());
        for (from, to, code) in [
            (r#""aud":"a""#, r#""aud":["api","a"]"#, "accepted"),
            (r#""aud":"a","#, "", "audience_mismatch"),
            (r#""aud":"a""#, r#""aud":"api""#, "audience_mismatch"),
            (r#","sid":"s""#, "", "claim_missing"),
            (r#""jti":"j","#, "", "claim_missing"),
            (r#""exp":1000100,"#, "", "claim_missing"),
            ("1000100", "999995", "token_expired"),
            ("999900", "1000006", "token_not_yet_valid"),
            ("1000100", "1000801", "lifetime_too_long"),
            (r#""jti""#, r#""cnf":{"jkt":"x"},"jti""#, "type_refused"),
        ] {
            assert!(GOOD.contains(from));
            let told = refresh_token(TYPED, &GOOD.replacen(from, to, 1));
            assert_eq!(told.map_or_else(|refusal| refusal.code(), |_| "accepted"), code, "{to}");
        }
    }

    /// Each is refused where the other is wanted, whatever `aud` says.
    #[test]
    fn no_access_token_is_one_and_it_is_no_access_token() {
        let both = r#"{"iss":"a","aud":["a","api"],"iat":999900,"exp":1000100,"jti":"j","sid":"s"}"#;
        for header in [HEADER, &TYPED.replace("rt+jwt", "at+jwt"), &TYPED.replace("rt+jwt", "JWT")] {
            assert_eq!(refresh_token(header, both).unwrap_err(), Refusal::TypeRefused, "{header}");
        }
        let presented = verify(&issuers(), &sign(TYPED, both)).unwrap().validate(NOW);
        assert_eq!(presented.unwrap_err(), Refusal::TypeRefused);
    }

    #[test]
    fn its_use_is_kept_under_every_pepper_until_it_is_dead() {
        let issuers = Issuers::new(vec![(issuer("a"), vec![hmac_key()])], &peppers(&[1, 2])).unwrap();
        let token = verify(&issuers, &sign(TYPED, GOOD)).unwrap().into_refresh_token(NOW).unwrap();
        let uses = token.uses(NOW);
        assert_eq!(uses.len(), 2);
        assert_ne!(uses[0].id, uses[1].id);
        // `exp`, the leeway, and the margin for clocks.
        assert!(uses.iter().all(|entry| entry.expires_at == Timestamp::from_secs(1_000_100 + 5 + 60)));
    }

    #[test]
    fn its_family_is_whatever_was_issued_in_its_session() {
        let family = refresh_token(TYPED, GOOD).unwrap().family();
        let access = |rest: &str| {
            let token = verify(&issuers(), &sign(HEADER, &payload(rest))).unwrap().validate(NOW).unwrap();
            token.ids().verdict(&[family])
        };
        assert!(matches!(access(r#","sid":"s""#), Verdict::Revoked { rule: Rule::Session, .. }));
        assert!(matches!(access(r#","sid":"t""#), Verdict::NotRevoked { .. }));
        // The last token of the family may be issued now, and by a clock that is ahead.
        assert_eq!(family.expires_at, Timestamp::from_secs(1_000_000 + 5 + 900 + 5 + 60));
    }

    #[test]
    fn it_has_one_successor() {
        let successor = |payload: &str| refresh_token(TYPED, payload).unwrap().successor();
        let first = successor(GOOD);
        // Changing it parts tabs that refresh while versions change.
        assert_eq!(first, "c6d753f237187db75b3d5a31eaddea07");
        assert_eq!(successor(&GOOD.replace("1000100", "1000101")), first);
        let second = successor(&GOOD.replace(r#""j""#, &format!("\"{first}\"")));
        assert!(second != first && successor(&GOOD.replace(r#""j""#, r#""k""#)) != first);
        // It is none of the names under which anything of the token is kept.
        let token = refresh_token(TYPED, GOOD).unwrap();
        assert!(token.uses(NOW).iter().all(|entry| format!("{}", entry.id) != first));
    }
}
