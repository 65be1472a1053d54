//! Where published lists are to say that a token is revoked, and how that is told to the object that keeps a list.

use quash_core::{Revocation, Timestamp, json::Object};

use crate::{
    config::{Routes, StatusIssuer},
    denylist::{from_lines, to_lines},
};

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusPlace {
    /// The list's number.
    pub list: u64,
    /// The index in it.
    pub index: u64,
}

/// A place whose tokens are revoked, and by what: for as long as one of these is in force, the list says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMark {
    /// The place.
    pub place: StatusPlace,
    /// What is revoked.
    pub revocations: Vec<Revocation>,
}

impl Routes {
    /// The place of a token of the issuer with this name, if we publish the list. The token must be verified: nobody else's place is to be
    /// marked.
    pub fn status_place(&self, issuer: &str, claims: Object<'_>) -> Option<StatusPlace> {
        self.status_issuers.iter().find(|lists| lists.issuer == issuer)?.place(claims)
    }

    /// What is to be marked when this is revoked with such a token.
    pub fn status_mark(&self, issuer: &str, claims: Object<'_>, revocations: &[Revocation]) -> Option<StatusMark> {
        let place = self.status_place(issuer, claims)?;
        Some(StatusMark { place, revocations: revocations.to_vec() })
    }

    /// The list with this number, as it stands in its address, and whose it is.
    pub fn status_list(&self, number: &str) -> Option<(usize, &StatusIssuer, u64)> {
        self.status_issuers.iter().enumerate().find_map(|(index, lists)| {
            let list = lists.numbers().find(|list| list.to_string() == number)?;
            Some((index, lists, list))
        })
    }
}

impl StatusMark {
    /// The same, revoked at another time.
    pub fn as_of(&self, revoked_at: Timestamp) -> Self {
        let revocations = self.revocations.iter().map(|revocation| Revocation { revoked_at, ..*revocation });
        Self { place: self.place, revocations: revocations.collect() }
    }

    /// As lines, for the object that keeps the list: `INDEX KEY ENTRY`.
    pub fn lines(&self) -> String {
        self.revocations.iter().map(|revocation| format!("{} {}", self.place.index, to_lines([revocation]))).collect()
    }

    /// Reads such lines.
    pub fn read(lines: &str) -> Option<Vec<(u64, Revocation)>> {
        lines.lines().map(Self::read_line).collect()
    }

    fn read_line(line: &str) -> Option<(u64, Revocation)> {
        let (index, line) = line.split_once(' ')?;
        match from_lines(line) {
            (revocations, None) => Some((index.parse().ok()?, *revocations.first()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quash_core::{Cover, Cutoff, Reason, RevocationId, json::Document};
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;

    fn routes() -> Arc<Routes> {
        let key = json!({ "alg": "HS256", "secret": "SECRET" });
        let issuer = |name: &str| json!({ "issuer": name, "max_lifetime": 900, "keys": [key] });
        let [mut a, mut b] = ["a", "b"].map(issuer);
        for (issuer, first, count) in [(&mut a, 0, 2), (&mut b, 2, 1)] {
            issuer["status_issuer"] =
                json!({ "alg": "HS256", "secret": "SECRET", "first": first, "count": count, "size": 1024 });
        }
        let server = json!({ "url": "https://edge.example" });
        let document = json!({ "ledger": {}, "server": server, "issuers": [a, b, issuer("c")] });
        let secret = |_: &str| Some("a-secret-of-thirty-two-bytes-no-less".into());
        Config::parse(&document.to_string(), secret).unwrap_or_else(|error| panic!("{error}")).0.routes
    }

    #[test]
    fn a_place_is_one_of_the_issuers_own_lists() {
        let routes = routes();
        let place = |issuer: &str, status: Value| {
            let claims = Document::parse(json!({ "status": status }).to_string().into_bytes()).unwrap();
            routes.status_place(issuer, claims.object()).map(|StatusPlace { list, index }| (list, index))
        };
        let named = |uri: &str, idx: u64| json!({ "status_list": { "uri": uri, "idx": idx } });
        let base = "https://edge.example/auth/status-lists/";
        assert_eq!(place("a", named(&format!("{base}0"), 0)), Some((0, 0)));
        assert_eq!(place("a", named(&format!("{base}1"), 1023)), Some((1, 1023)));
        assert_eq!(place("b", named(&format!("{base}2"), 7)), Some((2, 7)));
        for (issuer, uri, index) in [
            ("a", format!("{base}2"), 7),
            ("b", format!("{base}1"), 7),
            ("c", format!("{base}0"), 7),
            ("a", format!("{base}0"), 1024),
            ("a", format!("{base}00"), 7),
            ("a", format!("{base}+0"), 7),
            ("a", base.into(), 7),
            ("a", "https://other.example/auth/status-lists/0".into(), 7),
            ("a", "0".into(), 7),
        ] {
            assert_eq!(place(issuer, named(&uri, index)), None, "{issuer} {uri} {index}");
        }
        assert_eq!(place("a", json!("active")), None);
        let list = |number| routes.status_list(number).map(|(index, lists, list)| (index, lists.uri(list)));
        assert_eq!(list("1"), Some((0, format!("{base}1"))));
        assert_eq!(list("2"), Some((1, format!("{base}2"))));
        assert_eq!(["3", "", "01", "-1", "x"].map(list), [const { None }; 5]);
    }

    #[test]
    fn lines_are_pinned_and_what_is_none_is_nothing() {
        let revocation = |byte| Revocation {
            id: RevocationId::from_bytes([byte; 16]),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_secs(2),
            revoked_at: Timestamp::from_secs(1),
            reason: Reason::Logout,
        };
        let place = StatusPlace { list: 3, index: 70_000 };
        let mark = StatusMark { place, revocations: vec![revocation(1), revocation(2)] };
        let lines = mark.lines();
        assert!(lines.starts_with("70000 r1/01010101010101010101010101010101 "), "{lines}");
        assert_eq!(StatusMark::read(&lines), Some(vec![(70_000, revocation(1)), (70_000, revocation(2))]));
        for wrong in ["7", "7 ", "x r1/01", "-1 r1/01010101010101010101010101010101 1 always - 2000 1000 logout"] {
            assert_eq!(StatusMark::read(wrong), None, "{wrong}");
        }
    }
}
