use alloc::vec::Vec;

use crate::{Cutoff, Name, Peppers, Reason, Revocation, RevocationId, Target, Timestamp, ValidToken, VerifiedToken};

/// Which kind of revocation hit a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Its issuer, wholly.
    Issuer,
}

/// Whether a token is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No entry covers it.
    NotRevoked,
    /// An entry covers it.
    Revoked {
        /// What kind.
        rule: Rule,
        /// Since when.
        revoked_at: Timestamp,
        /// Why.
        reason: Reason,
        /// What of it: tokens issued after this are not covered. It can lie ahead, as far as an issuer's clock may; who logs
        /// in before has to log in again.
        cutoff: Cutoff,
    },
}

/// The ids under which a token can have been revoked: a handful for each pepper.
#[derive(Debug)]
pub struct TokenIds {
    issued_at: Option<Timestamp>,
    ids: Vec<TokenId>,
}

#[derive(Debug)]
struct TokenId {
    rule: Rule,
    id: RevocationId,
    /// The token's session under the same pepper, which the entry may spare.
    session: Option<RevocationId>,
}

impl ValidToken<'_> {
    /// The ids to look up: the whole denylist says nothing else about this token.
    pub fn ids(&self, peppers: &Peppers) -> TokenIds {
        let token = self.verified();
        let claims = token.claims();
        let names = [
            (Rule::Token, Some(token.name())),
            (Rule::Session, claims.session().map(Name::Session)),
            (Rule::Subject, claims.subject().map(Name::Subject)),
            (Rule::Client, claims.client().map(Name::Client)),
            (Rule::Key, token.header().key_id.as_deref().map(Name::Key)),
            (Rule::Issuer, Some(Name::Everything)),
        ];
        let ids = peppers
            .iter()
            .flat_map(|pepper| {
                let id = |name| pepper.id(&Target { issuer: token.issuer(), name });
                let session = claims.session().map(|session| id(Name::Session(session)));
                names
                    .into_iter()
                    .filter_map(move |(rule, name)| name.map(|name| TokenId { rule, id: id(name), session }))
            })
            .collect();
        TokenIds { issued_at: claims.issued_at(), ids }
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
        for token_id in &self.ids {
            for entry in entries.iter().filter(|entry| entry.id == token_id.id) {
                if entry.cover.covers(self.issued_at, token_id.session) {
                    return Verdict::Revoked {
                        rule: token_id.rule,
                        revoked_at: entry.revoked_at,
                        reason: entry.reason,
                        cutoff: entry.cover.cutoff_for(token_id.session),
                    };
                }
            }
        }
        Verdict::NotRevoked
    }
}

impl VerifiedToken<'_> {
    /// The target that a revocation of something of this token's issuer names.
    pub fn target<'a>(&'a self, name: Name<'a>) -> Target<'a> {
        Target { issuer: self.issuer(), name }
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Cover, Pepper,
        verification::tests::{issuers, sign, verify},
    };

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn pepper(byte: u8) -> Pepper {
        Pepper::new(&[byte; 32]).unwrap()
    }

    fn ids(peppers: &Peppers, rest: &str) -> TokenIds {
        let issuers = issuers();
        let payload = std::format!(r#"{{"iss":"a","aud":"api","iat":999900,"exp":1000100{rest}}}"#);
        let token = verify(&issuers, &sign(r#"{"alg":"HS256","kid":"k"}"#, &payload)).unwrap();
        token.validate(NOW).unwrap().ids(peppers)
    }

    const FULL: &str = r#","jti":"j","sid":"d","sub":"s","client_id":"c""#;

    fn entry(pepper: &Pepper, name: Name<'_>, cover: Cover) -> Revocation {
        Revocation {
            id: pepper.id(&Target { issuer: "a", name }),
            cover,
            expires_at: NOW,
            revoked_at: NOW,
            reason: Reason::Logout,
        }
    }

    fn rule(ids: &TokenIds, entries: &[Revocation]) -> Option<Rule> {
        match ids.verdict(entries) {
            Verdict::NotRevoked => None,
            Verdict::Revoked { rule, .. } => Some(rule),
        }
    }

    #[test]
    fn each_name_of_the_token_revokes_it() {
        let peppers = Peppers::new(vec![pepper(1)]).unwrap();
        let ids = ids(&peppers, FULL);
        for (name, expected) in [
            (Name::TokenId("j"), Some(Rule::Token)),
            (Name::Session("d"), Some(Rule::Session)),
            (Name::Subject("s"), Some(Rule::Subject)),
            (Name::Client("c"), Some(Rule::Client)),
            (Name::Key("k"), Some(Rule::Key)),
            (Name::Everything, Some(Rule::Issuer)),
            (Name::TokenId("other"), None),
            (Name::Session("s"), None),
        ] {
            let entry = entry(&pepper(1), name, Cover::everyone(Cutoff::Always));
            assert_eq!(rule(&ids, &[entry]), expected, "{name:?}");
        }
        assert_eq!(rule(&ids, &[]), None);
        assert_eq!(ids.iter().count(), 6);
    }

    #[test]
    fn a_token_without_jti_is_known_by_what_is_signed() {
        let peppers = Peppers::new(vec![pepper(1)]).unwrap();
        let (one, other) = (ids(&peppers, r#","n":1"#), ids(&peppers, r#","n":2"#));
        let tokens = |ids: &TokenIds| ids.ids[0].id;
        assert_eq!(one.ids[0].rule, Rule::Token);
        assert_ne!(tokens(&one), tokens(&other));
        assert_eq!(tokens(&one), tokens(&ids(&peppers, r#","n":1"#)));
    }

    #[test]
    fn every_pepper_is_looked_up() {
        let peppers = Peppers::new(vec![pepper(2), pepper(1)]).unwrap();
        let ids = ids(&peppers, FULL);
        assert_eq!(ids.iter().count(), 12);
        for byte in [1, 2] {
            let entry = entry(&pepper(byte), Name::TokenId("j"), Cover::everyone(Cutoff::Always));
            assert_eq!(rule(&ids, &[entry]), Some(Rule::Token));
        }
    }

    #[test]
    fn a_cutoff_covers_by_iat_and_spares_the_kept_session() {
        // With the old pepper, so that the session must be compared under the pepper that the entry was written with.
        let peppers = Peppers::new(vec![pepper(2), pepper(1)]).unwrap();
        let ids = ids(&peppers, FULL);
        let subject = |cover| [entry(&pepper(1), Name::Subject("s"), cover)];
        let until = |secs| Cutoff::IssuedUntil(Timestamp::from_secs(secs));
        let session = |id| pepper(1).id(&Target { issuer: "a", name: Name::Session(id) });
        assert_eq!(rule(&ids, &subject(Cover::everyone(until(999_900)))), Some(Rule::Subject));
        assert_eq!(rule(&ids, &subject(Cover::everyone(until(999_899)))), None);
        assert_eq!(rule(&ids, &subject(Cover::all_but(session("d"), Cutoff::Always))), None);
        assert_eq!(rule(&ids, &subject(Cover::all_but(session("x"), Cutoff::Always))), Some(Rule::Subject));
    }

    #[test]
    fn entries_of_others_do_not_matter() {
        let peppers = Peppers::new(vec![pepper(1)]).unwrap();
        let others: Vec<_> =
            (0..50).map(|byte| entry(&pepper(byte + 2), Name::TokenId("j"), Cover::everyone(Cutoff::Always))).collect();
        assert_eq!(rule(&ids(&peppers, FULL), &others), None);
    }
}
