use std::time::Duration;

use quash_core::{Claims, Malformed, Refusal, StatusReference};

use crate::{error::Error, keys::source::may_be_read_from};

/// How an issuer's status lists are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusTerms {
    /// The issuer's name.
    pub(crate) issuer: String,
    /// Where its lists may be: below each that ends in `/`, and at each other.
    pub(crate) uris: Vec<String>,
    /// Whether each of its tokens must be in one.
    pub(crate) required: bool,
    /// The longest that a list is taken as it was read, whatever it says itself.
    pub(crate) max_age: Duration,
}

/// A place in a list, as a token names it, where that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaceInList {
    /// Whose terms it is by: their number.
    pub(super) terms: usize,
    pub(super) uri: Box<str>,
    pub(super) index: u64,
}

impl PlaceInList {
    /// About how many bytes of memory it takes.
    pub(crate) const fn bytes(&self) -> usize {
        size_of::<Self>() + self.uri.len()
    }
}

impl StatusTerms {
    /// Where the status of a token with these claims is to be read; `None` where it has none.
    ///
    /// # Errors
    /// [`Error::Refused`] where it must have one, or its claim is not what the standard says; [`Error::StatusListRefused`].
    pub(super) fn place(&self, terms: usize, claims: &Claims) -> Result<Option<PlaceInList>, Error> {
        let refused = |malformed: Malformed| Error::Refused(malformed.into());
        match StatusReference::of(claims.members()).map_err(refused)? {
            Some(StatusReference { uri, .. }) if !self.permit(uri) => Err(Error::StatusListRefused),
            Some(StatusReference { uri, index }) => Ok(Some(PlaceInList { terms, uri: uri.into(), index })),
            None if self.required => Err(Refusal::ClaimMissing("status".into()).into()),
            None => Ok(None),
        }
    }

    /// Whether a list may be read at `uri`: a token does not get to say whom we ask.
    fn permit(&self, uri: &str) -> bool {
        self.uris.iter().any(|permitted| match uri.strip_prefix(permitted.as_str()) {
            Some("") => true,
            Some(rest) => permitted.ends_with('/') && is_plain(rest),
            None => false,
        })
    }
}

/// What is wrong with an address that is to be permitted.
pub(crate) fn problem(uri: &str) -> Option<&'static str> {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://")).unwrap_or_default();
    let is_query = |authority: &str| authority.bytes().any(|byte| matches!(byte, b'?' | b'#'));
    let path = rest.split_once('/').filter(|(authority, _)| !is_query(authority)).map(|(_, path)| path);
    match path {
        _ if !may_be_read_from(uri) => Some("must be an https address"),
        // Without one, `https://a.example` would permit `https://a.example.evil`.
        None => Some("needs a path, if only `/`"),
        Some("") => None,
        Some(path) if is_plain(path.strip_suffix('/').unwrap_or(path)) => None,
        Some(_) => Some("may have a path of plain segments, and nothing else"),
    }
}

/// Whether whoever parses the address next leaves this part of it as it is: segments that are not empty, nor dots alone, of letters
/// that need no escape (RFC 3986 section 2.3).
fn is_plain(path: &str) -> bool {
    let is_unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_plain = |segment: &[u8]| !matches!(segment, b"" | b"." | b"..") && segment.iter().all(is_unreserved);
    path.as_bytes().split(|byte| *byte == b'/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(uris: &[&str]) -> StatusTerms {
        let uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
        StatusTerms { issuer: "a".into(), uris, required: false, max_age: Duration::from_secs(60) }
    }

    #[test]
    fn lists_are_read_below_what_is_configured_and_nowhere_else() {
        let terms = terms(&["https://a.example/lists/", "https://b.example/one"]);
        for uri in [
            "https://a.example/lists/1",
            "https://a.example/lists/a/b-c_d.e~f",
            "https://a.example/lists/",
            "https://b.example/one",
        ] {
            assert!(terms.permit(uri), "{uri}");
        }
        for uri in [
            "",
            "https://a.example/lists",
            "https://a.example/",
            "https://a.example/Lists/1",
            "HTTPS://a.example/lists/1",
            "http://a.example/lists/1",
            "https://a.example:443/lists/1",
            "https://a.example.evil/lists/1",
            "https://user@a.example/lists/1",
            "https://evil.example/https://a.example/lists/1",
            "https://a.example/lists/../admin",
            "https://a.example/lists/./1",
            "https://a.example/lists/a/..",
            "https://a.example/lists/%2e%2e/admin",
            "https://a.example/lists/..%2fadmin",
            "https://a.example/lists/..\\admin",
            "https://a.example/lists//evil.example/",
            "https://a.example/lists/1/",
            "https://a.example/lists/1?x=1",
            "https://a.example/lists/1#1",
            "https://a.example/lists/1;x",
            "https://a.example/lists/\u{ff0e}\u{ff0e}/admin",
            "https://a.example/lists/ 1",
            "https://a.example/lists/1\n",
            "https://b.example/one/two",
            "https://b.example/onetwo",
            "https://b.example/one?",
        ] {
            assert!(!terms.permit(uri), "{uri:?}");
        }
    }

    #[test]
    fn what_is_permitted_can_be_read_in_one_way() {
        for uri in
            ["https://a.example/", "https://a.example/lists/", "https://a.example/one", "http://127.0.0.1:8080/x/"]
        {
            assert_eq!(problem(uri), None, "{uri}");
        }
        for uri in [
            "",
            "https://a.example",
            "https://a.example?/",
            "http://a.example/",
            "ftp://localhost/",
            "https://a.example/../",
            "https://a.example/lists//",
            "https://a.example//",
            "https://a.example/lists?x",
            "https://a.example/%2e/",
            "https://a.example/#/",
        ] {
            assert!(problem(uri).is_some(), "{uri}");
        }
    }
}
