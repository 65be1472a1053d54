mod detail;

use alloc::{format, string::String, vec::Vec};
use core::{fmt, mem};

use crate::{
    Cutoff, Issuers, Refusal, Revocation, RevocationId, SignatureCheck, Timestamp, UnverifiedToken, Verification,
    VerifiedToken, validation::Check, verdict::TokenId,
};
use detail::relative;

/// Why a token is let in, or is not: every check and not only the first that fails, and every id with the entry found under it.
///
/// It asks for what it cannot do: a [signature](Self::signature_check) to check, [ids](Self::ids) to look up. What the host does
/// not answer stays open. As text it is a table for an operator; whatever comes from the token is quoted and escaped in it.
///
/// ```
/// # use core::time::Duration;
/// # use quash_core::*;
/// # let peppers = Peppers::new(vec![Pepper::new(b"a secret of at least 32 bytes, at random")?]).ok_or("no pepper")?;
/// # let issuers = Issuers::new(vec![(Issuer::new("https://issuer.example", Duration::from_secs(900)), vec![])], &peppers)?;
/// let text = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2ln";
/// let explanation = issuers.explain(text, Timestamp::from_secs(1_795_469_000));
/// assert_eq!(explanation.code(), Some("issuer_unknown"));
/// assert_eq!(explanation.to_string(), "\
/// ✓ form       68 bytes
/// ✗ key        issuer_unknown: iss \"https://other.example\", kid none, alg HS256; configured: \"https://issuer.example\"
/// ");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Explanation {
    now: Timestamp,
    steps: Vec<Step>,
    stage: Stage,
}

/// One step of the reasoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is looked at: `form`, `key`, `signature`, a check of the claims, or the rule that an id stands for.
    pub what: String,
    /// What came of it.
    pub outcome: Outcome,
    /// In words.
    pub detail: String,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it should be.
    Passed,
    /// The token is not accepted, with this code.
    Failed(&'static str),
    /// Nobody has answered.
    Open,
}

#[derive(Debug)]
enum Stage {
    Asking(SignatureCheck),
    Verified(VerifiedToken),
    Over,
}

impl Issuers {
    /// Explains what would become of a token at `now`.
    pub fn explain(&self, text: &str, now: Timestamp) -> Explanation {
        let mut explanation = Explanation { now, steps: Vec::new(), stage: Stage::Over };
        let token = match UnverifiedToken::parse(text) {
            Ok(token) => token,
            Err(refusal) => {
                explanation.add("form", Err(refusal.clone()), format!("{refusal}"));
                return explanation;
            }
        };
        explanation.add("form", Ok(()), format!("{} bytes", text.len()));
        let key = self.describe_key(&token);
        match self.verify(token) {
            Ok(verification) => {
                explanation.add("key", Ok(()), key);
                match verification {
                    Verification::Ask(check) => explanation.ask(check),
                    Verification::Verified(token) => explanation.verified(token),
                }
            }
            Err(Refusal::SignatureInvalid) => {
                explanation.add("key", Ok(()), key);
                explanation.add("signature", Err(Refusal::SignatureInvalid), String::new());
            }
            Err(refusal) => explanation.add("key", Err(refusal), key),
        }
        explanation
    }
}

impl Explanation {
    /// The signature that the host has to check, if it has to.
    pub const fn signature_check(&self) -> Option<&SignatureCheck> {
        match &self.stage {
            Stage::Asking(check) => Some(check),
            _ => None,
        }
    }

    /// The host's answer to it.
    pub fn answer_signature(&mut self, valid: bool) {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Asking(check) => {
                self.steps.pop();
                match check.answer(valid) {
                    Ok(token) => self.verified(token),
                    Err(refusal) => self.add("signature", Err(refusal), String::new()),
                }
            }
            other => self.stage = other,
        }
    }

    /// The ids to look up: none unless the signature is right.
    pub fn ids(&self) -> Vec<RevocationId> {
        match &self.stage {
            Stage::Verified(token) => token.ids().into_iter().map(|token_id| token_id.id).collect(),
            _ => Vec::new(),
        }
    }

    /// Every entry that the denylist holds under [those ids](Self::ids).
    pub fn answer_entries(&mut self, entries: &[Revocation]) {
        let token = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Verified(token) => token,
            other => {
                self.stage = other;
                return;
            }
        };
        let ids = token.ids();
        self.steps.truncate(self.steps.len() - ids.len());
        let issued_at = token.claims().issued_at();
        for token_id in ids {
            let mut steps = Vec::new();
            for entry in entries.iter().filter(|entry| entry.id == token_id.id) {
                steps.push(self.compare(&token_id, entry, issued_at));
            }
            if steps.is_empty() {
                steps.push(Step::new(&token_id, Outcome::Passed, "no entry"));
            }
            self.steps.append(&mut steps);
        }
    }

    /// The steps, in the order in which they are taken.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The code with which the token is refused; `None` when nothing has failed, which is no acceptance while a step is open.
    pub fn code(&self) -> Option<&'static str> {
        self.steps.iter().find_map(|step| match step.outcome {
            Outcome::Failed(code) => Some(code),
            _ => None,
        })
    }

    fn add(&mut self, what: &str, result: Result<(), Refusal>, detail: String) {
        let outcome = result.map_or_else(|refusal| Outcome::Failed(refusal.code()), |()| Outcome::Passed);
        self.steps.push(Step { what: what.into(), outcome, detail });
    }

    fn ask(&mut self, check: SignatureCheck) {
        self.steps.push(Step { what: "signature".into(), outcome: Outcome::Open, detail: "not checked".into() });
        self.stage = Stage::Asking(check);
    }

    fn verified(&mut self, token: VerifiedToken) {
        self.add("signature", Ok(()), String::new());
        for check in Check::ALL {
            let detail = token.describe(check, self.now);
            self.add(check.name(), token.check(check, self.now), detail);
        }
        self.steps.extend(token.ids().iter().map(|token_id| Step::new(token_id, Outcome::Open, "not looked up")));
        self.stage = Stage::Verified(token);
    }

    fn compare(&self, token_id: &TokenId, entry: &Revocation, issued_at: Option<Timestamp>) -> Step {
        let mut detail = format!("revoked {} for {}, ", relative(entry.revoked_at, self.now), entry.reason.name());
        let cutoff = entry.cover.cutoff_for(token_id.session);
        detail.push_str(&match cutoff {
            Cutoff::Nothing => "but not for this session".into(),
            Cutoff::Always => "whenever it was issued".into(),
            Cutoff::IssuedUntil(until) => format!("if issued until {}", relative(until, self.now)),
        });
        let covers = entry.cover.covers(issued_at, token_id.session);
        Step::new(token_id, if covers { Outcome::Failed("token_revoked") } else { Outcome::Passed }, &detail)
    }
}

impl Step {
    fn new(token_id: &TokenId, outcome: Outcome, detail: &str) -> Self {
        Self { what: format!("{}", token_id.rule), outcome, detail: format!("{}: {detail}", token_id.id) }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, outcome, detail } = self;
        match outcome {
            Outcome::Passed if detail.is_empty() => write!(f, "✓ {what}"),
            Outcome::Passed => write!(f, "✓ {what:<10} {detail}"),
            Outcome::Failed(code) if detail.is_empty() => write!(f, "✗ {what:<10} {code}"),
            Outcome::Failed(code) => write!(f, "✗ {what:<10} {code}: {detail}"),
            Outcome::Open => write!(f, "? {what:<10} {detail}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::{string::ToString, vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Cover, Issuer, Reason, Target, Verdict,
        fixtures::{HEADER, NOW, hmac_key, issuers, payload, pepper, peppers, sign, verify},
    };

    fn entry(target: Target<'_>, cover: Cover) -> Revocation {
        let id = pepper(1).namespace("a").id(&target);
        Revocation { id, cover, expires_at: NOW, revoked_at: Timestamp::from_secs(999_970), reason: Reason::Logout }
    }

    fn until(secs: u64) -> Cover {
        Cover::everyone(Cutoff::IssuedUntil(Timestamp::from_secs(secs)))
    }

    #[test]
    fn tells_every_step() {
        let issuers = issuers();
        let text = sign(HEADER, &payload(r#","jti":"j","sid":"s","sub":"ann","nbf":999900"#));
        let mut explanation = issuers.explain(&text, NOW);
        let ids = explanation.ids();
        assert_eq!(explanation.code(), None);
        assert!(explanation.to_string().contains("\n? token      "), "{explanation}");
        explanation.answer_entries(&[
            entry(Target::Session("s"), until(999_899)),
            entry(Target::Subject("ann"), until(1_000_005)),
        ]);
        let told = std::format!(
            "\
✓ form       {} bytes
✓ key        iss \"a\", kid \"k\", alg HS256
✓ signature
✓ type       typ none
✓ audience   aud \"api\"; configured: \"api\" \"web\"
✓ expiry     exp in 100 s, leeway 5 s
✓ start      iat 100 s ago, nbf 100 s ago, leeway 5 s
✓ lifetime   200 s of at most 900 s
✓ claims
✓ token      {}: no entry
✓ session    {}: revoked 30 s ago for logout, if issued until 101 s ago
✗ subject    token_revoked: {}: revoked 30 s ago for logout, if issued until in 5 s
✓ key        {}: no entry
✓ issuer     {}: no entry
",
            text.len(),
            ids[0],
            ids[1],
            ids[2],
            ids[3],
            ids[4]
        );
        assert_eq!(explanation.to_string(), told);
        assert_eq!(explanation.code(), Some("token_revoked"));
        assert_eq!(explanation.steps()[11].outcome, Outcome::Failed("token_revoked"));
    }

    #[test]
    fn tells_how_an_entry_spares_or_covers() {
        let issuers = issuers();
        let text = sign(HEADER, &payload(r#","sid":"s","sub":"ann""#));
        let session = |id| pepper(1).namespace("a").id(&Target::Session(id));
        for (cover, told) in [
            (Cover::everyone(Cutoff::Always), "whenever it was issued"),
            (Cover::all_but(session("s"), Cutoff::Always), "but not for this session"),
            (Cover::all_but(session("t"), Cutoff::Always), "whenever it was issued"),
            (until(1_000_000), "if issued until 0 s ago"),
        ] {
            let mut explanation = issuers.explain(&text, NOW);
            explanation.answer_entries(&[entry(Target::Subject("ann"), cover)]);
            assert!(explanation.to_string().contains(told), "{explanation}");
            assert_eq!(explanation.code().is_some(), told != "but not for this session");
        }
    }

    #[test]
    fn tells_what_is_wrong_with_a_key() {
        let issuers = issuers();
        for (header, payload, told) in [
            (HEADER, r#"{"iss":"c\n✓"}"#, r#"issuer_unknown: iss "c\n✓", kid "k", alg HS256; configured: "a" "b""#),
            (HEADER, "{}", "issuer_unknown: iss none, "),
            (
                r#"{"alg":"HS256"}"#,
                r#"{"iss":"a"}"#,
                r#"key_unknown: iss "a", kid none, alg HS256; configured: "k" for HS256"#,
            ),
            (
                r#"{"alg":"RS256","kid":"k"}"#,
                r#"{"iss":"a"}"#,
                r#"algorithm_refused: iss "a", kid "k", alg RS256; configured: "k" for"#,
            ),
            (r#"{"alg":"RS256"}"#, r#"{"iss":"b"}"#, "configured: none for ES256"),
        ] {
            let text = sign(header, &payload.replace('\n', "\\n"));
            let explanation = issuers.explain(&text, NOW);
            assert!(explanation.to_string().contains(told), "{explanation}");
            assert_eq!(explanation.steps().len(), 2);
        }
        assert_eq!(
            issuers.explain("a.b", NOW).to_string(),
            "✗ form       token_segments: the token does not have three segments\n"
        );
        let text = sign(HEADER, &payload(""));
        let unsigned = issuers.explain(&text[..=text.rfind('.').unwrap()], NOW).to_string();
        assert!(unsigned.ends_with("HS256\n✗ signature  signature_invalid\n"), "{unsigned}");
    }

    #[test]
    fn tells_of_every_claim_and_not_only_the_first() {
        let issuers = issuers();
        let text = sign(r#"{"alg":"HS256","kid":"k","typ":"logout+jwt"}"#, r#"{"iss":"a","exp":999000,"nbf":1000100}"#);
        let told = issuers.explain(&text, NOW).to_string();
        for line in [
            "✗ type       type_refused: typ \"logout+jwt\"",
            "✗ audience   audience_mismatch: aud; configured: \"api\" \"web\"",
            "✗ expiry     token_expired: exp 1000 s ago, leeway 5 s",
            "✗ start      claim_missing: no iat, nbf in 100 s, leeway 5 s",
            "✗ lifetime   claim_missing",
        ] {
            assert!(told.contains(&std::format!("{line}\n")), "{line} is not in\n{told}");
        }
    }

    #[test]
    fn tells_what_a_policy_wants() {
        let issuer = Issuer { required_claims: vec!["sub".into()], ..Issuer::new("a", Duration::ZERO) };
        let issuers = Issuers::new(vec![(issuer, vec![hmac_key()])], &peppers(&[1])).unwrap();
        let told = issuers.explain(&sign(HEADER, &payload("")), NOW).to_string();
        for line in [
            "✗ audience   audience_mismatch: aud \"api\"; configured: none",
            "✗ lifetime   lifetime_too_long: 200 s of at most 0 s",
            "✗ claims     claim_missing: the token has no `sub` claim",
        ] {
            assert!(told.contains(&std::format!("{line}\n")), "{line} is not in\n{told}");
        }
    }

    #[test]
    fn a_signature_is_asked_for_and_answered_once() {
        let issuers = issuers();
        let text = sign(r#"{"alg":"ES256"}"#, r#"{"iss":"b","aud":"api","iat":999900,"exp":1000100}"#);
        let mut explanation = issuers.explain(&text, NOW);
        assert!(explanation.signature_check().is_some() && explanation.ids().is_empty());
        assert!(explanation.to_string().ends_with("? signature  not checked\n"));
        explanation.answer_entries(&[]);
        assert!(explanation.signature_check().is_some(), "entries are no answer to a signature");
        explanation.answer_signature(true);
        assert!(explanation.signature_check().is_none());
        // The token and its issuer: its key has no name.
        assert_eq!(explanation.ids().len(), 2);
        let before = explanation.to_string();
        explanation.answer_signature(false);
        assert_eq!(explanation.to_string(), before);
        explanation.answer_entries(&[]);
        assert_eq!(explanation.code(), None);

        let mut forged = issuers.explain(&text, NOW);
        forged.answer_signature(false);
        assert!(forged.to_string().ends_with("✗ signature  signature_invalid\n"));
        assert!(forged.ids().is_empty());
    }

    /// An explanation of something else would be worse than none.
    #[test]
    fn it_ends_where_the_real_way_ends() {
        let issuers = issuers();
        let covers = [until(999_900), until(999_899), Cover::everyone(Cutoff::Always)];
        for rest in ["", r#","sub":"ann""#, r#","exp":1,"sub":"ann""#, r#","nbf":2000000"#, r#","typ":1,"nonce":"n""#] {
            let text = sign(HEADER, &payload(rest).replace(r#""exp":1000100,"exp":1,"#, r#""exp":1,"#));
            for cover in covers {
                let entries = vec![entry(Target::Subject("ann"), cover)];
                let mut explanation = issuers.explain(&text, NOW);
                explanation.answer_entries(&entries);
                let really = verify(&issuers, &text).and_then(|token| token.validate(NOW));
                let code = match really.map(|token| token.ids().verdict(&entries)) {
                    Ok(Verdict::NotRevoked { .. }) => None,
                    Ok(Verdict::Revoked { .. }) => Some("token_revoked"),
                    Err(refusal) => Some(refusal.code()),
                };
                assert_eq!(explanation.code(), code, "{explanation}");
            }
        }
    }
}
