use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use quash_core::follower::Source as VerdictSource;
use quash_engine::{Sender, Source};

use crate::guard::Verdict;

/// A request that may pass, and whose it is: an extension of the request, behind the layer.
#[derive(Clone)]
pub struct Authorized {
    pub(crate) source: Source,
    pub(crate) token: String,
    pub(crate) verdict: Verdict,
}

impl Authorized {
    /// Where the request carried its token.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// What it rests on that the token is not revoked. On a route that lets requests in during an outage of the store, this
    /// [may be less](VerdictSource::is_degraded) than the route promises: whoever moves money may want to look.
    pub const fn verdict_source(&self) -> VerdictSource {
        self.verdict.source
    }

    /// The verified token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The verified token's payload: base64url of its claims, as the issuer signed them.
    pub fn claims(&self) -> &str {
        self.token.split('.').nth(1).unwrap_or_default()
    }

    /// The verified token's claims: a JSON object (RFC 7519 section 4), for `serde_json::from_slice`, say.
    pub fn claims_json(&self) -> Vec<u8> {
        // It was decoded when the token was verified.
        BASE64_URL_SAFE_NO_PAD.decode(self.claims()).unwrap_or_default()
    }

    /// Whose the request is, for whoever stands behind the guard.
    pub(crate) fn sender(&self) -> Sender<'_> {
        Sender::Authorized { source: self.source, token: &self.token, verdict: self.verdict.source }
    }
}

impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized")
            .field("source", &self.source)
            .field("verdict_source", &self.verdict.source)
            .finish_non_exhaustive()
    }
}
