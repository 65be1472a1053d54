use alloc::{sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use crate::{Cover, Cutoff, Revocation, RevocationId, Target, Timestamp, ValidToken, VerifiedToken};

/// Which kind of revocation hit a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The token itself.
    Token,
    /// Its session.
    Session,
    /// Its subject.
    Subject,
    /// The client it was issued to.
    Client,
    /// The key that signed it.
    Key,
    /// The value of a claim of this name.
    Claim(Arc<str>),
    /// Its issuer, wholly.
    Issuer,
}

/// `token`, `session`, …, `claim tenant`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Subject => "subject",
            Self::Client => "client",
            Self::Key => "key",
            Self::Claim(name) => return write!(f, "claim {name}"),
            Self::Issuer => "issuer",
        })
    }
}

/// Whether a token is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No entry covers it.
    NotRevoked {
        /// When it dies by itself.
        until: Timestamp,
    },
    /// An entry covers it.
    Revoked {
        /// What kind.
        rule: Rule,
        /// What of it: tokens issued after this are not covered. It can lie ahead, as far as an issuer's clock may; who logs
        /// in before has to log in again.
        cutoff: Cutoff,
    },
}

/// Issuers write `iat` in whole seconds, rounded down.
const ISSUED_AT_RESOLUTION: Duration = Duration::from_secs(1);

impl Verdict {
    /// Of a revoked token, how long it takes until one that is issued then is not covered too; `None` where that is so at once, or
    /// would never be. For `Retry-After`.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Revoked { cutoff: Cutoff::IssuedUntil(cutoff), .. } => {
                Some(cutoff.plus(ISSUED_AT_RESOLUTION).since(now)).filter(|wait| !wait.is_zero())
            }
            _ => None,
        }
    }
}

/// The ids under which a token can have been revoked: a handful for each pepper.
#[derive(Debug)]
pub struct TokenIds {
    issued_at: Option<Timestamp>,
    until: Timestamp,
    ids: Vec<TokenId>,
}

#[derive(Debug)]
pub(crate) struct TokenId {
    pub(crate) rule: Rule,
    pub(crate) id: RevocationId,
    /// The token's session under the same pepper, which the entry may spare.
    pub(crate) session: Option<RevocationId>,
}

impl ValidToken {
    /// The ids to look up: the whole denylist says nothing else about this token.
    pub fn ids(&self) -> TokenIds {
        TokenIds { issued_at: self.claims().issued_at(), until: self.until(), ids: self.verified().ids() }
    }
}

impl VerifiedToken {
    pub(crate) fn ids(&self) -> Vec<TokenId> {
        let (terms, claims, key_ids) = (self.terms(), self.claims(), self.key_ids());
        let revocable = &terms.issuer.revocable_claims;
        let mut named = Vec::with_capacity(4 + revocable.len());
        named.push((Rule::Token, self.target()));
        named.extend(claims.session().map(|session| (Rule::Session, Target::Session(session))));
        named.extend(claims.subject().map(|subject| (Rule::Subject, Target::Subject(subject))));
        named.extend(claims.client().map(|client| (Rule::Client, Target::Client(client))));
        named.extend(revocable.iter().filter_map(|name| {
            let value = claims.string(name)?;
            Some((Rule::Claim(name.clone()), Target::Claim { name, value }))
        }));

        let mut ids = Vec::with_capacity(terms.names.len() * (named.len() + 2));
        for (index, names) in terms.names.iter().enumerate() {
            let first = ids.len();
            let mut session = None;
            names.namespace.for_each_id(&named, |rule, id| {
                if *rule == Rule::Session {
                    session = Some(id);
                }
                ids.push(TokenId { rule: rule.clone(), id, session: None });
            });
            ids.extend(key_ids.get(index).map(|id| TokenId { rule: Rule::Key, id: *id, session: None }));
            ids.push(TokenId { rule: Rule::Issuer, id: names.everything, session: None });
            ids[first..].iter_mut().for_each(|token_id| token_id.session = session);
        }
        ids
    }
}

impl TokenIds {
    /// The ids.
    pub fn iter(&self) -> impl Iterator<Item = RevocationId> {
        self.ids.iter().map(|token_id| token_id.id)
    }

    /// Decides, given every entry that a denylist holds under these ids. Entries of other ids do not matter.
    ///
    /// An entry past its `expires_at` still counts: what it covers is dead anyway, so it can only ever be right.
    pub fn verdict(&self, entries: &[Revocation]) -> Verdict {
        self.verdict_by(|id| {
            let covers = entries.iter().filter(|entry| entry.id == *id).map(|entry| entry.cover);
            covers.reduce(Cover::union)
        })
    }

    /// Decides, given what the entry of an id covers, if there is one.
    pub fn verdict_by(&self, mut covered: impl FnMut(&RevocationId) -> Option<Cover>) -> Verdict {
        for TokenId { rule, id, session } in &self.ids {
            if let Some(cover) = covered(id)
                && cover.covers(self.issued_at, *session)
            {
                return Verdict::Revoked { rule: rule.clone(), cutoff: cover.cutoff_for(*session) };
            }
        }
        Verdict::NotRevoked { until: self.until }
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Issuer, Issuers, Pepper, Peppers, Reason,
        fixtures::{HEADER, NOW, hmac_key, issuer, payload, pepper, peppers, sign, verify},
    };

    fn ids(peppers: &Peppers, rest: &str) -> TokenIds {
        let issuer = Issuer { revocable_claims: vec!["tenant".into(), "device".into()], ..issuer("a") };
        let issuers = Issuers::new(vec![(issuer, vec![hmac_key()])], peppers).unwrap();
        verify(&issuers, &sign(HEADER, &payload(rest))).unwrap().validate(NOW).unwrap().ids()
    }

    const FULL: &str = r#","jti":"j","sid":"d","sub":"s","client_id":"c","tenant":"t","device":"t""#;

    fn entry(pepper: &Pepper, target: Target<'_>, cover: Cover) -> Revocation {
        let id = pepper.namespace("a").id(&target);
        Revocation { id, cover, expires_at: NOW, revoked_at: NOW, reason: Reason::Logout }
    }

    fn rule(ids: &TokenIds, entries: &[Revocation]) -> Option<Rule> {
        match ids.verdict(entries) {
            Verdict::NotRevoked { .. } => None,
            Verdict::Revoked { rule, .. } => Some(rule),
        }
    }

    #[test]
    fn each_name_of_the_token_revokes_it() {
        let ids = ids(&peppers(&[1]), FULL);
        let tenant = |value| Target::Claim { name: "tenant", value };
        for (target, expected) in [
            (Target::TokenId("j"), Some(Rule::Token)),
            (Target::Session("d"), Some(Rule::Session)),
            (Target::Subject("s"), Some(Rule::Subject)),
            (Target::Client("c"), Some(Rule::Client)),
            (Target::Key("k"), Some(Rule::Key)),
            (tenant("t"), Some(Rule::Claim("tenant".into()))),
            (Target::Claim { name: "device", value: "t" }, Some(Rule::Claim("device".into()))),
            (Target::Everything, Some(Rule::Issuer)),
            (Target::TokenId("other"), None),
            (Target::Session("s"), None),
            (tenant("u"), None),
            (Target::Claim { name: "sub", value: "s" }, None),
        ] {
            let entry = entry(&pepper(1), target, Cover::everyone(Cutoff::Always));
            assert_eq!(rule(&ids, &[entry]), expected, "{target:?}");
        }
        assert_eq!(ids.verdict(&[]), Verdict::NotRevoked { until: Timestamp::from_secs(1_000_105) });
        assert_eq!(ids.iter().count(), 8);
    }

    #[test]
    fn who_was_revoked_is_told_how_long_a_new_login_is_covered_too() {
        let told = |cutoff, millis: u64| {
            let wait = Verdict::Revoked { rule: Rule::Subject, cutoff }.retry_after(Timestamp::from_millis(millis));
            wait.map(|wait| wait.as_millis())
        };
        let until = Cutoff::IssuedUntil(Timestamp::from_millis(5_500));
        // Issued at 5.9 s, a token says 5.
        let waits = [2_500, 5_500, 5_900, 6_499, 6_500].map(|now| told(until, now));
        assert_eq!(waits, [Some(4_000), Some(1_000), Some(600), Some(1), None]);
        assert_eq!(told(Cutoff::Always, 5_500), None);
    }

    #[test]
    fn a_name_is_found_however_long_it_is() {
        // From none to two blocks of SHA-256.
        for length in 0..=120 {
            let subject = "s".repeat(length);
            let ids = ids(&peppers(&[1]), &std::format!(r#","jti":"j","sid":"d","sub":"{subject}""#));
            for (target, expected) in [(Target::TokenId("j"), Rule::Token), (Target::Subject(&subject), Rule::Subject)]
            {
                let entry = entry(&pepper(1), target, Cover::everyone(Cutoff::Always));
                assert_eq!(rule(&ids, &[entry]), Some(expected), "{length}");
            }
        }
    }

    #[test]
    fn a_rule_has_a_name() {
        let rules = [Rule::Token, Rule::Session, Rule::Subject, Rule::Client, Rule::Key, Rule::Issuer];
        let names = rules.map(|rule| std::format!("{rule}"));
        assert_eq!(names, ["token", "session", "subject", "client", "key", "issuer"]);
        assert_eq!(std::format!("{}", Rule::Claim("tenant".into())), "claim tenant");
    }

    #[test]
    fn a_revocation_says_how_far_it_reaches() {
        let cutoff = Cutoff::IssuedUntil(NOW);
        let entry = entry(&pepper(1), Target::Subject("s"), Cover::everyone(cutoff));
        let verdict = ids(&peppers(&[1]), FULL).verdict(&[entry]);
        assert_eq!(verdict, Verdict::Revoked { rule: Rule::Subject, cutoff });
    }

    #[test]
    fn a_token_without_jti_is_known_by_what_is_signed() {
        let peppers = peppers(&[1]);
        let (one, other) = (ids(&peppers, r#","n":1"#), ids(&peppers, r#","n":2"#));
        let tokens = |ids: &TokenIds| ids.ids[0].id;
        assert_eq!(one.ids[0].rule, Rule::Token);
        assert_ne!(tokens(&one), tokens(&other));
        assert_eq!(tokens(&one), tokens(&ids(&peppers, r#","n":1"#)));
        // The token, its key and its issuer: it says nothing else.
        assert_eq!(one.iter().count(), 3);
    }

    #[test]
    fn every_pepper_is_looked_up() {
        let ids = ids(&peppers(&[2, 1]), FULL);
        assert_eq!(ids.iter().count(), 16);
        for byte in [1, 2] {
            let entry = entry(&pepper(byte), Target::TokenId("j"), Cover::everyone(Cutoff::Always));
            assert_eq!(rule(&ids, &[entry]), Some(Rule::Token));
        }
    }

    #[test]
    fn a_cutoff_covers_by_iat_and_spares_the_kept_session() {
        // With the old pepper, so that the session must be compared under the pepper that the entry was written with.
        let ids = ids(&peppers(&[2, 1]), FULL);
        let subject = |cover| [entry(&pepper(1), Target::Subject("s"), cover)];
        let until = |secs| Cutoff::IssuedUntil(Timestamp::from_secs(secs));
        let session = |id| pepper(1).namespace("a").id(&Target::Session(id));
        assert_eq!(rule(&ids, &subject(Cover::everyone(until(999_900)))), Some(Rule::Subject));
        assert_eq!(rule(&ids, &subject(Cover::everyone(until(999_899)))), None);
        assert_eq!(rule(&ids, &subject(Cover::all_but(session("d"), Cutoff::Always))), None);
        assert_eq!(rule(&ids, &subject(Cover::all_but(session("x"), Cutoff::Always))), Some(Rule::Subject));
    }

    #[test]
    fn entries_of_others_do_not_matter() {
        let always = Cover::everyone(Cutoff::Always);
        let others: Vec<_> = (2..52).map(|byte| entry(&pepper(byte), Target::TokenId("j"), always)).collect();
        assert_eq!(rule(&ids(&peppers(&[1]), FULL), &others), None);
    }
}
