use alloc::vec::Vec;

use crate::{
    Malformed, Reason, Refusal, Revocation, Target, Timestamp, VerifiedToken,
    claims::numeric_date,
    json::{Object, Value},
    subject_identifier::{self, Ends},
    validation::{meant_for, started},
};

/// A security event token (RFC 8417) as an OpenID Shared Signals transmitter sends it: an issuer's word that something has
/// happened to a subject of its own.
#[derive(Debug)]
pub struct SecurityEventToken {
    revocations: Vec<Revocation>,
}

/// Events after which no token issued before may be used, by their URIs: of CAEP 1.0 (sections 3.1 and 3.3) and of the RISC
/// Profile 1.0 (section 2). Any other is acknowledged and needs nothing done.
const REVOKING: [(&str, Reason); 6] = [
    ("https://schemas.openid.net/secevent/caep/event-type/session-revoked", Reason::Issuer),
    ("https://schemas.openid.net/secevent/risc/event-type/sessions-revoked", Reason::Issuer),
    ("https://schemas.openid.net/secevent/caep/event-type/credential-change", Reason::CredentialChange),
    ("https://schemas.openid.net/secevent/risc/event-type/credential-compromise", Reason::CredentialChange),
    ("https://schemas.openid.net/secevent/risc/event-type/account-disabled", Reason::AccountDisabled),
    ("https://schemas.openid.net/secevent/risc/event-type/account-purged", Reason::AccountDisabled),
];

impl VerifiedToken {
    /// Takes the token for a security event token meant for one of `audiences`.
    ///
    /// A wrong refusal loses a revocation, so what the standards only advise against (`exp`, `sub`) is overlooked.
    ///
    /// # Errors
    /// [`Refusal`] names the first thing that is not so.
    pub fn into_security_event_token(self, audiences: &[&str], now: Timestamp) -> Result<SecurityEventToken, Refusal> {
        let claims = self.claims();
        // 1. RFC 8417 section 2.3, and a must in SSF 1.0's SET profile: typed, so that it can pass for nothing else.
        if !self.header().is_typed("secevent+jwt") {
            return Err(Refusal::TypeRefused);
        }
        // 2. RFC 8417 section 2.2: `iss` has been matched; `iat` and `jti` are required, and `aud` is by SSF's profile.
        meant_for(claims, audiences)?;
        started(claims, &self.retention(), now)?;
        claims.token_id().ok_or(Refusal::ClaimMissing("jti".into()))?;
        // 3. RFC 8417 section 2.2: one event at least, each an object.
        let events = claims.events().and_then(Value::as_object);
        let events = events.ok_or(Refusal::NotAnEventToken("it has no `events`"))?;
        if events.members().next().is_none() {
            return Err(Refusal::NotAnEventToken("its `events` are empty"));
        }
        let mut revocations = Vec::new();
        for (uri, event) in events.members() {
            let event = event.as_object().ok_or(Refusal::NotAnEventToken("an event is not an object"))?;
            if let Some((_, reason)) = REVOKING.into_iter().find(|(revoking, _)| *revoking == uri) {
                revocations.extend(self.revocations(event, reason, now)?);
            }
        }
        Ok(SecurityEventToken { revocations })
    }

    fn revocations(&self, event: Object<'_>, reason: Reason, now: Timestamp) -> Result<Vec<Revocation>, Refusal> {
        let claims = self.claims().members();
        let happened_at = self.happened_at(event)?;
        if happened_at > now.plus(self.retention().leeway) {
            return Err(Refusal::NotYetValid);
        }
        // SSF 1.0 has it here; its drafts had it inside the event.
        let subject = claims.get("sub_id").or_else(|| event.get("subject")).and_then(Value::as_object);
        let subject = subject.ok_or(Refusal::SubjectUnsupported)?;
        let ends = if reason == Reason::Issuer { Ends::Session } else { Ends::User };
        let mut targets = subject_identifier::targets(subject, self.issuer(), ends)?;
        if let (Reason::Issuer, [Target::Subject(id)]) = (reason, &targets[..]) {
            // CAEP's own example of a session is an opaque identifier that stands alone, as a user's may: nothing tells which it is.
            if subject.get("format") == Some(Value::String("opaque")) {
                targets.push(Target::Session(id));
            }
        }
        let revocations = targets.iter().map(|target| self.terms().revocation_until(target, happened_at, reason, now));
        Ok(revocations.filter(|revocation| revocation.expires_at > now).collect())
    }

    /// When it happened: by the event itself (CAEP 1.0 section 2), by the token (RFC 8417 section 2.2), else when it was told.
    fn happened_at(&self, event: Object<'_>) -> Result<Timestamp, Malformed> {
        let claims = self.claims();
        if let Some(time) = event.get("event_timestamp") {
            return numeric_date("event_timestamp", time);
        }
        if let Some(time) = claims.members().get("toe") {
            return numeric_date("toe", time);
        }
        // `iat` is there: `started` has seen it.
        Ok(claims.issued_at().unwrap_or(Timestamp::from_secs(0)))
    }
}

impl SecurityEventToken {
    /// What to revoke; nothing, when the events are of no consequence here or all that they cover is dead already.
    pub fn revocations(&self) -> &[Revocation] {
        &self.revocations
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Cover, Cutoff,
        fixtures::{NOW, issuers, pepper, sign, verify},
    };

    const HEADER: &str = r#"{"alg":"HS256","kid":"k","typ":"secevent+jwt"}"#;
    const ANN: &str = r#","sub_id":{"format":"iss_sub","iss":"a","sub":"ann"}"#;

    fn payload(rest: &str) -> String {
        format!(r#"{{"iss":"a","aud":"receiver","iat":999990,"jti":"e"{rest}}}"#)
    }

    fn event(kind: &str, members: &str) -> String {
        format!(r#","events":{{"https://schemas.openid.net/secevent/{kind}":{{{members}}}}}"#)
    }

    fn read(header: &str, payload: &str) -> Result<Vec<Revocation>, &'static str> {
        let issuers = issuers();
        let token = verify(&issuers, &sign(header, payload)).unwrap();
        let token = token.into_security_event_token(&["receiver"], NOW);
        token.map(|token| token.revocations().into()).map_err(|refusal| refusal.code())
    }

    #[test]
    fn each_rule_of_the_standards_is_kept() {
        let revoked = event("caep/event-type/session-revoked", "");
        let good = payload(&format!("{ANN}{revoked}"));
        assert_eq!(read(HEADER, &good).map(|revocations| revocations.len()), Ok(1));
        for (header, payload, code) in [
            (r#"{"alg":"HS256","kid":"k"}"#, good.clone(), "type_refused"),
            (r#"{"alg":"HS256","kid":"k","typ":"logout+jwt"}"#, good.clone(), "type_refused"),
            (HEADER, good.replace("receiver", "other"), "audience_mismatch"),
            (HEADER, good.replace(r#""aud":"receiver","#, ""), "audience_mismatch"),
            (HEADER, good.replace(r#""iat":999990,"#, ""), "claim_missing"),
            (HEADER, good.replace("999990", "1000006"), "token_not_yet_valid"),
            (HEADER, good.replace(r#","jti":"e""#, ""), "claim_missing"),
            (HEADER, payload(ANN), "event_token_invalid"),
            (HEADER, payload(&format!(r#"{ANN},"events":[]"#)), "event_token_invalid"),
            (HEADER, payload(&format!(r#"{ANN},"events":{{}}"#)), "event_token_invalid"),
            (HEADER, payload(&format!(r#"{ANN},"events":{{"urn:x":1}}"#)), "event_token_invalid"),
            (HEADER, payload(&revoked), "subject_unsupported"),
            (HEADER, good.replace(r#""iss":"a","sub""#, r#""iss":"b","sub""#), "subject_unsupported"),
            (HEADER, good.replace("{}", r#"{"event_timestamp":"now"}"#), "claim_invalid"),
            (HEADER, good.replace("{}", r#"{"event_timestamp":1000006}"#), "token_not_yet_valid"),
        ] {
            assert_eq!(read(header, &payload), Err(code), "{header} {payload}");
        }
    }

    #[test]
    fn events_revoke_each_for_its_reason() {
        for (kind, reason) in [
            ("caep/event-type/session-revoked", Some(Reason::Issuer)),
            ("risc/event-type/sessions-revoked", Some(Reason::Issuer)),
            ("caep/event-type/credential-change", Some(Reason::CredentialChange)),
            ("risc/event-type/credential-compromise", Some(Reason::CredentialChange)),
            ("risc/event-type/account-disabled", Some(Reason::AccountDisabled)),
            ("risc/event-type/account-purged", Some(Reason::AccountDisabled)),
            ("caep/event-type/device-compliance-change", None),
            ("ssf/event-type/verification", None),
        ] {
            let revocations = read(HEADER, &payload(&format!("{ANN}{}", event(kind, "")))).unwrap();
            assert_eq!(revocations.first().map(|revocation| revocation.reason), reason, "{kind}");
        }
        // A verification is about a stream and not about a subject.
        assert_eq!(read(HEADER, &payload(&event("ssf/event-type/verification", r#""state":"x""#))), Ok(Vec::new()));
    }

    #[test]
    fn a_subject_is_revoked_until_the_event() {
        let subject = pepper(1).namespace("a").id(&Target::Subject("ann"));
        let cutoff = |rest: &str, members: &str| {
            let event = event("caep/event-type/credential-change", members);
            let revocations = read(HEADER, &payload(&format!("{rest}{event}"))).unwrap();
            let revocation = revocations.first().copied()?;
            assert_eq!((revocation.id, revocation.revoked_at), (subject, NOW));
            let Cutoff::IssuedUntil(cutoff) = revocation.cover.cutoff() else { panic!("covers all") };
            // The longest life, the leeway, the margin.
            assert_eq!(revocation.expires_at, Timestamp::from_millis(cutoff.as_millis() + 965_000));
            Some(cutoff.as_millis() / 1000)
        };
        let toe = format!(r#"{ANN},"toe":999000"#);
        assert_eq!(cutoff(&toe, r#""event_timestamp":999100"#), Some(999_105));
        assert_eq!(cutoff(&toe, ""), None, "all that it covers is dead");
        // The last token that it can cover dies, margin and all, now.
        assert_eq!(cutoff(ANN, r#""event_timestamp":999030"#), None);
        assert_eq!(cutoff(ANN, r#""event_timestamp":999031"#), Some(999_036));
        // As far ahead as the issuer's clock may be.
        assert_eq!(cutoff(ANN, r#""event_timestamp":1000005"#), Some(1_000_010));
        assert_eq!(cutoff(&toe.replace("999000", "999300"), ""), Some(999_305));
        assert_eq!(cutoff(ANN, ""), Some(999_995));
        let inside = r#""subject":{"format":"iss_sub","iss":"a","sub":"ann"}"#;
        assert_eq!(cutoff("", inside), Some(999_995));
        assert_eq!(cutoff(ANN, &inside.replace("ann", "bob")), Some(999_995), "the token's word counts first");
    }

    #[test]
    fn what_is_opaque_may_be_a_session_or_a_subject() {
        let ids = |kind: &str| -> Vec<_> {
            let opaque = r#","sub_id":{"format":"opaque","id":"x"}"#;
            let revocations = read(HEADER, &payload(&format!("{opaque}{}", event(kind, "")))).unwrap();
            revocations.iter().map(|revocation| revocation.id).collect()
        };
        let namespace = pepper(1).namespace("a");
        let [subject, session] = [Target::Subject("x"), Target::Session("x")].map(|target| namespace.id(&target));
        assert_eq!(ids("caep/event-type/session-revoked"), [subject, session]);
        assert_eq!(ids("caep/event-type/credential-change"), [subject]);
    }

    #[test]
    fn a_session_is_revoked_wholly() {
        let session = r#","sub_id":{"format":"complex","session":{"format":"opaque","id":"s"}}"#;
        let event = event("caep/event-type/session-revoked", r#""event_timestamp":10"#);
        let revocations = read(HEADER, &payload(&format!("{session}{event}"))).unwrap();
        let expected = Revocation {
            id: pepper(1).namespace("a").id(&Target::Session("s")),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_secs(1_000_005 + 965),
            revoked_at: NOW,
            reason: Reason::Issuer,
        };
        assert_eq!(revocations, [expected]);
    }
}
