//! What an issuer publishes, as the host reads it.

use std::time::Duration;

use quash_core::{
    MAX_STATUS_LIST_BYTES,
    json::{Document, Value},
};

use super::source::{Location, may_be_read_from};

/// How long a set may be used when its issuer does not say, and the least and the most that it may say. The most is what a key
/// that was withdrawn can go on for.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
pub(super) const MIN_LIFETIME: Duration = Duration::from_secs(60);
pub(super) const MAX_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// How long the issuer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest document that is read, in bytes. A set of ten keys with their certificates has 30 000.
const MAX_BYTES: usize = 256 * 1024;

/// A document for the host to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    pub(crate) issuer: usize,
    kind: Kind,
    /// Where it is. Redirections are not followed.
    pub url: String,
    /// How long a copy may have been in the data centre's cache to do as well.
    pub cached_for: Duration,
    /// How long the issuer may take.
    pub timeout: Duration,
    /// The longest document that is taken, in bytes.
    pub max_bytes: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    JwkSet,
    Metadata { issuer: String },
    StatusList,
}

/// A document that the host has read.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// The body of an answer of status 200.
    pub body: &'a [u8],
    /// Its `Cache-Control`.
    pub cache_control: Option<&'a str>,
    /// How old it was when it was read: its `Age` (RFC 9111 section 5.1).
    pub age: Duration,
    /// How long ago that was: zero, or what it has been in the data centre's cache.
    pub kept: Duration,
}

/// What to do with a document that the host has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// How long the data centre's cache may keep it; zero if it is good for nothing.
    pub lifetime: Duration,
    /// The document to read next.
    pub next: Option<Fetch>,
}

impl Fetch {
    /// What to read first of what an issuer publishes at `location`.
    pub(crate) fn new(issuer: usize, location: &Location, cached_for: Duration) -> Self {
        let (kind, url) = match location {
            Location::JwkSet(url) => (Kind::JwkSet, url.clone()),
            Location::Metadata { url, issuer } => (Kind::Metadata { issuer: issuer.clone() }, url.clone()),
        };
        Self { issuer, kind, url, cached_for, timeout: TIMEOUT, max_bytes: MAX_BYTES }
    }

    /// A list of its tokens' statuses, at an address that the issuer's terms permit.
    pub(crate) fn of_status_list(issuer: usize, url: &str, cached_for: Duration) -> Self {
        let (kind, max_bytes) = (Kind::StatusList, MAX_STATUS_LIST_BYTES);
        Self { issuer, kind, url: url.into(), cached_for, timeout: TIMEOUT, max_bytes }
    }

    pub(crate) fn is_of_status_list(&self) -> bool {
        self.kind == Kind::StatusList
    }

    /// What to ask for: the request's `Accept`.
    pub const fn accept(&self) -> &'static str {
        match self.kind {
            Kind::StatusList => "application/statuslist+jwt",
            // Some publish keys as `application/jwk-set+json` (RFC 7517 section 8.5.1), and some as plain text.
            Kind::JwkSet | Kind::Metadata { .. } => "application/json, */*;q=0.1",
        }
    }

    /// What a document leads to; `None` when it is the last one.
    ///
    /// # Errors
    /// Why it leads nowhere.
    pub(super) fn next(&self, body: &[u8]) -> Result<Option<Self>, &'static str> {
        match &self.kind {
            Kind::JwkSet | Kind::StatusList => Ok(None),
            Kind::Metadata { issuer } => {
                let url = jwks_uri(body, issuer)?;
                Ok(Some(Self { kind: Kind::JwkSet, url, ..self.clone() }))
            }
        }
    }
}

impl Fetched<'_> {
    /// How long the document may be used from when its issuer sent it (RFC 9111 section 5.2.2).
    pub(super) fn lifetime(&self) -> Duration {
        self.max_age().unwrap_or(LIFETIME).clamp(MIN_LIFETIME, MAX_LIFETIME)
    }

    /// How long its issuer says that the document may be used; `None` where it does not say.
    pub(crate) fn max_age(&self) -> Option<Duration> {
        let mut max_age = None;
        for directive in self.cache_control.unwrap_or_default().split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return Some(Duration::ZERO),
                "max-age" => max_age = value.trim().trim_matches('"').parse().ok().map(Duration::from_secs).or(max_age),
                _ => {}
            }
        }
        max_age
    }
}

/// Where the metadata of `issuer` say that its keys are.
fn jwks_uri(json: &[u8], issuer: &str) -> Result<String, &'static str> {
    let document = Document::parse(json.into()).map_err(|_| "is not JSON")?;
    let text = |name: &str| document.object().get(name).and_then(Value::as_str);
    // OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3.
    if text("issuer") != Some(issuer) {
        return Err("is about another issuer");
    }
    let url = text("jwks_uri").ok_or("has no `jwks_uri`")?;
    if may_be_read_from(url) { Ok(url.into()) } else { Err("has a `jwks_uri` that is not https") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_says_how_long_within_limits() {
        let lifetime = |cache_control| {
            let fetched = Fetched { body: b"", cache_control, age: Duration::ZERO, kept: Duration::ZERO };
            fetched.lifetime().as_secs()
        };
        for (cache_control, secs) in [
            (None, 300),
            (Some("public, max-age=120"), 120),
            (Some("max-age=\"120\""), 120),
            (Some("Max-Age=1"), 60),
            (Some("max-age=999999"), 3600),
            (Some("max-age=soon"), 300),
            (Some("no-store"), 60),
            (Some("max-age=600, no-cache"), 60),
        ] {
            assert_eq!(lifetime(cache_control), secs, "{cache_control:?}");
        }
    }
}
